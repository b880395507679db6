//! Runs a model's network on N frames, for tools that count instructions: `frames MODEL N`.

use std::{env, error::Error, fs, hint::black_box};

use blastscope_shared::Classifier;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [model, frames] = arguments.as_slice() else { return Err("usage: frames MODEL N".into()) };
    let model = fs::read(model).map_err(|error| format!("{model} cannot be read ({error})"))?;
    let classifier = Classifier::read(&model)?;
    let network = classifier.lead().network();
    let mut workspace = network.workspace();
    let input: Vec<u8> = (0..network.input_len()).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for _ in 0..frames.parse::<u32>()? {
        black_box(network.run(black_box(&input), &mut workspace).logits);
    }
    println!("{} {frames} frames of {} MAC", network.execution().isa, network.macs());
    Ok(())
}
