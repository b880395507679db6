//! A network whose verdicts are known by construction: it sees only a small square of one pure colour in a field.
//!
//! It is not trained, so tests about learning from corrections do not depend on what a training happened to learn, and have the
//! same outcome, bit for bit, on every processor: pixels become sums of integers, and the last layer is moved in 64-bit arithmetic
//! with the exponential of `libm`.
//!
//! A mark is [`SIDE`] pixels of a picture of [`FIELD`] x [`FIELD`], which the network sees at a quarter of the size. One filter per
//! colour sums the channels so that its pure colour gives 0.6 and every colour of a smear, from black to white, pink to violet, a
//! negative value: background and cells are cut off at 0. After the max-pools, one hidden unit per colour is 100 of 255 where the
//! mark is and 0 elsewhere, wherever the mark lies. The last layer gives 8 to the colour's class and 0 to the others: a probability
//! of 0.999.

use std::{io::Write as _, ops::Range, path::Path};

use blastscope_shared::{
    Class, RgbPixels, Sight,
    artifact::{
        Artifact, Juror, Measurement, ModelCard, Novelty, PICTURE_ID_LEN, Pictures, Pooling, Provenance, STATEMENT,
    },
    field::detail::SIZES,
    judge::{Thresholds, calibration::Calibration, jury::Voice, slide::SlidePooling},
    layers::{Filters, Layer},
};

/// Width and height of the pictures, in pixels.
pub const FIELD: usize = 256;
/// Width and height of a mark, in pixels: four of the network's.
pub const SIDE: usize = 16;
/// Width and height of the network's input, in pixels.
const INPUT: u16 = 64;
/// Filters and hidden units: a block of the kernels.
const UNITS: usize = 8;
/// Value of a hidden unit at its mark, in units of the quantized activation.
pub const LIT: u8 = 100;
/// Contribution of a mark to the logit of its class.
pub const LOGIT: f32 = 8.0;

/// A colour that occurs in no smear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Benign.
    Blue,
    /// Benign, a second kind.
    Cyan,
    /// Early.
    Green,
    /// Pre.
    Yellow,
    /// Pro.
    Red,
    /// Pro, but the network says Benign: what operators correct.
    Magenta,
}

impl Mark {
    /// All marks.
    pub const ALL: [Self; 6] = [Self::Blue, Self::Cyan, Self::Green, Self::Yellow, Self::Red, Self::Magenta];

