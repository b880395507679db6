//! Files written by the programs of libtiff and ImageMagick (libpng), if installed, decode to the original pixels.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use blastscope_shared::field::decode::decode;

use super::{
    drawn::{colour, rgb},
    tiff_writer::Tiff,
};

fn is_installed(program: &str, version: &str) -> bool {
    let found = Command::new(program).arg(version).stdin(Stdio::null()).output().is_ok();
    if !found {
        let _ = writeln!(std::io::stderr(), "SKIPPED: {program} is not installed");
    }
    found
}

/// Runs `program` with `arguments` on the drawn picture and compares the file it wrote.
fn check(program: &str, arguments: &[&str], folder: &Path, name: &str) {
    let (drawn, written) = (folder.join("drawn.tif"), folder.join(name));
    std::fs::write(&drawn, Tiff::new(203, 151).write(|x, y, number| colour(x, y)[number].into())).expect("written");
    let mut command = Command::new(program);
    // tiffcp takes its options before the files, ImageMagick after the first.
    let command =
        if program == "tiffcp" { command.args(arguments).arg(&drawn) } else { command.arg(&drawn).args(arguments) };
    let output = command.arg(&written).stdin(Stdio::null()).output().expect("it runs");
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let pixels = decode(&std::fs::read(&written).expect("a file"));
    let pixels = pixels.unwrap_or_else(|error| panic!("{program} {arguments:?}: {error}"));
    assert!(pixels.bytes() == rgb(203, 151, colour), "{program} {arguments:?}: other pixels");
}

#[test]
fn what_libtiff_writes_comes_out_as_it_went_in() {
    if !is_installed("tiffcp", "-h") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let layouts: [&[&str]; 5] = [
        &[],
        &["-r", "7"],
        &["-t", "-w", "64", "-l", "48"],
        &["-p", "separate"],
        &["-p", "separate", "-t", "-w", "32", "-l", "32"],
    ];
    for packing in ["none", "packbits", "lzw", "lzw:2", "zip", "zip:2"] {
        for (layout, order) in layouts.iter().flat_map(|layout| ["-L", "-B", "-8"].map(|order| (layout, order))) {
            check("tiffcp", &[&["-c", packing, order], *layout].concat(), folder.path(), "written.tif");
        }
    }
}

#[test]
fn what_imagemagick_writes_comes_out_as_it_went_in() {
    if !is_installed("convert", "-version") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, name) in [
        (&["-depth", "8"][..], "written.png"),
        (&["-depth", "16"], "written.png"),
        (&["-interlace", "line"], "written.png"),
        (&["-alpha", "on"], "written.png"),
        (&["-depth", "16", "-compress", "lzw", "-endian", "msb"], "written.tif"),
        (&["-depth", "16", "-compress", "zip"], "written.tif"),
        (&["-alpha", "on", "-compress", "zip"], "written.tif"),
        (&[], "written.bmp"),
        (&["-alpha", "on"], "written.bmp"),
        (&[], "bmp3.bmp"),
    ] {
        check("convert", arguments, folder.path(), name);
    }
}
