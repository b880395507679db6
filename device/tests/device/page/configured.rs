//! The instrument as the service starts it: everything comes from the configuration.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use blastscope::record::RecordReader;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    client::Client,
    program::Program,
    scene::{draw_slides, wait_for},
};

use crate::binary;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command.env_remove("BLASTSCOPE_CONFIG").env_remove("BLASTSCOPE_MODEL").env_remove("BLASTSCOPE_LOG");
    command
}

/// A configuration, and the files that it names.
struct Site {
    folder: TempDir,
    config: PathBuf,
}

impl Site {
    fn new(listen: &str, min_free_mb: u32) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (fields, data) = (folder.path().join("fields"), folder.path().join("data"));
        fs::create_dir(&fields).expect("made");
        draw_slides(&fields, 2, 320, 240);
        let tiny = binary::model();
        let tiny = tiny.canonicalize().expect("the model");
        let config = folder.path().join("blastscope.toml");
        let text = format!(
            "[camera]\nsource = {fields:?}\n[model]\nfile = {tiny:?}\n[pipeline]\ntake_after = 2\n[server]\nlisten = {listen:?}\n\
             [data]\ndir = {data:?}\nmin_free_mb = {min_free_mb}\n"
        );
        fs::write(&config, text).expect("written");
        Self { folder, config }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The command's JSON output.
    fn ask(&self, command: &[&str]) -> Value {
        let output = program().args(command).arg(&self.config).arg("--json").output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

/// The program started with the installed unit's arguments, and a client of its page.
struct Running {
    program: Program,
    client: Client,
}

impl Running {
    fn start(site: &Site) -> Self {
        let unit = include_str!("../../../assets/service/blastscope.service");
        let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/blastscope ")).expect("a line");
        let command = &mut program();
        command.args(line.split(' ')).env("BLASTSCOPE_CONFIG", &site.config).stderr(Stdio::null());
        let program = Program::start(command);
        let client = Client::new(program.address());
        Self { program, client }
    }

    fn token(&self) -> Option<String> {
        self.program.token.clone()
    }
}

#[test]
fn the_service_serves_the_page_and_keeps_the_record_that_its_configuration_names() {
    let site = Site::new("127.0.0.1:0", 1);
    let running = Running::start(&site);
    let started = running.client.post("/api/sessions", &json!({"specimen": "S-1", "operator": "A. B."}));
    assert_eq!(started.status, 200, "{started:?}");
    wait_for("a field", || running.client.get("/api/state"), |state| state["session"]["fields"].as_u64() >= Some(1));
    drop(running);
    let session = RecordReader::open(&site.data()).expect("a record").sessions().expect("read").remove(0);
    assert_eq!(session.specimen, "S-1");
    let config = site.ask(&["config", "--check"]);
    assert_eq!(config["sha256"], session.config_sha256, "the record names the settings that were in use");
    assert_eq!(config["settings"]["pipeline"]["take_after"], 2);
}

#[test]
fn what_must_stay_free_on_the_disk_does() {
    let site = Site::new("127.0.0.1:0", 1_000_000);
    let running = Running::start(&site);
    let refused = running.client.post("/api/sessions", &json!({"specimen": "S-1", "operator": "A. B."}));
    assert!(refused.status >= 400, "{refused:?}");
    assert!(refused.json()["reason"].as_str().is_some_and(|reason| reason.contains("free")), "{refused:?}");
    assert_eq!(RecordReader::open(&site.data()).expect("a record").sessions().expect("read").len(), 0);
}

#[test]
fn the_token_outlives_a_restart_until_it_is_forgotten() {
    let site = Site::new("0.0.0.0:0", 1);
    let absent = program().args(["token", "--config"]).arg(&site.config).output().expect("it runs");
    assert_eq!(absent.status.code(), Some(1), "{absent:?}");
    let first = Running::start(&site).token().expect("a token");
    let shown = site.ask(&["token", "--config"]);
    assert_eq!(shown["token"], first);
    let text = program().args(["token", "--config"]).arg(&site.config).output().expect("it runs");
    let text = String::from_utf8(text.stdout).expect("UTF-8");
    assert!(text.contains(&first) && text.contains('█'), "{text}");
    assert_eq!(Running::start(&site).token().as_ref(), Some(&first));
    assert_eq!(site.ask(&["token", "--forget", "--config"])["forgotten"], true);
    assert_eq!(site.ask(&["token", "--forget", "--config"])["forgotten"], false);
    let running = Running::start(&site);
    let other = running.token().expect("a token");
    assert_ne!(other, first);
    // The old token opens nothing, the new one works.
    let status = |token: &str| running.client.post("/api/login", &json!({ "token": token })).status;
    assert_eq!((status(&first), status(&other)), (401, 200));
}

/// Logged-in browsers stay logged in across a restart; a link works once, and a log-out is permanent.
#[test]
fn a_phone_that_was_let_in_stays_in_after_the_program_was_killed() {
    let site = Site::new("0.0.0.0:0", 1);
    let mut running = Running::start(&site);
    let shown = site.ask(&["token", "--config"]);
    let link = shown["link"].as_str().expect("a link").to_owned();
    let token = running.token().expect("a token");
    assert!(!link.contains(&token), "the browser's history does not hold the token");
    let code = link.split("#enter=").nth(1).expect("a code").to_owned();
    let enter = |running: &Running| running.client.post("/api/enter", &json!({ "code": code }));
    let entered = enter(&running);
    assert_eq!(entered.status, 200, "{entered:?}");
    let cookie = |reply: &super::client::Reply| {
        reply.header("set-cookie").and_then(|cookie| cookie.split(';').next().map(str::to_owned)).expect("a cookie")
    };
    let (phone, tablet) = (cookie(&entered), cookie(&running.client.post("/api/login", &json!({ "token": token }))));
    running.client.cookie = Some(tablet.clone());
    assert_eq!(running.client.post("/api/logout", &json!({})).status, 200);
    for _ in 0..2 {
        let state = |running: &mut Running, cookie: &str| {
            running.client.cookie = Some(cookie.to_owned());
            running.client.get("/api/state").status
        };
        assert_eq!((state(&mut running, &phone), state(&mut running, &tablet)), (200, 401));
        running.client.cookie = None;
        assert_eq!(enter(&running).status, 401, "the link was used");
        drop(running);
        running = Running::start(&site);
    }
}
