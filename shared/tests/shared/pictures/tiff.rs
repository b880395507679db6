//! TIFF: a matrix of layouts; files of several pictures, and unsupported ones.

use blastscope_shared::field::decode::{DecodeError, MAX_FILE_BYTES, Note, decode, decode_with_notes};

use super::{
    drawn::{colour, distance, grey, rgb},
    jpeg::stored,
    png_writer::bomb,
    tiff_writer::{Packing, Tiff},
};

fn plain(x: usize, y: usize, number: usize) -> u16 {
    colour(x, y)[number].into()
}

#[test]
fn every_layout_comes_out_right() {
    let (width, height) = (75, 66);
    let mut decoded = 0;
    for big_endian in [false, true] {
        for wide in [false, true] {
            for packing in [Packing::None, Packing::Lzw, Packing::Deflate, Packing::PackBits] {
                for (tile, rows) in [(None, 66), (None, 17), (None, 1000), (Some((32, 16)), 0), (Some((80, 80)), 0)] {
                    for (planar, differences, bits) in
                        (0..8).map(|at| (at & 1 == 1, at & 2 == 2, if at & 4 == 4 { 16 } else { 8 }))
                    {
                        let tiff = Tiff {
                            bits,
                            packing,
                            tile,
                            rows,
                            planar,
                            differences,
                            big_endian,
                            wide,
                            ..Tiff::new(width, height)
                        };
                        let scale = if bits == 16 { 257 } else { 1 };
                        let file = tiff.write(|x, y, number| plain(x, y, number) * scale);
                        let pixels = decode(&file).unwrap_or_else(|error| panic!("{tiff:?}: {error}"));
                        assert_eq!(distance(pixels.bytes(), &rgb(width, height, colour)), 0, "{tiff:?}");
                        decoded += 1;
                    }
                }
            }
        }
    }
    println!("{decoded} layouts equal");
}

#[test]
fn grey_of_every_depth_palettes_and_transparency_come_out_right() {
    let (width, height) = (75, 66);
    for (bits, photometric) in [1, 2, 4, 8, 16].into_iter().flat_map(|bits| [(bits, 0), (bits, 1)]) {
        let largest = (1u32 << bits) - 1;
        let level = |x: usize, y: usize| u32::from(grey(x, y)) * largest / 255;
        let tiff = Tiff { bits, photometric, samples: 1, ..Tiff::new(width, height) };
        let file = tiff.write(|x, y, _| if photometric == 0 { largest - level(x, y) } else { level(x, y) } as u16);
        let expected =
            rgb(width, height, |x, y| [(f64::from(level(x, y)) * 255.0 / f64::from(largest)).round() as u8; 3]);
        let pixels = decode(&file).unwrap_or_else(|error| panic!("{tiff:?}: {error}"));
        assert_eq!(distance(pixels.bytes(), &expected), 0, "{bits} bits, photometric {photometric}");
    }
    for bits in [1, 2, 4, 8] {
        let colours = 1usize << bits;
        let map = |channel: usize| (0..colours).map(move |index| u64::from(colour(index, 0)[channel]) * 257);
        let tags = vec![(320, 3, (0..3).flat_map(map).collect())];
        let tiff = Tiff { bits, photometric: 3, samples: 1, tags, ..Tiff::new(width, height) };
        let pixels = decode(&tiff.write(|x, y, _| ((x * 5 + y) % colours) as u16)).expect("a picture");
        let expected = rgb(width, height, |x, y| colour((x * 5 + y) % colours, 0));
        assert_eq!(distance(pixels.bytes(), &expected), 0, "a palette of {colours} colours");
    }
    let alpha = |x: usize| (x * 3) as u16;
    for (kind, planar) in [(1, false), (2, false), (2, true)] {
        let tiff = Tiff { samples: 4, planar, tags: vec![(338, 3, vec![kind])], ..Tiff::new(width, height) };
        let file = tiff.write(|x, y, number| match (number, kind) {
            (3, _) => alpha(x),
            (number, 2) => plain(x, y, number),
            (number, _) => plain(x, y, number) * alpha(x) / 255,
        });
        let pixels = decode(&file).expect("a picture");
        let expected = rgb(width, height, |x, y| {
            colour(x, y).map(|value| ((u16::from(value) * alpha(x) / 255) + 255 - alpha(x)) as u8)
        });
        assert!(distance(pixels.bytes(), &expected) <= 1, "alpha of kind {kind}, planar {planar}");
    }
}

