//! A frame from a camera's driver: MJPEG, YUYV, NV12, grey, RGB or BGR of any size, with any number of bytes.
#![no_main]

use std::time::Duration;

use blastscope::source::{Encoding, RawFrame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((head, rest)) = bytes.split_first_chunk::<7>() else { return };
    let number = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let (width, height, stride) = (number(1), number(3), number(5));
    let encoding = match head[0] % 7 {
        0 => Encoding::File,
        1 => Encoding::Mjpeg,
        2 => Encoding::Yuyv { width, height, stride },
        3 => Encoding::Nv12 { width, height, stride },
        4 => Encoding::Grey { width, height, stride },
        5 => Encoding::Rgb { width, height, stride },
        _ => Encoding::Bgr { width, height, stride },
    };
    let frame = RawFrame { bytes: rest.to_vec(), encoding, sequence: 1, time: Duration::ZERO, name: None };
    match frame.decode() {
        Ok(frame) => {
            let picture = &frame.picture;
            assert_eq!(picture.bytes().len(), picture.width() * picture.height() * 3);
            if head[0] % 7 > 1 {
                assert_eq!((picture.width(), picture.height()), (width, height));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
