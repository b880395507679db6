//! The steps of a network as it is run, for measurements.

use super::Shape;

/// What a step of a network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Lays the input out for the first layer.
    Input,
    /// A 3x3 convolution.
    Convolution,
    /// A 3x3 convolution and the 2x2 maximum behind it.
    ConvolutionAndMaxPool,
    /// A 2x2 maximum.
    MaxPool,
    /// Puts a map's activations side by side.
    Flatten,
    /// A fully connected layer.
    Dense,
}

/// A step of a network as it is run, for measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepInfo {
    /// What it does.
    pub kind: StepKind,
    /// What it reads.
    pub input: Shape,
    /// What it writes.
    pub output: Shape,
    /// Multiply-accumulate operations that the layer asks for.
    pub macs: u64,
}