#[test]
fn files_of_several_pictures_are_refused_and_reduced_copies_are_passed_over() {
    let (full, other) = (Tiff::new(96, 72), Tiff::new(90, 72));
    let reduced = |kind: u64| Tiff { tags: vec![(254, 4, vec![kind])], ..Tiff::new(64, 64) };
    let dark = |_: usize, _: usize, _: usize| 9;
    let expected = rgb(96, 72, colour);
    for kind in [1, 4, 5] {
        for file in [
            Tiff::write_all(&[(&reduced(kind), &dark), (&full, &plain)]),
            Tiff::write_all(&[(&full, &plain), (&reduced(kind), &dark)]),
        ] {
            assert_eq!(decode(&file).expect("one picture").bytes(), expected, "kind {kind}");
        }
    }
    let error = |file: &[u8]| decode(file).expect_err("which one?").to_string();
    let two = error(&Tiff::write_all(&[(&full, &plain), (&other, &dark)]));
    assert!(two.starts_with("is unsupported: a TIFF of 2 pictures"), "{two}");
    let thumbnail = error(&Tiff::write_all(&[(&Tiff::new(96, 72), &dark), (&Tiff::new(300, 200), &plain)]));
    assert!(thumbnail.contains("2 pictures"), "{thumbnail}");
    let three = error(&Tiff::write_all(&[(&full, &plain), (&reduced(1), &dark), (&other, &dark), (&other, &dark)]));
    assert!(three.contains("3 pictures") && three.contains("besides 1 reduced"), "{three}");
    let none = error(&Tiff::write_all(&[(&reduced(1), &dark)]));
    assert!(none.contains("reduced copies only"), "{none}");
}

#[test]
fn channels_and_stacks_of_microscopes_are_named() {
    let described = |text: &str, samples: usize| {
        let text = text.bytes().map(u64::from).chain([0]).collect();
        let photometric = if samples == 1 { 1 } else { 2 };
        Tiff { samples, photometric, tags: vec![(270, 2, text)], ..Tiff::new(80, 64) }.write(plain)
    };
    let ome = |sizes: &str| format!("<?xml version=\"1.0\"?><OME><Image><Pixels {sizes}/></Image></OME>");
    for (file, word) in [
        (described("ImageJ=1.53t\nimages=12\nslices=12\n", 1), "stack of 12"),
        (described(&ome("SizeC=\"3\" SizeZ=\"1\" SizeT=\"1\""), 1), "3 channels"),
        (described(&ome("SizeC=\"1\" SizeZ=\"7\" SizeT=\"1\""), 3), "7 focal planes"),
        (described(&ome("SizeC=\"1\" SizeZ=\"1\" SizeT=\"4\""), 3), "4 points in time"),
    ] {
        let error = decode(&file).expect_err("one of several").to_string();
        assert!(error.starts_with("is unsupported") && error.contains(word), "{error}");
    }
    let one = described(&ome("SizeC=\"3\" SizeZ=\"1\" SizeT=\"1\""), 3);
    assert!(decode(&one).is_ok(), "three channels that are the colours of one picture");
    assert!(decode(&described("ImageJ=1.53t\nimages=1\n", 3)).is_ok());
    assert!(decode(&described("a field", 3)).is_ok());
}

#[test]
fn what_is_not_decoded_is_named() {
    let tagged = |tags: Vec<(u16, u16, Vec<u64>)>, samples: usize| Tiff { tags, samples, ..Tiff::new(80, 64) };
    let dark = |_: usize, _: usize, _: usize| 9;
    let cases = [
        (tagged(vec![(258, 3, vec![32; 3])], 3), "32 bits per sample"),
        (tagged(vec![(258, 3, vec![32; 3]), (339, 3, vec![3; 3])], 3), "floating-point samples of 32 bits"),
        (tagged(vec![(258, 3, vec![16; 3]), (339, 3, vec![2; 3])], 3), "signed samples"),
        (tagged(vec![(258, 3, vec![8, 8, 16])], 3), "different numbers of bits"),
        (tagged(vec![(258, 3, vec![12; 3])], 3), "12 bits per sample"),
        (tagged(vec![], 4), "4 channels"),
        (tagged(vec![(338, 3, vec![0])], 4), "4 channels"),
        (tagged(vec![], 7), "7 channels"),
        (tagged(vec![(262, 3, vec![1])], 3), "3 channels"),
        (tagged(vec![(262, 3, vec![1])], 2), "2 channels"),
        (tagged(vec![(262, 3, vec![5])], 4), "CMYK"),
        (tagged(vec![(262, 3, vec![6])], 3), "YCbCr"),
        (tagged(vec![(262, 3, vec![8])], 3), "L*a*b*"),
        (tagged(vec![(262, 3, vec![32_803])], 1), "raw samples"),
        (tagged(vec![(259, 3, vec![4])], 3), "CCITT"),
        (tagged(vec![(259, 3, vec![6])], 3), "JPEG compression"),
        (tagged(vec![(259, 3, vec![7])], 3), "JPEG compression"),
        (tagged(vec![(259, 3, vec![34_712])], 3), "JPEG 2000"),
        (tagged(vec![(259, 3, vec![50_000])], 3), "Zstandard"),
        (tagged(vec![(259, 3, vec![999])], 3), "compression 999"),
        (tagged(vec![(317, 3, vec![3])], 3), "predictor 3"),
        (tagged(vec![(266, 3, vec![2])], 3), "fill order 2"),
    ];
    for (tiff, word) in cases {
        let error = decode(&tiff.write(dark)).expect_err(word).to_string();
        assert!(error.starts_with("is unsupported: a TIFF") && error.contains(word), "{word}: {error}");
        assert!(error.contains("save it as PNG"), "{error}");
    }
}