    /// The true class of a field with this mark.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Blue | Self::Cyan => Class::Benign,
            Self::Green => Class::Early,
            Self::Yellow => Class::Pre,
            Self::Red | Self::Magenta => Class::Pro,
        }
    }

    /// The network's class for it.
    #[must_use]
    pub const fn named(self) -> Class {
        match self {
            Self::Magenta => Class::Benign,
            _ => self.class(),
        }
    }

    /// Which of red, green and blue are at maximum; the others are 0.
    const fn bright(self) -> [bool; 3] {
        match self {
            Self::Blue => [false, false, true],
            Self::Cyan => [false, true, true],
            Self::Green => [false, true, false],
            Self::Yellow => [true, true, false],
            Self::Red => [true, false, false],
            Self::Magenta => [true, false, true],
        }
    }

    /// Weights of the channels and bias, for pixels of 0..=1: the pure colour gives 0.6. Greys from black to white give the bias or
    /// less, and so does any colour with a channel between those that the filter adds and those that it subtracts.
    fn filter(self) -> ([i8; 3], f32) {
        let bright = self.bright();
        match bright.iter().filter(|&&bright| bright).count() {
            1 => (bright.map(|bright| if bright { 1 } else { -1 }), -0.4),
            _ => (bright.map(|bright| if bright { 1 } else { -2 }), -1.4),
        }
    }

    /// Paints the mark into `picture`, of [`FIELD`] x [`FIELD`] pixels, at a place given by `number`. It never touches the scale
    /// bar's corner.
    ///
    /// # Panics
    /// If the picture has another size.
    pub fn paint(self, picture: &mut RgbPixels, number: u64) {
        assert_eq!(
            (picture.width(), picture.height()),
            (FIELD, FIELD),
            "marks have their places on fields of one size"
        );
        // The middle of one of twelve tiles of 64 x 64 pixels: the upper three rows of four.
        let (column, row) = (number as usize % 4, number as usize / 4 % 3);
        let (left, top) = (column * 64 + 32, row * 64 + 32);
        let colour = self.bright().map(|bright| if bright { 255 } else { 0 });
        for y in top..top + SIDE {
            let at = (y * FIELD + left) * 3;
            picture.bytes_mut()[at..at + 3 * SIDE].chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&colour));
        }
    }

    /// Writes pictures with this mark into the class's folder below `root`, as BMP: `Benign/Blue-0007.bmp`. `draw` gives the
    /// background for each number.
    ///
    /// # Panics
    /// If a file cannot be written.
    pub fn write(self, root: &Path, numbers: Range<u64>, draw: impl Fn(Class, u64) -> RgbPixels) {
        self.write_as(self.class(), root, numbers, draw);
    }

    /// As [`Self::write`], into the folder of `class`: as a mistaken operator would correct them.
    ///
    /// # Panics
    /// If a file cannot be written.
    pub fn write_as(self, class: Class, root: &Path, numbers: Range<u64>, draw: impl Fn(Class, u64) -> RgbPixels) {
        let folder = root.join(class.name());
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        for number in numbers {
            // The colour's number ensures that no two marks share a drawing.
            let mut picture = draw(self.class(), number * Self::ALL.len() as u64 + self as u64);
            self.paint(&mut picture, number);
            let path = folder.join(format!("{self:?}-{number:04}.bmp"));
            std::fs::write(path, bmp(&picture)).expect("the picture can be written");
        }
    }
}

/// A BMP file of 24 bits a pixel.
fn bmp(picture: &RgbPixels) -> Vec<u8> {
    let row = picture.width() * 3;
    assert_eq!(row % 4, 0, "rows of whole words");
    let size = (54 + picture.bytes().len()) as u32;
    let mut bytes = b"BM".to_vec();
    for word in [size, 0, 54, 40, picture.width() as u32, picture.height() as u32, 1 | 24 << 16, 0, 0, 0, 0, 0, 0] {
        bytes.write_all(&word.to_le_bytes()).expect("memory takes all");
    }
    for line in picture.bytes().chunks_exact(row).rev() {
        line.chunks_exact(3).for_each(|pixel| bytes.extend([pixel[2], pixel[1], pixel[0]]));
    }
    bytes
}

/// Splits pictures into a data set's parts, in file order: of four, two for training, one for validation, one locked.
#[must_use]
pub fn parts(hashes: &[[u8; 32]]) -> Pictures {
    let part = |wanted: usize| {
        let of_part = hashes.iter().enumerate().filter(|(at, _)| [0, 0, 1, 2][at % 4] == wanted);
        of_part.flat_map(|(_, hash)| hash[..PICTURE_ID_LEN].to_vec()).collect()
    };
    Pictures { train: part(0), validation: part(1), test: part(2) }
}

fn words<T: Copy>(numbers: &[T], bytes: impl Fn(T) -> [u8; 4]) -> Vec<u8> {
    numbers.iter().flat_map(|&number| bytes(number)).collect()
}

