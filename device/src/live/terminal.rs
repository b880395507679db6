//! A terminal borrowed for a panel and given back on every way out: end, error, Ctrl-C and panic.

use std::{
    io::{self, Write as _},
    panic,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crossterm::{
    cursor, event,
    event::{Event, KeyCode, KeyEventKind, KeyModifiers},
    execute,
    terminal::{self, EnterAlternateScreen, LeaveAlternateScreen},
};

static BORROWED: AtomicBool = AtomicBool::new(false);

/// What happened at the keyboard or to the window.
pub(super) enum Input {
    Nothing,
    Quit,
    Resized,
}

/// The alternate screen, without cursor and line editing.
pub(super) struct Terminal;

impl Terminal {
    pub(super) fn borrow() -> io::Result<Self> {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |information| {
            give_back();
            earlier(information);
        }));
        BORROWED.store(true, Ordering::SeqCst);
        let terminal = Self;
        // Without a keyboard (stdin from a file) there is no line editing to turn off.
        let _ = terminal::enable_raw_mode();
        execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        Ok(terminal)
    }

    /// What was typed since the last look; never waits.
    pub(super) fn input(&self) -> io::Result<Input> {
        let mut input = Input::Nothing;
        // Without a keyboard there are no events, and no reason to fail.
        while event::poll(Duration::ZERO).unwrap_or(false) {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
                    KeyCode::Char('q') | KeyCode::Esc => return Ok(Input::Quit),
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(Input::Quit),
                    _ => {}
                },
                Event::Resize(..) => input = Input::Resized,
                _ => {}
            }
        }
        Ok(input)
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
