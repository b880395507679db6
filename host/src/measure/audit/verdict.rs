//! Conclusions from the numbers, in words.

use super::{
    Audit,
    conclusion::{Conclusion, Reason, Weight},
};
use crate::measure::colour_baseline::{ColourSet, Method};

/// Share of the way from guessing to certainty from which on colour alone nearly solves a data set.
pub const NEARLY_SOLVED: f64 = 0.75;
/// The same share from which on colour explains much of a score.
pub const MUCH: f64 = 0.25;
/// How far above guessing the interval must lie before colour counts at all: taking the best of six classifiers flatters.
pub const MARGIN: f64 = 0.05;
/// Ratio of the largest to the smallest class from which on accuracy hides how the small class does.
pub const UNBALANCED: f64 = 1.5;

/// What colour gives away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ColourGives {
    Unknown,
    NoMoreThanChance,
    Some,
    Much,
    NearlyAll,
}

impl Conclusion {
    pub(super) fn of(audit: &Audit) -> Self {
        let findings = [
            colour(audit),
            sittings(audit),
            left_out(audit),
            marks(audit),
            copies_across(audit),
            copies_within(audit),
            unreadable(audit),
            balance(audit),
            sizes(audit),
        ];
        let mut findings: Vec<Reason> = findings.into_iter().flatten().collect();
        findings.sort_by_key(|finding| finding.weight);
        Self { headline: headline(audit), findings }
    }
}

