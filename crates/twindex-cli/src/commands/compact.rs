//! `twindex compact`: a store made as small as it gets.

use std::io::{self, Write as _};

use anyhow::Context as _;

use crate::args::{CompactArgs, LoadArgs};
use crate::output::{bytes, duration, spinner};
use crate::store::{IfMissing, open_and_load};

/// Opens the store and compacts it.
pub(crate) fn run(args: &CompactArgs) -> anyhow::Result<()> {
    let name = args.db.display().to_string();
    let input = LoadArgs { db: Some(args.db.clone()), ..LoadArgs::default() };
    let db = open_and_load(&input, IfMissing::Refuse)?;
    let bar = spinner("compacting");
    let report = db.compact();
    bar.finish_and_clear();
    let report = report.with_context(|| format!("cannot compact `{name}`"))?;
    let (before, after) = (bytes(report.bytes_before), bytes(report.bytes_after));
    let time = duration(report.elapsed);
    writeln!(io::stderr(), "{name}: compacted from {before} to {after}, {time}")?;
    Ok(())
}
