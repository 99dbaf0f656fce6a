//! Loading files into the engine, and telling how it went.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;
use twindex::{LoadOptions, LoadReport, OnBadInput, Twindex};

use crate::args::{LoadArgs, is_stdin};
use crate::output::{count, duration, file_bar, plural, printable, spinner};

/// Bad documents told of one by one; the rest are counted.
const BAD_DOCUMENTS_TOLD: usize = 10;

/// Loads every file of `args` in order.
pub(crate) fn load_all(db: &Twindex, args: &LoadArgs) -> anyhow::Result<()> {
    args.load.iter().try_for_each(|path| load_one(db, path, args.strict))
}

fn load_one(db: &Twindex, path: &Path, is_strict: bool) -> anyhow::Result<()> {
    let on_bad_input = if is_strict { OnBadInput::Stop } else { OnBadInput::Skip };
    let options = LoadOptions { on_bad_input, ..LoadOptions::default() };
    let (name, report) = if is_stdin(path) {
        // `StdinLock` cannot go to another thread, `Stdin` can.
        let bar = spinner("loading");
        let report = db.load(bar.wrap_read(io::stdin()), &options);
        bar.finish_and_clear();
        ("stdin".to_owned(), report)
    } else {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot open `{name}`"))?;
        let bar = file_bar("loading", &file);
        let report = db.load(bar.wrap_read(file), &options);
        bar.finish_and_clear();
        (name, report)
    };
    let report = report.with_context(|| format!("cannot load `{name}`"))?;
    tell(&mut io::stderr().lock(), &name, &report)?;
    Ok(())
}

/// Says how a load went.
fn tell(err: &mut dyn Write, name: &str, report: &LoadReport) -> io::Result<()> {
    write!(err, "{name}: loaded {}", plural(report.n_loaded, "twin"))?;
    if report.n_replaced > 0 {
        write!(err, ", {} of them replacing an earlier one", count(report.n_replaced))?;
    }
    if report.n_bad > 0 {
        write!(err, ", skipped {}", plural(report.n_bad, "bad document"))?;
    }
    writeln!(err, ", {}", duration(report.elapsed))?;
    for bad in report.bad.iter().take(BAD_DOCUMENTS_TOLD) {
        writeln!(err, "{name}: {}: {}", bad.place, printable(&bad.reason))?;
    }
    let n_told = report.bad.len().min(BAD_DOCUMENTS_TOLD) as u64;
    if report.n_bad > n_told {
        writeln!(err, "{name}: and {} more", count(report.n_bad - n_told))?;
    }
    for warning in &report.warnings {
        let times = plural(warning.n, "time");
        let (kind, place, path) = (&warning.kind, warning.place, printable(&warning.path));
        writeln!(err, "{name}: warning: {times}: {kind}; first at {place}, `{path}`")?;
    }
    Ok(())
}
