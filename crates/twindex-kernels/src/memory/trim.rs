//! Giving memory back to the system after much of it was let go.
//!
//! A load leaves tens of megabytes free between what stays. The C library of most Linux systems keeps
//! such memory for itself until it is told not to; asking costs milliseconds, so it is for the end of
//! a load and for times at rest. It does nothing for a program with another allocator, which does no
//! harm.

use super::pool;

/// Gives memory that is not in use back to the system: reserves of the pool, and what the system's
/// allocator keeps where it can be asked. Takes milliseconds, so no lock should be held.
pub fn trim_process() {
    pool::trim();
    trim_heap();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim_heap() {
    // SAFETY: the C library that is linked for this target has it; it takes any number and locks for
    // itself.
    unsafe extern "C" {
        safe fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    // Whether something was given back matters to nobody.
    let _ = malloc_trim(0);
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim_heap() {}

#[cfg(test)]
mod tests {
    use super::super::{LaneVec, trim_process};

    #[test]
    fn what_is_in_use_stays() {
        let column = LaneVec::filled(100_000, 7_u16);
        drop(LaneVec::filled(100_000, 9_u16));
        trim_process();
        assert!(column.iter().all(|value| *value == 7));
    }
}
