//! Documents in and rows out.
//!
//! [`document`] cuts files and streams, plain or compressed, into the texts of single documents;
//! reading those is `twindex-model`'s. [`row`] writes rows as JSON and CSV. Both work on streams:
//! neither ever holds the whole of what passes through.

mod compression;
pub mod document;
pub mod row;
mod scan;
mod window;
