use image::{RgbImage, imageops};

use super::*;
use crate::{
    data::{
        dataset::{Dataset, groups_csv},
        drawn_folder, picture,
    },
    support::progress::Progress,
};

fn fingerprint(field: &RgbImage) -> Fingerprint {
    let (width, height) = (field.width() as usize, field.height() as usize);
    Fingerprint::of(&RgbPixels::new(width, height, field.as_raw().clone()).expect("as many bytes as pixels"))
}

#[test]
fn turned_and_mirrored_fields_are_near() {
    let field = drawn_folder::field(5, 96);
    let turned = imageops::rotate90(&field);
    for changed in [
        field.clone(),
        imageops::flip_horizontal(&field),
        imageops::flip_vertical(&field),
        imageops::rotate180(&field),
        imageops::rotate270(&field),
        imageops::flip_horizontal(&turned),
        imageops::flip_vertical(&turned),
        turned,
    ] {
        let distance = fingerprint(&field).distance(&fingerprint(&changed));
        assert!(distance <= 1, "distance {distance}");
        assert_eq!(fingerprint(&changed).distance(&fingerprint(&field)), distance);
    }
}

#[test]
fn the_symmetry_is_named() {
    let field = drawn_folder::field(7, 96);
    for symmetry in Symmetry::ALL {
        let changed = symmetry.apply(field.as_raw(), 96);
        let changed = RgbImage::from_raw(96, 96, changed).expect("as many bytes as pixels");
        let (distance, found) = fingerprint(&changed).closest(&fingerprint(&field));
        assert!(distance <= 1 && found == symmetry, "{found} for {symmetry}, distance {distance}");
    }
    let pair = pairs(&[&field, &imageops::rotate90(&field)].map(fingerprint));
    assert_eq!((pair.len(), pair[0].one, pair[0].other, pair[0].symmetry), (1, 0, 1, Symmetry::RotateLeft));
}

#[test]
fn brighter_smaller_and_recompressed_fields_are_near() {
    let field = drawn_folder::field(6, 128);
    let smaller = imageops::resize(&field, 90, 70, imageops::FilterType::Triangle);
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 40).encode_image(&field).expect("encoded");
    let recompressed = image::load_from_memory(&jpeg).expect("decoded").into_rgb8();
    for changed in [imageops::brighten(&field, 15), imageops::contrast(&field, -20.0), smaller, recompressed] {
        let distance = fingerprint(&field).distance(&fingerprint(&changed));
        assert!(distance <= MAX_DISTANCE, "distance {distance}");
    }
}

#[test]
fn different_fields_are_far_and_near_ones_share_a_group() {
    let mut fields: Vec<RgbImage> = (0..12).map(|seed| drawn_folder::field(seed * 31, 64)).collect();
    fields.push(imageops::rotate90(&fields[3]));
    let fingerprints: Vec<Fingerprint> = fields.iter().map(fingerprint).collect();
    assert_eq!(find(&fingerprints), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 3]);
}

#[test]
fn joined_sets_have_their_smallest_number_as_root() {
    let mut sets = Union::new(7);
    for (one, other) in [(5, 6), (6, 2), (3, 4), (4, 5)] {
        sets.join(one, other);
    }
    assert_eq!([0, 1, 2, 3, 4, 5, 6].map(|at| sets.root(at)), [0, 1, 2, 2, 2, 2, 2]);
}

/// Prints the table of the module's text.
#[test]
fn the_hash_finds_the_listed_overlaps_that_have_no_shift() {
    let name = "the_hash_finds_the_listed_overlaps_that_have_no_shift";
    let Some(root) = drawn_folder::real_data(name) else { return };
    let mut dataset = Dataset::scan(&root, None, Progress::Silent).expect("scanned");
    let listed = groups_csv::read(&root.join("groups.csv")).expect("a list");
    listed.apply(&mut dataset.images).expect("applied");
    let fingerprints: Vec<Fingerprint> = dataset
        .images
        .par_iter()
        .map(|image| Fingerprint::of(&picture::read_picture(&dataset.path(image)).expect("read")))
        .collect();
    let mut pairs = [[0usize; 2]; 64];
    for (at, one) in fingerprints.iter().enumerate() {
        for (other_at, other) in fingerprints.iter().enumerate().skip(at + 1) {
            let same_group = dataset.images[at].group == dataset.images[other_at].group;
            pairs[one.distance(other) as usize][usize::from(same_group)] += 1;
        }
    }
    let overlaps: usize = pairs.iter().map(|[_, listed]| listed).sum();
    let [mut others, mut found] = [0; 2];
    for (distance, pair) in pairs.iter().enumerate().take(17) {
        others += pair[0];
        found += pair[1];
        println!("distance <= {distance:2}: {found} of {overlaps} listed pairs, {others} others");
        if distance == MAX_DISTANCE as usize {
            assert!(found * 10 >= overlaps * 4, "recall");
            assert!(others * 10 <= found, "precision");
        }
    }
}
