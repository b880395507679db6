//! The shipped models' logits on 200 drawn fields, bit for bit, on every instruction set of the machine. The golden files were
//! written on one architecture and are checked on all others.
//!
//! The machine's fastest instruction set is compared on all fields, its others on the first few. `BLASTSCOPE_GOLDEN_FIELDS=N`
//! compares only the first N, for emulated machines. `BLASTSCOPE_WRITE_GOLDEN=1` rewrites the files with the scalar kernels and
//! then fails.

use std::{env, fmt::Write as _, fs, path::Path};

use blastscope_shared::{Class, Classifier, Isa, RgbPixels, engine::network::Execution, hex};
use sha2::{Digest as _, Sha256};

const FIELDS: usize = 200;
/// Number of fields for instruction sets other than the machine's fastest.
const FEW: usize = 3;
const SIDE: usize = 224;

/// Integers only, so that every machine draws the same numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u32) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32 % end) as i32
    }
}

/// A field of pale red cells and a few dark nuclei on a light background, with noise and the masked corner: RGB, row by row.
fn draw(field: usize) -> Vec<u8> {
    let mut dice = Dice(field as u64 * 977 + 1);
    let ground = [205 + dice.below(40), 185 + dice.below(50), 200 + dice.below(45)];
    let mut pixels: Vec<i32> = (0..SIDE * SIDE).flat_map(|_| ground).collect();
    let mut disc = |dice: &mut Dice, radius: i32, colour: [i32; 3], grain: i32| {
        let (cy, cx) = (dice.below(SIDE as u32), dice.below(SIDE as u32));
        let (wide, high) = (3 + dice.below(3), 3 + dice.below(3));
        for y in (cy - radius).max(0)..(cy + radius).min(SIDE as i32) {
            for x in (cx - radius).max(0)..(cx + radius).min(SIDE as i32) {
                let distance = (y - cy).pow(2) * high + (x - cx).pow(2) * wide;
                if distance <= 4 * radius.pow(2) {
                    let shade = dice.below(grain as u32) - grain / 2 + 12 * distance / (4 * radius.pow(2));
                    for (channel, &value) in colour.iter().enumerate() {
                        pixels[(y as usize * SIDE + x as usize) * 3 + channel] = value + shade;
                    }
                }
            }
        }
    };
    for _ in 0..20 + dice.below(40) {
        let shade = dice.below(30);
        disc(&mut dice, 9 + shade / 10, [200 - shade, 150 - shade, 165 - shade], 8);
    }
    for _ in 0..dice.below(14) {
        let (red, radius) = (90 + dice.below(60), 7 + dice.below(11));
        let (plasma, green, blue) = (160 + dice.below(30), 50 + dice.below(50), 130 + dice.below(50));
        disc(&mut dice, radius + 4, [170, plasma, 210], 10);
        disc(&mut dice, radius, [red, green, blue], 30);
    }
    let masked = |at: usize| at / 3 / SIDE >= 196 && at / 3 % SIDE >= 170;
    let pixel =
        |(at, value): (usize, i32)| if masked(at) { 0 } else { (value + dice.below(9) - 4).clamp(0, 255) as u8 };
    pixels.into_iter().enumerate().map(pixel).collect()
}

#[test]
fn whole_fields_have_the_logits_of_the_golden_file() {
    compare("paper.bsm", 0, "fields.txt");
    compare("blastscope.bsm", 3, "fields.txt");
}

#[test]
fn fields_seen_cell_by_cell_have_the_logits_of_the_golden_file() {
    compare("blastscope.bsm", 0, "cells.txt");
}

#[test]
fn fields_seen_by_the_first_small_network_of_cells_have_the_logits_of_the_golden_file() {
    compare("blastscope.bsm", 1, "small_cells_1.txt");
}

#[test]
fn fields_seen_by_the_second_small_network_of_cells_have_the_logits_of_the_golden_file() {
    compare("blastscope.bsm", 2, "small_cells_2.txt");
}

/// Compares the logits of a juror of `model` for the drawn fields with the lines of `golden`, on every instruction set of this
/// machine.
fn compare(model: &str, juror: usize, golden: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = root.join("tests/golden").join(golden);
    let model = fs::read(root.join("../models").join(model)).expect("the shipped model");
    if env::var_os("BLASTSCOPE_WRITE_GOLDEN").is_some() {
        let (id, lines) = lines_of(&model, juror, Isa::Scalar, FIELDS);
        fs::write(&golden, format!("{id}\n{}\n", lines.join("\n"))).expect("the golden file can be written");
        panic!("{} was rewritten; run the test again without BLASTSCOPE_WRITE_GOLDEN", golden.display());
    }
    let text = fs::read_to_string(&golden).expect("the golden file");
    assert!(text.lines().count() == FIELDS + 1 && Class::COUNT == 4, "the file has {FIELDS} fields");
    let count = env::var("BLASTSCOPE_GOLDEN_FIELDS").map_or(FIELDS, |count| count.parse().expect("a number of fields"));
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let count = count.min(if isa == Isa::detect() { FIELDS } else { FEW });
        let (id, lines) = lines_of(&model, juror, isa, count);
        let mut expected = text.lines();
        let of = expected.next();
        assert_eq!(of, Some(id.as_str()), "the file is of another sight: BLASTSCOPE_WRITE_GOLDEN=1");
        for (line, expected) in lines.iter().zip(expected) {
            assert_eq!(line, expected, "on {isa}");
        }
        eprintln!("{} fields have the golden logits on {isa}", lines.len());
    }
}

/// The hash of the sight of a juror of `model`, and a line for each of `count` drawn fields.
fn lines_of(model: &[u8], juror: usize, isa: Isa, count: usize) -> (String, Vec<String>) {
    let classifier = Classifier::read_with(model, Execution { isa, threads: 1 }).expect("the shipped model is whole");
    let looks = classifier.jurors().get(juror).expect("a juror");
    let mut workspace = classifier.workspace();
    let mut inputs = Sha256::new();
    let line = |field: usize| {
        let picture = RgbPixels::new(SIDE, SIDE, draw(field)).expect("a field");
        let input = looks.framing().apply(&picture);
        inputs.update(&input);
        let logits = classifier.observe(juror, &input, &mut workspace).observed().map(|seen| seen.logits);
        let mut line = format!("{field}");
        match logits.map(|logits| logits.map(f32::to_bits)) {
            Some(bits) => bits.iter().for_each(|bits| write!(line, " {bits:08x}").expect("strings take everything")),
            None => line += " no cells",
        }
        // Detects a difference in the drawing, which would look like one in the network.
        write!(line, " {:02x?}", &inputs.clone().finalize()[..4]).expect("strings take everything");
        line
    };
    let lines = (0..count).map(line).collect();
    (hex(&looks.sight().hash()), lines)
}
