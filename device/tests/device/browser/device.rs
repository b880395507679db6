//! Runs the program for the page's tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use blastscope::record::{Field, RecordReader, SessionId};
use tempfile::TempDir;

use super::{devtools::Browser, program::Program, scene};

use crate::binary;

/// Longest wait for what takes moments on a quiet machine.
pub const SOON: Duration = Duration::from_secs(30);

/// The value of an environment variable, unless empty.
pub fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Shows the folder `slides` inside `folder`, with further arguments.
pub fn start(folder: &Path, model: &Path, data: &Path, more: &[&str]) -> Program {
    Program::start(
        Command::new(env!("CARGO_BIN_EXE_blastscope"))
            .current_dir(folder)
            .args(["live", "--repeat", "--take-after", "3", "--source", "slides", "--model"])
            .arg(model)
            .arg("--data-dir")
            .arg(data)
            .args(more),
    )
}

/// A folder of drawn slides, its record, and the program that shows them.
pub struct Site {
    /// Holds everything.
    pub folder: TempDir,
    /// Path of the model.
    pub model: PathBuf,
}

impl Site {
    /// With this many slides.
    pub fn new(slides: u32) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("slides")).expect("made");
        scene::draw_slides(&folder.path().join("slides"), slides, 320, 240);
        let tiny = binary::model();
        Self { folder, model: fs::canonicalize(tiny).expect("a model") }
    }

    /// Folder of the record.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Shows each slide for `hold` frames at 16 a second, on any port of this machine.
    pub fn start(&self, hold: u32) -> Program {
        let hold = hold.to_string();
        self.start_with(&["--listen", "127.0.0.1:0", "--fps", "16", "--hold", &hold])
    }

    /// Starts with these arguments.
    pub fn start_with(&self, more: &[&str]) -> Program {
        start(self.folder.path(), &self.model, &self.data(), more)
    }

    /// A field as stored.
    pub fn field(&self, session: SessionId, number: u64) -> Field {
        RecordReader::open(&self.data()).expect("a record").field(session, number).expect("read")
    }

    /// The newest session.
    pub fn session(&self) -> SessionId {
        RecordReader::open(&self.data()).expect("a record").sessions().expect("read")[0].id
    }

    /// Number of opinions of a session.
    pub fn opinions(&self, session: SessionId) -> usize {
        let fields = RecordReader::open(&self.data()).expect("a record").fields(session, 0, 500).expect("read");
        fields.iter().map(|field| field.opinions.len()).sum()
    }

    /// Waits for this many opinions.
    pub fn wait_for_opinions(&self, session: SessionId, number: usize) {
        let start = Instant::now();
        while self.opinions(session) < number {
            assert!(start.elapsed() < Duration::from_secs(60), "{} of {number} opinions", self.opinions(session));
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Starts a session on the open page.
pub fn begin(browser: &mut Browser, specimen: &str, operator: &str) {
    browser.wait_for("!document.querySelector('#new-session').hidden");
    browser.click("#new-session");
    browser.wait_for("document.querySelector('#start-dialog').open");
    browser.write("#start-dialog [name=specimen]", specimen);
    browser.write("#start-dialog [name=operator]", operator);
    browser.press("Enter");
    browser.wait_for("!document.querySelector('#start-dialog').open && document.querySelector('#new-session').hidden");
}

/// Shows `slides` slides, each for `hold` frames, on a page of this many pixels, touched if it is narrow, and takes `taken` fields
/// of a session of specimen S-1 by A. B.
pub fn shown(
    browser: &mut Browser,
    (slides, hold): (u32, u32),
    size: (u32, u32),
    taken: usize,
) -> (Site, Program, SessionId) {
    shown_at(browser, Site::new(slides), hold, size, taken)
}

/// As [`shown`], at a site of one's own.
pub fn shown_at(
    browser: &mut Browser,
    site: Site,
    hold: u32,
    (width, height): (u32, u32),
    taken: usize,
) -> (Site, Program, SessionId) {
    let device = site.start(hold);
    browser.resize(width, height, width < 500);
    browser.visit(&device.page);
    begin(browser, "S-1", "A. B.");
    fields(browser, taken);
    let session = site.session();
    (site, device, session)
}

/// Opens the only session of the list.
pub fn open_only_session(browser: &mut Browser) {
    browser.wait_at_most(SOON, "document.querySelector('#sessions-button').offsetParent !== null");
    browser.click("#sessions-button");
    browser.wait_at_most(SOON, "document.querySelectorAll('#sessions-list button').length === 1");
    browser.evaluate("document.querySelector('#sessions-list button').click()");
}

/// Confirms the open question, once its buttons are active.
pub fn agree(browser: &mut Browser) {
    browser.wait_at_most(
        SOON,
        "document.querySelector('#confirm-dialog').open && !document.querySelector('#confirm-yes').disabled",
    );
    browser.click("#confirm-yes");
    browser.wait_at_most(SOON, "!document.querySelector('#confirm-dialog').open");
}

/// Selects a field by a tap on its card; a second tap would enlarge it.
pub fn choose(browser: &mut Browser, number: u64) {
    browser.evaluate(&format!(
        "(card => card.classList.contains('is-selected') || card.click())(document.querySelector('#field-{number}'))"
    ));
}

/// Waits until the gallery has this many fields.
pub fn fields(browser: &mut Browser, number: usize) {
    browser.wait_for(&format!("document.querySelectorAll('#fields li').length >= {number}"));
}
