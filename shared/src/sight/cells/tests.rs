use alloc::{vec, vec::Vec};

use super::*;
use crate::field::pixels::RgbPixels;
use crate::sight::Sight;

const BACKGROUND: [u8; 3] = [240, 235, 225];
const NUCLEUS: [u8; 3] = [110, 60, 170];
const ERYTHROCYTE: [u8; 3] = [190, 170, 175];

const FIELD: usize = 192;

/// A field with discs: column, row, radius, colour.
fn field(discs: &[(usize, usize, usize, [u8; 3])]) -> RgbPixels {
    let mut bytes = Vec::with_capacity(FIELD * FIELD * 3);
    for y in 0..FIELD {
        for x in 0..FIELD {
            let inside = |&&(column, row, radius, _): &&(usize, usize, usize, [u8; 3])| {
                x.abs_diff(column).pow(2) + y.abs_diff(row).pow(2) <= radius * radius
            };
            bytes.extend(discs.iter().rev().find(inside).map_or(BACKGROUND, |disc| disc.3));
        }
    }
    RgbPixels::new(FIELD, FIELD, bytes).expect("as many bytes as pixels")
}

fn look(picture: &RgbPixels) -> CellView {
    look_with(&Framing::square(FIELD as u16), picture)
}

fn look_with(framing: &Framing, picture: &RgbPixels) -> CellView {
    let mut view = CellView::new();
    view.look(framing, &framing.apply(picture));
    view
}

#[test]
fn a_cameras_frame_shows_round_cells_where_they_are() {
    let (width, height) = (640, 480);
    let discs = [(160, 150, 30), (480, 120, 26), (320, 360, 34)];
    let mut bytes = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let inside = |&(column, row, radius): &(usize, usize, usize)| {
                x.abs_diff(column).pow(2) + y.abs_diff(row).pow(2) <= radius * radius
            };
            bytes.extend(if discs.iter().any(inside) { NUCLEUS } else { BACKGROUND });
        }
    }
    let picture = RgbPixels::new(width, height, bytes).expect("as many bytes as pixels");
    let framing = Sight::cells().framing;
    let view = look_with(&framing, &picture);
    assert_eq!(view.cells().len(), 3, "{:?}", view.cells());
    for (column, row, radius) in discs {
        let (middle_x, middle_y) = (column * 200 / width, row * 150 / height);
        let is_there =
            |cell: &Cell| usize::from(cell.x).abs_diff(middle_x) <= 3 && usize::from(cell.y).abs_diff(middle_y) <= 3;
        assert!(view.cells().iter().any(is_there), "{column} {row}: {:?}", view.cells());
        // As wide as it is high: the extent of the dark pixels through the middle, along both axes.
        let field = framing.apply(&picture);
        let dark = |x: usize, y: usize| field[(y * usize::from(framing.width) + x) * 3 + 1] < 150;
        let wide = (0..200usize).filter(|&x| x.abs_diff(middle_x) < radius && dark(x, middle_y)).count();
        let high = (0..150usize).filter(|&y| y.abs_diff(middle_y) < radius && dark(middle_x, y)).count();
        assert!(wide.abs_diff(high) <= 1, "{wide} wide, {high} high");
    }
}

#[test]
fn nuclei_are_found_and_erythrocytes_are_not() {
    let view = look(&field(&[
        (50, 60, 12, NUCLEUS),
        (150, 40, 9, NUCLEUS),
        (100, 150, 14, NUCLEUS),
        (60, 110, 10, ERYTHROCYTE),
        (170, 120, 10, ERYTHROCYTE),
        (176, 60, 10, ERYTHROCYTE),
    ]));
    let mut found: Vec<(u16, u16)> = view.cells().iter().map(|cell| (cell.x, cell.y)).collect();
    found.sort_unstable();
    let near = |&(x, y): &(u16, u16), (column, row): (u16, u16)| x.abs_diff(column) <= 3 && y.abs_diff(row) <= 3;
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().zip([(50, 60), (100, 150), (150, 40)]).all(|(at, disc)| near(at, disc)), "{found:?}");
}

