//! An adaptation to a site gives the same bits on every processor, so that one machine can check another's result and tests have
//! one outcome.

use blastscope_shared::{
    Class,
    adaptation::head::{Labelled, Shift},
    field::{
        appearance::Appearance,
        detail::{Detail, SIZES},
        stain::Hue,
    },
    hex,
    judge::{
        Thresholds,
        operating_point::{OperatingPoint, Scored},
    },
};
use sha2::{Digest as _, Sha256};

/// Numbers in 0..1, from integers only.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// Sixty fields of four overlapping classes, so that no class is learned without error.
fn fields() -> Vec<Labelled> {
    let mut dice = Dice(15);
    let appearance = Appearance { hue: Hue([1.0; 4]), palette: None, detail: Detail([0.0; SIZES]), grain: 0.0 };
    (0..60)
        .map(|at| {
            let class = Class::ALL[at % 4];
            let hidden =
                (0..24).map(|unit| dice.unit() + if unit % 4 == class.index() { 0.4 } else { 0.0 }).collect::<Vec<_>>();
            let logits = [0; 4].map(|_: u8| 3.0 * dice.unit());
            Labelled { hidden, logits, class, appearance, weight: 1.0 }
        })
        .collect()
}

#[test]
fn a_head_and_its_calibration_are_the_same_on_every_processor() {
    let fields = fields();
    let seen: Vec<&Labelled> = fields.iter().collect();
    let mut hash = Sha256::new();
    for pull in [1.0, 0.01] {
        let shift = Shift::fit(&seen, 0.7, pull);
        shift
            .weights
            .iter()
            .flatten()
            .chain(&shift.biases)
            .for_each(|number| hash.update(number.to_bits().to_le_bytes()));
        let scored: Vec<Scored> = fields
            .iter()
            .map(|field| Scored::new(field.class, shift.apply(field), 1.0).observed().expect("finite numbers"))
            .collect();
        let point = OperatingPoint::choose(&scored).expect("there are fields");
        let calibration = [point.calibration.temperature].into_iter().chain(point.calibration.biases);
        calibration.for_each(|number| hash.update(number.to_bits().to_le_bytes()));
        let Thresholds { min_probability, min_subtype, .. } = point.thresholds;
        [min_probability, min_subtype].iter().for_each(|number| hash.update(number.to_bits().to_le_bytes()));
    }
    assert_eq!(hex(&hash.finalize()), "b3416a79f59e0795c80a21b85f205d3c028bc7fa1191f5bf2b54ab3b8e25c836");
}
