use alloc::vec;

use proptest::{prelude::*, sample::Index};

use super::*;
use crate::{
    judge::{Judge, Scores, Thresholds},
    sight::{Blank, Observation},
};

const POOLING: SlidePooling = SlidePooling::UNMEASURED;

fn field(margin: f32) -> SlideField {
    SlideField { spoken: Some(Spoken { margin, subtype: None }), cells: Some(12) }
}

const SILENT: SlideField = SlideField { spoken: None, cells: Some(7) };

fn fields(groups: &[(usize, SlideField)]) -> Vec<SlideField> {
    groups.iter().flat_map(|(count, field)| core::iter::repeat_n(*field, *count)).collect()
}

fn verdict(groups: &[(usize, SlideField)]) -> SlideVerdict {
    POOLING.assess(&fields(groups)).verdict
}

fn more(more: usize) -> SlideVerdict {
    SlideVerdict::NotEnough(Lacking::Fields { more })
}

#[test]
fn ten_fields_that_agree_are_enough_for_a_model_that_was_not_measured() {
    let slide = POOLING.assess(&fields(&[(10, field(-6.0)), (3, SILENT)]));
    assert_eq!((slide.verdict, slide.spoken, slide.abstained), (SlideVerdict::Benign, 10, 3));
    assert_eq!(slide.cells, Some(120), "cells of fields without a verdict carry nothing");
    // 10 * 2.944 / 5.5, by hand.
    let expected = 1.0 / (1.0 + (10.0f32 * 2.944_439 / 5.5).exp());
    assert!((slide.malignancy.expect("a probability") - expected).abs() < 1e-6, "{slide:?}");
    assert_eq!(slide.probability(), slide.malignancy.map(|malignancy| 1.0 - malignancy));
    assert_eq!(verdict(&[(10, field(f32::INFINITY))]), SlideVerdict::Malignant { subtype: None });
    assert_eq!(verdict(&[(9, field(-6.0))]), more(1));
    assert_eq!(verdict(&[]), more(10));
    assert_eq!(verdict(&[(9, field(6.0)), (1, field(-6.0))]).is_malignant(), Some(true));
}

#[test]
fn no_single_field_decides_whatever_its_margin() {
    let alone = SlidePooling { fewest_fields: 1, ..POOLING };
    for margin in [f32::INFINITY, f32::NEG_INFINITY, 1e9, -50.0] {
        let slide = alone.assess(&[field(margin)]);
        assert_eq!(slide.verdict, more(1), "{margin}");
        assert!(slide.malignancy.is_some_and(|malignancy| (0.05 - 1e-6..=0.95 + 1e-6).contains(&malignancy)));
    }
}

#[test]
fn a_mixed_slide_gets_no_verdict_and_names_the_fields_that_differ() {
    let mixed = POOLING.assess(&fields(&[(7, field(-6.0)), (3, field(6.0)), (2, SILENT)]));
    assert_eq!(mixed.verdict, SlideVerdict::NotEnough(Lacking::Agreement));
    assert_eq!(mixed.against, [7, 8, 9]);
    assert_eq!(mixed.probability(), None);
    // Independent fields would outvote a third of the others; they are not asked.
    let independent = SlidePooling { correlation: 0.0, ..POOLING };
    let many = fields(&[(60, field(-6.0)), (30, field(6.0))]);
    assert_eq!(independent.assess(&many).verdict, SlideVerdict::NotEnough(Lacking::Agreement));
    assert_eq!(verdict(&[(3, field(-6.0)), (1, field(6.0))]), more(6), "too few to call it mixed");
}

#[test]
fn an_empty_or_foreign_slide_wants_no_more_of_its_kind() {
    assert_eq!(verdict(&[(4, SILENT)]), more(10));
    assert_eq!(verdict(&[(10, SILENT)]), SlideVerdict::NotEnough(Lacking::Verdicts));
    assert_eq!(verdict(&[(10, field(6.0)), (11, SILENT)]), SlideVerdict::NotEnough(Lacking::Verdicts));
    assert_eq!(verdict(&[(10, field(6.0)), (10, SILENT)]).is_malignant(), Some(true));
    let slide = POOLING.assess(&fields(&[(10, SILENT)]));
    assert_eq!((slide.malignancy, slide.cells, slide.spoken), (None, None, 0));
    assert!(slide.verdict.is_malignant().is_none() && slide.against.is_empty());
}

#[test]
fn unsure_fields_are_told_that_more_of_them_do_not_settle_it() {
    assert_eq!(verdict(&[(20, field(1.0))]), SlideVerdict::NotEnough(Lacking::Sureness));
    // At a margin of 2.2, ten are 4.0 and the limit is 4.4; 3.892 is wanted.
    assert_eq!(verdict(&[(10, field(2.2))]).is_malignant(), Some(true));
    // At 2.05 it takes 19 of them.
    assert_eq!(verdict(&[(10, field(2.05))]), more(9));
    assert_eq!(verdict(&[(19, field(2.05))]).is_malignant(), Some(true));
}

