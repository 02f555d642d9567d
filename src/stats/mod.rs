//! Measures that stream and merge: moments, time averages, quantiles, survival, and estimates with intervals.
//!
//! All are plain data. What was never measured is `None`, never 0. Merging in a fixed order gives the same bytes
//! whatever the threads did.

mod estimate;
mod grid;
mod moments;
mod occupancy;
mod quantiles;
mod stock;
mod survival;
mod weighted;

pub use estimate::{Estimate, Paired, Range};
pub use moments::Moments;
pub use occupancy::Occupancy;
pub use quantiles::Quantiles;
pub use stock::Stock;
pub use survival::Survival;
pub use weighted::TimeWeighted;
