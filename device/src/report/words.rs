//! What every form of a report says, in words.

use blastscope_shared::{Class, Rate};

use super::{Report, Training, share, with_class};
use crate::record::{Continuation, Counts, Decision, Field, State, Tally, VerdictKind};

/// Title of the document.
pub(super) const TITLE: &str = "Blood-smear fields, counted by class";

/// What a report is not.
pub(super) const NOT_A_DIAGNOSIS: &str = "This report counts fields of one slide, not cells and not patients. It is no diagnosis, \
     and no part of it says whether a patient has a disease.";

/// How the intervals are meant.
pub(super) const INTERVALS: &str = "Shares are of the fields with a class. Intervals are 95 % intervals of Wilson (1927); they \
     hold for fields that are independent of each other, which neighbouring fields of a slide are not: read them as too narrow.";

/// How heat maps are meant.
pub(super) const MAPS: &str = "Heat maps show which places of a field the network's answer hangs on (Grad-CAM), computed from the \
     stored picture. They do not show where a disease is. Hatched: not seen by the network.";

/// A row of the table of counts.
pub(super) struct Row {
    pub name: String,
    /// Fields and, of classes, their share: as the model said, then as corrected.
    pub said: (u64, Option<Rate>),
    pub corrected: (u64, Option<Rate>),
    /// Whether the row belongs to the classes.
    pub is_class: bool,
}

/// The class as the field knows it.
pub(super) const fn long_name(class: Class) -> &'static str {
    match class {
        Class::Benign => "Benign (hematogones)",
        Class::Early => "Early pre-B",
        Class::Pre => "Pre-B",
        Class::Pro => "Pro-B",
    }
}

/// The table of counts.
pub(super) fn rows(counts: &Counts) -> Vec<Row> {
    let Counts { said, corrected, .. } = counts;
    let class = |class: Class| Row {
        name: long_name(class).into(),
        said: (said.classes[class.index()], Some(share(said, class))),
        corrected: (corrected.classes[class.index()], Some(share(corrected, class))),
        is_class: true,
    };
    let other = |name: &str, of: fn(&Tally) -> u64| Row {
        name: name.into(),
        said: (of(said), None),
        corrected: (of(corrected), None),
        is_class: false,
    };
    let mut rows: Vec<Row> = Class::ALL.into_iter().map(class).collect();
    rows.push(other("with a class", with_class));
    rows.push(other("abstained", |tally| tally.abstained));
    rows.push(other("rejected by the gate", |tally| tally.rejected));
    if said.settling + corrected.settling > 0 {
        rows.push(other("settling", |tally| tally.settling));
    }
    rows.push(other("not assessable, by a person", |tally| tally.not_assessable));
    rows
}

/// A share as `12.5 % (9.1 to 17.0)`; nothing without fields.
pub(super) fn rate(rate: &Rate) -> String {
    if rate.of == 0 {
        return "–".into();
    }
    format!("{} ({:.1} to {:.1})", rate.percent(), rate.low * 100.0, rate.high * 100.0)
}

/// A banner: a word or two, and a sentence.
pub(super) struct Banner {
    pub kind: BannerKind,
    pub word: String,
    pub sentence: String,
}

/// How a banner looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BannerKind {
    Calm,
    Warning,
}

impl BannerKind {
    /// For style sheets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Warning => "warning",
        }
    }
}

/// What must be seen before any number.
pub(super) fn banners(report: &Report) -> Vec<Banner> {
    let warning = |word: &str, sentence: String| Banner { kind: BannerKind::Warning, word: word.into(), sentence };
    let mut banners = vec![state(report)];
    if report.is_insufficient() {
        banners.push(warning(
            "Insufficient",
            format!(
                "{} of at least {} fields have a class. The shares below say little.",
                report.assessed(),
                report.min_fields
            ),
        ));
    }
    if report.training == Training::Drawn {
        banners.push(warning(
            "Drawn model",
            "The model was trained on drawn fields. It shows how the program works; what it says of smears means nothing.".into(),
        ));
    }
    banners
}

fn state(report: &Report) -> Banner {
    let signed = report.session.sign_offs.last();
    let by = signed.map(|signed| format!("by {} on {}", signed.signed_by, time(&signed.signed_utc)));
    let by = by.unwrap_or_default();
    let (kind, word, sentence) = match report.session.state {
        State::Draft => (BannerKind::Warning, "Draft", "Nobody has signed this session off.".to_string()),
        State::Approved => (BannerKind::Calm, "Approved", format!("Signed off {by}.")),
        State::Changed => (
            BannerKind::Warning,
            "Changed",
            format!("Opinions were given after the sign-off {by}: it needs another one."),
        ),
        State::Amended => (BannerKind::Calm, "Amended", format!("Signed off again {by}, after a change.")),
    };
    Banner { kind, word: word.into(), sentence }
}

