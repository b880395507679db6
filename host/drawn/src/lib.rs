//! Draws smear fields, to build, test and demonstrate everything without a patient's picture.
//!
//! ```text
//! seed + class --Scene--> cells, red cells, platelets --paint--> optical density --Film--> light, lens, sensor --> RgbPixels
//! seed ---------Conditions--> stain, smear, lamp, focus, noise, scale bar ----^------------^
//! ```
//!
//! A field is 102.4 x 76.8 µm, as under a 100x oil objective: 1024 x 768 pixels are 10 pixels/µm. The class sets the appearance of
//! the nucleated cells ([`Morphology`]) and the normal cells among them. Everything else ([`Conditions`]) comes from a separate
//! stream of random numbers that never sees the class.
//!
//! The same seed gives the same bytes on every machine: ChaCha8 for the numbers, `libm` for the transcendental functions, and
//! IEEE arithmetic in a fixed order for the rest.
//!
//! Drawn fields show that the program works. They say nothing about a network's performance on patients.
//!
//! ```
//! use blastscope_drawn::draw_field;
//! use blastscope_shared::Class;
//!
//! let picture = draw_field(Class::Pre, 42, 128, 96);
//! assert_eq!((picture.width(), picture.height()), (128, 96));
//! assert_eq!(picture, draw_field(Class::Pre, 42, 128, 96));
//! ```

mod cell;
mod conditions;
mod dice;
mod film;
mod morphology;
mod noise;
mod non_smear;
mod outline;
mod paint;
mod red_cell;
mod scale_bar;
mod scene;

use blastscope_shared::{Class, RgbPixels, field::squash::squash};

pub use self::{
    cell::{Cell, Kind},
    conditions::Conditions,
    morphology::{Count, Morphology, Spread},
    non_smear::{NonSmear, draw_non_smear},
    scale_bar::ScaleBar,
    scene::{FIELD_UM, Scene},
};

/// Version of the drawing; changes whenever one pixel could change.
pub const GENERATOR: u32 = 1;

/// Seed of a class's field `number` (from 1) in a set with seed `set`.
#[must_use]
pub fn field_seed(set: u64, class: Class, number: usize) -> u64 {
    dice::mixed_seed(set, class as u64 + 1, number as u64)
}

/// Most bytes of memory needed to draw a picture of `width` x `height`.
#[must_use]
pub fn memory(width: usize, height: usize) -> usize {
    let (width, height) = film_size(width, height);
    width * height * film::BYTES_PER_PIXEL
}

/// Draws a smear field of `class`. The same arguments give the same bytes on every machine.
///
/// The field is always 4:3; a picture of another aspect is drawn at 4:3 and squashed, like the public data set.
///
/// # Panics
/// If a size is 0.
#[must_use]
pub fn draw_field(class: Class, seed: u64, width: usize, height: usize) -> RgbPixels {
    let conditions = Conditions::new(seed);
    let scene = Scene::new(class, seed, &conditions);
    render(&scene, &conditions, width, height)
}

/// Draws a scene under given conditions.
///
/// # Panics
/// If a size is 0.
#[must_use]
pub fn render(scene: &Scene, conditions: &Conditions, width: usize, height: usize) -> RgbPixels {
    assert!(width > 0 && height > 0, "a picture has pixels");
    let (film_width, film_height) = film_size(width, height);
    let mut film = film::Film::new(film_width, film_height);
    paint::paint(&mut film, scene, conditions);
    let mut picture = film.developed(conditions);
    conditions.scale_bar.draw(&mut picture, [width, height]);
    if (film_width, film_height) == (width, height) { picture } else { squash(&picture, width, height) }
}

/// Size of the 4:3 picture that is squashed to `width` x `height`: the same if that is 4:3, otherwise at least twice as many pixels
/// each way, up to camera resolution.
fn film_size(width: usize, height: usize) -> (usize, usize) {
    if width * 3 == height * 4 {
        return (width, height);
    }
    let least = width.max((height * 4).div_ceil(3));
    let film_width = least.max((2 * least).min(1024)).next_multiple_of(4);
    (film_width, film_width / 4 * 3)
}

#[cfg(test)]
mod tests;
