//! From a folder of pictures to training or test items: the scan, overlap groups, the split, folds, augmentation.

pub mod augmentation;
pub mod cell_set;
pub mod dataset;
#[cfg(test)]
pub(crate) mod drawn_folder;
pub mod drawn_set;
pub mod folds;
pub mod picture;
pub mod split;
pub mod symmetry;
pub(crate) mod table_text;
