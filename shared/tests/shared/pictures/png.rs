//! PNG: every colour type, depth and interlace; transparency, metadata, and cut-off files.

use blastscope_shared::field::decode::{DecodeError, Note, decode, decode_with_notes};

use super::{
    drawn::{colour, distance, grey, rgb},
    jpeg::{exif, stored},
    png_writer::{Kind, Png, bomb, chunk, zlib},
};

fn png(kind: Kind, depth: u8) -> Png {
    Png { width: 75, height: 66, kind, depth, interlaced: false, chunks: vec![] }
}

/// An 8-bit sample at another depth, and its value there.
fn at_depth(value: u8, depth: u8) -> u16 {
    if depth == 16 { u16::from(value) * 257 } else { u16::from(value) >> (8 - depth) }
}

fn worth(sample: u16, depth: u8) -> u8 {
    (u32::from(sample) * 255 / ((1 << depth) - 1)) as u8
}

fn on_white(value: u8, alpha: u8) -> u8 {
    ((u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha)) + 127) / 255) as u8
}

fn alpha(x: usize, y: usize) -> u8 {
    match (x + y) % 3 {
        0 => 0,
        1 => 255,
        _ => (x * 3) as u8,
    }
}

#[test]
fn every_colour_type_depth_and_interlace_comes_out_right() {
    let kinds = [
        (Kind::Grey, &[1, 2, 4, 8, 16][..]),
        (Kind::Rgb, &[8, 16]),
        (Kind::Palette, &[1, 2, 4, 8]),
        (Kind::GreyAlpha, &[8, 16]),
        (Kind::Rgba, &[8, 16]),
    ];
    for (kind, depths) in kinds {
        for (depth, interlaced) in depths.iter().flat_map(|&depth| [(depth, false), (depth, true)]) {
            let mut png = Png { interlaced, ..png(kind, depth) };
            let palette: Vec<u8> = (0..1usize << depth.min(8)).flat_map(|index| colour(index, index * 2)).collect();
            if kind == Kind::Palette {
                png.chunks.push((*b"PLTE", palette.clone()));
            }
            let index = |x: usize, y: usize| (x * 7 + y) % (1 << depth.min(8));
            let file = png.write(|x, y, number| match (kind, number) {
                (Kind::Palette, _) => index(x, y) as u16,
                (Kind::GreyAlpha, 1) | (Kind::Rgba, 3) => at_depth(alpha(x, y), depth),
                (Kind::Grey | Kind::GreyAlpha, _) => at_depth(grey(x, y), depth),
                (_, number) => at_depth(colour(x, y)[number], depth),
            });
            let expected = rgb(png.width, png.height, |x, y| {
                let grey = worth(at_depth(grey(x, y), depth), depth);
                match kind {
                    Kind::Grey => [grey; 3],
                    Kind::Palette => colour(index(x, y), index(x, y) * 2),
                    Kind::GreyAlpha => [on_white(grey, alpha(x, y)); 3],
                    Kind::Rgb => colour(x, y),
                    Kind::Rgba => colour(x, y).map(|value| on_white(value, alpha(x, y))),
                }
            });
            let pixels = decode(&file).unwrap_or_else(|error| panic!("{kind:?} {depth} {interlaced}: {error}"));
            assert_eq!(distance(pixels.bytes(), &expected), 0, "{kind:?}, {depth} bits, interlaced {interlaced}");
            for cut in (9..file.len() - 1).step_by(29) {
                let found = decode(&file[..cut]);
                assert!(matches!(found, Err(DecodeError::Damaged(_))), "{kind:?} cut at {cut}: {found:?}");
            }
            let longer = [&file[..], b"\nand more"].concat();
            assert_eq!(decode(&longer).as_ref(), Ok(&pixels), "what follows the end is ignored");
        }
    }
}

