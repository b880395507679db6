//! Checks as a table for people.

use std::io::{self, IsTerminal as _, Write};

use crossterm::style::{Color, Stylize as _};

use super::{Check, Status};
use crate::{
    RESEARCH_USE,
    support::text::{colours_wanted, harmless, wrapped},
};

/// Widths of the status and name columns, with the space after them.
const STATUS: usize = 8;
const NAME: usize = 17;
/// Minimum and maximum width of the findings; longer lines are hard to read.
const FOUND: (usize, usize) = (30, 100);

/// Writes `checks` and a summary to `out`; on a terminal with colours and as wide as the window.
pub(super) fn write(checks: &[Check], out: &mut impl Write) -> io::Result<()> {
    let terminal = io::stdout().is_terminal();
    // A serial console reports a size of 0.
    let columns = crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns));
    let columns = columns.filter(|&columns| terminal && columns > 0);
    let width = columns.map_or(FOUND.1, |columns| columns.saturating_sub(STATUS + NAME + 1).clamp(FOUND.0, FOUND.1));
    lay_out(checks, width, terminal && colours_wanted(), out)
}

fn lay_out(checks: &[Check], width: usize, colours: bool, out: &mut impl Write) -> io::Result<()> {
    for Check { check, status, found, remedy } in checks {
        let word = format!("{:STATUS$}", status.word());
        let word = if colours { word.with(colour(*status)).bold().to_string() } else { word };
        let mut lines = wrapped(&harmless(found), width).into_iter();
        writeln!(out, "{word}{check:NAME$}{}", lines.next().unwrap_or_default())?;
        // A remedy starts with an arrow; its further lines are indented by two columns.
        let remedy = wrapped(&harmless(remedy.as_deref().unwrap_or_default()), width - 2);
        let marks = ["> "].into_iter().chain(std::iter::repeat("  "));
        let remedy = remedy.iter().zip(marks).map(|(line, mark)| format!("{mark}{line}"));
        for line in lines.chain(remedy) {
            writeln!(out, "{:indent$}{line}", "", indent = STATUS + NAME)?;
        }
    }
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    let (fine, look, broken) = (count(Status::Ok), count(Status::Look), count(Status::Broken));
    let verdict = if broken == 0 { "ready to classify" } else { "not ready to classify" };
    writeln!(out, "\n{verdict}: {fine} ok, {look} to look at, {broken} broken\n{RESEARCH_USE}")
}

const fn colour(status: Status) -> Color {
    match status {
        Status::Ok => Color::Green,
        Status::Look => Color::Yellow,
        Status::Broken => Color::Red,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_long_lines_hang() {
        let checks = [
            Check::ok("program", "blastscope 1.2.3"),
            Check::look("camera", "/dev/video0 (\u{1b}[31mHD Cam) is held by another program", "close that program"),
            Check::broken("model", "there is none", "copy one beside the program or name one"),
        ];
        let mut out = Vec::new();
        lay_out(&checks, 30, false, &mut out).expect("a vector takes it");
        let expected = "\
ok      program          blastscope 1.2.3
look    camera           /dev/video0 (\\u{1b}[31mHD Cam)
                         is held by another program
                         > close that program
broken  model            there is none
                         > copy one beside the program
                           or name one

not ready to classify: 1 ok, 1 to look at, 1 broken
";
        assert_eq!(String::from_utf8(out).expect("UTF-8"), format!("{expected}{RESEARCH_USE}\n"));
    }
}
