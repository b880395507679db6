//! Allocations while reading an artifact. A separate test program, because it counts every allocation of the process.

use std::alloc::System;

use blastscope_shared::{Classifier, Isa, artifact::HEADER_LEN};
use blastscope_tests::{artifact, reseal};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Total bytes allocated while `bytes` are read, freed or not.
fn allocated(bytes: &[u8]) -> usize {
    let region = Region::new(ALLOCATOR);
    let result = Classifier::read(bytes);
    let allocated = region.change().bytes_allocated;
    drop(result);
    allocated
}

#[test]
fn reading_allocates_in_proportion_to_the_files_size() {
    // Large enough that weights dominate, as in a real model.
    let whole = artifact(96);
    // A weight takes one byte in the file, and eight after Winograd's transform: 36 numbers of 16 bits for 9.
    let winograd = [Isa::Avx2, Isa::Neon].contains(&Isa::detect());
    let limit = if winograd { 10 * whole.len() } else { 2 * whole.len() };
    assert!(
        (whole.len() / 2..=limit).contains(&allocated(&whole)),
        "the counter works and the whole file is within the limit"
    );
    for length in 0..whole.len() {
        assert!(allocated(&whole[..length]) <= limit, "cut to {length} bytes");
    }
    // Bodies with a wrong byte under a correct hash, as a hostile writer could make.
    for at in HEADER_LEN..whole.len() {
        for value in [0x00, 0x7F, 0x80, 0xFF] {
            let mut hostile = whole.clone();
            hostile[at] = value;
            reseal(&mut hostile);
            let bytes = allocated(&hostile);
            assert!(bytes <= limit, "byte {at} = {value:#04x}: {bytes} bytes for a file of {}", whole.len());
        }
    }
}
