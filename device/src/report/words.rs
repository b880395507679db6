//! Wording shared by all formats of a report.

use blastscope_core::pipeline::percent;
use blastscope_shared::{Class, Rate};

use super::{Report, Signature, Training, malignant_share, share};
use crate::{
    record::{
        CellCount, Continuation, Counts, Decision, Field, HandOver, Label, Opinion, Period, Reopening, Salvage,
        Session, SpecimenCorrection, State, Tally, VerdictKind,
    },
    support::{clock::ClockTrust, timestamp::on_the_wall},
};

/// Title of the document.
pub(super) const TITLE: &str = "Blood-smear fields, counted by class";

/// What a report is not.
pub(super) const NOT_A_DIAGNOSIS: &str = "This report is about fields of one slide, not cells and not patients. It is not a diagnosis, \
     and no part of it says whether a patient has a disease.";

/// How to read the intervals.
pub(super) const INTERVALS: &str = "Shares refer to the fields called benign or malignant. Intervals are 95 % Wilson intervals (1927). They \
     assume independent fields; neighbouring fields of a slide are not independent, so the true intervals are wider.";

/// How to read the share of blasts.
const CELLS: &str = "Labels of cells are a person's. The share refers to whole nucleated cells, without debris; its interval holds only if \
     the cells were not chosen by what they look like.";

/// How to read heat maps.
pub(super) const MAPS: &str = "Heat maps (Grad-CAM) show which parts of a field the network's answer depends on, computed from the \
     stored picture. They do not show where a disease is. Hatched: not seen by the network.";

/// A row of the table of counts.
pub(super) struct Row {
    pub name: String,
    /// Number of fields and, for classes, their share: by the model, then as corrected.
    pub said: (u64, Option<Rate>),
    pub corrected: (u64, Option<Rate>),
    /// Whether the row counts a class.
    pub is_class: bool,
}

/// The class by its medical name.
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
    if said.subtype_not_sure + corrected.subtype_not_sure > 0 {
        rows.push(other("malignant, subtype not sure", |tally| tally.subtype_not_sure));
    }
    rows.push(Row {
        name: "malignant, all together".into(),
        said: (said.malignant(), Some(malignant_share(said))),
        corrected: (corrected.malignant(), Some(malignant_share(corrected))),
        is_class: false,
    });
    rows.push(other("benign or malignant", Tally::judged));
    rows.push(other("abstained", |tally| tally.abstained));
    rows.push(other("rejected by the gate", |tally| tally.rejected));
    if said.settling + corrected.settling > 0 {
        rows.push(other("settling", |tally| tally.settling));
    }
    rows.push(other("not assessable, by a person", |tally| tally.not_assessable));
    rows
}

/// A share as `12.5 % (9.1 to 17.0)`; empty without fields.
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

/// Style of a banner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BannerKind {
    Calm,
    Warning,
}

impl BannerKind {
    /// Its class in style sheets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Warning => "warning",
        }
    }
}

/// Warnings and state, shown before any number.
pub(super) fn banners(report: &Report) -> Vec<Banner> {
    let warning = |word: &str, sentence: String| Banner { kind: BannerKind::Warning, word: word.into(), sentence };
    let mut banners = vec![state(report)];
    if report.is_insufficient() {
        banners.push(warning(
            "Insufficient",
            format!(
                "{} of at least {} fields are called benign or malignant. The shares below mean little.",
                report.assessed(),
                report.min_fields
            ),
        ));
    }
    if let Some(reason) = distrusted(report).and_then(ClockTrust::reason) {
        banners.push(warning(
            "Clock",
            format!("The device did not trust its clock: it {reason}. Marked times may be wrong; durations are right."),
        ));
    }
    if report.signature == Signature::Unsigned {
        let sentence = "Nobody has signed the model that judged these fields, so nobody vouches for it.";
        banners.push(warning("Unsigned model", sentence.into()));
    }
    if report.training == Training::Drawn {
        banners.push(warning(
            "Drawn model",
            "The model was trained on drawn fields. It shows how the program works; its verdicts on smears mean nothing.".into(),
        ));
    }
    banners
}

