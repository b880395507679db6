//! Which field is under the objective, and when it is taken. Pure.
//!
//! Frames are compared by coarse pictures ([`Thumbnail`]). A frame that differs from the one before is motion; stillness lets the
//! verdict gather agreement; what looks like a field that was counted already is that field again, whatever came in between.

use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

use serde::Serialize;

use crate::{
    frame::Frame,
    pipeline::{Reading, Statement, Thumbnail},
};

/// When a field is one, and when it is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// How different two frames in a row may be while the slide stands still: fresh noise makes 0.1, a move by 2 % of the width 0.3
    /// to 0.5. From the beginning of the stillness on, twice this much.
    pub still: f32,
    /// How different two frames of one field may be: 0.6 is a move by 3 % of the width, unrelated fields are above 1.1.
    pub same_field: f32,
    /// How different a frame and a field that was counted earlier may be: a hand comes back to within 2 % of the width, 0.3 to
    /// 0.5. Stricter than for the field that is shown, because a frame is compared with all of them, and one that looks alike by chance
    /// would not be counted.
    pub known_field: f32,
    /// Frames in a row for which a class must stand.
    pub take_after: u32,
    /// The same for an abstention: the operator may still be at the fine focus.
    pub abstention_after: u32,
    /// How long a field must stand still.
    pub rest: Duration,
    /// Counted fields that are recognized when they come back.
    pub remembered: usize,
    /// How long to wait after a field could not be saved.
    pub retry: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            still: 0.25,
            same_field: 0.7,
            known_field: 0.4,
            take_after: 5,
            abstention_after: 15,
            rest: Duration::from_millis(600),
            remembered: 512,
            retry: Duration::from_secs(5),
        }
    }
}

/// Where the field is on its way to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "lowercase")]
pub enum Presence {
    /// There is nothing that can be judged.
    #[default]
    Nothing,
    /// The slide moves.
    Moving,
    /// It stands still and the verdict gathers agreement.
    Judging {
        /// Frames in a row that agree.
        agreeing: u32,
        /// Frames that must agree.
        needed: u32,
    },
    /// It is on its way to the disk.
    Saving,
    /// It is on the disk and counted.
    Taken {
        /// Its number in the session.
        number: u64,
    },
}

/// Why a field is not taken although the operator asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no picture.
    #[error("there is no picture to take; wait for the camera")]
    NoPicture,
    /// It was counted.
    #[error("this is field {0}, which is counted already; move on, or correct field {0}")]
    Counted(u64),
    /// It is being saved.
    #[error("this field is being saved already; wait a moment")]
    BeingSaved,
}

/// A number for a field until the record has given it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u64);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A field to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// To be given back with the outcome.
    pub token: Token,
    /// Whether the operator asked.
    pub manual: bool,
    /// The sharpest frame.
    pub frame: Arc<Frame>,
    /// What is said of the field, with what was measured in the sharpest frame.
    pub reading: Reading,
}

#[derive(Clone, Debug)]
struct Seen {
    frame: Arc<Frame>,
    reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Open,
    Handed(Token),
    Counted(u64),
}

#[derive(Debug)]
struct Current {
    reference: Thumbnail,
    /// The first frame of the stillness.
    anchor: Thumbnail,
    still_since: Duration,
    moving: bool,
    best: Option<Seen>,
    agreeing: u32,
    mark: Mark,
}

impl Current {
    const fn new(thumbnail: Thumbnail, mark: Mark, reference: Thumbnail, now: Duration) -> Self {
        Self { reference, anchor: thumbnail, still_since: now, moving: true, best: None, agreeing: 0, mark }
    }
}

#[derive(Debug)]
struct Known {
    thumbnail: Thumbnail,
    token: Token,
    number: Option<u64>,
}

/// Follows fields.
#[derive(Debug)]
pub(super) struct Tracker {
    rules: Rules,
    counting: bool,
    previous: Option<Thumbnail>,
    statement: Option<Statement>,
    latest: Option<Seen>,
    current: Option<Current>,
    known: VecDeque<Known>,
    next_token: u64,
    not_before: Duration,
}

impl Tracker {
    pub(super) const fn new(rules: Rules) -> Self {
        Self {
            rules,
            counting: false,
            previous: None,
            statement: None,
            latest: None,
            current: None,
            known: VecDeque::new(),
            next_token: 0,
            not_before: Duration::ZERO,
        }
    }

    /// Starts or ends counting; a new session has counted nothing, the field that is shown neither.
    pub(super) fn count(&mut self, counting: bool) {
        self.counting = counting;
        self.known.clear();
        self.current = None;
        self.previous = None;
        self.not_before = Duration::ZERO;
    }

    /// There is no picture any more.
    pub(super) fn interrupt(&mut self) {
        (self.previous, self.statement, self.latest, self.current) = (None, None, None, None);
    }

