//! The report as one HTML page without requests: pictures are data URIs, and the style is inline.

use std::fmt::{self, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::{Report, Shown, words};
use crate::{RESEARCH_USE, record::Opinion};

const STYLE: &str = include_str!("html/style.css");

/// Escapes text for HTML: between tags and in quoted attributes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Control characters, and those that reverse the writing direction.
                '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => f.write_str("\u{fffd}")?,
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_str("\u{fffd}")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// `text` escaped for HTML and XHTML.
pub(super) fn escaped(text: &str) -> String {
    Escaped(text).to_string()
}

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(report, &mut page);
    page
}

fn write_page(report: &Report, out: &mut String) -> fmt::Result {
    let specimen = Escaped(&report.session.specimen);
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} – {specimen}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <p class=\"use\" role=\"note\">{RESEARCH_USE}</p>\n<main>\n<header>\n<h1>{}</h1>\n\
         <p class=\"lead\">{}</p>\n</header>\n",
        words::TITLE,
        words::TITLE,
        words::NOT_A_DIAGNOSIS,
    )?;
    slide(report, out)?;
    for words::Banner { kind, word, sentence } in words::banners(report) {
        let (word, sentence) = (Escaped(&word), Escaped(&sentence));
        writeln!(out, "<p class=\"banner {}\"><strong>{word}</strong> {sentence}</p>", kind.name())?;
    }
    list(out, "Session", &words::facts(report))?;
    counts(report, out)?;
    let cells = words::cells(&report.cells);
    if !cells.is_empty() {
        list(out, "Cells", &cells)?;
    }
    sign_offs(report, out)?;
    list(out, "Sources", &words::sources(report))?;
    gallery(report, out)?;
    write!(out, "</main>\n<footer>{RESEARCH_USE}</footer>\n</body>\n</html>\n")
}

fn list(out: &mut String, heading: &str, facts: &[(&str, String)]) -> fmt::Result {
    writeln!(out, "<section>\n<h2>{heading}</h2>\n<dl>")?;
    for (name, value) in facts {
        let hash = if value.len() == 64 && !value.contains(' ') { " class=\"hash\"" } else { "" };
        writeln!(out, "<div><dt>{name}</dt><dd{hash}>{}</dd></div>", Escaped(value))?;
    }
    out.write_str("</dl>\n</section>\n")
}

/// The slide's verdict, with the pictures of the fields that speak against it.
fn slide(report: &Report, out: &mut String) -> fmt::Result {
    list(out, "Slide", &words::slide(report))?;
    let against = report.shown.iter().filter(|shown| report.slide.against.contains(&shown.field.sequence));
    let mut against = against.peekable();
    if against.peek().is_none() {
        return Ok(());
    }
    out.write_str("<div class=\"gallery\">\n")?;
    against.try_for_each(|shown| card(shown, out))?;
    out.write_str("</div>\n")
}

fn counts(report: &Report, out: &mut String) -> fmt::Result {
    out.write_str(
        "<section>\n<h2>Counts</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">fields</th>\
         <th scope=\"col\" colspan=\"2\">as the model said</th><th scope=\"col\" colspan=\"2\">as corrected</th></tr></thead>\n<tbody>\n",
    )?;
    for row in words::rows(&report.counts) {
        let class = if row.is_class { "class" } else { "other" };
        write!(out, "<tr class=\"{class}\"><th scope=\"row\">{}</th>", Escaped(&row.name))?;
        for (fields, rate) in [&row.said, &row.corrected] {
            let rate = rate.as_ref().map(words::rate).unwrap_or_default();
            write!(out, "<td class=\"number\">{fields}</td><td>{rate}</td>")?;
        }
        out.write_str("</tr>\n")?;
    }
    writeln!(out, "</tbody>\n</table></div>\n<p class=\"small\">{}</p>\n</section>", words::INTERVALS)
}

fn sign_offs(report: &Report, out: &mut String) -> fmt::Result {
    if report.session.sign_offs.is_empty() {
        return Ok(());
    }
    out.write_str("<section>\n<h2>Sign-offs</h2>\n<ul>\n")?;
    for signed in &report.session.sign_offs {
        let (kind, by) = (Escaped(&signed.kind), Escaped(&signed.signed_by));
        let (when, fields, head) = (words::marked(&signed.signed_utc, signed.clock), signed.fields, signed.head);
        writeln!(
            out,
            "<li>{kind} by {by} on {}, {fields} fields, log head <span class=\"hash\">{head}</span></li>",
            Escaped(&when)
        )?;
    }
    out.write_str("</ul>\n</section>\n")
}

fn gallery(report: &Report, out: &mut String) -> fmt::Result {
    if report.shown.is_empty() && words::left_out(report).is_none() {
        return Ok(());
    }
    out.write_str("<section>\n<h2>Fields</h2>\n")?;
    if report.with_maps {
        writeln!(out, "<p class=\"small\">{}</p>", words::MAPS)?;
    }
    if let Some(sentence) = words::left_out(report) {
        writeln!(out, "<p class=\"small\">{sentence}</p>")?;
    }
    let class = if report.with_maps { "gallery maps" } else { "gallery" };
    writeln!(out, "<div class=\"{class}\">")?;
    report.shown.iter().try_for_each(|shown| card(shown, out))?;
    out.write_str("</div>\n</section>\n")
}

fn card(shown: &Shown, out: &mut String) -> fmt::Result {
    let field = &shown.field;
    let number = field.sequence;
    let (heading, more) = words::verdict(field);
    let (heading, more) = (Escaped(&heading), Escaped(&more));
    let kind = field.judgement.said.kind.name();
    write!(out, "<figure class=\"{kind}\">\n<div class=\"pictures\">")?;
    picture(out, &shown.thumbnail, &format!("Field {number}"))?;
    if let (Some(map), Some(class)) = (&shown.map, shown.map_class) {
        picture(out, map, &format!("Field {number}, with the places that speak for {}", words::long_name(class)))?;
    }
    write!(out, "</div>\n<figcaption><strong>{number} · {heading}</strong><span>{more}</span>")?;
    if let Some(opinion) = words::opinion(field) {
        let class = if field.opinion().is_some_and(Opinion::confirms) { "confirmed" } else { "corrected" };
        write!(out, "<span class=\"{class}\">{}</span>", Escaped(&opinion))?;
        if let Some(note) = field.opinion().map(|opinion| &opinion.note).filter(|note| !note.is_empty()) {
            write!(out, "<span class=\"note\">{}</span>", Escaped(note))?;
        }
    }
    write!(
        out,
        "<span class=\"when\">{}</span></figcaption>\n</figure>\n",
        Escaped(&format!("{}{}", words::short_time(&field.taken_utc), words::mark(field.clock)))
    )
}

fn picture(out: &mut String, jpeg: &[u8], alt: &str) -> fmt::Result {
    let data = BASE64.encode(jpeg);
    write!(out, "<img src=\"data:image/jpeg;base64,{data}\" alt=\"{}\">", Escaped(alt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_page() {
        let hostile = "<script>alert('1')</script>&\"\u{202e}x\u{0}\n";
        let escaped = Escaped(hostile).to_string();
        assert_eq!(escaped, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;\u{fffd}x\u{fffd}\n");
    }
}
