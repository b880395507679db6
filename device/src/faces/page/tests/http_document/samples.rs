//! An example of every request and answer.

use std::{path::PathBuf, time::Duration};

use axum::http::StatusCode;
use blastscope_core::{
    FocusBar,
    cells::{CellCount, CellId, CellLabel, FieldCells, SeenCell},
    field::{NotTaken, Presence},
    session::SlideTold,
};
use blastscope_shared::{Class, Rate, field::gate::Quality};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    RESEARCH_USE,
    faces::page::{
        access::Denied,
        guard,
        problem::Problem,
        reads,
        wire::{
            answer::{
                About, Admission, Cells, CellsTold, Chosen, Done, Failed, Fields, Live, PeopleList, Sessions, Shares,
                Spoken, Summary,
            },
            request::{
                Choose, CorrectSpecimen, End, Enter, HandOver as NewHandOver, LabelCells, LogIn, NewPin, NewSession,
                Opinion as NewOpinion, RemovePerson, Reopen, SignOff as NewSignOff, Take,
            },
        },
    },
    faces::people::{Person, Refused},
    record::{
        CellsOfField, CheckState, Continuation, Counts, Decision, Field, HandOver, Hash, Judgement, Label, Opinion,
        OpinionKind, PictureFormat, PictureOrigin, Receipt, RecordError, Reopening, Said, Session, SessionCells,
        SessionId, SignOff, SpecimenCorrection, State, StoredCell, Tally, VerdictKind,
    },
    source::state::CameraState,
    station::{Flow, OpenSession, Refusal, Saving, Snapshot},
    support::clock::ClockTrust,
};
use blastscope_shared::ByClass;

/// An example.
pub(super) struct Sample {
    /// Heading of its chapter.
    pub(super) chapter: &'static str,
    /// `request`, `answer` or `shape`.
    pub(super) kind: &'static str,
    /// The example as JSON.
    pub(super) text: String,
}

fn sample(chapter: &'static str, kind: &'static str, value: &impl Serialize) -> Sample {
    let text = serde_json::to_string_pretty(value).expect("JSON") + "\n";
    Sample { chapter, kind, text }
}

/// A request, which must parse as shown.
fn request<T: Serialize + DeserializeOwned>(chapter: &'static str, value: &T) -> Sample {
    let sample = sample(chapter, "request", value);
    if let Err(error) = serde_json::from_str::<T>(&sample.text) {
        panic!("{chapter} rejects its own example: {error}");
    }
    sample
}

const STARTED: &str = "2026-11-30T09:00:00.000Z";
const LATER: &str = "2026-11-30T09:12:30.500Z";

fn id() -> SessionId {
    "3".parse().expect("a session")
}

fn sha256() -> String {
    "0123456789abcdef".repeat(4)
}

fn hash() -> Hash {
    sha256().parse().expect("a hash")
}

fn verdict() -> Said {
    Said { kind: VerdictKind::Class, class: Some(Class::Pre), probability: Some(0.97), reason: None }
}

const PROBABILITIES: [f32; Class::COUNT] = [0.01, 0.015, 0.97, 0.005];

const QUALITY: Quality =
    Quality { focus: 0.41, background: 231, cells: 74, clipped: 0.001, foreign: 0.0, stained: 0.22 };

fn opinion() -> Opinion {
    Opinion {
        given_utc: LATER.into(),
        clock: ClockTrust::Trusted,
        given_by: "C. D.".into(),
        id: 9,
        kind: OpinionKind::Correction,
        label: Some(Label::Class(Class::Early)),
        undoes: None,
        note: "small nucleoli".into(),
    }
}

