//! A session that is cut off: the program is killed and restarted.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use blastscope::record::{Decision, NewSession, Record, RecordReader, State, verify::verify};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    client::Client,
    program::Program,
    scene::{draw_slides, wait_for},
};

use crate::binary;

/// `blastscope live --listen`, killed with the test, and a client of its page.
pub(super) struct Device(Program, Client);

impl Device {
    pub(super) fn start(folder: &Path, more: &[&str]) -> Self {
        Self::start_in(folder, more, &[])
    }

    /// As [`Self::start`], with these environment variables.
    pub(super) fn start_in(folder: &Path, more: &[&str], environment: &[(&str, &Path)]) -> Self {
        let tiny = binary::model();
        let configuration = folder.join("free.toml");
        fs::write(&configuration, "[data]\nmin_free_mb = 1\n").expect("written");
        let program = Program::start(
            Command::new(env!("CARGO_BIN_EXE_blastscope"))
                .args(["live", "--listen", "127.0.0.1:0", "--fps", "30", "--hold", "40", "--repeat", "--model"])
                .arg(tiny)
                .arg("--config")
                .arg(configuration)
                .arg("--source")
                .arg(folder.join("fields"))
                .arg("--data-dir")
                .arg(folder.join("data"))
                .args(more)
                .envs(environment.iter().copied())
                .stderr(Stdio::null()),
        );
        let client = Client::new(program.address());
        Self(program, client)
    }

    pub(super) fn process(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn state(&self, what: &str, satisfies: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || self.1.get("/api/state"), satisfies)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let reply = self.1.post(path, body);
        (reply.status, reply.json())
    }
}

pub(super) fn folder(slides: u32) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("fields")).expect("made");
    draw_slides(&folder.path().join("fields"), slides, 320, 240);
    folder
}

#[test]
fn a_killed_session_goes_on_where_it_was() {
    const SLIDES: u64 = 4;
    let folder = folder(SLIDES as u32);
    let data = folder.path().join("data");
    let device = Device::start(folder.path(), &[]);
    assert_eq!(device.state("a state", |state| state["sequence"].is_u64())["left"], Value::Null);
    let (status, started) = device.post("/api/sessions", &json!({"specimen": "S-7", "operator": "A. B."}));
    assert_eq!(status, 200, "{started}");
    let id = started["saved"]["session"].as_u64().expect("a number");
    device.state("two fields", |state| state["session"]["fields"].as_u64() >= Some(2));
    let opinion = json!({"label": "Pro", "by": "A. B.", "request": "asked-before-the-cut"});
    assert_eq!(device.1.answer(id, 1, opinion.clone()).status, 200);
    drop(device);

    // The state on disk, before anything else is written.
    drop(Record::open(&data).expect("recovered"));
    let reader = RecordReader::open(&data).expect("a record");
    let session = reader.sessions().expect("read").remove(0);
    let (fields, counts) = (session.fields, reader.counts(Some(session.id)).expect("read"));
    let (entries, _) = reader.head().expect("a head");
    let gallery: Vec<_> = (1..=fields).map(|number| reader.picture(session.id, number).expect("read")).collect();
    assert!(fields >= 2 && counts.corrected_fields == 1, "{counts:?}");
    assert_eq!((session.state, &session.ended_utc), (State::Draft, &None));

    let device = Device::start(folder.path(), &[]);
    let state = device.state("the session", |state| state["session"].is_object());
    // A client without an answer asks again.
    assert_eq!(device.1.answer(id, 1, opinion.clone()).status, 200);
    assert_eq!(reader.field(session.id, 1).expect("read").opinions.len(), 1);
    assert_eq!((&state["session"]["id"], &state["session"]["specimen"]), (&json!(id), &json!("S-7")));
    assert!(state["session"]["cut_off_utc"].is_string() && state["left"].is_null(), "{state}");
    // The slide passes again several times: every field counts once, also those from before the cut.
    device.state("all fields", |state| state["session"]["fields"] == SLIDES);
    let frames = device.state("frames", |state| state["sequence"].is_u64())["flow"]["frames"].as_u64();
    device
        .state("two rounds", |state| state["flow"]["frames"].as_u64() > frames.map(|frames| frames + 2 * SLIDES * 40));
    assert_eq!(device.state("fields", |_| true)["session"]["fields"], SLIDES);
    let signed = device.1.sign_off(id, "C. D.");
    assert_eq!(signed.status, 200, "{signed:?}");
    drop(device);

    let found = verify(&data, &[]).expect("read");
    assert!(found.intact && found.entries > entries, "{:?}", found.findings);
    let session = reader.session(session.id).expect("read");
    assert_eq!((session.state, session.fields), (State::Approved, SLIDES));
    let continued: Vec<_> = session.continuations.iter().map(|c| (c.fields, c.decision)).collect();
    assert_eq!(continued, [(fields, Decision::Automatic)]);
    let after: Vec<_> = (1..=fields).map(|number| reader.picture(session.id, number).expect("read")).collect();
    assert_eq!(after, gallery, "the earlier fields are unchanged");
    let times: Vec<_> = reader.fields(session.id, 0, 10).expect("read");
    assert!(times.is_sorted_by_key(|field| field.since_start_ms), "the session's clock continues");
    assert_eq!(times[0].opinion().map(blastscope::record::Opinion::name), Some("Pro"));
}

