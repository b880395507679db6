//! A report as Markdown (CommonMark, with the tables of GitHub).

use std::{collections::BTreeMap, fmt::Write};

use blastscope_files::Printable as _;

use super::{
    Block, Report,
    table::{Align, Cell, Table, Tone},
};
use crate::support::notice::RESEARCH_USE_ONLY;

/// A report's text, and the files it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markdown {
    /// The document.
    pub text: String,
    /// Names and bytes of the figures; the names are relative to the document and differ from each other.
    pub files: Vec<(String, Vec<u8>)>,
}

pub(super) fn document(report: &Report, stem: &str) -> Markdown {
    let mut text = format!("# {}\n\n**{RESEARCH_USE_ONLY}**\n", escape(&report.title));
    let mut names = Names { stem: file_name(stem), met: BTreeMap::new() };
    let mut files = Vec::new();
    for block in &report.blocks {
        text.push('\n');
        match block {
            Block::Section(title) => text += &format!("## {}\n", escape(title)),
            Block::Subsection(title) => text += &format!("### {}\n", escape(title)),
            Block::Paragraph(paragraph) => text += &format!("{}\n", escape(paragraph)),
            Block::Callout(kind, callout) => text += &format!("> **{}.** {}\n", kind.word(), escape(callout)),
            Block::List(points) => {
                for point in points {
                    text += &format!("- {}\n", escape(point));
                }
            }
            Block::Facts(facts) => {
                for (name, value) in facts {
                    text += &format!("- **{}:** {}\n", escape(name), escape(value));
                }
            }
            Block::Code(code) => write_code(&mut text, code),
            Block::Table(table) => write_table(&mut text, table),
            Block::Figures(figures) => {
                for (at, figure) in figures.iter().enumerate() {
                    let name = names.next(&figure.name, figure.extension());
                    let gap = if at > 0 { "\n" } else { "" };
                    text += &format!("{gap}![{}]({name})\n", escape(&figure.alternative));
                    if !figure.caption.is_empty() && figure.caption != figure.alternative {
                        text += &format!("\n{}\n", escape(&figure.caption));
                    }
                    files.push((name, figure.bytes().to_vec()));
                }
            }
        }
    }
    Markdown { text, files }
}

/// File names already in use, with their counts.
struct Names {
    stem: String,
    met: BTreeMap<String, usize>,
}

impl Names {
    fn next(&mut self, name: &str, extension: &str) -> String {
        let wanted = format!("{}-{}", self.stem, file_name(name));
        let count = self.met.entry(wanted.clone()).or_insert(0);
        *count += 1;
        // A full stop keeps a second `corner` apart from a figure named `corner-2`.
        if *count == 1 { format!("{wanted}.{extension}") } else { format!("{wanted}.{count}.{extension}") }
    }
}

/// Letters, digits, hyphens and underscores; everything else becomes a hyphen, so that no link needs an escape.
fn file_name(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' }).collect()
}

fn write_code(text: &mut String, code: &str) {
    // The fence must be longer than any run of backticks inside.
    let longest = code.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(text, "{fence}text\n{}\n{fence}", code.trim_end_matches('\n'));
}

fn write_table(text: &mut String, table: &Table) {
    if let Some(caption) = &table.caption {
        let _ = writeln!(text, "{}\n", escape(caption));
    }
    let headings: Vec<String> = table.columns.iter().map(|column| escape(&column.heading)).collect();
    let _ = writeln!(text, "| {} |", headings.join(" | "));
    let rules: Vec<&str> =
        table.columns.iter().map(|column| if column.align == Align::Right { "---:" } else { "---" }).collect();
    let _ = writeln!(text, "| {} |", rules.join(" | "));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

fn cell(cell: &Cell) -> String {
    let text = escape(&cell.text);
    match cell.tone {
        Tone::Strong | Tone::Alarm if !text.is_empty() => format!("**{text}**"),
        _ => text,
    }
}

/// Plain text escaped for Markdown: one line, with a backslash before anything that could be markup.
fn escape(text: &str) -> String {
    let on_one_line = text.trim().replace(char::is_control, " ");
    let letters: Vec<char> = on_one_line.printable().to_string().chars().collect();
    let mut escaped = String::with_capacity(text.len());
    let mut only_digits = true;
    for (at, &letter) in letters.iter().enumerate() {
        let is_inside_a_word = || {
            let is_word = |neighbour: Option<&char>| neighbour.is_some_and(|letter| letter.is_alphanumeric());
            is_word(at.checked_sub(1).and_then(|before| letters.get(before))) && is_word(letters.get(at + 1))
        };
        let is_markup = match letter {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&' | '$' => true,
            '_' | '~' => !is_inside_a_word(),
            '#' | '-' | '+' | '=' | '!' | ':' => at == 0,
            // `1.` at the start of a line begins a list.
            '.' | ')' => at > 0 && only_digits && letters.get(at + 1).is_none_or(|next| *next == ' '),
            _ => false,
        };
        only_digits &= letter.is_ascii_digit();
        if is_markup {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
