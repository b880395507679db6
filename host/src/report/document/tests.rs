use image::{ImageFormat, RgbImage};

use super::*;
use crate::{
    report::svg::{Font, INK, Svg},
    support::notice::RESEARCH_USE_ONLY,
};
use blastscope_shared::Rate;

fn png() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(4, 4, image::Rgb([200, 30, 30])).write_to(&mut file, ImageFormat::Png).expect("encoded");
    file.into_inner()
}

/// A report with every kind of block; `text` stands in each of its texts.
fn everything(text: &str) -> Report {
    let mut svg = Svg::new(20.0, 10.0, text);
    svg.text(1.0, 9.0, Font::new(8.0, INK), text);
    let mut report = Report::new(text);
    report.section(text);
    report.subsection(text);
    report.paragraph(text);
    for kind in [Callout::Verdict, Callout::Warning, Callout::Note] {
        report.callout(kind, text);
    }
    report.list([text, "point"]);
    report.facts([(text, text)]);
    report.code(text);
    let mut table = Table::new([Column::text(text), Column::number("share"), Column::number("fields")]).caption(text);
    table.row([
        Cell::from(text).strong_if(true),
        Cell::from(Rate::new(1, 2)).alarm_if(true),
        2.into(),
        "beyond".into(),
    ]);
    table.row([text.into()]);
    report.table(table);
    report.figure(Figure::svg(text, svg.finish(), text).width(300));
    report.figures([Figure::png("dot", png(), text).width(64), Figure::png("dot", png(), "").alternative(text)]);
    report
}

const HOSTILE: &str = "<script>alert('x')</script> & \"a\"|b\u{1} `c` *d* [e](f) \\ _g_";

#[test]
fn html_escapes_whatever_it_is_given() {
    let page = everything(HOSTILE).html();
    assert!(!page.contains("<script") && !page.contains("alert('x')</"), "{page}");
    assert!(!page.contains('\u{1}'));
    let escaped = "&lt;script&gt;alert('x')&lt;/script&gt; &amp; &quot;a&quot;|b";
    // Head, title, two headings, a paragraph, three callouts, a point, two facts, code; caption, heading and two cells of
    // the table, title and text of the drawing, its caption, and alternative texts and a caption of the pictures.
    assert_eq!(page.matches(escaped).count(), 22, "{page}");
}

#[test]
fn html_is_one_page_without_anything_from_outside() {
    let page = everything("plain text").html();
    for forbidden in ["<script", "<link", "<iframe", "@import", "url(", "src=\"http", "href=", "javascript:", "onload"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // The only address is the name of SVG's namespace, which nobody fetches.
    assert_eq!(page.matches("http").count(), 1 + page.matches("http-equiv").count());
    assert_eq!(page.matches("data:image/png;base64,iVBORw0KGgo").count(), 2);
    assert_eq!(page.matches(RESEARCH_USE_ONLY).count(), 2);
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

#[test]
fn html_is_well_formed() {
    let page = everything(HOSTILE).html();
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1).filter_map(|part| part.split_once('>').map(|(tag, _)| tag)) {
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "closed in the wrong order");
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta", "img"].contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn tables_align_numbers_and_mark_what_stands_out() {
    let page = everything("class").html();
    assert!(page.contains("<th scope=\"col\">class</th><th scope=\"col\" class=\"number\">share</th>"), "{page}");
    let row = "<th scope=\"row\" class=\"strong\">class</th><td class=\"number alarm\">50.0 %</td><td class=\"number\">2</td></tr>";
    assert!(page.contains(row), "{page}");
    assert!(!page.contains("beyond"));
    let text = everything("class").markdown("report").text;
    assert!(text.contains("class\n\n| class | share | fields |\n| --- | ---: | ---: |\n"), "{text}");
    assert!(text.contains("| **class** | **50.0 %** | 2 |\n| class |  |  |\n"), "{text}");
}

#[test]
fn markdown_escapes_markup_and_leaves_names_readable() {
    let text = everything(HOSTILE).markdown("report").text;
    let escaped = r#"\<script\>alert('x')\</script\> \& "a"\|b  \`c\` \*d\* \[e\](f) \\ \_g\_"#;
    assert!(text.starts_with(&format!("# {escaped}\n\n**{RESEARCH_USE_ONLY}**\n")), "{text}");
    // All but the code, which is shown as it is.
    assert_eq!(text.matches("<script>").count(), 1, "{text}");
    let mut report = Report::new("all_pbs");
    for paragraph in ["1. no list", "- no list", "# no title", "two\nlines", "5 of 8 (62.5 %)."] {
        report.paragraph(paragraph);
    }
    report.code("a ``` b");
    let text = report.markdown("report").text;
    assert!(text.starts_with("# all_pbs\n"), "{text}");
    for line in ["1\\. no list", "\\- no list", "\\# no title", "two lines", "5 of 8 (62.5 %)."] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}: {text}");
    }
    assert!(text.contains("\n````text\na ``` b\n````\n"), "{text}");
}

#[test]
fn markdown_points_to_its_figures() {
    let Markdown { text, files } = everything("a figure").markdown("my report");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["my-report-a-figure.svg", "my-report-dot.png", "my-report-dot.2.png"]);
    for name in names {
        assert!(text.contains(&format!("![a figure]({name})\n")), "{name}: {text}");
    }
    assert!(files[0].1.starts_with(b"<svg") && files[1].1 == png());
}

#[test]
fn files_are_written_beside_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = everything("text");
    report.write_html(&folder.path().join("out/report.html")).expect("written");
    report.write_markdown(&folder.path().join("out/report.md")).expect("written");
    let mut names: Vec<String> = std::fs::read_dir(folder.path().join("out"))
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["report-dot.2.png", "report-dot.png", "report-text.svg", "report.html", "report.md"]);
    assert!(report.write_markdown(Path::new("/")).expect_err("no name").to_string().contains("report.md"));
}

#[test]
fn nothing_is_written_for_nothing() {
    let mut report = Report::new("Empty");
    let empty = report.clone();
    report.drawn_fields(false);
    report.list([""; 0]);
    report.facts([("", ""); 0]);
    report.table(Table::new([Column::text("class")]));
    report.figures([]);
    assert_eq!(report, empty);
    report.drawn_fields(true);
    assert!(report.html().contains(DRAWN_FIELDS));
}