#[test]
fn an_empty_field_and_one_of_erythrocytes_have_no_cells() {
    assert_eq!(look(&field(&[])).cells(), []);
    let erythrocytes: Vec<_> = (0..9).map(|at| (30 + at % 3 * 60, 30 + at / 3 * 60, 10, ERYTHROCYTE)).collect();
    assert_eq!(look(&field(&erythrocytes)).cells(), []);
}

#[test]
fn the_lamp_is_divided_out() {
    let discs = [(50, 60, 12, NUCLEUS), (120, 140, 11, NUCLEUS)];
    let bright = look(&field(&discs));
    let mut dim = field(&discs);
    for pixel in dim.bytes_mut().chunks_exact_mut(3) {
        // (v + 1) * share - 1, with a different share per channel.
        for (value, share) in pixel.iter_mut().zip([0.7, 0.8, 0.6]) {
            *value = ((f32::from(*value) + 1.0) * share - 1.0).round() as u8;
        }
    }
    let dim = look(&dim);
    let places = |view: &CellView| view.cells().iter().map(|cell| (cell.x, cell.y)).collect::<Vec<_>>();
    assert_eq!(places(&bright), places(&dim));
    let furthest = bright.density().iter().zip(dim.density()).map(|(one, other)| one.abs_diff(*other)).max();
    assert!(furthest.expect("a field") <= 2, "{furthest:?}");
}

#[test]
fn density_is_that_of_beer_and_lambert() {
    let view = look(&field(&[(100, 100, 12, NUCLEUS)]));
    let at = (100 * FIELD + 100) * 3;
    for channel in 0..3 {
        let expected = ((f64::from(BACKGROUND[channel]) + 1.0) / (f64::from(NUCLEUS[channel]) + 1.0)).ln() * 127.5;
        let found = f64::from(view.density()[at + channel]);
        assert!((found - expected).abs() <= 0.6, "channel {channel}: {found} instead of {expected}");
    }
    // The mask is black but not a nucleus.
    assert_eq!(&view.density()[(180 * FIELD + 170) * 3..][..3], [0, 0, 0]);
}

#[test]
fn the_largest_come_first_and_no_more_than_allowed() {
    let discs: Vec<_> = (0..36).map(|at| (20 + at % 6 * 30, 16 + at / 6 * 28, 6 + at % 5, NUCLEUS)).collect();
    let view = look(&field(&discs));
    assert_eq!(view.cells().len(), MAX_CELLS);
    assert!(view.cells().windows(2).all(|pair| pair[0].area >= pair[1].area));
    assert!(view.cells().iter().all(|cell| cell.area >= 90), "{:?}", view.cells());
}

#[test]
fn crops_are_centred_and_mirrored_at_the_edge() {
    let view = look(&field(&[(12, 100, 8, NUCLEUS), (100, 60, 12, NUCLEUS)]));
    let inner = *view.cells().iter().find(|cell| cell.x > 50).expect("found");
    let mut crop = vec![0; SIDE * SIDE * 3];
    view.crop(inner, SIDE, &mut crop);
    let centre = (SIDE / 2 * SIDE + SIDE / 2) * 3;
    let place = (usize::from(inner.y) * FIELD + usize::from(inner.x)) * 3;
    assert_eq!(crop[centre + 1], view.density()[place + 1]);
    let edge = *view.cells().iter().find(|cell| cell.x < 20).expect("found");
    view.crop(edge, SIDE, &mut crop);
    // Columns -k and k of the field are equal.
    let left = SIDE / 2 - usize::from(edge.x);
    for k in 1..left {
        let row = SIDE / 2 * SIDE;
        assert_eq!(crop[(row + left - k) * 3 + 1], crop[(row + left + k) * 3 + 1], "{k} columns outside");
    }
}

#[test]
fn small_fields_have_no_cells_and_do_not_panic() {
    let framing = Framing::square(32);
    let mut view = CellView::new();
    view.look(&framing, &vec![200; framing.input_len()]);
    assert_eq!(view.cells(), []);
}
