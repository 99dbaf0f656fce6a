//! Flags and help: one definition for parsing, `--help` and the environment.
//!
//! Help texts teach by example, so that `twindex query --help` is enough to write a first query.
//! What depends on several flags at once (two readers of stdin, a token for two statements) is
//! checked where it is known, and refused as clap would refuse it.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::Resettable;
use clap::{Arg, Args, Command as Definition, CommandFactory as _, FromArgMatches as _};
use clap::{Parser, Subcommand, ValueEnum};

const ROOT_EXAMPLES: &str = "\
Examples:
  twindex demo                                     a million twins, sample queries, a prompt
  twindex generate --twins 1000 --out fleet.jsonl  a fleet to play with
  twindex query --load fleet.jsonl \"SELECT COUNT() AS n FROM devices\"
  twindex shell --load fleet.jsonl                 ask as you think

Data goes to stdout, talk and warnings to stderr. Exit code: 0 fine, 1 data or query error, 2 usage,
130 stopped by Ctrl-C. NO_COLOR turns colour off.";

const QUERY_EXAMPLES: &str = "\
Examples:
  twindex query --load fleet.jsonl \"SELECT deviceId, tags.site FROM devices WHERE status = 'enabled'\"
  twindex query --load fleet.jsonl.gz --format csv \\
      \"SELECT tags.site AS site, COUNT() AS n FROM devices GROUP BY tags.site ORDER BY n DESC\"
  cat export.jsonl | twindex query --load - --format jsonl \"SELECT * FROM devices.modules\"
  twindex query --load fleet.jsonl -f questions.sql --format json --continue-on-error
  twindex query --load fleet.jsonl \\
      \"UPDATE devices SET tags.wave = 1 WHERE tags.site = 'Aarhus' DRY RUN\"
      counts the twins and shows the first ten; without DRY RUN, and with --yes, it is done
  twindex query --load fleet.jsonl --page-size 100 \"SELECT * FROM devices\"
      prints 100 twins, and `next: TOKEN` on stderr; pass it back with --after TOKEN

Input: JSON Lines, a JSON array or one twin, plain or compressed by gzip or zstd; twins as a hub
returns them, or lines of a registry export.

Formats: with `json` each statement gives exactly one line, an array of its rows (EXPLAIN,
UPDATE, DELETE: one object); `jsonl` gives a line for each row. A table cuts long cells on a
terminal only, and shows whole twins in brief.

