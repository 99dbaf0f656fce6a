//! Opening the engine a command works on: a store's directory, or memory.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context as _;
use twindex::{Access, Collection, OpenProgress, Options, Recovery, StoreOptions, Twindex};

use crate::args::LoadArgs;
use crate::load::load_all;
use crate::output::{bytes, bytes_bar, duration, plural};

/// Whether a directory that holds no store gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfMissing {
    Create,
    Refuse,
}

/// The engine that `args` name, with their files loaded. A load into a store ends with a checkpoint,
/// so that the store opens at the speed of the disk.
pub(crate) fn open_and_load(args: &LoadArgs, if_missing: IfMissing) -> anyhow::Result<Twindex> {
    let db = open(args, if_missing)?;
    load_all(&db, args)?;
    if args.db.is_some() && !args.load.is_empty() {
        let report = db.checkpoint()?;
        let (size, time) = (bytes(report.n_bytes), duration(report.elapsed));
        writeln!(io::stderr(), "checkpoint: {size}, {time}")?;
    }
    Ok(db)
}

fn open(args: &LoadArgs, if_missing: IfMissing) -> anyhow::Result<Twindex> {
    let Some(directory) = &args.db else { return Ok(Twindex::in_memory()) };
    let name = directory.display().to_string();
    let mut store = StoreOptions::default();
    store.creates = if_missing == IfMissing::Create;
    store.access = if args.read_only { Access::ReadOnly } else { Access::ReadWrite };
    let bar = bytes_bar("opening");
    let shown = bar.clone();
    store.progress = Some(Arc::new(move |now: OpenProgress| {
        shown.set_length(now.part_bytes_total + now.log_bytes_total);
        shown.set_position(now.part_bytes + now.log_bytes);
    }));
    let db = Twindex::open_with(directory, Options::default(), store);
    bar.finish_and_clear();
    let db = db.with_context(|| format!("cannot open `{name}`"))?;
    if let Some(recovery) = db.recovery() {
        tell(&mut io::stderr().lock(), (&name, &db), recovery)?;
    }
    Ok(db)
}

/// Says what opening found.
fn tell(err: &mut dyn Write, of: (&str, &Twindex), recovery: &Recovery) -> io::Result<()> {
    let (name, db) = of;
    if recovery.is_new {
        return writeln!(err, "{name}: a new store");
    }
    let n_twins = db.n_twins(Collection::Devices) + db.n_twins(Collection::Modules);
    write!(err, "{name}: {}", plural(n_twins, "twin"))?;
    if recovery.n_batches > 0 {
        let batches = plural(recovery.n_batches, "logged batch").replace("batchs", "batches");
        write!(err, ", {batches} done again")?;
    }
    writeln!(err, ", {}", duration(recovery.elapsed))?;
    if let Some(torn) = &recovery.torn {
        let size = bytes(torn.n_bytes);
        let (file, offset) = (&torn.file, torn.offset);
        let done = if db.is_read_only() { "passed over at" } else { "cut off" };
        writeln!(err, "{name}: warning: {size} {done} the end of `{file}` at byte {offset}")?;
    }
    Ok(())
}
