//! `blastscope live --tui` at a real terminal.

mod pty;

use crate::page::{client, scene};
use std::{path::PathBuf, process::Command, thread, time::Duration};

use blastscope::record::{RecordReader, State, path_in, verify::verify};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rusqlite::Connection;
use tempfile::TempDir;

use self::pty::Pty;

use crate::binary;

struct Slides(TempDir);

impl Slides {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        std::fs::create_dir(folder.path().join("fields")).expect("made");
        scene::draw_slides(&folder.path().join("fields"), 6, 320, 240);
        std::fs::write(folder.path().join("free.toml"), "[data]\nmin_free_mb = 1\n").expect("written");
        Self(folder)
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn live(&self, arguments: &[&str]) -> Pty {
        let tiny = binary::model();
        let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
        command.args(["live", "--fps", "20", "--repeat", "--model"]).arg(tiny).args(arguments);
        command.arg("--config").arg(self.0.path().join("free.toml"));
        command.arg("--source").arg(self.0.path().join("fields"));
        Pty::start(&mut command)
    }

    fn recorded(&self, more: &[&str]) -> Pty {
        let data = self.data().display().to_string();
        let arguments = [&["--tui", "--hold", "30", "--take-after", "3", "--data-dir", &data], more].concat();
        self.live(&arguments)
    }
}

#[test]
fn a_session_is_kept_by_keys_alone() {
    let slides = Slides::new();
    let mut terminal = slides.recorded(&[]);
    terminal.wait_for("streaming");
    terminal.wait_for("For Research Use Only");
    terminal.press("nS-77\rA. B.\r");
    terminal.wait_for("a session of S-77 has started");
    terminal.wait_for("Field 2 of ");
    // Keys only apply to a field that has been visible for a moment.
    thread::sleep(Duration::from_millis(900));
    terminal.press("4");
    terminal.wait_for(": Pro, saved");
    terminal.press("s");
    terminal.wait_for("Initials");
    terminal.press("\r");
    terminal.wait_for("session 1 is signed off");
    // If the end of the session has not arrived yet, it asks.
    terminal.press("qy");
    assert_eq!(terminal.ends_clean(), Some(0));
    terminal.wait_for("frames of");
    let reader = RecordReader::open(&slides.data()).expect("a record");
    let session = reader.sessions().expect("read").remove(0);
    assert_eq!((session.state, session.specimen.as_str()), (State::Approved, "S-77"));
    assert_eq!(session.sign_offs[0].signed_by, "A. B.");
    assert_eq!(reader.counts(Some(session.id)).expect("read").corrected_fields, 1);
    assert!(verify(&slides.data(), &[]).expect("read").intact);
}

#[test]
fn control_c_and_a_request_to_terminate_leave_the_terminal_as_it_was() {
    let slides = Slides::new();
    let mut terminal = slides.live(&[]);
    terminal.wait_for("nothing is recorded");
    terminal.press("\u{3}");
    assert_eq!(terminal.ends_clean(), Some(0));
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut terminal = slides.recorded(&[]);
        terminal.wait_for("streaming");
        let process = Pid::from_raw(terminal.child.id().try_into().expect("a number"));
        kill(process, signal).expect("sent");
        assert_eq!(terminal.ends_clean(), Some(0), "{signal}");
    }
}

#[test]
fn the_terminal_and_the_page_show_the_same_instrument() {
    let slides = Slides::new();
    let mut terminal = slides.recorded(&["--listen", "127.0.0.1:0"]);
    terminal.wait_for("streaming");
    terminal.press("p");
    terminal.wait_for("the page is at http://127.0.0.1:");
    let text = terminal.text();
    let address = text.split("the page is at http://").nth(1).and_then(|rest| rest.split('/').next());
    let client = client::Client::new(address.expect("an address").parse().expect("an address"));
    terminal.press(" ");
    let body = serde_json::json!({"specimen": "S-9", "operator": "C. D."});
    assert_eq!(client.post("/api/sessions", &body).status, 200);
    terminal.wait_for("S-9");
    terminal.wait_for("Field 1 of ");
    // It asks first.
    terminal.press("e");
    terminal.wait_for("end session 1 of S-9");
    terminal.press("y");
    scene::wait_for("the end", || client.get("/api/state"), |state| state["session"].is_null());
    terminal.press("qy");
    assert_eq!(terminal.ends_clean(), Some(0));
}

/// As with a disk that hangs: another program holds the record.
#[test]
fn a_session_that_could_not_be_ended_is_reported() {
    let slides = Slides::new();
    let mut terminal = slides.recorded(&[]);
    terminal.wait_for("streaming");
    terminal.press("nS-77\rA. B.\r");
    terminal.wait_for("Field 1 of ");
    let other = Connection::open(path_in(&slides.data())).expect("opened");
    other.busy_timeout(Duration::from_secs(60)).expect("set");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    terminal.press("qy");
    assert_eq!(terminal.ends_clean(), Some(1));
    terminal.wait_for("session 1 may still be open: ");
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let output = Command::new(env!("CARGO_BIN_EXE_blastscope")).args(["live", "--tui"]).output().expect("the program");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--tui needs a terminal"), "{said}");
}