With --continue-on-error a refused statement gives the line
  {\"error\":{\"code\":…,\"message\":…,\"span\":[from,to]}}
in its place, whatever the format, with \"expected\" and \"suggestion\" behind the span where there
is such. The span counts bytes from the first character of that statement. The exit code is 1 if
any statement was refused.";

const LOAD_EXAMPLES: &str = "\
Examples:
  twindex load --db fleet.db fleet.jsonl.zst
  twindex query --db fleet.db \"SELECT COUNT() AS n FROM devices\"
  twindex check --db fleet.db

A twin that is there already is replaced. What was loaded survives a loss of power: each batch is
synced before the next one, and the load ends with a checkpoint.";

const BACKUP_EXAMPLES: &str = "\
Examples:
  twindex backup --db fleet.db fleet-monday
  twindex check --db fleet-monday
  twindex query --db fleet-monday \"SELECT COUNT() AS n FROM devices\"
  twindex restore fleet-monday restored.db

No process may have the store open for writing; one that has makes its own by the library, while it
writes. Every part and batch is checked on the way, and a seal with all lengths and checksums is
written last: a backup without its seal, cut off or changed in any byte is refused. It can be read
where it lies, and is never written to.";

const RESTORE_EXAMPLES: &str = "\
Examples:
  twindex restore fleet-monday restored.db

The whole backup is verified before anything is written. The new store has the twins, row ids,
versions and etags of the backup's version. It is a store of its own: its files do not go together
with those of the old one.";

const COMPACT_EXAMPLES: &str = "\
Examples:
  twindex compact --db fleet.db

What no twin has any more is given back, all else is written anew, and the old files are removed.
Meanwhile the disk holds the store twice.";

const CHECK_EXAMPLES: &str = "\
Examples:
  twindex check --db fleet.db         every file and checksum, and all that is derived
  twindex check --db fleet-monday     the same of a backup, and its seal
  twindex check fleet.jsonl           files of twins, in memory

Nothing is written or mended. Exit code: 0 if everything agrees, 1 with file and place if not.";

const STATS_EXAMPLES: &str = "\
Examples:
  twindex stats fleet.jsonl.zst
  twindex stats --paths=10 fleet.jsonl
  twindex stats --db fleet.db --format json

The parts add up to the total, which counts what was allocated. What is resident is more by the program
itself, what the allocator keeps, and free room in lane memory.";

const GENERATE_EXAMPLES: &str = "\
Examples:
  twindex generate --twins 100000 --seed 7 --out fleet.jsonl.zst
  twindex generate --twins 10 | twindex query --load - \"SELECT * FROM devices\"

The same number and seed give the same bytes. A name that ends in .gz or .zst is compressed.";

const SHELL_EXAMPLES: &str = "\
Statements end with `;` and may span lines. Ctrl-C clears the line or stops a running query, Ctrl-D
leaves. `.help` lists the dot commands. History is kept in $XDG_STATE_HOME/twindex/history
(~/.local/state by default).

When stdin is no terminal the shell reads statements and dot commands from it as a script, and stops
at the first error.";

const BENCH_EXAMPLES: &str = "\
Every class of query is run against a generated fleet. Beside its times stand the floor, which is
the time this machine needs for the bytes that bound the class (measured in the same run), and the
ratio of the median to it.

Examples:
  twindex bench --twins 100000
  twindex bench --twins 10000000 --warm-up 3 --format json > bench.json
  twindex bench --corners --format markdown >> benches/README.md
  twindex bench --only corner/
  twindex bench --sweep=100k,1M,10M --seconds 0.3
  twindex bench --cancel --twins 1M";

/// Asks questions of fleets of device twins.
#[derive(Debug, Parser)]
#[command(
    name = "twindex",
    version,
    about = "Asks questions of fleets of device twins",
    long_about = "Asks questions of fleets of device twins.\n\n\
        The language is that of IoT Hub queries and what its users miss: projection, GROUP BY and \
        ORDER BY everywhere, LIKE, BETWEEN, percentiles, time arithmetic, pages.",
    after_help = ROOT_EXAMPLES,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads a command line, the program's name first. Ends the process where it is wrong, or help
    /// was wanted.
    pub(crate) fn of_command_line(line: impl IntoIterator<Item = OsString>) -> Self {
        let line = with_comments(line.into_iter().collect());
        let definition = Self::command().mut_subcommands(without_empty_variables);
        let read = definition.try_get_matches_from(line);
        read.and_then(|found| Self::from_arg_matches(&found)).unwrap_or_else(|error| error.exit())
    }
}

/// A variable of the environment that is empty is as one that is not set.
fn without_empty_variables(definition: Definition) -> Definition {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    definition.mut_args(|arg: Arg| match arg.get_env() {
        Some(name) if is_empty(name) => arg.env(Resettable::Reset),
        _ => arg,
    })
}

/// Gives texts of `query` that begin with a comment, which clap would take for options, a blank to
/// begin with. Letting texts begin with hyphens, as clap would, was rejected: behind the first text it
/// takes every option for one more.
fn with_comments(mut line: Vec<OsString>) -> Vec<OsString> {
    if line.get(1).is_some_and(|command| command == "query") {
        let options = line.iter_mut().skip(2).take_while(|argument| *argument != "--");
        for text in options.filter(|argument| begins_with_comment(argument)) {
            let rest = std::mem::replace(text, OsString::from(" "));
            text.push(rest);
        }
    }
    line
}

