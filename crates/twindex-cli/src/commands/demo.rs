//! `twindex demo`: from nothing to questions of a million twins.

use std::io::{self, IsTerminal as _, Write};

use anyhow::Context as _;
use twindex::Twindex;

use crate::answer::{AskError, Manner, answer};
use crate::args::{DemoArgs, Format};
use crate::change::unconfirmed;
use crate::failure::{AlreadyTold, UsageError};
use crate::fleet::{Loaded, load_fleet};
use crate::output::{Colour, bytes, draw_error, duration, plural};
use crate::samples::{SAMPLES, Sample};
use crate::script::Script;
use crate::shell::{Session, run_interactive, write_stats};

/// Generates and loads the fleet, shows the samples, and opens a prompt if there is a terminal.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let db = Twindex::in_memory();
    let loaded = load_fleet(&db, args.fleet).context("cannot load the fleet")?;
    let mut out = io::stdout().lock();
    write_stats(&db, &mut out)?;
    write_times(&loaded, &mut out)?;
    for sample in &SAMPLES {
        show(&db, sample, &mut out)?;
    }
    out.flush()?;
    drop(out);
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        run_interactive(Session::new(db, Format::Table))?;
    }
    Ok(())
}

fn write_times(loaded: &Loaded, out: &mut dyn Write) -> io::Result<()> {
    let Loaded { n_twins, n_bytes, generating, loading } = *loaded;
    writeln!(out, "json    {}, generated in {}", bytes(n_bytes), duration(generating))?;
    writeln!(out, "loaded  in {}, {}", duration(loading), rate(n_twins, loading.as_secs_f64()))
}

/// Twins a second.
fn rate(n_twins: u64, seconds: f64) -> String {
    // Figures for the eye.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let each_second = (n_twins as f64 / seconds.max(1e-9)) as u64;
    format!("{} a second", plural(each_second, "twin"))
}

/// Shows a sample query, its answer, and how long that took.
fn show(db: &Twindex, sample: &Sample, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "\n-- {}\n{};", sample.title, sample.query)?;
    let manner = Manner { is_terminal: io::stdout().is_terminal(), ..Manner::default() };
    let script = Script::new("sample", sample.query);
    for statement in script.statements() {
        match answer(db, statement.text(), &manner, out) {
            Ok(told) => {
                let rows = plural(told.n_rows.unwrap_or_default(), "row");
                writeln!(out, "{rows} in {}", duration(told.time))?;
            }
            Err(AskError::Write(error)) => return Err(error.into()),
            Err(AskError::Unconfirmed(what)) => {
                return Err(UsageError(unconfirmed(&what)).into());
            }
            Err(AskError::Refused(error)) => {
                out.flush()?;
                draw_error(&mut io::stderr(), &statement, &error, Colour::of_stderr())?;
                return Err(AlreadyTold.into());
            }
        }
    }
    Ok(())
}
