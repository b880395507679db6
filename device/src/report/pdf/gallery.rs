//! The fields as cards: three in a row, or two with heat maps beside the pictures.

use krilla::image::Image;

use super::{
    CONFIRMED, CORRECTED, INK, LINE, SMALL, SOFT,
    flow::Flow,
    item::{Colour, WIDTH},
};
use crate::report::{Report, ReportError, Shown, words};

/// Space between cards, in points.
const GAP: f32 = 11.0;
/// Padding of a card's text, in points.
const INSET: f32 = 6.0;
const LEADING: f32 = 10.8;
/// Most height of heading and sentences before the first card, in points.
const INTRODUCTION: f32 = 80.0;
/// Largest height of a picture, in points.
const HIGHEST: f32 = 190.0;

struct Line {
    text: String,
    size: f32,
    bold: bool,
    colour: Colour,
}

struct Card {
    /// Picture and, if any, map, with their alternative texts.
    pictures: Vec<(Image, String)>,
    /// Size of each picture, in points.
    size: (f32, f32),
    lines: Vec<Line>,
}

impl Card {
    fn height(&self) -> f32 {
        self.size.1 + self.lines.len() as f32 * LEADING + 2.0 * INSET
    }
}

pub(super) fn show(flow: &mut Flow<'_>, report: &Report) -> Result<(), ReportError> {
    if report.counts.counted() == 0 {
        return Ok(());
    }
    let columns = if report.with_maps { 2 } else { 3 };
    let width = (WIDTH - GAP * (columns - 1) as f32) / columns as f32;
    let row = |flow: &Flow<'_>, shown: &[Shown]| {
        let cards = shown.iter().map(|shown| card(flow, shown, width, report.with_maps));
        cards.collect::<Result<Vec<Card>, ReportError>>()
    };
    let highest = |cards: &[Card]| cards.iter().map(Card::height).fold(0.0, f32::max);
    let mut rows = report.shown.chunks(columns);
    let mut next = rows.next().map(|shown| row(flow, shown)).transpose()?;
    // Keep the heading with the first fields, not alone at the end of a page.
    flow.room(next.as_deref().map_or(0.0, highest) + INTRODUCTION);
    flow.heading("Fields");
    if report.with_maps {
        flow.paragraph(words::MAPS, SMALL, false, SOFT);
    }
    if let Some(sentence) = words::left_out(report) {
        flow.paragraph(&sentence, SMALL, false, SOFT);
    }
    flow.gap(4.0);
    while let Some(cards) = next {
        let height = highest(&cards);
        flow.room(height);
        for (column, card) in cards.into_iter().enumerate() {
            put(flow, card, column as f32 * (width + GAP), width, height);
        }
        flow.down(height + GAP);
        next = rows.next().map(|shown| row(flow, shown)).transpose()?;
    }
    Ok(())
}

fn card(flow: &Flow<'_>, shown: &Shown, width: f32, with_maps: bool) -> Result<Card, ReportError> {
    let number = shown.field.sequence;
    let image = |jpeg: &[u8]| {
        let failed = |reason| ReportError::Picture { sequence: number, reason };
        Image::from_jpeg(jpeg.to_vec().into(), true).map_err(failed)
    };
    let picture = image(&shown.thumbnail)?;
    let (across, down) = picture.size();
    let widest = if with_maps { (width - 2.0) / 2.0 } else { width };
    let scale = (widest / across.max(1) as f32).min(HIGHEST / down.max(1) as f32);
    let size = (across as f32 * scale, down as f32 * scale);
    let mut pictures = vec![(picture, format!("Field {number}"))];
    if let (Some(map), Some(class)) = (&shown.map, shown.map_class) {
        let class = words::long_name(class);
        pictures.push((image(map)?, format!("Field {number}, with the places that speak for {class}")));
    }
    Ok(Card { pictures, size, lines: lines(flow, shown, width - 2.0 * INSET) })
}

fn lines(flow: &Flow<'_>, shown: &Shown, width: f32) -> Vec<Line> {
    let field = &shown.field;
    let mut lines = Vec::new();
    let mut add = |text: &str, (size, bold): (f32, bool), colour: Colour, most: usize| {
        if !text.is_empty() {
            let wrapped = flow.faces.of(bold).wrapped_at_most(text, size, width, most);
            lines.extend(wrapped.into_iter().map(|text| Line { text, size, bold, colour }));
        }
    };
    let (heading, more) = words::verdict(field);
    let colour = if field.judgement.said.kind.is_judged() { INK } else { SOFT };
    add(&format!("{} · {heading}", field.sequence), (9.0, true), colour, 1);
    add(&more, (SMALL, false), INK, 3);
    if let (Some(said), Some(opinion)) = (words::opinion(field), field.opinion()) {
        add(&said, (SMALL, !opinion.confirms()), if opinion.confirms() { CONFIRMED } else { CORRECTED }, 2);
        add(&opinion.note, (SMALL - 0.5, false), SOFT, 3);
    }
    let when = format!("{}{}", words::short_time(&field.taken_utc), words::mark(field.clock));
    add(&when, (SMALL - 1.0, false), SOFT, 2);
    lines
}

fn put(flow: &mut Flow<'_>, card: Card, x: f32, width: f32, height: f32) {
    const EDGE: f32 = 0.6;
    flow.fill(x, 0.0, width, EDGE, LINE);
    flow.fill(x, height - EDGE, width, EDGE, LINE);
    flow.fill(x, 0.0, EDGE, height, LINE);
    flow.fill(x + width - EDGE, 0.0, EDGE, height, LINE);
    let all = card.pictures.len() as f32 * (card.size.0 + 2.0) - 2.0;
    // A picture without a map keeps the place it has beside one.
    let beside_room_for_map = card.pictures.len() == 1 && 2.0 * card.size.0 <= width;
    let mut left = if beside_room_for_map { x } else { x + ((width - all) / 2.0).max(0.0) };
    for (image, alt) in card.pictures {
        flow.picture((left, 0.0), card.size, image, alt);
        left += card.size.0 + 2.0;
    }
    for (at, line) in card.lines.iter().enumerate() {
        let y = card.size.1 + INSET + 8.0 + at as f32 * LEADING;
        flow.text(x + INSET, y, &line.text, line.size, line.bold, line.colour);
    }
}
