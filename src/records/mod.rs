//! Records: what logs, traces and the exports of other programs say of requests, whatever their form. One reader for all
//! who need them: it unpacks, finds the form, takes the columns and says which and why.
//!
//! [`read()`] streams: a file may be longer than the memory. `bytes` unpacks; `shape` finds the form of the text; `values`,
//! `documents`, `lines` and `prometheus` make rows of it; `dialect`, `roles` and `latency` decide which column is what;
//! `record` reads a row; `sink` holds the first rows until that is decided. Nothing is dropped in silence: an [`Account`]
//! says what became of every row.

mod account;
mod asked;
mod bytes;
mod clock;
mod contents;
mod dialect;
mod documents;
mod durations;
mod grouped;
mod latency;
mod lines;
mod name;
mod number;
mod outcome;
mod prometheus;
mod read;
mod record;
mod roles;
mod row;
mod sample;
mod shape;
mod sink;
mod values;
mod wrong;
mod xml;

pub use account::{Account, Role, Taken};
pub use asked::Asked;
pub use contents::Contents;
pub use durations::{Durations, Gathering};
pub use grouped::Grouped;
pub use outcome::Outcome;
pub use read::read;
pub use record::Record;
pub use wrong::Wrong;
