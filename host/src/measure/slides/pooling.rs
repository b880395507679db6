//! Estimates how the fields of a slide are pooled, from sittings that the network had not seen.

use blastscope_shared::judge::slide::{SlideField, SlidePooling};
use serde::{Deserialize, Serialize};

use super::{SIZES, Sitting, Slides};
use crate::statistics::{
    bootstrap::{Bootstrap, Estimate},
    intraclass::{self, Group},
};

/// Fewest fields that a measured pooling asks for: no fewer are believed, however well they do.
const FEWEST: usize = 3;

/// A pooling, what it was estimated from, and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The pooling for a model that was trained the same way. Its correlation is the upper end of the interval; its fewest fields are
    /// the least number, of those tried, at which no pseudo-slide is called wrongly, nor at a larger number.
    pub pooling: SlidePooling,
    /// The correlation of the clipped margins of two fields of one sitting, given whether it is benign or malignant; the interval is a
    /// bootstrap over sittings. `None` with too few sittings, or margins that do not vary; then the pooling's is the default.
    pub correlation: Option<Estimate>,
    /// Pseudo-slides of each sitting, judged with the correlation of the other sittings, and as if their number of fields were enough.
    pub slides: Slides,
}

/// Estimates the pooling from `sittings`, and measures it on each with the correlation of the others.
#[must_use]
pub fn measure(sittings: &[Sitting], bootstrap: Bootstrap) -> Measured {
    let default = SlidePooling::UNMEASURED;
    let with = |correlation: Option<Estimate>| SlidePooling {
        correlation: correlation.map_or(default.correlation, |Estimate { high, .. }| high.clamp(0.0, 1.0) as f32),
        ..default
    };
    let of_others: Vec<SlidePooling> = (0..sittings.len())
        .map(|left_out| {
            let others = sittings.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, sitting)| sitting);
            with(correlation(others, bootstrap))
        })
        .collect();
    let slides = Slides::new(sittings, |at, size| SlidePooling { fewest_fields: size as u16, ..of_others[at] });
    let correlation = correlation(sittings.iter(), bootstrap);
    let fewest_fields = fewest(&slides).map_or(default.fewest_fields, |fields| fields as u16);
    Measured { pooling: SlidePooling { fewest_fields, ..with(correlation) }, correlation, slides }
}

/// The least size from [`FEWEST`] at which something is called, and nothing wrongly there and above. The largest size if something is
/// called wrongly at every one; `None` if nothing is ever called.
fn fewest(slides: &Slides) -> Option<usize> {
    let called = |at: usize| slides.total[at].right.hits + slides.total[at].wrong.hits > 0;
    let is_clean = |at: usize| slides.total[at..].iter().all(|of| of.wrong.hits == 0);
    let mut usable = (0..SIZES.len()).filter(|&at| SIZES[at] >= FEWEST && called(at)).peekable();
    usable.peek()?;
    Some(usable.find(|&at| is_clean(at)).map_or(SIZES[SIZES.len() - 1], |at| SIZES[at]))
}

/// The intraclass correlation of the clipped margins within the sittings; what benign and malignant ones differ by is removed.
fn correlation<'a>(sittings: impl Iterator<Item = &'a Sitting>, bootstrap: Bootstrap) -> Option<Estimate> {
    let mut strata = [Vec::new(), Vec::new()];
    for sitting in sittings {
        let margins: Vec<f64> = sitting.fields.iter().filter_map(margin).collect();
        strata[usize::from(sitting.malignant)].extend(Group::new(&margins));
    }
    let sizes = strata.each_ref().map(Vec::len);
    let [estimate] = bootstrap.estimates(&sizes, |times| [intraclass::correlation(&strata, times)]);
    estimate
}

fn margin(field: &SlideField) -> Option<f64> {
    let clip = SlidePooling::UNMEASURED.clip;
    let margin = field.spoken?.margin;
    (!margin.is_nan()).then(|| f64::from(margin.clamp(-clip, clip)))
}

#[cfg(test)]
mod tests {
    use blastscope_shared::judge::slide::Spoken;

    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 400, seed: 1 };

    fn sitting(malignant: bool, margins: impl Iterator<Item = f32>) -> Sitting {
        let fields = margins.map(|margin| SlideField { spoken: Some(Spoken { margin, subtype: None }), cells: None });
        Sitting { name: "a".into(), malignant, fields: fields.collect() }
    }

    /// Six sittings of 40 fields, around `means`, with `spread` that has nothing to do with the sitting.
    fn sittings(means: [f32; 3], spread: f32) -> Vec<Sitting> {
        let at = |mean: f32| (0..40).map(move |at| mean + spread * ((at * 7 % 11) as f32 / 5.0 - 1.0));
        let benign = means.map(|mean| sitting(false, at(-mean)));
        let malignant = means.map(|mean| sitting(true, at(mean)));
        benign.into_iter().chain(malignant).collect()
    }

    #[test]
    fn sittings_that_differ_little_let_many_fields_count() {
        let Measured { pooling, correlation, slides } = measure(&sittings([2.0, 2.01, 1.99], 0.9), BOOTSTRAP);
        assert!(pooling.is_usable() && pooling.correlation < 0.05, "{pooling:?} {correlation:?}");
        assert_eq!(pooling.fewest_fields, 3);
        assert_eq!(slides.total.iter().map(|of| of.wrong.hits).sum::<usize>(), 0);
    }

    #[test]
    fn sittings_that_differ_make_fields_count_little() {
        let Measured { pooling, correlation, .. } = measure(&sittings([2.5, 0.4, 1.4], 0.3), BOOTSTRAP);
        assert!(pooling.correlation > 0.8, "{pooling:?}");
        let Estimate { value, high, .. } = correlation.expect("estimated");
        assert_eq!(pooling.correlation, high.min(1.0) as f32);
        assert!(value <= high);
    }

    #[test]
    fn a_sitting_that_is_called_wrongly_raises_the_number_of_fields() {
        let mut some = sittings([2.5, 2.4, 2.6], 0.5);
        assert_eq!(measure(&some, BOOTSTRAP).pooling.fewest_fields, 3);
        // Its first five fields look benign, surely enough for five independent fields; its ten first are mixed.
        let odd = (0..40).map(|at| if at < 5 { -2.9 } else { 2.6 });
        some.push(sitting(true, odd));
        let measured = measure(&some, BOOTSTRAP);
        let wrong: Vec<usize> = measured.slides.total.iter().map(|of| of.wrong.hits).collect();
        assert!(wrong[2] > 0 && wrong[3] == 0, "{wrong:?}");
        assert_eq!(measured.pooling.fewest_fields, 10);
    }

    #[test]
    fn without_enough_sittings_the_default_stands() {
        for few in [Vec::new(), sittings([2.0, 2.1, 2.2], 0.2).split_off(5)] {
            let measured = measure(&few, BOOTSTRAP);
            assert_eq!(
                (measured.correlation, measured.pooling.correlation),
                (None, SlidePooling::UNMEASURED.correlation)
            );
        }
        assert_eq!(measure(&[], BOOTSTRAP).pooling, SlidePooling::UNMEASURED);
    }
}
