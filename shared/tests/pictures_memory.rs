//! What decoding takes is bounded by the picture, whatever metadata and headers say. Alone in its program, because it counts every
//! allocation of the process.

#[path = "pictures/png_writer.rs"]
#[allow(dead_code, reason = "written for the matrix too")]
mod png_writer;
#[path = "pictures/tiff_writer.rs"]
#[allow(dead_code, reason = "written for the matrix too")]
mod tiff_writer;

use std::alloc::System;

use blastscope_shared::decode::decode;
use png_writer::{Kind, Png, bomb};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tiff_writer::Tiff;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that were allocated on the way, all together, and whether there was a picture.
fn taken(file: &[u8]) -> (usize, bool) {
    let region = Region::new(ALLOCATOR);
    let decoded = decode(file).is_ok();
    let change = region.change();
    // What a vector grew by counts too.
    (change.bytes_allocated + usize::try_from(change.bytes_reallocated.max(0)).unwrap_or(0), decoded)
}

#[test]
fn metadata_and_headers_that_promise_gigabytes_take_megabytes() {
    let plain = Png { width: 64, height: 64, kind: Kind::Rgb, depth: 8, interlaced: false, chunks: vec![] };
    let grey = |_: usize, _: usize, _: usize| 128;
    let (usual, decoded) = taken(&plain.write(grey));
    assert!(decoded);
    // 270 MB of zeros each, in 1.7 MB.
    let packed = bomb(1 << 20);
    for (name, start) in [(b"iCCP", &b"profile\0\0"[..]), (b"zTXt", b"text\0\0"), (b"iTXt", b"text\0\x01\0\0\0")] {
        let chunks = vec![(*name, [start, &packed].concat())];
        let file = Png { chunks, ..plain.clone() }.write(grey);
        let (bytes, decoded) = taken(&file);
        assert!(decoded && bytes < usual + 3 * packed.len() + (4 << 20), "{bytes} bytes for {}", name.escape_ascii());
    }
    // Headers of pictures that are not there.
    let mut png = plain.write(grey);
    png[16..24].fill(0x7F);
    let mut jpeg =
        [&[0xFF, 0xD8, 0xFF, 0xC2, 0, 17, 8, 0xFF, 0xFF, 0xFF, 0xFF, 3][..], &[1, 0x44, 0, 2, 0x11, 0, 3, 0x11, 0]]
            .concat();
    jpeg.extend([0xFF, 0xD9]);
    let mut tiff = Tiff::new(64, 64);
    tiff.tags = vec![(256, 4, vec![1 << 30]), (257, 4, vec![1 << 30])];
    let mut counts = Tiff::new(64, 64);
    counts.tags = vec![(34_675, 7, vec![1; 8])];
    let mut counts = counts.write(grey);
    let entry = counts.windows(4).position(|window| window == [0x73, 0x87, 7, 0]).expect("the profile's entry");
    counts[entry + 4..entry + 8].fill(0xFF);
    let mut bmp = b"BM".to_vec();
    bmp.extend([0; 8]);
    bmp.extend(54u32.to_le_bytes());
    bmp.extend(40u32.to_le_bytes());
    bmp.extend([0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 1, 0, 24, 0]);
    bmp.extend([0; 60]);
    for (name, file) in [("PNG", png), ("JPEG", jpeg), ("TIFF", tiff.write(grey)), ("counts", counts), ("BMP", bmp)] {
        let (bytes, _) = taken(&file);
        assert!(bytes < 1 << 20, "{name}: {bytes} bytes");
    }
}
