//! Programs written by hand for exactly one model each, to hold capsim against: the same generator (ChaCha8), time
//! in whole nanoseconds, events in a calendar, and the few statistics that a check against theory needs.
#![allow(dead_code, unused_imports, reason = "each bench uses a part, and none the tests")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "they need not be portable, only fast")]

pub mod candidates;
pub mod clock;
pub mod mm1;
pub mod mmck;
pub mod nine;
pub mod public;
pub mod sample;
pub mod tournament;

use candidates::{Calendar, Event};
use capsim::units::Instant;

/// The calendar that capsim uses.
pub type Winner = capsim::calendar::Calendar<u64>;

impl Calendar for Winner {
    const NAME: &'static str = "tournament of 2 (chosen)";
    fn new() -> Self {
        Winner::new()
    }
    #[inline]
    fn push(&mut self, at: u64, order: u64, payload: u64) {
        self.push(Instant::from_nanos(at), order, payload);
    }
    #[inline]
    fn pop(&mut self) -> Option<Event> {
        self.pop().map(|(at, order, payload)| (at.nanos(), order, payload))
    }
}

/// A second, in the unit of time.
pub const SECOND: f64 = 1e9;

/// What a run measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Customers or plans that came.
    pub offered: u64,
    /// Those that ended well.
    pub completed: u64,
    /// Those that found the queue full.
    pub dropped: u64,
    /// Times that a server was taken.
    pub served: u64,
    /// Times that a service was cut by the timeout.
    pub timeouts: u64,
    /// Plans that failed because a call timed out once too often.
    pub failed: u64,
    /// Mean time from arrival to end of those that ended well, in seconds.
    pub mean_sojourn: f64,
    /// Mean time in the queue of those that were served, zeros included, in seconds.
    pub mean_wait: f64,
    /// Events taken from the calendar.
    pub events: u64,
}

/// Sums in whole nanoseconds, until the end.
#[derive(Default)]
struct Sums {
    sojourn: u64,
    wait: u64,
}

impl Sums {
    fn finish(self, summary: Summary) -> Summary {
        Summary {
            mean_sojourn: self.sojourn as f64 / summary.completed as f64 / SECOND,
            mean_wait: self.wait as f64 / summary.served as f64 / SECOND,
            ..summary
        }
    }
}