    /// Takes a frame and what the pipeline read of it; gives the field if it is to be taken now.
    pub(super) fn step(&mut self, frame: &Arc<Frame>, reading: &Reading, now: Duration) -> Option<Taken> {
        let agrees = self.statement.as_ref().is_some_and(|before| before.agrees_with(&reading.statement));
        let verdict = matches!(reading.statement, Statement::Verdict(_));
        self.statement = Some(reading.statement.clone());
        let seen = Seen { frame: Arc::clone(frame), reading: reading.clone() };
        self.latest = Some(seen.clone());
        if reading.frame.is_err() {
            // The pipeline lets a verdict stand for a few rejected frames; a longer gap must not pass for agreement.
            if let Some(current) = self.current.as_mut().filter(|_| !verdict) {
                current.agreeing = 0;
            }
            return None;
        }
        let thumbnail = Thumbnail::of(&frame.picture);
        let moved = self.previous.as_ref().is_none_or(|previous| previous.difference(&thumbnail) > self.rules.still);
        self.previous = Some(thumbnail.clone());
        self.place(&thumbnail, moved, now);
        let current = self.current.as_mut()?;
        current.moving = moved;
        if moved || current.anchor.difference(&thumbnail) > 2.0 * self.rules.still {
            (current.anchor, current.still_since, current.agreeing, current.best) = (thumbnail, now, 0, None);
            if moved {
                return None;
            }
        }
        let sharper = |best: &Seen| reading.quality.focus > best.reading.quality.focus;
        if current.mark == Mark::Open && current.best.as_ref().is_none_or(sharper) {
            current.best = Some(seen);
        }
        current.agreeing = match (verdict, agrees) {
            (true, true) => current.agreeing.saturating_add(1),
            (true, false) => 1,
            (false, _) => 0,
        };
        let rested = now.saturating_sub(current.still_since) >= self.rules.rest;
        let settled = current.agreeing >= needed(&self.rules, &reading.statement);
        if self.counting && settled && rested && current.mark == Mark::Open && now >= self.not_before {
            return self.hand_over(false);
        }
        None
    }

    /// Decides whether a frame shows the current field, one that was counted before, or a new one.
    fn place(&mut self, thumbnail: &Thumbnail, moved: bool, now: Duration) {
        let stays = self.current.as_ref().is_some_and(|current| {
            current.reference.difference(thumbnail) <= self.rules.same_field && !(moved && current.mark == Mark::Open)
        });
        if stays {
            return;
        }
        let (mark, reference) = match self.recall(thumbnail) {
            Some(known) => (known.number.map_or(Mark::Handed(known.token), Mark::Counted), known.thumbnail.clone()),
            None => (Mark::Open, thumbnail.clone()),
        };
        self.current = Some(Current::new(thumbnail.clone(), mark, reference, now));
    }

    /// The counted field that looks most like this, if any looks like it.
    fn recall(&self, thumbnail: &Thumbnail) -> Option<&Known> {
        let difference = |known: &&Known| known.thumbnail.difference(thumbnail);
        let nearest = self.known.iter().min_by(|a, b| difference(a).total_cmp(&difference(b)))?;
        (difference(&nearest) <= self.rules.known_field).then_some(nearest)
    }

    /// Takes the field that is shown, whatever is said of it.
    pub(super) fn take(&mut self) -> Result<Taken, NotTaken> {
        let latest = self.latest.as_ref().ok_or(NotTaken::NoPicture)?;
        match self.recall(&Thumbnail::of(&latest.frame.picture)).map(|known| known.number) {
            Some(Some(number)) => return Err(NotTaken::Counted(number)),
            Some(None) => return Err(NotTaken::BeingSaved),
            None => {}
        }
        self.hand_over(true).ok_or(NotTaken::NoPicture)
    }

    fn hand_over(&mut self, manual: bool) -> Option<Taken> {
        let latest = self.latest.as_ref()?;
        let passed = latest.reading.frame.is_ok();
        let best = self.current.as_ref().filter(|_| passed).and_then(|current| current.best.as_ref()).unwrap_or(latest);
        let (sharpest, said) = (best.reading.clone(), latest.reading.clone());
        let frame = Arc::clone(&best.frame);
        let reading = Reading {
            sequence: sharpest.sequence,
            time: sharpest.time,
            name: sharpest.name,
            quality: sharpest.quality,
            frame: sharpest.frame,
            ..said
        };
        let token = Token(self.next_token);
        self.next_token += 1;
        let thumbnail = Thumbnail::of(&frame.picture);
        if let Some(current) = &mut self.current {
            (current.mark, current.reference, current.best) = (Mark::Handed(token), thumbnail.clone(), None);
        }
        if self.known.len() >= self.rules.remembered.max(1) {
            self.known.pop_front();
        }
        self.known.push_back(Known { thumbnail, token, number: None });
        Some(Taken { token, manual, frame, reading })
    }

    /// The field is on the disk.
    pub(super) fn saved(&mut self, token: Token, number: u64) {
        if let Some(known) = self.known.iter_mut().find(|known| known.token == token) {
            known.number = Some(number);
        }
        if let Some(current) = self.current.as_mut().filter(|current| current.mark == Mark::Handed(token)) {
            current.mark = Mark::Counted(number);
        }
    }

    /// The field is not on the disk: it may be taken again, by itself after a while.
    pub(super) fn failed(&mut self, token: Token, now: Duration) {
        self.known.retain(|known| known.token != token);
        self.not_before = now + self.rules.retry;
        if let Some(current) = self.current.as_mut().filter(|current| current.mark == Mark::Handed(token)) {
            current.mark = Mark::Open;
        }
    }

    pub(super) fn presence(&self) -> Presence {
        let Some(statement) = &self.statement else { return Presence::Nothing };
        match (&self.current, statement) {
            (Some(Current { mark: Mark::Counted(number), moving: false, .. }), _) => {
                Presence::Taken { number: *number }
            }
            (Some(Current { mark: Mark::Handed(_), .. }), _) => Presence::Saving,
            (_, Statement::Rejected(_) | Statement::NoPicture(_)) | (None, _) => Presence::Nothing,
            (Some(current), _) if current.moving => Presence::Moving,
            (Some(current), statement) => {
                let needed = needed(&self.rules, statement);
                Presence::Judging { agreeing: current.agreeing.min(needed), needed }
            }
        }
    }
}

fn needed(rules: &Rules, statement: &Statement) -> u32 {
    let needed = if statement.class().is_some() { rules.take_after } else { rules.abstention_after };
    needed.max(1)
}