fn field() -> Field {
    Field {
        sequence: 2,
        taken_utc: STARTED.into(),
        clock: ClockTrust::Trusted,
        since_start_ms: 21_400,
        judgement: Judgement {
            said: verdict(),
            probabilities: Some(PROBABILITIES),
            logits: Some([-2.5, -1.75, 4.5, -3.25]),
            novelty: Some(0.4),
            gate: "passed".into(),
            quality: QUALITY,
            model_sha256: sha256(),
            frames: 5,
            seen_cells: Some(seen_cells()),
        },
        picture_format: PictureFormat::Jpeg,
        picture_origin: PictureOrigin::Source,
        picture_bytes: 48_213,
        opinions: vec![opinion()],
    }
}

/// Twelve cells, of which [`cells`] shows two.
fn seen_cells() -> FieldCells {
    let cells = (0..12u8).map(|at| SeenCell { x: 0.04 + f32::from(at) * 0.08, y: 0.5, leaning: Some(0.9) });
    FieldCells { width: 0.16, height: 0.213_333_34, cells: cells.collect() }
}

/// Two cells of field 2, one of which is called a blast.
fn cells() -> SessionCells {
    let stored = |cell: u32, label: Option<CellLabel>| StoredCell {
        cell,
        seen: SeenCell { x: 0.4125, y: 0.27, leaning: Some(0.94) },
        label,
        labelled_by: label.map(|_| "C. D.".into()),
        labelled_utc: label.map(|_| LATER.into()),
    };
    let labels = [Some(CellLabel::Blast), None];
    let mut count = CellCount::default();
    labels.into_iter().for_each(|label| count.add(label));
    let cells = (1..).zip(labels).map(|(cell, label)| stored(cell, label)).collect();
    SessionCells { fields: vec![CellsOfField { field: 2, width: 0.16, height: 0.213_333_34, cells }], count, last: 7 }
}

fn told() -> SlideTold {
    SlideTold {
        verdict: "ALL suspected".into(),
        malignant: Some(true),
        subtype: Some(Class::Pre),
        probability: Some(0.987),
        fields: 11,
        abstained: 1,
        cells: Some(132),
        more: None,
        missing: None,
        against: vec![4],
    }
}

fn continuation() -> Continuation {
    Continuation { continued_utc: LATER.into(), clock: ClockTrust::Trusted, fields: 1, decision: Decision::Automatic }
}

fn signature() -> SignOff {
    SignOff {
        kind: "approved".into(),
        signed_utc: LATER.into(),
        clock: ClockTrust::Trusted,
        signed_by: "E. F.".into(),
        fields: 2,
        head: hash(),
    }
}

fn reopening() -> Reopening {
    Reopening { reopened_utc: LATER.into(), clock: ClockTrust::Trusted, reopened_by: "C. D.".into(), fields: 1 }
}

fn handed() -> HandOver {
    HandOver {
        handed_utc: LATER.into(),
        clock: ClockTrust::Trusted,
        from_person: "A. B.".into(),
        to_person: "C. D.".into(),
    }
}

fn specimen_correction() -> SpecimenCorrection {
    SpecimenCorrection {
        corrected_utc: LATER.into(),
        clock: ClockTrust::Trusted,
        corrected_by: "C. D.".into(),
        specimen: "S-2026-0412".into(),
    }
}

fn people() -> PeopleList {
    PeopleList {
        people: vec![Person { name: "A. B.".into(), has_pin: false }, Person { name: "C. D.".into(), has_pin: true }],
    }
}

fn session() -> Session {
    Session {
        id: id(),
        specimen: "S-2026-0412".into(),
        first_specimen: "S-2026-0421".into(),
        operator: "A. B.".into(),
        started_utc: STARTED.into(),
        started_clock: ClockTrust::Trusted,
        ended_utc: Some(LATER.into()),
        ended_clock: Some(ClockTrust::Trusted),
        ended_after_ms: Some(750_500),
        end_reason: Some("signed off".into()),
        model_name: "allcnn".into(),
        model_sha256: sha256(),
        config_sha256: sha256(),
        program_version: "0.1.0".into(),
        code_hash: "5d15c7b".into(),
        device_id: "scope-1".into(),
        fields: 2,
        state: State::Approved,
        continuations: vec![continuation()],
        reopenings: vec![reopening()],
        hand_overs: vec![handed()],
        specimen_corrections: vec![specimen_correction()],
        sign_offs: vec![signature()],
    }
}

