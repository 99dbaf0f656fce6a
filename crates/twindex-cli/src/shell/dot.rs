//! Dot commands: what the shell itself is told, as in sqlite3 and duckdb, with psql's aliases.

use std::path::PathBuf;

use clap::ValueEnum as _;

use crate::args::Format;

/// What `.help` prints.
pub(crate) const HELP: &str = "\
Statements end with `;` and may span lines. EXPLAIN and EXPLAIN ANALYZE show how one is answered.

.help            this text
.samples         queries to start from
.more            the next rows of the last query
.rows N          rows shown at a time, 0 for all of them (40 at first)
.format F        table, json, jsonl or csv
.timer on|off    whether times are shown (\\timing)
.load FILE       load more twins
.stats           how many twins there are, and the bytes they take
.quit            leave (\\q, Ctrl-D)

Ctrl-C clears the line, or stops the query that runs.
";

/// A dot command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DotCommand {
    Help,
    Samples,
    More,
    /// Rows shown at a time; 0 is all.
    Rows(usize),
    Format(Format),
    /// On, off, or the other of the two.
    Timer(Option<bool>),
    Load(PathBuf),
    Stats,
    Quit,
}

/// Whether a line is a dot command rather than the beginning of a statement. `exit` and `quit`
/// begin no statement, and are what people type.
pub(crate) fn is_dot_command(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(['.', '\\']) || matches!(line, "exit" | "quit")
}

/// Reads a dot command.
///
/// # Errors
/// A message for the user.
pub(crate) fn parse(line: &str) -> Result<DotCommand, String> {
    let line = line.trim().trim_end_matches(';');
    let (name, argument) = match line.split_once(char::is_whitespace) {
        Some((name, argument)) => (name, Some(argument.trim())),
        None => (line, None),
    };
    match (name, argument) {
        (".help" | "\\?", None) => Ok(DotCommand::Help),
        (".samples", None) => Ok(DotCommand::Samples),
        (".more", None) => Ok(DotCommand::More),
        (".stats", None) => Ok(DotCommand::Stats),
        (".quit" | ".exit" | "\\q" | "exit" | "quit", None) => Ok(DotCommand::Quit),
        (".timer" | "\\timing", None) => Ok(DotCommand::Timer(None)),
        (".timer" | "\\timing", Some("on")) => Ok(DotCommand::Timer(Some(true))),
        (".timer" | "\\timing", Some("off")) => Ok(DotCommand::Timer(Some(false))),
        (".rows", Some(rows)) => rows
            .parse()
            .map(DotCommand::Rows)
            .map_err(|_| "expected a number of rows, such as `.rows 20`".to_owned()),
        (".format", Some(format)) => Format::from_str(format, true)
            .map(DotCommand::Format)
            .map_err(|_| "expected table, json, jsonl or csv".to_owned()),
        (".load", Some(path)) => Ok(DotCommand::Load(PathBuf::from(path))),
        _ => Err(format!("no such command: `{line}`; `.help` lists them")),
    }
}

#[cfg(test)]
mod tests {
    use super::{DotCommand, Format, is_dot_command, parse};

    #[test]
    fn commands_are_read() {
        assert_eq!(parse(" .quit "), Ok(DotCommand::Quit));
        assert_eq!(parse("\\q;"), Ok(DotCommand::Quit));
        assert_eq!(parse(".rows 20"), Ok(DotCommand::Rows(20)));
        assert_eq!(parse(".format CSV"), Ok(DotCommand::Format(Format::Csv)));
        assert_eq!(parse("\\timing off"), Ok(DotCommand::Timer(Some(false))));
        assert_eq!(parse(".load a b.json"), Ok(DotCommand::Load("a b.json".into())));
        for wrong in [".rows", ".rows x", ".format xml", ".nothing", ".", ".help me"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn statements_are_no_commands() {
        assert!(is_dot_command(" .stats") && is_dot_command("exit"));
        assert!(!is_dot_command("SELECT .5 FROM devices") && !is_dot_command(""));
    }
}
