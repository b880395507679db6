//! JPEG: a matrix of layouts, and files with missing or extra bytes.

use std::{collections::BTreeMap, fmt::Write as _};

use blastscope_shared::field::decode::{
    DecodeError, MAX_PIXELS, Note, decode, decode_jpeg, decode_with_notes, has_end_of_image,
};

use super::{
    drawn::{colour, distance, grey, rgb},
    jpeg_writer::{Layout, Planes, Scan, Tables, bands, progression, sequential},
};

/// Largest difference to what was drawn, in levels: rounding of colours and coefficients, and the slope between two samples of a
/// plane that is half as fine.
const NEAR: u8 = 3;

/// Whether these are layouts of ordinary files, which libjpeg and everyone else supports.
fn is_ordinary(layout: &Layout) -> bool {
    let factors = match layout.planes {
        Planes::Grey => true,
        Planes::YCbCr => {
            [(1, 1), (2, 1), (1, 2), (2, 2)].contains(&layout.factors[0]) && layout.factors[1..] == [(1, 1); 2]
        }
        Planes::Rgb => layout.factors == [(1, 1); 3],
        Planes::Cmyk => false,
    };
    factors && (layout.progressive || layout.scans.len() == 1)
}

/// Every layout of the matrix.
pub fn matrix() -> Vec<(String, Layout)> {
    let mut all = vec![];
    let three = [
        [(1, 1), (1, 1), (1, 1)],
        [(2, 1), (1, 1), (1, 1)],
        [(1, 2), (1, 1), (1, 1)],
        [(2, 2), (1, 1), (1, 1)],
        [(4, 1), (1, 1), (1, 1)],
        [(1, 4), (1, 1), (1, 1)],
        [(4, 2), (1, 1), (1, 1)],
        [(3, 1), (1, 1), (1, 1)],
        [(2, 2), (2, 1), (2, 1)],
        [(2, 2), (1, 2), (1, 2)],
        [(2, 2), (2, 2), (2, 2)],
        [(2, 1), (2, 1), (2, 1)],
        [(1, 1), (2, 2), (2, 2)],
        [(2, 2), (2, 1), (1, 1)],
    ];
    let planes = three.iter().map(|factors| (Planes::YCbCr, factors.to_vec()));
    let planes = planes.chain([
        (Planes::Grey, vec![(1, 1)]),
        (Planes::Grey, vec![(2, 2)]),
        (Planes::Grey, vec![(4, 1)]),
        (Planes::Rgb, vec![(1, 1); 3]),
        (Planes::Rgb, vec![(2, 2), (1, 1), (1, 1)]),
        (Planes::Cmyk, vec![(1, 1); 4]),
    ]);
    for (planes, factors) in planes {
        let count = factors.len();
        let one_by_one: Vec<_> =
            (0..count).map(|one| Scan { components: vec![one], ..sequential(1)[0].clone() }).collect();
        let mut partly = one_by_one.clone();
        if count == 3 {
            partly = vec![one_by_one[0].clone(), Scan { components: vec![1, 2], ..sequential(1)[0].clone() }];
        }
        let codings = [
            ("one scan", false, sequential(count)),
            ("a scan a plane", false, one_by_one),
            ("luma, then chroma", false, partly),
            ("progressive", true, progression(count)),
            ("two bands", true, bands(count)),
        ];
        for (coding, progressive, scans) in codings {
            let tables: &[Tables] =
                if progressive { &[Tables::Flat] } else { &[Tables::Standard, Tables::LeftOut, Tables::Flat] };
            for &tables in tables {
                for (width, height) in [(64, 64), (97, 83), (144, 65)] {
                    for restart in [0, 1, 5] {
                        let layout = Layout {
                            planes,
                            ids: if planes == Planes::Rgb { *b"RGB\0" } else { [1, 2, 3, 4] },
                            factors: factors.clone(),
                            progressive,
                            scans: scans.clone(),
                            restart,
                            tables,
                            ..Layout::new(width, height, (1, 1))
                        };
                        all.push((
                            format!(
                                "{planes:?} {factors:?}, {coding}, {tables:?}, {width}x{height}, restart {restart}"
                            ),
                            layout,
                        ));
                    }
                }
            }
        }
    }
    all
}

