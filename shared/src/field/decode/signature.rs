//! Recognizes a file by its first bytes, whatever its name says.

/// The formats that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    Bmp,
    Tiff,
}

/// The format of a file, if it is one that is decoded.
pub(super) fn format(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some(Format::Png),
        [b'B', b'M', ..] => Some(Format::Bmp),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Format::Tiff),
        _ => None,
    }
}

/// Name of a known format that is not decoded.
pub(super) fn other(bytes: &[u8]) -> Option<&'static str> {
    if let [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] = bytes {
        return Some(match brand.first_chunk() {
            Some(b"avif" | b"avis") => "an AVIF picture",
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
                "a HEIC picture, as phones take them"
            }
            Some(b"crx ") => "a Canon raw file (CR3)",
            _ => "a video (MP4)",
        });
    }
    if let [b'R', b'I', b'F', b'F', _, _, _, _, form @ ..] = bytes {
        return match form.first_chunk() {
            Some(b"WEBP") => Some("a WebP picture"),
            Some(b"AVI ") => Some("a video (AVI)"),
            _ => None,
        };
    }
    if bytes.get(128..132) == Some(b"DICM") {
        return Some("a DICOM file");
    }
    let beginnings: [(&[u8], &str); 28] = [
        (b"\x8AMNG", "an MNG animation"),
        (b"\x8BJNG", "a JNG picture"),
        (b"GIF8", "a GIF picture"),
        (b"\xFF\x0A", "a JPEG XL picture"),
        (b"\0\0\0\x0CJXL ", "a JPEG XL picture"),
        (b"\0\0\0\x0CjP  ", "a JPEG 2000 picture"),
        (b"\xFF\x4F\xFF\x51", "a JPEG 2000 picture"),
        (b"8BPS", "a Photoshop document"),
        (b"%PDF", "a PDF document"),
        (b"%!PS", "a PostScript document"),
        (b"PK\x03\x04", "a ZIP archive or an Office document"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"Rar!", "a RAR archive"),
        (b"7z\xBC\xAF", "a 7z archive"),
        (b"ZISRAWFILE", "a Zeiss CZI file"),
        (b"\xDA\xCE\xBE\x0A", "a Nikon ND2 file"),
        (b"\x70\0\0\0", "a Leica LIF file"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"FUJIFILMCCD-RAW", "a Fujifilm raw file"),
        (b"IIU\0", "a Panasonic raw file"),
        (b"IIRO", "an Olympus raw file"),
        (b"II\xBC\x01", "a JPEG XR picture"),
        (b"\x76\x2F\x31\x01", "an OpenEXR picture"),
        (b"qoif", "a QOI picture"),
        (b"\0\0\x01\0", "an icon (ICO)"),
        (b"\x1A\x45\xDF\xA3", "a video (Matroska)"),
        (b"<svg", "an SVG drawing"),
        (b"<?xml", "an XML document"),
    ];
    if let Some((_, name)) = beginnings.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
        return Some(name);
    }
    match bytes {
        [b'P', b'1'..=b'7', b'\n' | b' ' | b'\r' | b'\t', ..] => Some("a PNM picture"),
        _ if bytes.get(..14).is_some_and(|start| start.eq_ignore_ascii_case(b"<!DOCTYPE html")) => Some("a web page"),
        _ if bytes.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"<html")) => Some("a web page"),
        _ => None,
    }
}
