use alloc::vec;

use blastscope_shared::judge::slide::Spoken;

use super::*;

fn field(margin: f32) -> SlideField {
    SlideField { spoken: Some(Spoken { margin, subtype: (margin > 0.0).then_some(Class::Pre) }), cells: Some(20) }
}

const SILENT: SlideField = SlideField { spoken: None, cells: None };

#[test]
fn a_field_counts_once_and_those_against_are_told_by_number() {
    let mut slide = Slide::new(SlidePooling::UNMEASURED, vec![(3, field(5.0)), (4, SILENT)]);
    for number in [3, 4, 7] {
        slide.add(number, field(5.0));
    }
    let told = slide.told();
    assert_eq!((told.fields, told.abstained, told.more, told.cells), (2, 1, Some(8), Some(40)));
    assert_eq!((told.verdict.as_str(), told.probability, told.against.len()), ("Not enough yet", None, 0));
    assert_eq!(told.missing.as_deref(), Some("8 more fields with a verdict are needed"));
    for number in 10..17 {
        slide.add(number, field(5.0));
    }
    slide.add(20, field(-5.0));
    let told = slide.told();
    assert_eq!(
        (told.malignant, told.subtype, told.name().as_str()),
        (Some(true), Some(Class::Pre), "ALL suspected, Pre")
    );
    assert_eq!((told.against.as_slice(), told.missing.as_deref(), told.more), ([20].as_slice(), None, None));
    assert_eq!(told.basis(), "10 fields with a verdict, 200 cells; 1 field without a verdict");
}

#[test]
fn a_mixed_slide_shows_the_fields_that_differ() {
    let fields = (1..=12).map(|number| (number, field(if number > 8 { 5.0 } else { -5.0 })));
    let told = Slide::new(SlidePooling::UNMEASURED, fields.collect()).told();
    assert_eq!((told.malignant, told.more, told.against.as_slice()), (None, None, [9, 10, 11, 12].as_slice()));
    assert!(told.missing.is_some_and(|missing| missing.contains("disagree")));
}

/// Knuth's MMIX generator.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % bound
    }

    /// About normal: mean 0, deviation 1.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.below(10_000) as f32 / 10_000.0).sum::<f32>() - 6.0
    }
}

/// Fields around `mean`, which move together from slide to slide, and have a verdict from a margin of 2 up.
fn drawn(numbers: &mut Numbers, mean: f32, count: usize) -> Vec<SlideField> {
    let of_slide = mean + 1.2 * numbers.normal();
    let margins = (0..count).map(|_| of_slide + 1.8 * numbers.normal());
    margins.map(|margin| if margin.abs() < 2.0 { SILENT } else { field(margin) }).collect::<Vec<_>>()
}

fn told(fields: &[SlideField]) -> SlideTold {
    let mut slide = Slide::new(SlidePooling::UNMEASURED, Vec::new());
    for (number, field) in (1..).zip(fields) {
        slide.add(number, *field);
    }
    slide.told()
}

#[test]
fn over_200_seeds_a_slide_is_called_rightly_or_not_at_all() {
    let (mut benign, mut malignant) = (0, 0);
    for seed in 1..=200 {
        let mut numbers = Numbers(seed);
        let count = 20 + numbers.below(11) as usize;
        for (mean, is_malignant, right) in [(-5.0, false, &mut benign), (5.0, true, &mut malignant)] {
            let fields = drawn(&mut numbers, mean, count);
            // At no time of the session is it wrong.
            for seen in 1..=count {
                let said = told(&fields[..seen]).malignant;
                assert_ne!(
                    said,
                    Some(!is_malignant),
                    "seed {seed}, {seen} fields around {mean}: {:?}",
                    &fields[..seen]
                );
            }
            *right += u32::from(told(&fields).malignant == Some(is_malignant));
        }
        // A quarter to three quarters of the fields are of the other side, in any order.
        let others = count / 4 + 1 + numbers.below(count as u32 / 2 - 1) as usize;
        let mut mixed: Vec<SlideField> = (0..count).map(|at| field(if at < others { 4.0 } else { -4.0 })).collect();
        for at in (1..count).rev() {
            mixed.swap(at, numbers.below(at as u32 + 1) as usize);
        }
        assert_eq!(told(&mixed).malignant, None, "seed {seed}: {others} of {count} are malignant");
        assert!(!told(&mixed).against.is_empty(), "what differs is shown");
        assert_eq!(told(&vec![SILENT; count]).malignant, None, "empty");
        // Of a foreign slide the model is silent mostly, and sure now and then.
        let sure = numbers.below(count as u32 / 2) as usize;
        let foreign: Vec<SlideField> = (0..count).map(|at| if at < sure { field(6.0) } else { SILENT }).collect();
        assert_eq!(told(&foreign).malignant, None, "seed {seed}: {foreign:?}");
    }
    assert!(benign > 150 && malignant > 150, "{benign} and {malignant} of 200 are called");
}
