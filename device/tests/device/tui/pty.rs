//! A terminal of 80 x 24, held by a test.

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

const COLUMNS: usize = 80;
const ROWS: usize = 24;

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
        let size = Winsize { ws_row: ROWS as u16, ws_col: COLUMNS as u16, ws_xpixel: 0, ws_ypixel: 0 };
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

    /// All output so far, with escape sequences.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// The screen's text, row by row.
    pub fn text(&self) -> String {
        let mut rows = vec![vec![' '; COLUMNS]; ROWS];
        let (mut row, mut column) = (0, 0);
        let written = self.written();
        let mut letters = written.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\u{1b}' if letters.next() == Some('[') => {
                    let mut parameters = String::new();
                    let last = letters.by_ref().find(|letter| {
                        let ends = letter.is_ascii_alphabetic();
                        if !ends {
                            parameters.push(*letter);
                        }
                        ends
                    });
                    let mut numbers = parameters.split(';').map(|number| number.parse().unwrap_or(1_usize));
                    match last {
                        Some('H') => {
                            row = numbers.next().unwrap_or(1).clamp(1, ROWS) - 1;
                            column = numbers.next().unwrap_or(1).clamp(1, COLUMNS) - 1;
                        }
                        // The screen was cleared or switched.
                        Some('J' | 'h' | 'l') if matches!(&*parameters, "2" | "?1049") => {
                            rows = vec![vec![' '; COLUMNS]; ROWS];
                            (row, column) = (0, 0);
                        }
                        _ => {}
                    }
                }
                '\r' => column = 0,
                '\n' if row + 1 < ROWS => row += 1,
                '\n' => {
                    rows.remove(0);
                    rows.push(vec![' '; COLUMNS]);
                }
                letter if !letter.is_control() => {
                    if column < COLUMNS {
                        rows[row][column] = letter;
                    }
                    column += 1;
                }
                _ => {}
            }
        }
        rows.iter().map(|row| row.iter().collect::<String>() + "\n").collect()
    }

    /// Types keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a keyboard");
    }

    /// Waits until a text is on the screen.
    pub fn wait_for(&self, text: &str) {
        let start = Instant::now();
        while !self.text().contains(text) {
            assert!(start.elapsed() < Duration::from_secs(120), "no {text:?} in {}", self.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the program's end, after which the terminal must be restored: settings, screen, cursor.
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
        // The last output may still be pending.
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