#[test]
fn transparent_colours_and_palettes_lie_on_white() {
    let plain = |x: usize, y: usize, number: usize| u16::from(colour(x, y)[number]);
    let [red, green, blue] = colour(30, 30);
    let mut keyed = png(Kind::Rgb, 8);
    keyed.chunks.push((*b"tRNS", vec![0, red, 0, green, 0, blue]));
    let pixels = decode(&keyed.write(plain)).expect("a picture");
    assert_eq!((pixels.get(30, 30), pixels.get(0, 0)), (Some([255; 3]), Some(colour(0, 0))));
    let mut palette = png(Kind::Palette, 8);
    palette.chunks = vec![(*b"PLTE", vec![0, 0, 0, 10, 20, 30]), (*b"tRNS", vec![128])];
    let pixels = decode(&palette.write(|x, _, _| (x % 2) as u16)).expect("a picture");
    assert_eq!((pixels.get(0, 0), pixels.get(1, 0)), (Some([127; 3]), Some([10, 20, 30])));
}

#[test]
fn a_picture_of_nothing_is_unsupported() {
    let file = png(Kind::Rgba, 8).write(|x, y, number| if number == 3 { 0 } else { u16::from(colour(x, y)[number]) });
    let error = decode(&file).expect_err("nothing shows").to_string();
    assert!(error.starts_with("is unsupported: a picture that is transparent everywhere"), "{error}");
}

/// The decoder uses the first header, so the checks must not use a second one.
#[test]
fn a_second_header_is_damage() {
    let whole = png(Kind::Rgb, 8).write(|x, y, number| u16::from(colour(x, y)[number]));
    let end = whole.windows(4).position(|name| name == b"IEND").expect("the end") - 4;
    let first = whole.windows(4).position(|name| name == b"IDAT").expect("data") - 4;
    for (at, side) in [(first, 75), (first, 64), (end, 75), (end, 64), (end, 30_000)] {
        let body = [&u32::to_be_bytes(side)[..], &[0, 0, 0, 66, 8, 2, 0, 0, 0]].concat();
        let mut header = vec![];
        chunk(&mut header, b"IHDR", &body);
        let found = decode(&[&whole[..at], &header, &whole[at..]].concat());
        let Err(DecodeError::Damaged(how)) = found else { panic!("side {side} at {at}: {found:?}") };
        assert_eq!(how, "it has two headers");
    }
}

#[test]
fn a_note_is_made_once_and_there_are_few() {
    let plain = |x: usize, y: usize, number: usize| u16::from(colour(x, y)[number]);
    let linear = 100_000u32.to_be_bytes().to_vec();
    for (name, count) in [(b"gAMA", 1), (b"cHRM", 1)] {
        let chunks = vec![(*name, linear.clone()); 500];
        let notes = decode_with_notes(&Png { chunks, ..png(Kind::Rgb, 8) }.write(plain)).expect("a picture").notes;
        assert_eq!(notes.len(), count, "{}: {notes:?}", name.escape_ascii());
    }
    let chunks = (2..500u32).map(|frames| (*b"acTL", [frames.to_be_bytes(), [0; 4]].concat())).collect();
    let notes = decode_with_notes(&Png { chunks, ..png(Kind::Rgb, 8) }.write(plain)).expect("a picture").notes;
    assert!((1..=8).contains(&notes.len()), "{notes:?}");
}

/// Data that ends early, with all chunks whole and checksums right.
#[test]
fn rows_that_are_missing_are_damage_whatever_the_chunks_say() {
    for interlaced in [false, true] {
        let png = Png { interlaced, ..png(Kind::Rgb, 8) };
        let file = png.write(|x, y, number| u16::from(colour(x, y)[number]));
        let first = file.windows(4).position(|name| name == b"IDAT").expect("data") - 4;
        for rows in [0, 1, 40, 65] {
            let mut short = file[..first].to_vec();
            chunk(&mut short, b"IDAT", &zlib(&vec![0; rows * (1 + 3 * 75)]));
            chunk(&mut short, b"IEND", &[]);
            let found = decode(&short);
            assert!(matches!(found, Err(DecodeError::Damaged(_))), "{rows} of 66 rows: {found:?}");
        }
        let mut flipped = file.clone();
        flipped[first + 100] ^= 1;
        assert!(matches!(decode(&flipped), Err(DecodeError::Damaged(_))), "a checksum is wrong");
    }
}

