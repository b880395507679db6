//! Pictures of what spoke for the verdicts, one file each.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use blastscope_shared::{Class, Explanation, RgbPixels, classifier::Classifier};
use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};

use super::Examined;
use crate::{RESEARCH_USE, atomic_file, files, model, overlay};

/// Ends the name of every overlay.
const ENDING: &str = "explained.png";

/// Writes overlays to a folder.
#[derive(Debug)]
pub struct Overlays {
    folder: PathBuf,
    class: Option<Class>,
    /// Names that were given to overlays of this run.
    taken: HashSet<OsString>,
}

/// A map and the file that shows it.
pub(crate) struct Drawn {
    pub(super) explanation: Explanation,
    pub(super) file: PathBuf,
    /// Column and row in the picture, as [`Explanation::peak_in`].
    pub(super) peak: Option<(usize, usize)>,
}

impl Overlays {
    /// Makes `folder`, which must not be one of `sources` or lie in one: the overlays would be taken for slides next time. They
    /// explain `class`, or the most probable class of each picture.
    ///
    /// # Errors
    /// A sentence that names the folder.
    pub fn prepare(folder: &Path, class: Option<Class>, sources: &[PathBuf]) -> Result<Self, String> {
        let refused = |reason: String| format!("the folder {} {reason}", folder.display());
        fs::create_dir_all(folder).map_err(|error| refused(format!("cannot be made ({error})")))?;
        let own = fs::canonicalize(folder).map_err(|error| refused(files::reason(&error)))?;
        for source in sources.iter().filter_map(|source| fs::canonicalize(source).ok()).filter(|source| source.is_dir())
        {
            if own.starts_with(&source) {
                return Err(refused(format!(
                    "lies in {}, whose pictures are to be classified: the overlays would be classified next time; choose \
                     another",
                    source.display()
                )));
            }
        }
        Ok(Self { folder: folder.to_path_buf(), class, taken: HashSet::new() })
    }

    /// Explains the picture that `loaded` looked at last and writes the overlay. `None` where no class was asked for and nothing was
    /// seen, so that there is no most probable one.
    ///
    /// # Errors
    /// A clause that continues the picture's name.
    pub(super) fn draw(
        &mut self,
        path: &Path,
        picture: &RgbPixels,
        examined: &Examined,
        loaded: &mut model::Loaded<'_>,
    ) -> Result<Option<Drawn>, String> {
        let Some(class) = self.class.or_else(|| examined.appraisal.assessment.most_probable()) else { return Ok(None) };
        let cannot = |reason: String| format!("cannot be explained: {reason}");
        let explanation = loaded.explain(class).map_err(|error| cannot(error.to_string()))?;
        let classifier = loaded.classifier();
        let caption = caption(examined, classifier);
        let overlay = overlay::draw(picture, &explanation, classifier.preprocessing(), &caption);
        let name = self.name(path);
        let file = self.folder.join(name);
        let written = |reason: String| cannot(format!("{} cannot be written ({reason})", file.display()));
        let bytes = png(&overlay).map_err(written)?;
        atomic_file::write(&file, &bytes).map_err(|error| written(error.to_string()))?;
        let peak = explanation.peak_in(picture.width(), picture.height());
        Ok(Some(Drawn { explanation, file, peak }))
    }

    /// A name that no other overlay of this run has: pictures of different folders may share theirs.
    fn name(&mut self, path: &Path) -> OsString {
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        let numbered = |number: usize| {
            let mut name = stem.to_os_string();
            if number > 1 {
                name.push(format!("-{number}"));
            }
            name.push(format!(".{ENDING}"));
            name
        };
        let name = (1..).map(numbered).find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.insert(name.clone());
        name
    }
}

/// What was found, by which model, and what it is for.
fn caption(examined: &Examined, classifier: &Classifier) -> Vec<String> {
    let mut lines = vec![examined.appraisal.sentence()];
    lines.push(format!("model {}", model::title(classifier)));
    lines.extend(model::caution(classifier).map(str::to_owned));
    lines.push(RESEARCH_USE.to_owned());
    lines
}

fn png(picture: &RgbPixels) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    PngEncoder::new(&mut bytes)
        .write_image(picture.bytes(), width, height, ExtendedColorType::Rgb8)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_share_a_name_get_overlays_of_their_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut overlays = Overlays::prepare(folder.path(), None, &[]).expect("a folder");
        let names = ["a/1.jpg", "b/1.png", "b/2.png", "1"].map(|path| overlays.name(Path::new(path)));
        assert_eq!(names, ["1.explained.png", "1-2.explained.png", "2.explained.png", "1-3.explained.png"]);
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
        assert!(refused(&file).is_some_and(|reason| reason.contains("cannot be made")));
    }
}