fn state(report: &Report) -> Banner {
    let signed = report.session.sign_offs.last();
    let by = signed.map(|signed| format!("by {} on {}", signed.signed_by, marked(&signed.signed_utc, signed.clock)));
    let by = by.unwrap_or_default();
    let (kind, word, sentence) = match report.session.state {
        State::Draft => (BannerKind::Warning, "Draft", "This session is not signed off.".to_string()),
        State::Approved => (BannerKind::Calm, "Approved", format!("Signed off {by}.")),
        State::Changed => (
            BannerKind::Warning,
            "Changed",
            format!(
                "Answers or the pseudonym were changed after the sign-off {by}: the session needs another sign-off."
            ),
        ),
        State::Amended => (BannerKind::Calm, "Amended", format!("Signed off again {by}, after a change.")),
    };
    Banner { kind, word: word.into(), sentence }
}

/// Why the device distrusted its clock at one of the session's times; `None` if it never did.
fn distrusted(report: &Report) -> Option<ClockTrust> {
    let session = &report.session;
    let fields = report.shown.iter().map(|shown| &shown.field);
    let of_fields =
        fields.flat_map(|field| [field.clock].into_iter().chain(field.opinions.iter().map(|opinion| opinion.clock)));
    [session.started_clock]
        .into_iter()
        .chain(session.ended_clock)
        .chain(session.continuations.iter().map(|continuation| continuation.clock))
        .chain(session.reopenings.iter().map(|reopening| reopening.clock))
        .chain(session.hand_overs.iter().map(|handed| handed.clock))
        .chain(session.specimen_corrections.iter().map(|correction| correction.clock))
        .chain(session.sign_offs.iter().map(|signed| signed.clock))
        .chain(of_fields)
        .find(|clock| !clock.is_trusted())
}

/// Local time with UTC beside it: `2026-11-25T04:40:07.250Z` becomes `2026-11-25 05:40:07 +01:00 (04:40:07 UTC)`. Any other text is
/// returned unchanged.
pub(super) fn time(rfc3339: &str) -> String {
    let wall = short_time(rfc3339);
    let (date, clock) = (rfc3339.get(..10).unwrap_or_default(), rfc3339.get(11..19).unwrap_or_default());
    if wall == rfc3339 || wall.ends_with(" UTC") {
        return wall;
    }
    if wall.starts_with(date) { format!("{wall} ({clock} UTC)") } else { format!("{wall} ({date} {clock} UTC)") }
}

/// As [`time`], without UTC beside it.
pub(super) fn short_time(rfc3339: &str) -> String {
    on_the_wall(rfc3339).unwrap_or_else(|| rfc3339.to_string())
}

/// As [`time`], marked if the device did not trust its clock.
pub(super) fn marked(rfc3339: &str, clock: ClockTrust) -> String {
    format!("{}{}", time(rfc3339), mark(clock))
}

/// Suffix of a time that the device did not trust.
pub(super) const fn mark(clock: ClockTrust) -> &'static str {
    if clock.is_trusted() { "" } else { " – clock not trusted" }
}

/// Start and end of the session, marked where they were computed because a clock was not trusted.
fn period(session: &Session) -> (String, String) {
    let Period { start_utc, end_utc, is_measured } = session.period();
    let told = |utc: &str, recorded: &str, clock: ClockTrust| {
        if is_measured || utc == recorded {
            marked(utc, clock)
        } else {
            format!("{}, computed from the elapsed time; the clock said {}", time(utc), marked(recorded, clock))
        }
    };
    let start = told(&start_utc, &session.started_utc, session.started_clock);
    let reason = session.end_reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let end = match (&end_utc, &session.ended_utc) {
        (Some(utc), Some(recorded)) => {
            format!("{}{reason}", told(utc, recorded, session.ended_clock.unwrap_or_default()))
        }
        _ => "not recorded: the session is open, or the device lost power".into(),
    };
    (start, end)
}

/// What the fields of the slide say together: names and values.
pub(super) fn slide(report: &Report) -> Vec<(&'static str, String)> {
    let slide = &report.slide;
    let mut facts = vec![("Slide", slide.name())];
    facts.extend(slide.probability.map(|share| ("Probability", percent(share))));
    facts.extend(slide.missing.clone().map(|missing| ("Missing", missing)));
    facts.push(("Rests on", slide.basis()));
    if !slide.against.is_empty() {
        let numbers: Vec<String> = slide.against.iter().map(u64::to_string).collect();
        let fields = if numbers.len() == 1 { "field" } else { "fields" };
        facts.push(("Speaks against it", format!("{fields} {}", numbers.join(", "))));
    }
    facts.push(("Judged by", "the model alone, from its verdicts on the fields; a person signs below".into()));
    facts
}

