//! An operation on a store: its requester, what it is, and the store's answer.

use crate::model::OpKind;
use crate::streams::Word;
use crate::units::{Instant, Span};
use crate::world::ledger::Cause;

/// Who makes an op, and writes what it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// The call in this place.
    Call(u32),
    /// The task in this place.
    Task(u32),
}

/// Which invocation, of plans and tasks alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvocationId(pub(crate) u32);

/// The connections of whoever asks for operations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wire {
    pub(crate) held: u32,
    pub(crate) waits: bool,
    /// Since when it waits, and when its attempt is given up.
    pub(crate) asked: Instant,
    pub(crate) until: Instant,
}

/// The state of a writer's operations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// The row, or read, that is due.
    pub(crate) cursor: u16,
    /// One is under way, and how it will end.
    pub(crate) open: bool,
    pub(crate) refused: Option<Cause>,
}

/// An op that has been asked for.
pub(crate) struct OpResponse {
    /// When it begins: later than now, where a quota makes it wait.
    pub(crate) at: Instant,
    pub(crate) takes: Span,
    pub(crate) refused: Option<Cause>,
}

/// Who asks for an op.
pub(crate) struct Requester {
    pub(crate) recorded: bool,
    pub(crate) who: Writer,
    pub(crate) invocation: InvocationId,
    /// Its draws: how long it takes, and whether it arrives.
    pub(crate) latency: Word,
    pub(crate) network: Word,
}

/// An op as it is asked for.
pub(crate) struct OpRequest {
    pub(crate) store: usize,
    pub(crate) op: OpKind,
    pub(crate) external: bool,
    /// The key that may be cold, in which region.
    pub(crate) cold: Option<(u16, u16)>,
    /// When its key was last written, if that matters.
    pub(crate) key: Option<Instant>,
    /// Bytes that it would add to the store.
    pub(crate) bytes: u64,
}