/// Whether it is `-- like this` with a line below it. No option's name has a blank in it.
fn begins_with_comment(argument: &OsStr) -> bool {
    let comment = argument.to_str().and_then(|text| text.strip_prefix("--"));
    comment.filter(|text| text.contains('\n')).is_some_and(|text| {
        let name = text.split('=').next().unwrap_or_default();
        name.contains(char::is_whitespace)
    })
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generate a fleet in memory, show what can be asked, and open a prompt.
    Demo(DemoArgs),
    /// Open a prompt.
    Shell(ShellArgs),
    /// Answer statements and end.
    Query(QueryArgs),
    /// Load files into a store, which is made if it is not there.
    Load(LoadCommandArgs),
    /// Open a store or load files, and compare everything that is derived with a rebuild.
    Check(CheckArgs),
    /// Copy a store as it is, checked and sealed.
    Backup(BackupArgs),
    /// Make a store of a backup, which is verified first.
    Restore(RestoreArgs),
    /// Make a store as small as it gets.
    Compact(CompactArgs),
    /// Open a store or load files, and show where their memory is.
    Stats(StatsArgs),
    /// Write a generated fleet as JSON Lines.
    Generate(GenerateArgs),
    /// Time every class of query beside the floor of this machine.
    Bench(BenchArgs),
}

/// Where twins come from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LoadArgs {
    /// File of twins to load; `-` is stdin. May be given several times.
    #[arg(long, visible_alias = "from", value_name = "FILE")]
    pub(crate) load: Vec<PathBuf>,
    /// Directory of a store to work on: what is loaded and changed stays in it. Without one twins
    /// are in memory alone.
    #[arg(long, value_name = "DIR", env = "TWINDEX_DB")]
    pub(crate) db: Option<PathBuf>,
    /// Stop at the first bad document, and at the first that would be loaded with a warning, loading
    /// nothing of that file.
    #[arg(long, env = "TWINDEX_STRICT", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) strict: bool,
    /// Open the store to read it: no file of it is touched, others may read it too, and a backup
    /// will do. Statements that change twins are refused.
    #[arg(long, conflicts_with = "load")]
    pub(crate) read_only: bool,
}

impl LoadArgs {
    /// How many of the files are stdin.
    pub(crate) fn n_stdin(&self) -> usize {
        self.load.iter().filter(|path| is_stdin(path)).count()
    }
}

/// Whether a file name means stdin.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Arguments of `twindex query`.
#[derive(Args, Debug)]
#[command(after_help = QUERY_EXAMPLES)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    pub(crate) input: LoadArgs,
    /// How rows are written.
    #[arg(long, value_enum, default_value_t, env = "TWINDEX_FORMAT")]
    pub(crate) format: Format,
    /// File of statements, each ended by `;`; `-` is stdin. They come before those given as
    /// arguments.
    #[arg(short = 'f', long = "file", value_name = "QUERIES")]
    pub(crate) file: Option<PathBuf>,
    /// Give one page of at most N rows for each statement, and `next: TOKEN` on stderr while rows
    /// remain.
    #[arg(long, value_name = "N")]
    pub(crate) page_size: Option<NonZeroUsize>,
    /// Go on where the page that gave TOKEN ended; for one statement, the same as then.
    #[arg(long, value_name = "TOKEN", requires = "page_size")]
    pub(crate) after: Option<String>,
    /// Do what UPDATE and DELETE say without asking first.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Write an error line in place of a refused statement, and go on with the next.
    #[arg(long)]
    pub(crate) continue_on_error: bool,
    /// Statements; several in one argument are separated by `;`.
    #[arg(value_name = "QUERY", required_unless_present = "file")]
    pub(crate) queries: Vec<String>,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for the eye.
    #[default]
    Table,
    /// One JSON array for each statement, on one line.
    Json,
    /// One JSON object a line for each row.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
}

