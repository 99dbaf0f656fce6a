//! Golden files: commands, a line `---`, and the output they gave when it was last approved.
//!
//! ```text
//! # What the file is about.
//! twin {"deviceId":"d1","tags":{"site":"A"}}
//! > SELECT deviceId FROM devices
//! [plan]> SELECT deviceId FROM devices WHERE tags.site = 'A'
//! !> SELECT nothing
//! ---
//! …
//! ```
//!
//! A query may go on over lines that begin with two blanks. Tags in brackets ask for more than the
//! rows; `!` says that an error is expected, and its absence fails. `UPDATE_GOLDEN=1` writes the
//! files anew; blanks at line ends and unknown tags fail either way.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use twindex_lang::diagnostic::Diagnostic;

/// One command of a golden file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `twin {…}`: loads a document.
    Twin(String),
    /// `[tags]!> text`: a query.
    Query {
        /// What is asked for beyond the rows.
        tags: Vec<String>,
        /// Whether an error is expected.
        fails: bool,
        /// The query, as written.
        text: String,
    },
}

/// What a command gave: its output, or the text of its error.
pub type Outcome = Result<String, String>;

/// Runs every `*.twt` file of `folder` (below `tests/golden`) through `start`, which gives a fresh
/// runner for each file. `tags` are the tags the runner understands.
///
/// # Panics
/// When a file differs from what was run, or is malformed: this is a test.
pub fn check_folder<R: FnMut(&Command) -> Outcome>(
    folder: &str,
    tags: &[&str],
    start: impl Fn() -> R,
) {
    let files = files_of(folder);
    assert!(!files.is_empty(), "no golden file in {folder}");
    let differing: Vec<String> =
        files.iter().filter_map(|file| check_file(file, tags, start()).err()).collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

fn files_of(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic_any(&format!("{}: {error}", folder.display())))
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for file in &files {
        let is_golden = file.extension().is_some_and(|extension| extension == "twt");
        assert!(is_golden, "{} is no golden file", file.display());
    }
    files
}

fn check_file(
    file: &Path,
    tags: &[&str],
    mut run: impl FnMut(&Command) -> Outcome,
) -> Result<(), String> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let (script, recorded) = text.split_once("\n---\n").unwrap_or((&text, ""));
    let mut printed = String::new();
    for command in parse_script(script).map_err(|error| format!("{name}: {error}"))? {
        check_tags(&command, tags).map_err(|error| format!("{name}: {error}"))?;
        let outcome = run(&command);
        match (&command, &outcome) {
            (Command::Query { fails: false, text, .. }, Err(error)) => {
                return Err(format!("{name}: `{text}` failed: {error}"));
            }
            (Command::Query { fails: true, text, .. }, Ok(output)) => {
                return Err(format!("{name}: `{text}` did not fail but gave: {output}"));
            }
            (Command::Twin(text), Err(error)) => {
                return Err(format!("{name}: `{text}` was refused: {error}"));
            }
            _ => {}
        }
        let (Ok(output) | Err(output)) = outcome;
        for line in output.lines() {
            let _ = writeln!(printed, "{}", line.trim_end());
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let anew = format!("{}\n---\n{printed}", script.trim_end());
        return std::fs::write(file, anew).map_err(|error| format!("{name}: {error}"));
    }
    if recorded == printed {
        return Ok(());
    }
    Err(format!("{name} differs; recorded:\n{recorded}\nnow:\n{printed}"))
}

fn check_tags(command: &Command, known: &[&str]) -> Result<(), String> {
    let Command::Query { tags, .. } = command else { return Ok(()) };
    let word = |tag: &str| tag.split(' ').next().unwrap_or_default().to_owned();
    match tags.iter().find(|tag| !known.contains(&word(tag).as_str())) {
        Some(tag) => Err(format!("unknown tag [{tag}]")),
        None => Ok(()),
    }
}

/// Splits a script into commands.
fn parse_script(script: &str) -> Result<Vec<Command>, String> {
    let mut commands: Vec<Command> = Vec::new();
    for line in script.lines() {
        if line != line.trim_end() {
            return Err(format!("blanks at the end of `{line}`"));
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(more) = line.strip_prefix("  ") {
            match commands.last_mut() {
                Some(Command::Query { text, .. } | Command::Twin(text)) => {
                    text.push('\n');
                    text.push_str(more);
                }
                None => return Err(format!("`{line}` continues nothing")),
            }
            continue;
        }
        commands.push(parse_command(line)?);
    }
    Ok(commands)
}

fn parse_command(line: &str) -> Result<Command, String> {
    if let Some(document) = line.strip_prefix("twin ") {
        return Ok(Command::Twin(document.to_owned()));
    }
    let mut rest = line;
    let mut tags = Vec::new();
    while let Some(inner) = rest.strip_prefix('[') {
        let (tag, after) = inner.split_once(']').ok_or(format!("unclosed tag in `{line}`"))?;
        tags.push(tag.to_owned());
        rest = after;
    }
    let fails = rest.starts_with('!');
    let rest = rest.trim_start_matches('!');
    let text = rest.strip_prefix('>').ok_or(format!("no command in `{line}`"))?;
    let text = text.strip_prefix(' ').unwrap_or(text).to_owned();
    Ok(Command::Query { tags, fails, text })
}

/// Draws diagnostics under their query, plainly: what golden files record.
#[must_use]
pub fn draw(text: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let Diagnostic { code, message, span, expected, suggestion } = diagnostic;
        let level = if code.starts_with('W') { "warning" } else { "error" };
        let _ = writeln!(out, "{level}[{code}]: {message}");
        let (from, to) = (span.from as usize, (span.to as usize).min(text.len()));
        let line_from = text[..from.min(text.len())].rfind('\n').map_or(0, |at| at + 1);
        let line_to = text[from..].find('\n').map_or(text.len(), |at| from + at);
        let _ = writeln!(out, "  {}", &text[line_from..line_to]);
        let indent = text[line_from..from].chars().count();
        let width = text[from..to.min(line_to).max(from)].chars().count().max(1);
        let _ = write!(out, "  {}{}", " ".repeat(indent), "^".repeat(width));
        if let Some(expected) = expected {
            let _ = write!(out, " expected {expected}");
        }
        if let Some(suggestion) = suggestion {
            let _ = write!(out, "{} {suggestion}", if expected.is_some() { ";" } else { "" });
        }
        out.push('\n');
    }
    out
}

/// Ends a test with a message, where an assertion has nothing to compare.
// Only tests call into this file, and a test fails by panicking.
#[allow(clippy::panic)]
fn panic_any(message: &str) -> ! {
    std::panic::panic_any(message.to_owned())
}
