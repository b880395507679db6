//! The gate: decides whether a picture is fit to be judged.
//!
//! All measures are taken on the picture squashed to [`SIDE`] x [`SIDE`] pixels, about what the network would see, so one set of
//! thresholds serves a 640x480 webcam, a 2560x1920 microscope camera and a 224x224 file. The bottom eighth is left out, because
//! scale bars are burned in there. All sums are integers and the few divisions are single IEEE operations, so every machine agrees.
//!
//! # Measures
//! * **focus**: energy of differences over 2 pixels, divided by the energy of differences over 4 pixels, in the green channel
//!   (where a Romanowsky stain has its contrast). Blur takes from the fine differences first. Contrast and brightness cancel.
//!   A straight ramp, as out of focus as can be, has 0.25; uncorrelated noise has 1.
//! * **background** and **cells**: the brightness that 95 % and 2 % of the pixels do not exceed. The difference is the contrast.
//! * **clipped**: share of pixels whose three channels are all near the upper end (250 or more).
//! * **foreign**: share of pixels of a colour that no stained smear has in transmitted light: much darker than the background, or
//!   with clearly less blue than green or red (leaves, skin, wood, bread).
//! * **stained**: share of pixels with clearly less green than the stronger of red and blue: eosin's pink, azure's violet.

mod planes;

use alloc::vec;

use serde::{Deserialize, Serialize};

use self::planes::Planes;
use crate::field::{pixels::RgbPixels, squash::Squash};

/// Width and height of the measured, squashed picture, in pixels.
pub const SIDE: usize = 224;
/// Rows measured, from the top.
const ROWS: usize = 196;
/// From this value on, a channel counts as clipped.
const CLIPPED: u8 = 250;

/// The gate's measures of a picture; see the [module](self) for definitions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Sharpness, a ratio without unit: 0.25 for a ramp, about 0.4 for a sharp smear, 1 for noise. 0 for a blank picture.
    pub focus: f32,
    /// Brightness of the empty background: 95th percentile of luma, 0..=255.
    pub background: u8,
    /// Brightness of the darkest cells: 2nd percentile of luma, 0..=255.
    pub cells: u8,
    /// Share of clipped pixels, 0..=1.
    pub clipped: f32,
    /// Share of pixels with a colour that is foreign to a smear, 0..=1.
    pub foreign: f32,
    /// Share of pixels with a colour of the stain, 0..=1.
    pub stained: f32,
}

impl Quality {
    /// Difference in brightness between the background and the darkest cells, 0..=255.
    #[must_use]
    pub const fn contrast(&self) -> u8 {
        self.background - self.cells
    }
}

/// Why a picture is not judged. The text tells the person at the microscope what is wrong and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    /// The background is too dark.
    #[error("too dark (background {background} of 255, needs {threshold}): turn up the lamp or lengthen the exposure")]
    TooDark {
        /// Measured [`Quality::background`].
        background: u8,
        /// Least that passes.
        threshold: u8,
    },
    /// Too much of the picture is clipped.
    #[error(
        "too bright ({:.0} % of the field is clipped, at most {:.0} % may be): turn down the lamp or shorten the exposure",
        clipped * 100.0, threshold * 100.0
    )]
    TooBright {
        /// Measured [`Quality::clipped`].
        clipped: f32,
        /// Most that passes.
        threshold: f32,
    },
    /// The field is empty.
    #[error("empty field (contrast {contrast} of 255, needs {threshold}): move the slide to where cells are")]
    Empty {
        /// Measured [`Quality::contrast`].
        contrast: u8,
        /// Least that passes.
        threshold: u8,
    },
    /// The colours or texture are not those of a stained smear.
    #[error("not a stained blood smear (foreign colours {:.0} %, stain {:.1} %): put a stained smear under the objective",
        foreign * 100.0, stained * 100.0)]
    NotASmear {
        /// Measured [`Quality::foreign`].
        foreign: f32,
        /// Measured [`Quality::stained`].
        stained: f32,
    },
    /// The picture is out of focus.
    #[error(
        "out of focus (sharpness {focus:.3}, needs {threshold:.3}): turn the fine focus until the cells' edges are crisp"
    )]
    OutOfFocus {
        /// Measured [`Quality::focus`].
        focus: f32,
        /// Least that passes.
        threshold: f32,
    },
}

impl Rejection {
    /// A short name for tables and counters: `too dark`, `too bright`, `empty`, `not a smear`, `out of focus`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooDark { .. } => "too dark",
            Self::TooBright { .. } => "too bright",
            Self::Empty { .. } => "empty",
            Self::NotASmear { .. } => "not a smear",
            Self::OutOfFocus { .. } => "out of focus",
        }
    }
}

