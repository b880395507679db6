//! Sessions and snapshots for tests.

use std::time::Duration;

use blastscope_core::{FocusBar, field::Presence, session::SlideTold};
use blastscope_shared::{Class, field::gate::Quality};

use super::slide::Slide;
use crate::{
    record::{
        Around, CellCount, Counts, Field, Judgement, Label, Opinion, OpinionKind, PictureFormat, PictureOrigin, Said,
        Session, SessionId, Tally, VerdictKind,
    },
    source::state::CameraState,
    station::{Flow, Left, OpenSession, Saving, Snapshot},
    support::clock::ClockTrust,
};

pub(super) fn id() -> SessionId {
    "3".parse().expect("a number")
}

pub(super) fn opened() -> OpenSession {
    OpenSession { id: id(), specimen: "S-2026-0412".into(), operator: "A. B.".into(), fields: 12, cut_off_utc: None }
}

pub(super) fn left() -> Left {
    Left {
        id: id(),
        specimen: "S-2026-0412".into(),
        operator: "A. B.".into(),
        fields: 12,
        last_utc: "2026-11-25T04:40:07.250Z".into(),
        problem: None,
    }
}

fn said() -> Said {
    Said { kind: VerdictKind::Class, class: Some(Class::Pre), probability: Some(0.931), reason: None }
}

const QUALITY: Quality = Quality { focus: 0.5, background: 230, cells: 80, clipped: 0.0, foreign: 0.0, stained: 0.2 };

/// A session of so many fields, the newest of which is selected.
pub(super) fn slide(id: SessionId, fields: u64) -> Slide {
    let judgement = Judgement {
        said: said(),
        probabilities: Some([0.03, 0.02, 0.931, 0.019]),
        logits: None,
        novelty: Some(1.0),
        gate: "passed".into(),
        quality: QUALITY,
        model_sha256: "0a".repeat(32),
        frames: 5,
        seen_cells: None,
    };
    let opinion = Opinion {
        given_utc: "2026-11-25T04:41:00.000Z".into(),
        clock: ClockTrust::Trusted,
        given_by: "A. B.".into(),
        id: 1,
        kind: OpinionKind::Correction,
        label: Some(Label::Class(Class::Early)),
        undoes: None,
        note: String::new(),
    };
    let taken_utc = "2026-11-25T04:40:07.250Z".to_owned();
    let field = Field {
        sequence: fields,
        taken_utc,
        clock: ClockTrust::Trusted,
        since_start_ms: 9,
        judgement,
        picture_format: PictureFormat::Jpeg,
        picture_origin: PictureOrigin::Source,
        picture_bytes: 1,
        opinions: vec![opinion],
    };
    let tally =
        |classes| Tally { classes, subtype_not_sure: 0, abstained: 1, rejected: 1, settling: 0, not_assessable: 0 };
    let (said, corrected) = (tally([6, 0, 3, 1]), tally([6, 1, 2, 1]));
    let session = Session { id, fields, ..Session::sample() };
    let counts = Counts { fields, said, corrected, confirmed_fields: 2, corrected_fields: 1, ..Counts::default() };
    let around =
        Around { previous: fields.checked_sub(1).filter(|&number| number > 0), next: None, newest: Some(fields) };
    let cells = CellCount { found: 240, blasts: 88, lymphocytes: 10, others: 2, debris: 3, not_cells: 1 };
    Slide { session, counts, cells, field: Some(field), around }
}

fn told() -> SlideTold {
    SlideTold {
        verdict: "ALL suspected".into(),
        malignant: Some(true),
        subtype: Some(Class::Pre),
        probability: Some(0.987),
        fields: 10,
        abstained: 2,
        cells: Some(120),
        more: None,
        missing: None,
        against: vec![4, 9],
    }
}

/// A good picture in an open session.
pub(super) fn snapshot() -> Snapshot {
    Snapshot {
        source: "camera:0 (Scope)".into(),
        source_state: CameraState::Streaming,
        flow: Flow { frames: 400, rate: 7.9, ..Flow::default() },
        sequence: Some(400),
        elapsed: Duration::from_secs(75),
        said: Some(said()),
        probabilities: Some([0.03, 0.02, 0.931, 0.019]),
        novelty: Some(1.02),
        quality: Some(QUALITY),
        gate: Some("passed"),
        frames_in_view: 5,
        focus: FocusBar { level: Some(0.95), threshold: 0.3 },
        field: Presence::Judging { agreeing: 3, needed: 5 },
        session: Some(opened()),
        slide: Some(told()),
        saving: Saving::Saved,
        ..Snapshot::default()
    }
}
