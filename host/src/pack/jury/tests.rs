use super::*;

fn ids(numbers: &[u8]) -> Vec<u8> {
    numbers.iter().flat_map(|number| [*number; PICTURE_ID_LEN]).collect()
}

fn pictures(train: &[u8], validation: &[u8], test: &[u8]) -> Pictures {
    Pictures { train: ids(train), validation: ids(validation), test: ids(test) }
}

#[test]
fn a_picture_that_any_model_has_seen_is_not_one_to_measure_on() {
    let (one, other) = (pictures(&[1, 2], &[3, 4], &[5, 6, 7]), pictures(&[3], &[5], &[2, 6, 8]));
    assert_eq!(common(&[&one, &other]), pictures(&[1, 2, 3], &[4, 5], &[6, 7, 8]));
    assert_eq!(common(&[&one]), one);
}
