//! Whole drawn slides: what counts as a field, and how often.

use blastscope_shared::{
    Class, Judge, Observation, RgbPixels,
    judge::{Scores, Thresholds, verdict::Verdict},
};

use super::*;
use crate::{
    cells::{FieldCells, SeenCell},
    field::{NotTaken, Presence},
    pipeline::{
        Statement,
        tests::{field, opposed},
    },
};

const PERIOD: Duration = Duration::from_millis(100);

const JUDGE: Judge = Judge::new(Thresholds { min_probability: 0.6, min_subtype: 0.5, max_novelty: 2.0 });

/// An assessor that gives `class` with `probability` for every picture.
fn says(class: Class, probability: f32) -> impl FnMut(&RgbPixels) -> Observation<Scores> {
    move |_| Scores::new([0.0; 4], opposed(class, probability), 1.0)
}

/// Plays frames at ten a second; the record answers at once.
struct Slide<A> {
    screening: Screening<A>,
    frames: u64,
    counted: Vec<Taken>,
}

impl<A: Assessor> Slide<A> {
    fn new(assessor: A) -> Self {
        let mut screening = Screening::new(assessor, Settings::new(JUDGE), Rules::default());
        screening.start();
        Self { screening, frames: 0, counted: Vec::new() }
    }

    fn now(&self) -> Duration {
        PERIOD * u32::try_from(self.frames).expect("short")
    }

    fn show(&mut self, picture: RgbPixels) -> Reading {
        let now = self.now();
        let frame = Arc::new(Frame { picture, sequence: self.frames, time: now, name: None, original: None });
        self.frames += 1;
        let Step { reading, taken, .. } = self.screening.step(&frame, now).expect("every frame is read");
        if let Some(taken) = taken {
            self.keep(&taken);
        }
        reading
    }

    fn keep(&mut self, taken: &Taken) {
        self.counted.push(taken.clone());
        self.screening.saved(taken.token, self.counted.len() as u64);
    }

    fn hold(&mut self, seed: u32, frames: u32) {
        let still = field(seed, 240);
        for _ in 0..frames {
            self.show(noisy(still.clone(), self.frames as u32 + 1));
        }
    }
}

/// Fresh noise of up to 5 grey levels.
fn noisy(mut picture: RgbPixels, seed: u32) -> RgbPixels {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    for byte in picture.bytes_mut() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *byte = byte.saturating_add_signed((state % 11) as i8 - 5);
    }
    picture
}

/// The mean over a line or column of `2 * radius + 1` pixels, in both directions.
fn blurred(picture: &RgbPixels, radius: usize) -> RgbPixels {
    let (width, height) = (picture.width(), picture.height());
    let pass = |bytes: &[u8], across: bool| -> Vec<u8> {
        let mean = |at: usize| {
            let (pixel, channel) = (at / 3, at % 3);
            let (x, y) = (pixel % width, pixel / width);
            let (place, length) = if across { (x, width) } else { (y, height) };
            let (from, to) = (place.saturating_sub(radius), (place + radius + 1).min(length));
            let value = |place: usize| if across { y * width + place } else { place * width + x };
            let sum: usize = (from..to).map(|place| usize::from(bytes[value(place) * 3 + channel])).sum();
            (sum / (to - from)) as u8
        };
        (0..bytes.len()).map(mean).collect()
    };
    RgbPixels::new(width, height, pass(&pass(picture.bytes(), true), false)).expect("its size")
}

/// The picture moved to the left, with the next part coming in.
fn moved(from: &RgbPixels, to: &RgbPixels, pixels: usize) -> RgbPixels {
    let width = from.width();
    let pixel = |at: usize| {
        let (x, y) = (at % width + pixels, at / width);
        let (source, x) = if x < width { (from, x) } else { (to, x - width) };
        source.get(x, y).expect("inside")
    };
    RgbPixels::new(width, from.height(), (0..width * from.height()).flat_map(pixel).collect()).expect("its size")
}

