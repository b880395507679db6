use std::fmt::Write;

use blastscope_shared::Framing;
use sha2::{Digest, Sha256};

use super::*;

fn scene(class: Class, seed: u64) -> Scene {
    Scene::new(class, seed, &Conditions::new(seed))
}

fn of_class(scene: &Scene) -> impl Iterator<Item = &Cell> {
    scene.cells.iter().filter(|cell| cell.kind == Kind::OfClass)
}

/// Mean of `number` over the cells of the class's own kind in 60 fields.
fn mean(class: Class, number: impl Fn(&Cell) -> f32) -> f32 {
    let scenes: Vec<Scene> = (0..60).map(|seed| scene(class, seed)).collect();
    let numbers: Vec<f32> = scenes.iter().flat_map(of_class).map(number).collect();
    numbers.iter().sum::<f32>() / numbers.len() as f32
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_every_machine() {
    let mut hash = Sha256::new();
    for class in Class::ALL {
        hash.update(draw_field(class, 42, 128, 96).bytes());
    }
    for kind in NonSmear::ALL {
        hash.update(draw_non_smear(kind, 42, 64, 48).bytes());
    }
    let hex = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all");
        hex
    });
    // If this hash changes, raise GENERATOR: it is a new version of the drawing.
    assert_eq!(hex, "032b36b97ae2a3b7ddbc020a0551e001184d205e4b6817c9fe914e4b7c1714bb");
}

#[test]
fn another_seed_or_class_gives_another_picture() {
    let picture = draw_field(Class::Pre, 1, 96, 72);
    assert_ne!(picture, draw_field(Class::Pre, 2, 96, 72));
    assert_ne!(picture, draw_field(Class::Pro, 1, 96, 72));
}

#[test]
fn any_size_is_drawn() {
    for (width, height) in [(1, 1), (64, 64), (224, 224), (64, 500), (501, 65), (640, 480)] {
        let picture = draw_field(Class::Early, 3, width, height);
        assert_eq!((picture.width(), picture.height()), (width, height));
        for kind in NonSmear::ALL {
            let picture = draw_non_smear(kind, 3, width, height);
            assert_eq!((picture.width(), picture.height()), (width, height));
        }
    }
}

#[test]
fn nuclei_grow_and_cytoplasm_widens_from_benign_to_pro() {
    let area = Class::ALL.map(|class| mean(class, Cell::nucleus_area_um2));
    assert!(area.is_sorted_by(|a, b| a * 1.1 < *b), "{area:?} µm²");
    let ratio = Class::ALL.map(|class| mean(class, |cell| cell.nuclear_ratio));
    assert!(ratio.is_sorted_by(|a, b| a - 0.03 > *b), "{ratio:?}");
}

#[test]
fn a_field_has_cells_of_its_class_and_cells_of_a_class_overlap_the_next_class() {
    for class in Class::ALL {
        for seed in 0..60 {
            let scene = scene(class, seed);
            assert!(of_class(&scene).count() >= 2, "{class} {seed}");
            assert!(scene.red_cell_count() >= 10, "{class} {seed}: {}", scene.red_cell_count());
        }
    }
    let largest = |class| (0..60).flat_map(|seed| scene(class, seed).cells).fold(0.0, |d: f32, c| d.max(c.diameter_um));
    let smallest = |class: Class| {
        let scenes: Vec<Scene> = (0..60).map(|seed| scene(class, seed)).collect();
        scenes.iter().flat_map(of_class).fold(f32::MAX, |d, c| d.min(c.diameter_um))
    };
    assert!(largest(Class::Early) > smallest(Class::Pre));
    assert!(largest(Class::Pre) > smallest(Class::Pro));
}

/// The conditions that a colour classifier could exploit.
fn nuisance(conditions: &Conditions) -> [f32; 8] {
    [
        conditions.stain_strength,
        conditions.azure,
        conditions.red_cell_grey,
        conditions.red_cell_strength,
        conditions.white[0],
        conditions.white[2],
        conditions.blur_um,
        conditions.red_cells as f32,
    ]
}

