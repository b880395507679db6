//! Prints frames as lines: `live` without terminal display and page.

use std::{io, sync::Arc};

use blastscope_core::field::Rules;
use blastscope_shared::classifier::Classifier;

use super::options::Options;
use crate::{
    board::{Attached, Board, NoHardware},
    faces::lines::{Form, Lines},
    model::Loaded,
    source::{
        SourceError,
        follow::Opener as _,
        opener::{RETRY, SourceOpener},
    },
    station::{Feed, Origin, Parts, run_before},
    support::{interrupt, notify},
};

/// Opens the source and runs until its end, the limit of frames, or a request to stop.
///
/// # Errors
/// The outer error: the terminal or stdout cannot be written. The inner error concerns the source.
pub(super) fn run(options: &Options, form: Form, classifier: Classifier) -> io::Result<Result<(), SourceError>> {
    let Options { source, board, frames, warnings, .. } = options;
    let mut opener = SourceOpener::new(source.clone());
    let opened = match opener.open() {
        Ok(opened) => Some(opened),
        Err(SourceError::NoCamera | SourceError::NoSuchCamera { .. }) if source.wait => None,
        Err(error) => return Ok(Err(error)),
    };
    let stop = interrupt::flag();
    let title = opener.title().unwrap_or_default();
    let mut lines = Lines::start(form, &classifier, &title, source.is_camera(), *frames)?;
    warnings.iter().try_for_each(|warning| lines.note(warning))?;
    let board: Box<dyn Board> = match board {
        Some(configuration) => Box::new(Attached::start(configuration)),
        None => Box::new(NoHardware),
    };
    let feed = Feed::of(title, opener).with_patience(RETRY, source.patience()).of_pictures(!source.is_camera());
    let settings = options.settings(&classifier);
    tracing::info!(target: "live", model = classifier.model_id(), "watching");
    let assessor = Loaded::new(Arc::new(classifier));
    let (rules, origin) = (Rules::default(), Origin::default());
    let parts = Parts { assessor, settings, rules, feed, record: None, left: None, origin };
    notify::ready();
    let ran = run_before(parts, opened, board, &mut lines, &stop);
    let frames = ran.as_ref().ok().map(|(_, last)| last.tally.frames);
    let ran = ran.and_then(|(ended, last)| lines.finish(&last).map(|()| ended));
    // Also after an output that cannot be written.
    notify::stopping();
    tracing::info!(target: "live", frames, "stopped");
    Ok(ran?.map_or(Ok(()), Err))
}
