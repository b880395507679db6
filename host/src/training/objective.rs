//! The loss of a training that looks at fields cell by cell: benign or malignant first, then the subtype.
//!
//! A field's logits are the mean of its cells'. Its malignancy is the margin `ln(e^early + e^pre + e^pro) - benign`, as in
//! [`calibration`](blastscope_shared::judge::calibration), and the subtype the softmax over the malignant logits. Labels are smoothed
//! (Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016); a cell's label more than a field's, because not every cell
//! of a malignant field is a blast.

use blastscope_shared::Class;
use burn::{
    prelude::*,
    tensor::activation::{log_sigmoid, log_softmax},
};

/// Share of a field's label that is given to the other side.
const FIELD_SMOOTHING: f32 = 0.025;
/// Share of a cell's label that is given to the other side.
const CELL_SMOOTHING: f32 = 0.05;
/// Weight of the subtype, and of the cells' own malignancy.
const MINOR: f32 = 0.3;

/// The loss of `fields` (`[fields, 4]` logits) that are the means of `views` (`[fields * n, 4]`, those of a field one after the
/// other), with the true classes `targets`. Without malignant fields the subtype costs nothing.
pub fn malignant_first(fields: &Tensor<2>, views: &Tensor<2>, targets: &Tensor<1, Int>) -> Tensor<1> {
    let malignant = targets.clone().greater_elem(Class::Benign.index() as i64).float();
    let count = malignant.dims()[0];
    let per_field = views.dims()[0] / count;
    let of_views: Tensor<1> = malignant.clone().unsqueeze_dim::<2>(1).repeat_dim(1, per_field).flatten(0, 1);
    sides(fields, &malignant, FIELD_SMOOTHING)
        + subtypes(fields, &malignant, targets).mul_scalar(MINOR)
        + sides(views, &of_views, CELL_SMOOTHING).mul_scalar(MINOR)
}

/// `[rows]`: by how much malignancy outweighs benignity.
fn margins(logits: &Tensor<2>) -> Tensor<1> {
    let malignant = logits.clone().narrow(1, 1, Class::COUNT - 1);
    // A logit less the logarithm of its share is the logarithm of the sum of exponentials.
    let total = malignant.clone().narrow(1, 0, 1) - log_softmax(malignant, 1).narrow(1, 0, 1);
    (total - logits.clone().narrow(1, 0, 1)).squeeze_dim(1)
}

/// Mean binary cross-entropy of benign against malignant.
fn sides(logits: &Tensor<2>, malignant: &Tensor<1>, smoothing: f32) -> Tensor<1> {
    let margins = margins(logits);
    let label = malignant.clone().mul_scalar(1.0 - 2.0 * smoothing).add_scalar(smoothing);
    let benign = label.clone().neg().add_scalar(1.0);
    (label * log_sigmoid(margins.clone()) + benign * log_sigmoid(margins.neg())).mean().neg()
}

/// Mean cross-entropy of the subtype over the malignant fields.
fn subtypes(logits: &Tensor<2>, malignant: &Tensor<1>, targets: &Tensor<1, Int>) -> Tensor<1> {
    let shares = log_softmax(logits.clone().narrow(1, 1, Class::COUNT - 1), 1);
    // A benign field points at the first subtype and weighs nothing.
    let subtype = targets.clone().sub_scalar(1).clamp_min(0).unsqueeze_dim::<2>(1);
    let of_truth: Tensor<1> = shares.gather(1, subtype).squeeze_dim(1);
    (of_truth * malignant.clone()).sum().neg() / malignant.clone().sum().clamp_min(1.0)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    fn loss(fields: [[f32; 4]; 2], targets: [i64; 2]) -> f32 {
        let device = Device::flex();
        let fields = Tensor::<2>::from_floats(fields, &device);
        malignant_first(&fields, &fields, &Tensor::from_ints(targets, &device)).into_scalar::<f32>()
    }

    #[test]
    fn it_is_what_its_formula_says() {
        let (early, benign) = ([0.2f32, 1.0, -0.5, 0.4], [1.5f32, 0.1, 0.0, -1.0]);
        let margin = |z: [f32; 4]| z[1..].iter().map(|z| z.exp()).sum::<f32>().ln() - z[0];
        let softplus = |x: f32| (1.0 + x.exp()).ln();
        let side = |z, label: f32| label * softplus(-margin(z)) + (1.0 - label) * softplus(margin(z));
        let both = |smoothing: f32| f32::midpoint(side(early, 1.0 - smoothing), side(benign, smoothing));
        let subtype = early[1..].iter().map(|z| z.exp()).sum::<f32>().ln() - early[1];
        let expected = both(FIELD_SMOOTHING) + MINOR * subtype + MINOR * both(CELL_SMOOTHING);
        assert!((loss([early, benign], [1, 0]) - expected).abs() < 1e-5);
    }

    #[test]
    fn benign_fields_alone_have_no_subtype() {
        let fields = [[3.0, 0.0, 0.0, 0.0], [2.0, -1.0, 0.0, 0.0]];
        assert!(loss(fields, [0, 0]).is_finite());
        assert!(loss(fields, [0, 0]) < loss(fields, [1, 2]));
    }

    #[test]
    fn a_field_is_the_mean_of_its_cells() {
        let device = Device::flex();
        let views = Tensor::<2>::from_floats([[4.0, 0.0, 0.0, 0.0], [-4.0, 2.0, 0.0, 0.0]], &device);
        let fields = Tensor::<2>::from_floats([[0.0, 1.0, 0.0, 0.0]], &device);
        let found = malignant_first(&fields, &views, &Tensor::from_ints([1], &device)).into_scalar::<f32>();
        let alone = malignant_first(&fields, &fields, &Tensor::from_ints([1], &device)).into_scalar::<f32>();
        assert!(found > alone, "a cell that is taken for benign costs something: {found}, {alone}");
    }
}