fn drawn(layout: &Layout) -> Vec<u8> {
    rgb(layout.width, layout.height, |x, y| if layout.planes == Planes::Grey { [grey(x, y); 3] } else { colour(x, y) })
}

#[test]
fn every_layout_comes_out_right_or_is_called_unsupported() {
    let (mut decoded, mut refused, mut wrong) = (0, BTreeMap::<String, u32>::new(), String::new());
    for (name, layout) in matrix() {
        match decode(&layout.write(colour)) {
            Ok(pixels) => {
                assert_eq!((pixels.width(), pixels.height()), (layout.width, layout.height), "{name}");
                let off = distance(pixels.bytes(), &drawn(&layout));
                if off > NEAR {
                    let _ = writeln!(wrong, "{name}: off by {off}");
                }
                decoded += 1;
            }
            Err(DecodeError::Unsupported { feature, .. }) if !is_ordinary(&layout) => {
                *refused.entry(feature).or_default() += 1;
            }
            Err(error) => {
                let _ = writeln!(wrong, "{name}: {error}");
            }
        }
    }
    println!("{decoded} layouts decoded; unsupported: {refused:#?}");
    assert_eq!(wrong, "");
    assert!(decoded > 200, "{decoded}");
}

/// Small files of each coding.
pub fn codings() -> Vec<(&'static str, Layout)> {
    let plain = Layout::new(64, 72, (2, 2));
    let flat = Layout { tables: Tables::Flat, progressive: true, ..plain.clone() };
    vec![
        ("baseline", plain.clone()),
        ("baseline with restarts", Layout { restart: 3, ..plain.clone() }),
        ("grey", Layout { planes: Planes::Grey, factors: vec![(1, 1)], scans: sequential(1), ..plain.clone() }),
        ("without tables", Layout { tables: Tables::LeftOut, ..plain }),
        ("progressive", Layout { scans: progression(3), ..flat.clone() }),
        ("progressive with restarts", Layout { scans: progression(3), restart: 2, ..flat.clone() }),
        ("two bands", Layout { scans: bands(3), ..flat }),
    ]
}

/// Completeness must not be judged by the last two bytes.
#[test]
fn a_file_cut_anywhere_is_damaged_with_and_without_an_end_put_on() {
    for (name, layout) in codings() {
        let whole = layout.write(colour);
        assert!(decode(&whole).is_ok(), "{name}");
        for cut in 3..whole.len() - 2 {
            for end in [&[][..], &[0xFF, 0xD9], &[0xFF, 0xD9, b'\n']] {
                let broken = [&whole[..cut], end].concat();
                let found = decode(&broken);
                assert!(matches!(found, Err(DecodeError::Damaged(_))), "{name}, {cut} of {}: {found:?}", whole.len());
            }
        }
    }
}

#[test]
fn a_file_with_a_hole_in_its_data_is_damaged() {
    for (name, layout) in codings() {
        let whole = layout.write(colour);
        let data = whole.windows(2).position(|pair| pair == [0xFF, 0xDA]).expect("a scan") + 20;
        for hole in (data..whole.len() - 300).step_by(37) {
            let broken = [&whole[..hole], &whole[hole + 200..]].concat();
            let found = decode(&broken);
            assert!(matches!(found, Err(DecodeError::Damaged(_))), "{name}, 200 bytes from {hole}: {found:?}");
        }
    }
}

#[test]
fn a_progression_without_one_of_its_scans_is_damaged() {
    let whole =
        Layout { tables: Tables::Flat, progressive: true, scans: progression(3), ..Layout::new(64, 72, (2, 2)) };
    for missing in 0..whole.scans.len() {
        let mut layout = whole.clone();
        layout.scans.remove(missing);
        let found = decode(&layout.write(colour));
        assert!(matches!(found, Err(DecodeError::Damaged(_))), "without scan {missing}: {found:?}");
    }
}

