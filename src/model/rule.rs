//! Who owns a value, and so how a `[[change]]` reaches it: each key says it in its declaration, or goes with its
//! section.

/// Who owns a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The program: each isolate reads it, and one may see a change before another.
    Program,
    /// All isolates share it, for this reason: a change reaches them all at once.
    Shared(&'static str),
    /// It cannot change during a run, for this reason.
    Fixed(&'static str),
}

// Reasons that several keys have.

pub(super) const CALENDAR: &str = "a time that is scheduled at the start";
pub(super) const KIND: &str = "the kind of a part or a rule";
pub(super) const LAID_OUT: &str = "a size that memory is reserved for";
pub(super) const LOOKS: &str = "the behaviour of a reader";
pub(super) const PARTS: &str = "a part, or a connection between parts";
pub(super) const PRESET: &str = "a preset";
pub(super) const RUN_ITSELF: &str = "a setting of the run, or what it is checked against";
pub(super) const SEVERAL: &str = "several values at once";
pub(super) const STORED: &str = "a property of the store";
