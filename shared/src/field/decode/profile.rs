//! ICC colour profiles: compared with sRGB, never applied.

use alloc::string::String;

use super::note::Note;

/// sRGB's primaries as in profiles, adapted to D50: X, Y, Z of red, green and blue (IEC 61966-2-1).
const PRIMARIES: [(&[u8; 4], [f64; 3]); 3] =
    [(b"rXYZ", [0.4361, 0.2225, 0.0139]), (b"gXYZ", [0.3851, 0.7169, 0.0971]), (b"bXYZ", [0.1431, 0.0606, 0.7141])];
/// Largest difference of a primary from sRGB's, to allow for rounding and other adaptations to D50.
const NEAR: f64 = 0.015;
/// Range of relative luminance at half the value: sRGB has 0.214, a power of 2.2 0.218, a power of 1.8 0.287.
const MIDDLE: core::ops::RangeInclusive<f64> = 0.19..=0.24;

/// A note about the ICC profile `profile`; `None` if its colours are sRGB's.
pub(super) fn note(profile: &[u8]) -> Option<Note> {
    (!is_srgb(profile)).then(|| Note::ColourProfile(name(profile)))
}

fn is_srgb(profile: &[u8]) -> bool {
    match profile.get(16..20) {
        Some(b"RGB ") => {
            PRIMARIES.iter().all(|(signature, expected)| {
                tag(profile, signature).and_then(xyz).is_some_and(|found| {
                    found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < NEAR)
                })
            }) && [b"rTRC", b"gTRC", b"bTRC"].iter().all(|curve| is_usual(profile, curve))
        }
        Some(b"GRAY") => is_usual(profile, b"kTRC"),
        _ => false,
    }
}

/// The data of a tag.
fn tag<'a>(profile: &'a [u8], signature: &[u8; 4]) -> Option<&'a [u8]> {
    let count = be32(profile, 128)?.min(100);
    let entry = (0..count).map(|index| 132 + 12 * index).find(|&at| profile.get(at..at + 4) == Some(signature))?;
    let (at, length) = (be32(profile, entry + 4)?, be32(profile, entry + 8)?);
    profile.get(at..at.checked_add(length)?)
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    let &word = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_be_bytes(word)).ok()
}

/// A fixed-point number with 16 integer and 16 fractional bits.
fn fixed(bytes: &[u8], at: usize) -> Option<f64> {
    let &word = bytes.get(at..)?.first_chunk()?;
    Some(f64::from(i32::from_be_bytes(word)) / 65_536.0)
}

fn xyz(data: &[u8]) -> Option<[f64; 3]> {
    Some([fixed(data, 8)?, fixed(data, 12)?, fixed(data, 16)?])
}

/// Whether a tone curve's middle is near sRGB's.
fn is_usual(profile: &[u8], signature: &[u8; 4]) -> bool {
    tag(profile, signature).and_then(middle).is_some_and(|middle| MIDDLE.contains(&middle))
}