#[test]
fn what_follows_the_end_is_ignored() {
    let other = Layout::new(80, 64, (1, 1)).write(|_, _| [9, 9, 9]);
    let film = [&[0, 0, 0, 24][..], b"ftypmp42", &[0xFF, 0xD8, 0xFF, 0xE1, 7]].concat();
    let padding = [0; 5000];
    for (name, layout) in codings() {
        let whole = layout.write(colour);
        let expected = decode(&whole).expect("a picture");
        for after in [
            &b"\n"[..],
            b"\r\n",
            &b"Samsung trailer \xFF\xD8\xFF"[..],
            &film,
            &other,
            &other[..300],
            &padding,
            &[0xFF; 700],
        ] {
            let file = [&whole[..], after].concat();
            assert_eq!(decode(&file).as_ref(), Ok(&expected), "{name}, then {} bytes", after.len());
            assert!(has_end_of_image(&file), "{name}");
        }
    }
}

#[test]
fn bytes_between_segments_and_before_markers_change_nothing() {
    for (name, layout) in codings() {
        let whole = layout.write(colour);
        let expected = decode(&whole).expect("a picture");
        let filled = Layout { fill: 3, ..layout.clone() }.write(colour);
        assert_eq!(decode(&filled).as_ref(), Ok(&expected), "{name}, with fill bytes");
        assert!(has_end_of_image(&filled), "{name}, with fill bytes");
        let stray = [&[0xFF, 0xD8, 0xFF, 0xFE, 0, 4, 1, 2][..], &[7, 0, 9, 0], &whole[2..]].concat();
        assert_eq!(decode(&stray).as_ref(), Ok(&expected), "{name}, with stray bytes");
        assert!(has_end_of_image(&stray), "{name}, with stray bytes");
        let restart = [&[0xFF, 0xD8, 0xFF, 0xD3][..], &whole[2..]].concat();
        assert_eq!(decode(&restart).as_ref(), Ok(&expected), "{name}, with a restart marker left behind");
        assert!(has_end_of_image(&restart), "{name}, with a restart marker left behind");
        if !layout.progressive {
            // Cameras that leave the band empty: these bytes do not matter in a sequential scan.
            let mut unsaid = whole.clone();
            let scan = unsaid.windows(2).position(|pair| pair == [0xFF, 0xDA]).expect("a scan");
            let last = scan + 1 + usize::from(unsaid[scan + 3]);
            unsaid[last - 2..=last].fill(0);
            assert_eq!(decode(&unsaid).as_ref(), Ok(&expected), "{name}, without a band");
        }
        // Bytes that some cameras leave between the data and the end.
        let end = whole.len() - 2;
        for padding in [&[0; 900][..], &[1, 2, 3], &[0xFF, 0xFF]] {
            let padded = [&whole[..end], padding, &whole[end..]].concat();
            assert_eq!(decode(&padded).as_ref(), Ok(&expected), "{name}, {} bytes before the end", padding.len());
        }
    }
}

/// Metadata may hold a picture with its own end marker.
#[test]
fn a_frame_whose_data_has_no_end_is_not_whole() {
    for (name, mut layout) in codings() {
        for fill in [0, 3] {
            layout.fill = fill;
            layout.segments = vec![(0xE1, b"thumbnail \xFF\xD8 \xFF\xD9".to_vec())];
            let whole = layout.write(colour);
            assert!(has_end_of_image(&whole), "{name}, {fill} fill bytes");
            let data = whole.windows(2).position(|pair| pair == [0xFF, 0xDA]).expect("a scan") + 20;
            for cut in (data..whole.len() - 2).step_by(53) {
                assert!(!has_end_of_image(&whole[..cut]), "{name}, {fill} fill bytes, cut at {cut}");
            }
        }
    }
}

#[test]
fn a_length_that_leads_beyond_the_frame_hides_no_end() {
    let frame = [&[0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF][..], &[7; 300], &[0xFF, 0xD9]].concat();
    assert!(has_end_of_image(&frame));
    assert!(!has_end_of_image(&frame[..frame.len() - 1]));
}

