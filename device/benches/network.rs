//! The network, whole and step by step, on every instruction set of this machine: `cargo bench -p blastscope`.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use blastscope::bench::drawn_network;
use blastscope_shared::{Isa, Network, engine::network::Execution};
use criterion::{Criterion, criterion_group, criterion_main};

fn pixels(network: &Network) -> Vec<u8> {
    (0..network.input_len()).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("network");
    group.sample_size(20);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        for threads in [1, 2] {
            if isa == Isa::Scalar && threads > 1 {
                continue;
            }
            let network = drawn_network(Execution { isa, threads });
            let input = pixels(&network);
            let mut workspace = network.workspace();
            group.bench_function(format!("{isa}/{threads}"), |bencher| {
                bencher.iter(|| network.run(black_box(&input), &mut workspace).logits);
            });
        }
    }
    group.finish();
}

/// The time of one step within whole runs, so that its input comes from where it comes from in use.
fn steps(criterion: &mut Criterion) {
    let network = drawn_network(Execution::default());
    let input = pixels(&network);
    let mut workspace = network.workspace();
    let mut group = criterion.benchmark_group(format!("steps/{}", network.execution().isa));
    group.sample_size(10);
    for (wanted, info) in network.steps().into_iter().enumerate() {
        let name = format!("{wanted:02} {:?} {}x{}", info.kind, info.input.height, info.input.width);
        group.bench_function(format!("{name} {} to {}", info.input.channels, info.output.channels), |bencher| {
            bencher.iter_custom(|runs| {
                let mut total = Duration::ZERO;
                for _ in 0..runs {
                    let mut step = 0;
                    let mut last = Instant::now();
                    network.run_observed(&input, &mut workspace, || {
                        let now = Instant::now();
                        if step == wanted {
                            total += now - last;
                        }
                        step += 1;
                        last = now;
                    });
                }
                total
            });
        });
    }
    group.finish();
}

criterion_group!(benches, whole, steps);
criterion_main!(benches);