/// Thresholds of the gate.
///
/// The defaults were chosen on the 2767 training images of the public set (Aria et al. 2021, 224x224), 24 of its camera frames
/// (1024x768 and 2560x1920), degraded versions of both, 100 smears of another laboratory (BCCD, 640x480) and 8 photographs of
/// everyday things (COCO). Share that passes, in per cent; lengths are pixels of the squashed picture:
///
/// | pictures | public set | camera frames | BCCD | photographs |
/// | --- | --- | --- | --- | --- |
/// | unchanged | 99.93 | 100 | 99 | 0 |
/// | blurred, sigma 1.5 | 61 | 0 | 0 | 0 |
/// | blurred, sigma 2 and more | 0 | 0 | 0 | 0 |
/// | exposure x 0.7 | 100 | 100 | 0 | 0 |
/// | x 0.5 and less | 0 | 0 | 0 | 0 |
/// | x 1.5 | 11 | 17 | 46 | 0 |
/// | x 2 and more | 0 | 0 | 0 | 0 |
/// | without colour | 0 | 0 | 0 | 0 |
/// | noise of sigma 8 | 100 | 100 | 100 | 0 |
///
/// A blank frame never passes. The gate misses blur if noise is added after it (sigma 3, then noise of sigma 4 on a 224x224
/// picture: nearly all pass); in a camera frame the squash averages such noise away. The public set is itself brightly exposed and
/// partly soft, so milder faults than these cannot be told from its good pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Least [`Quality::background`].
    pub min_background: u8,
    /// Most [`Quality::clipped`].
    pub max_clipped: f32,
    /// Least [`Quality::contrast`].
    pub min_contrast: u8,
    /// Most [`Quality::foreign`].
    pub max_foreign: f32,
    /// Least [`Quality::stained`].
    pub min_stained: f32,
    /// Least [`Quality::focus`].
    pub min_focus: f32,
    /// Most [`Quality::focus`]: above it the texture is finer than that of cells.
    pub max_focus: f32,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            min_background: 150,
            max_clipped: 0.6,
            min_contrast: 25,
            max_foreign: 0.06,
            min_stained: 0.005,
            min_focus: 0.296,
            max_focus: 0.7,
        }
    }
}

impl Gate {
    /// Measures one `picture`; for many, use an [`Inspector`].
    #[must_use]
    pub fn inspect(picture: &RgbPixels) -> Quality {
        Inspector::new().inspect(picture)
    }

    /// Whether a picture of this `quality` may be judged.
    ///
    /// # Errors
    /// The first [`Rejection`] that applies; each makes sense only if those before it do not apply.
    pub fn judge(&self, quality: &Quality) -> Result<(), Rejection> {
        let &Quality { focus, background, clipped, foreign, stained, .. } = quality;
        let contrast = quality.contrast();
        // Each condition states what must hold, so that NaN does not pass.
        let is_bright_enough = background >= self.min_background;
        let is_within_range = clipped <= self.max_clipped;
        let shows_something = contrast >= self.min_contrast;
        let is_a_smear = foreign <= self.max_foreign && stained >= self.min_stained && focus <= self.max_focus;
        let is_sharp = focus >= self.min_focus;
        match (is_bright_enough, is_within_range, shows_something, is_a_smear, is_sharp) {
            (false, ..) => Err(Rejection::TooDark { background, threshold: self.min_background }),
            (_, false, ..) => Err(Rejection::TooBright { clipped, threshold: self.max_clipped }),
            (_, _, false, ..) => Err(Rejection::Empty { contrast, threshold: self.min_contrast }),
            (_, _, _, false, _) => Err(Rejection::NotASmear { foreign, stained }),
            (.., false) => Err(Rejection::OutOfFocus { focus, threshold: self.min_focus }),
            (true, true, true, true, true) => Ok(()),
        }
    }

    /// [`Self::inspect`] and [`Self::judge`] in one.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub fn check(&self, picture: &RgbPixels) -> Result<Quality, Rejection> {
        let quality = Self::inspect(picture);
        self.judge(&quality).map(|()| quality)
    }
}

fn share(pixels: u32) -> f32 {
    pixels as f32 / (SIDE * ROWS) as f32
}

/// Measures picture after picture in the same buffers.
#[derive(Debug)]
pub struct Inspector {
    squash: Squash,
    field: RgbPixels,
    planes: Planes,
}

impl Inspector {
    /// Allocates the buffers.
    #[must_use]
    pub fn new() -> Self {
        let field = RgbPixels::new(SIDE, SIDE, vec![0; SIDE * SIDE * 3]).expect("three bytes per pixel");
        Self { squash: Squash::new(), field, planes: Planes::new() }
    }

    /// Measures `picture`; allocates only if its size differs from the picture before.
    pub fn inspect(&mut self, picture: &RgbPixels) -> Quality {
        self.squash.run(picture, SIDE, SIDE, self.field.bytes_mut());
        self.planes.fill(self.field.bytes());
        let brightness = self.planes.brightness();
        let background = brightness.percentile(95);
        let colours = self.planes.colours(background);
        Quality {
            focus: self.planes.focus(),
            background,
            cells: brightness.percentile(2),
            clipped: share(colours.clipped),
            foreign: share(colours.foreign),
            stained: share(colours.stained),
        }
    }

    /// The last inspected picture, squashed to [`SIDE`] x [`SIDE`] pixels, for reuse by callers that need that size.
    #[must_use]
    pub const fn field(&self) -> &RgbPixels {
        &self.field
    }
}

impl Default for Inspector {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
