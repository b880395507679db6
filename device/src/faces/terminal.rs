//! The instrument on a terminal, for SSH and for use without a browser. It shows the same instrument as the page and gives the same
//! orders.

mod app;
mod borrowed;
mod prompt;
#[cfg(test)]
mod samples;
mod slide;
mod view;

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use self::{
    app::{App, Wish},
    borrowed::Terminal,
    slide::Slide,
};
use crate::{
    faces::people,
    record::SessionId,
    source::state::CameraState,
    station::{Answer, Change, Order, Remote},
};

/// How long to wait for a key before redrawing.
const PERIOD: Duration = Duration::from_millis(60);

/// What is shown besides the instrument.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) model: String,
    pub(crate) caution: Option<&'static str>,
    /// Warnings to show at the start.
    pub(crate) warnings: Vec<String>,
    /// Folder of the record, if any.
    pub(crate) data_dir: Option<PathBuf>,
    /// Stop after this many frames.
    pub(crate) frames: Option<u64>,
}

/// Shows the instrument until the operator quits, somebody requests a stop, or there is nothing left to see or record. Calls
/// `alive` in every round. Fails if the terminal cannot be written.
/// `page` gives the page's address with a one-time link, if there is a page.
pub(crate) fn run(
    about: About,
    remote: &Remote,
    stop: &AtomicBool,
    page: &dyn Fn() -> Option<String>,
    mut alive: impl FnMut(),
) -> io::Result<()> {
    let About { model, caution, warnings, data_dir, frames } = about;
    let mut app = App::new(model, caution, page(), data_dir.is_some());
    warnings.into_iter().for_each(|warning| app.tell(warning, true));
    let mut terminal = Terminal::borrow()?;
    let mut given: Vec<(Answer, String)> = Vec::new();
    let mut seen = None;
    while remote.is_running() && !stop.load(Ordering::Relaxed) {
        alive();
        app.see(remote.snapshot());
        let over = app.snapshot.source_state == CameraState::Ended && !app.records;
        if over || frames.is_some_and(|frames| app.snapshot.flow.frames >= frames) {
            break;
        }
        given.retain_mut(|(answer, told)| match answer.poll() {
            None => true,
            Some(done) => {
                match done {
                    Ok(_) => app.tell(std::mem::take(told), false),
                    Err(refusal) => app.tell(refusal.to_string(), true),
                }
                false
            }
        });
        read(&mut app, &mut seen, data_dir.as_deref());
        terminal.draw(|frame| view::draw(frame, &app))?;
        for key in terminal.keys(PERIOD)? {
            let wish = app.press(key);
            // The next key must already refer to the field that this one selected.
            read(&mut app, &mut seen, data_dir.as_deref());
            match wish {
                Wish::Nothing => {}
                Wish::Quit => return Ok(()),
                Wish::Page => app.page = page(),
                Wish::Order(order, told) => match withheld(&order, data_dir.as_deref()) {
                    Some(why) => app.tell(why, true),
                    None => match remote.give(order) {
                        Ok(answer) => given.push((answer, told)),
                        Err(refusal) => app.tell(refusal.to_string(), true),
                    },
                },
            }
        }
    }
    Ok(())
}

/// Why an order is not given: its person has a PIN, which the terminal does not ask for.
fn withheld(order: &Order, folder: Option<&Path>) -> Option<String> {
    let (Order::Start { operator: name, .. }
    | Order::Change { change: Change::Opinion { by: name, .. }, .. }
    | Order::SignOff { by: name, .. }) = order
    else {
        return None;
    };
    match people::has_pin(folder?, name) {
        Ok(false) => None,
        Ok(true) => Some(format!("{name} has a PIN, which is not asked for here: use the page")),
        Err(error) => Some(format!("nobody knows whether {name} has a PIN ({error}): use the page")),
    }
}

/// What was read last: session, version of the record, field.
type Read = (SessionId, u64, Option<u64>);

/// Reads what is on display, unless it was read already.
fn read(app: &mut App, seen: &mut Option<Read>, folder: Option<&Path>) {
    let wanted = app.watched().map(|id| (id, app.snapshot.record_version, app.selected));
    let (Some((id, _, selected)), Some(folder)) = (wanted, folder) else { return };
    if *seen == wanted {
        return;
    }
    *seen = wanted;
    // Ignore a field of another session.
    let selected = selected.filter(|_| app.slide.as_ref().is_some_and(|slide| slide.session.id == id));
    match Slide::read(folder, id, selected) {
        Ok(slide) => app.read(slide),
        Err(error) => app.tell(error.to_string(), true),
    }
}
