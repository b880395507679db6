//! The steps of a network run, for measurements.

use super::Shape;

/// Kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Lays the input out for the first layer.
    Input,
    /// A 3x3 convolution.
    Convolution,
    /// A 3x3 convolution and the 2x2 maximum after it.
    ConvolutionAndMaxPool,
    /// A 2x2 maximum.
    MaxPool,
    /// Packs a map's activations side by side.
    Flatten,
    /// A fully connected layer.
    Dense,
}

/// One step of a network run, for measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepInfo {
    /// Kind of the step.
    pub kind: StepKind,
    /// Shape of its input.
    pub input: Shape,
    /// Shape of its output.
    pub output: Shape,
    /// Multiply-accumulate operations of the layer.
    pub macs: u64,
}
