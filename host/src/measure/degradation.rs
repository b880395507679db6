//! Known amounts of what goes wrong between slide and file: pure functions on RGB pictures with five severities each, after
//! Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations", ICLR 2019.
//!
//! Their corruptions are those of photographs; these are those of a microscope with a camera: focus, exposure, lamp, stain, sensor
//! and file. A picture is degraded before it is preprocessed. The same arguments give the same bytes on every machine.
//!
//! Light is linear: exposure, lamp and sensor work on the light that the bytes stand for (sRGB, IEC 61966-2-1). Stain works on
//! optical density, relative to the picture's own background.

mod blur;
mod compression;
mod geometry;
mod light;
mod noise;
mod stain;

use std::fmt;

use blastscope_shared::RgbPixels;
use serde::{Deserialize, Serialize};

/// A kind of degradation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Degradation {
    /// The objective is out of focus: a Gaussian blur.
    Blur,
    /// The lamp is low or the exposure short.
    Dark,
    /// The lamp is high or the exposure long; the sensor clips.
    Bright,
    /// Stained for longer: more of both stains.
    StrongStain,
    /// Stained for shorter, or faded: less of both stains.
    PaleStain,
    /// More of the blue stain and less of eosin, as at a higher pH of the buffer.
    BlueTint,
    /// Less of the blue stain and more of eosin, as at a lower pH of the buffer.
    PinkTint,
    /// A warm lamp without white balance.
    WarmLight,
    /// A cool lamp without white balance.
    CoolLight,
    /// Shot and read noise of the sensor.
    Noise,
    /// Compressed to a small JPEG file.
    Jpeg,
    /// Sharpened by the camera: an unsharp mask.
    Sharpened,
    /// Darker towards the corners, as with a condenser that is off its place.
    Vignette,
    /// Less of the slide fills the picture: another adapter, or a smaller sensor.
    NarrowField,
    /// More of the slide fills the picture: an objective of less magnification.
    LowMagnification,
    /// A sensor narrower than 4:3, whose whole frame is brought to the model's shape.
    SquareSensor,
    /// A sensor wider than 4:3, whose whole frame is brought to the model's shape.
    WideSensor,
}

/// Strength of a degradation: 1 is barely visible, 5 is obvious to anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Severity(u8);

impl Severity {
    /// All five, the mildest first.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The severity with this number; `None` unless 1 to 5.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        match number {
            1..=5 => Some(Self(number)),
            _ => None,
        }
    }

    /// 1 to 5.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The element of a table by severity.
    const fn of<T: Copy>(self, table: &[T; 5]) -> T {
        table[(self.0 - 1) as usize]
    }
}

impl TryFrom<u8> for Severity {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Self::new(number).ok_or_else(|| format!("a severity is a number from 1 to 5, not {number}"))
    }
}

impl From<Severity> for u8 {
    fn from(severity: Severity) -> Self {
        severity.0
    }
}

/// Standard deviation of the blur, in pixels of a picture 224 pixels wide (0.46 µm in a field of 102.4 µm).
const SIGMA: [f32; 5] = [0.4, 0.7, 1.0, 1.5, 2.5];
/// Exposure in stops, a factor of two of light each.
const DARK_STOPS: [f32; 5] = [-0.4, -0.8, -1.2, -1.6, -2.0];
const BRIGHT_STOPS: [f32; 5] = [0.15, 0.3, 0.5, 0.8, 1.2];
/// Factor of the optical density of both stains.
const STRONG: [f32; 5] = [1.1, 1.2, 1.35, 1.55, 1.8];
const PALE: [f32; 5] = [0.9, 0.8, 0.65, 0.5, 0.35];
/// Share of one stain that is added, and of the other that is taken away.
const TINT: [f32; 5] = [0.1, 0.2, 0.3, 0.45, 0.6];
/// Share of red light that is added, and of blue that is taken away, or the other way round.
const CAST: [f32; 5] = [0.05, 0.1, 0.15, 0.22, 0.3];
/// Electrons of a pixel at white: the fewer, the more noise.
const ELECTRONS: [f32; 5] = [4000.0, 1500.0, 600.0, 250.0, 100.0];
/// Strength of an unsharp mask whose blur has a deviation of one pixel of 224.
const UNSHARP: [f32; 5] = [0.25, 0.5, 1.0, 1.5, 2.5];
/// Share of the light that is missing in the corner.
const VIGNETTE: [f32; 5] = [0.1, 0.2, 0.3, 0.4, 0.55];
/// Share of the field's width and height.
const NARROW: [f32; 5] = [0.95, 0.85, 0.75, 0.7, 0.6];
/// Share of the magnification: 0.4 for an objective of 40x instead of 100x.
const MAGNIFICATION: [f32; 5] = [0.9, 0.8, 0.65, 0.5, 0.4];
/// Width of a sensor over its height; [`CAMERA`] for the public set's.
const SQUARE: [f32; 5] = [1.28, 1.25, 1.2, 1.1, 1.0];
const WIDE: [f32; 5] = [1.4, 1.5, 1.6, 1.78, 2.35];
const CAMERA: f32 = 4.0 / 3.0;
/// Quality of the JPEG file, 1..=100.
const QUALITY: [u8; 5] = [60, 35, 20, 12, 6];

