//! Extra time for an explanation, beyond its frame.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use blastscope_shared::{Class, Network};

use crate::support::quantiles;

/// Minimum time of a map over `frames` frames, in ms, without the first and its preparations; `None` if the network offers
/// no map.
pub(super) fn least_ms(network: &Network, input: &[u8], frames: u32) -> Option<f64> {
    let mut workspace = network.workspace();
    let mut least = Duration::MAX;
    for frame in 0..=frames.max(10) {
        network.run(input, &mut workspace);
        let start = Instant::now();
        black_box(network.explain(&mut workspace, Class::Pre).ok()?);
        if frame > 0 {
            least = least.min(start.elapsed());
        }
    }
    Some(quantiles::ms(least))
}