fn tally(classes: [u64; Class::COUNT]) -> Tally {
    Tally { classes, ..Tally::default() }
}

fn counts() -> Counts {
    Counts {
        fields: 2,
        said: tally([0, 0, 2, 0]),
        corrected: tally([0, 1, 1, 0]),
        confirmed_fields: 0,
        corrected_fields: 1,
        unanswered_fields: 1,
        unassessed_fields: 0,
        excluded_fields: 0,
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        source: "camera 0".into(),
        source_state: CameraState::Streaming,
        flow: Flow { frames: 4_210, rate: 14.5, ..Flow::default() },
        sequence: Some(4_305),
        elapsed: Duration::from_millis(301_250),
        said: Some(verdict()),
        probabilities: Some(PROBABILITIES),
        novelty: Some(0.4),
        quality: Some(QUALITY),
        gate: Some("passed"),
        frames_in_view: 5,
        focus: FocusBar { level: Some(0.92), threshold: 0.35 },
        field: Presence::Taken { number: 2 },
        session: Some(OpenSession {
            id: id(),
            specimen: "S-2026-0412".into(),
            operator: "A. B.".into(),
            fields: 2,
            cut_off_utc: None,
        }),
        slide: Some(told()),
        saving: Saving::Saved,
        record_check: Some(CheckState::Intact { entries: 57 }),
        record_version: 4,
        ..Snapshot::default()
    }
}

/// All examples.
pub(super) fn all() -> Vec<Sample> {
    let receipt = |sequence| Receipt { session: id(), sequence, excluded: false, entry: 58, head: hash() };
    let done = |chapter, sequence| sample(chapter, "answer", &Done { saved: receipt(sequence) });
    let admitted = |chapter, admitted| sample(chapter, "answer", &Admission { admitted });
    let mut all = requests();
    all.extend([
        sample("GET /api/about", "answer", &about()),
        sample("GET /api/state", "answer", &snapshot()),
        sample(
            "GET /api/live",
            "answer",
            &Live { snapshot: &snapshot(), revision: 812, age_ms: 12, picture: true, notices: &[] },
        ),
        done("POST /api/take", Some(2)),
        admitted("POST /api/login", true),
        admitted("POST /api/enter", true),
        admitted("POST /api/logout", false),
        sample("GET /api/people", "answer", &people()),
        sample(
            "POST /api/people",
            "answer",
            &Chosen { name: "C. D.".into(), badge: Some("5f2c9a1e7b3d48605f2c9a1e7b3d4860".into()) },
        ),
        sample("POST /api/people/pin", "answer", &people()),
        sample("POST /api/people/remove", "answer", &people()),
        done("POST /api/sessions/{session}/hand-over", None),
        done("POST /api/sessions/{session}/specimen", None),
        done("POST /api/sessions/{session}/reopen", None),
        sample("GET /api/sessions", "answer", &Sessions { sessions: vec![session()], more: false }),
        done("POST /api/sessions", None),
        sample("GET /api/sessions/{session}", "answer", &Summary::new(session(), told(), counts(), cells().count)),
        done("POST /api/sessions/{session}/continue", None),
        done("POST /api/sessions/{session}/end", None),
        done("POST /api/sessions/{session}/sign-off", None),
        sample("GET /api/sessions/{session}/fields", "answer", &Fields { fields: vec![field()], more: false }),
        sample("GET /api/sessions/{session}/cells", "answer", &Cells::of(cells())),
        done("POST /api/sessions/{session}/cells", None),
        sample("GET /api/sessions/{session}/opinions", "answer", &Spoken { fields: vec![field()], last: 9 }),
        sample("GET /api/sessions/{session}/fields/{field}", "answer", &field()),
        done("POST /api/sessions/{session}/fields/{field}/opinion", Some(2)),
    ]);
    all.extend([
        sample(
            "Error",
            "shape",
            &Failed { error: 404, reason: "there is nothing at this address", remedy: "open / for the page" },
        ),
        sample("Receipt", "shape", &receipt(Some(2))),
        sample("State", "shape", &snapshot()),
        sample("Verdict", "shape", &verdict()),
        sample("By class", "shape", &ByClass(PROBABILITIES)),
        sample("Quality", "shape", &QUALITY),
        sample("Session", "shape", &session()),
        sample("Continuation", "shape", &continuation()),
        sample("Reopening", "shape", &reopening()),
        sample("Hand-over", "shape", &handed()),
        sample("Specimen correction", "shape", &specimen_correction()),
        sample("Sign-off", "shape", &signature()),
        sample("Slide", "shape", &told()),
        sample("Field", "shape", &field()),
        sample("Opinion", "shape", &opinion()),
        sample("Cells of a field", "shape", &cells().fields[0]),
        sample("Cell", "shape", &cells().fields[0].cells[0]),
        sample("Cell count", "shape", &CellsTold::of(cells().count)),
        sample("Tally", "shape", &counts().corrected),
        sample("Shares", "shape", &Shares::of(&counts().corrected)),
        sample("Rate", "shape", &Rate::new(1, 2)),
    ]);
    all
}

