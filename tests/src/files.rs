//! Files of the repository as tests see them: fixtures, the grammar, recorded outcomes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The file at `path`, counted from the root of the repository.
#[must_use]
pub fn path_of(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The text of a file.
///
/// # Panics
/// When it cannot be read: this is a test.
#[must_use]
pub fn read(path: &str) -> String {
    fs::read_to_string(path_of(path)).expect("every fixture is in the repository")
}

/// Compares `found` with the recorded file; with `UPDATE_GOLDEN` set, records it instead.
///
/// # Panics
/// At the first line that differs.
pub fn check_recorded(path: &str, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path_of(path), found).expect("the repository is writable");
    }
    let recorded = read(path);
    for (n, (was, is)) in recorded.lines().zip(found.lines()).enumerate() {
        assert_eq!(is, was, "{path}, line {}", n + 1);
    }
    assert_eq!(found.lines().count(), recorded.lines().count(), "{path}: number of lines");
}

/// What a fuzz target does without a fuzzer: `--corpus FOLDER` writes what fuzzing begins with; other
/// arguments are files to be replayed.
///
/// # Errors
/// Reading or writing failed.
pub fn replay_or_write(
    target: impl Fn(&[u8]),
    corpus: impl Fn() -> Vec<Vec<u8>>,
) -> std::io::Result<()> {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if let [flag, folder] = &args[..]
        && flag == "--corpus"
    {
        fs::create_dir_all(folder)?;
        let files = (0..).zip(corpus());
        let mut files = files.map(|(n, data)| (Path::new(folder).join(format!("{n:04}")), data));
        return files.try_for_each(|(path, data)| fs::write(path, data));
    }
    args.iter().try_for_each(|file| fs::read(file).map(|data| target(&data)))
}

/// A query found in public code, its slots filled.
#[derive(Clone, Debug)]
pub struct CorpusQuery {
    /// Its line in the corpus, from 1.
    pub line: usize,
    /// `devices`, `modules`, `jobs`, or `invalid`.
    pub kind: String,
    /// The query, or the condition.
    pub text: String,
}

impl CorpusQuery {
    /// Whether it is written as a statement; all others are conditions.
    #[must_use]
    pub fn is_statement(&self) -> bool {
        self.text.trim_start().to_ascii_uppercase().starts_with("SELECT")
    }
}

/// The queries of the corpus. Slots of templates are filled as `slots.json` says, in its order.
///
/// # Panics
/// When the fixtures are malformed.
#[must_use]
pub fn corpus() -> Vec<CorpusQuery> {
    let slots = read("tests/fixtures/corpus/slots.json");
    let slots: Vec<(String, String)> = serde_json::from_str(&slots).expect("pairs");
    let query = |(idx, line): (usize, &str)| {
        let entry: Value = serde_json::from_str(line).expect("an object a line");
        let field = |name: &str| entry[name].as_str().expect("a string").to_owned();
        let fill = |text: String, (slot, filling): &(String, String)| text.replace(slot, filling);
        let text = slots.iter().fold(field("query"), fill);
        CorpusQuery { line: idx + 1, kind: field("kind"), text }
    };
    read("tests/fixtures/corpus/queries.jsonl").lines().enumerate().map(query).collect()
}
