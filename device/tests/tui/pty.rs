//! A terminal of 80 x 24 that a test holds.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::{AsFd as _, OwnedFd},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use nix::{
    pty::{Winsize, openpty},
    sys::termios::{Termios, tcgetattr},
};

/// A program at a terminal.
pub struct Pty {
    pub child: Child,
    screen: Arc<Mutex<Vec<u8>>>,
    keyboard: File,
    slave: OwnedFd,
    before: Termios,
}

impl Pty {
    /// Starts a program with all its streams on a terminal.
    pub fn start(command: &mut Command) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).expect("a terminal");
        let stream = || Stdio::from(pty.slave.try_clone().expect("a descriptor"));
        let before = tcgetattr(pty.slave.as_fd()).expect("settings");
        let child = command
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(stream())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .expect("the program");
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut output, written) = (File::from(pty.master.try_clone().expect("a descriptor")), Arc::clone(&screen));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                written.lock().expect("whole").extend_from_slice(&bytes[..length]);
            }
        });
        Self { child, screen, keyboard: pty.master.into(), slave: pty.slave, before }
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.screen.lock().expect("whole")
    }

    /// Everything that was written so far, with its escape sequences.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Everything that was written so far without escape sequences. Cells that did not change are not written again.
    pub fn text(&self) -> String {
        let written = self.written();
        let mut text = String::new();
        let mut letters = written.chars();
        while let Some(letter) = letters.next() {
            if letter == '\u{1b}' {
                // ESC [ parameters final
                if letters.next() == Some('[') {
                    letters.by_ref().find(char::is_ascii_alphabetic);
                }
            } else {
                text.push(letter);
            }
        }
        text
    }

    /// Types.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a keyboard");
    }

    /// Waits until a text was written.
    pub fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.text().contains(text) {
            assert!(start.elapsed() < Duration::from_secs(120), "no {text:?} in {}", self.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the program's end; then the terminal must be as it was: its settings, its screen, its cursor.
    pub fn ends_clean(&mut self) -> Option<i32> {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(start.elapsed() < Duration::from_secs(120), "it does not end: {}", self.text());
            thread::sleep(Duration::from_millis(20));
        };
        let after = tcgetattr(self.slave.as_fd()).expect("settings");
        assert_eq!(after, self.before, "line editing is on again");
        // What was written last may still be on its way.
        let (mut written, start) = (self.written(), Instant::now());
        while !written.contains("\u{1b}[?1049l") && start.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(20));
            written = self.written();
        }
        for (taken, given_back) in [("\u{1b}[?1049h", "\u{1b}[?1049l"), ("\u{1b}[?25l", "\u{1b}[?25h")] {
            let last = |sequence| written.rfind(sequence);
            assert!(last(taken).is_some() && last(given_back) > last(taken), "{taken:?} in {written:?}");
        }
        status.code()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
