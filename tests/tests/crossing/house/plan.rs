//! The plan of the house: each crate's rooms, and which others each may use.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use petgraph::{algo::tarjan_scc, graphmap::DiGraphMap};

use super::source::Source;

/// One crate's plan. A room is a folder of the source folder with the file beside it, or a file alone. Every room may use itself and
/// what stands in `lib.rs`; `lib.rs` and `main.rs` may use all. A small crate without rooms is one room.
pub struct Crate {
    /// The source folder, from the top of the checkout.
    pub source: &'static str,
    /// The other crates of the workspace that it may use; tests may use more.
    pub crates: &'static [&'static str],
    /// Each room, and the others that it may use.
    pub rooms: &'static [(&'static str, &'static [&'static str])],
}

/// Every crate but the tests'.
pub const HOUSE: &[Crate] = &[
    Crate {
        source: "shared/src",
        crates: &[],
        rooms: &[
            ("label", &[]),
            ("rate", &[]),
            ("by_class", &["label"]),
            ("field", &[]),
            ("layers", &["label"]),
            ("engine", &["label", "layers"]),
            ("sight", &["field", "label", "layers"]),
            ("judge", &["field", "label", "sight"]),
            ("artifact", &["field", "judge", "label", "layers", "rate", "sight"]),
            ("classifier", &["artifact", "engine", "field", "judge", "label", "layers", "sight"]),
            ("adaptation", &["artifact", "classifier", "field", "judge", "label", "layers", "rate", "sight"]),
        ],
    },
    Crate {
        source: "files/src",
        crates: &[],
        rooms: &[("atomic_file", &[]), ("open", &[]), ("printable", &[]), ("walk", &["printable"])],
    },
    Crate { source: "host/drawn/src", crates: &["shared"], rooms: &[] },
    Crate {
        source: "host/src",
        crates: &["drawn", "files", "shared"],
        rooms: &[
            ("support", &[]),
            ("statistics", &["support"]),
            ("data", &["support"]),
            ("recipe", &["data", "support"]),
            ("training", &["data", "recipe", "support"]),
            ("measure", &["data", "statistics", "support"]),
            ("pack", &["data", "measure", "recipe", "statistics", "support", "training"]),
            ("report", &["data", "measure", "statistics", "support"]),
            ("commands", &["data", "measure", "pack", "recipe", "report", "statistics", "support", "training"]),
        ],
    },
    Crate { source: "host/paper/src", crates: &["drawn", "files", "host", "shared"], rooms: &[] },
    Crate { source: "host/program/src", crates: &["files", "host", "paper"], rooms: &[] },
    Crate {
        source: "device/core/src",
        crates: &["shared"],
        rooms: &[
            ("advice", &[]),
            ("answer", &[]),
            ("cells", &[]),
            ("drawn_field", &[]),
            ("frame", &[]),
            ("focus", &[]),
            ("pipeline", &["cells", "frame"]),
            ("field", &["advice", "frame", "pipeline"]),
            ("screening", &["field", "focus", "frame", "pipeline"]),
            ("session", &["advice", "answer", "cells", "field", "pipeline"]),
        ],
    },
    Crate {
        source: "device/src",
        crates: &["core", "files", "shared"],
        rooms: &[
            ("support", &[]),
            ("source", &["support"]),
            ("board", &["support"]),
            ("record", &["support"]),
            ("model", &["support"]),
            ("report", &["model", "record", "support"]),
            ("config", &["source", "support"]),
            ("station", &["board", "record", "source", "support"]),
            ("faces", &["board", "config", "model", "record", "report", "source", "station", "support"]),
            ("commands", &["board", "config", "faces", "model", "record", "report", "source", "station", "support"]),
        ],
    },
];

/// The room of a file: its first folder, or its own name.
fn room(file: &Path) -> String {
    let first = file.iter().next().unwrap_or_default();
    Path::new(first).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A line for each use, and for each room, that the plan does not know.
pub fn forbidden(of: &Crate, source: &Source) -> Vec<String> {
    let rooms: BTreeMap<&str, &[&str]> = of.rooms.iter().copied().collect();
    let is_free = |room: &str| room == "lib" || room == "main";
    if rooms.is_empty() {
        return Vec::new();
    }
    let unknown = source.files().filter(|file| !is_free(&room(file)) && !rooms.contains_key(room(file).as_str()));
    let unknown =
        unknown.map(|file| format!("{}/{}: the plan has no room `{}`", of.source, file.display(), room(file)));
    let wrong = source.uses().into_iter().filter(|found| {
        let (from, to) = (room(&found.from), room(&found.to));
        let allowed = rooms.get(from.as_str()).copied().unwrap_or_default();
        from != to
            && !is_free(&from)
            && !is_free(&to)
            && rooms.contains_key(from.as_str())
            && !allowed.contains(&to.as_str())
    });
    let wrong = wrong.map(|found| {
        let (from, to) = (found.from.display(), found.to.display());
        format!("{0}/{from} uses {0}/{to} ({1})", of.source, found.path)
    });
    unknown.chain(wrong).collect()
}

/// Whether `file` stands in the folder of `other`: `record/store.rs` in that of `record.rs`.
fn stands_in(file: &Path, other: &Path) -> bool {
    file.starts_with(other.with_extension(""))
}

/// A line for each arrow that the plan allows and nothing needs.
pub fn unused(of: &Crate, source: &Source) -> Vec<String> {
    let arrows: BTreeSet<_> = source.uses().into_iter().map(|found| (room(&found.from), room(&found.to))).collect();
    let allowed = of.rooms.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let unused = allowed.filter(|(from, to)| !arrows.contains(&((**from).to_owned(), (**to).to_owned())));
    unused.map(|(from, to)| format!("{}: {from} may use {to}, and does not", of.source)).collect()
}

/// A paragraph for each set of files that use each other in a circle, with the uses that tie it. What a file takes from the module that
/// it is a part of is no tie: a folder and the file beside it are one thing, told in several files.
pub fn circles(of: &Crate, source: &Source) -> Vec<String> {
    let mut uses = source.uses();
    uses.retain(|found| !stands_in(&found.from, &found.to));
    let arrows: BTreeSet<(&PathBuf, &PathBuf)> = uses.iter().map(|found| (&found.from, &found.to)).collect();
    let graph: DiGraphMap<&PathBuf, ()> = DiGraphMap::from_edges(arrows);
    let circles = tarjan_scc(&graph).into_iter().filter(|files| files.len() > 1);
    let paragraphs = circles.map(|files| {
        let ties = uses.iter().filter(|found| files.contains(&&found.from) && files.contains(&&found.to));
        let ties = ties.map(|found| format!("  {} -> {} ({})", found.from.display(), found.to.display(), found.path));
        format!("{}: {} files\n{}", of.source, files.len(), ties.collect::<Vec<_>>().join("\n"))
    });
    paragraphs.collect()
}
