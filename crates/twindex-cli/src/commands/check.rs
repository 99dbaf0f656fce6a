//! `twindex check`: opens a store or backup, or loads files, and looks whether the engine agrees
//! with itself. Of a store it reads every file that counts, and writes to none.

use std::io::{self, Write};

use twindex::{Collection, StoreFiles};

use crate::args::{CheckArgs, LoadArgs};
use crate::failure::UsageError;
use crate::output::{bytes, plural};
use crate::store::{IfMissing, open_and_load};

/// Opens the store, or loads every file into one engine, and checks it.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let input = LoadArgs {
        load: args.files.clone(),
        db: args.db.clone(),
        strict: args.strict,
        read_only: args.db.is_some(),
    };
    if input.n_stdin() > 1 {
        let message = "stdin (`-`) can be read once only";
        return Err(UsageError(message.to_owned()).into());
    }
    let db = open_and_load(&input, IfMissing::Refuse)?;
    let mut err = io::stderr();
    if let (Some(directory), Some(files)) = (&args.db, db.store_files()?) {
        let name = directory.display();
        if db.is_backup() {
            writeln!(err, "{name}: a backup; its seal is right for every byte")?;
        }
        tell(&mut err, &name.to_string(), &files)?;
    }
    db.check().map_err(|difference| anyhow::anyhow!("the index is damaged: {difference}"))?;
    let devices = plural(db.n_twins(Collection::Devices), "device");
    let modules = plural(db.n_twins(Collection::Modules), "module");
    writeln!(err, "{devices} and {modules}: everything agrees")?;
    Ok(())
}

/// Says what the files are. That they could be opened says that their checksums are right.
fn tell(err: &mut dyn Write, name: &str, files: &StoreFiles) -> io::Result<()> {
    let (n_files, size) = (plural(files.n_files, "file"), bytes(files.n_bytes));
    writeln!(err, "{name}: {n_files} of {size}, every checksum is right")?;
    let (parts, size) = (plural(files.n_parts, "part"), bytes(files.part_bytes));
    let (extents, logs) = (plural(files.n_extents, "extent"), plural(files.n_logs, "log file"));
    writeln!(err, "{name}: {parts} of {size} in {extents}, {logs}")?;
    if files.n_unused > 0 {
        let (unused, size) = (plural(files.n_unused, "file"), bytes(files.unused_bytes));
        writeln!(err, "{name}: {unused} of {size} left over, which the next checkpoint removes")?;
    }
    Ok(())
}
