//! Stores written anew in another place: backups, and stores made of them.
//!
//! Both are the same work: each part is read, checked, and written to extents of its own, each frame
//! to a log of its own, under a new id. So no byte of one store is ever taken for another's, however
//! files are mixed, and what was damaged is never copied. Copying the files as they are was rejected
//! for that, and because extents hold parts that no checkpoint names any more.
//!
//! A backup has a seal besides, written last: every file with its length and checksums.

pub mod contents;
pub mod copy;
pub mod seal;
