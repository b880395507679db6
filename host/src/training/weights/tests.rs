use burn::{module::Module, prelude::*, store::bridge};

use super::*;
use crate::training::{fixed_weights::fixed, float_network::values};

fn logits(network: &Network, device: &Device) -> Vec<f32> {
    let pixels: Vec<f32> = (0..2 * 3 * 32 * 32).map(|at| (at * 37 % 256) as f32 / 255.0).collect();
    let input = Tensor::from_data(TensorData::new(pixels, [2, 3, 32, 32]), device);
    values(network.valid().forward(input)).expect("logits")
}

fn saved(network: &Network, path: &Path, prefix: &str) {
    let mut store = SafetensorsStore::from_file(path)
        .with_to_adapter(BurnToPyTorchAdapter)
        .skip_enum_variants(true)
        .with_key_remapping("^", prefix);
    network.save_into(&mut store).expect("saved");
}

#[test]
fn weights_come_back_behind_any_prefix_and_a_foreign_head_stays_fresh() {
    let device = Device::flex();
    let folder = tempfile::tempdir().expect("a folder");
    for architecture in [Architecture::Resnet50, Architecture::Yolov8nCls] {
        let teacher = fixed(Network::new(architecture, 32, 0.0, &device), 1);
        let path = folder.path().join("teacher.safetensors");
        saved(&teacher, &path, "wrapped.");
        let mut pupil = fixed(Network::new(architecture, 32, 0.0, &device), 2);
        assert_ne!(logits(&pupil, &device), logits(&teacher, &device));
        let loaded = load(&mut pupil, architecture, &path).expect("loaded");
        assert!(loaded.fresh.is_empty() && loaded.taken > 50, "{loaded:?}");
        assert_eq!(logits(&pupil, &device), logits(&teacher, &device));
        std::fs::remove_file(&path).expect("removed");
    }
}

#[test]
fn rejects_what_is_not_the_networks_by_name() {
    let device = Device::flex();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nano.safetensors");
    saved(&Network::new(Architecture::Yolov8nCls, 32, 0.0, &device), &path, "");
    let refused = |architecture, path: &Path| {
        let mut network = Network::new(architecture, 32, 0.0, &device);
        load(&mut network, architecture, path).expect_err("refused").to_string()
    };
    let message = refused(Architecture::Yolov8sCls, &path);
    assert!(message.contains("nano.safetensors") && message.contains("shape"), "{message}");
    let message = refused(Architecture::Resnet50, &path);
    assert!(message.contains("has no conv1.weight"), "{message}");
    let garbage = folder.path().join("garbage.pth");
    std::fs::write(&garbage, b"neither pickle nor zip").expect("written");
    assert!(refused(Architecture::Resnet50, &garbage).contains("garbage.pth"));
    for name in ["absent.pt", "model.onnx"] {
        assert!(refused(Architecture::Resnet50, &folder.path().join(name)).contains(name));
    }
}

/// Numbers in -1..1 that any language can reproduce: FNV-1a of the tensor's name, then Knuth's MMIX generator.
fn numbers(name: &str, count: usize) -> Vec<f32> {
    let hash = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325, hash);
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32 * 2.0 - 1.0
        })
        .collect()
}

/// A value for every tensor of PyTorch's network, by its name and PyTorch's shape.
fn made_up(expected: &[burn_pack::Tensor]) -> Tensors {
    let value = |tensor: &burn_pack::Tensor| {
        let shape = tensor.shape.to_vec();
        let fan_in = shape[1..].iter().product::<usize>();
        let scale = |number: f32| match tensor.name.rsplit('.').next() {
            Some("running_var") => 1.0 + 0.5 * number,
            Some("running_mean" | "bias") => 0.1 * number,
            _ if shape.len() == 1 => 1.0 + 0.25 * number,
            _ => number * (6.0 / fan_in as f32).sqrt(),
        };
        let values: Vec<f32> = numbers(&tensor.name, shape.iter().product()).into_iter().map(scale).collect();
        bridge::from_data(TensorData::new(values, shape), tensor.name.clone(), None)
    };
    expected.iter().map(|tensor| (tensor.name.clone(), value(tensor))).collect()
}

/// Logits of PyTorch 2 for networks of the published structure, with the same weights and inputs.
#[test]
fn networks_compute_what_they_compute_in_pytorch() {
    let device = Device::flex();
    let pixels: Vec<f32> = (0..2 * 3 * 64 * 64).map(|at| (at * 37 % 251) as f32 / 250.0).collect();
    let input = Tensor::<4>::from_data(TensorData::new(pixels, [2, 3, 64, 64]), &device);
    for (architecture, expected) in [
        (
            Architecture::Yolov8nCls,
            [
                0.023_898_43,
                -0.003_444_198_5,
                0.034_777_865,
                0.070_377_02,
                0.028_762_035,
                0.003_440_238_5,
                0.060_486_615,
                0.089_711_04,
            ],
        ),
        (
            Architecture::Yolov8sCls,
            [
                0.030_665_19,
                -0.037_257_697,
                0.018_557_392,
                -0.146_108_27,
                -0.009_871_558,
                -0.046_675_73,
                -0.086_948_97,
                -0.175_287_93,
            ],
        ),
        (
            Architecture::Resnet50,
            [-659.550_3, 3_595.613_8, 681.117_2, 2_495.377_7, -576.811_5, 3_436.221_7, 678.793_7, 2_364.160_4],
        ),
    ] {
        let mut network = Network::new(architecture, 64, 0.0, &device);
        let tensors = made_up(&network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true));
        let loaded = take(&mut network, architecture, Path::new("made up"), &tensors).expect("taken");
        assert_eq!((loaded.taken, loaded.fresh.len()), (tensors.len(), 0));
        let found = values(network.valid().forward(input.clone())).expect("logits");
        let largest = expected.iter().fold(0.0, |largest: f32, value: &f32| largest.max(value.abs()));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3 * largest, "{}: {found} and not {expected}", architecture.name());
        }
    }
}

#[test]
fn a_head_of_other_classes_stays_fresh_and_nothing_else_may_differ() {
    let device = Device::flex();
    let mut network = Network::new(Architecture::Yolov8nCls, 32, 0.0, &device);
    let mut tensors = made_up(&network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true));
    let head = |shape: Vec<usize>, name: &str| {
        let count = shape.iter().product();
        bridge::from_data(TensorData::new(vec![0.5f32; count], shape), name.to_owned(), None)
    };
    for (name, shape) in [("model.9.linear.weight", vec![1000, 1280]), ("model.9.linear.bias", vec![1000])] {
        tensors.insert(name.into(), head(shape, name));
    }
    let loaded = take(&mut network, Architecture::Yolov8nCls, Path::new("imagenet.pt"), &tensors).expect("taken");
    assert_eq!(loaded.fresh.len(), 2, "{loaded:?}");
    assert_eq!(loaded.taken + 2, tensors.len());
    tensors.remove("model.4.m.1.cv2.bn.running_var");
    let error = take(&mut network, Architecture::Yolov8nCls, Path::new("imagenet.pt"), &tensors).expect_err("refused");
    assert!(error.to_string().contains("model.4.m.1.cv2.bn.running_var"), "{error}");
}
