//! Where lanes live: growable columns of plain numbers, in huge pages.
//!
//! A patch touches one row of many lanes, each in a page of its own: with 4 KB pages most of its time
//! is spent on translating addresses (random patches of eight lanes ran twice as fast in 2 MiB pages,
//! documents were put together 1.8 times as fast). So [`LaneVec`] takes blocks from 4 KB on out of
//! large maps that the kernel is asked to back by huge pages.
//!
//! There is one pool for the process, as there is one allocator: a handle in each of ten thousand
//! lanes would cost more than it tells. What it hands out is counted in [`stats`]; memory goes back
//! to the pool when a column is dropped, and to the system when a whole map is free.

mod block;
mod counting;
mod lane_vec;
mod pool;
mod prefetch;
mod trim;

pub use counting::Counting;
pub use lane_vec::{LaneVec, Plain};
pub use pool::{PoolStats, stats, trim};
pub use prefetch::prefetch;
pub use trim::trim_process;
