//! Adamax, the variant of Adam based on the infinity norm: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (ICLR 2015),
//! section 7.1, algorithm 2. Burn lacks this optimizer; this one fits its framework.
//!
//! With gradient `g`, step `t` from 1, learning rate `a`:
//!
//! ```text
//! m = beta_1 * m + (1 - beta_1) * g          first moment, 0 at the start
//! u = max(beta_2 * u, |g|)                   exponentially weighted infinity norm, 0 at the start
//! parameter -= a / (1 - beta_1^t) * m / (u + epsilon)
//! ```
//!
//! The paper divides by `u` alone. Like common implementations, this one adds a small `epsilon`, so that a parameter whose gradient
//! has always been zero does not move.

use burn::{
    optim::{LearningRate, Optimizer, RecordState, StateSink, StateSource},
    prelude::*,
};

/// The optimizer's constants.
#[derive(Clone, Debug)]
pub struct Adamax {
    beta_1: f32,
    beta_2: f32,
    epsilon: f32,
}

impl Default for Adamax {
    /// The paper's constants: 0.9 and 0.999, with epsilon 1e-8.
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 }
    }
}

/// The state kept for each parameter.
#[derive(Clone)]
pub struct AdamaxState<const D: usize> {
    step: u64,
    moment: Tensor<D>,
    norm: Tensor<D>,
}

impl<const D: usize> RecordState for AdamaxState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_scalar(prefix, "step", self.step.into());
        out.push_tensor(prefix, "moment", self.moment.clone().into_data());
        out.push_tensor(prefix, "norm", self.norm.clone().into_data());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        Some(Self {
            step: source.take_scalar(prefix, "step")?.try_into().ok()?,
            moment: Tensor::from_data(source.take_tensor(prefix, "moment")?, device),
            norm: Tensor::from_data(source.take_tensor(prefix, "norm")?, device),
        })
    }
}

impl Optimizer for Adamax {
    type State<const D: usize> = AdamaxState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamaxState<D>>,
    ) -> (Tensor<D>, Option<AdamaxState<D>>) {
        let share = gradient.clone().mul_scalar(1.0 - self.beta_1);
        let state = match state {
            None => AdamaxState { step: 1, moment: share, norm: gradient.abs() },
            Some(state) => AdamaxState {
                step: state.step + 1,
                moment: state.moment.mul_scalar(self.beta_1) + share,
                norm: state.norm.mul_scalar(self.beta_2).max_pair(gradient.abs()),
            },
        };
        let correction = 1.0 - f64::from(self.beta_1).powi(i32::try_from(state.step).unwrap_or(i32::MAX));
        let direction = state.moment.clone() / state.norm.clone().add_scalar(self.epsilon);
        (parameter - direction.mul_scalar(learning_rate / correction), Some(state))
    }

    fn to_device<const D: usize>(mut state: AdamaxState<D>, device: &Device) -> AdamaxState<D> {
        state.moment = state.moment.to_device(device);
        state.norm = state.norm.to_device(device);
        state
    }
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{Linear, LinearConfig},
        optim::{GradientsParams, ModuleOptimizer, OptimizerRecord},
    };

    use super::*;

    /// The published equations, number by number in 64 bits.
    fn published(start: f64, gradients: &[f64], learning_rate: f64) -> Vec<f64> {
        let (mut parameter, mut m, mut u) = (start, 0.0, 0.0f64);
        let mut path = Vec::new();
        for (index, &g) in gradients.iter().enumerate() {
            m = 0.9 * m + 0.1 * g;
            u = (0.999 * u).max(g.abs());
            parameter -= learning_rate / (1.0 - 0.9f64.powi(index as i32 + 1)) * m / (u + 1e-8);
            path.push(parameter);
        }
        path
    }

    #[test]
    fn steps_follow_the_published_equations() {
        let device = Device::flex();
        let gradients = [0.3, -1.7, 0.02, 0.9, -0.4, 0.0, 2.5];
        let expected = published(1.5, &gradients, 0.01);
        let mut parameter = Tensor::<1>::from_floats([1.5], &device);
        let mut state = None;
        for (&gradient, &expected) in gradients.iter().zip(&expected) {
            let gradient = Tensor::<1>::from_floats([gradient as f32], &device);
            (parameter, state) = Adamax::default().step(0.01, parameter, gradient, state);
            let value: f32 = parameter.clone().into_scalar();
            assert!((f64::from(value) - expected).abs() < 1e-6, "{value} is not {expected}");
        }
    }

    #[test]
    fn a_parameter_without_gradient_stays() {
        let device = Device::flex();
        let zero = || Tensor::<1>::from_floats([0.0], &device);
        let mut parameter = Tensor::<1>::from_floats([0.25], &device);
        let mut state = None;
        for _ in 0..3 {
            (parameter, state) = Adamax::default().step(0.01, parameter, zero(), state);
        }
        assert_eq!(parameter.into_scalar::<f32>(), 0.25);
    }

    #[test]
    fn the_state_survives_a_record() {
        let device = Device::flex().autodiff();
        let input = || Tensor::<2>::from_floats([[0.5, -2.0]], &device);
        let step = |optimizer: &mut ModuleOptimizer, model: Linear| {
            let gradients = GradientsParams::from_grads(model.forward(input()).powi_scalar(2).sum().backward(), &model);
            optimizer.step(0.1, model, gradients)
        };
        let mut optimizer = ModuleOptimizer::from(Adamax::default());
        let model = step(&mut optimizer, LinearConfig::new(2, 3).init(&device));
        let bytes = optimizer.to_record().into_bytes().expect("serialized");
        let record = OptimizerRecord::from_bytes(bytes).expect("read back");
        let mut restored = ModuleOptimizer::from(Adamax::default()).load_record(record);
        let continued = step(&mut optimizer, model.clone()).weight.val().into_data();
        let resumed = step(&mut restored, model.clone()).weight.val().into_data();
        let fresh = step(&mut Adamax::default().into(), model).weight.val().into_data();
        assert_eq!(continued, resumed);
        assert_ne!(continued, fresh, "a state that is lost would change the step");
    }
}
