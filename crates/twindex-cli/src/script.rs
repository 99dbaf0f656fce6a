//! Texts that hold statements, and the statements in them.
//!
//! A statement keeps its script and its place there, so an error in a file of queries is drawn with
//! the line of the file, while the span in an error line counts from the statement itself.

use std::ops::Range;
use std::path::Path;

use anyhow::Context as _;
use twindex::script::split_statements;

use crate::args::is_stdin;

/// A text of statements and what to call it in messages.
#[derive(Debug)]
pub(crate) struct Script {
    name: String,
    text: String,
}

impl Script {
    /// A script given as text.
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Reads a file, or stdin where it is called `-`.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        if is_stdin(path) {
            let text = std::io::read_to_string(std::io::stdin()).context("cannot read stdin")?;
            return Ok(Self::new("stdin", without_mark(&text)));
        }
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
        Ok(Self::new(name, without_mark(&text)))
    }

    /// What to call it in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Its statements, without the `;` that end them.
    pub(crate) fn statements(&self) -> impl Iterator<Item = Statement<'_>> {
        let n_bytes = self.text.len();
        split_statements(&self.text).into_iter().map(move |found| {
            let to = (found.span.to as usize).min(n_bytes);
            let from = (found.span.from as usize).min(to);
            Statement { script: self, range: from..to }
        })
    }
}

/// The text behind the byte order mark that some editors begin a file with.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// One statement of a script.
#[derive(Clone, Debug)]
pub(crate) struct Statement<'a> {
    script: &'a Script,
    range: Range<usize>,
}

impl<'a> Statement<'a> {
    /// The script it stands in.
    pub(crate) fn script(&self) -> &'a Script {
        self.script
    }

    /// Its text.
    pub(crate) fn text(&self) -> &'a str {
        // The range was cut at tokens, so this is the range itself.
        self.script.text.get(self.range.clone()).unwrap_or_default()
    }

    /// Where it begins in the script, in bytes.
    pub(crate) fn offset(&self) -> usize {
        self.range.start
    }
}

#[cfg(test)]
mod tests {
    use super::Script;

    #[test]
    fn statements_know_their_places() {
        let script =
            Script::new("test", "  SELECT 'a;b' FROM devices;\n\n SELECT 2 FROM devices ; ");
        let found: Vec<_> = script.statements().map(|one| (one.offset(), one.text())).collect();
        assert_eq!(found, [(2, "SELECT 'a;b' FROM devices"), (31, "SELECT 2 FROM devices")]);
    }
}
