//! The command `bench`.

pub mod measure;

use std::{io, path::PathBuf};

use blastscope_shared::engine::network::Execution;
use clap::Args;

use super::{PARTLY, SUCCESS, UNUSABLE};
use crate::{
    model::{self, execution},
    support::terminal::note,
};

#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// Threads.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Instruction set [default: $BLASTSCOPE_ISA, else the fastest on this machine].
    #[arg(long, value_name = "NAME")]
    isa: Option<String>,
    /// Model file instead of random weights.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Frames to measure.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    frames: u32,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Soak test instead: run N frames in a row; fail if results change or memory grows by more than 1 MB. Ctrl-C ends it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "frames")]
    soak: Option<u64>,
    /// Cold start instead: run `blastscope classify` N times, and measure from its start to its verdict.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000),
        conflicts_with_all = ["threads", "frames", "soak"])]
    cold: Option<u32>,
    /// Print one JSON line with times and memory, to compare engines; if $T0 holds the start time in seconds since
    /// 1970, also the time to the first result.
    #[arg(long, num_args = 2, value_names = ["THREADS", "RUNS"], value_parser = clap::value_parser!(u32).range(1..),
        conflicts_with_all = ["threads", "frames", "soak", "cold", "json"])]
    peers: Option<Vec<u32>>,
    /// Measure the steps before the network instead: decoding, squash and mask, gate, whole frames.
    #[arg(long, conflicts_with_all = ["threads", "isa", "model", "peers", "soak", "cold"])]
    input: bool,
    /// Measure on this picture instead of a drawn frame of 1024x768.
    #[arg(long, value_name = "FILE", requires = "input")]
    picture: Option<PathBuf>,
}

pub(super) fn bench(args: &BenchArgs) -> io::Result<u8> {
    if args.input {
        let options =
            measure::input::Options { picture: args.picture.as_deref(), frames: args.frames, json: args.json };
        return Ok(match measure::input::run(options)? {
            Ok(()) => SUCCESS,
            Err(error) => {
                note(error);
                UNUSABLE
            }
        });
    }
    let (threads, frames, report) = match args.peers.as_deref() {
        Some(&[threads, runs]) => (threads as usize, runs, measure::Report::Peers),
        _ if args.json => (args.threads.into(), args.frames, measure::Report::Json),
        _ => (args.threads.into(), args.frames, measure::Report::Table),
    };
    let execution = match execution::chosen(args.isa.as_deref(), threads) {
        Ok(execution) => execution,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    if let Some(starts) = args.cold {
        return cold(args, execution, starts);
    }
    let (drawn, loaded);
    let (network, classifier) = match &args.model {
        None => {
            drawn = measure::drawn_network(execution);
            (&drawn, None)
        }
        Some(path) => match model::open(path, execution) {
            Ok(classifier) => {
                let most = classifier.lead().sight().most_views();
                if most > 1 {
                    note(format_args!("this network looks at a field in up to {most} views: a frame here is one view"));
                }
                loaded = classifier;
                (loaded.lead().network(), Some(&loaded))
            }
            Err(error) => {
                note(error);
                return Ok(UNUSABLE);
            }
        },
    };
    match args.soak {
        Some(frames) => Ok(if measure::soak::run(network, frames, args.json)? { SUCCESS } else { PARTLY }),
        None => measure::run(network, classifier, frames, report).map(|()| SUCCESS),
    }
}

fn cold(args: &BenchArgs, execution: Execution, starts: u32) -> io::Result<u8> {
    // A named file is passed to the processes; they report what is wrong with it.
    let path = match args.model.clone().map_or_else(|| model::load(None, None, execution).map(|found| found.path), Ok) {
        Ok(path) => path,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    match measure::cold::run(&path, execution.isa, starts, args.json)? {
        Ok(()) => Ok(SUCCESS),
        Err(error) => {
            note(error);
            Ok(PARTLY)
        }
    }
}
