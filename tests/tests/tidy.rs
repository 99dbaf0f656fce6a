//! The rules of the house that a program can check: see `CONTRIBUTING.md`.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use twindex_planted::Fault;

/// The crates, lowest level first, and which of ours each may depend on.
const EDGES: &[(&str, &[&str])] = &[
    ("twindex-planted", &[]),
    ("twindex-kernels", &["twindex-planted"]),
    ("twindex-model", &["twindex-planted"]),
    ("twindex-lang", &["twindex-planted"]),
    ("twindex-sync", &[]),
    ("twindex-index", &["twindex-kernels", "twindex-model", "twindex-planted", "twindex-sync"]),
    ("twindex-store", &["twindex-planted"]),
    ("twindex-plan", &["twindex-lang", "twindex-model", "twindex-planted"]),
    ("twindex-pnp", &["twindex-model"]),
    ("twindex-io", &["twindex-model", "twindex-planted"]),
    ("twindex-fleet", &["twindex-model"]),
    (
        "twindex-exec",
        &[
            "twindex-index",
            "twindex-kernels",
            "twindex-lang",
            "twindex-model",
            "twindex-plan",
            "twindex-planted",
            "twindex-sync",
        ],
    ),
    (
        "twindex",
        &[
            "twindex-exec",
            "twindex-index",
            "twindex-io",
            "twindex-lang",
            "twindex-model",
            "twindex-plan",
            "twindex-planted",
            "twindex-pnp",
            "twindex-sync",
            "twindex-store",
        ],
    ),
    ("twindex-measure", &["twindex", "twindex-fleet"]),
    (
        "twindex-cli",
        &["twindex", "twindex-fleet", "twindex-io", "twindex-kernels", "twindex-measure"],
    ),
    ("twindex-oracle", &["twindex-lang"]),
    (
        "twindex-testkit",
        &["twindex", "twindex-lang", "twindex-model", "twindex-oracle", "twindex-store"],
    ),
];

/// Names that would give a second word to something the glossary names.
const BANNED_TYPES: &[&str] = &[
    "Doc",
    "Document",
    "Entity",
    "Shadow",
    "TwinRecord",
    "DocId",
    "PostingList",
    "Tribool",
    "Journal",
    "ResultSet",
];

/// Lines of code from which a file must say why it is one room.
const FILE_LINES_MAX: usize = 500;

/// Lines from which a function must say why it is one.
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files_below(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                files_below(&path, extension, files);
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

/// Every Rust file of the project with its text.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in ["crates", "tests", "benches"] {
        files_below(&root().join(folder), "rs", &mut files);
    }
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.strip_prefix(root()).unwrap().display().to_string(), text)
    };
    files.into_iter().map(read).collect()
}

/// The part of a file before its tests.
fn code_of(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text)
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    assert_none("files without `//!`", &silent);
}

#[test]
fn files_are_one_room_or_say_why() {
    let is_code = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with("//")
    };
    let large: Vec<String> = sources()
        .into_iter()
        .filter(|(name, text)| !name.contains("/tests/") && !text.contains("// tidy: large file"))
        .map(|(name, text)| (name, code_of(&text).lines().filter(is_code).count()))
        .filter(|(_, n_lines)| *n_lines > FILE_LINES_MAX)
        .map(|(name, n_lines)| format!("{name}: {n_lines} lines of code"))
        .collect();
    assert_none("large files without `// tidy: large file: reason`", &large);
}

