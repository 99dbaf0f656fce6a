//! Sizes that bound what is written, and what a damaged length can make a reader believe.

/// Bytes of one frame's payload at most (64 MiB).
pub const FRAME_BYTES_MAX: u32 = 64 << 20;

/// Bytes at which a log file is followed by the next (256 MiB).
pub const LOG_FILE_BYTES: u64 = 256 << 20;

/// Bytes at which an extent is followed by the next (256 MiB).
pub const EXTENT_FILE_BYTES: u64 = 256 << 20;

/// Bytes of a part's key at most.
pub const KEY_BYTES_MAX: usize = 1 << 10;

/// Bytes of a manifest at most (1 GiB).
pub const MANIFEST_BYTES_MAX: u64 = 1 << 30;

/// Bytes of the seal of a backup at most (64 MiB: a backup of 16 TiB).
pub const SEAL_BYTES_MAX: u64 = 64 << 20;