fn finding(weight: Weight, text: String) -> Option<Reason> {
    Some(Reason { weight, text })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `1 picture`, `2 pictures`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn colour_gives(audit: &Audit) -> ColourGives {
    let Some(best) = audit.colour.best() else { return ColourGives::Unknown };
    let chance = audit.colour.chance;
    let above = (best.accuracy.value.unwrap_or(0.0) - chance) / (1.0 - chance).max(1e-9);
    if best.accuracy.low <= chance + MARGIN {
        ColourGives::NoMoreThanChance
    } else if above >= NEARLY_SOLVED {
        ColourGives::NearlyAll
    } else if above >= MUCH {
        ColourGives::Much
    } else {
        ColourGives::Some
    }
}

/// `five nearest neighbours on 6 colour numbers reach 96.4 % of four classes (...)`.
fn best_colour(audit: &Audit) -> String {
    audit.colour.best().map_or_else(String::new, |best| {
        let (method, get) = match best.method {
            "nearest-neighbours" => ("five nearest neighbours", "get"),
            _ => ("logistic regression", "gets"),
        };
        format!(
            "{method} on {} colour numbers, without seeing any cell, {get} {} of the fields right (95 % interval {}) on folds of \
             whole overlap groups, where guessing the largest class gets {}",
            best.numbers,
            best.accuracy.percent(),
            best.accuracy.interval(),
            percent(audit.colour.chance)
        )
    })
}

fn headline(audit: &Audit) -> String {
    // What the mask covers is the lesser worry.
    let leaks = audit
        .marks
        .places
        .iter()
        .filter(|place| place.leaks())
        .min_by(|one, other| one.masked.total_cmp(&other.masked));
    match (colour_gives(audit), leaks) {
        (ColourGives::NearlyAll, _) => {
            let sittings = match range(audit) {
                Some((low, high)) => format!(
                    " On left-out sittings, the same kind of classifier tells benign from malignant in {low} to \
                     {high} of the fields: ask the same of the network."
                ),
                None => " Only sittings that a network was not trained on show whether it learned more.".to_string(),
            };
            format!(
                "A network on a split of this data proves nothing beyond colour because {}.{sittings}",
                best_colour(audit)
            )
        }
        (_, Some(place)) => format!(
            "A network on this data may read burned-in marks instead of cells because the {} alone gives the class of {} of the \
             fields (95 % interval {}), and the middle of the picture only of {}. {}",
            place.name,
            place.nearest.percent(),
            place.nearest.interval(),
            audit.marks.middle().nearest.percent(),
            if place.masked >= 1.0 {
                "Blastscope masks it; a network that does not is worth nothing."
            } else {
                "Mask it in training and at the microscope."
            }
        ),
        (ColourGives::Much, None) => format!(
            "A score on this data counts only as far as it exceeds what colour alone reaches because {}.",
            best_colour(audit)
        ),
        (ColourGives::Some, None) => format!("Colour explains little of a score on this data: {}.", best_colour(audit)),
        (ColourGives::NoMoreThanChance, None) => format!(
            "No shortcut was found: {}. There may still be one; a score from new sittings, or from another \
             microscope, remains the evidence.",
            best_colour(audit)
        ),
        (ColourGives::Unknown, None) => {
            "There are too few pictures to say what a score on this data is worth.".to_string()
        }
    }
}

/// The worst and the best sitting of six numbers and five neighbours, in percent.
fn range(audit: &Audit) -> Option<(String, String)> {
    let rates = audit.colour.sittings.iter().filter_map(|sitting| sitting.neighbours[1].value);
    let (low, high) = (rates.clone().reduce(f64::min)?, rates.reduce(f64::max)?);
    Some((percent(low), percent(high)))
}

fn colour(audit: &Audit) -> Option<Reason> {
    let weight = match colour_gives(audit) {
        ColourGives::Unknown => {
            return finding(Weight::Caution, "Too few pictures to measure what colour alone gives away.".to_string());
        }
        ColourGives::NearlyAll => Weight::Serious,
        ColourGives::Much | ColourGives::Some => Weight::Caution,
        ColourGives::NoMoreThanChance => Weight::Clear,
    };
    let neighbours: Vec<String> = ColourSet::ALL
        .into_iter()
        .filter_map(|set| {
            let score = |grouped| audit.colour.score(set, Method::NearestNeighbours, grouped);
            let (random, grouped) = (score(false)?, score(true)?);
            Some(format!(
                "{} numbers {} ({} with whole overlap groups)",
                set.count(),
                random.accuracy.percent(),
                grouped.accuracy.percent()
            ))
        })
        .collect();
    finding(
        weight,
        format!(
            "Colour: accuracy of five nearest neighbours with {}; of guessing {}. Report this baseline beside every network.",
            neighbours.join(", "),
            percent(audit.colour.chance)
        ),
    )
}

fn sittings(audit: &Audit) -> Option<Reason> {
    if audit.sittings.is_empty() {
        let text = "Sittings are not known, so a class may be a single sitting. Name them in the column session of \
                    groups.csv.";
        return finding(Weight::Caution, text.to_string());
    }
    let mixed = audit.sittings.iter().filter(|sitting| sitting.classes() > 1).count();
    let all = audit.sittings.len();
    let unknown = match audit.without_sitting {
        0 => String::new(),
        count => format!(" The sitting of {} is not known.", counted(count, "picture", "pictures")),
    };
    if mixed == 0 {
        let text = format!(
            "Class equals sitting: none of {all} sittings shows more than one class, so a random or grouped split measures how well a \
             sitting is recognised.{unknown}"
        );
        return finding(Weight::Serious, text);
    }
    let weight = if mixed < all { Weight::Caution } else { Weight::Clear };
    finding(weight, format!("{mixed} of {all} sittings show more than one class.{unknown}"))
}

fn left_out(audit: &Audit) -> Option<Reason> {
    let (low, high) = range(audit)?;
    let mean = audit.colour.sittings.iter().filter_map(|sitting| sitting.neighbours[1].value).sum::<f64>()
        / audit.colour.sittings.len() as f64;
    let impossible = match audit.colour.impossible.as_slice() {
        [] => String::new(),
        list => format!(
            " These cannot be left out: {}.",
            list.iter()
                .map(|left| format!("{}, which alone shows {}", left.sitting, left.class))
                .collect::<Vec<_>>()
                .join("; ")
        ),
    };
    finding(
        Weight::Caution,
        format!(
            "With one sitting left out, six numbers and five neighbours tell benign from malignant in {low} to {high} of a \
             sitting's fields, {} on average over {}. A network must beat this to show that it sees morphology.{impossible}",
            percent(mean),
            counted(audit.colour.sittings.len(), "sitting", "sittings")
        ),
    )
}

fn marks(audit: &Audit) -> Option<Reason> {
    let marks = &audit.marks;
    if marks.places.iter().all(|place| place.still.iter().all(Option::is_none)) {
        return finding(Weight::Caution, "Too few pictures of each class to find burned-in marks.".to_string());
    }
    let masked = if marks.still == 0 {
        String::new()
    } else {
        format!(" The mask of blastscope covers {} of {} pixels that stand still.", marks.still_masked, marks.still)
    };
    let leak = marks.places.iter().any(super::marks::PlaceMarks::leaks);
    // Where some place gives the class away, those that do not are beside the point.
    let places: Vec<String> = marks
        .marked()
        .filter(|place| !leak || place.leaks())
        .map(|place| {
            format!("{} ({} right, {} of it masked)", place.name, place.nearest.percent(), percent(place.masked))
        })
        .collect();
    if places.is_empty() {
        return finding(Weight::Clear, format!("No burned-in marks were found in corners and along borders.{masked}"));
    }
    finding(
        if leak { Weight::Serious } else { Weight::Caution },
        format!(
            "Burned-in marks: {}. The nearest picture by the middle alone is right for {}, guessing for {}.{masked}",
            places.join("; "),
            marks.middle().nearest.percent(),
            percent(marks.chance)
        ),
    )
}

fn copies_across(audit: &Audit) -> Option<Reason> {
    let copies = &audit.copies;
    if copies.across() == 0 {
        return None;
    }
    finding(
        Weight::Serious,
        format!(
            "{} of different classes show the same: {} identical, {} nearly so. At least one label of each is wrong.",
            counted(copies.across(), "pair of pictures", "pairs of pictures"),
            copies.identical_across,
            copies.near_across
        ),
    )
}

fn copies_within(audit: &Audit) -> Option<Reason> {
    let copies = &audit.copies;
    if copies.count() == 0 {
        return finding(Weight::Clear, "No identical or near-identical pictures were found.".to_string());
    }
    if copies.count() == copies.across() {
        return None;
    }
    finding(
        Weight::Caution,
        format!(
            "Copies: {} of one class and {} of nearly identical pictures, {} of all near pairs turned or mirrored. They must stay on one \
             side of a split; overlaps by a shift of the slide are not among them.",
            counted(copies.identical_within, "pair of identical files", "pairs of identical files"),
            counted(copies.near_within, "pair", "pairs"),
            copies.near_transformed
        ),
    )
}

fn unreadable(audit: &Audit) -> Option<Reason> {
    let count = audit.unreadable.len();
    if count == 0 {
        return None;
    }
    finding(
        Weight::Caution,
        format!("{} cannot be read; training stops at the first.", counted(count, "file", "files")),
    )
}

fn balance(audit: &Audit) -> Option<Reason> {
    let counts = || audit.classes.iter().map(|class| class.pictures);
    let (least, most) = (counts().min()?, counts().max()?);
    if least > 0 && (most as f64) < UNBALANCED * least as f64 {
        return finding(Weight::Clear, format!("Classes are balanced: {least} to {most} pictures each."));
    }
    finding(
        Weight::Caution,
        format!(
            "Classes are not balanced: {least} to {most} pictures. Report recall by class, and not accuracy alone."
        ),
    )
}

fn sizes(audit: &Audit) -> Option<Reason> {
    if audit.sizes.len() < 2 {
        return None;
    }
    let one_class = |size: &&super::SizeCount| size.pictures.iter().filter(|count| **count > 0).count() == 1;
    let telling: usize = audit.sizes.iter().filter(one_class).map(|size| size.pictures.iter().sum::<usize>()).sum();
    let all = audit.pictures();
    let (count, share) = (audit.sizes.len(), percent(telling as f64 / all.max(1) as f64));
    if telling * 20 < all {
        return finding(
            Weight::Clear,
            format!("{count} picture sizes; {share} of the pictures have one that only their class has."),
        );
    }
    finding(
        Weight::Caution,
        format!(
            "{count} picture sizes, and {share} of the pictures have one that only their class has: sharpness gives them away, even \
             after the squash."
        ),
    )
}
