//! What ended within an event, for observers of a replication.

use crate::units::Instant;

/// Something that took time, or an attempt, which may take none.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The call's number in its plan; none for the plan itself.
    pub call: Option<u16>,
    /// A place that no two slices of plans, or of calls, have at once.
    pub lane: u32,
    /// The isolate.
    pub isolate: u32,
    /// The class, by its position.
    pub class: u16,
    /// The number of the plan within its class.
    pub plan: u64,
    /// What it was at.
    pub what: &'static str,
    /// The number of the attempt, from 1; 0 where there is none.
    pub attempt: u16,
    /// How it ended; empty where that says nothing.
    pub end: &'static str,
    /// Its first instant.
    pub from: Instant,
    /// Its last.
    pub to: Instant,
}

/// A plan that ended as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The class, by its position.
    pub class: u16,
    /// How it ended.
    pub end: &'static str,
    /// When.
    pub at: Instant,
}

/// What ended within an event.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Attempts: the place and the address of the call, and the attempt.
    pub(crate) attempts: Vec<(u32, u64, Slice)>,
    /// Plans: their serial number, and how.
    pub(crate) plans: Vec<(u64, Moment)>,
}
