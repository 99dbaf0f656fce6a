//! What is printed: rows in four formats, tables, errors drawn under their query, figures for the
//! eye.

mod draw;
mod excerpt;
mod human;
mod printable;
mod progress;
mod rows;
mod table;

pub(crate) use draw::{Colour, draw_error, draw_warnings, error_line, write_warnings};
pub(crate) use human::{bytes, count, duration, plural};
pub(crate) use printable::printable;
pub(crate) use progress::{bytes_bar, file_bar, spinner, steps_bar, twins_bar};
pub(crate) use rows::{RowsWriter, Shown, write_plan};
pub(crate) use table::Figures;
