//! Comma-separated tables as written by people and spreadsheets.

use std::path::Path;

use crate::Error;

const REMEDY: &str =
    "save it as comma-separated values in UTF-8 (spreadsheets call it \"CSV UTF-8 (comma delimited)\")";

/// A file's text without byte order mark.
///
/// # Errors
/// [`Error::Content`] that says what the file is instead of UTF-8 text, and the remedy.
pub fn utf8<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, Error> {
    let refused = |what: String| Err(Error::content(path, format!("{what}; {REMEDY}")));
    let known: [(&[u8], &str); 4] = [
        (b"\xff\xfe", "is text in UTF-16 (little-endian)"),
        (b"\xfe\xff", "is text in UTF-16 (big-endian)"),
        (b"PK\x03\x04", "is a spreadsheet or an archive and not text"),
        (b"\xd0\xcf\x11\xe0", "is a spreadsheet and not text"),
    ];
    if let Some((_, what)) = known.into_iter().find(|(begin, _)| bytes.starts_with(begin)) {
        return refused(what.into());
    }
    if bytes.iter().take(1024).any(|byte| *byte == 0) {
        return refused("holds zero bytes, as text in UTF-16 or a binary file does".into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let at = error.valid_up_to();
            let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
            refused(format!("line {line} is not UTF-8 (byte {:#04x}), perhaps text in Latin-1", bytes[at]))
        }
    }
}

/// Positions of the `required` columns in the table's header.
///
/// # Errors
/// [`Error::Content`] that says which column is missing, what the header holds instead, and the remedy.
pub fn columns<const N: usize>(
    path: &Path,
    header: &csv::StringRecord,
    required: [&str; N],
) -> Result<[usize; N], Error> {
    let place = |name: &str| header.iter().position(|column| column == name);
    if let Some(twice) = required.iter().find(|name| header.iter().filter(|column| column == *name).count() > 1) {
        return Err(Error::content(path, format!("has two columns {twice}; take one of them out")));
    }
    if let Some(missing) = required.iter().find(|name| place(name).is_none()) {
        return Err(Error::content(path, without(missing, header, &required)));
    }
    Ok(required.map(|name| place(name).unwrap_or_default()))
}

/// Why the header lacks a column.
fn without(missing: &str, header: &csv::StringRecord, required: &[&str]) -> String {
    let needed = required.join(", ");
    let line = header.iter().collect::<Vec<_>>().join(",");
    for (separator, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")] {
        let names = || line.split(separator).map(|column| column.trim().trim_matches('"'));
        if names().any(|column| required.contains(&column)) && names().count() > 1 {
            return format!("separates its columns by {name}, not by commas; {REMEDY}");
        }
    }
    if header.iter().all(str::is_empty) {
        return format!("is empty; it needs a first line with the columns {needed}");
    }
    let found: Vec<String> = header.iter().take(8).map(|column| format!("{column:?}")).collect();
    let more = if header.len() > found.len() { ", ..." } else { "" };
    format!(
        "has no column {missing}; its first line must name the columns {needed}, and names {}{more}",
        found.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [&str; 2] = ["file", "sha256"];

    fn read(bytes: &[u8]) -> Result<[usize; 2], String> {
        let path = Path::new("groups.csv");
        let text = utf8(path, bytes).map_err(|error| error.to_string())?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().expect("UTF-8").clone();
        columns(path, &header, REQUIRED).map_err(|error| error.to_string())
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_byte_order_mark_and_other_columns_do_not_matter() {
        assert_eq!(read(b"file,sha256\n"), Ok([0, 1]));
        assert_eq!(read("\u{feff}file,sha256\n".as_bytes()), Ok([0, 1]));
        assert_eq!(read("\u{feff}\"sha256\", session ,\"file\"\r\n".as_bytes()), Ok([2, 0]));
    }

    #[test]
    fn what_was_found_instead_is_named_with_the_remedy() {
        let little = utf16("\u{feff}file\tsha256\n", u16::to_le_bytes);
        let big = utf16("\u{feff}file,sha256\n", u16::to_be_bytes);
        let bare = utf16("file,sha256\n", u16::to_le_bytes);
        for (bytes, found) in [
            (b"file;sha256\n".as_slice(), "by semicolons, not by commas"),
            ("\u{feff}\"file\";\"sha256\"\n".as_bytes(), "by semicolons, not by commas"),
            (b"sha256\tfile\n", "by tabs, not by commas"),
            (b"file|sha256\n", "by vertical bars, not by commas"),
            (&little, "UTF-16 (little-endian)"),
            (&big, "UTF-16 (big-endian)"),
            (&bare, "holds zero bytes"),
            (b"PK\x03\x04rest", "spreadsheet or an archive"),
            (b"file,sha256\nBenign/gr\xf6\xdfe.jpg,00\n", "line 2 is not UTF-8 (byte 0xf6)"),
        ] {
            let error = read(bytes).expect_err(found);
            assert!(error.starts_with("groups.csv: ") && error.contains(found), "{error}");
            assert!(error.contains("CSV UTF-8 (comma delimited)"), "{error}");
        }
        for (bytes, found) in [
            (b"".as_slice(), "is empty; it needs a first line"),
            (
                b"Benign/1.jpg,abc\n",
                "has no column file; its first line must name the columns file, sha256, and names \"Benign/1.jpg\", \"abc\"",
            ),
            (b"file,sha-256\n", "has no column sha256"),
            (b"File,sha256\n", "has no column file"),
            (b"file,sha256,file\n", "has two columns file"),
        ] {
            let error = read(bytes).expect_err(found);
            assert!(error.contains(found), "{error}");
        }
    }
}
