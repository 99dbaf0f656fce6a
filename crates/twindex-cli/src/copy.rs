//! Following a backup or restoring: a bar while it goes on, Ctrl-C to stop it, a line at its end.

use std::io::{self, Write as _};

use anyhow::Context as _;
use twindex::{CopyOptions, CopyProgress, CopyReport, Error, ErrorKind};

use crate::failure::Interrupted;
use crate::interrupt::Interruptible;
use crate::output::{bytes, bytes_bar, count, duration, plural};

/// Lets `copy` copy from one directory to another. `words` are the verb, and what was done.
pub(crate) fn follow(
    [verb, done]: [&'static str; 2],
    (from, to): (&str, &str),
    copy: impl FnOnce(&CopyOptions<'_>) -> Result<CopyReport, Error>,
) -> anyhow::Result<()> {
    let interruptible = Interruptible::begin();
    let bar = bytes_bar(verb);
    let progress = |now: CopyProgress| {
        bar.set_length(now.bytes_total);
        bar.set_position(now.n_bytes);
    };
    let cancel = interruptible.token().clone();
    let copied = copy(&CopyOptions { progress: Some(&progress), cancel });
    bar.finish_and_clear();
    let report = match copied {
        Err(error) if error.kind() == ErrorKind::Stopped => return Err(Interrupted.into()),
        copied => copied.with_context(|| format!("cannot {verb} `{from}`"))?,
    };
    let (size, files) = (bytes(report.n_bytes), plural(report.n_files, "file"));
    let (version, time) = (count(report.version), duration(report.elapsed));
    writeln!(io::stderr(), "{from}: {done} `{to}`: version {version}, {size} in {files}, {time}")?;
    Ok(())
}
