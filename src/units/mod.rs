//! Numbers that say what they are: time, rates, probabilities, bytes, money and ids.
//!
//! Each type holds its range in its constructor, and nowhere else. Text forms (`"12s"`, `"2KiB"`) are read
//! and written here, so that a model, a report and a command line agree on them.

mod amount;
mod civil;
mod error;
mod id;
mod inert;
mod probability;
mod rate;
mod text;
mod time;

pub use amount::{Bytes, Money};
pub use civil::{CalendarStart, Timestamp, Zone};
pub use error::UnitError;
pub use id::Id;
pub use inert::{inert, inert_lines, is_hidden};
pub use probability::Probability;
pub use rate::{Rate, RateUnit};
pub use text::{agree, count, did_you_mean, number, percent, things};
pub use time::{Instant, Span};