#[test]
fn a_slide_left_alone_for_500_noisy_frames_counts_one_field() {
    let mut slide = Slide::new(says(Class::Early, 0.9));
    slide.hold(7, 500);
    assert_eq!(slide.counted.len(), 1);
    assert_eq!(slide.screening.presence(), Presence::Taken { number: 1 });
    let taken = &slide.counted[0];
    assert_eq!(taken.reading.statement.class(), Some(Class::Early));
    assert!(!taken.manual && taken.reading.frames_in_view >= 5, "{:?}", taken.reading);
    let sequence = taken.frame.sequence;
    assert!((1..20).contains(&sequence) && taken.reading.sequence == sequence, "{sequence}");
}

#[test]
fn a_walk_over_12_fields_counts_12_and_nothing_on_the_way() {
    let mut slide = Slide::new(says(Class::Benign, 0.95));
    let mut stills = Vec::new();
    for seed in 1..=12 {
        stills.push(slide.frames..slide.frames + 12);
        slide.hold(seed, 12);
        let (from, to) = (field(seed, 240), field(seed + 1, 240));
        for step in 1..6 {
            let noise = slide.frames as u32;
            slide.show(noisy(moved(&from, &to, step * 53), noise));
        }
    }
    assert_eq!(slide.counted.len(), 12);
    for (taken, still) in slide.counted.iter().zip(stills) {
        assert!(still.contains(&taken.frame.sequence), "{} is not in {still:?}", taken.frame.sequence);
    }
}

#[test]
fn a_slow_drift_is_no_field_until_it_ends() {
    let mut slide = Slide::new(says(Class::Pre, 0.95));
    let (from, to) = (field(3, 240), field(4, 240));
    for step in 0..40 {
        slide.show(moved(&from, &to, step * 8));
    }
    assert_eq!(slide.counted.len(), 0, "it moved by 2.5 % of the width a frame");
    for _ in 0..20 {
        slide.show(to.clone());
    }
    assert_eq!(slide.counted.len(), 1);
}

/// Sees one cell in every picture: as far to the right as its middle is bright, so that it tells the pictures apart.
struct SeesACell {
    novelty: f32,
    x: f32,
}

impl Assessor for SeesACell {
    fn look(&mut self, picture: &RgbPixels) -> Observation<Scores> {
        self.x = brightness(picture);
        Scores::new([0.0; 4], opposed(Class::Pre, 0.9), self.novelty)
    }

    fn cells(&self) -> Option<FieldCells> {
        let cell = SeenCell { x: self.x, y: 0.5, leaning: Some(0.9) };
        Some(FieldCells { width: 0.1, height: 0.1, cells: Vec::from([cell]) })
    }
}

fn brightness(picture: &RgbPixels) -> f32 {
    let sum: u32 = picture.bytes().iter().map(|byte| u32::from(*byte)).sum();
    sum as f32 / picture.bytes().len() as f32 / 255.0
}

/// The cells of a taken field are those of the picture that is kept, and lean nowhere if its networks do not know it.
#[test]
fn the_cells_of_a_field_are_those_of_the_frame_that_is_kept() {
    let (sharp, soft) = (field(5, 240), blurred(&field(5, 240), 1));
    assert!((brightness(&sharp) - brightness(&soft)).abs() > 1e-6, "the pictures can be told apart");
    for (novelty, leaning) in [(1.0, Some(0.9)), (3.0, None)] {
        let mut slide = Slide::new(SeesACell { novelty, x: 0.0 });
        for frame in 0..20 {
            slide.show(if frame == 4 { sharp.clone() } else { soft.clone() });
        }
        let taken = &slide.counted[0];
        assert_eq!(taken.frame.picture, sharp);
        let cells = taken.reading.cells.as_ref().expect("cells");
        assert_eq!((cells.cells[0].x, cells.cells[0].leaning), (brightness(&sharp), leaning));
    }
}

#[test]
fn blur_between_fields_is_not_counted_and_the_sharpest_frame_is_kept() {
    let mut slide = Slide::new(says(Class::Pro, 0.95));
    let (sharp, soft, out_of_focus) = (field(5, 240), blurred(&field(5, 240), 1), blurred(&field(9, 240), 6));
    for _ in 0..30 {
        let reading = slide.show(out_of_focus.clone());
        assert!(matches!(reading.statement, Statement::Rejected(_)), "{:?}", reading.statement);
    }
    assert_eq!((slide.counted.len(), slide.screening.presence()), (0, Presence::Nothing));
    let level = |slide: &Slide<_>| slide.screening.focus().level.expect("a picture");
    let blurry = level(&slide);
    for frame in 0..20 {
        slide.show(if frame == 4 { sharp.clone() } else { soft.clone() });
    }
    assert_eq!(slide.counted.len(), 1);
    assert_eq!(slide.counted[0].frame.picture, sharp);
    assert!(level(&slide) > blurry + 0.2, "the bar follows: {blurry} {}", level(&slide));
}

