//! Overlays that explain verdicts, one file each.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs,
    io::BufReader,
    path::{Path, PathBuf},
};

use blastscope_files::atomic_file;
use blastscope_files::{Printable as _, open_regular};
use blastscope_shared::{Class, Explanation, RgbPixels, classifier::Classifier, hex};

use super::{Examined, sources::Identity};
use crate::{RESEARCH_USE, model, report::overlay, support::files};

/// End of every overlay's file name.
const ENDING: &str = "explained.png";
/// Keyword of the text in an overlay's file that names its source by the SHA-256 of [`Identity`]. A path would put names of people
/// and folders into the picture.
const SOURCE: &str = "blastscope source";

/// Writes overlays to a folder, one file per source: an overlay replaces only an overlay of the same source.
#[derive(Debug)]
pub struct Overlays {
    folder: PathBuf,
    class: Option<Class>,
    /// Names used in this run, each with its source.
    taken: HashMap<OsString, [u8; 32]>,
}

/// A map and its overlay file.
pub(crate) struct Drawn {
    pub(super) explanation: Explanation,
    pub(super) file: PathBuf,
    /// Column and row in the picture, as [`Explanation::peak_in`].
    pub(super) peak: Option<(usize, usize)>,
}

impl Overlays {
    /// Creates `folder`. It must not lie in a folder of `sources` or hold one of their files: the
    /// overlays would be classified with the slides next time. They explain `class`, or the most probable class of each
    /// picture.
    ///
    /// # Errors
    /// A sentence that names the folder.
    pub fn prepare(folder: &Path, class: Option<Class>, sources: &[PathBuf]) -> Result<Self, String> {
        let refused = |reason: String| format!("the folder {} {reason}", folder.printable());
        fs::create_dir_all(folder).map_err(|error| refused(format!("cannot be created ({error})")))?;
        let own = fs::canonicalize(folder).map_err(|error| refused(files::reason(&error)))?;
        for source in sources.iter().filter_map(|source| fs::canonicalize(source).ok()) {
            let reason = if source.is_dir() && own.starts_with(&source) {
                format!("is inside {}, whose pictures are to be classified", source.printable())
            } else if source.parent() == Some(&own) {
                format!("holds {}, which is to be classified", source.printable())
            } else {
                continue;
            };
            return Err(refused(format!(
                "{reason}: the overlays would be classified with the pictures next time; choose another folder"
            )));
        }
        Ok(Self { folder: folder.to_path_buf(), class, taken: HashMap::new() })
    }

    /// Explains the picture that `loaded` looked at last and writes the overlay. `None` if no class was requested and the network
    /// saw nothing: then no class is the most probable one.
    ///
    /// # Errors
    /// A clause that continues the picture's name.
    pub(super) fn draw(
        &mut self,
        source: &Identity,
        picture: &RgbPixels,
        examined: &Examined,
        loaded: &mut model::Loaded<&Classifier>,
    ) -> Result<Option<Drawn>, String> {
        let Some(class) = self.class.or_else(|| examined.appraisal.assessment.most_probable()) else { return Ok(None) };
        let cannot = |reason: String| format!("cannot be explained: {reason}");
        let explanation = loaded.explain(class).map_err(|error| cannot(error.to_string()))?;
        let classifier = loaded.classifier();
        let caption = caption(examined, classifier);
        let overlay = overlay::draw(picture, &explanation, classifier.framing(), &caption);
        let name = self.name(source);
        let file = self.folder.join(name);
        let written = |reason: String| cannot(format!("{} cannot be written ({reason})", file.printable()));
        let bytes = png(&overlay, &source.sha256).map_err(written)?;
        atomic_file::write(&file, &bytes).map_err(|error| written(error.to_string()))?;
        let peak = explanation.peak_in(picture.width(), picture.height());
        Ok(Some(Drawn { explanation, file, peak }))
    }

