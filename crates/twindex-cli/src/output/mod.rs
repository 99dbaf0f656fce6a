//! What is printed: rows in four formats, tables, errors drawn under their query, figures for the
//! eye.

mod csv;
mod draw;
mod human;
mod progress;
mod rows;
mod table;

pub(crate) use csv::write_plan as write_plan_csv;
pub(crate) use draw::{Colour, draw_error, draw_warnings, error_line, write_warnings};
pub(crate) use human::{bytes, count, duration, plural};
pub(crate) use progress::{file_bar, spinner, twins_bar};
pub(crate) use rows::{RowsWriter, Shown};
pub(crate) use table::Figures;
