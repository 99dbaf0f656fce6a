//! Bytes that survive: a log of frames, and checkpoints that replace its beginning.
//!
//! Knows no twins: payloads and the keys of parts are opaque bytes. Every access to files goes
//! through [`storage::Storage`], so that tests can lose, tear, reorder and fail each of them.
//!
//! The layout of every byte is written once, at its codec: [`header`], [`log::frame`],
//! [`checkpoint::manifest`], [`backup::seal`].

#![deny(clippy::indexing_slicing)]

pub mod backup;
pub mod checkpoint;
pub mod directory;
pub mod error;
pub mod files;
pub mod header;
pub mod limits;
pub mod log;
pub mod memory;
pub mod recover;
pub mod storage;

mod bytes;