impl Degradation {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Blur,
        Self::Dark,
        Self::Bright,
        Self::StrongStain,
        Self::PaleStain,
        Self::BlueTint,
        Self::PinkTint,
        Self::WarmLight,
        Self::CoolLight,
        Self::Noise,
        Self::Jpeg,
        Self::Sharpened,
        Self::Vignette,
        Self::NarrowField,
        Self::LowMagnification,
        Self::SquareSensor,
        Self::WideSensor,
    ];

    /// A short name, as on the command line: `strong-stain`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blur => "blur",
            Self::Dark => "dark",
            Self::Bright => "bright",
            Self::StrongStain => "strong-stain",
            Self::PaleStain => "pale-stain",
            Self::BlueTint => "blue-tint",
            Self::PinkTint => "pink-tint",
            Self::WarmLight => "warm-light",
            Self::CoolLight => "cool-light",
            Self::Noise => "noise",
            Self::Jpeg => "jpeg",
            Self::Sharpened => "sharpened",
            Self::Vignette => "vignette",
            Self::NarrowField => "narrow-field",
            Self::LowMagnification => "low-magnification",
            Self::SquareSensor => "square-sensor",
            Self::WideSensor => "wide-sensor",
        }
    }

    /// What a severity means, in numbers: `sigma 1.5 px of 224`.
    #[must_use]
    pub fn setting(self, severity: Severity) -> String {
        let percent = |share: f32| share * 100.0;
        match self {
            Self::Blur => format!("sigma {} px of 224", severity.of(&SIGMA)),
            Self::Dark => format!("{} stops", severity.of(&DARK_STOPS)),
            Self::Bright => format!("+{} stops", severity.of(&BRIGHT_STOPS)),
            Self::StrongStain => format!("density x {}", severity.of(&STRONG)),
            Self::PaleStain => format!("density x {}", severity.of(&PALE)),
            Self::BlueTint => format!("blue +{0:.0} %, eosin -{0:.0} %", percent(severity.of(&TINT))),
            Self::PinkTint => format!("eosin +{0:.0} %, blue -{0:.0} %", percent(severity.of(&TINT))),
            Self::WarmLight => format!("red +{0:.0} %, blue -{0:.0} %", percent(severity.of(&CAST))),
            Self::CoolLight => format!("blue +{0:.0} %, red -{0:.0} %", percent(severity.of(&CAST))),
            Self::Noise => format!("{:.0} electrons at white", severity.of(&ELECTRONS)),
            Self::Jpeg => format!("quality {}", severity.of(&QUALITY)),
            Self::Sharpened => format!("unsharp mask of {:.0} %", percent(severity.of(&UNSHARP))),
            Self::Vignette => format!("-{:.0} % in the corner", percent(severity.of(&VIGNETTE))),
            Self::NarrowField => format!("{:.0} % as wide", percent(severity.of(&NARROW))),
            Self::LowMagnification => format!("{:.0} % magnification", percent(severity.of(&MAGNIFICATION))),
            Self::SquareSensor => format!("{:.2}:1", severity.of(&SQUARE)),
            Self::WideSensor => format!("{:.2}:1", severity.of(&WIDE)),
        }
    }

    /// Degrades a picture. `seed` affects only the noise: give every picture its own.
    #[must_use]
    pub fn apply(self, picture: &RgbPixels, severity: Severity, seed: u64) -> RgbPixels {
        match self {
            Self::Blur => blur::gaussian(picture, severity.of(&SIGMA) * picture.width() as f32 / 224.0),
            Self::Dark => light::gains(picture, [severity.of(&DARK_STOPS).exp2(); 3]),
            Self::Bright => light::gains(picture, [severity.of(&BRIGHT_STOPS).exp2(); 3]),
            Self::StrongStain => stain::scale(picture, [severity.of(&STRONG); 2]),
            Self::PaleStain => stain::scale(picture, [severity.of(&PALE); 2]),
            Self::BlueTint => stain::scale(picture, [1.0 + severity.of(&TINT), 1.0 - severity.of(&TINT)]),
            Self::PinkTint => stain::scale(picture, [1.0 - severity.of(&TINT), 1.0 + severity.of(&TINT)]),
            Self::WarmLight => light::gains(picture, light::cast(severity.of(&CAST))),
            Self::CoolLight => light::gains(picture, light::cast(-severity.of(&CAST))),
            Self::Noise => noise::sensor(picture, severity.of(&ELECTRONS), seed),
            Self::Jpeg => compression::jpeg(picture, severity.of(&QUALITY)),
            Self::Sharpened => blur::unsharp(picture, picture.width() as f32 / 224.0, severity.of(&UNSHARP)),
            Self::Vignette => light::vignette(picture, severity.of(&VIGNETTE)),
            Self::NarrowField => geometry::view(picture, [severity.of(&NARROW); 2]),
            Self::LowMagnification => geometry::view(picture, [1.0 / severity.of(&MAGNIFICATION); 2]),
            Self::SquareSensor => geometry::view(picture, [severity.of(&SQUARE) / CAMERA, 1.0]),
            Self::WideSensor => geometry::view(picture, [1.0, CAMERA / severity.of(&WIDE)]),
        }
    }
}

impl fmt::Display for Degradation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests;