#[test]
fn orientation_is_applied_and_ranges_and_profiles_are_noted() {
    let (width, height) = (75, 66);
    for orientation in 1..=8u8 {
        let mut by_stored = std::collections::BTreeMap::new();
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            by_stored.insert(stored(orientation, (width, height), (x, y)), colour(x, y));
        }
        let mut tiff = if orientation > 4 { Tiff::new(height, width) } else { Tiff::new(width, height) };
        tiff.tags.push((274, 3, vec![orientation.into()]));
        let pixels = decode(&tiff.write(|x, y, number| by_stored[&(x, y)][number].into())).expect("a picture");
        assert_eq!(distance(pixels.bytes(), &rgb(width, height, colour)), 0, "orientation {orientation}");
    }
    let notes = |bits: usize, tags: Vec<(u16, u16, Vec<u64>)>| {
        decode_with_notes(&Tiff { tags, bits, ..Tiff::new(80, 64) }.write(plain)).expect("a picture").notes
    };
    assert_eq!(notes(8, vec![(281, 3, vec![255; 3])]), []);
    assert_eq!(notes(16, vec![(281, 3, vec![4095; 3])]), [Note::SampleRange { largest: 4095, taken: 65_535 }]);
    assert!(matches!(notes(8, vec![(34_675, 7, vec![7; 200])])[..], [Note::ColourProfile(_)]));
}

#[test]
fn a_file_cut_anywhere_is_damaged() {
    for packing in [Packing::None, Packing::Lzw, Packing::Deflate, Packing::PackBits] {
        for tile in [None, Some((32, 16))] {
            let tiff = Tiff { packing, tile, ..Tiff::new(75, 66) };
            let whole = tiff.write(plain);
            for cut in (8..whole.len() - 1).step_by(97) {
                let found = decode(&whole[..cut]);
                assert!(matches!(found, Err(DecodeError::Damaged(_))), "{packing:?} {tile:?} at {cut}: {found:?}");
            }
            // Strips that are too short, in a complete file.
            let tag = if tile.is_some() { 325 } else { 279 };
            let count = if tile.is_some() { 15 } else { 4 };
            let short = Tiff { tags: vec![(tag, 4, vec![40; count])], ..tiff };
            let found = decode(&short.write(plain));
            assert!(matches!(found, Err(DecodeError::Damaged(_))), "{packing:?} {tile:?}: {found:?}");
        }
    }
}

#[test]
fn lengths_of_plain_strips_may_be_missing_and_a_wrong_checksum_is_damage() {
    let expected = rgb(75, 66, colour);
    for lengths in [vec![], vec![0; 4]] {
        let tiff = Tiff { tags: vec![(279, 4, lengths)], ..Tiff::new(75, 66) };
        assert_eq!(decode(&tiff.write(plain)).expect("a picture").bytes(), expected);
    }
    let whole = Tiff { packing: Packing::Deflate, rows: 66, ..Tiff::new(75, 66) }.write(plain);
    // A byte of a pixel, in uncompressed data.
    let mut flipped = whole.clone();
    flipped[500] ^= 1;
    assert!(decode(&whole).is_ok());
    assert!(matches!(decode(&flipped), Err(DecodeError::Damaged(_))));
}

