//! A session from start to signature, and its state on disk.

use std::time::Duration;

use blastscope::record::{Label, RecordReader, State, verify::verify};
use blastscope_shared::{
    Class,
    field::decode::{decode, decode_jpeg},
};
use serde_json::{Value, json};

use super::scene::{Scene, wait_for};

#[test]
fn fields_are_taken_corrected_and_signed() {
    let scene = Scene::new();
    let client = scene.client();
    let about = client.get("/api/about").json();
    assert_eq!(about["notice"], blastscope::RESEARCH_USE);
    let state = wait_for("frames", || client.get("/api/state"), |state| state["flow"]["frames"].as_u64() > Some(3));
    assert_eq!((&state["session"], &state["source_state"]), (&Value::Null, &json!("streaming")));
    let session = scene.session(&client);
    let again = client.post("/api/sessions", &json!({"specimen": "S-2", "operator": "A. B."}));
    assert_eq!(again.status, 409, "{again:?}");
    wait_for("fields", || client.get("/api/state"), |state| state["session"]["fields"].as_u64() >= Some(4));

    let list = client.get(&format!("/api/sessions/{session}/fields")).json();
    let fields = list["fields"].as_array().expect("fields");
    assert!(fields.len() >= 4 && fields[0]["sequence"] == 1, "{list}");
    let rest = client.get(&format!("/api/sessions/{session}/fields?after=2")).json();
    assert_eq!(rest["fields"][0]["sequence"], 3);
    let of = |rest: &str| client.get(&format!("/api/sessions/{session}/fields/{rest}"));
    let picture = decode(&of("2/picture.jpg").body).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (320, 240));
    assert_eq!(decode_jpeg(&of("2/thumbnail.jpg").body).expect("a picture").width(), 320);
    let map = of("2/map/Pre.png");
    assert!(map.status == 200 && map.body.starts_with(b"\x89PNG"), "{}", map.status);
    assert_eq!(client.get("/api/live/map/likely.png").status, 200);

    let opinion = |field: u64, body: Value| client.answer(session, field, body);
    let saved = opinion(2, json!({"label": "Pre", "note": "large nucleoli", "by": "C. D."}));
    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!(opinion(3, json!({"label": "not assessable", "by": "C. D."})).status, 200);
    let names_class = fields[0]["kind"] == "class" || fields[0]["kind"] == "malignant";
    assert_eq!(opinion(1, json!({"kind": "confirmation", "by": "C. D."})).status, if names_class { 200 } else { 409 });
    assert_eq!(opinion(9999, json!({"label": "Pre", "by": "C. D."})).status, 404);
    assert_eq!(opinion(2, json!({"label": "Blast", "by": "C. D."})).status, 400);
    assert_eq!(opinion(2, json!({"label": "Pre", "kind": "confirmation", "by": "C. D."})).status, 400);

    let reader = RecordReader::open(scene.data.path()).expect("a record");
    let id = reader.sessions().expect("read")[0].id;
    let field = reader.field(id, 2).expect("read");
    let kept = field.opinion().expect("an opinion");
    assert_eq!(
        (kept.label.expect("a label"), kept.note.as_str(), kept.given_by.as_str()),
        (Label::Class(Class::Pre), "large nucleoli", "C. D.")
    );
    let summary = client.get(&format!("/api/sessions/{session}")).json();
    assert_eq!(summary["counts"]["corrected"]["not_assessable"], 1);
    let share = &summary["corrected"]["classes"]["Pre"];
    assert!(share["low"].as_f64() < share["high"].as_f64() && share["hits"].as_u64() >= Some(1), "{summary}");

    let signed = client.sign_off(session, "E. F.");
    assert_eq!(signed.status, 200, "{signed:?}");
    let read = reader.session(id).expect("read");
    assert_eq!((read.state, read.sign_offs[0].signed_by.as_str()), (State::Approved, "E. F."));
    assert!(read.ended_utc.is_some());
    // The state is told after the answer: for a moment it may still say that something is being written.
    let ended = |state: &Value| state["session"].is_null() && state["saving"]["state"] == "saved";
    let state = wait_for("an end", || client.get("/api/state"), ended);
    assert_eq!(state["unsaved"], json!(0), "{state}");
    assert_eq!(client.post("/api/take", &json!({"session": session})).status, 409);
    let fields = reader.session(id).expect("read").fields;
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(reader.session(id).expect("read").fields, fields, "nothing is added after the signature");
    assert!(verify(scene.data.path(), &[]).expect("read").intact);
}

