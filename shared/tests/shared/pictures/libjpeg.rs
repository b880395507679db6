//! The same files through libjpeg's own programs, if installed.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use blastscope_shared::field::decode::{DecodeError, decode};

use super::{
    drawn::{distance, rgb},
    jpeg::matrix,
};

/// Usual difference from libjpeg, in levels: the two round a coefficient, a finer plane and a colour differently.
const NEAR: u8 = 2;
/// Difference if all roundings coincide; in at most one byte of a thousand.
const FAR: u8 = 4;

/// The pixels of a file from `djpeg`: red, green, blue.
fn djpeg(file: &Path) -> Option<Vec<u8>> {
    let output = Command::new("djpeg").arg("-ppm").arg(file).stdin(Stdio::null()).output().ok()?;
    let picture = output.stdout;
    // P6 (or P5), width, height, 255: three lines.
    let header = picture.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2)?.0 + 1;
    let pixels = &picture[header..];
    Some(if picture.starts_with(b"P5") { pixels.iter().flat_map(|&grey| [grey; 3]).collect() } else { pixels.to_vec() })
}

fn skipped(program: &str) -> bool {
    let found = Command::new(program).arg("-version").stdin(Stdio::null()).output().is_ok();
    if !found {
        let _ = writeln!(std::io::stderr(), "SKIPPED: {program} is not installed");
    }
    !found
}

/// A field with edges like those of nuclei, dark on light.
fn sharp(x: usize, y: usize) -> [u8; 3] {
    let [red, green, blue] = super::drawn::colour(x, y);
    let inside = (x % 41).abs_diff(20).pow(2) + (y % 37).abs_diff(18).pow(2) < 150;
    if inside { [red / 2 + 30, green / 4, blue / 2 + 70] } else { [red / 4 + 180, green / 4 + 170, blue / 4 + 180] }
}

/// Whether `pixels` equal libjpeg's within rounding; the error names the difference.
fn compare(pixels: &[u8], expected: &[u8]) -> Result<(), String> {
    let off = distance(pixels, expected);
    let far = pixels.iter().zip(expected).filter(|(a, b)| a.abs_diff(**b) > NEAR).count();
    let right = off <= FAR && far * 1000 <= expected.len();
    if right { Ok(()) } else { Err(format!("off by {off}, by more than {NEAR} in {far} of {} bytes", expected.len())) }
}

#[test]
fn libjpeg_sees_the_same_pixels_in_every_layout() {
    if skipped("djpeg") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("layout.jpg");
    let (mut equal, mut refused, mut wrong) = (0, 0, vec![]);
    for (name, layout) in matrix() {
        let bytes = layout.write(sharp);
        let Ok(pixels) = decode(&bytes) else {
            refused += 1;
            continue;
        };
        std::fs::write(&file, &bytes).expect("written");
        match compare(pixels.bytes(), &djpeg(&file).expect("djpeg decodes it")) {
            Ok(()) => equal += 1,
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    println!("{equal} layouts equal but for rounding, {refused} refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// libjpeg's encoder writes runs and refinements that are not in the matrix.
#[test]
fn what_libjpeg_writes_is_decoded_and_half_of_it_is_not() {
    if skipped("cjpeg") || skipped("djpeg") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (drawn, file) = (folder.path().join("drawn.ppm"), folder.path().join("written.jpg"));
    let (width, height) = (323, 211);
    let picture = [format!("P6\n{width} {height}\n255\n").as_bytes(), &rgb(width, height, sharp)].concat();
    std::fs::write(&drawn, picture).expect("written");
    let codings: [&[&str]; 5] =
        [&[], &["-optimize"], &["-progressive"], &["-restart", "1"], &["-progressive", "-restart", "7B"]];
    let planes: [&[&str]; 6] = [
        &["-sample", "1x1"],
        &["-sample", "2x1"],
        &["-sample", "1x2"],
        &["-sample", "2x2"],
        &["-grayscale"],
        &["-rgb", "-sample", "1x1"],
    ];
    let mut wrong = vec![];
    for (coding, planes) in codings.iter().flat_map(|coding| planes.iter().map(move |planes| (coding, planes))) {
        for quality in ["30", "75", "92", "100"] {
            let arguments = [*coding, *planes, &["-quality", quality]].concat();
            let written = Command::new("cjpeg").args(&arguments).arg("-outfile").args([&file, &drawn]).status();
            assert!(written.expect("cjpeg runs").success(), "{arguments:?}");
            let bytes = std::fs::read(&file).expect("a file");
            let pixels = decode(&bytes).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
            if let Err(error) = compare(pixels.bytes(), &djpeg(&file).expect("djpeg decodes it")) {
                wrong.push(format!("{arguments:?}: {error}"));
            }
            for part in 1..10 {
                let cut = [&bytes[..bytes.len() * part / 10], &[0xFF, 0xD9]].concat();
                let found = decode(&cut);
                assert!(matches!(found, Err(DecodeError::Damaged(_))), "{arguments:?}, {part} tenths: {found:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
