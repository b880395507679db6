//! BMP: depths, directions, masks; compressed or cut-off files are refused.

use blastscope_shared::field::decode::{DecodeError, decode};

use super::drawn::{colour, distance, grey, rgb};

const WIDTH: usize = 75;
const HEIGHT: usize = 66;

/// A file with a header of 40, 108 or 124 bytes.
fn bmp(
    bits: u16,
    packing: u32,
    masks: &[u32],
    header: u32,
    top_down: bool,
    pixel: impl Fn(usize, usize) -> u32,
) -> Vec<u8> {
    let palette: Vec<u8> = match bits {
        1..=8 => (0..1u32 << bits).flat_map(|index| [(index * 255 / ((1 << bits) - 1)) as u8; 4]).collect(),
        _ => vec![],
    };
    let mut info = header.to_le_bytes().to_vec();
    info.extend((WIDTH as i32).to_le_bytes());
    let height = HEIGHT as i32;
    info.extend(if top_down { -height } else { height }.to_le_bytes());
    info.extend(1u16.to_le_bytes());
    info.extend(bits.to_le_bytes());
    info.extend(packing.to_le_bytes());
    info.extend([0; 20]);
    info.extend(masks.iter().flat_map(|mask| mask.to_le_bytes()));
    info.resize(info.len().max(header as usize), 0);
    let data = 14 + info.len() + palette.len();
    let mut file = b"BM\0\0\0\0\0\0\0\0".to_vec();
    file.extend((data as u32).to_le_bytes());
    file.extend(info);
    file.extend(palette);
    for row in 0..HEIGHT {
        let y = if top_down { row } else { HEIGHT - 1 - row };
        let start = file.len();
        let (mut pending, mut count) = (0u32, 0);
        for x in 0..WIDTH {
            if bits >= 8 {
                file.extend(&pixel(x, y).to_le_bytes()[..usize::from(bits / 8)]);
                continue;
            }
            pending = pending << bits | pixel(x, y);
            count += bits;
            if count == 8 {
                file.push(pending as u8);
                count = 0;
            }
        }
        if count > 0 {
            file.push((pending << (8 - count)) as u8);
        }
        file.resize(start + (file.len() - start).div_ceil(4) * 4, 0);
    }
    file
}

fn blue_green_red(x: usize, y: usize) -> u32 {
    let [red, green, blue] = colour(x, y);
    u32::from_le_bytes([blue, green, red, 0])
}

#[test]
fn every_depth_and_direction_comes_out_right_and_cut_is_damaged() {
    for top_down in [false, true] {
        for bits in [1, 4, 8] {
            let level = |x: usize, y: usize| u32::from(grey(x, y)) >> (8 - bits);
            let file = bmp(bits, 0, &[], 40, top_down, level);
            let expected = rgb(WIDTH, HEIGHT, |x, y| [(level(x, y) * 255 / ((1 << bits) - 1)) as u8; 3]);
            assert_eq!(distance(decode(&file).expect("a picture").bytes(), &expected), 0, "{bits} bits");
        }
        let masks = [0x00FF_0000, 0x0000_FF00, 0x0000_00FF];
        for (bits, packing, masks, header) in [
            (24, 0, &masks[..0], 40),
            (32, 0, &masks[..0], 40),
            (32, 3, &masks, 40),
            (32, 3, &masks, 108),
            (24, 0, &[], 124),
        ] {
            let file = bmp(bits, packing, masks, header, top_down, blue_green_red);
            let pixels = decode(&file).unwrap_or_else(|error| panic!("{bits} bits, header of {header}: {error}"));
            assert_eq!(distance(pixels.bytes(), &rgb(WIDTH, HEIGHT, colour)), 0, "{bits} bits, header of {header}");
            for cut in (14..file.len()).step_by(101) {
                let found = decode(&file[..cut]);
                assert!(matches!(found, Err(DecodeError::Damaged(_))), "{bits} bits cut at {cut}: {found:?}");
            }
        }
    }
}

#[test]
fn transparency_lies_on_white_and_what_is_packed_is_named() {
    let masks = [0x00FF_0000, 0x0000_FF00, 0x0000_00FF, 0xFF00_0000];
    let with_alpha = |x: usize, y: usize| blue_green_red(x, y) | if x < 40 { 0 } else { 0xFF00_0000 };
    let pixels = decode(&bmp(32, 3, &masks, 108, false, with_alpha)).expect("a picture");
    assert_eq!((pixels.get(0, 5), pixels.get(50, 5)), (Some([255; 3]), Some(colour(50, 5))));
    for (packing, word) in [(1, "run-length"), (2, "run-length"), (4, "JPEG"), (5, "PNG"), (11, "compression 11")] {
        let error = decode(&bmp(8, packing, &[], 40, false, |_, _| 7)).expect_err(word).to_string();
        assert!(error.starts_with("is unsupported: a BMP") && error.contains(word), "{error}");
    }
}