#[test]
fn the_subtype_is_named_where_the_fields_agree_on_it() {
    let of = |subtype| SlideField { spoken: Some(Spoken { margin: 6.0, subtype }), cells: None };
    let named = |groups: &[(usize, SlideField)]| verdict(groups).subtype();
    assert_eq!(named(&[(5, of(Some(Class::Pre))), (5, of(None))]), Some(Class::Pre));
    assert_eq!(named(&[(4, of(Some(Class::Pre))), (6, of(None))]), None, "most name none");
    assert_eq!(named(&[(9, of(Some(Class::Pre))), (1, of(Some(Class::Pro)))]), None);
    assert_eq!(named(&[(10, of(None))]), None);
    assert_eq!(POOLING.assess(&[of(None)]).cells, None, "no field knows its cells");
}

#[test]
fn an_assessment_becomes_a_field() {
    let judge = Judge::new(Thresholds { min_probability: 0.9, min_subtype: 0.5, max_novelty: 1.0 });
    let of = |probabilities, novelty| {
        SlideField::new(&judge.assess(Scores::new([0.0; 4], probabilities, novelty)), Some(3)).spoken
    };
    let spoken = of([0.04, 0.9, 0.06, 0.0], 0.5).expect("spoken");
    assert!((spoken.margin - (0.96f32 / 0.04).ln()).abs() < 1e-5 && spoken.subtype == Some(Class::Early));
    assert!(of([0.95, 0.05, 0.0, 0.0], 0.5).is_some_and(|spoken| spoken.margin < -2.9 && spoken.subtype.is_none()));
    assert_eq!(of([1.0, 0.0, 0.0, 0.0], 0.5).map(|spoken| spoken.margin), Some(f32::NEG_INFINITY));
    assert_eq!(of([0.0, 1.0, 0.0, 0.0], 0.5).map(|spoken| spoken.margin), Some(f32::INFINITY));
    assert_eq!(of([0.5, 0.5, 0.0, 0.0], 0.5), None, "not sure enough");
    assert_eq!(of([0.0, 1.0, 0.0, 0.0], 2.0), None, "unfamiliar");
    assert_eq!(SlideField::new(&judge.assess(Observation::Nothing(Blank::NoCells)), None).spoken, None);
}

#[test]
fn a_pooling_out_of_range_says_nothing() {
    let broken = [
        SlidePooling { correlation: f32::NAN, ..POOLING },
        SlidePooling { correlation: -0.1, ..POOLING },
        SlidePooling { correlation: 1.1, ..POOLING },
        SlidePooling { clip: f32::NAN, ..POOLING },
        SlidePooling { clip: 0.0, ..POOLING },
        SlidePooling { fewest_fields: 0, ..POOLING },
        SlidePooling { fewest_fields: 101, ..POOLING },
        SlidePooling { min_spoken: f32::NAN, ..POOLING },
        SlidePooling { min_probability: f32::NAN, ..POOLING },
        SlidePooling { min_probability: 1.0, ..POOLING },
        SlidePooling { min_probability: 0.4, ..POOLING },
    ];
    for pooling in broken {
        assert!(!pooling.is_usable(), "{pooling:?}");
        let numbers = [pooling.correlation, pooling.clip, pooling.min_spoken, pooling.min_probability];
        if numbers.iter().any(|number| number.is_nan()) {
            let slide = pooling.assess(&fields(&[(50, field(6.0))]));
            assert_eq!(slide.verdict.is_malignant(), None, "{pooling:?}");
        }
    }
    assert!(POOLING.is_usable());
}

#[test]
fn what_is_missing_is_a_sentence() {
    let words = |lacking: Lacking| alloc::format!("{lacking}");
    assert_eq!(words(Lacking::Fields { more: 1 }), "1 more field with a verdict is needed");
    assert_eq!(words(Lacking::Fields { more: 3 }), "3 more fields with a verdict are needed");
    for lacking in [Lacking::Verdicts, Lacking::Agreement, Lacking::Sureness] {
        assert!(words(lacking).contains("more of this kind will not settle it"));
        assert_eq!(lacking.more(), None);
    }
}

fn poolings() -> impl Strategy<Value = SlidePooling> {
    (0.0f32..=1.0, 0.5f32..6.0, 1u16..=20, 0.0f32..=1.0, 0.5f32..0.999).prop_map(
        |(correlation, clip, fewest_fields, min_spoken, min_probability)| SlidePooling {
            correlation,
            clip,
            fewest_fields,
            min_spoken,
            min_probability,
        },
    )
}

fn any_field() -> impl Strategy<Value = SlideField> {
    let margin = prop_oneof![
        8 => -12.0f32..12.0,
        1 => prop::sample::select(vec![f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.0, -0.0]),
    ];
    let subtype = prop::option::of(prop::sample::select(vec![Class::Early, Class::Pre, Class::Pro]));
    let spoken =
        prop::option::weighted(0.8, (margin, subtype).prop_map(|(margin, subtype)| Spoken { margin, subtype }));
    (spoken, prop::option::of(0u32..200)).prop_map(|(spoken, cells)| SlideField { spoken, cells })
}

