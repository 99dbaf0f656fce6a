//! Which fault is in force: none, or with the feature `planted` the one the environment names.
//!
//! It is read once, so that asking costs a load and a comparison and campaigns run at their speed.

use crate::fault::Fault;

/// Environment variable with the name of the fault that is in force.
pub const VARIABLE: &str = "TWINDEX_PLANTED";

/// Whether `fault` is in force.
#[cfg(not(feature = "planted"))]
#[inline(always)]
#[must_use]
pub const fn planted(_fault: Fault) -> bool {
    false
}

/// Whether `fault` is in force.
#[cfg(feature = "planted")]
#[inline]
#[must_use]
pub fn planted(fault: Fault) -> bool {
    chosen() == Some(fault)
}

/// The fault that is in force, if any.
#[cfg(not(feature = "planted"))]
#[must_use]
pub const fn chosen() -> Option<Fault> {
    None
}

/// The fault that is in force, if any.
#[cfg(feature = "planted")]
#[inline]
#[must_use]
pub fn chosen() -> Option<Fault> {
    use std::sync::LazyLock;

    static CHOSEN: LazyLock<Option<Fault>> =
        LazyLock::new(|| std::env::var(VARIABLE).ok().and_then(|name| Fault::named(&name)));
    *CHOSEN
}
