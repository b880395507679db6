//! The network of marks does what the tests that use it assume.

use blastscope_drawn::draw_field;
use blastscope_shared::{Class, Classifier, Isa, artifact::Pictures, engine::network::Execution};
use blastscope_tests::marked::{FIELD, LIT, LOGIT, Mark, model};

#[test]
fn a_mark_decides_alone_whatever_the_field_shows_and_wherever_the_mark_lies() {
    let bytes = model(Pictures::default());
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let classifier = Classifier::read_with(&bytes, Execution { isa, threads: 1 }).expect("a model");
        let mut workspace = classifier.workspace();
        for number in 0..12 {
            let class = Class::ALL[number as usize % 4];
            let plain = draw_field(class, number, FIELD, FIELD);
            let input = classifier.framing().apply(&plain);
            let seen = classifier.observe(0, &input, &mut workspace).observed().expect("a field");
            assert_eq!((seen.hidden, seen.logits), (&[0; 8][..], [0.0; 4]), "nothing in a smear is a mark");
            for (unit, mark) in Mark::ALL.into_iter().enumerate() {
                let mut picture = plain.clone();
                mark.paint(&mut picture, number);
                let input = classifier.framing().apply(&picture);
                let seen = classifier.observe(0, &input, &mut workspace).observed().expect("a field");
                let grain = seen.appearance.grain;
                let mut hidden = [0; 8];
                hidden[unit] = LIT;
                let mut logits = [0.0; 4];
                logits[mark.named().index()] = LOGIT;
                assert_eq!(seen.hidden, hidden, "{isa} {mark:?} {number}");
                for (logit, expected) in seen.logits.into_iter().zip(logits) {
                    assert!((logit - expected).abs() < 1e-5, "{isa} {mark:?} {number}: {logit} is not {expected}");
                }
                let assessment = classifier.assess(&picture, &mut workspace);
                // Nothing is novel but the grain of the drawing, against the largest limit that there is.
                assert_eq!(assessment.novelty(), Some(grain / f32::MAX));
                assert!(
                    assessment.verdict.class() == Some(mark.named())
                        && assessment.scores().is_some_and(|scores| scores.most_probable().1 > 0.998),
                    "{isa} {mark:?} {number}: {:?}",
                    assessment.verdict
                );
            }
        }
    }
}
