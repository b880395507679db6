//! Pretrained weights from files of PyTorch (`.pt`, `.pth`) and safetensors.
//!
//! Tensors are found by their names in PyTorch's `state_dict()`, after any prefix that the file puts before all of them (`model.`,
//! `state_dict.`). 16-bit numbers become 32-bit ones. The last dense layer stays fresh if the file's has another number of classes.

use std::{collections::BTreeMap, path::Path};

use burn::{
    prelude::Device,
    store::{
        BurnToPyTorchAdapter, FloatCastAdapter, ModuleAdapter, ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter,
        SafetensorsStore, burn_pack,
    },
    tensor::DType,
};

use super::network::Network;
use crate::{Error, training::architecture::Architecture};

/// What was loaded from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Tensors from the file.
    pub taken: usize,
    /// Tensors that keep their initial values: the last layer, or none.
    pub fresh: Vec<String>,
}

/// The last dense layer, by its PyTorch names.
const fn head(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Resnet50 => "fc.",
        Architecture::Yolov8nCls | Architecture::Yolov8sCls => "model.9.linear.",
        _ => "output.",
    }
}

/// Replaces the weights of `network` by those of a file.
///
/// # Errors
/// When the file cannot be read, lacks a tensor, or has one of another shape, because it is for another network.
pub fn load(network: &mut Network, architecture: Architecture, path: &Path) -> Result<Loaded, Error> {
    take(network, architecture, path, &tensors(path)?)
}

/// Checks that the weights of a file fit a network for inputs of `side` pixels, before a run begins.
///
/// # Errors
/// As [`load`].
pub fn check(architecture: Architecture, side: usize, path: &Path, device: &Device) -> Result<(), Error> {
    load(&mut Network::new(architecture, side, 0.0, device), architecture, path).map(|_| ())
}

/// As [`load`], from tensors found in the file `path`.
fn take(network: &mut Network, architecture: Architecture, path: &Path, found: &Tensors) -> Result<Loaded, Error> {
    let expected = network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true);
    let prefix = prefix(found, &expected);
    let mut taken = Vec::new();
    let mut fresh = Vec::new();
    for tensor in &expected {
        let stored = found.get(&format!("{prefix}{}", tensor.name));
        let fits = stored.filter(|stored| stored.shape == tensor.shape && stored.dtype.is_float());
        match (fits, stored) {
            (Some(stored), _) => {
                let mut stored = stored.clone();
                stored.name.clone_from(&tensor.name);
                taken.push(stored);
            }
            (None, _) if tensor.name.starts_with(head(architecture)) => fresh.push(tensor.name.clone()),
            (None, Some(stored)) => {
                let reason = format!(
                    "its {} has the shape {:?}, and {} needs {:?}; give weights of that network",
                    tensor.name,
                    stored.shape.to_vec(),
                    architecture.name(),
                    tensor.shape.to_vec()
                );
                return Err(Error::content(path, reason));
            }
            (None, None) => {
                let reason = format!(
                    "has no {}, which {} needs ({} tensors found, the first is {}); give weights of that network",
                    tensor.name,
                    architecture.name(),
                    found.len(),
                    found.keys().next().map_or("none", String::as_str)
                );
                return Err(Error::content(path, reason));
            }
        }
    }
    let adapter = PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32));
    let count = taken.len();
    let result = network.apply(taken, None, Some(Box::new(adapter)), true);
    if let Some(error) = result.errors.first() {
        return Err(Error::content(path, format!("cannot be loaded: {error}")));
    }
    if result.applied.len() != count {
        return Err(Error::content(
            path,
            format!("only {} of its {count} tensors could be loaded", result.applied.len()),
        ));
    }
    Ok(Loaded { taken: count, fresh })
}

type Tensors = BTreeMap<String, burn_pack::Tensor>;

/// Every tensor of a file.
fn tensors(path: &Path) -> Result<Tensors, Error> {
    if !path.is_file() {
        return Err(Error::content(path, "is not a file; give the file of weights, .safetensors, .pt or .pth"));
    }
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let unreadable = |reason: String| Error::content(path, format!("holds no readable weights: {reason}"));
    match extension.as_str() {
        "safetensors" => SafetensorsStore::from_file(path)
            .map_indices_contiguous(false)
            .get_all_tensors()
            .cloned()
            .map_err(|error| unreadable(error.to_string())),
        #[cfg(feature = "pytorch")]
        "pt" | "pth" => burn::store::PytorchStore::from_file(path)
            .map_indices_contiguous(false)
            .get_all_tensors()
            .cloned()
            .map_err(|error| unreadable(error.to_string())),
        #[cfg(not(feature = "pytorch"))]
        "pt" | "pth" => {
            Err(unreadable("this program was built without the feature pytorch; give a .safetensors file".into()))
        }
        _ => Err(Error::content(path, "is neither .safetensors nor .pt or .pth; rename or convert it")),
    }
}

/// The prefix before the expected names: the one with the most matches; empty if the names stand alone.
fn prefix(found: &Tensors, expected: &[burn_pack::Tensor]) -> String {
    let Some(last) = expected.last() else { return String::new() };
    let hits =
        |prefix: &str| expected.iter().filter(|tensor| found.contains_key(&format!("{prefix}{}", tensor.name))).count();
    let candidates = found.keys().filter_map(|name| name.strip_suffix(last.name.as_str()));
    candidates.max_by_key(|prefix| (hits(prefix), std::cmp::Reverse(prefix.len()))).unwrap_or_default().to_owned()
}

#[cfg(all(test, feature = "flex"))]
mod tests;
