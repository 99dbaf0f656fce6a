//! `twindex backup`: a store that no process has open for writing, copied and sealed. Its twins are
//! not brought into memory, so it takes the time of the disk.

use twindex::Twindex;

use crate::args::BackupArgs;
use crate::copy::follow;

/// Writes the backup.
pub(crate) fn run(args: &BackupArgs) -> anyhow::Result<()> {
    let (from, to) = (args.db.display().to_string(), args.target.display().to_string());
    let words = ["back up", "backed up to"];
    follow(words, (&from, &to), |options| Twindex::backup_closed(&args.db, &args.target, options))
}
