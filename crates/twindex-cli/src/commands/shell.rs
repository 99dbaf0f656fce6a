//! `twindex shell`: a prompt, or a script where stdin is no terminal.

use std::io::{self, IsTerminal as _};

use crate::args::ShellArgs;
use crate::change::Consent;
use crate::failure::UsageError;
use crate::shell::{Session, run_interactive, run_script};
use crate::store::{IfMissing, open_and_load};

/// Opens the shell.
pub(crate) fn run(args: &ShellArgs) -> anyhow::Result<()> {
    if args.input.n_stdin() > 0 {
        let message = "the shell reads its statements from stdin, so `--load -` cannot";
        return Err(UsageError(message.to_owned()).into());
    }
    let db = open_and_load(&args.input, IfMissing::Create)?;
    let is_prompt = io::stdin().is_terminal() && io::stdout().is_terminal();
    let consent = Consent::of(args.yes, is_prompt);
    if is_prompt {
        run_interactive(Session::new(db, args.format).with_consent(consent))
    } else {
        let session = Session::for_script(db, args.format).with_consent(consent);
        run_script(session, io::stdin().lock())
    }
}
