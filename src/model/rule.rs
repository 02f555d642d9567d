//! Whose a value is, and so how a `[[change]]` reaches it: each key says it beside its declaration, or goes with its
//! section.

/// Whose a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The program reads it in each isolate, and one may see a change before another.
    Program,
    /// All isolates share it, for this reason: a change reaches all at once.
    Shared(&'static str),
    /// It stays for the whole run, for this reason.
    Fixed(&'static str),
}

// Reasons that several keys have.

pub(super) const CALENDAR: &str = "what the calendar has from the start";
pub(super) const KIND: &str = "the kind of a part or of a rule";
pub(super) const LAID_OUT: &str = "what memory is laid out for";
pub(super) const LOOKS: &str = "what somebody does who looks";
pub(super) const PARTS: &str = "a part, or what connects it to others";
pub(super) const PRESET: &str = "a preset";
pub(super) const RUN_ITSELF: &str = "the run, or what it is held against";
pub(super) const SEVERAL: &str = "several values at once";
pub(super) const STORED: &str = "a store's own side";