/// `2026-11-25T04:40:07.250Z` as `2026-11-25 04:40:07 UTC`; what is no such time stays.
pub(super) fn time(rfc3339: &str) -> String {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'T'));
    match (rfc3339.get(..10), rfc3339.get(11..19)) {
        (Some(date), Some(clock)) if plain(date) && plain(clock) && rfc3339.ends_with('Z') => {
            format!("{date} {clock} UTC")
        }
        _ => rfc3339.to_string(),
    }
}

/// What stands at the top: names and values.
pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let session = &report.session;
    let ended = match (&session.ended_utc, &session.end_reason) {
        (Some(ended), Some(reason)) => format!("{} ({reason})", time(ended)),
        (Some(ended), None) => time(ended),
        (None, _) => "not recorded: the session goes on, or the device lost power".into(),
    };
    let mut facts = vec![
        ("Specimen (pseudonym)", session.specimen.clone()),
        ("Session", session.id.to_string()),
        ("Started", time(&session.started_utc)),
    ];
    facts.extend(session.continuations.iter().map(|continuation| ("Cut off, went on", continued(continuation))));
    facts.extend([
        ("Ended", ended),
        ("Operator", session.operator.clone()),
        ("Device", session.device_id.clone()),
        ("Fields", fields_line(&report.counts)),
    ]);
    facts
}

fn continued(continuation: &Continuation) -> String {
    let Continuation { continued_utc, fields, decision, .. } = continuation;
    let who = match decision {
        Decision::Automatic => "by itself",
        Decision::Operator => "the operator decided it",
    };
    format!("{} after {fields} fields ({who})", time(continued_utc))
}

fn fields_line(counts: &Counts) -> String {
    let Counts { fields, confirmed_fields, corrected_fields, .. } = counts;
    format!("{fields}: {confirmed_fields} confirmed and {corrected_fields} corrected by a person")
}

/// Where the numbers come from.
pub(super) fn sources(report: &Report) -> Vec<(&'static str, String)> {
    let session = &report.session;
    let training = match report.training {
        Training::Smears => "trained on pictures of smears",
        Training::Drawn => "trained on drawn fields",
        Training::NotKnown => "the model's file was not at hand, so its training is not told",
    };
    vec![
        ("Model", format!("{}; {training}", session.model_name)),
        ("Model SHA-256", session.model_sha256.clone()),
        ("Program", format!("blastscope {}, built from {}", session.program_version, session.code_hash)),
        ("Settings SHA-256", session.config_sha256.clone()),
        ("Head of the audit log", report.head.to_string()),
        (
            "Written",
            format!(
                "{} by blastscope {}, after {} log entries were verified",
                time(&report.written_utc),
                report.program_version,
                report.entry
            ),
        ),
    ]
}

/// A field's verdict: the heading of its card, and a line that says more.
pub(super) fn verdict(field: &Field) -> (String, String) {
    let said = &field.judgement.said;
    match (said.kind, said.class) {
        (VerdictKind::Class, Some(class)) => {
            let probability = said.probability.map(|value| format!("probability {:.1} %", value * 100.0));
            (long_name(class).into(), probability.unwrap_or_default())
        }
        (kind, _) => {
            let heading = match kind {
                VerdictKind::Class => "No class",
                VerdictKind::Abstain => "Abstained",
                VerdictKind::Rejected => "Rejected",
                VerdictKind::Settling => "Settling",
            };
            (heading.into(), said.reason.clone().unwrap_or_default())
        }
    }
}

/// What a person said last of a field.
pub(super) fn opinion(field: &Field) -> Option<String> {
    let opinion = field.opinion()?;
    let label = opinion.label.class().map_or(opinion.label.name(), long_name);
    Some(if opinion.confirms {
        format!("confirmed by {}", opinion.given_by)
    } else {
        format!("corrected to {label} by {}", opinion.given_by)
    })
}

/// How many fields are not shown, if any.
pub(super) fn left_out(report: &Report) -> Option<String> {
    match report.left_out() {
        0 => None,
        more => Some(format!(
            "The first {} of {} fields are shown; the other {more} are counted all the same.",
            report.shown.len(),
            report.counts.fields
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shortened_and_what_is_none_stays() {
        assert_eq!(time("2026-11-25T04:40:07.250Z"), "2026-11-25 04:40:07 UTC");
        for other in ["", "yesterday", "2026-11-25T04:40:07+01:00", "ääääääääääääää", "<b>-11-25T04:40:07.250Z"]
        {
            assert_eq!(time(other), other);
        }
    }

    #[test]
    fn shares_without_fields_are_a_dash() {
        assert_eq!(rate(&Rate::new(0, 0)), "–");
        assert_eq!(rate(&Rate::new(1, 2)), "50.0 % (9.5 to 90.5)");
    }
}
