//! `twindex load`: files into a store.

use crate::args::{LoadArgs, LoadCommandArgs};
use crate::failure::UsageError;
use crate::store::{IfMissing, open_and_load};

/// Loads every file and makes a checkpoint.
pub(crate) fn run(args: &LoadCommandArgs) -> anyhow::Result<()> {
    let input = LoadArgs {
        load: args.files.clone(),
        db: Some(args.db.clone()),
        strict: args.strict,
        read_only: false,
    };
    if input.n_stdin() > 1 {
        let message = "stdin (`-`) can be read once only";
        return Err(UsageError(message.to_owned()).into());
    }
    open_and_load(&input, IfMissing::Create).map(|_| ())
}
