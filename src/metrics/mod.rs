//! Every metric that there is: its unit, what it means, which way is better, and when it exists.
//!
//! What counts in the world gives a value to a name; whoever reads, compares or explains that name asks here. A metric
//! exists by the model, never by the data, and is the same in text, JSON, objectives and baselines.
//!
//! Over replications all are combined alike: the mean of the replications in which something was observed, its 95 %
//! interval (Student's, cut to the range of the metric; of shares of things that were counted, Wilson's), the smallest
//! and the largest value.

mod catalogue;
mod find;
mod logs;
mod metric;
mod stores;
mod work;

pub use catalogue::{CATALOGUE, FIRST, PLACEHOLDERS};
pub use find::{better, has_form, is_asked, like, of, rank};
pub use metric::{Better, Metric};
