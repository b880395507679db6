//! Frame after frame of one size, nothing is allocated on the way to the network's input. Alone in its program, because it
//! counts every allocation of the process.

use std::alloc::System;

use blastscope_shared::{Preprocessing, RgbPixels, gate::Inspector, preprocess::Squash};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn gate_and_squash_allocate_for_the_first_frame_only() {
    let preprocessing = Preprocessing::square(192);
    let mut input = vec![0; preprocessing.input_len()];
    // A size that reduces against 192 and 224, and one that does not.
    for (width, height) in [(640, 480), (641, 487)] {
        let bytes = (0..width * height * 3).map(|at| (at * 7 % 255) as u8).collect();
        let picture = RgbPixels::new(width, height, bytes).expect("three bytes a pixel");
        let (mut squash, mut inspector) = (Squash::new(), Inspector::new());
        preprocessing.apply_with(&mut squash, &picture, &mut input);
        let (first, quality) = (input.clone(), inspector.inspect(&picture));
        let region = Region::new(ALLOCATOR);
        for _ in 0..3 {
            input.fill(0);
            preprocessing.apply_with(&mut squash, &picture, &mut input);
            assert!(inspector.inspect(&picture) == quality && input == first, "{width}x{height}");
        }
        let change = region.change();
        assert_eq!(change.allocations + change.reallocations, 0, "{width}x{height}: {change:?}");
    }
}
