//! A laboratory's day over HTTP: people with and without PINs, hand-over, pseudonym, reopening, the list.

use blastscope::record::{RecordReader, State, verify::verify};
use serde_json::{Value, json};

use super::{
    client::{Client, Reply},
    scene::{Scene, wait_for},
};

fn with_badge(client: &Client, path: &str, badge: &str, body: &Value) -> Reply {
    let headers = [("Content-Type", "application/json"), ("X-Blastscope", "1"), ("X-Blastscope-Badge", badge)];
    client.ask("POST", path, &headers, body.to_string().as_bytes())
}

/// A session of at least `fields` fields, its number, and its start as the page tells it.
fn with_fields(fields: u64) -> (Scene, Client, u64, Value) {
    let scene = Scene::new();
    let client = scene.client();
    let session = scene.session(&client);
    wait_for("fields", || client.get("/api/state"), |state| state["session"]["fields"].as_u64() >= Some(fields));
    let started = client.summary(session)["session"]["started_utc"].clone();
    (scene, client, session, started)
}

#[test]
fn a_name_with_a_pin_answers_signs_and_takes_over_only_with_its_badge() {
    let (scene, client, session, started) = with_fields(2);
    let people = |path: &str, body: Value| client.post(path, &body);
    assert_eq!(people("/api/people", json!({"name": " C. D. "})).json(), json!({"name": "C. D.", "badge": null}));
    assert_eq!(people("/api/people", json!({"name": "two\nlines"})).status, 400);
    assert_eq!(people("/api/people/pin", json!({"name": "C. D.", "new": "12"})).status, 400);
    assert_eq!(people("/api/people/pin", json!({"name": "nobody", "new": "4711"})).status, 404);
    let list = people("/api/people/pin", json!({"name": "C. D.", "new": "4711"})).json();
    assert_eq!(list, json!({"people": [{"name": "C. D.", "has_pin": true}]}));
    assert_eq!(client.get("/api/people").json(), list);
    assert_eq!(people("/api/people", json!({"name": "C. D."})).status, 403);
    assert_eq!(people("/api/people", json!({"name": "C. D.", "pin": "4712"})).status, 403);
    let badge = people("/api/people", json!({"name": "C. D.", "pin": "4711"})).json()["badge"].clone();
    let badge = badge.as_str().expect("a badge");

    let path = |rest: &str| format!("/api/sessions/{session}/{rest}");
    let answer = json!({"started": started, "label": "Pre", "by": "C. D."});
    let refused = client.post(&path("fields/1/opinion"), &answer);
    assert_eq!(refused.status, 403);
    assert!(refused.json()["reason"].as_str().is_some_and(|text| text.contains("C. D. has a PIN")));
    assert_eq!(with_badge(&client, &path("fields/1/opinion"), "0".repeat(32).as_str(), &answer).status, 403);
    assert_eq!(with_badge(&client, &path("fields/1/opinion"), badge, &answer).status, 200);
    assert_eq!(client.post(&path("hand-over"), &json!({"to": "C. D."})).status, 403);
    assert_eq!(with_badge(&client, &path("hand-over"), badge, &json!({"to": "C. D."})).status, 200);
    // The buttons of the board answer for whoever has taken over. The state is told before the answer.
    assert_eq!(client.get("/api/state").json()["session"]["operator"], "C. D.");
    assert_eq!(with_badge(&client, &path("hand-over"), badge, &json!({"to": "C. D."})).status, 409);
    assert_eq!(client.sign_off(session, "C. D.").status, 403);
    assert_eq!(client.sign_off(session, "E. F.").status, 200, "a name without a PIN is typed text");

    // Neither PIN nor hash is in the record, or in any answer.
    let bytes = std::fs::read(scene.data.path().join("record.db")).expect("read");
    assert!(!bytes.windows(7).any(|part| part == b"$argon2"));
    for path in ["/api/people", "/api/sessions", "/api/state"] {
        let text = String::from_utf8_lossy(&client.get(path).body).into_owned();
        assert!(!text.contains("argon2") && !text.contains("4711"), "{path}: {text}");
    }
    assert!(verify(scene.data.path(), &[]).expect("read").intact);
}