#[test]
fn conditions_do_not_depend_on_the_class() {
    const FIELDS: usize = 50;
    let by_class = Class::ALL.map(|class| {
        (1..=FIELDS).map(|number| nuisance(&Conditions::new(field_seed(9, class, number)))).collect::<Vec<_>>()
    });
    for at in 0..8 {
        let all: Vec<f32> = by_class.iter().flatten().map(|numbers| numbers[at]).collect();
        let mean = all.iter().sum::<f32>() / all.len() as f32;
        let variance = all.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / all.len() as f32;
        let tolerance = 3.5 * (variance / FIELDS as f32).sqrt();
        for (class, fields) in Class::ALL.into_iter().zip(&by_class) {
            let of_class = fields.iter().map(|numbers| numbers[at]).sum::<f32>() / FIELDS as f32;
            assert!((of_class - mean).abs() < tolerance, "number {at}, {class}: {of_class}, all: {mean} ± {tolerance}");
        }
    }
}

#[test]
fn the_same_seed_has_the_same_glass_in_every_class() {
    for seed in 0..5 {
        let glass = Class::ALL.map(|class| {
            let picture = Framing::square(224).apply(&draw_field(class, seed, 256, 192));
            [0, 1, 2].map(|channel| {
                let mut values: Vec<u8> = picture.iter().skip(channel).step_by(3).copied().collect();
                values.sort_unstable();
                values[values.len() * 95 / 100]
            })
        });
        for other in &glass[1..] {
            for channel in 0..3 {
                assert!(glass[0][channel].abs_diff(other[channel]) <= 8, "seed {seed}: {glass:?}");
            }
        }
    }
}

#[test]
fn the_mask_removes_the_scale_bar_from_whole_fields() {
    let mut conditions = Conditions::new(11);
    let scene = Scene::new(Class::Pre, 11, &conditions);
    for (width, height) in [(1024, 768), (448, 336), (224, 224), (300, 400), (230, 231), (64, 100)] {
        let inputs = ScaleBar::ALL.map(|bar| {
            conditions.scale_bar = bar;
            Framing::square(224).apply(&render(&scene, &conditions, width, height))
        });
        assert!(inputs.iter().all(|input| *input == inputs[0]), "{width}x{height}");
    }
}

/// Mean and standard deviation of each channel outside the scale bar's mask.
fn six_colour_numbers(picture: &RgbPixels) -> [f32; 6] {
    let input = Framing::square(112).apply(picture);
    let count = (input.len() / 3) as f32;
    std::array::from_fn(|at| {
        let channel = || input.iter().skip(at / 2).step_by(3).map(|&byte| f32::from(byte));
        let mean = channel().sum::<f32>() / count;
        if at % 2 == 0 { mean } else { (channel().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count).sqrt() }
    })
}

#[test]
fn colour_alone_does_not_tell_the_class() {
    const FIELDS: usize = 60;
    let mut fields: Vec<(Class, [f32; 6])> = Class::ALL
        .into_iter()
        .flat_map(|class| (1..=FIELDS).map(move |number| (class, number)))
        .map(|(class, number)| (class, six_colour_numbers(&draw_field(class, field_seed(1, class, number), 112, 84))))
        .collect();
    for at in 0..6 {
        let count = fields.len() as f32;
        let mean = fields.iter().map(|(_, numbers)| numbers[at]).sum::<f32>() / count;
        let variance =
            fields.iter().map(|(_, numbers)| (numbers[at] - mean) * (numbers[at] - mean)).sum::<f32>() / count;
        for (_, numbers) in &mut fields {
            numbers[at] = (numbers[at] - mean) / variance.sqrt();
        }
    }
    let right = (0..fields.len()).filter(|&left_out| nearest_five(&fields, left_out) == fields[left_out].0).count();
    let accuracy = right as f32 / fields.len() as f32;
    assert!(accuracy < 0.45, "{accuracy} of four classes");
}

/// The majority class of the five nearest other fields; ties go to the first.
fn nearest_five(fields: &[(Class, [f32; 6])], left_out: usize) -> Class {
    let distance =
        |numbers: &[f32; 6]| -> f32 { numbers.iter().zip(&fields[left_out].1).map(|(a, b)| (a - b) * (a - b)).sum() };
    let mut others: Vec<(f32, Class)> = fields
        .iter()
        .enumerate()
        .filter(|&(at, _)| at != left_out)
        .map(|(_, (class, numbers))| (distance(numbers), *class))
        .collect();
    others.sort_by(|a, b| a.0.total_cmp(&b.0));
    let votes = |class: &Class| others[..5].iter().filter(|(_, other)| other == class).count();
    let most = Class::ALL.iter().map(votes).max().unwrap_or(0);
    Class::ALL.into_iter().find(|class| votes(class) == most).unwrap_or(Class::Benign)
}
