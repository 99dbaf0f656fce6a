//! `twindex restore`: a store made of a backup, which is verified before anything is written.

use twindex::Twindex;

use crate::args::RestoreArgs;
use crate::copy::follow;

/// Makes the store.
pub(crate) fn run(args: &RestoreArgs) -> anyhow::Result<()> {
    let (from, to) = (args.backup.display().to_string(), args.target.display().to_string());
    let words = ["restore", "restored to"];
    follow(words, (&from, &to), |options| Twindex::restore(&args.backup, &args.target, options))
}
