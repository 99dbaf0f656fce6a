//! Locks, atomics and threads: those of parking_lot and std or, for model tests, of shuttle.
//!
//! Whatever is synchronised by hand takes its locks from here, so that the feature `shuttle` lets a
//! model checker run the very same code under schedules of its own choice. A copy of the code to be
//! checked was rejected: it is not what runs. shuttle's own wrapper of parking_lot was, too: it has
//! neither condition variables nor deadlines.

#[cfg(feature = "shuttle")]
mod scheduled;

#[cfg(not(feature = "shuttle"))]
pub use parking_lot::{
    Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, WaitTimeoutResult,
};
#[cfg(feature = "shuttle")]
pub use scheduled::{Condvar, Mutex, MutexGuard, RwLock, WaitTimeoutResult};
#[cfg(feature = "shuttle")]
pub use shuttle::sync::{RwLockReadGuard, RwLockWriteGuard, atomic};
#[cfg(feature = "shuttle")]
pub use shuttle::{thread, thread_local};
#[cfg(not(feature = "shuttle"))]
pub use std::sync::atomic;
#[cfg(not(feature = "shuttle"))]
pub use std::{thread, thread_local};
