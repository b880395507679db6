//! Hostile model files with valid hash and checksum. A reader may refuse one, in the same words for every instruction set; a model
//! it accepts must run and give the scalar kernels' answers on all of them.

use std::cell::Cell;

use blastscope_shared::{
    Artifact, Class, Classifier, Explanation, Network, Sight,
    artifact::{ArtifactError, HEADER_LEN},
    engine::network::Execution,
    layers::explanation::Unexplained,
};
use proptest::prelude::*;

use crate::networks::{
    drawn::{Kind, Model, Values, executions, inputs, kinds, whole},
    files::{file, honest, seal},
};

/// All of a model's results for its inputs.
#[derive(Debug, PartialEq)]
struct Answers {
    /// From the network alone: the logits' bits, and the activations before them.
    outputs: Vec<([u32; Class::COUNT], Vec<u8>)>,
    /// Texts, because NaNs do not compare equal.
    assessments: Vec<String>,
    explanations: Vec<Result<Explanation, Unexplained>>,
}

/// The results of `classifier` for inputs drawn from `seed`, its network's first.
fn ask(file: &[u8], execution: Execution, seed: u64) -> Result<Answers, ArtifactError> {
    let classifier = Classifier::read_with(file, execution)?;
    let network = classifier.lead().network();
    assert_eq!(network.execution(), execution);
    let mut workspace = network.workspace();
    let mut answers = Answers { outputs: Vec::new(), assessments: Vec::new(), explanations: Vec::new() };
    let (framing, len) = (classifier.framing(), network.input_len());
    for input in inputs(framing, len, seed) {
        let output = network.run(&input, &mut workspace);
        answers.outputs.push((output.logits.map(f32::to_bits), output.hidden.to_vec()));
        answers.explanations.push(network.explain(&mut workspace, Class::Pre));
    }
    let mut workspace = classifier.workspace();
    for input in inputs(framing, framing.input_len(), seed) {
        answers.assessments.push(format!("{:?}", classifier.assess_field(&input, &mut workspace)));
        answers.explanations.push(classifier.explain(&mut workspace, Class::Benign));
    }
    Ok(answers)
}

/// Whether a reader accepts `file`; if so, every instruction set must give the same results.
fn alike_everywhere(file: &[u8], executions: &[Execution], seed: u64) -> Result<bool, TestCaseError> {
    let mut answers = executions.iter().map(|&execution| (execution, ask(file, execution, seed)));
    let (_, expected) = answers.next().expect("the scalar kernels are everywhere");
    for (execution, answers) in answers {
        prop_assert!(answers == expected, "{:?}: {:?} instead of {:?}", execution, answers, expected);
    }
    Ok(expected.is_ok())
}

#[test]
fn every_body_with_one_wrong_byte_that_is_accepted_runs_alike_on_every_instruction_set() {
    let honest = honest();
    let body = &honest[HEADER_LEN..];
    let (artifact, _) = Artifact::read(&honest).expect("whole");
    // One thread each: the effect of a wrong byte does not depend on how the work is shared.
    let executions: Vec<Execution> = executions().filter(|execution| execution.threads == 1).collect();
    let (mut accepted, mut refused, mut of_the_card) = (0, 0, 0);
    for at in 0..body.len() {
        let values: &[u8] = if at % 7 == 0 { &[0x00, 0x7F, 0x80, 0xFF] } else { &[!body[at]] };
        for &value in values {
            let mut hostile = body.to_vec();
            hostile[at] = value;
            let file = seal(&hostile);
            // A wrong byte in the card does not change the network.
            if let Ok((read, _)) = Artifact::read(&file)
                && read.jurors[0].layers == artifact.jurors[0].layers
                && read.jurors[0].sight == artifact.jurors[0].sight
            {
                of_the_card += 1;
                continue;
            }
            let answer = |&execution: &Execution| {
                let classifier = Classifier::read_with(&file, execution)?;
                let [input, ..] = inputs(classifier.framing(), classifier.lead().network().input_len(), at as u64);
                let mut workspace = classifier.lead().network().workspace();
                let output = classifier.lead().network().run(&input, &mut workspace);
                Ok::<_, ArtifactError>((output.logits.map(f32::to_bits), output.hidden.to_vec()))
            };
            let expected = answer(&executions[0]);
            for execution in &executions[1..] {
                assert_eq!(answer(execution), expected, "byte {at} is {value:#04x}, {execution:?}");
            }
            *(if expected.is_ok() { &mut accepted } else { &mut refused }) += 1;
        }
    }
    let seen = format!("{accepted} accepted, {refused} refused, {of_the_card} of the card");
    assert!(accepted > 1000 && refused > 100 && of_the_card > 100, "{seen}");
}

/// Number of accepted files among `cases` random ones; checks that all instruction sets agree on each.
fn accepted(cases: u32, values: Values) -> u32 {
    let executions: Vec<Execution> = executions().collect();
    let accepted = Cell::new(0);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let sizes = (32u16..40, 32u16..44);
    proptest!(config, |(size in sizes, cells in prop::bool::weighted(0.2), kinds in kinds(), seed: u64)| {
        let sight = if cells { Sight::cells() } else { whole(size) };
        let model = Model::of(sight, &kinds, values, seed);
        accepted.set(accepted.get() + u32::from(alike_everywhere(&file(&model, seed), &executions, seed)?));
    });
    accepted.get()
}

#[test]
fn any_network_in_a_file_is_answered_alike_on_every_instruction_set() {
    assert_eq!(accepted(24, Values::Usual), 24, "all of them fit a reader's limits");
}

#[test]
fn numbers_at_the_ends_of_what_is_accepted_are_answered_alike_on_every_instruction_set() {
    // About half are accepted; if none or all were, the random files would be at fault.
    let accepted = accepted(64, Values::Hostile);
    assert!((1..64).contains(&accepted), "{accepted} of 64 were accepted");
}

#[test]
fn rejects_networks_whose_maps_would_fill_a_boards_memory() {
    // Some kilobytes of weights per layer, which demand up to 64 MiB of activations per layer.
    let check = |convolution, count| {
        let kinds = [vec![convolution; count], vec![Kind::MaxPool; 6]].concat();
        let model = Model::draw((1024, 1024), &kinds, Values::Usual, 1);
        Network::new(model.sight.shape(), &model.layers())
            .map(|network| network.hidden_len())
            .map_err(|error| error.to_string())
    };
    assert_eq!(check(Kind::Convolution(64), 1), Ok(16 * 16 * 64));
    let refusal = Err("its layers' outputs are too large together".to_string());
    for count in [2, 3, 20, 57] {
        assert_eq!(check(Kind::Convolution(64), count), refusal, "{count} convolutions");
    }
    // A pixel of one activation has room for a block of them.
    assert_eq!(check(Kind::Convolution(1), 3), Ok(16 * 16));
    assert_eq!(check(Kind::Convolution(1), 12), refusal);
}
