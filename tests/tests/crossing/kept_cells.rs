//! Cells from the networks to the record: their places, leanings and pictures, and their recomputation.

use std::time::{Duration, SystemTime};

use blastscope::{
    commands::record::recompute::recompute,
    model::Loaded,
    record::{CELL_SIDE, Judgement, NewField, NewSession, Record, RecordReader, SessionCells, StoredPicture},
};
use blastscope_core::{
    frame::Frame,
    pipeline::{Action, Pipeline, Settings},
};
use blastscope_drawn::draw_field;
use blastscope_shared::{Class, Classifier, RgbPixels, field::decode::decode_jpeg, judge::slide::SlidePooling};
use blastscope_tests::cell_jury;

const WIDTH: usize = 800;
const HEIGHT: usize = 600;

fn classifier() -> Classifier {
    let [jury, ..] = cell_jury(3.0);
    Classifier::read(&jury).expect("a whole artifact")
}

/// Records drawn fields as the device does, after `change`.
fn recorded(classifier: &Classifier, change: impl Fn(&mut Judgement)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Record::open(folder.path()).expect("a record").with_min_free(0);
    let new = NewSession {
        specimen: "S-1".into(),
        operator: "A. B.".into(),
        started: SystemTime::now(),
        model_name: "jury".into(),
        model_sha256: classifier.model_id().into(),
        config_sha256: "00".repeat(32),
        program_version: "0".into(),
        code_hash: "test".into(),
        device_id: "test".into(),
        slide: SlidePooling::UNMEASURED,
    };
    let session = record.start_session(&new).expect("started").session;
    let settings = Settings { settle: 1, same_view: -1.0, ..Settings::new(*classifier.judge()) };
    let mut pipeline = Pipeline::new(Loaded::new(classifier), settings);
    for (sequence, class) in (0..).zip(Class::ALL) {
        let (picture, time) = (drawn(class), Duration::from_secs(sequence));
        let frame = Frame { picture, sequence, time, name: None, original: None };
        for action in pipeline.step(&frame, time) {
            let Action::Show(reading) = action else { continue };
            assert!(reading.frame.is_ok(), "{reading:?}");
            let mut judgement = Judgement::of(&reading, classifier.model_id()).expect("a picture");
            change(&mut judgement);
            let picture = StoredPicture::of_frame(&frame)
                .and_then(|kept| kept.with_cells(&frame.picture, judgement.seen_cells.as_ref()))
                .expect("kept");
            let field = NewField { taken: SystemTime::now(), since_start: time, judgement, picture };
            record.add_field(session, &field).expect("saved");
        }
    }
    folder
}

fn drawn(class: Class) -> RgbPixels {
    draw_field(class, 3, WIDTH, HEIGHT)
}

fn cells(folder: &tempfile::TempDir) -> (RecordReader, SessionCells) {
    let reader = RecordReader::open(folder.path()).expect("opened");
    let cells = reader.cells("1".parse().expect("a number")).expect("read");
    (reader, cells)
}

#[test]
fn what_the_networks_see_is_kept_shown_and_recomputed() {
    let classifier = classifier();
    let folder = recorded(&classifier, |_| ());
    let (reader, found) = cells(&folder);
    assert_eq!(found.fields.len(), 4);
    let mut workspace = classifier.workspace();
    for (kept, class) in found.fields.iter().zip(Class::ALL) {
        let picture = drawn(class);
        classifier.assess(&picture, &mut workspace);
        let seen: Vec<_> = classifier.leanings(&workspace).collect();
        assert_eq!(kept.cells.len(), seen.len(), "{class}");
        let strip = reader.cell_strip("1".parse().expect("a number"), kept.field).expect("kept");
        let strip = decode_jpeg(&strip).expect("a JPEG");
        let (width, height) = (kept.width, kept.height);
        assert_eq!((strip.width(), strip.height()), (CELL_SIDE * seen.len(), CELL_SIDE));
        for (at, (kept, (cell, leaning))) in kept.cells.iter().zip(seen).enumerate() {
            assert_eq!(kept.seen.leaning, Some(leaning), "{class}");
            let place = (kept.seen.x * 200.0, kept.seen.y * 150.0);
            assert!(
                (place.0 - f32::from(cell.x) - 0.5).abs() < 0.01 && (place.1 - f32::from(cell.y) - 0.5).abs() < 0.01
            );
            // The middle of the cell in the strip has the colour of its middle in the picture: the same cell.
            let colour = |of: &RgbPixels, x: usize, y: usize| {
                let around = (y - 4..y + 4).flat_map(|y| (x - 4..x + 4).map(move |x| (y * of.width() + x) * 3));
                let sums =
                    around.fold([0i32; 3], |sums, at| [0, 1, 2].map(|c| sums[c] + i32::from(of.bytes()[at + c])));
                sums.map(|sum| sum / 64)
            };
            let (x, y) = (kept.seen.x * WIDTH as f32, kept.seen.y * HEIGHT as f32);
            let there = colour(&picture, x as usize, y as usize);
            // Near an edge the cell is not in the middle of its square.
            let within = |centre: f32, share: f32| {
                let start = (centre - share / 2.0).clamp(0.0, 1.0 - share);
                ((centre - start) / share * CELL_SIDE as f32) as usize
            };
            let (x, y) = (within(kept.seen.x, width), within(kept.seen.y, height));
            let here = colour(&strip, at * CELL_SIDE + x, y);
            let differ = there.iter().zip(here).any(|(there, here)| there.abs_diff(here) > 24);
            assert!(!differ, "{class}, cell {at}: {there:?} in the picture, {here:?} in the strip");
        }
    }
    let found = recompute(&reader, None, std::slice::from_ref(&classifier)).expect("read");
    assert!(found.is_confirmed() && found.fields == 4, "{found:?}");
}

#[test]
fn a_field_that_the_networks_do_not_know_has_cells_without_leanings() {
    let strict = classifier().stricter(None, Some(0.001));
    let folder = recorded(&strict, |judgement| assert!(judgement.said.reason.is_some(), "{judgement:?}"));
    let (reader, found) = cells(&folder);
    let all: Vec<_> = found.fields.iter().flat_map(|field| &field.cells).collect();
    assert!(!all.is_empty() && all.iter().all(|cell| cell.seen.leaning.is_none()));
    // The model's own judge would have kept them; what both have is the same.
    assert!(recompute(&reader, None, &[classifier()]).expect("read").is_confirmed());
}

#[test]
fn a_leaning_that_does_not_follow_from_the_picture_is_named() {
    let folder = recorded(&classifier(), |judgement| {
        let cells = judgement.seen_cells.as_mut().expect("cells");
        cells.cells[0].leaning = cells.cells[0].leaning.map(|leaning| leaning / 2.0);
    });
    let found = recompute(&cells(&folder).0, None, &[classifier()]).expect("read");
    assert_eq!((found.is_confirmed(), found.differing), (false, 4), "{found:?}");
    assert!(found.differences.iter().all(|difference| difference.what == "cells"), "{found:?}");
}