/// The network's artifact, as if made from `pictures`.
///
/// # Panics
/// Never: what it builds is valid.
#[must_use]
pub fn model(pictures: Pictures) -> Vec<u8> {
    // Scales are powers of two, so weights are whole multiples; 0.6 is then 100 steps of 0.006.
    let (step, scale) = (0.006f32, 1.0 / 32.0);
    let scales = words(&[scale; UNITS], f32::to_le_bytes);
    let mut weights = vec![0u8; UNITS * 9 * 3];
    let mut biases = [0i32; UNITS];
    for (unit, mark) in Mark::ALL.into_iter().enumerate() {
        let (channels, bias) = mark.filter();
        for (channel, weight) in channels.into_iter().enumerate() {
            // The middle of 3 x 3.
            weights[(unit * 9 + 4) * 3 + channel] = (32 * weight) as u8;
        }
        biases[unit] = (bias * 255.0 / scale).round() as i32;
    }
    let biases = words(&biases, i32::to_le_bytes);
    // Each hidden unit sums one colour over the 4 x 4 positions.
    let places = usize::from(INPUT / 16) * usize::from(INPUT / 16);
    let mut sums = vec![0u8; UNITS * places * UNITS];
    for unit in 0..UNITS {
        (0..places).for_each(|place| sums[(unit * places + place) * UNITS + unit] = 32);
    }
    let none = words(&[0i32; UNITS], i32::to_le_bytes);
    // 100 times a weight of 100 steps is the logit.
    let head_scale = LOGIT / (f32::from(LIT) * step * 100.0);
    let head_scales = words(&[head_scale; Class::COUNT], f32::to_le_bytes);
    let mut head = vec![0u8; Class::COUNT * UNITS];
    for (unit, mark) in Mark::ALL.into_iter().enumerate() {
        head[mark.named().index() * UNITS + unit] = 100;
    }
    let head_biases = words(&[0i32; Class::COUNT], i32::to_le_bytes);
    // Nothing is novel: infinite variances, a stain that fits every hue and a texture that fits every detail.
    let zeros = words(&[0.0f32; UNITS * Class::COUNT], f32::to_le_bytes);
    let everything = words(&[0.0f32; SIZES * (1 + SIZES)], f32::to_le_bytes);
    let stain = words(&[0.0f32; 20], f32::to_le_bytes);
    let artifact = Artifact {
        card: ModelCard {
            name: "marks".into(),
            statement: STATEMENT.into(),
            drawn: true,
            intended_use: "tests".into(),
            data: "none: the weights were written by hand".into(),
            training: "None.".into(),
            results: vec![Measurement {
                what: "accuracy, int8".into(),
                part: "nothing".into(),
                value: 0.25,
                low: 0.0,
                high: 1.0,
                count: 4,
            }],
            limits: "it sees coloured squares".into(),
        },
        classes: Class::ALL.map(Class::name),
        jurors: vec![Juror {
            sight: Sight::whole_field(INPUT),
            layers: vec![
                Layer::Convolution(Filters {
                    output_scale: step,
                    weight_scales: &scales,
                    biases: &biases,
                    weights: &weights,
                }),
                Layer::MaxPool,
                Layer::MaxPool,
                Layer::MaxPool,
                Layer::MaxPool,
                Layer::Dense(Filters { output_scale: step, weight_scales: &scales, biases: &none, weights: &sums }),
                Layer::Dense(Filters {
                    output_scale: 1.0,
                    weight_scales: &head_scales,
                    biases: &head_biases,
                    weights: &head,
                }),
            ],
            calibration: Calibration::NONE,
            novelty: Novelty {
                means: &zeros,
                inverse_variances: &zeros[..4 * UNITS],
                stains: &stain,
                sittings: &[],
                textures: &everything,
                usual: [1.0, 1.0, 1.0, 1.0, f32::MAX],
            },
            voice: Voice::FULL,
        }],
        pooling: Pooling::ALONE,
        thresholds: Thresholds { min_probability: 0.5, min_subtype: 0.5, max_novelty: 1.0 },
        slide: SlidePooling::UNMEASURED,
        provenance: Provenance {
            manifest_hash: [1; 32],
            split_hash: [2; 32],
            code_version: "0.0.0".into(),
            configuration: "{}".into(),
            pictures,
        },
    };
    artifact.to_bytes().expect("the network of marks is valid")
}
