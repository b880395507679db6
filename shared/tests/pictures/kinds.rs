//! Files that are something else than their name says, and the words for it.

use blastscope_shared::decode::{DecodeError, decode};

#[test]
fn a_file_is_called_what_it_is() {
    let ftyp = |brand: &[u8]| [&[0, 0, 0, 24][..], b"ftyp", brand, &[0; 100]].concat();
    let dicom = [&[0; 128][..], b"DICM", &[0; 100]].concat();
    let cases: [(Vec<u8>, &str); 16] = [
        ([b"RIFF\x10\0\0\0WEBPVP8 ", &[0; 100][..]].concat(), "a WebP picture"),
        (ftyp(b"heic"), "a HEIC picture"),
        (ftyp(b"mif1"), "a HEIC picture"),
        (ftyp(b"avif"), "an AVIF picture"),
        (ftyp(b"isom"), "a film"),
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
