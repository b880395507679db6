//! Public data sets that are recognized by their pictures' content, and what readers must know about them.
//!
//! Pictures do not tell how many patients a set shows or what its classes mean. If a model was made from a known set, its card
//! does.

use blastscope_shared::artifact::{PICTURE_ID_LEN, Pictures};

/// A public data set.
#[derive(Debug, PartialEq, Eq)]
pub struct PublicSet {
    /// Who published it, where.
    pub source: &'static str,
    /// Which people it shows, and what.
    pub population: &'static str,
    /// Its known faults and gaps.
    pub limits: &'static [&'static str],
    /// The first [`PICTURE_ID_LEN`] bytes of the SHA-256 of some of its files, big-endian.
    files: &'static [u64],
}

/// Aria et al. 2021. The sittings were told apart by the originals' EXIF data and by correlation of what the fields show.
static ARIA_2021: PublicSet = PublicSet {
    source: "M. Aria, M. Ghaderzadeh, D. Bashash, H. Abolghasemi, F. Asadi, A. Hosseini, \"Acute Lymphoblastic Leukemia (ALL) image \
             dataset\", Kaggle, 2021, doi 10.34740/KAGGLE/DSV/2175623",
    population: "3256 fields of 89 patients who were suspected of ALL: 25 with benign hematogones, 64 with ALL, confirmed by flow \
                 cytometry. One hospital (Taleqani, Tehran), one camera (Zeiss), 100x.",
    limits: &[
        "89 patients of one hospital. The set has no patient numbers, so no split can keep a patient on one side.",
        "Benign means hematogones of suspected patients. No healthy smear is among them.",
        "Every sitting at the microscope shows one class: Benign was photographed in four, Early and Pre in two each, Pro in one. A \
         network can tell sittings apart instead of cells, and for Pro nothing else can be tested.",
        "The scale bar that is burned into the lower right corner goes with the class; that corner is masked in training and on the \
         device.",
        "Six colour numbers of a field nearly tell the class; that baseline stands among the results.",
    ],
    files: &FILES,
};

/// Eight files of each class, spread evenly over it.
#[rustfmt::skip]
const FILES: [u64; 32] = [
    0x706b_2b3b_92a2_c94e, 0xd57b_0f01_326c_0b70, 0xdbf4_2d39_baac_2e1d, 0x5206_0024_e9ab_3342,
    0x0f98_472f_43b9_9202, 0x4740_ee15_fbc9_7902, 0xb9c6_d1e2_278d_00e1, 0x41be_efaf_89dc_31a4,
    0x3e01_7e8f_984f_2383, 0x8c6c_cda6_9b25_6258, 0x77a6_5fc2_1eeb_56cc, 0x7a6a_3750_c17b_9b35,
    0x38dc_c5c2_de64_363d, 0xff0c_897b_d359_a90b, 0x223a_60ab_c0fa_65f4, 0xa1ec_6e2c_3286_3f87,
    0xbbb2_891d_83f0_7a74, 0x6183_ce0f_2488_40ca, 0x1604_af58_fc70_107e, 0x1d2d_87ad_e8cb_a668,
    0xc27f_f897_e1de_4b9e, 0x8d44_b01e_ed73_9032, 0x7d5d_c755_ce1b_a5a0, 0x6525_8b96_be74_d1f3,
    0x2767_e953_0953_31ae, 0x2f15_cda8_1cc7_4f9d, 0xc715_a096_c3ee_0fab, 0x9ab4_2e23_3b3b_26ee,
    0x57b1_895c_7c9d_d3f1, 0x2199_a7d7_9dd8_fb38, 0x5359_0adc_91ca_881b, 0xc322_b337_ce03_e849,
];

/// Share of a set's known files that must be among a model's pictures, so that a model made from a part of the set is recognized.
const ENOUGH: f64 = 0.5;

/// The public set that a model's pictures come from, if it is known.
#[must_use]
pub fn recognize(pictures: &Pictures) -> Option<&'static PublicSet> {
    let parts = [&pictures.train, &pictures.validation, &pictures.test];
    let ids: std::collections::HashSet<&[u8]> =
        parts.into_iter().flat_map(|part| part.chunks_exact(PICTURE_ID_LEN)).collect();
    let known = |set: &PublicSet| {
        let found = set.files.iter().filter(|file| ids.contains(file.to_be_bytes().as_slice())).count();
        found as f64 >= ENOUGH * set.files.len() as f64
    };
    [&ARIA_2021].into_iter().find(|set| known(set))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pictures(files: &[u64]) -> Pictures {
        let (train, test) = files.split_at(files.len() / 2);
        let bytes = |files: &[u64]| files.iter().flat_map(|file| file.to_be_bytes()).collect::<Vec<u8>>();
        Pictures { train: bytes(train), validation: vec![7; 16], test: bytes(test) }
    }

    #[test]
    fn a_set_is_recognized_by_half_of_its_files() {
        assert_eq!(recognize(&pictures(&FILES)), Some(&ARIA_2021));
        assert_eq!(recognize(&pictures(&FILES[..16])), Some(&ARIA_2021));
        assert_eq!(recognize(&pictures(&FILES[..15])), None);
        assert_eq!(recognize(&Pictures::default()), None);
    }
}
