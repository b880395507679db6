//! Files that are not what their name says, and the messages for them.

use std::sync::LazyLock;

use blastscope_shared::field::decode::{DecodeError, decode};
use proptest::prelude::*;

use super::{
    drawn::colour,
    jpeg::codings,
    png_writer::{Kind, Png},
    tiff_writer::{Packing, Tiff},
};

#[test]
fn a_file_is_called_what_it_is() {
    let ftyp = |brand: &[u8]| [&[0, 0, 0, 24][..], b"ftyp", brand, &[0; 100]].concat();
    let dicom = [&[0; 128][..], b"DICM", &[0; 100]].concat();
    let cases: [(Vec<u8>, &str); 16] = [
        ([b"RIFF\x10\0\0\0WEBPVP8 ", &[0; 100][..]].concat(), "a WebP picture"),
        (ftyp(b"heic"), "a HEIC picture"),
        (ftyp(b"mif1"), "a HEIC picture"),
        (ftyp(b"avif"), "an AVIF picture"),
        (ftyp(b"isom"), "a video"),
        (b"GIF89a.......".to_vec(), "a GIF picture"),
        (b"\0\0\0\x0CJXL \r\n\x87\n".to_vec(), "a JPEG XL picture"),
        (b"\xFF\x0A\0\0".to_vec(), "a JPEG XL picture"),
        (b"\0\0\0\x0CjP  \r\n\x87\n".to_vec(), "a JPEG 2000 picture"),
        (b"8BPS\0\x01".to_vec(), "a Photoshop document"),
        (b"%PDF-1.7".to_vec(), "a PDF document"),
        (b"PK\x03\x04....".to_vec(), "a ZIP archive"),
        (b"ZISRAWFILE......".to_vec(), "a Zeiss CZI file"),
        (dicom, "a DICOM file"),
        (b"P6\n64 64\n255\n".to_vec(), "a PNM picture"),
        (b"<!doctype HTML><html>".to_vec(), "a web page"),
    ];
    for (file, name) in cases {
        let error = decode(&file).expect_err(name);
        assert!(matches!(error, DecodeError::Unsupported { .. }), "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
}

#[test]
fn nothing_known_is_no_picture_and_zeros_are_damage() {
    for file in [&b""[..], b"\xFF\xD8", b"hello, world", b"\x89PN"] {
        assert_eq!(decode(file), Err(DecodeError::UnknownFormat), "{file:?}");
    }
    assert!(matches!(decode(&[0; 5000]), Err(DecodeError::Damaged(_))), "a file that a full disk left behind");
}

/// Whole files of each format, small.
fn whole_files() -> Vec<Vec<u8>> {
    let tiff = Tiff { rows: 30, packing: Packing::Lzw, ..Tiff::new(75, 66) };
    let mut files: Vec<_> = codings().into_iter().map(|(_, layout)| layout.write(colour)).collect();
    files.push(tiff.write(|x, y, number| colour(x, y)[number].into()));
    files.push(
        Tiff { tile: Some((16, 32)), packing: Packing::Deflate, wide: true, ..tiff }
            .write(|x, y, _| (x * y % 256) as u16),
    );
    let png = Png { width: 75, height: 66, kind: Kind::Rgba, depth: 8, interlaced: true, chunks: vec![] };
    files.push(png.write(|x, y, number| (x * 3 + y * number) as u16 % 256));
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No damage by a disk, a network or a person makes the decoder panic or use much memory.
    #[test]
    fn files_with_bytes_changed_cut_or_doubled_are_decoded_or_refused(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
        doubled in prop::option::of(any::<prop::sample::Index>()),
    ) {
        static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(whole_files);
        let mut bytes = FILES[file.index(FILES.len())].clone();
        for (place, value) in changes {
            // Half of the changes in the headers, where they matter most.
            let reach = if value % 2 == 0 { bytes.len() } else { bytes.len().min(700) };
            let place = place.index(reach);
            bytes[place] = value;
        }
        if let Some(place) = doubled {
            let again = bytes[place.index(bytes.len())..].to_vec();
            bytes.extend(again);
        }
        if let Some(place) = cut {
            bytes.truncate(place.index(bytes.len()));
        }
        if let Ok(pixels) = decode(&bytes) {
            prop_assert_eq!(pixels.bytes().len(), pixels.width() * pixels.height() * 3);
        }
    }
}
