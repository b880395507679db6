//! All networks as one type, so that training, checkpoints and evaluation are the same for each.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    nn::{BatchNorm, loss::CrossEntropyLossConfig},
    prelude::*,
    train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep},
};

use super::{
    model::AllCnn,
    objective::malignant_first,
    resnet::ResNet50,
    yolo::{Scale, Yolov8Cls},
};
use crate::{
    recipe::batches::{Batch, Objective},
    training::architecture::Architecture,
};

/// A network. Parameters are named as in the inner network: records do not show the choice.
#[derive(Clone, Debug)]
pub enum Network {
    /// The paper's kind.
    AllCnn(Box<AllCnn>),
    /// ResNet-50.
    ResNet50(Box<ResNet50>),
    /// YOLOv8n-cls or YOLOv8s-cls.
    Yolov8Cls(Box<Yolov8Cls>),
}

/// Evaluates `$body` on the inner network.
macro_rules! inside {
    ($network:expr, $inner:ident => $body:expr) => {
        match $network {
            Network::AllCnn($inner) => $body,
            Network::ResNet50($inner) => $body,
            Network::Yolov8Cls($inner) => $body,
        }
    };
}

/// Rebuilds the same kind of network around `$body`.
macro_rules! mapped {
    ($network:expr, $inner:ident => $body:expr) => {
        match $network {
            Network::AllCnn($inner) => {
                let $inner = *$inner;
                Network::AllCnn(Box::new($body))
            }
            Network::ResNet50($inner) => {
                let $inner = *$inner;
                Network::ResNet50(Box::new($body))
            }
            Network::Yolov8Cls($inner) => {
                let $inner = *$inner;
                Network::Yolov8Cls(Box::new($body))
            }
        }
    };
}

impl Network {
    /// A network with fresh weights for inputs of `side` x `side` pixels, a multiple of 32. `dropout` applies to the paper's kind
    /// only.
    #[must_use]
    pub fn new(architecture: Architecture, side: usize, dropout: f64, device: &Device) -> Self {
        match (architecture, architecture.layout()) {
            (_, Some(layout)) => Self::AllCnn(Box::new(AllCnn::new(layout, side, dropout, device))),
            (Architecture::Yolov8nCls, None) => Self::Yolov8Cls(Box::new(Yolov8Cls::new(Scale::Nano, device))),
            (Architecture::Yolov8sCls, None) => Self::Yolov8Cls(Box::new(Yolov8Cls::new(Scale::Small, device))),
            (_, None) => Self::ResNet50(Box::new(ResNet50::new(device))),
        }
    }

    /// Logits `[batch, 4]` of inputs `[batch, 3, side, side]` in 0..1.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        inside!(self, network => network.forward(input))
    }

    /// Number of trained parameters, as published for networks. The running means and variances of batch normalization do not
    /// count.
    #[must_use]
    pub fn trainable(&self) -> usize {
        let mut count = Trainable { path: Vec::new(), sum: 0 };
        self.visit(&mut count);
        count.sum
    }

    /// Every batch normalization.
    pub fn normalizations_mut(&mut self) -> Vec<&mut BatchNorm> {
        inside!(self, network => network.normalizations_mut().collect())
    }

    fn classify(&self, batch: Batch) -> ClassificationOutput {
        let views = self.forward(batch.inputs);
        let [count, classes] = views.dims();
        let fields: Tensor<2> =
            views.clone().reshape([count / batch.views, batch.views, classes]).mean_dim(1).squeeze_dim(1);
        let loss = match batch.objective {
            Objective::Classes => {
                CrossEntropyLossConfig::new().init(&fields.device()).forward(fields.clone(), batch.targets.clone())
            }
            Objective::MalignantFirst => malignant_first(&fields, &views, &batch.targets),
        };
        ClassificationOutput::new(loss, fields, batch.targets)
    }
}

struct Trainable {
    path: Vec<String>,
    sum: usize,
}

impl ModuleVisitor for Trainable {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        if self.path.last().is_none_or(|name| !name.starts_with("running_")) {
            self.sum += parameter.lazy_shape().num_elements();
        }
    }
}