#[test]
fn functions_are_short_or_say_why() {
    let mut long = Vec::new();
    for (name, text) in sources() {
        let mut open: Option<(usize, usize, String)> = None;
        let mut reasoned = false;
        for (number, line) in code_of(&text).lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let words = line.trim_start();
            let is_fn = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "unsafe fn "]
                .iter()
                .any(|start| words.starts_with(start));
            if open.is_none() && words.contains("// tidy:") {
                reasoned = true;
            } else if open.is_none() && is_fn {
                open = Some((number, indent, words.to_owned()));
            }
            if let Some((from, fn_indent, what)) = &open
                && (line == format!("{}}}", " ".repeat(*fn_indent))
                    || words.ends_with(';') && number == *from)
            {
                let n_lines = number - from + 1;
                if n_lines > FUNCTION_LINES_MAX && !reasoned {
                    long.push(format!("{name}:{}: {n_lines} lines: {what}", from + 1));
                }
                open = None;
                reasoned = false;
            }
        }
    }
    assert_none("long functions without `// tidy: reason` before them", &long);
}

#[test]
fn names_are_those_of_the_glossary() {
    let mut found = Vec::new();
    for (name, text) in sources() {
        for banned in BANNED_TYPES {
            for keyword in ["struct", "enum", "trait", "type"] {
                let declaration = format!("{keyword} {banned}");
                let is_name =
                    |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
                if text.split(&declaration).skip(1).any(is_name) && !name.ends_with("tidy.rs") {
                    found.push(format!("{name}: {declaration}"));
                }
            }
        }
    }
    assert_none("banned type names", &found);
}

#[test]
fn nothing_is_left_over() {
    let leftovers = ["todo!(", "unimplemented!(", "dbg!(", "#[ignore", "FIXME", "should_panic"];
    let mut found = Vec::new();
    for (name, text) in sources().into_iter().filter(|(name, _)| !name.ends_with("tidy.rs")) {
        for leftover in leftovers.iter().filter(|leftover| text.contains(**leftover)) {
            found.push(format!("{name}: {leftover}"));
        }
    }
    assert_none("left over", &found);
}

#[test]
fn edges_between_crates_go_down() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(allowed) = allowed.get(name.as_str()) else {
            wrong.push(format!("{name} has no place in the list of edges"));
            continue;
        };
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        let (_, dependencies) = dependencies.split_once("[dependencies]").unwrap();
        for line in dependencies.lines().filter(|line| line.starts_with("twindex")) {
            let dependency = line.split(['.', ' ', '=']).next().unwrap();
            if !allowed.contains(&dependency) {
                wrong.push(format!("{name} -> {dependency}"));
            }
        }
    }
    assert_none("edges that are not in the list", &wrong);
}

#[test]
fn planted_faults_lie_in_the_crates_they_name() {
    let sources = sources();
    let is_planted = |fault: &&Fault| {
        let folder = match fault.place() {
            "twindex" => "crates/twindex/src/".to_owned(),
            place => format!("crates/twindex-{place}/src/"),
        };
        let question = format!("planted(Fault::{fault:?})");
        sources.iter().any(|(name, text)| name.starts_with(&folder) && text.contains(&question))
    };
    let lost = Fault::ALL.iter().filter(|fault| !is_planted(fault));
    let lost: Vec<String> = lost.map(|fault| fault.name().to_owned()).collect();
    assert_none("faults that nothing asks for", &lost);
}

#[test]
fn every_dependency_says_why() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let silent: Vec<String> = rest
        .split("\n[")
        .next()
        .unwrap()
        .lines()
        .filter(|line| line.contains('=') && !line.contains(" # "))
        .map(str::to_owned)
        .collect();
    assert_none("dependencies without a reason", &silent);
}

#[test]
fn roots_of_modules_hold_no_code() {
    let starts = [
        "//",
        "mod ",
        "pub mod ",
        "pub use ",
        "pub(crate) use ",
        "pub(crate) mod ",
        "#",
        "}",
        "use ",
    ];
    let mut found = Vec::new();
    for (name, text) in sources() {
        let is_root = name.ends_with("/lib.rs") || name.ends_with("/mod.rs");
        if !is_root || name.contains("/tests/") {
            continue;
        }
        for line in code_of(&text).lines().filter(|line| !line.starts_with(' ') && !line.is_empty())
        {
            if !starts.iter().any(|start| line.starts_with(start)) {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    assert_none("code in a root of modules", &found);
}
