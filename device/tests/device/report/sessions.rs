//! Records to report, and the report command.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use blastscope::record::{Label, NewField, NewSession, Record, Said, Says, SessionId, StoredPicture, VerdictKind};
use blastscope_core::drawn_field;
use blastscope_shared::Class;

use crate::{
    binary::model,
    record::samples::{at, judgement, named, new_session, opinion, without_class},
};

/// Operator of the hostile session.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'&amp;</style>";

/// Hash of [`model`].
pub fn tiny_hash() -> String {
    let classifier = blastscope::model::open(&model(), blastscope_shared::engine::network::Execution::default());
    classifier.expect("a model").model_id().to_string()
}

fn drawn(said: Said, seed: u64, model: &str) -> NewField {
    let mut judgement = judgement(said);
    judgement.model_sha256 = model.into();
    let picture = drawn_field::field(320, 240, seed as usize * 13);
    NewField {
        taken: at(seed * 7),
        since_start: Duration::from_secs(seed * 7),
        judgement,
        picture: StoredPicture::lossless(&picture).expect("encoded"),
    }
}

/// A session of `classes` fields with a class, one abstained and one rejected; the first is corrected to Early, the second
/// confirmed.
pub fn write(folder: &Path, new: &NewSession, classes: u64) -> (Record, SessionId) {
    let mut record = Record::open(folder).expect("opened").with_min_free(0);
    let session = record.start_session(new).expect("written").session;
    let model = new.model_sha256.as_str();
    for seed in 1..=classes {
        let class = Class::ALL[(seed as usize / 2) % 4];
        record.add_field(session, &drawn(named(class), seed, model)).expect("written");
    }
    let unsure = without_class(VerdictKind::Abstain, "not sure enough: probability 0.61, 0.80 is needed");
    record.add_field(session, &drawn(unsure, classes + 1, model)).expect("written");
    let mut rejected = drawn(without_class(VerdictKind::Rejected, "too dark: turn up the lamp"), classes + 2, model);
    rejected.judgement.gate = "too dark".into();
    (rejected.judgement.probabilities, rejected.judgement.logits, rejected.judgement.novelty) = (None, None, None);
    record.add_field(session, &rejected).expect("written");
    record.add_opinion(session, 1, &opinion("C. D.", Says::Corrects(Label::Class(Class::Early)))).expect("written");
    if classes > 1 {
        // Otherwise the second field is the unsure one, which cannot be confirmed.
        record.add_opinion(session, 2, &opinion("C. D.", Says::Confirms)).expect("written");
    }
    (record, session)
}

/// [`write`] with names of operator, model and device that try to break out of their markup.
pub fn hostile(folder: &Path) -> (Record, SessionId) {
    let new = NewSession {
        operator: HOSTILE.into(),
        model_name: "</dd><img src=x onerror=alert(1)>".into(),
        device_id: "\"}]<!--(\\) Tj".into(),
        slide: blastscope_shared::judge::slide::SlidePooling::UNMEASURED,
        ..new_session("S-2026.003")
    };
    let (mut record, session) = write(folder, &new, 6);
    let mut spiteful = opinion(HOSTILE, Says::Corrects(Label::NotAssessable));
    spiteful.note = "</figcaption><script src=//x></script>\n]]>".into();
    record.add_opinion(session, 3, &spiteful).expect("written");
    (record, session)
}

/// The command's status and output.
pub fn report(data: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_blastscope"))
        .arg("report")
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .env("BLASTSCOPE_CONFIG", Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/blastscope.toml"))
        .env_remove("BLASTSCOPE_MODEL")
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}
