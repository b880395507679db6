//! Reports from the page: the same documents as on the command line, behind the same token.

use std::process::Command;

use serde_json::{Value, json};

use super::scene::{Scene, wait_for};

#[test]
fn a_draft_and_an_approved_session_are_downloaded_in_every_form() {
    let scene = Scene::new();
    let client = scene.client();
    let session = scene.session(&client);
    wait_for("fields", || client.get("/api/state"), |state| state["session"]["fields"].as_u64() >= Some(3));
    assert_eq!(client.post(&format!("/api/sessions/{session}/end"), &json!({})).status, 200);
    let get = |form: &str| client.get(&format!("/api/sessions/{session}/report/{form}"));
    let named = |form: &str, name: &str| {
        let reply = get(form);
        assert_eq!(reply.status, 200, "{form}: {}", reply.head);
        let disposition = reply.header("content-disposition").expect("a name");
        assert_eq!(disposition, format!("attachment; filename=\"{name}\""));
        assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"));
        reply.body
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");

    let draft = text(named("html", &format!("blastscope-session-{session}-draft.html")));
    assert!(
        draft.contains("This session is not signed off.") && draft.contains(blastscope::RESEARCH_USE),
        "{draft:.2000}"
    );
    let pdf = named("pdf", &format!("blastscope-session-{session}-draft.pdf"));
    assert!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"), "{} bytes", pdf.len());
    let fhir: Value =
        serde_json::from_slice(&named("fhir", &format!("blastscope-session-{session}-draft.fhir.json"))).expect("JSON");
    assert_eq!((&fhir["resourceType"], &fhir["status"]), (&json!("DiagnosticReport"), &json!("preliminary")));
    let fields = client.get(&format!("/api/sessions/{session}")).json()["counts"]["fields"].as_u64().expect("a number");
    let table = text(named("csv", &format!("blastscope-session-{session}-draft.csv")));
    assert_eq!(table.lines().count() as u64, fields + 1);
    assert!(table.contains(",draft,"), "{table:.300}");
    let excel = text(get("csv?excel=1").body);
    assert!(excel.starts_with('\u{feff}') && excel.contains(";draft;"), "{excel:.300}");
    let mapped = get("html?maps=1");
    // The record of this scene names another model than the running one: no maps, and no error.
    assert_eq!(mapped.status, 200);

    // The command line writes the same table.
    let file = scene.data.path().join("table.csv");
    let status = Command::new(env!("CARGO_BIN_EXE_blastscope"))
        .args(["export", "--session", &session.to_string(), "--csv"])
        .arg(&file)
        .arg("--data-dir")
        .arg(scene.data.path())
        .status()
        .expect("the program");
    assert!(status.success());
    assert_eq!(std::fs::read_to_string(&file).expect("read"), table);

    assert_eq!(client.sign_off(session, "E. F.").status, 200);
    let approved = text(named("html", &format!("blastscope-session-{session}.html")));
    assert!(!approved.contains("This session is not signed off.") && approved.contains("E. F."), "{approved:.2000}");
    let fhir: Value =
        serde_json::from_slice(&named("fhir", &format!("blastscope-session-{session}.fhir.json"))).expect("JSON");
    assert_eq!(fhir["status"], "final");
    named("pdf", &format!("blastscope-session-{session}.pdf"));

    assert_eq!(get("docx").status, 400);
    assert_eq!(client.get("/api/sessions/99/report/pdf").status, 404);
}

#[test]
fn reports_ask_for_the_token_too() {
    let scene = Scene::with(|options| options.token_always = true, |record| record);
    let mut client = scene.client();
    for form in ["pdf", "html", "fhir", "csv"] {
        assert_eq!(client.get(&format!("/api/sessions/1/report/{form}")).status, 401, "{form}");
    }
    let token = scene.server.token().expect("guarded").to_owned();
    let cookie = client.post("/api/login", &json!({"token": token})).header("set-cookie").expect("a cookie");
    client.cookie = cookie.split(';').next().map(str::to_owned);
    assert_eq!(client.get("/api/sessions/1/report/pdf").status, 404, "admitted, but there is no session");
    let elsewhere = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(client.ask("GET", "/api/sessions/1/report/pdf", &elsewhere, b"").status, 403);
}