    /// Name of the source's overlay: `1.explained.png`, or `1-2.explained.png` if that belongs to another source, from this run or
    /// an earlier one.
    fn name(&mut self, source: &Identity) -> OsString {
        let numbered = |number: usize| {
            let mut name = source.stem.clone();
            if number > 1 {
                name.push(format!("-{number}"));
            }
            name.push(format!(".{ENDING}"));
            name
        };
        let is_free = |name: &OsString| match self.taken.get(name) {
            Some(owner) => *owner == source.sha256,
            None => {
                let path = self.folder.join(name);
                !path.is_file() || owner(&path).is_some_and(|owner| owner == hex(&source.sha256))
            }
        };
        let name = (1..).map(numbered).find(is_free).unwrap_or_default();
        self.taken.insert(name.clone(), source.sha256);
        name
    }
}

/// Source of an overlay; `None` if the file is not an overlay.
fn owner(path: &Path) -> Option<String> {
    let decoder = png::Decoder::new(BufReader::new(open_regular(path).ok()?));
    let reader = decoder.read_info().ok()?;
    let text = reader.info().uncompressed_latin1_text.iter().find(|text| text.keyword == SOURCE)?;
    Some(text.text.clone())
}

/// Caption: the verdict, the model and the research-use statement.
fn caption(examined: &Examined, classifier: &Classifier) -> Vec<String> {
    let mut lines = vec![examined.appraisal.sentence()];
    lines.push(format!("model {}", model::title(classifier)));
    lines.extend(model::caution(classifier).map(str::to_owned));
    lines.push(RESEARCH_USE.to_owned());
    lines
}

fn png(picture: &RgbPixels, source: &[u8; 32]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width() as u32, picture.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let reason = |error: png::EncodingError| error.to_string();
    encoder.add_text_chunk(SOURCE.into(), hex(source)).map_err(reason)?;
    let mut writer = encoder.write_header().map_err(reason)?;
    writer.write_image_data(picture.bytes()).map_err(reason)?;
    writer.finish().map_err(reason)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str) -> Identity {
        let stem = Path::new(path).file_stem().expect("a name").to_os_string();
        let mut sha256 = [0; 32];
        sha256[..path.len()].copy_from_slice(path.as_bytes());
        Identity { stem, sha256 }
    }

    #[test]
    fn pictures_that_share_a_name_get_overlays_of_their_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut overlays = Overlays::prepare(folder.path(), None, &[]).expect("a folder");
        let names = ["a/1.jpg", "b/1.png", "b/2.png", "1", "b/1.png"].map(|path| overlays.name(&source(path)));
        let expected =
            ["1.explained.png", "1-2.explained.png", "2.explained.png", "1-3.explained.png", "1-2.explained.png"];
        assert_eq!(names, expected);
    }

    #[test]
    fn an_overlay_replaces_that_of_its_source_and_no_other_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let picture = RgbPixels::new(8, 8, vec![7; 192]).expect("a picture");
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("written");
        put("1.explained.png", &png(&picture, &source("a/1.jpg").sha256).expect("encoded"));
        put("1-2.explained.png", b"somebody's notes");
        let name = |path: &str| {
            let mut overlays = Overlays::prepare(folder.path(), None, &[]).expect("a folder");
            overlays.name(&source(path))
        };
        assert_eq!(name("a/1.jpg"), "1.explained.png");
        assert_eq!(name("b/1.jpg"), "1-3.explained.png");
        assert_eq!(name("a/2.jpg"), "2.explained.png");
    }

    #[test]
    fn overlays_are_kept_out_of_the_pictures() {
        let folder = tempfile::tempdir().expect("a folder");
        let slides = folder.path().join("slides");
        let refused = |overlays: &Path| Overlays::prepare(overlays, None, std::slice::from_ref(&slides)).err();
        assert_eq!(refused(&folder.path().join("slides-explained")), None);
        fs::create_dir_all(&slides).expect("a folder");
        assert_eq!(refused(&folder.path().join("slides-explained")), None);
        for inside in [slides.clone(), slides.join("explained")] {
            assert!(refused(&inside).is_some_and(|reason| reason.contains("choose another")));
        }
        let file = folder.path().join("file");
        fs::write(&file, b"x").expect("a file");
        let beside = Overlays::prepare(folder.path(), None, std::slice::from_ref(&file)).err();
        assert!(beside.is_some_and(|reason| reason.contains("holds") && reason.contains("choose another")));
        assert_eq!(Overlays::prepare(&slides, None, std::slice::from_ref(&file)).err(), None);
        assert!(refused(&file).is_some_and(|reason| reason.contains("cannot be created")));
    }
}