#[test]
fn the_operator_takes_a_field_and_ends_the_session() {
    let scene = Scene::new();
    let client = scene.client();
    wait_for("a picture", || client.get("/api/state"), |state| state["said"].is_object());
    let session = scene.session(&client);
    // The pictures change: a counted one is refused, the next one is not.
    let take = || client.post("/api/take", &json!({"session": session}));
    let taken = wait_for("a taken field", take, |reply| reply["saved"].is_object());
    let number = taken["saved"]["sequence"].as_u64().expect("a number");
    let field = client.get(&format!("/api/sessions/{session}/fields/{number}")).json();
    assert!(field["reason"].as_str().expect("a reason").starts_with("taken by hand"), "{field}");
    assert_eq!(client.post(&format!("/api/sessions/{session}/end"), &json!({})).status, 200);
    assert_eq!(client.post(&format!("/api/sessions/{session}/end"), &json!({})).status, 409);
    let ended = client.get(&format!("/api/sessions/{session}")).json();
    assert_eq!(
        (&ended["session"]["state"], &ended["session"]["end_reason"]),
        (&json!("draft"), &json!("ended by the operator"))
    );
    let next = scene.session(&client);
    assert_eq!(next, session + 1);
    let reader = RecordReader::open(scene.data.path()).expect("a record");
    let data = scene.data;
    drop((scene.server, scene.instrument));
    let last = reader.sessions().expect("read").remove(0);
    assert_eq!(last.end_reason.as_deref(), Some("the program was stopped"), "an orderly end is recorded");
    drop(data);
}

/// State and picture of an answer, and the numbers for the next request.
fn live(client: &super::client::Client, seen: &Value, number: &Value) -> (Value, Option<Vec<u8>>) {
    let text = |value: &Value| value.as_u64().map(|number| number.to_string()).unwrap_or_default();
    let reply = client.get(&format!("/api/live?seen={}&picture={}", text(seen), text(number)));
    assert_eq!(reply.status, 200, "{}", reply.head);
    let end = reply.body.iter().position(|byte| *byte == b'\n').expect("a line");
    let state: Value = serde_json::from_slice(&reply.body[..end]).expect("JSON");
    let jpeg = reply.body[end + 1..].to_vec();
    assert_eq!(state["picture"].as_bool(), Some(!jpeg.is_empty()), "{state}");
    (state, Some(jpeg).filter(|jpeg| !jpeg.is_empty()))
}

