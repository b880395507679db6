//! Small data sets in temporary folders, and the real one if present, for the tests of this crate.

use std::path::{Path, PathBuf};

use blastscope_shared::Class;
use image::{Rgb, RgbImage};

/// A field of `side` pixels with soft spots, different for every seed.
pub fn field(seed: u32, side: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let spots: Vec<[f32; 3]> = (0..7).map(|_| [next(), next(), 0.05 + next() * 0.2]).collect();
    RgbImage::from_fn(side, side, |x, y| {
        let (x, y) = (x as f32 / side as f32, y as f32 / side as f32);
        let dark: f32 = spots
            .iter()
            .map(|[at, down, size]| libm::expf(-((x - at) * (x - at) + (y - down) * (y - down)) / (size * size)))
            .sum();
        let grey = 230.0 - 150.0 * dark.min(1.0);
        Rgb([grey as u8, (grey * 0.8) as u8, grey as u8])
    })
}

/// Draws `per_class` different fields of every class into `root/<folder>/<class>-<number>.png`.
pub fn draw(root: &Path, folders: [&str; 4], per_class: u32) {
    for (class, folder) in Class::ALL.into_iter().zip(folders) {
        let folder = root.join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        for number in 0..per_class {
            let path = folder.join(format!("{class}-{number:03}.png"));
            field(class.index() as u32 * 1000 + number, 64).save(path).expect("saved");
        }
    }
}

/// `all_pbs` in the folder that BLASTSCOPE_DATA names, or `None` after reporting that the test `name` is skipped.
pub fn real_data(name: &str) -> Option<PathBuf> {
    match std::env::var_os("BLASTSCOPE_DATA") {
        Some(folder) => Some(Path::new(&folder).join("all_pbs")),
        None => {
            // Written past the test harness, which hides what passing tests print.
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("SKIPPED {name}: set BLASTSCOPE_DATA\n").as_bytes(),
            );
            None
        }
    }
}