#[test]
fn a_session_of_other_settings_is_offered_to_be_closed_only() {
    let folder = folder(2);
    let device = Device::start(folder.path(), &[]);
    let (_, started) = device.post("/api/sessions", &json!({"specimen": "S-8", "operator": "A. B."}));
    let id = started["saved"]["session"].as_u64().expect("a number");
    drop(device);
    let device = Device::start(folder.path(), &["--take-after", "7"]);
    let state = device.state("the offer", |state| state["left"].is_object());
    assert_eq!((&state["left"]["id"], &state["session"]), (&json!(id), &Value::Null));
    assert_eq!(state["left"]["problem"], "it was made with other settings");
    let (status, refused) = device.post(&format!("/api/sessions/{id}/continue"), &json!({}));
    assert_eq!(status, 409, "{refused}");
    assert_eq!(device.post(&format!("/api/sessions/{id}/end"), &json!({})).0, 200);
    device.state("nothing left", |state| state["left"].is_null());
    assert_eq!(device.post(&format!("/api/sessions/{id}/continue"), &json!({})).0, 409);
    let session = device.1.get(&format!("/api/sessions/{id}")).json();
    assert_eq!(session["session"]["end_reason"], "cut off; closed by the operator");
}

#[test]
fn an_old_session_waits_for_the_operator_and_a_new_one_closes_it() {
    let folder = folder(2);
    let data = folder.path().join("data");
    // Facts about model and device are copied from a session that the program itself has started.
    let device = Device::start(folder.path(), &[]);
    device.post("/api/sessions", &json!({"specimen": "S-1", "operator": "A. B."}));
    drop(device);
    let mut record = Record::open(&data).expect("recovered").with_min_free(0);
    let reader = RecordReader::open(&data).expect("a record");
    let own = reader.sessions().expect("read").remove(0);
    record.end_session(own.id, std::time::SystemTime::now(), "over").expect("ended");
    let started = std::time::SystemTime::now() - 2 * blastscope::station::RECENT;
    let mut old = |specimen: &str| {
        let new = NewSession {
            specimen: specimen.into(),
            operator: "A. B.".into(),
            started,
            model_name: own.model_name.clone(),
            model_sha256: own.model_sha256.clone(),
            config_sha256: own.config_sha256.clone(),
            program_version: own.program_version.clone(),
            code_hash: own.code_hash.clone(),
            device_id: own.device_id.clone(),
            slide: blastscope_shared::judge::slide::SlidePooling::UNMEASURED,
        };
        record.start_session(&new).expect("started").session
    };
    let (first, second) = (old("S-old-1"), old("S-old-2"));
    drop(record);

    let device = Device::start(folder.path(), &[]);
    let state = device.state("the offer", |state| state["left"].is_object());
    assert_eq!((&state["left"]["specimen"], &state["left"]["problem"]), (&json!("S-old-2"), &Value::Null));
    assert!(state["session"].is_null(), "an old session does not continue by itself: {state}");
    let (status, went_on) = device.post(&format!("/api/sessions/{second}/continue"), &json!({}));
    assert_eq!((status, &went_on["saved"]["session"]), (200, &json!(second)));
    let continued = reader.session(second).expect("read").continuations;
    assert_eq!(continued.iter().map(|c| (c.fields, c.decision)).collect::<Vec<_>>(), [(0, Decision::Operator)]);
    device.state("fields", |state| state["session"]["fields"].as_u64() >= Some(1));
    assert_eq!(device.post(&format!("/api/sessions/{second}/end"), &json!({})).0, 200);
    drop(device);

    let device = Device::start(folder.path(), &[]);
    device.state("the older one", |state| state["left"]["id"] == json!(first));
    assert_eq!(device.post("/api/sessions", &json!({"specimen": "S-new", "operator": "A. B."})).0, 200);
    device.state("nothing left", |state| state["left"].is_null() && state["session"]["specimen"] == "S-new");
    let closed = reader.session(first).expect("read");
    assert_eq!(closed.end_reason.as_deref(), Some("cut off; another session was started"));
    assert!(verify(&data, &[]).expect("read").intact);
}