#[test]
fn a_flickering_lamp_and_rejected_frames_do_not_make_a_second_field() {
    let mut slide = Slide::new(says(Class::Early, 0.9));
    let (dark, dim) = (field(7, 120), field(7, 190));
    for round in 0..20 {
        slide.hold(7, 15);
        for _ in 0..(round % 7) {
            slide.show(dark.clone());
        }
        for _ in 0..(round % 3) {
            slide.show(dim.clone());
        }
    }
    assert_eq!(slide.counted.len(), 1);
}

#[test]
fn a_field_that_comes_back_is_recognized() {
    let mut slide = Slide::new(says(Class::Early, 0.9));
    for seed in [1, 2, 3, 1, 3, 2] {
        slide.hold(seed, 15);
    }
    assert_eq!(slide.counted.len(), 3);
    assert_eq!(slide.screening.presence(), Presence::Taken { number: 2 });
    assert_eq!(slide.screening.take(), Err(NotTaken::Counted(2)));
    slide.screening.start();
    slide.hold(2, 15);
    assert_eq!(slide.counted.len(), 4, "a new session counts from 0");
}

#[test]
fn nothing_is_taken_without_a_session() {
    let mut slide = Slide::new(says(Class::Early, 0.9));
    slide.screening.end();
    slide.hold(1, 50);
    assert_eq!(slide.counted.len(), 0);
    assert_eq!(slide.screening.presence(), Presence::Judging { agreeing: 5, needed: 5 });
}

#[test]
fn the_operator_takes_at_once_and_an_abstention_takes_its_time() {
    let mut slide = Slide::new(says(Class::Early, 0.5));
    slide.hold(1, 8);
    assert_eq!(slide.counted.len(), 0);
    let taken = slide.screening.take().expect("a picture");
    assert!(taken.manual && matches!(taken.reading.statement, Statement::Verdict(Verdict::Abstain(_))), "{taken:?}");
    assert_eq!(slide.screening.take(), Err(NotTaken::BeingSaved));
    slide.keep(&taken);
    slide.hold(1, 100);
    assert_eq!((slide.counted.len(), slide.screening.take()), (1, Err(NotTaken::Counted(1))));
    slide.hold(2, 12);
    assert_eq!(slide.counted.len(), 1);
    slide.hold(2, 12);
    assert_eq!(slide.counted.len(), 2, "it held for longer than a class must");
    slide.screening.interrupt("unplugged");
    assert_eq!((slide.screening.take(), slide.screening.presence()), (Err(NotTaken::NoPicture), Presence::Nothing));
}

#[test]
fn a_rejected_picture_can_be_taken_by_hand_once() {
    let mut slide = Slide::new(says(Class::Early, 0.9));
    slide.show(field(1, 120));
    let taken = slide.screening.take().expect("a picture");
    assert!(taken.reading.frame.is_err());
    slide.keep(&taken);
    assert_eq!(slide.screening.take(), Err(NotTaken::Counted(1)));
}

#[test]
fn a_field_that_could_not_be_saved_is_taken_again_after_a_while() {
    let mut slide = Slide::new(says(Class::Early, 0.9));
    let mut attempts = Vec::new();
    for _ in 0..200 {
        let now = slide.now();
        let frame =
            Arc::new(Frame { picture: field(1, 240), sequence: slide.frames, time: now, name: None, original: None });
        slide.frames += 1;
        if let Some(taken) = slide.screening.step(&frame, now).and_then(|step| step.taken) {
            attempts.push(now);
            slide.screening.failed(taken.token, now);
        }
    }
    assert!(attempts.len() >= 3, "{attempts:?}");
    assert!(attempts.windows(2).all(|pair| pair[1] - pair[0] >= Rules::default().retry), "{attempts:?}");
}