/// A tone curve's value at one half.
fn middle(curve: &[u8]) -> Option<f64> {
    let half = |gamma: f64| libm::pow(0.5, gamma);
    match curve.get(..4)? {
        b"curv" => {
            let count = be32(curve, 8)?;
            let entry = |index: usize| {
                let &entry = curve.get(12 + 2 * index..)?.first_chunk()?;
                Some(f64::from(u16::from_be_bytes(entry)))
            };
            match count {
                0 => Some(0.5),
                1 => Some(half(entry(0)? / 256.0)),
                _ => Some(entry(count / 2)? / 65_535.0),
            }
        }
        b"para" => {
            let parameter = |index: usize| fixed(curve, 12 + 4 * index);
            let gamma = parameter(0)?;
            match curve.get(8..10)? {
                [0, 0] => Some(half(gamma)),
                // Above the linear part, as in sRGB and similar curves: (a x + b)^g plus an offset.
                [0, kind @ 1..=4] => {
                    let added = if *kind == 4 {
                        parameter(5)?
                    } else if *kind == 2 {
                        parameter(3)?
                    } else {
                        0.0
                    };
                    Some(libm::pow(parameter(1)? * 0.5 + parameter(2)?, gamma) + added)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The profile's description, printable characters only.
fn name(profile: &[u8]) -> String {
    let Some(description) = tag(profile, b"desc") else { return String::new() };
    let text: String = match description.get(..4) {
        Some(b"desc") => {
            let length = be32(description, 8).unwrap_or(0).min(64);
            description.iter().skip(12).take(length).map(|&byte| char::from(byte)).collect()
        }
        Some(b"mluc") => {
            let (length, at) = (be32(description, 20).unwrap_or(0).min(128), be32(description, 24).unwrap_or(0));
            let letters = description.get(at..).unwrap_or_default().as_chunks::<2>().0.iter().take(length / 2);
            char::decode_utf16(letters.map(|&letter| u16::from_be_bytes(letter))).map_while(Result::ok).collect()
        }
        _ => String::new(),
    };
    text.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// A profile with these primaries, a curve and a name.
    pub(crate) fn profile(primaries: [[f64; 3]; 3], gamma: f64, name: &str) -> Vec<u8> {
        let fixed = |number: f64| ((number * 65_536.0).round() as i32).to_be_bytes();
        let mut tags: Vec<([u8; 4], Vec<u8>)> = Vec::new();
        for (signature, colour) in [*b"rXYZ", *b"gXYZ", *b"bXYZ"].into_iter().zip(primaries) {
            let numbers = colour.into_iter().flat_map(fixed);
            tags.push((signature, b"XYZ \0\0\0\0".iter().copied().chain(numbers).collect()));
        }
        for signature in [*b"rTRC", *b"gTRC", *b"bTRC"] {
            let mut curve = b"curv\0\0\0\0\0\0\0\x01".to_vec();
            curve.extend(((gamma * 256.0) as u16).to_be_bytes());
            tags.push((signature, curve));
        }
        let mut description = b"desc\0\0\0\0".to_vec();
        description.extend((name.len() as u32 + 1).to_be_bytes());
        description.extend(name.bytes().chain([0]));
        tags.push((*b"desc", description));
        let mut bytes = alloc::vec![0; 128];
        bytes[16..20].copy_from_slice(b"RGB ");
        bytes.extend((tags.len() as u32).to_be_bytes());
        let mut at = 132 + 12 * tags.len();
        for (signature, data) in &tags {
            bytes.extend(signature);
            bytes.extend((at as u32).to_be_bytes());
            bytes.extend((data.len() as u32).to_be_bytes());
            at += data.len();
        }
        bytes.extend(tags.into_iter().flat_map(|(_, data)| data));
        bytes
    }

    #[test]
    fn srgb_passes_and_everything_else_is_named() {
        let srgb = PRIMARIES.map(|(_, colour)| colour);
        assert_eq!(note(&profile(srgb, 2.2, "sRGB IEC61966-2.1")), None);
        let adobe = [[0.6097, 0.3111, 0.0195], [0.2053, 0.6257, 0.0609], [0.1492, 0.0632, 0.7446]];
        assert_eq!(
            note(&profile(adobe, 2.2, "Adobe RGB (1998)")),
            Some(Note::ColourProfile("Adobe RGB (1998)".into()))
        );
        assert_eq!(note(&profile(srgb, 1.0, "linear")), Some(Note::ColourProfile("linear".into())));
        assert_eq!(note(b"no profile"), Some(Note::ColourProfile(String::new())));
    }

    #[test]
    fn profiles_that_are_cut_off_anywhere_are_named_or_not_and_never_more() {
        let whole = profile(PRIMARIES.map(|(_, colour)| colour), 2.2, "cut");
        for end in 0..whole.len() {
            let _ = note(&whole[..end]);
        }
    }
}
