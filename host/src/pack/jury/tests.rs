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

fn plan() -> JuryPlan {
    JuryPlan { name: "jury".into(), quorum: None, malignancy_only: Vec::new() }
}

#[test]
fn what_cannot_be_a_jury_is_refused_before_any_picture_is_read() {
    let (cells, whole) = (blastscope_tests::cell_artifact(), blastscope_tests::tiny_artifact());
    let both = [(Path::new("cells.bsm"), cells.as_slice()), (Path::new("whole.bsm"), whole.as_slice())];
    let refusal = |models: &[(&Path, &[u8])], plan: JuryPlan| {
        Candidates::read(models, plan).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(refusal(&both, plan()), "");
    let twice = refusal(&[both[0], (Path::new("copy.bsm"), &cells)], plan());
    assert!(twice.contains("copy.bsm") && twice.contains("given twice"), "{twice}");
    assert!(refusal(&both[..1], plan()).contains("2 to 4 networks"));
    assert!(refusal(&[both[0], (Path::new("table.csv"), b"a,b")], plan()).contains("table.csv"));
    assert!(refusal(&both, JuryPlan { quorum: Some(3), ..plan() }).contains("--quorum 1 to 2"));
    assert!(refusal(&both, JuryPlan { malignancy_only: vec![3], ..plan() }).contains("no network 3"));
    assert!(refusal(&both, JuryPlan { malignancy_only: vec![1, 2], ..plan() }).contains("no network would name"));
}