#[test]
fn orientation_is_applied_and_what_is_not_is_noted() {
    let plain = |x: usize, y: usize, number: usize| u16::from(colour(x, y)[number]);
    let (width, height) = (75, 66);
    for orientation in 1..=8 {
        let turned = orientation > 4;
        let mut file = png(Kind::Rgb, 8);
        (file.width, file.height) = if turned { (height, width) } else { (width, height) };
        file.chunks.push((*b"eXIf", exif(orientation, orientation % 2 == 0)));
        let mut by_stored = std::collections::BTreeMap::new();
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            by_stored.insert(stored(orientation, (width, height), (x, y)), colour(x, y));
        }
        let pixels = decode(&file.write(|x, y, number| u16::from(by_stored[&(x, y)][number]))).expect("a picture");
        assert_eq!(distance(pixels.bytes(), &rgb(width, height, colour)), 0, "orientation {orientation}");
    }
    let notes = |chunks: &[(&[u8; 4], &[u8])]| {
        let chunks = chunks.iter().map(|(name, body)| (**name, body.to_vec())).collect();
        decode_with_notes(&Png { chunks, ..png(Kind::Rgb, 8) }.write(plain)).expect("a picture").notes
    };
    let srgb_gamma: &[u8] = &45_455u32.to_be_bytes();
    let linear: &[u8] = &100_000u32.to_be_bytes();
    assert_eq!(notes(&[(b"gAMA", srgb_gamma), (b"pHYs", &[0; 9]), (b"tEXt", b"a\0b")]), []);
    assert_eq!(notes(&[(b"sRGB", &[0]), (b"gAMA", linear)]), []);
    assert!(matches!(notes(&[(b"gAMA", linear)])[..], [Note::ColourSpace(_)]));
    assert_eq!(notes(&[(b"acTL", &[0, 0, 0, 9, 0, 0, 0, 0])]), [Note::Animation { frames: 9 }]);
    let profile = [b"Display P3\0\0", &zlib(b"no profile")[..]].concat();
    assert_eq!(notes(&[(b"iCCP", &profile)]), [Note::ColourProfile("Display P3".into())]);
}

#[test]
fn a_chunk_that_must_be_understood_and_is_not_is_named_and_others_do_not_matter() {
    let plain = |x: usize, y: usize, number: usize| u16::from(colour(x, y)[number]);
    let with = |name: &[u8; 4]| decode(&Png { chunks: vec![(*name, vec![1])], ..png(Kind::Rgb, 8) }.write(plain));
    let error = with(b"NEWx").expect_err("a critical chunk").to_string();
    assert!(error.starts_with("is unsupported: a PNG with the chunk NEWx"), "{error}");
    assert!(with(b"newx").is_ok());
    let mut apple = png(Kind::Rgb, 8).write(plain);
    apple.splice(8..8, [0, 0, 0, 4, b'C', b'g', b'B', b'I', 0x50, 0, 0x20, 2, 0, 0, 0, 0]);
    assert!(decode(&apple).expect_err("Apple's own").to_string().contains("the chunk CgBI"));
    // Metadata whose checksum is wrong.
    let mut flipped = Png { chunks: vec![(*b"tEXt", b"a\0b".to_vec())], ..png(Kind::Rgb, 8) }.write(plain);
    let text = flipped.windows(4).position(|name| name == b"tEXt").expect("the chunk");
    flipped[text + 6] ^= 1;
    assert!(decode(&flipped).is_ok());
}

#[test]
fn a_profile_that_unpacks_to_much_is_not_unpacked() {
    let mut file = png(Kind::Rgb, 8);
    file.chunks.push((*b"iCCP", [b"bomb\0\0", &bomb(1 << 20)[..]].concat()));
    file.chunks.push((*b"zTXt", [b"bomb\0\0", &bomb(1 << 20)[..]].concat()));
    file.chunks.push((*b"iTXt", [b"bomb\0\x01\0\0\0", &bomb(1 << 20)[..]].concat()));
    let file = file.write(|x, y, number| u16::from(colour(x, y)[number]));
    assert!(decode(&file).is_ok(), "its pixels are sound; pictures_memory measures what it takes");
}
