//! `twindex check`: opens a store or loads files, and looks whether the engine agrees with itself.

use std::io::{self, Write as _};

use twindex::Collection;

use crate::args::{CheckArgs, LoadArgs};
use crate::failure::UsageError;
use crate::output::plural;
use crate::store::{IfMissing, open_and_load};

/// Opens the store, or loads every file into one engine, and checks it.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let input = LoadArgs { load: args.files.clone(), db: args.db.clone(), strict: args.strict };
    if input.n_stdin() > 1 {
        let message = "stdin (`-`) can be read once only";
        return Err(UsageError(message.to_owned()).into());
    }
    let db = open_and_load(&input, IfMissing::Refuse)?;
    db.check().map_err(|difference| anyhow::anyhow!("the index is damaged: {difference}"))?;
    let devices = plural(db.n_twins(Collection::Devices), "device");
    let modules = plural(db.n_twins(Collection::Modules), "module");
    writeln!(io::stderr(), "{devices} and {modules}: everything agrees")?;
    Ok(())
}
