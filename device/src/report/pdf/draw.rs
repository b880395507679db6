//! Draws items into the bytes of a PDF.

use std::num::NonZeroU16;

use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Point, Rect, Size, Transform},
    metadata::{DateTime, Metadata},
    page::PageSettings,
    paint::Fill,
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, Node, SpanTag, Tag, TagGroup, TagKind, TagTree},
};

use super::{
    INK, LINE, SMALL, SOFT,
    face::Faces,
    item::{Colour, Item, MARGIN, PAGE, Role, WIDTH},
};
use crate::{
    RESEARCH_USE,
    report::{Report, words},
};

/// The whole document, with a footer on every page.
pub(super) fn document(pages: Vec<Vec<Item>>, faces: &Faces, report: &Report, footer: &str) -> Result<Vec<u8>, String> {
    let mut document = Document::new();
    let mut tags = TagTree::new().with_lang(Some("en".into()));
    let count = pages.len();
    for (index, items) in pages.into_iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or("the page has no size")?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for item in items {
            if let Some(node) = put(&mut surface, faces, item) {
                tags.push(node);
            }
        }
        put_footer(&mut surface, faces, footer, &format!("page {} of {count}", index + 1));
        surface.finish();
        page.finish();
    }
    document.set_metadata(metadata(report));
    document.set_tag_tree(tags);
    document.finish().map_err(|error| format!("{error:?}").chars().take(300).collect())
}

fn metadata(report: &Report) -> Metadata {
    let session = &report.session;
    let producer = format!("blastscope {}", report.program_version);
    let metadata = Metadata::new()
        .title(format!("{} – {}, session {}", words::TITLE, session.specimen, session.id))
        .description(RESEARCH_USE.into())
        .language("en".into())
        .creator(producer.clone())
        .producer(producer);
    match moment(&report.written_utc) {
        Some(moment) => metadata.creation_date(moment),
        None => metadata,
    }
}

/// Converts `2026-11-25T04:40:07.250Z` to a date of the PDF.
fn moment(rfc3339: &str) -> Option<DateTime> {
    let part = |from: usize, to: usize| rfc3339.get(from..to)?.parse::<u8>().ok();
    Some(
        DateTime::new(rfc3339.get(..4)?.parse().ok()?)
            .month(part(5, 7)?)
            .day(part(8, 10)?)
            .hour(part(11, 13)?)
            .minute(part(14, 16)?)
            .second(part(17, 19)?)
            .utc_offset_hour(0)
            .utc_offset_minute(0),
    )
}

fn put(surface: &mut Surface<'_>, faces: &Faces, item: Item) -> Option<Node> {
    match item {
        Item::Text { x, y, text, size, bold, colour, role } => {
            let identifier = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            write(surface, faces, (x, y), &text, (size, bold), colour);
            surface.end_tagged();
            let tag: TagKind = match role {
                Role::Heading(level) => Tag::Hn(NonZeroU16::new(level)?, Some(text)).into(),
                Role::Text => Tag::P.into(),
            };
            Some(TagGroup::with_children(tag, vec![identifier.into()]).into())
        }
        Item::Fill { x, y, width, height, colour } => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            fill(surface, Rect::from_xywh(x, y, width, height), colour);
            surface.end_tagged();
            None
        }
        Item::Picture { x, y, width, height, image, alt } => {
            let size = Size::from_wh(width, height)?;
            let identifier = surface.start_tagged(ContentTag::Other);
            surface.push_transform(&Transform::from_translate(x, y));
            surface.draw_image(image, size);
            surface.pop();
            surface.end_tagged();
            Some(TagGroup::with_children(Tag::Figure(Some(alt)), vec![identifier.into()]).into())
        }
    }
}

fn put_footer(surface: &mut Surface<'_>, faces: &Faces, left: &str, right: &str) {
    const RULE: f32 = PAGE.1 - 46.0;
    const FIRST: f32 = RULE + 13.0;
    const SECOND: f32 = FIRST + 12.0;
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)));
    fill(surface, Rect::from_xywh(MARGIN, RULE, WIDTH, 0.6), LINE);
    let bold = faces.of(true);
    let middle = (PAGE.0 - bold.width(RESEARCH_USE, SMALL + 0.5)) / 2.0;
    write(surface, faces, (middle, FIRST), RESEARCH_USE, (SMALL + 0.5, true), INK);
    let plain = faces.of(false);
    write(surface, faces, (MARGIN, SECOND), &plain.drawable(left), (SMALL - 0.5, false), SOFT);
    let end = PAGE.0 - MARGIN - plain.width(right, SMALL - 0.5);
    write(surface, faces, (end, SECOND), right, (SMALL - 0.5, false), SOFT);
    surface.end_tagged();
}

fn paint(surface: &mut Surface<'_>, Colour(red, green, blue): Colour) {
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }));
}

fn write(
    surface: &mut Surface<'_>,
    faces: &Faces,
    (x, y): (f32, f32),
    text: &str,
    (size, bold): (f32, bool),
    colour: Colour,
) {
    paint(surface, colour);
    let mut left = x;
    for piece in faces.of(bold).pieces(text) {
        surface.draw_glyphs(Point::from_xy(left, y), &piece.glyphs, piece.font, &piece.text, size, false);
        left += piece.width * size;
    }
}

fn fill(surface: &mut Surface<'_>, rectangle: Option<Rect>, colour: Colour) {
    let Some(rectangle) = rectangle else { return };
    let mut builder = PathBuilder::new();
    builder.push_rect(rectangle);
    if let Some(path) = builder.finish() {
        paint(surface, colour);
        surface.draw_path(&path);
    }
}
