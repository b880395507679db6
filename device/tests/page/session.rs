//! A session from its start to its signature, and what is on the disk then.

use std::{
    io::{BufRead as _, BufReader},
    time::Duration,
};

use blastscope::record::{Label, RecordReader, State, verify::verify};
use blastscope_shared::{
    Class,
    decode::{decode, decode_jpeg},
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

    let opinion =
        |field: u64, body: Value| client.post(&format!("/api/sessions/{session}/fields/{field}/opinion"), &body);
    let saved = opinion(2, json!({"label": "Pre", "note": "large nucleoli", "by": "C. D."}));
    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!(opinion(3, json!({"label": "not assessable", "by": "C. D."})).status, 200);
    let names_class = fields[0]["kind"] == "class";
    assert_eq!(opinion(1, json!({"confirm": true, "by": "C. D."})).status, if names_class { 200 } else { 409 });
    assert_eq!(opinion(9999, json!({"label": "Pre", "by": "C. D."})).status, 404);
    assert_eq!(opinion(2, json!({"label": "Blast", "by": "C. D."})).status, 400);
    assert_eq!(opinion(2, json!({"label": "Pre", "confirm": true, "by": "C. D."})).status, 400);

    let reader = RecordReader::open(scene.data.path()).expect("a record");
    let id = reader.sessions().expect("read")[0].id;
    let field = reader.field(id, 2).expect("read");
    let kept = field.opinion().expect("an opinion");
    assert_eq!(
        (kept.label, kept.note.as_str(), kept.given_by.as_str()),
        (Label::Class(Class::Pre), "large nucleoli", "C. D.")
    );
    let summary = client.get(&format!("/api/sessions/{session}")).json();
    assert_eq!(summary["counts"]["corrected"]["not_assessable"], 1);
    let share = &summary["corrected"]["classes"]["Pre"];
    assert!(share["low"].as_f64() < share["high"].as_f64() && share["hits"].as_u64() >= Some(1), "{summary}");

    let signed = client.post(&format!("/api/sessions/{session}/sign-off"), &json!({"by": "E. F."}));
    assert_eq!(signed.status, 200, "{signed:?}");
    let read = reader.session(id).expect("read");
    assert_eq!((read.state, read.sign_offs[0].signed_by.as_str()), (State::Approved, "E. F."));
    assert!(read.ended_utc.is_some());
    let state = wait_for("an end", || client.get("/api/state"), |state| state["session"].is_null());
    assert_eq!((&state["unsaved"], &state["saving"]["state"]), (&json!(0), &json!("saved")), "{state}");
    assert_eq!(client.post("/api/take", &json!({})).status, 409);
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
    // The pictures change: one that is counted already is refused, the next one is not.
    let taken = wait_for("a taken field", || client.post("/api/take", &json!({})), |reply| reply["saved"].is_object());
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
    assert_eq!(last.end_reason.as_deref(), Some("the program was stopped"), "an orderly end is written down");
    drop(data);
}

#[test]
fn the_state_comes_by_itself() {
    let scene = Scene::new();
    let stream = scene.client().open("GET", "/api/events", &[], b"");
    let lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    let events: Vec<Value> = lines
        .filter_map(|line| line.strip_prefix("data: ").map(|data| serde_json::from_str(data).expect("JSON")))
        .take(3)
        .collect();
    let elapsed: Vec<u64> = events.iter().map(|event| event["elapsed_ms"].as_u64().expect("a number")).collect();
    assert!(elapsed.is_sorted() && elapsed[0] < elapsed[2], "{elapsed:?}");
}

#[test]
fn the_live_picture_is_a_row_of_jpegs() {
    let scene = Scene::new();
    let mut reader = BufReader::new(scene.client().open("GET", "/api/live.mjpg", &[], b""));
    let mut pictures = 0;
    while pictures < 2 {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).expect("a line");
        assert!(!line.is_empty(), "the stream has ended");
        if let Some(length) = line.strip_prefix(b"Content-Length: ") {
            let length: usize = String::from_utf8_lossy(length).trim().parse().expect("a length");
            reader.read_until(b'\n', &mut line).expect("a line");
            let mut jpeg = vec![0; length];
            // The server cuts its answer into pieces of its own, whose sizes stand between the lines; a part is one piece.
            std::io::Read::read_exact(&mut reader, &mut jpeg).expect("a picture");
            assert_eq!(decode_jpeg(&jpeg).expect("a picture").width(), 320);
            pictures += 1;
        }
    }
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