proptest! {
    #[test]
    fn the_order_of_the_fields_does_not_matter(
        pooling in poolings(),
        (fields, shuffled) in prop::collection::vec(any_field(), 0..40).prop_flat_map(|fields| {
            (Just(fields.clone()), Just(fields).prop_shuffle())
        }),
    ) {
        let (one, other) = (pooling.assess(&fields), pooling.assess(&shuffled));
        prop_assert_eq!(one.verdict, other.verdict);
        prop_assert_eq!(one.malignancy, other.malignancy);
        prop_assert_eq!((one.spoken, one.abstained, one.cells), (other.spoken, other.abstained, other.cells));
        prop_assert_eq!(one.against.len(), other.against.len());
    }

    #[test]
    fn a_field_that_agrees_and_is_as_sure_as_the_others_never_makes_it_less_sure(
        pooling in poolings(),
        mut fields in prop::collection::vec(any_field(), 0..40),
    ) {
        let before = pooling.assess(&fields);
        let Some(malignancy) = before.malignancy else { return Ok(()) };
        let is_malignant = malignancy >= 0.5;
        fields.push(field(if is_malignant { f32::INFINITY } else { f32::NEG_INFINITY }));
        let after = pooling.assess(&fields);
        let sureness = |malignancy: f32| if is_malignant { malignancy } else { 1.0 - malignancy };
        prop_assert!(after.malignancy.is_some_and(|after| sureness(after) >= sureness(malignancy) - 1e-6));
        if let Some(said) = before.verdict.is_malignant() {
            prop_assert_eq!(after.verdict.is_malignant(), Some(said));
        }
    }

    #[test]
    fn what_is_missing_is_what_makes_it_enough(
        pooling in poolings(),
        margin in prop_oneof![-12.0f32..-0.01, 0.01f32..12.0],
        spoken in 1usize..30,
        silent in 0usize..30,
    ) {
        let mut slide = fields(&[(spoken, field(margin)), (silent, SILENT)]);
        if let SlideVerdict::NotEnough(Lacking::Fields { more }) = pooling.assess(&slide).verdict {
            slide.extend((1..more).map(|_| field(margin)));
            let one_less = pooling.assess(&slide);
            prop_assert!(one_less.verdict.is_malignant().is_none(), "{:?}", one_less);
            slide.push(field(margin));
            let enough = pooling.assess(&slide);
            let settled = !matches!(enough.verdict, SlideVerdict::NotEnough(Lacking::Fields { more: 1 }));
            prop_assert!(settled || spoken + more < pooling.fewest_fields.into(), "{:?}", enough);
        }
    }

    #[test]
    fn what_is_said_is_sure_rests_on_enough_fields_and_is_hardly_contradicted(
        pooling in poolings(),
        fields in prop::collection::vec(any_field(), 0..60),
    ) {
        let slide = pooling.assess(&fields);
        prop_assert_eq!(slide.spoken + slide.abstained, fields.len());
        prop_assert!(slide.malignancy.is_none_or(|malignancy| (0.0..=1.0).contains(&malignancy)));
        if let Some(is_malignant) = slide.verdict.is_malignant() {
            let probability = slide.probability().expect("said");
            prop_assert!(probability >= pooling.min_probability - 1e-5, "{:?}", slide);
            prop_assert!(slide.spoken >= usize::from(pooling.fewest_fields));
            prop_assert!(slide.spoken as f32 >= fields.len() as f32 * pooling.min_spoken - 1e-3);
            prop_assert!(slide.against.len() * 5 <= slide.spoken);
            for &at in &slide.against {
                let margin = fields[at].spoken.expect("only what has a verdict speaks against it").margin;
                prop_assert_eq!(margin >= 0.0, !is_malignant);
            }
        }
    }

    #[test]
    fn a_margin_that_is_no_number_counts_as_a_field_without_a_verdict(
        pooling in poolings(),
        mut fields in prop::collection::vec(any_field(), 1..30),
        at in any::<Index>(),
    ) {
        let at = at.index(fields.len());
        fields[at].spoken = None;
        let silent = pooling.assess(&fields);
        fields[at].spoken = Some(Spoken { margin: f32::NAN, subtype: Some(Class::Pro) });
        let broken = pooling.assess(&fields);
        prop_assert_eq!((silent.verdict, silent.malignancy, silent.spoken), (broken.verdict, broken.malignancy, broken.spoken));
    }

    #[test]
    fn correlated_fields_are_never_surer_than_independent_ones(
        pooling in poolings(),
        fields in prop::collection::vec(any_field(), 1..30),
    ) {
        let independent = SlidePooling { correlation: 0.0, ..pooling };
        let sureness = |pooling: SlidePooling| {
            pooling.assess(&fields).malignancy.map(|malignancy| (malignancy - 0.5).abs())
        };
        if let Some((correlated, independent)) = sureness(pooling).zip(sureness(independent)) {
            prop_assert!(correlated <= independent + 1e-6);
        }
    }
}