/// Arguments of `twindex shell`.
#[derive(Args, Debug, Default)]
#[command(after_help = SHELL_EXAMPLES)]
pub(crate) struct ShellArgs {
    #[command(flatten)]
    pub(crate) input: LoadArgs,
    /// How rows are written; `.format` changes it.
    #[arg(long, value_enum, default_value_t, env = "TWINDEX_FORMAT")]
    pub(crate) format: Format,
    /// Do what UPDATE and DELETE say without asking first.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Arguments of `twindex load`.
#[derive(Args, Debug)]
#[command(after_help = LOAD_EXAMPLES)]
pub(crate) struct LoadCommandArgs {
    /// Directory of the store.
    #[arg(long, value_name = "DIR", env = "TWINDEX_DB")]
    pub(crate) db: PathBuf,
    /// Files of twins, plain or compressed; `-` is stdin.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Stop at the first bad document, and at the first that would be loaded with a warning, loading
    /// nothing of that file.
    #[arg(long, env = "TWINDEX_STRICT", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) strict: bool,
}

/// Arguments of `twindex backup`.
#[derive(Args, Debug)]
#[command(after_help = BACKUP_EXAMPLES)]
pub(crate) struct BackupArgs {
    /// Directory of the store.
    #[arg(long, value_name = "DIR", env = "TWINDEX_DB")]
    pub(crate) db: PathBuf,
    /// Directory of the backup: made, or there and empty.
    #[arg(value_name = "TARGET")]
    pub(crate) target: PathBuf,
}

/// Arguments of `twindex restore`.
#[derive(Args, Debug)]
#[command(after_help = RESTORE_EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// Directory of the backup.
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: PathBuf,
    /// Directory of the store to be: made, or there and empty.
    #[arg(value_name = "DIR")]
    pub(crate) target: PathBuf,
}

/// Arguments of `twindex compact`.
#[derive(Args, Debug)]
#[command(after_help = COMPACT_EXAMPLES)]
pub(crate) struct CompactArgs {
    /// Directory of the store.
    #[arg(long, value_name = "DIR", env = "TWINDEX_DB")]
    pub(crate) db: PathBuf,
}

/// Arguments of `twindex check`.
#[derive(Args, Debug)]
#[command(after_help = CHECK_EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Directory of a store or backup: its files are read, none is written to. Files go into an
    /// engine in memory instead.
    #[arg(long, value_name = "DIR", env = "TWINDEX_DB", conflicts_with = "files")]
    pub(crate) db: Option<PathBuf>,
    /// Files of twins, plain or compressed; `-` is stdin.
    #[arg(value_name = "FILE", required_unless_present = "db")]
    pub(crate) files: Vec<PathBuf>,
    /// Refuse what would be loaded with a warning.
    #[arg(long, env = "TWINDEX_STRICT", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) strict: bool,
}

/// Arguments of `twindex stats`.
#[derive(Args, Debug)]
#[command(after_help = STATS_EXAMPLES)]
pub(crate) struct StatsArgs {
    /// Directory of a store.
    #[arg(long, value_name = "DIR", env = "TWINDEX_DB", conflicts_with = "files")]
    pub(crate) db: Option<PathBuf>,
    /// Files of twins, plain or compressed; `-` is stdin.
    #[arg(value_name = "FILE", required_unless_present = "db")]
    pub(crate) files: Vec<PathBuf>,
    /// Also the N paths that take most.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "20", require_equals = true)]
    pub(crate) paths: Option<usize>,
    /// How the figures are written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: FiguresFormat,
}

/// How figures are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FiguresFormat {
    /// Columns for the eye.
    #[default]
    Table,
    /// One JSON object.
    Json,
}

/// Which fleet to generate.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct FleetArgs {
    /// Number of twins; `1_000_000`, `1000k` and `1M` are the same.
    #[arg(long, value_name = "N", default_value = "1_000_000", value_parser = parse_count, env = "TWINDEX_TWINS")]
    pub(crate) twins: u64,
    /// Seed: the same number and seed give the same fleet.
    #[arg(long, value_name = "S", default_value_t = 1, env = "TWINDEX_SEED")]
    pub(crate) seed: u64,
}

/// Arguments of `twindex generate`.
#[derive(Args, Debug)]
#[command(after_help = GENERATE_EXAMPLES)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
    /// File to write instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Arguments of `twindex demo`.
#[derive(Args, Debug)]
#[command(
    after_help = "When stdin or stdout is no terminal the samples are printed and the demo ends."
)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
}

