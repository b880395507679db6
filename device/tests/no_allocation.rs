//! Frame after frame, nothing is allocated and nothing changes. A separate test program, because it counts every allocation of the
//! process.
//!
//! `BLASTSCOPE_FRAMES=100000 cargo test --release -p blastscope --test no_allocation` is the long run; `blastscope bench --soak`
//! also watches memory outside the allocator.

use std::{alloc::System, env, fs, io::Write as _, path::Path};

use blastscope_core::drawn_field;
use blastscope_shared::{Classifier, Isa, engine::network::Execution};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Frames of a run in CI.
const FRAMES: usize = 1000;

/// The shipped jury: two networks, from a camera's frame to the verdict. Called by the one test: another one beside it would be counted.
fn a_jury_allocates_nothing() {
    let file = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/blastscope.bsm")).expect("the model");
    let classifier = Classifier::read(&file).expect("a sound model");
    let mut workspace = classifier.workspace();
    let pictures = [0, 7, 19].map(|shift| drawn_field::field(320, 240, shift));
    let first = pictures.each_ref().map(|picture| classifier.assess(picture, &mut workspace));
    for frame in 0..30 {
        let at = frame % pictures.len();
        let region = Region::new(ALLOCATOR);
        let assessment = classifier.assess(&pictures[at], &mut workspace);
        let change = region.change();
        assert_eq!(change.allocations + change.reallocations + change.deallocations, 0, "frame {frame}: {change:?}");
        assert_eq!(assessment, first[at], "frame {frame}");
    }
}

#[test]
fn frames_allocate_nothing_and_end_as_they_began() {
    a_jury_allocates_nothing();
    let frames = env::var("BLASTSCOPE_FRAMES").ok().and_then(|frames| frames.parse().ok()).unwrap_or(FRAMES);
    let file = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tiny.bsm")).expect("the model");
    let mut expected = None;
    for isa in Isa::ALL {
        if !isa.is_available() {
            // Bypasses the test harness, which hides the output of passing tests.
            let _ = writeln!(std::io::stderr(), "SKIPPED {isa}: this machine lacks it");
            continue;
        }
        // The scalar kernels always run on one thread.
        for threads in if isa == Isa::Scalar { 1..=1 } else { 1..=3 } {
            let classifier = Classifier::read_with(&file, Execution { isa, threads }).expect("a valid model");
            let mut workspace = classifier.workspace();
            let inputs = [0, 7, 19].map(|shift| classifier.framing().apply(&drawn_field::field(96, 72, shift)));
            let first = inputs.each_ref().map(|input| classifier.assess_field(input, &mut workspace));
            assert!(first[0] != first[1] && first[1] != first[2], "a mixed-up input would be noticed");
            assert_eq!(first, *expected.get_or_insert(first), "{isa}, {threads} thread(s)");
            for frame in 0..frames {
                let at = frame % inputs.len();
                let region = Region::new(ALLOCATOR);
                let assessment = classifier.assess_field(&inputs[at], &mut workspace);
                let change = region.change();
                assert_eq!(
                    change.allocations + change.reallocations + change.deallocations,
                    0,
                    "{isa}, {threads} thread(s), frame {frame}: {change:?}"
                );
                assert_eq!(assessment, first[at], "{isa}, {threads} thread(s), frame {frame}");
            }
        }
    }
}
