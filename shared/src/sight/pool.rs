//! Pools the outputs for a field's views by their means.

use alloc::{vec, vec::Vec};

use super::observation::Observation;
use crate::{field::appearance::Appearance, label::Class};

/// The network's pooled outputs for a field, and what was measured beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen<'a> {
    /// The network's outputs: the mean over the field's views.
    pub logits: [f32; Class::COUNT],
    /// The activations before the last layer, each 0..=255: the mean over the views.
    pub hidden: &'a [u8],
    /// The field's stain, light and detail.
    pub appearance: Appearance,
}

/// Collects the outputs for the views of a field.
pub struct Pool {
    logits: Vec<[f32; Class::COUNT]>,
    sums: Vec<u32>,
    hidden: Vec<u8>,
}

impl Pool {
    /// A pool for up to `views` views and `hidden_len` activations.
    pub(super) fn new(views: usize, hidden_len: usize) -> Self {
        Self { logits: Vec::with_capacity(views), sums: vec![0; hidden_len], hidden: vec![0; hidden_len] }
    }

    pub(super) fn clear(&mut self) {
        self.logits.clear();
        self.sums.fill(0);
    }

    /// Adds the network's output for a view: logits and the last layer's input activations.
    ///
    /// # Panics
    /// When the network's last layer sees another number of activations than the [`Eye`](super::Eye) was made for.
    pub fn add(&mut self, logits: [f32; Class::COUNT], hidden: &[u8]) {
        assert_eq!(hidden.len(), self.sums.len(), "the eye was made for another network");
        self.sums.iter_mut().zip(hidden).for_each(|(sum, &activation)| *sum += u32::from(activation));
        self.logits.push(logits);
    }

    /// The logits of each view.
    pub(super) fn logits(&self) -> &[[f32; Class::COUNT]] {
        &self.logits
    }

    /// The means. Sums run in the order of the views, so that every machine gets the same bits; mean activations are rounded half
    /// up. Without views the means are not finite, so the result is nothing.
    pub(super) fn mean(&mut self, appearance: Appearance) -> Observation<Seen<'_>> {
        let count = self.logits.len() as u32;
        let mut sums = [0.0; Class::COUNT];
        for logits in &self.logits {
            sums.iter_mut().zip(logits).for_each(|(sum, logit)| *sum += logit);
        }
        for (hidden, &sum) in self.hidden.iter_mut().zip(&self.sums) {
            *hidden = ((sum + count / 2) / count.max(1)) as u8;
        }
        let hidden = &self.hidden;
        Observation::of_finite(sums.map(|sum| sum / count as f32)).map(|logits| Seen { logits, hidden, appearance })
    }
}
