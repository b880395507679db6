//! Several networks in one artifact: what a jury hears is what its jurors say alone, bit for bit, and what it says follows from that.

use blastscope_drawn::draw_field;
use blastscope_shared::{
    Artifact, Class, Classifier, Isa, RgbPixels,
    artifact::Pooling,
    engine::network::Execution,
    judge::verdict::{Abstention, Verdict},
};
use blastscope_tests::{blocks, cell_artifact, jury_artifact, tiny_artifact};

fn pictures() -> Vec<RgbPixels> {
    let drawn = (0..6).map(|seed| draw_field(Class::ALL[seed % 4], seed as u64, 320, 240));
    drawn.chain([blocks(160, 120, 7), RgbPixels::new(64, 48, vec![230; 64 * 48 * 3]).expect("a picture")]).collect()
}

#[test]
fn a_jury_hears_what_its_jurors_say_alone_on_every_instruction_set() {
    let files = [cell_artifact(), tiny_artifact()];
    let mut expected = None;
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let read = |file: &[u8]| Classifier::read_with(file, Execution { isa, threads: 1 }).expect("a sound model");
        let (jury, alone) = (read(&jury_artifact()), files.each_ref().map(|file| read(file)));
        let mut workspace = jury.workspace();
        let (mut both, mut said) = (0, Vec::new());
        for picture in pictures() {
            let assessment = jury.assess(&picture, &mut workspace);
            let heard = alone.each_ref().map(|model| model.look(&picture, &mut model.workspace()).observed());
            match (assessment.scores(), heard) {
                (Some(scores), [Some(cells), Some(whole)]) => {
                    both += 1;
                    assert_eq!(scores.heard()[..2], [cells.heard()[0], whole.heard()[0]], "{isa}");
                    assert_eq!(scores.novelty(), cells.novelty().max(whole.novelty()), "a quorum of two, {isa}");
                    let malignant = [&cells, &whole].map(|one| one.most_probable().0.is_malignant());
                    let splits = matches!(assessment.verdict, Verdict::Abstain(Abstention::Disagreement { .. }));
                    assert!(!splits || malignant[0] != malignant[1], "{isa}: {assessment:?}");
                    if malignant[0] != malignant[1] {
                        assert_eq!(assessment.verdict.is_malignant(), None, "{isa}: {assessment:?}");
                    }
                }
                (None, [None, Some(_)]) => {
                    assert_eq!(assessment.verdict, Verdict::Abstain(Abstention::NoCells), "one is not a quorum");
                }
                other => panic!("{isa}: {other:?}"),
            }
            said.push(format!("{assessment:?}"));
        }
        assert!(both >= 4, "{both} pictures show cells");
        assert_eq!(&said, expected.get_or_insert(said.clone()), "{isa}");
    }
}

#[test]
fn a_workspace_of_another_model_is_replaced_and_maps_are_those_of_the_first_juror() {
    let models =
        [jury_artifact(), cell_artifact(), tiny_artifact()].map(|file| Classifier::read(&file).expect("sound"));
    let picture = draw_field(Class::Pre, 3, 320, 240);
    for first in &models {
        let mut workspace = first.workspace();
        for second in &models {
            first.assess(&picture, &mut workspace);
            let found = second.assess(&picture, &mut workspace);
            assert_eq!(found, second.assess(&picture, &mut second.workspace()));
            assert!(second.explain(&mut workspace, Class::Pre).is_ok());
        }
    }
    let map = |model: &Classifier| {
        let mut workspace = model.workspace();
        model.assess(&picture, &mut workspace);
        model.explain(&mut workspace, Class::Pre).expect("a map")
    };
    assert_eq!(map(&models[0]), map(&models[1]), "the network of cells is the first");
    assert_eq!(models[0].jurors().len(), 2);
}

#[test]
fn an_unsound_jury_is_neither_written_nor_read() {
    let file = jury_artifact();
    let (sound, _) = Artifact::read(&file).expect("sound");
    for quorum in [0, 3] {
        let pooling = Pooling { quorum, ..sound.pooling };
        let refusal = Artifact { pooling, ..sound.clone() }.to_bytes().expect_err("refused").to_string();
        assert!(refusal.contains("quorum"), "{refusal}");
    }
    for weight in [0.0, -1.0, f32::NAN] {
        let mut broken = sound.clone();
        broken.jurors[1].voice.weight = weight;
        assert!(broken.to_bytes().is_err(), "{weight}");
    }
    let mut crowd = sound.clone();
    crowd.jurors = [sound.jurors.clone(), sound.jurors.clone(), sound.jurors.clone()].concat();
    assert!(crowd.to_bytes().is_err(), "six networks");
    let nobody = Artifact { jurors: Vec::new(), ..sound };
    assert!(nobody.to_bytes().is_err());
}