/// As in libjpeg. Without a height in the header the picture is still refused.
#[test]
fn a_height_that_is_told_again_is_ignored() {
    for (name, layout) in codings() {
        let whole = layout.write(colour);
        let expected = decode(&whole).expect("a picture");
        let height = (layout.height as u16).to_be_bytes();
        let frame = whole.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0 | 0xC2])).expect("a frame header");
        let after_scan = whole[40..]
            .windows(2)
            .enumerate()
            .skip_while(|(_, pair)| *pair != [0xFF, 0xDA])
            .skip(12)
            .find(|(_, pair)| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7));
        let after_scan = 40 + after_scan.expect("a marker behind the first scan").0;
        for told in [height, [0, 9], [0xFF, 0xFE]] {
            let told = [&[0xFF, 0xDC, 0, 4][..], &told].concat();
            let file = [&whole[..after_scan], &told, &whole[after_scan..]].concat();
            assert_eq!(decode(&file).as_ref(), Ok(&expected), "{name}, {told:x?}");
            let mut low = file;
            low[frame + 5..frame + 7].fill(0);
            assert!(matches!(decode(&low), Err(DecodeError::Unsupported { .. })), "{name}: no height in its header");
        }
    }
}

#[test]
fn tables_that_are_missing_or_broken_are_damage() {
    let whole = Layout::new(64, 72, (2, 2)).write(colour);
    let at = |marker: u8| whole.windows(2).position(|pair| pair == [0xFF, marker]).expect("a segment");
    let mut without = whole.clone();
    // A comment of the same length.
    without[at(0xDB) + 1] = 0xFE;
    let mut category = whole.clone();
    category[at(0xC4) + 2 + 2 + 17] = 16;
    let mut code = whole.clone();
    code[at(0xC4) + 5] = 3;
    for broken in [without, category, code] {
        assert!(matches!(decode(&broken), Err(DecodeError::Damaged(_))));
    }
}

#[test]
fn much_data_left_over_is_damage() {
    let whole = Layout::new(64, 72, (2, 2)).write(colour);
    let end = whole.len() - 2;
    let longer = [&whole[..end], &[0x5A; 60], &whole[end..]].concat();
    assert!(matches!(decode(&longer), Err(DecodeError::Damaged(_))));
}

/// The markers of frames and the coding that each means.
#[test]
fn codings_that_are_not_decoded_are_named() {
    let whole = Layout::new(64, 64, (1, 1)).write(colour);
    let frame = whole.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame header");
    let with = |at: usize, byte: u8| {
        let mut file = whole.clone();
        file[frame + at] = byte;
        decode(&file)
    };
    for (marker, name) in [
        (0xC3, "lossless"),
        (0xC5, "hierarchical"),
        (0xC6, "hierarchical"),
        (0xC7, "hierarchical"),
        (0xC9, "arithmetic"),
        (0xCA, "arithmetic"),
        (0xCB, "arithmetic"),
        (0xCD, "arithmetic"),
        (0xCF, "arithmetic"),
        (0xF7, "JPEG-LS"),
    ] {
        let error = with(1, marker).expect_err("not decoded").to_string();
        assert!(error.starts_with("is unsupported: a JPEG with") && error.contains(name), "{marker:x}: {error}");
        assert!(error.contains("save it as PNG"), "{error}");
    }
    let error = with(4, 12).expect_err("twelve bits").to_string();
    assert!(error.starts_with("is unsupported: a JPEG with 12 bits per sample"), "{error}");
    let mut low = whole.clone();
    low[frame + 5..frame + 7].fill(0);
    assert!(decode(&low).expect_err("no height").to_string().contains("unsupported"));
}

#[test]
fn a_picture_that_is_too_large_is_refused_by_its_header_and_six_thousand_by_four_is_not() {
    let whole = Layout::new(64, 64, (1, 1)).write(colour);
    let frame = whole.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame header");
    let mut large = whole;
    large[frame + 5..frame + 9].fill(0xFF);
    assert_eq!(decode(&large), Err(DecodeError::TooLarge { width: 65_535, height: 65_535 }));
    for (width, height) in [(6000, 4000), (6016, 4016), (6048, 4024)] {
        assert!(width * height <= MAX_PIXELS, "24 megapixels");
    }
}

/// EXIF with one tag, orientation, in either byte order.
pub fn exif(orientation: u8, big_endian: bool) -> Vec<u8> {
    let (order, rest): (&[u8], [u8; 24]) = if big_endian {
        (b"MM", [0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0])
    } else {
        (b"II", [42, 0, 8, 0, 0, 0, 1, 0, 18, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0])
    };
    [order, &rest].concat()
}