#[test]
fn an_ended_session_is_reopened_its_pseudonym_corrected_and_both_are_found() {
    let (scene, client, session, started) = with_fields(3);
    let path = |rest: &str| format!("/api/sessions/{session}/{rest}");
    let by = json!({"started": started, "by": "C. D."});
    assert_eq!(client.post(&path("reopen"), &by).status, 409, "it is open");
    assert_eq!(client.post(&path("end"), &json!({})).status, 200);
    let fields = client.summary(session)["session"]["fields"].as_u64().expect("a number");
    assert_eq!(
        client.post(&path("reopen"), &json!({"started": "2020-01-01T00:00:00.000Z", "by": "C. D."})).status,
        409
    );
    assert_eq!(client.post(&path("reopen"), &by).status, 200);
    let state = client.get("/api/state").json();
    assert_eq!(state["session"]["id"], session, "the state is told before the answer");
    assert_eq!(state["session"]["cut_off_utc"], Value::Null, "it was not cut off");
    wait_for("more fields", || client.get("/api/state"), |state| state["session"]["fields"].as_u64() > Some(fields));
    let corrected = json!({"started": started, "specimen": "S-new", "by": "C. D."});
    assert_eq!(client.post(&path("specimen"), &corrected).status, 200);
    wait_for("specimen", || client.get("/api/state"), |state| state["session"]["specimen"] == "S-new");
    assert_eq!(client.post(&path("specimen"), &corrected).status, 409, "there is nothing to correct");

    let found = |query: &str| client.get(&format!("/api/sessions?{query}")).json()["sessions"].clone();
    for query in ["", "specimen=s-n", "specimen=S-new&whole=1", "from=2020-01-01T00:00:00.000Z", "specimen=S-1"] {
        assert_eq!(found(query)[0]["id"], session, "{query}");
    }
    for query in ["specimen=other", "specimen=S-n&whole=1", "until=2020-01-01T00:00:00.000Z", "before=1"] {
        assert_eq!(found(query), json!([]), "{query}");
    }
    assert_eq!(client.get("/api/sessions?from=yesterday").status, 400);
    let reader = RecordReader::open(scene.data.path()).expect("a record");
    let kept = reader.session(reader.sessions().expect("read")[0].id).expect("read");
    assert_eq!((kept.reopenings.len(), kept.specimen.as_str(), kept.state), (1, "S-new", State::Draft));
    assert!(verify(scene.data.path(), &[]).expect("read").intact);
}

#[test]
fn an_excluded_field_leaves_the_slide_and_comes_back_also_after_a_reopening() {
    let (scene, client, session, started) = with_fields(3);
    let path = |rest: &str| format!("/api/sessions/{session}/{rest}");
    let answer = |kind: &str, seen: u64| {
        let body = json!({"started": started, "kind": kind, "by": "C. D.", "seen": seen});
        assert_eq!(client.post(&path("fields/2/opinion"), &body).status, 200, "{kind}");
    };
    // Fields that the slide leaves out, of those that are saved.
    let left_out = |told: &Value, fields: &Value| {
        let counted = told["fields"].as_u64()? + told["abstained"].as_u64()?;
        fields.as_u64()?.checked_sub(counted)
    };
    let live = |out| {
        wait_for(
            "the slide",
            || client.get("/api/state"),
            |state| left_out(&state["slide"], &state["session"]["fields"]) == Some(out),
        )
    };
    live(0);
    answer("exclusion", 0);
    live(1);
    answer("undo", 1);
    live(0);
    answer("exclusion", 2);
    live(1);
    assert_eq!(client.post(&path("end"), &json!({})).status, 200);
    let ended = client.summary(session);
    assert_eq!(left_out(&ended["slide"], &ended["counts"]["fields"]), Some(1));
    assert_eq!(client.post(&path("reopen"), &json!({"started": started, "by": "C. D."})).status, 200);
    live(1);
    answer("undo", 3);
    live(0);
    assert!(verify(scene.data.path(), &[]).expect("read").intact);
}
