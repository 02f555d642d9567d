//! A log event of a call, and how far it has come.

use crate::units::{Instant, Span};
use crate::world::ledger::Cause;
use crate::world::state::Ends;

/// A log event of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogEvent {
    /// Its plan, and the number of the call in it.
    pub(crate) plan: u32,
    pub(crate) call: u16,
    pub(crate) is_response: bool,
    pub(crate) error: bool,
    pub(crate) recorded: bool,
}

/// No record, call or pair.
pub(crate) const NOBODY: u32 = u32::MAX;

/// What the log event under way has achieved so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogState {
    pub(crate) tried: bool,
    /// An op of it was answered, and nothing done or kept.
    pub(crate) dropped: bool,
    /// Why an op of it was first refused, or kept nothing.
    pub(crate) lost_by: Option<Cause>,
    /// The session's list has been written, with the record of this event in it.
    pub(crate) listed: bool,
    /// A task is to write its record.
    pub(crate) due: bool,
    /// When a store first got a copy of its record.
    pub(crate) written: Option<Instant>,
    /// How late other regions may see it.
    pub(crate) late: Span,
    /// Of the copies that go by themselves, while there are no others.
    pub(crate) ends: Ends,
    /// The record, once it has a copy that may go sooner.
    pub(crate) record: u32,
    /// When the last copy of the request's record goes.
    pub(crate) request: End,
}

impl LogState {
    pub(crate) const EMPTY: LogState = LogState {
        tried: false,
        dropped: false,
        lost_by: None,
        listed: false,
        due: false,
        written: None,
        late: Span::MAX,
        ends: Ends::NONE,
        record: NOBODY,
        request: End::NONE,
    };
}

/// When the last copy of a record goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// Then; [`Instant::START`] where there is no record.
    Known(Instant),
    /// The record in this place will know, and is held until it is released.
    Open(u32),
}

impl End {
    /// There is no record.
    pub(crate) const NONE: End = End::Known(Instant::START);
}
