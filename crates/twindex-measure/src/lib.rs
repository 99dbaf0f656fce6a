//! What every bench needs, be it `twindex bench` or a criterion group: engines with fleets in them,
//! queries that are ready to be timed and whose answer was looked at once, and the floors of the
//! machine, measured in the same run.

mod answer;
mod error;
mod floor;
mod world;

pub use answer::check;
pub use error::MeasureError;
pub use floor::Floors;
pub use world::World;
