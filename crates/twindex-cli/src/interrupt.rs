//! Ctrl-C: stops the query that runs in the shell, and otherwise the program with exit code 130.
//!
//! One handler for the whole program, which asks whether a query may be cancelled. Leaving the
//! default (death by the signal) was rejected: the shell must outlive a stopped query.

use std::sync::{Mutex, PoisonError};

use twindex::CancelToken;

/// Exit code after Ctrl-C, as shells report it.
const EXIT_INTERRUPTED: i32 = 130;

static RUNNING: Mutex<Option<CancelToken>> = Mutex::new(None);

/// Installs the handler. Without one (the system refused) Ctrl-C ends the program as ever.
pub(crate) fn install() {
    // A refusal leaves the default behaviour, which is good enough to go on with.
    let _ = ctrlc::set_handler(|| match take() {
        Some(token) => token.cancel(),
        None => std::process::exit(EXIT_INTERRUPTED),
    });
}

/// While it lives, Ctrl-C cancels its token instead of ending the program; a second Ctrl-C ends it.
#[derive(Debug)]
pub(crate) struct Interruptible {
    token: CancelToken,
}

impl Interruptible {
    /// Makes what follows interruptible.
    pub(crate) fn begin() -> Self {
        let token = CancelToken::default();
        *lock() = Some(token.clone());
        Self { token }
    }

    /// The token to hand to the query.
    pub(crate) fn token(&self) -> &CancelToken {
        &self.token
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        take();
    }
}

fn take() -> Option<CancelToken> {
    lock().take()
}

fn lock() -> std::sync::MutexGuard<'static, Option<CancelToken>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