fn about() -> About<'static> {
    About {
        program: "blastscope",
        version: "0.1.0",
        notice: RESEARCH_USE,
        model: "allcnn version 3".into(),
        model_sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        caution: None,
        drawn: false,
        notices: &[],
        min_probability: 0.8,
        min_subtype: 0.5,
        max_novelty: 1.0,
        classes: Class::ALL.map(Class::name),
    }
}

fn requests() -> Vec<Sample> {
    let started = STARTED.to_owned();
    vec![
        request("POST /api/take", &Take { session: id(), frame: Some(4_305) }),
        request("POST /api/login", &LogIn { token: "00112233445566778899aabbccddeeff".into() }),
        request(
            "POST /api/enter",
            &Enter { code: "692c05a0.1f2e3d4c5b6a7988.00112233445566778899aabbccddeeff".into() },
        ),
        request("POST /api/sessions", &NewSession { specimen: "S-2026-0412".into(), operator: "A. B.".into() }),
        request("POST /api/people", &Choose { name: "C. D.".into(), pin: Some("4711".into()) }),
        request(
            "POST /api/people/pin",
            &NewPin { name: "C. D.".into(), pin: Some("4711".into()), new: Some("0815".into()) },
        ),
        request("POST /api/people/remove", &RemovePerson { name: "C. D.".into(), pin: Some("4711".into()) }),
        request("POST /api/sessions/{session}/hand-over", &NewHandOver { to: "C. D.".into() }),
        request(
            "POST /api/sessions/{session}/specimen",
            &CorrectSpecimen { started: started.clone(), specimen: "S-2026-0412".into(), by: "C. D.".into() },
        ),
        request("POST /api/sessions/{session}/reopen", &Reopen { started: started.clone(), by: "C. D.".into() }),
        request("POST /api/sessions/{session}/end", &End { reason: "slide broken".into() }),
        request(
            "POST /api/sessions/{session}/sign-off",
            &NewSignOff { started: started.clone(), fields: 2, by: "E. F.".into() },
        ),
        request(
            "POST /api/sessions/{session}/cells",
            &LabelCells {
                started: started.clone(),
                cells: vec![CellId { field: 2, cell: 1 }, CellId { field: 2, cell: 4 }],
                label: Some("blast".into()),
                by: "C. D.".into(),
                seen: 6,
                amends: false,
                request: Some("5f2c9a1e7b3d4860".into()),
            },
        ),
        request(
            "POST /api/sessions/{session}/fields/{field}/opinion",
            &NewOpinion {
                started,
                kind: "correction".into(),
                label: Some("Early".into()),
                note: "small nucleoli".into(),
                by: "C. D.".into(),
                seen: 0,
                amends: false,
                request: Some("5f2c9a1e7b3d4860".into()),
            },
        ),
    ]
}

