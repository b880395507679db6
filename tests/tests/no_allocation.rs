//! Frame after frame nothing is allocated and nothing changes. Alone in its program, because it counts every allocation of the
//! process.
//!
//! `BLASTSCOPE_FRAMES=100000 cargo test --release -p blastscope-tests --test no_allocation` is the long run.

use std::alloc::System;

use blastscope_shared::{Classifier, Isa, network::Execution};
use blastscope_tests::{blocks, tiny_artifact};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Frames of a run in CI.
const FRAMES: u32 = 500;

#[test]
fn frames_allocate_nothing_and_end_as_they_began() {
    let frames = std::env::var("BLASTSCOPE_FRAMES").ok().and_then(|frames| frames.parse().ok()).unwrap_or(FRAMES);
    let file = tiny_artifact();
    let mut expected = None;
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        for threads in [1, 2] {
            let classifier =
                Classifier::read_with(&file, Execution { isa, threads }).expect("the tiny artifact is valid");
            let mut workspace = classifier.workspace();
            let inputs = [1, 2, 3].map(|seed| {
                let picture = blocks(64, 64, seed);
                let mut input = vec![0; classifier.preprocessing().input_len()];
                classifier.preprocessing().apply_to(&picture, &mut input);
                input
            });
            let first = classifier.assess_input(&inputs[0], &mut workspace);
            let same = *expected.get_or_insert(first);
            assert_eq!(first, same, "{isa}, {threads} thread(s)");
            let region = Region::new(ALLOCATOR);
            for frame in 0..frames {
                let input = &inputs[frame as usize % inputs.len()];
                let assessment = classifier.assess_input(input, &mut workspace);
                if frame % 3 == 0 {
                    assert_eq!(assessment, first, "{isa}, {threads} thread(s), frame {frame}");
                }
            }
            let change = region.change();
            assert_eq!(change.allocations + change.reallocations, 0, "{isa}, {threads} thread(s): {change:?}");
            eprintln!("ran on {isa} with {threads} thread(s)");
        }
    }
}
