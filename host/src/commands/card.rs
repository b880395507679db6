//! `card`: writes a model's card as a document.

use std::path::{Path, PathBuf};

use blastscope_files::Printable as _;
use blastscope_shared::Artifact;
use clap::Args;

use crate::{
    Error,
    data::{dataset::Dataset, picture::read_file},
    measure::evidence::Evidence,
    report::model_card::Sources,
    support::{output, progress::Progress},
};

/// Write a model's card: what it is for and what not, what it was made from, all measurements, and its limits.
///
/// The card is made from the model file, from what evaluate, stress and compare wrote with --json, and from the data set, if given.
/// Evidence about another model is refused.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  blastscope-host card models/blastscope.bsm --out models/blastscope.md
  blastscope-host card models/blastscope.bsm --evidence measured --data all_pbs --out card.html")]
pub struct Card {
    /// Model file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Folder with the JSON files of evaluate, stress and compare; by default MODEL with the ending .evidence, if it exists.
    #[arg(long, value_name = "DIR")]
    evidence: Option<PathBuf>,
    /// Data set the model was made from: adds its pictures by class, part and sitting.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// File to write: Markdown, or a page with figures if it ends in .html. By default Markdown goes to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Card {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed; one sentence says why.
    pub fn run(&self) -> Result<(), Error> {
        let bytes = read_file(&self.model)?;
        let (artifact, hash) =
            Artifact::read(&bytes).map_err(|error| Error::content(&self.model, error.to_string()))?;
        let beside = self.model.with_extension("evidence");
        let evidence = match &self.evidence {
            Some(folder) => read_evidence(folder)?,
            None if beside.is_dir() => read_evidence(&beside)?,
            None => Vec::new(),
        };
        let data = self.data.as_ref().map(|root| Dataset::scan(root, None, Progress::Shown)).transpose()?;
        let is_page = self.out.as_ref().is_some_and(|path| {
            path.extension()
                .is_some_and(|ending| ending.eq_ignore_ascii_case("html") || ending.eq_ignore_ascii_case("htm"))
        });
        let sources = Sources { artifact: &artifact, hash, evidence: &evidence, data: data.as_ref(), figures: is_page };
        let card = sources.card()?;
        match &self.out {
            Some(path) if is_page => card.write_html(path),
            Some(path) => card.write_markdown(path),
            None => {
                output::text(card.markdown("card").text)?;
                Ok(())
            }
        }
    }
}

/// Reads the evidence in a folder, sorted by file name.
///
/// # Errors
/// When there is no evidence, or a file is not evidence.
pub fn read_evidence(folder: &Path) -> Result<Vec<(String, Evidence)>, Error> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(Error::content(folder, "holds no .json files; write some with evaluate --json or stress --json"));
    }
    paths.sort();
    paths.iter().map(|path| Ok((path.printable().to_string(), Evidence::read(path)?))).collect()
}
