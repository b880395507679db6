//! The page's files, all embedded in the program.

use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::problem::{Problem, bytes_of};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

macro_rules! asset {
    ($path:literal, $file:literal, $kind:expr) => {
        ($path, $kind, include_bytes!(concat!("assets/", $file)) as &[u8])
    };
}

const ASSETS: [(&str, &str, &[u8]); 29] = [
    asset!("/", "index.html", HTML),
    asset!("/style.css", "style.css", STYLE),
    asset!("/narrow.css", "narrow.css", STYLE),
    asset!("/app.js", "app.js", SCRIPT),
    asset!("/api.js", "api.js", SCRIPT),
    asset!("/answer.js", "answer.js", SCRIPT),
    asset!("/awake.js", "awake.js", SCRIPT),
    asset!("/cells.js", "cells.js", SCRIPT),
    asset!("/cell_view.js", "cell_view.js", SCRIPT),
    asset!("/cells.css", "cells.css", STYLE),
    asset!("/dialogs.js", "dialogs.js", SCRIPT),
    asset!("/fr.js", "fr.js", SCRIPT),
    asset!("/gallery.js", "gallery.js", SCRIPT),
    asset!("/keyboard.js", "keyboard.js", SCRIPT),
    asset!("/live.js", "live.js", SCRIPT),
    asset!("/marks.js", "marks.js", SCRIPT),
    asset!("/notes.js", "notes.js", SCRIPT),
    asset!("/one_read.js", "one_read.js", SCRIPT),
    asset!("/people.js", "people.js", SCRIPT),
    asset!("/person.js", "person.js", SCRIPT),
    asset!("/pictures.js", "pictures.js", SCRIPT),
    asset!("/sessions.js", "sessions.js", SCRIPT),
    asset!("/slide.js", "slide.js", SCRIPT),
    asset!("/slide_card.js", "slide_card.js", SCRIPT),
    asset!("/slide_card.css", "slide_card.css", STYLE),
    asset!("/strings.js", "strings.js", SCRIPT),
    asset!("/summary.js", "summary.js", SCRIPT),
    asset!("/watch.js", "watch.js", SCRIPT),
    asset!("/icon.svg", "icon.svg", "image/svg+xml"),
];

/// The file at `path`, or a 404.
pub(super) fn find(method: &Method, path: &str) -> Response {
    let found = ASSETS.iter().find(|(name, ..)| *name == path);
    match found {
        Some((_, kind, bytes)) if matches!(*method, Method::GET | Method::HEAD) => {
            let mut response = bytes_of(kind, *bytes);
            // The files change with the program, and the program is no farther away than a cache.
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        _ => Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address", "open / for the page")
            .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &'static [u8]) -> &'static str {
        std::str::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_no_script_is_in_the_page() {
        for (name, _, bytes) in ASSETS {
            let text = text(bytes).replace("http://www.w3.org/2000/svg", "");
            for foreign in ["http://", "https://", "//cdn", "url(//", "@import"] {
                assert!(!text.contains(foreign), "{name} holds {foreign}");
            }
        }
        let (_, _, page) = ASSETS[0];
        let page = text(page);
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=\"/").count());
        let handlers = page.split(" on").skip(1).any(|rest| {
            rest.split_once('=')
                .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()))
        });
        assert!(!page.contains("style=") && !handlers, "inline style or handler");
    }

    #[test]
    fn the_page_says_what_it_is_for_even_without_scripts() {
        assert!(text(ASSETS[0].2).contains(crate::RESEARCH_USE));
    }

    /// Names of the texts of a language, each with the values that it shows.
    fn texts(file: &str) -> std::collections::BTreeMap<&'static str, Vec<&'static str>> {
        let file = ASSETS.iter().find(|(name, ..)| *name == file).map(|asset| text(asset.2)).expect("there");
        let line = |line: &'static str| {
            let (name, text) = line.strip_prefix("  ")?.split_once(": \"")?;
            let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let mut values: Vec<_> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
            values.sort_unstable();
            is_name.then_some((name, values))
        };
        file.lines().filter_map(line).collect()
    }

    #[test]
    fn every_language_has_every_text_with_its_values() {
        let english = texts("/strings.js");
        assert!(english.len() > 200, "{}", english.len());
        assert_eq!(texts("/fr.js"), english);
    }

    #[test]
    fn every_string_that_is_used_is_there() {
        let strings =
            ASSETS.iter().find(|(name, ..)| *name == "/strings.js").map(|asset| text(asset.2)).expect("there");
        let mut used = 0;
        for (name, _, bytes) in ASSETS.iter().filter(|(name, ..)| *name != "/strings.js") {
            let text = text(bytes);
            let in_scripts = text.split("say(\"").skip(1).filter_map(|rest| rest.split('"').next());
            let in_page = ["data-say=\"", "data-say-label=\"", "data-say-hint=\""];
            let in_page =
                in_page.iter().flat_map(|mark| text.split(mark).skip(1)).filter_map(|rest| rest.split('"').next());
            for key in in_scripts.chain(in_page) {
                used += 1;
                assert!(strings.contains(&format!("\n  {key}: ")), "{name} uses {key}, which strings.js lacks");
            }
        }
        assert!(used > 50, "{used}");
    }
}