/// The facts of the session: names and values.
pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let session = &report.session;
    let (started, ended) = period(session);
    let mut facts = vec![("Specimen (pseudonym)", session.specimen.clone())];
    facts.extend(corrected_specimens(session));
    facts.extend([("Session", session.id.to_string()), ("Started", started)]);
    facts.extend(session.continuations.iter().map(|continuation| ("Cut off, continued", continued(continuation))));
    facts.extend(session.reopenings.iter().map(|reopening| ("Ended, reopened", reopened(reopening))));
    facts.extend([("Ended", ended), ("Operator", session.operator.clone())]);
    facts.extend(session.hand_overs.iter().map(|handed| ("Handed over", handed_over(handed))));
    facts.extend([("Device", session.device_id.clone()), ("Fields", fields_line(&report.counts))]);
    facts.extend(report.excluded.iter().map(|(sequence, opinion)| ("Excluded", excluded(*sequence, opinion))));
    facts
}

/// Each corrected pseudonym: the old one stays on the report.
fn corrected_specimens(session: &Session) -> Vec<(&'static str, String)> {
    let mut before = session.first_specimen.as_str();
    let mut facts = Vec::new();
    for SpecimenCorrection { corrected_utc, clock, corrected_by, specimen } in &session.specimen_corrections {
        let when = marked(corrected_utc, *clock);
        facts.push(("Pseudonym corrected", format!("from {before} to {specimen} by {corrected_by} on {when}")));
        before = specimen;
    }
    facts
}

fn reopened(Reopening { reopened_utc, clock, reopened_by, fields }: &Reopening) -> String {
    format!("{} after {fields} fields, by {reopened_by}", marked(reopened_utc, *clock))
}

fn handed_over(HandOver { handed_utc, clock, from_person, to_person }: &HandOver) -> String {
    format!("from {from_person} to {to_person} on {}", marked(handed_utc, *clock))
}

fn continued(continuation: &Continuation) -> String {
    let Continuation { continued_utc, clock, fields, decision } = continuation;
    let who = match decision {
        Decision::Automatic => "automatically",
        Decision::Operator => "by the operator",
    };
    format!("{} after {fields} fields ({who})", marked(continued_utc, *clock))
}

fn fields_line(counts: &Counts) -> String {
    let Counts { confirmed_fields, corrected_fields, unanswered_fields, unassessed_fields, .. } = counts;
    let unassessed = match unassessed_fields {
        0 => String::new(),
        some => format!(", {some} of them without any assessment"),
    };
    format!(
        "{}: {confirmed_fields} confirmed and {corrected_fields} corrected by a person, {unanswered_fields} unanswered{unassessed}",
        counts.counted()
    )
}

/// What people called the cells that they looked at: names and values. Empty if the network sees no cells.
pub(super) fn cells(count: &CellCount) -> Vec<(&'static str, String)> {
    if count.found == 0 {
        return Vec::new();
    }
    let looked = format!("{} of {}", count.looked_at(), count.found);
    if count.looked_at() == 0 {
        return vec![("Looked at", format!("{looked}: nobody has labelled a cell"))];
    }
    let CellCount { blasts, lymphocytes, others, debris, not_cells, .. } = count;
    let named =
        format!("{blasts} blasts, {lymphocytes} lymphocytes, {others} other, {debris} debris, {not_cells} not a cell");
    vec![("Looked at", looked), ("Called", named), ("Blasts", count.blast_share().to_string()), ("Note", CELLS.into())]
}

/// A field that counts nowhere: its number, who excluded it, when and why.
fn excluded(sequence: u64, opinion: &Opinion) -> String {
    let why = if opinion.note.is_empty() { String::new() } else { format!(": {}", opinion.note) };
    let when = marked(&opinion.given_utc, opinion.clock);
    format!("field {sequence}, taken by mistake, by {} on {when}{why}", opinion.given_by)
}

