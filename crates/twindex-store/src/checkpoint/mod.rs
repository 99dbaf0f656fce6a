//! Checkpoints: parts under opaque keys, which replace the log before them.
//!
//! Parts lie in extents, files that are written once. A manifest names the extent, place and
//! checksum of each part; it takes the place of the one before in one step, and only after all it
//! names is durable. A part that did not change is named again and not written again.

pub mod manifest;
pub mod writer;

pub(crate) mod name;