/// Arguments of `twindex bench`.
#[derive(Args, Debug)]
#[command(after_help = BENCH_EXAMPLES)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) fleet: FleetArgs,
    /// Time spent on each class.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = parse_seconds)]
    pub(crate) seconds: f64,
    /// Time each class is run before, so that what is built once it pays is there.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5, value_parser = parse_seconds)]
    pub(crate) warm_up: f64,
    /// Only classes whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// How the figures are written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: BenchFormat,
    /// Also the worst corners: many conditions, long lists, rare paths, unique values, deep pages.
    #[arg(long)]
    pub(crate) corners: bool,
    /// Show how times grow with the fleet and shrink with threads: each class at these sizes, on one
    /// thread and on all.
    #[arg(
        long,
        value_name = "N,N…",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "100k,1M",
        conflicts_with_all = ["twins", "cancel", "format"]
    )]
    pub(crate) sweep: Option<Counts>,
    /// Show how long each class goes on after it was cancelled, corners too.
    #[arg(long, conflicts_with = "format")]
    pub(crate) cancel: bool,
}

impl BenchArgs {
    /// The sizes of a sweep, if one is wanted.
    pub(crate) fn sweep(&self) -> Option<Vec<u64>> {
        self.sweep.as_ref().map(|sizes| sizes.0.clone())
    }
}

/// Several numbers of twins.
#[derive(Clone, Debug)]
pub(crate) struct Counts(Vec<u64>);

impl FromStr for Counts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(parse_count).collect::<Result<_, _>>().map(Self)
    }
}

/// How the figures of a bench are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchFormat {
    /// Columns for the eye.
    #[default]
    Table,
    /// One JSON object.
    Json,
    /// A section of `benches/README.md`.
    Markdown,
}

/// Reads `250000`, `250_000`, `250k` or `1M`.
fn parse_count(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1_000),
        Some((at, 'm' | 'M')) => (&text[..at], 1_000_000),
        _ => (text, 1),
    };
    let number: u64 = digits
        .replace('_', "")
        .parse()
        .map_err(|_| "expected a whole number such as 250000, 250k or 1M".to_owned())?;
    match number.checked_mul(factor) {
        // A row id is 32 bits wide.
        Some(count) if count <= u64::from(u32::MAX) => Ok(count),
        _ => Err(format!("at most {} twins", u32::MAX)),
    }
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=3_600.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected seconds between 0 and 3600".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{Cli, Counts, OsStr, OsString, begins_with_comment, parse_count, with_comments};

    #[test]
    fn definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn comments_are_told_from_options() {
        for comment in ["-- one\nSELECT", "--\nSELECT", "--one\nSELECT", "--  a = 1\nSELECT"] {
            assert!(begins_with_comment(OsStr::new(comment)), "{comment}");
        }
        for other in [
            "--",
            "--load",
            "--load=a b",
            "--format json",
            "--load twins.jsonl",
            "--a=b\nSELECT",
            "-f",
            "SELECT -- one\n",
            " -- x\n",
        ] {
            assert!(!begins_with_comment(OsStr::new(other)), "{other}");
        }
    }

    #[test]
    fn only_texts_of_queries_may_begin_with_comments() {
        let line = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let comment = "-- one\nSELECT";
        let given = with_comments(line(&["twindex", "query", comment, "--", comment]));
        let texts = ["twindex", "query", " -- one\nSELECT", "--", comment];
        assert_eq!(given, line(&texts));
        let other = line(&["twindex", "load", comment]);
        assert_eq!(with_comments(other.clone()), other);
    }

    #[test]
    fn counts_have_suffixes_and_limits() {
        assert_eq!(parse_count("1_000"), Ok(1_000));
        assert_eq!(parse_count("250k"), Ok(250_000));
        assert_eq!(parse_count("1M"), Ok(1_000_000));
        assert_eq!("1k,2M".parse::<Counts>().map(|counts| counts.0), Ok(vec![1_000, 2_000_000]));
        for wrong in ["", "k", "-1", "1.5", "10000M", "1é"] {
            assert!(parse_count(wrong).is_err(), "{wrong}");
        }
    }
}