#[test]
fn picture_and_verdict_come_in_one_answer_and_only_when_they_are_new() {
    let scene = Scene::new();
    let client = scene.client();
    let (mut seen, mut number, mut pictures) = (Value::Null, Value::Null, 0);
    let mut elapsed = Vec::new();
    while pictures < 5 {
        let (state, jpeg) = live(&client, &seen, &number);
        assert_ne!(state["revision"], seen);
        if let Some(jpeg) = jpeg {
            assert_ne!(state["sequence"], number, "it was there already");
            let picture = decode_jpeg(&jpeg).expect("a picture");
            assert_eq!(picture.width(), 320);
            // The slide shows each field for 14 frames: the frame number tells which field the picture shows.
            let field = (state["sequence"].as_u64().expect("a number") / 14 % 30) as u32;
            let drawn = super::scene::drawn(320, 240, field);
            let apart: u64 = picture.bytes().iter().zip(drawn.bytes()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            assert!(apart / (picture.bytes().len() as u64) < 12, "another field's picture: {apart}");
            pictures += 1;
        }
        elapsed.push(state["elapsed_ms"].as_u64().expect("a number"));
        (seen, number) = (state["revision"].clone(), state["sequence"].clone());
    }
    assert!(elapsed.is_sorted() && elapsed[0] < elapsed[elapsed.len() - 1], "{elapsed:?}");
    for wrong in ["seen=x", "picture=-1"] {
        assert_eq!(client.get(&format!("/api/live?{wrong}")).status, 400);
    }
}

#[test]
fn an_instrument_that_hangs_is_not_taken_for_one_that_works() {
    let hangs = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = std::sync::Arc::clone(&hangs);
    let scene = Scene::watching(blastscope::station::Feed::new("camera", move || {
        Ok(Box::new(Hanging(std::sync::Arc::clone(&flag), 0)) as Box<dyn blastscope::source::FrameSource>)
    }));
    let client = scene.client();
    let (state, _) = live(&client, &Value::Null, &Value::Null);
    assert!(state["age_ms"].as_u64() < Some(1500), "{state}");
    hangs.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut last = state;
    let since = std::time::Instant::now();
    while last["age_ms"].as_u64() < Some(3000) {
        assert!(since.elapsed() < Duration::from_secs(60), "{last}");
        last = live(&client, &last["revision"], &last["sequence"]).0;
    }
    hangs.store(false, std::sync::atomic::Ordering::SeqCst);
}

/// A camera whose driver does not return.
struct Hanging(std::sync::Arc<std::sync::atomic::AtomicBool>, u64);

impl blastscope::source::FrameSource for Hanging {
    fn next_frame(&mut self, _: Duration) -> Result<blastscope_core::frame::Frame, blastscope::source::SourceError> {
        std::thread::sleep(Duration::from_millis(20));
        while self.0.load(std::sync::atomic::Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.1 += 1;
        let (picture, time) = (super::scene::drawn(320, 240, 1), Duration::from_millis(self.1 * 20));
        Ok(blastscope_core::frame::Frame { picture, sequence: self.1, time, name: None, original: None })
    }
}

#[test]
fn a_stale_page_ends_and_takes_nothing_of_another_session() {
    let scene = Scene::new();
    let client = scene.client();
    let old = scene.session(&client);
    assert_eq!(client.post(&format!("/api/sessions/{old}/end"), &json!({})).status, 200);
    let new = scene.session(&client);
    for (path, body) in
        [(format!("/api/sessions/{old}/end"), json!({})), ("/api/take".to_owned(), json!({"session": old}))]
    {
        let reply = client.post(&path, &body);
        assert_eq!(reply.status, 409, "{reply:?}");
        let reason = reply.json()["reason"].as_str().expect("a reason").to_owned();
        assert!(reason.contains(&format!("session {old}")) && reason.contains(&format!("session {new}")), "{reason}");
    }
    let state = client.get("/api/state").json();
    assert_eq!((&state["session"]["id"], &state["session"]["specimen"]), (&json!(new), &json!("S-1")));
}

#[test]
fn an_answer_names_what_it_has_seen_and_is_saved_once() {
    let scene = Scene::new();
    let client = scene.client();
    let session = scene.session(&client);
    wait_for("fields", || client.get("/api/state"), |state| state["session"]["fields"].as_u64() >= Some(2));
    let opinion = |body: Value| client.answer(session, 1, body);
    let first = json!({"label": "Pre", "by": "A. B.", "seen": 0, "request": "first-request-1"});
    let saved = opinion(first.clone());
    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!(opinion(first).json(), saved.json(), "a repeated request is the same opinion");
    let other = opinion(json!({"label": "Pro", "by": "A. B.", "seen": 1, "request": "first-request-1"}));
    assert_eq!(other.status, 400, "{other:?}");
    for late in [json!({"label": "Pro", "by": "C. D.", "seen": 0}), json!({"label": "Pro", "by": "C. D."})] {
        let late = opinion(late);
        assert_eq!(late.status, 409, "{late:?}");
        assert!(late.json()["reason"].as_str().expect("a reason").contains("Pre by A. B."), "{late:?}");
    }
    assert_eq!(
        opinion(json!({"label": "Pro", "by": "C. D.", "seen": 7})).status,
        409,
        "it claims opinions that do not exist"
    );
    assert_eq!(opinion(json!({"label": "Pro", "by": "", "seen": 1})).status, 400, "an answer names its person");
    assert_eq!(opinion(json!({"label": "Pro", "by": "C. D.", "seen": 1})).status, 200);

    let spoken = client.get(&format!("/api/sessions/{session}/opinions")).json();
    assert_eq!(spoken["fields"][0]["opinions"].as_array().map(Vec::len), Some(2), "{spoken}");
    let since = client.get(&format!("/api/sessions/{session}/opinions?after={}", spoken["last"])).json();
    assert_eq!((&since["fields"], &since["last"]), (&json!([]), &spoken["last"]));

    assert_eq!(client.sign_off(session, "E. F.").status, 200);
    let change = json!({"label": "Early", "by": "C. D.", "seen": 2});
    let refused = opinion(change.clone());
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.json()["reason"].as_str().expect("a reason").contains("E. F."), "{refused:?}");
    let state = || client.get(&format!("/api/sessions/{session}")).json()["session"]["state"].clone();
    assert_eq!(state(), "approved");
    let mut sure = change;
    sure["amends"] = json!(true);
    assert_eq!(opinion(sure).status, 200);
    assert_eq!(state(), "changed");
}

/// Two records give the same numbers: a page that still shows the other record changes nothing here.
#[test]
fn what_was_shown_of_another_record_is_neither_answered_nor_signed() {
    let scene = Scene::new();
    let client = scene.client();
    let session = scene.session(&client);
    wait_for("fields", || client.get("/api/state"), |state| state["session"]["fields"].as_u64() >= Some(1));
    let opinion = format!("/api/sessions/{session}/fields/1/opinion");
    let sign_off = format!("/api/sessions/{session}/sign-off");
    let other = "2026-11-29T08:00:00.000Z";
    for (path, body) in [
        (&opinion, json!({"started": other, "label": "Pre", "by": "A. B.", "seen": 0})),
        (&sign_off, json!({"started": other, "fields": 1, "by": "A. B."})),
    ] {
        let refused = client.post(path, &body);
        assert_eq!(refused.status, 409, "{refused:?}");
        assert!(refused.json()["reason"].as_str().expect("a reason").contains(other), "{refused:?}");
    }
    for body in [json!({"label": "Pre", "by": "A. B."}), json!({"by": "A. B."})] {
        let path = if body["label"].is_null() { &sign_off } else { &opinion };
        assert_eq!(client.post(path, &body).status, 400, "an order names what was shown");
    }
    let summary = client.summary(session);
    assert_eq!((&summary["session"]["state"], &summary["counts"]["corrected_fields"]), (&json!("draft"), &json!(0)));
}

#[test]
fn a_signature_is_of_the_fields_that_were_shown() {
    let scene = Scene::new();
    let client = scene.client();
    let session = scene.session(&client);
    wait_for("fields", || client.get("/api/state"), |state| state["session"]["fields"].as_u64() >= Some(2));
    let shown = client.summary(session)["session"].clone();
    let sign = |fields: u64| {
        let body = json!({"started": shown["started_utc"], "fields": fields, "by": "E. F."});
        client.post(&format!("/api/sessions/{session}/sign-off"), &body)
    };
    // Fields are still being taken: try one fewer and far more than there are.
    let fewer = shown["fields"].as_u64().expect("a number") - 1;
    for wrong in [fewer, fewer + 1000] {
        let refused = sign(wrong);
        assert_eq!(refused.status, 409, "{refused:?}");
        assert!(refused.json()["reason"].as_str().expect("a reason").contains("but you saw"), "{refused:?}");
        let state = client.get("/api/state").json();
        assert_eq!(state["session"]["id"], json!(session), "the session is still open: {state}");
    }
    assert_eq!(client.sign_off(session, "E. F.").status, 200);
    let signed = client.summary(session)["session"].clone();
    assert_eq!(signed["sign_offs"][0]["fields"], signed["fields"]);
}

#[test]
fn a_disk_without_room_is_shown_and_frames_go_on() {
    let scene = Scene::with(|_| {}, |record| record.with_min_free(u64::MAX));
    let client = scene.client();
    let reply = client.post("/api/sessions", &json!({"specimen": "S-1", "operator": "A. B."}));
    assert_eq!(reply.status, 507, "{reply:?}");
    let state = wait_for("a failure", || client.get("/api/state"), |state| state["saving"]["state"] == "failed");
    assert!(state["saving"]["reason"].as_str().expect("a reason").contains("must stay free"), "{state}");
    let frames = state["flow"]["frames"].as_u64();
    wait_for(
        "frames",
        || client.get("/api/state"),
        |state| state["flow"]["frames"].as_u64() > frames.map(|frames| frames + 5),
    );
}
