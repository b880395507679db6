//! Borrows the terminal and restores it on every way out: end, error, Ctrl-C, a request to terminate, panic.

use std::{
    io::{self, Write as _},
    panic,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crossterm::{
    cursor, event,
    event::{Event, KeyEvent, KeyEventKind},
    execute,
    terminal::{self, EnterAlternateScreen, LeaveAlternateScreen},
};
use ratatui::{Frame, backend::CrosstermBackend};

static BORROWED: AtomicBool = AtomicBool::new(false);

/// The alternate screen, without cursor and line editing.
pub(super) struct Terminal(ratatui::Terminal<CrosstermBackend<io::Stdout>>);

impl Terminal {
    pub(super) fn borrow() -> io::Result<Self> {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |information| {
            give_back();
            earlier(information);
        }));
        BORROWED.store(true, Ordering::SeqCst);
        // Without a keyboard (stdin from a file) there is no line editing to turn off.
        let _ = terminal::enable_raw_mode();
        let borrowed = execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)
            .and_then(|()| ratatui::Terminal::new(CrosstermBackend::new(io::stdout())));
        if borrowed.is_err() {
            give_back();
        }
        borrowed.map(Self)
    }

    /// Redraws.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.0.draw(draw).map(drop)
    }

    /// The keys pressed; waits at most `wait` for one. Without a keyboard there are none, which is not an error.
    pub(super) fn keys(&self, wait: Duration) -> io::Result<Vec<KeyEvent>> {
        let mut keys = Vec::new();
        match event::poll(wait) {
            Ok(true) => {}
            Ok(false) => return Ok(keys),
            Err(_) => {
                thread::sleep(wait);
                return Ok(keys);
            }
        }
        while event::poll(Duration::ZERO).unwrap_or(false) {
            // Other events, such as a new size, show at the next redraw.
            if let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
            {
                keys.push(key);
            }
        }
        Ok(keys)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    if BORROWED.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
        let _ = terminal::disable_raw_mode();
        let _ = io::stdout().flush();
    }
}

#[cfg(all(test, target_os = "linux"))]
#[path = "../../../tests/device/tui/pty.rs"]
#[allow(dead_code, reason = "the program's tests use more of it")]
mod pty;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{env, process::Command};

    use super::{pty::Pty, *};

    /// Set in the child only.
    const CHILD: &str = "BLASTSCOPE_TEST_PANICS";

    #[test]
    fn child_that_panics() {
        if env::var_os(CHILD).is_none() {
            return;
        }
        let mut terminal = Terminal::borrow().expect("a terminal");
        terminal.draw(|frame| frame.render_widget("drawn", frame.area())).expect("drawn");
        panic!("on purpose");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_its_message() {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command
            .args(["--exact", "faces::terminal::borrowed::tests::child_that_panics", "--nocapture"])
            .env(CHILD, "1")
            .env("RUST_BACKTRACE", "0");
        let mut terminal = Pty::start(&mut command);
        assert_eq!(terminal.ends_clean(), Some(101));
        terminal.wait_for("on purpose");
        let written = terminal.written();
        assert!(written.find("on purpose") > written.find("\u{1b}[?1049l"), "{written:?}");
    }
}
