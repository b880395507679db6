use blastscope_shared::{
    Class, Network, Sight,
    layers::{Filters, Layer},
};

use super::*;

const SIDE: usize = 64;

/// The map of a network that looks for bright spots, over a dark picture with one near column 16, row 40.
fn spot() -> (RgbPixels, Explanation, Framing) {
    let mut bytes = vec![20; SIDE * SIDE * 3];
    for at in 0..12 * 12 {
        let (x, y) = (10 + at % 12, 34 + at / 12);
        bytes[(y * SIDE + x) * 3..][..3].fill(220);
    }
    let mut framing = Framing::square(SIDE as u16);
    framing.width = SIDE as u16;
    let one = 1.0f32.to_le_bytes();
    let convolution: Vec<u8> = (0..27).map(|at| u8::from(at == 12)).collect();
    let positions = SIDE * SIDE / 64;
    let dense: Vec<u8> = [1i8, -1, 0, 0].iter().flat_map(|&weight| vec![weight as u8; positions]).collect();
    let filters = |outputs: usize| (one.repeat(outputs), vec![0; 4 * outputs]);
    let ((scales, biases), (last_scales, last_biases)) = (filters(1), filters(4));
    let layers = [
        Layer::Convolution(Filters {
            output_scale: 1.0 / 255.0,
            weight_scales: &scales,
            biases: &biases,
            weights: &convolution,
        }),
        Layer::MaxPool,
        Layer::MaxPool,
        Layer::MaxPool,
        Layer::Dense(Filters { output_scale: 1.0, weight_scales: &last_scales, biases: &last_biases, weights: &dense }),
    ];
    let picture = RgbPixels::new(SIDE, SIDE, bytes).expect("as many bytes as pixels");
    let network = Network::new(Sight::whole_field(SIDE as u16).shape(), &layers).expect("the layers fit");
    let mut workspace = network.workspace();
    network.run(&framing.apply(&picture), &mut workspace);
    let explanation = network.explain(&mut workspace, Class::Benign).expect("a map");
    (picture, explanation, framing)
}

#[test]
fn what_speaks_for_the_class_is_tinted_and_the_masked_corner_is_hatched() {
    let (picture, explanation, framing) = spot();
    let overlay = draw(&picture, &explanation, &framing, &["Benign 99.0 %".into()]);
    let times = overlay.width() / SIDE;
    assert_eq!((overlay.width(), times), (576, 9));
    assert!(overlay.height() > overlay.width() + 30, "the legend is below: {}", overlay.height());
    let at = |x: usize, y: usize| overlay.get(x * times, y * times).expect("inside");
    assert_eq!(at(40, 5), [20; 3], "nothing speaks here");
    let [red, green, blue] = at(16, 40);
    assert!(green > blue && red > blue, "tinted towards yellow: {red} {green} {blue}");
    assert_ne!(at(60, 60), [20; 3], "hatched");
    assert_eq!(overlay.get(0, overlay.height() - 1), Some(PAPER));
}

#[test]
fn large_pictures_are_scaled_down_and_keep_their_aspect() {
    let (_, explanation, framing) = spot();
    for (width, height, expected) in [(4096, 3072, (1024, 768)), (2048, 64, (1024, 32)), (64, 1100, (59, 1024))] {
        let picture = RgbPixels::new(width, height, vec![200; width * height * 3]).expect("as many bytes as pixels");
        let canvas = Canvas::of(&picture);
        assert_eq!((canvas.width, canvas.height), expected);
        let overlay = draw(&picture, &explanation, &framing, &[crate::RESEARCH_USE.into()]);
        assert_eq!(overlay.width(), expected.0);
    }
}

#[test]
fn lines_break_between_words_and_within_only_where_they_must() {
    assert_eq!(wrapped("not for use in diagnostic procedures", 12), ["not for use", "in", "diagnostic", "procedures"]);
    assert_eq!(wrapped("abcdefg hi", 3), ["abc", "def", "g", "hi"]);
    assert_eq!(wrapped("", 0), [""]);
}
