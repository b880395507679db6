//! A picture file: gives a picture of the declared size, or an error.
#![no_main]

use blastscope_shared::field::decode::{MAX_PIXELS, MIN_SIDE, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match decode(bytes) {
    Ok(picture) => {
        let (width, height) = (picture.width(), picture.height());
        assert!(width.min(height) >= MIN_SIDE as usize && (width * height) as u64 <= MAX_PIXELS, "{width}x{height}");
        assert_eq!(picture.bytes().len(), width * height * 3);
    }
    Err(error) => assert!(!error.to_string().is_empty()),
});