/// The errors of sessions, fields, record and access, as rows of a table.
pub(super) fn errors() -> String {
    let (session, path) = (id(), PathBuf::from("/var/lib/blastscope/record.db"));
    let refusals = [
        Refusal::NoSession,
        Refusal::SessionGoesOn(session),
        Refusal::AnotherSession { named: "2".parse().expect("a session"), open: session },
        Refusal::OtherFields { session, shown: 2, now: 3 },
        Refusal::FieldBeingSaved(session),
        Refusal::NotLeft(session),
        Refusal::Undecided(session),
        Refusal::Differs { session, reason: "it was made with another model".into() },
        Refusal::Outdated(session),
        Refusal::NoRecord,
        NotTaken::NoPicture.into(),
        NotTaken::Counted(2).into(),
        NotTaken::Moved.into(),
        NotTaken::BeingSaved.into(),
        Refusal::Busy,
        Refusal::Slow,
        Refusal::Stopped,
    ];
    let records = [
        RecordError::Invalid { what: "specimen", value: "Jane Doe".into(), remedy: "give a pseudonym" },
        RecordError::NoSession { path: path.clone(), session },
        RecordError::NoField { session, sequence: 9 },
        RecordError::NoCell { session, cell: CellId { field: 7, cell: 21 } },
        RecordError::Closed { session, reason: "has ended already", remedy: "there is nothing to end" },
        RecordError::Closed {
            session,
            reason: "has ended: it cannot be handed over",
            remedy: "look at the list of sessions",
        },
        RecordError::NothingToConfirm { session, sequence: 2 },
        RecordError::NothingToTakeBack { session, sequence: 2 },
        RecordError::Excluded { session, sequence: 2, by: "C. D.".into() },
        RecordError::Answered { session, sequence: 2, newest: "Pre by A. B.".into() },
        RecordError::Labelled { session, cell: CellId { field: 7, cell: 2 }, newest: "blast by C. D.".into() },
        RecordError::SignedOff { session, by: "E. F.".into() },
        RecordError::Full { path: path.clone() },
        RecordError::LowSpace { path: path.clone(), free: 20 << 20, limit: 64 << 20 },
        RecordError::Damaged { path, reason: "database disk image is malformed".into() },
    ];
    let people = [
        Refused::NeedsPin("C. D.".into()),
        Refused::WrongPin("C. D.".into()),
        Refused::Locked { name: "C. D.".into(), wait: Duration::from_secs(60) },
        Refused::Unknown("C. D.".into()),
    ];
    let denied = [Denied::Unknown, Denied::Used, Denied::Limited { wait: Duration::from_secs(60) }];
    let problems = refusals.into_iter().map(Problem::from).chain(records.into_iter().map(Problem::from));
    let mut rows: Vec<(StatusCode, String)> = problems
        .chain([reads::NOT_READ, reads::NOTHING_SAVED].map(reads::slow))
        .chain(denied.into_iter().map(guard::denied))
        .chain(people.map(Problem::from))
        .map(|problem| {
            let (status, advice) = problem.parts();
            (status, format!("| {} | {} | {} |\n", status.as_u16(), advice.reason, advice.remedy))
        })
        .collect();
    rows.sort_by_key(|(status, _)| *status);
    let rows: String = rows.into_iter().map(|(_, row)| row).collect();
    format!("\n| status | reason | remedy |\n| --- | --- | --- |\n{rows}\n")
}