impl Module for Network {
    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        inside!(self, network => network.collect_devices(devices))
    }

    fn fork(self, device: &Device) -> Self {
        mapped!(self, network => network.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        mapped!(self, network => network.to_device(device))
    }

    fn train(self) -> Self {
        mapped!(self, network => network.train())
    }

    fn valid(&self) -> Self {
        match self {
            Self::AllCnn(network) => Self::AllCnn(Box::new(network.as_ref().valid())),
            Self::ResNet50(network) => Self::ResNet50(Box::new(network.as_ref().valid())),
            Self::Yolov8Cls(network) => Self::Yolov8Cls(Box::new(network.as_ref().valid())),
        }
    }

    fn materialize(self) -> Self {
        mapped!(self, network => network.materialize())
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        match self {
            Self::AllCnn(network) => network.as_ref().visit(visitor),
            Self::ResNet50(network) => network.as_ref().visit(visitor),
            Self::Yolov8Cls(network) => network.as_ref().visit(visitor),
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        mapped!(self, network => network.map(mapper))
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        inside!(self, network => network.fmt(f))
    }
}

impl TrainStep for Network {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> TrainOutput<ClassificationOutput> {
        let output = self.classify(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Network {
    type Input = Batch;
    type Output = ClassificationOutput;

    fn step(&self, batch: Batch) -> ClassificationOutput {
        self.classify(batch)
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::training::fixed_weights::{Numbers, fixed};

    /// He et al. 2016 and torchvision publish 25,557,032 parameters of ResNet-50 with ImageNet's 1000 classes, Ultralytics
    /// 2,719,288 and 6,361,736 of YOLOv8n-cls and YOLOv8s-cls: here the dense layer after 2048 or 1280 features has 4 classes.
    #[test]
    fn networks_have_the_published_numbers_of_parameters() {
        let device = Device::flex();
        for (architecture, published, features) in [
            (Architecture::Resnet50, 25_557_032, 2048),
            (Architecture::Yolov8nCls, 2_719_288, 1280),
            (Architecture::Yolov8sCls, 6_361_736, 1280),
        ] {
            let expected = published - (1000 - 4) * (features + 1);
            assert_eq!(Network::new(architecture, 224, 0.5, &device).trainable(), expected, "{}", architecture.name());
        }
        assert_eq!(Network::new(Architecture::Resnet50, 224, 0.5, &device).trainable(), 23_516_228);
    }

    #[test]
    fn the_papers_kind_has_a_plan_and_the_parameters_it_says() {
        let device = Device::flex();
        for architecture in Architecture::ALL {
            let network = Network::new(architecture, 64, 0.5, &device);
            let Some(layout) = architecture.layout() else {
                assert!(!matches!(network, Network::AllCnn(_)));
                continue;
            };
            let (mut expected, mut channels) = (0, 3);
            for &filters in layout.blocks.into_iter().flatten() {
                expected += 9 * channels * filters + 2 * filters;
                channels = filters;
            }
            expected += (4 * channels + 1) * layout.hidden + (layout.hidden + 1) * 4;
            assert_eq!(network.trainable(), expected, "{}", architecture.name());
        }
    }

    #[test]
    fn every_network_classifies_and_learns() {
        let seed = blastscope_tests::seed();
        for architecture in Architecture::ALL {
            let device = Device::flex().autodiff();
            let network = fixed(Network::new(architecture, 32, 0.0, &device), seed);
            let batch = Batch {
                inputs: Numbers(seed).tensor([4, 3, 32, 32], 0.5, 0.5, &device),
                targets: Tensor::from_ints([0, 1, 2, 3], &device),
                views: 1,
                objective: Objective::Classes,
            };
            let name = architecture.name();
            assert_eq!(network.forward(batch.inputs.clone()).dims(), [4, 4], "{name}");
            // Down the slope the loss falls if the step is small enough, whatever the weights: the effect of curvature is of higher
            // order in the step. How small depends on the network; the test tries a tenth to a ten-thousandth of the usual step.
            // Over three seeds the best of the four leaves at most 0.7 of the loss; the test asks for 0.99.
            let loss_after = |rate: f64| {
                let output = TrainStep::step(&network, batch.clone());
                let before = output.item.loss.clone().into_scalar::<f32>();
                let moved =
                    crate::training::optimizer::OptimizerKind::Adam.build().step(rate, network.clone(), output.grads);
                [before, TrainStep::step(&moved, batch.clone()).item.loss.into_scalar::<f32>()]
            };
            let losses = [1e-4, 1e-5, 1e-6, 1e-7].map(loss_after);
            assert!(losses.iter().any(|[before, after]| *after < 0.99 * before), "{name}: {losses:?}");
        }
    }
}
