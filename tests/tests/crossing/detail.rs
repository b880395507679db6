//! The detail of drawn fields: it tells magnification, focus and noise, whatever the light and the depth of the stain.

use blastscope_drawn::draw_field;
use blastscope_host::measure::degradation::{Degradation, Severity};
use blastscope_shared::{
    Class, Classifier, RgbPixels,
    field::detail::{self, Detail, Texture},
};
use blastscope_tests::cell_artifact;

/// The details of drawn fields, after `change`.
fn details(change: impl Fn(&RgbPixels, u64) -> RgbPixels) -> Vec<Detail> {
    let classifier = Classifier::read(&cell_artifact()).expect("a sound model");
    let mut workspace = classifier.workspace();
    (0..40)
        .filter_map(|seed| {
            let picture = change(&draw_field(Class::ALL[seed % 4], seed as u64, 320, 240), seed as u64);
            let field = classifier.framing().apply(&picture);
            Some(classifier.observe(0, &field, &mut workspace).observed()?.appearance.detail)
        })
        .collect()
}

/// The share of `details` that lie beyond `usual`.
fn strange(texture: &Texture, usual: f32, details: &[Detail]) -> f64 {
    assert!(details.len() >= 30, "cells are still seen in {} fields", details.len());
    details.iter().filter(|detail| texture.distance(&detail.0) > usual).count() as f64 / details.len() as f64
}

#[test]
fn another_magnification_is_noticed_and_another_lamp_or_a_paler_stain_is_not() {
    let known = details(|picture, _| picture.clone());
    let texture = detail::learn(&known).expect("enough fields");
    let usual = known.iter().map(|detail| texture.distance(&detail.0)).fold(0.0, f32::max);
    let share = |kind: Degradation, severity: u8| {
        let severity = Severity::new(severity).expect("one to five");
        strange(&texture, usual, &details(|picture, seed| kind.apply(picture, severity, seed)))
    };
    for (kind, severity) in [(Degradation::LowMagnification, 4), (Degradation::Blur, 5), (Degradation::NarrowField, 5)]
    {
        let found = share(kind, severity);
        assert!(found > 0.9, "{kind} {severity}: {found}");
    }
    for (kind, severity) in [(Degradation::Dark, 3), (Degradation::PaleStain, 3), (Degradation::WarmLight, 4)] {
        let found = share(kind, severity);
        assert!(found < 0.1, "{kind} {severity}: {found}");
    }
}
