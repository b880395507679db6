//! The picture bounds the memory for decoding, whatever metadata and headers say. In its own program, because it counts every
//! allocation of the process.

#[path = "shared/pictures/png_writer.rs"]
#[allow(dead_code, reason = "written for the matrix too")]
mod png_writer;
#[path = "shared/pictures/tiff_writer.rs"]
#[allow(dead_code, reason = "written for the matrix too")]
mod tiff_writer;

use std::{
    alloc::System,
    sync::{Mutex, MutexGuard, PoisonError},
};

use blastscope_shared::field::decode::decode;
use png_writer::{Kind, Png, bomb, chunk, zlib};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tiff_writer::Tiff;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Held by each test, so that none counts another's allocations.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Total bytes allocated while decoding, and whether there was a picture.
fn taken(file: &[u8]) -> (usize, bool) {
    let region = Region::new(ALLOCATOR);
    let decoded = decode(file).is_ok();
    let change = region.change();
    // A vector's growth counts too.
    (change.bytes_allocated + usize::try_from(change.bytes_reallocated.max(0)).unwrap_or(0), decoded)
}

#[test]
fn metadata_and_headers_that_promise_gigabytes_take_megabytes() {
    let _alone = alone();
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
    // Headers without their pictures.
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

#[test]
fn a_header_that_another_follows_takes_nothing() {
    let _alone = alone();
    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    let header = |side: u32| [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 2, 0, 0, 1]].concat();
    chunk(&mut file, b"IHDR", &header(8_000));
    chunk(&mut file, b"IDAT", &zlib(&[0; 100]));
    chunk(&mut file, b"IHDR", &header(64));
    chunk(&mut file, b"IEND", &[]);
    let (bytes, decoded) = taken(&file);
    assert!(!decoded && bytes < 1 << 20, "{bytes} bytes");
}

/// 200 directories of 20,000 entries, each 16 bytes after the one before.
#[test]
fn directories_that_overlap_take_no_more_than_the_file_holds() {
    let _alone = alone();
    let (directories, entries) = (200, 20_000u16);
    let link = |number: usize| 8 + 16 * number + 2 + 12 * usize::from(entries);
    // Words of 1: tag 1, of bytes.
    let mut file = [1, 0].repeat(link(directories) / 2);
    file[..8].copy_from_slice(b"II\x2A\0\x08\0\0\0");
    for number in 0..directories {
        let start = 8 + 16 * number;
        file[start..start + 2].copy_from_slice(&entries.to_le_bytes());
        let next = if number + 1 < directories { start as u32 + 16 } else { 0 };
        file[link(number)..link(number) + 4].copy_from_slice(&next.to_le_bytes());
    }
    let (bytes, decoded) = taken(&file);
    assert!(!decoded && bytes < 4 << 20, "{bytes} bytes for a file of {}", file.len());
}

#[test]
fn values_that_no_picture_has_so_many_of_are_not_read() {
    let _alone = alone();
    for tag in [258, 339, 320, 273, 279] {
        let mut tiff = Tiff::new(64, 64);
        if tag == 320 {
            (tiff.photometric, tiff.samples) = (3, 1);
        }
        tiff.tags = vec![(tag, 7, vec![u64::from(tag == 339); 1 << 20])];
        let (bytes, decoded) = taken(&tiff.write(|_, _, _| 0));
        assert!(!decoded && bytes < 1 << 20, "tag {tag}: {bytes} bytes");
    }
}

#[test]
fn notes_do_not_grow_with_the_file() {
    let _alone = alone();
    let header = Png { width: 64, height: 64, kind: Kind::Rgb, depth: 8, interlaced: false, chunks: vec![] };
    let (usual, _) = taken(&header.write(|_, _, _| 128));
    for name in [b"acTL", b"gAMA", b"cHRM"] {
        let chunks = (2..40_000u32).map(|number| (*name, [number.to_be_bytes(), [0; 4]].concat())).collect();
        let (bytes, decoded) = taken(&Png { chunks, ..header.clone() }.write(|_, _, _| 128));
        assert!(decoded && bytes < usual + (1 << 19), "{}: {bytes} bytes, {usual} without", name.escape_ascii());
    }
}
