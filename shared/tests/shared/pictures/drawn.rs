//! The content of the test pictures, known at every pixel, so that no other decoder is needed.

/// Colours that change slowly, by at most one level from pixel to pixel, so that coarser planes hold them as well.
pub fn colour(x: usize, y: usize) -> [u8; 3] {
    let (x, y) = (x as f64, y as f64);
    let wave = |phase: f64, along: f64| 128.0 + 60.0 * ((x * along + y * (0.03 - along)) + phase).sin();
    [wave(0.0, 0.011), wave(2.0, 0.017), wave(4.0, 0.007)].map(|value| value.round() as u8)
}

/// The same field in grey.
pub fn grey(x: usize, y: usize) -> u8 {
    colour(x, y)[1]
}

/// The bytes of `pixel`, row by row: red, green, blue.
pub fn rgb(width: usize, height: usize, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Vec<u8> {
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect()
}

/// The largest difference of two pictures' bytes.
pub fn distance(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len(), "as many bytes");
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}
