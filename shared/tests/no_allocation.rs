//! For frames of one size, nothing is allocated on the way to the network's input. In its own program, because it counts every
//! allocation of the process.

use std::alloc::System;

use blastscope_shared::{
    RgbPixels, Sight,
    field::{gate::Inspector, squash::Squash},
    sight::cells::{CellView, SIDE},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn gate_squash_and_cells_allocate_for_the_first_frame_only() {
    let framing = Sight::cells().framing;
    let mut input = vec![0; framing.input_len()];
    let mut crop = vec![0; SIDE * SIDE * 3];
    // One size with a common divisor with 192 and 224, and one without.
    for (width, height) in [(640, 480), (641, 487)] {
        let bytes = (0..width * height * 3)
            .map(|at| {
                let (column, row, channel) = (at / 3 % width / 40, at / 3 / width / 40, at % 3);
                let ground = if column % 3 == 1 && row % 3 == 1 { [110, 60, 170] } else { [235, 230, 225] };
                ground[channel] + (at * 7 % 13) as u8
            })
            .collect();
        let picture = RgbPixels::new(width, height, bytes).expect("three bytes per pixel");
        let (mut squash, mut inspector) = (Squash::new(), Inspector::new());
        framing.apply_with(&mut squash, &picture, &mut input);
        let (first, quality) = (input.clone(), inspector.inspect(&picture));
        let mut view = CellView::new();
        view.look(&framing, &input);
        let cells = view.cells().to_vec();
        assert!(!cells.is_empty(), "squares have the colour of nuclei");
        let region = Region::new(ALLOCATOR);
        for _ in 0..3 {
            input.fill(0);
            framing.apply_with(&mut squash, &picture, &mut input);
            view.look(&framing, &input);
            assert_eq!(view.cells(), cells);
            view.crop(cells[0], SIDE, &mut crop);
            assert!(inspector.inspect(&picture) == quality && input == first, "{width}x{height}");
        }
        let change = region.change();
        assert_eq!(change.allocations + change.reallocations, 0, "{width}x{height}: {change:?}");
    }
}
