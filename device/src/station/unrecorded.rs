//! The slide of a station without a record: its fields are told apart and numbered here.

use std::collections::HashSet;

use blastscope_core::{
    pipeline::Reading,
    session::{Slide, SlideTold},
};
use blastscope_shared::judge::slide::SlidePooling;

use crate::record::Judgement;

/// A slide that nobody records.
pub(super) struct Unrecorded {
    slide: Slide,
    fields: u64,
    /// Names of the pictures that are fields already; `None` if the screening tells fields apart.
    names: Option<HashSet<String>>,
}

impl Unrecorded {
    /// No fields yet; `by_picture` says whether each picture is a field of its own.
    pub(super) fn new(pooling: SlidePooling, by_picture: bool) -> Self {
        Self { slide: Slide::new(pooling, Vec::new()), fields: 0, names: by_picture.then(HashSet::new) }
    }

    /// Whether the screening tells fields apart.
    pub(super) const fn is_screened(&self) -> bool {
        self.names.is_none()
    }

    /// Adds a field that the screening has taken, numbered from 1 on; returns its number.
    pub(super) fn add(&mut self, reading: &Reading) -> u64 {
        self.fields += 1;
        if let Some(judgement) = Judgement::of(reading, "") {
            self.slide.add(self.fields, judgement.of_slide());
        }
        self.fields
    }

    /// Adds a picture if pictures are fields; the same picture again adds nothing.
    pub(super) fn add_picture(&mut self, reading: &Reading) {
        if let (Some(names), Some(name)) = (&mut self.names, &reading.name)
            && !names.contains(name)
        {
            names.insert(name.clone());
            self.add(reading);
        }
    }

    /// Number of fields so far.
    pub(super) const fn fields(&self) -> u64 {
        self.fields
    }

    pub(super) fn told(&self) -> SlideTold {
        self.slide.told()
    }
}
