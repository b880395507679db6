//! Follows fields from frame to frame.

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};
use core::time::Duration;

use super::{NotTaken, Presence, Rules, Taken, Token};
use crate::{
    frame::Frame,
    pipeline::{Reading, Statement, Thumbnail},
};

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

/// How long an order may refer to a past frame, at any frame rate: a slow link shows frames late.
const RECENT: Duration = Duration::from_secs(3);

#[derive(Debug)]
struct Known {
    thumbnail: Thumbnail,
    token: Token,
    number: Option<u64>,
}

/// Follows fields.
#[derive(Debug)]
pub(crate) struct Tracker {
    rules: Rules,
    counting: bool,
    previous: Option<Thumbnail>,
    /// The statement about the newest frame.
    statement: Option<Statement>,
    /// The statement about the newest frame that passed the gate.
    judged: Option<Statement>,
    latest: Option<Seen>,
    /// Numbers, times and thumbnails of the newest frames.
    recent: VecDeque<(u64, Duration, Thumbnail)>,
    current: Option<Current>,
    known: VecDeque<Known>,
    next_token: u64,
    not_before: Duration,
}

impl Tracker {
    pub(crate) const fn new(rules: Rules) -> Self {
        Self {
            rules,
            counting: false,
            previous: None,
            statement: None,
            judged: None,
            latest: None,
            recent: VecDeque::new(),
            current: None,
            known: VecDeque::new(),
            next_token: 0,
            not_before: Duration::ZERO,
        }
    }

    /// Starts or ends counting; a new session has counted no field, not even the current one.
    pub(crate) fn count(&mut self, counting: bool) {
        self.counting = counting;
        self.known.clear();
        self.current = None;
        self.previous = None;
        self.not_before = Duration::ZERO;
    }

    /// Resumes counting in a session that was cut off: these fields are counted already, newest last.
    pub(crate) fn resume(&mut self, known: Vec<(u64, Thumbnail)>) {
        self.count(true);
        for (number, thumbnail) in known {
            let token = self.next();
            self.remember(Known { thumbnail, token, number: Some(number) });
        }
    }

    fn next(&mut self) -> Token {
        let token = Token(self.next_token);
        self.next_token += 1;
        token
    }

    fn remember(&mut self, known: Known) {
        if self.known.len() >= self.rules.remembered.max(1) {
            self.known.pop_front();
        }
        self.known.push_back(known);
    }

    /// The picture is lost.
    pub(crate) fn interrupt(&mut self) {
        (self.previous, self.statement, self.judged) = (None, None, None);
        (self.latest, self.current) = (None, None);
        self.recent.clear();
    }

    /// Takes a frame and its reading; returns the field if it is to be taken now.
    pub(crate) fn step(&mut self, frame: &Arc<Frame>, reading: &Reading, now: Duration) -> Option<Taken> {
        self.statement = Some(reading.statement.clone());
        let seen = Seen { frame: Arc::clone(frame), reading: reading.clone() };
        self.latest = Some(seen.clone());
        let thumbnail = &reading.thumbnail;
        while self.recent.front().is_some_and(|(_, came, _)| now.saturating_sub(*came) > RECENT) {
            self.recent.pop_front();
        }
        self.recent.push_back((frame.sequence, now, thumbnail.clone()));
        if reading.frame.is_err() {
            // A view outlives a few rejected frames, and so does the agreement. A longer gap must not count as agreement.
            if let Some(current) = self.current.as_mut().filter(|_| reading.frames_in_view == 0) {
                current.agreeing = 0;
            }
            return None;
        }
        let agrees = self.judged.as_ref().is_some_and(|before| before.agrees_with(&reading.statement));
        let verdict = matches!(reading.statement, Statement::Verdict(_));
        self.judged = Some(reading.statement.clone());
        let moved = self.previous.as_ref().is_none_or(|previous| previous.difference(thumbnail) > self.rules.still);
        self.previous = Some(thumbnail.clone());
        self.place(thumbnail, moved, now);
        let current = self.current.as_mut()?;
        current.moving = moved;
        if moved || current.anchor.difference(thumbnail) > 2.0 * self.rules.still {
            (current.anchor, current.still_since, current.agreeing, current.best) = (thumbnail.clone(), now, 0, None);
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

    /// Decides whether a frame shows the current field, a counted one, or a new one.
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

    /// The most similar counted field, if similar enough.
    fn recall(&self, thumbnail: &Thumbnail) -> Option<&Known> {
        let difference = |known: &&Known| known.thumbnail.difference(thumbnail);
        let nearest = self.known.iter().min_by(|a, b| difference(a).total_cmp(&difference(b)))?;
        (difference(&nearest) <= self.rules.known_field).then_some(nearest)
    }

    /// Whether the frame with this number showed the current field.
    pub(crate) fn still_shows(&self, frame: u64) -> bool {
        let Some((.., latest)) = self.recent.back() else { return false };
        let seen = self.recent.iter().find(|(number, ..)| *number == frame);
        seen.is_some_and(|(.., seen)| seen.difference(latest) <= self.rules.same_field)
    }

    /// Takes the current field, whatever the verdict.
    pub(crate) fn take(&mut self) -> Result<Taken, NotTaken> {
        let latest = self.latest.as_ref().ok_or(NotTaken::NoPicture)?;
        match self.recall(&latest.reading.thumbnail).map(|known| known.number) {
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
            thumbnail: sharpest.thumbnail.clone(),
            quality: sharpest.quality,
            frame: sharpest.frame,
            cells: sharpest.cells,
            ..said
        };
        let token = self.next();
        let thumbnail = sharpest.thumbnail;
        if let Some(current) = &mut self.current {
            (current.mark, current.reference, current.best) = (Mark::Handed(token), thumbnail.clone(), None);
        }
        self.remember(Known { thumbnail, token, number: None });
        Some(Taken { token, manual, frame, reading })
    }

    /// The field was saved.
    pub(crate) fn saved(&mut self, token: Token, number: u64) {
        if let Some(known) = self.known.iter_mut().find(|known| known.token == token) {
            known.number = Some(number);
        }
        if let Some(current) = self.current.as_mut().filter(|current| current.mark == Mark::Handed(token)) {
            current.mark = Mark::Counted(number);
        }
    }

    /// The field was not saved: it may be taken again, automatically after a while.
    pub(crate) fn failed(&mut self, token: Token, now: Duration) {
        self.known.retain(|known| known.token != token);
        self.not_before = now + self.rules.retry;
        if let Some(current) = self.current.as_mut().filter(|current| current.mark == Mark::Handed(token)) {
            current.mark = Mark::Open;
        }
    }

    pub(crate) fn presence(&self) -> Presence {
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
    let needed = if statement.is_said() { rules.take_after } else { rules.abstention_after };
    needed.max(1)
}