#[test]
fn counts_and_sizes_that_are_not_meant_are_refused_and_never_allocated() {
    let dark = |_: usize, _: usize, _: usize| 9;
    let cases: [(u16, u16, Vec<u64>); 8] = [
        (256, 4, vec![4_000_000_000]),
        (257, 4, vec![0]),
        (277, 3, vec![60_000]),
        (278, 4, vec![0]),
        (258, 3, vec![]),
        (273, 4, vec![4_294_967_295; 4]),
        (279, 4, vec![4_294_967_295; 4]),
        (273, 4, vec![0; 3]),
    ];
    for (tag, kind, values) in cases {
        let tiff = Tiff { tags: vec![(tag, kind, values)], ..Tiff::new(75, 66) };
        assert!(decode(&tiff.write(dark)).is_err(), "tag {tag}");
    }
    for (across, down) in [(4_294_967_295, 16), (16, 4_294_967_295), (65_536, 65_536), (0, 16)] {
        let tags = vec![(322, 4, vec![across]), (323, 4, vec![down])];
        let tiff = Tiff { tags, tile: Some((32, 16)), ..Tiff::new(75, 66) };
        assert!(matches!(decode(&tiff.write(dark)), Err(DecodeError::Damaged(_))), "tiles of {across}x{down}");
    }
    for (across, down) in [(1, 1), (8, 16), (16, 8), (15, 15)] {
        let tiff = Tiff { tile: Some((across, down)), ..Tiff::new(75, 66) };
        let found = decode(&tiff.write(dark));
        assert!(matches!(found, Err(DecodeError::Damaged(_))), "tiles of {across}x{down}: {found:?}");
    }
    for (tag, kind, count) in [(339, 3, 65), (320, 3, 767), (320, 3, 769), (279, 4, 5), (279, 4, 3)] {
        let (photometric, samples) = if tag == 320 { (3, 1) } else { (2, 3) };
        let value = if tag == 339 { 1 } else { 0 };
        let tags = vec![(tag, kind, vec![value; count])];
        let tiff = Tiff { tags, photometric, samples, ..Tiff::new(75, 66) };
        let found = decode(&tiff.write(dark));
        assert!(matches!(found, Err(DecodeError::Damaged(_))), "{count} values of tag {tag}: {found:?}");
    }
    // A chain of directories that forms a loop.
    let mut file = Tiff::new(75, 66).write(dark);
    let start = u32::from_le_bytes([file[4], file[5], file[6], file[7]]);
    let entries = usize::from(u16::from_le_bytes([file[start as usize], file[start as usize + 1]]));
    let link = start as usize + 2 + 12 * entries;
    file[link..link + 4].copy_from_slice(&start.to_le_bytes());
    assert!(matches!(decode(&file), Err(DecodeError::Damaged(_))));
}

/// Otherwise a file of a megabyte keeps the decoder busy for hours.
#[test]
fn strips_that_share_bytes_are_damage() {
    let length = 75 * 66 * 3;
    let tags = vec![(273, 4, vec![8; 4]), (279, 4, vec![length; 4])];
    let found = decode(&Tiff { tags, ..Tiff::new(75, 66) }.write(plain));
    assert!(matches!(found, Err(DecodeError::Damaged(_))), "{found:?}");
}

/// 64 x 1024 pixels in tiles of 100,000 x 16, each packed separately to ten kilobytes.
#[test]
fn tiles_that_hold_much_more_than_the_picture_are_damage() {
    let tile = bomb(6_300);
    let count = 1024 / 16;
    let write = |first: usize| {
        let offsets = (0..count).map(|number| (first + number * tile.len()) as u64).collect();
        let tags = vec![(322, 4, vec![100_000]), (324, 4, offsets), (325, 4, vec![tile.len() as u64; count])];
        let packing = Packing::Deflate;
        Tiff { photometric: 1, samples: 1, tile: Some((64, 16)), packing, tags, ..Tiff::new(64, 1024) }
            .write(|_, _, _| 0)
    };
    let mut file = write(write(0).len());
    file.extend(tile.repeat(count));
    let found = decode(&file);
    assert!(matches!(found, Err(DecodeError::Damaged(_))), "{:?}", found.map(|pixels| pixels.width()));
}

#[test]
fn twenty_four_megapixels_are_decoded_in_the_largest_layout() {
    let tiff = Tiff { samples: 4, bits: 16, rows: 4000, tags: vec![(338, 3, vec![2])], ..Tiff::new(6000, 4000) };
    let file = tiff.write(|x, y, number| if number == 3 { u16::MAX } else { (x * 7 + y) as u16 });
    assert!((file.len() as u64) < MAX_FILE_BYTES, "{} bytes", file.len());
    let pixels = decode(&file).expect("24 megapixels");
    assert_eq!((pixels.width(), pixels.height()), (6000, 4000));
    assert_eq!(pixels.get(5999, 3999), Some([((5999 * 7 + 3999 + 128) / 257) as u8; 3]));
}
