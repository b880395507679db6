//! A report as one HTML page.

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    Block, Callout, Figure, Report,
    figure::Content,
    table::{Align, Cell, Table, Tone},
};
use crate::{report::svg::escape, support::notice::RESEARCH_USE_ONLY};

const STYLE: &str = include_str!("style.css");
/// Forbids everything the page does not need, so that nothing is fetched and nothing runs.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

pub(super) fn page(report: &Report) -> String {
    let title = escape(&report.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<header>\n<h1>{title}</h1>\n<p class=\"notice\">{RESEARCH_USE_ONLY}</p>\n</header>\n"
    );
    for block in &report.blocks {
        write_block(&mut page, block);
    }
    let _ = write!(page, "<footer><p class=\"notice\">{RESEARCH_USE_ONLY}</p></footer>\n</main>\n</body>\n</html>\n");
    page
}

fn write_block(page: &mut String, block: &Block) {
    let _ = match block {
        Block::Section(title) => writeln!(page, "<h2>{}</h2>", escape(title)),
        Block::Subsection(title) => writeln!(page, "<h3>{}</h3>", escape(title)),
        Block::Paragraph(text) => writeln!(page, "<p>{}</p>", escape(text)),
        Block::Callout(kind, text) => {
            let (word, text) = (kind.word(), escape(text));
            writeln!(page, "<p class=\"callout {}\"><strong>{word}.</strong> {text}</p>", class_of(*kind))
        }
        Block::List(points) => {
            let points: String = points.iter().map(|point| format!("<li>{}</li>\n", escape(point))).collect();
            writeln!(page, "<ul>\n{points}</ul>")
        }
        Block::Facts(facts) => {
            let item =
                |(name, value): &(String, String)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(value));
            writeln!(page, "<dl>\n{}</dl>", facts.iter().map(item).collect::<String>())
        }
        Block::Code(text) => {
            let lines: Vec<String> = text.lines().map(escape).collect();
            writeln!(page, "<pre><code>{}</code></pre>", lines.join("\n"))
        }
        Block::Table(table) => {
            write_table(page, table);
            Ok(())
        }
        Block::Figures(figures) => {
            let figures: String = figures.iter().map(figure).collect();
            writeln!(page, "<div class=\"figures\">\n{figures}</div>")
        }
    };
}

const fn class_of(kind: Callout) -> &'static str {
    match kind {
        Callout::Verdict => "verdict",
        Callout::Warning => "warning",
        Callout::Note => "note",
    }
}

fn write_table(page: &mut String, table: &Table) {
    page.push_str("<div class=\"scroll\"><table>\n");
    if let Some(caption) = &table.caption {
        let _ = writeln!(page, "<caption>{}</caption>", escape(caption));
    }
    page.push_str("<thead><tr>");
    for column in &table.columns {
        let class = if column.align == Align::Right { " class=\"number\"" } else { "" };
        let _ = write!(page, "<th scope=\"col\"{class}>{}</th>", escape(&column.heading));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for (at, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
            // The first cell names its row, unless the table is one of numbers alone.
            let (open, close) =
                if at == 0 && column.align == Align::Left { ("th scope=\"row\"", "th") } else { ("td", "td") };
            let _ = write!(page, "<{open}{}>{}</{close}>", classes(cell, column.align), escape(&cell.text));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
}

fn classes(cell: &Cell, align: Align) -> String {
    let align = (align == Align::Right).then_some("number");
    let tone = match cell.tone {
        Tone::Plain => None,
        Tone::Strong => Some("strong"),
        Tone::Alarm => Some("alarm"),
    };
    let classes: Vec<&str> = align.into_iter().chain(tone).collect();
    if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) }
}

fn figure(figure: &Figure) -> String {
    let alternative = escape(&figure.alternative);
    let picture = match &figure.content {
        Content::Svg(svg) => svg.clone(),
        Content::Png(png) => {
            let class = if figure.width.is_some() { " class=\"enlarged\"" } else { "" };
            format!("<img{class} alt=\"{alternative}\" src=\"data:image/png;base64,{}\">", BASE64_STANDARD.encode(png))
        }
    };
    let width = figure.width.map(|pixels| format!(" style=\"width: {pixels}px\"")).unwrap_or_default();
    let caption = escape(&figure.caption);
    let caption = if caption.is_empty() { caption } else { format!("<figcaption>{caption}</figcaption>") };
    format!("<figure{width}>{picture}{caption}</figure>\n")
}