/// Where the pixel in column `x` of row `y` is stored in a picture with this orientation (EXIF 2.32, tag 274).
pub fn stored(orientation: u8, (width, height): (usize, usize), (x, y): (usize, usize)) -> (usize, usize) {
    let (right, bottom) = (width - 1 - x, height - 1 - y);
    match orientation {
        1 => (x, y),
        2 => (right, y),
        3 => (right, bottom),
        4 => (x, bottom),
        5 => (y, x),
        6 => (y, right),
        7 => (bottom, right),
        8 => (bottom, x),
        _ => panic!("1 to 8"),
    }
}

#[test]
fn the_orientation_in_exif_is_applied() {
    let (width, height) = (72, 64);
    let seen = rgb(width, height, colour);
    for orientation in 1..=8 {
        for big_endian in [false, true] {
            let mut by_stored = BTreeMap::new();
            for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                by_stored.insert(stored(orientation, (width, height), (x, y)), colour(x, y));
            }
            let turned = orientation > 4;
            let mut layout =
                if turned { Layout::new(height, width, (1, 1)) } else { Layout::new(width, height, (1, 1)) };
            layout.segments.push((0xE1, [b"Exif\0\0", &exif(orientation, big_endian)[..]].concat()));
            let pixels = decode_jpeg(&layout.write(|x, y| by_stored[&(x, y)])).expect("a picture");
            assert_eq!((pixels.width(), pixels.height()), (width, height), "{orientation}");
            assert!(distance(pixels.bytes(), &seen) <= NEAR, "orientation {orientation}");
        }
    }
}

#[test]
fn a_profile_other_than_srgb_is_noted_and_metadata_is_not() {
    let mut layout = Layout::new(64, 64, (2, 1));
    layout.segments = vec![
        (0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0".to_vec()),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>".to_vec()),
        (0xED, b"Photoshop 3.0\0".to_vec()),
        (0xFE, b"a comment \xFF\xD9".to_vec()),
    ];
    let plain = decode_with_notes(&layout.write(colour)).expect("a picture");
    assert_eq!(plain.notes, []);
    layout.segments.push((0xE2, [&b"ICC_PROFILE\0\x01\x01"[..], &[0; 140]].concat()));
    let noted = decode_with_notes(&layout.write(colour)).expect("a picture");
    assert!(matches!(noted.notes[..], [Note::ColourProfile(_)]), "{:?}", noted.notes);
    assert!(noted.notes[0].to_string().contains("not applied"));
    assert_eq!(noted.pixels, plain.pixels);
    let profile = layout.segments.pop().expect("the profile");
    layout.segments.extend(vec![profile; 500]);
    assert_eq!(decode_with_notes(&layout.write(colour)).expect("a picture").notes, noted.notes, "the same one again");
}

/// libjpeg's rules: JFIF means YCbCr; otherwise Adobe's transform decides, then the names of the planes.
#[test]
fn what_the_planes_are_is_told_by_jfif_then_adobe_then_their_names() {
    let adobe = |transform: u8| (0xEE, vec![b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, transform]);
    let jfif = (0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0".to_vec());
    let cases = [
        (Planes::Rgb, vec![adobe(0)], [1, 2, 3, 4]),
        (Planes::Rgb, vec![], *b"RGB\0"),
        (Planes::Rgb, vec![adobe(0)], *b"RGB\0"),
        (Planes::YCbCr, vec![adobe(1)], *b"RGB\0"),
        (Planes::YCbCr, vec![jfif.clone(), adobe(0)], [1, 2, 3, 4]),
        (Planes::YCbCr, vec![jfif], *b"RGB\0"),
        (Planes::YCbCr, vec![], [0, 1, 2, 3]),
        (Planes::YCbCr, vec![adobe(1)], [7, 77, 5, 0]),
        (Planes::YCbCr, vec![], [34, 35, 36, 0]),
    ];
    for (planes, segments, ids) in cases {
        let layout = Layout { planes, segments: segments.clone(), ids, ..Layout::new(80, 64, (1, 1)) };
        let pixels = decode(&layout.write(colour)).expect("a picture");
        assert!(distance(pixels.bytes(), &drawn(&layout)) <= NEAR, "{planes:?} {segments:x?} {ids:?}");
    }
}
