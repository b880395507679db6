//! A workspace belongs to the network that made it. Another network, however similar in size, must neither write past its end nor
//! mistake its content for its own.

use blastscope_shared::{Class, Classifier, Explanation, Network, RgbPixels, Sight, engine::network::Workspace};
use proptest::prelude::*;

use crate::networks::{
    drawn::{Kind, Model, Numbers, Values, executions, inputs, kinds},
    files::file,
};

/// A network's results for an input.
#[derive(Debug, PartialEq)]
struct Seen {
    logits: [u32; Class::COUNT],
    hidden: Vec<u8>,
    maps: Option<[Explanation; Class::COUNT]>,
}

fn look(network: &Network, input: &[u8], workspace: &mut Workspace) -> Seen {
    let output = network.run(input, workspace);
    let (logits, hidden) = (output.logits.map(f32::to_bits), output.hidden.to_vec());
    let maps = network.explain(workspace, Class::Benign).is_ok();
    let maps = maps.then(|| Class::ALL.map(|class| network.explain(workspace, class).expect("a map")));
    Seen { logits, hidden, maps }
}

/// Runs two networks in each other's workspaces, with every execution of this machine.
fn exchange(models: [&Model; 2], seed: u64) -> Result<(), TestCaseError> {
    let mut numbers = Numbers(seed);
    let inputs = models.map(|model| numbers.bytes(model.sight.framing.input_len()));
    for first in executions() {
        for second in executions() {
            let said = format!("{first:?} and {second:?}");
            let networks = [models[0].network(first), models[1].network(second)];
            let expected = [0, 1].map(|at| look(&networks[at], &inputs[at], &mut networks[at].workspace()));
            let mut workspace = networks[0].workspace();
            for at in [0, 1, 0, 1] {
                let found = look(&networks[at], &inputs[at], &mut workspace);
                prop_assert_eq!(found.logits, expected[at].logits, "logits of network {}, {}", at, &said);
                prop_assert!(found == expected[at], "activations or maps of network {}, {}", at, &said);
            }
            let seen_by_the_second = networks[0].explain(&mut workspace, Class::Early);
            prop_assert!(seen_by_the_second.is_err(), "a map of what another network has seen, {}", &said);
        }
    }
    Ok(())
}

#[test]
fn networks_of_one_size_do_not_take_each_others_workspaces_for_their_own() {
    // The same maps in another order: arenas of equal length with different layouts.
    let rising = [16, 32, 48, 16].map(Kind::Convolution);
    let falling = [48, 32, 16, 16].map(Kind::Convolution);
    let models = [&rising, &falling].map(|kinds| Model::draw((9, 14), kinds, Values::Usual, 7));
    exchange([&models[0], &models[1]], 1).expect("the same as in workspaces of their own");
    // The same layers with other weights: even the layout is equal.
    let models = [3, 4].map(|seed| {
        let kinds = [Kind::Convolution(8), Kind::MaxPool, Kind::Dense(20)];
        Model::draw((10, 10), &kinds, Values::Usual, seed)
    });
    exchange([&models[0], &models[1]], 2).expect("the same as in workspaces of their own");
}

#[test]
fn a_network_that_needs_more_for_each_thread_does_not_write_past_a_larger_workspace() {
    // With Winograd's method many channels need scratch memory per thread; the other needs much memory once.
    let models = [
        Model::draw((40, 40), &[Kind::Convolution(3); 4], Values::Usual, 5),
        Model::draw((16, 16), &[Kind::Convolution(48), Kind::Convolution(48)], Values::Usual, 6),
    ];
    exchange([&models[0], &models[1]], 3).expect("the same as in workspaces of their own");
}

#[test]
fn classifiers_do_not_take_each_others_workspaces_for_their_own() {
    // Whole fields and cells, few and many hidden activations, inputs of several sizes.
    let whole = |side| Sight::whole_field(side);
    let kinds = |hidden| [Kind::Convolution(8), Kind::MaxPool, Kind::MaxPool, Kind::Dense(hidden)];
    let models = [(whole(64), 16), (whole(64), 40), (whole(48), 16), (Sight::cells(), 16), (Sight::cells(), 9)]
        .map(|(sight, hidden)| Model::of(sight, &kinds(hidden), Values::Usual, hidden as u64));
    let files: Vec<Vec<u8>> = models.iter().map(|model| file(model, 2)).collect();
    for execution in executions() {
        let classifiers: Vec<Classifier> =
            files.iter().map(|file| Classifier::read_with(file, execution).expect("a whole file")).collect();
        let [squares, _] = inputs(&Sight::cells().framing, 192 * 192 * 3, 3);
        let picture = RgbPixels::new(192, 192, squares).expect("three bytes per pixel");
        let expected: Vec<_> = classifiers
            .iter()
            .map(|classifier| {
                let mut workspace = classifier.workspace();
                let assessment = format!("{:?}", classifier.assess(&picture, &mut workspace));
                let cells = classifier.cells(&workspace).0.len();
                (assessment, cells, classifier.explain(&mut workspace, Class::Early).expect("a map"))
            })
            .collect();
        assert_eq!(
            expected.iter().map(|(_, cells, _)| *cells > 0).collect::<Vec<_>>(),
            [false, false, false, true, true]
        );
        for first in 0..models.len() {
            for second in (0..models.len()).filter(|&second| second != first) {
                let mut workspace = classifiers[first].workspace();
                classifiers[first].assess(&picture, &mut workspace);
                let said = format!("model {second} after {first}, {execution:?}");
                assert!(classifiers[second].explain(&mut workspace, Class::Early).is_err(), "{said}");
                assert_eq!(classifiers[second].cells(&workspace), (&[][..], &[][..]), "{said}");
                let assessment = format!("{:?}", classifiers[second].assess(&picture, &mut workspace));
                let cells = classifiers[second].cells(&workspace).0.len();
                let map = classifiers[second].explain(&mut workspace, Class::Early).expect("a map");
                assert!((assessment, cells, map) == expected[second], "{said}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]
    #[test]
    fn any_two_networks_work_in_each_others_workspaces(
        sizes in ((2u16..20, 2u16..24), (2u16..20, 2u16..24)),
        layers in (kinds(), kinds()),
        alike: bool,
        seed: u64,
    ) {
        let first = Model::draw(sizes.0, &layers.0, Values::Usual, seed);
        let (size, layers) = if alike { (sizes.0, &layers.0) } else { (sizes.1, &layers.1) };
        let second = Model::draw(size, layers, Values::Usual, seed ^ 1);
        exchange([&first, &second], seed)?;
    }
}