/// The sources of the numbers.
pub(super) fn sources(report: &Report) -> Vec<(&'static str, String)> {
    let session = &report.session;
    let training = match report.training {
        Training::Smears => "trained on pictures of smears",
        Training::Drawn => "trained on drawn fields",
        Training::NotKnown => "training unknown, because the model's file was not available",
    };
    let signature = match report.signature {
        Signature::Signed => "signed",
        Signature::Unsigned => "not signed",
        Signature::NotKnown => "signature unknown",
    };
    let mut sources = vec![
        ("Model", format!("{}; {training}; {signature}", session.model_name)),
        ("Model SHA-256", session.model_sha256.clone()),
        ("Program", format!("blastscope {}, built from {}", session.program_version, session.code_hash)),
        ("Settings SHA-256", session.config_sha256.clone()),
        ("Head of the audit log", report.head.to_string()),
        (
            "Written",
            format!(
                "{} by blastscope {}, after the log of {} entries and all rows and pictures of this session were verified",
                time(&report.written_utc),
                report.program_version,
                report.entry
            ),
        ),
    ];
    sources.extend(report.salvages.iter().map(|salvage| {
        let Salvage { salvaged_utc, clock, original_sha256, rows_lost, .. } = salvage;
        let when = marked(salvaged_utc, *clock);
        let what = format!(
            "{when}: the record was damaged and {rows_lost} of its rows were lost; SHA-256 of the damaged file"
        );
        ("Record salvaged", format!("{what} {original_sha256}"))
    }));
    sources
}

/// A field's verdict: the heading of its card, and a line with details.
pub(super) fn verdict(field: &Field) -> (String, String) {
    let said = &field.judgement.said;
    match (said.kind, said.class) {
        (VerdictKind::Class, Some(class)) => {
            let probability = said.probability.map(|value| format!("probability {}", percent(value)));
            (long_name(class).into(), probability.unwrap_or_default())
        }
        (VerdictKind::Malignant, _) => {
            let probability = said.probability.map(|value| format!("probability {}", percent(value)));
            ("Malignant".into(), probability.into_iter().chain(said.reason.clone()).collect::<Vec<_>>().join(", "))
        }
        (kind, _) => {
            let heading = match kind {
                VerdictKind::Rejected => "Rejected",
                VerdictKind::Settling => "Settling",
                _ => "Abstained",
            };
            (heading.into(), said.reason.clone().unwrap_or_default())
        }
    }
}

/// The opinion that counts of a field.
pub(super) fn opinion(field: &Field) -> Option<String> {
    let opinion = field.opinion()?;
    let label = match opinion.label? {
        Label::Class(class) => long_name(class),
        Label::Malignant => "malignant, subtype not named",
        Label::NotAssessable => Label::NotAssessable.name(),
    };
    Some(if opinion.confirms() && opinion.class().is_none() {
        format!("confirmed as {label} by {}", opinion.given_by)
    } else if opinion.confirms() {
        format!("confirmed by {}", opinion.given_by)
    } else {
        format!("corrected to {label} by {}", opinion.given_by)
    })
}

/// Every text of a report that comes from people or another machine.
pub(super) fn written_by_people(report: &Report) -> Vec<&str> {
    let session = &report.session;
    let mut texts: Vec<&str> =
        vec![&session.specimen, &session.operator, &session.device_id, &session.model_name, &session.program_version];
    texts.extend(session.end_reason.as_deref());
    texts.extend(session.operators());
    texts.extend(session.reopenings.iter().map(|reopening| reopening.reopened_by.as_str()));
    texts.extend(session.specimen_corrections.iter().map(|correction| correction.corrected_by.as_str()));
    texts.extend(session.sign_offs.iter().map(|signed| signed.signed_by.as_str()));
    texts.extend(report.excluded.iter().flat_map(|(_, opinion)| [opinion.given_by.as_str(), opinion.note.as_str()]));
    for shown in &report.shown {
        texts.extend(shown.field.judgement.said.reason.as_deref());
        texts
            .extend(shown.field.opinions.iter().flat_map(|opinion| [opinion.given_by.as_str(), opinion.note.as_str()]));
    }
    texts
}

/// A sentence about the fields that are not shown, if any.
pub(super) fn left_out(report: &Report) -> Option<String> {
    match report.left_out() {
        0 => None,
        more => Some(format!(
            "The first {} of {} fields are shown; the other {more} are only counted.",
            report.shown.len(),
            report.counts.counted()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shortened_and_what_is_none_stays() {
        let shown = time("2026-11-25T04:40:07.250Z");
        assert!(shown.starts_with("2026-11-2") && shown.contains(":40:07 UTC"), "{shown}");
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
