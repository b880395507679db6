//! `synth`: draws a data set of smear fields.

use std::path::PathBuf;

use blastscope_files::Printable as _;

use crate::{
    Error,
    data::drawn_set::{DrawnSet, Existing, SIZES},
    support::{folder_lock::FolderLock, output, progress::Progress},
};
use blastscope_drawn::GENERATOR;

/// Draw a data set of smear fields, to try the program without patients' pictures.
///
/// Writes DIR/{Benign,Early,Pre,Pro}/drawn-CLASS-0001.jpg ... and DIR/drawn.json, which marks the set as drawn: every report about
/// it says so. Give the command again to complete an interrupted set.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  blastscope-host synth --out demo/fields --per-class 60
  blastscope-host synth --out demo/small --per-class 200 --size 224x224 --seed 7")]
pub struct Synth {
    /// Folder to write to: new, empty, or an incomplete set with the same parameters
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Fields of each class, 1 to 100000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    per_class: u32,
    /// Seed: the same seed draws the same set on every machine
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Width and height in pixels; the 4:3 field is squashed to them
    #[arg(long, value_name = "WxH", default_value = "1024x768", value_parser = size)]
    size: Size,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Size {
    width: usize,
    height: usize,
}

/// Parses `1024x768`.
fn size(text: &str) -> Result<Size, String> {
    let wrong = || {
        let (least, greatest) = (SIZES.start(), SIZES.end());
        format!("give WIDTHxHEIGHT in pixels, each from {least} to {greatest}, for example 1024x768 or 224x224")
    };
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    let pixels = |text: &str| text.parse().ok().filter(|pixels| SIZES.contains(pixels)).ok_or_else(wrong);
    Ok(Size { width: pixels(width)?, height: pixels(height)? })
}

impl Synth {
    /// Draws the set.
    ///
    /// # Errors
    /// When the folder holds something else, or cannot be written.
    pub fn run(&self) -> Result<(), Error> {
        let Size { width, height } = self.size;
        let set = DrawnSet { generator: GENERATOR, seed: self.seed, width, height, per_class: self.per_class as usize };
        let there = match set.existing(&self.out)? {
            Existing::Nothing => 0,
            Existing::Part(count) => count,
        };
        let _lock = FolderLock::take(&self.out)?;
        let task = Progress::Shown.start("drawing fields", set.len() - there);
        let drawn = set.write(&self.out, || task.advance(1))?;
        drop(task);
        let kept = if there > 0 { format!(", {there} kept") } else { String::new() };
        output::line(format_args!(
            "{}: {drawn} fields drawn{kept} ({set}). Drawn, not photographed: no evidence about patients.",
            self.out.printable()
        ))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Synth, clap::Error> {
        let command = Synth::augment_args(Command::new("synth").no_binary_name(true));
        command.try_get_matches_from(arguments).and_then(|matches| Synth::from_arg_matches(&matches))
    }

    #[test]
    fn the_command_draws_the_set_that_its_options_ask_for() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = folder.path().join("fields");
        let out_text = out.to_str().expect("a readable path");
        let synth = parsed(&["--out", out_text, "--per-class", "1", "--size", "96x72"]).expect("understood");
        synth.run().expect("drawn");
        let set = DrawnSet { generator: GENERATOR, seed: 1, width: 96, height: 72, per_class: 1 };
        assert_eq!(DrawnSet::read(&out).expect("read"), Some(set));
        assert!(out.join("Benign/drawn-Benign-0001.jpg").is_file());
        synth.run().expect("nothing left to draw");
    }

    #[test]
    fn rejects_wrong_options_by_name_and_value() {
        for (arguments, value) in [
            (["--out", "x", "--per-class", "0", "--size", "224x224"], "'0'"),
            (["--out", "x", "--per-class", "many", "--size", "224x224"], "'many'"),
            (["--out", "x", "--per-class", "1", "--size", "32x32"], "'32x32'"),
        ] {
            let message = parsed(&arguments).expect_err(value).to_string();
            assert!(message.contains(value), "{message}");
        }
    }

    #[test]
    fn sizes_are_read_and_refused() {
        assert_eq!(size("1024x768"), Ok(Size { width: 1024, height: 768 }));
        assert_eq!(size("64X4096"), Ok(Size { width: 64, height: 4096 }));
        for wrong in
            ["", "224", "x", "63x100", "100x4097", "-5x100", "1024x768x3", "10_0x100", "99999999999999999999x64"]
        {
            let message = size(wrong).expect_err(wrong);
            assert!(message.contains("64 to 4096"), "{message}");
        }
    }
}
