//! The log: frames one behind the other, in files that follow each other.
//!
//! A frame is whole or not there. The end of the log is where no whole frame begins; whether that
//! is where writing was cut off, or where good bytes were damaged, is told by the frames behind it:
//! see [`reader::read_log`].

pub mod cut;
pub mod frame;
pub mod reader;
pub mod writer;

pub(crate) mod name;
