//! A call in flight, and its phase.

use crate::policy::Fault;
use crate::streams::Word;
use crate::units::{Instant, Span};
use crate::world::ledger::{CallEnd, Cause};
use crate::world::state::Progress;

/// The phase of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody.
    Free,
    /// About to ask for the semaphore around it.
    Outside,
    /// Reads that are not logs.
    Reads,
    /// A lookup in tiers of caches.
    Lookup,
    /// Waiting for what another call computes.
    Joined,
    /// The log of the request.
    Request,
    /// About to ask the queue for a slot.
    Enter,
    /// In the queue.
    Waiting,
    /// It has a slot: an attempt starts.
    Start,
    /// Its attempt waits for a connection.
    Connecting,
    /// Its attempt has failed before it was sent.
    Denied,
    /// An attempt is under way.
    Running,
    /// Between two attempts.
    Backoff,
    /// Its attempts are over: it takes processor time.
    Answered,
    /// The log of the response.
    Response,
    /// Nothing left to do.
    Done,
    /// It went with its isolate, and an event is still to come for it.
    Lost,
    /// The same, and a database or a store goes on with the operation that it has accepted.
    Orphaned,
}

impl Phase {
    /// Whether no call is there, or none any more.
    pub(crate) fn is_gone(self) -> bool {
        matches!(self, Phase::Free | Phase::Lost | Phase::Orphaned)
    }
}

/// A call in flight, with the facts of its plan and step that the loop asks for at every turn (looking them up there
/// instead took a quarter more time on M/M/1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// Its place among the events of one instant.
    pub(crate) address: u64,
    pub(crate) plan: u32,
    /// Its number within the plan.
    pub(crate) index: u16,
    pub(crate) attempt: u16,
    pub(crate) class: u16,
    pub(crate) provider: u16,
    pub(crate) law: u16,
    /// Its queue in its isolate, and where the waits of its class in that queue are counted.
    pub(crate) queue: u32,
    pub(crate) waits: u32,
    pub(crate) line: u8,
    pub(crate) phase: Phase,
    pub(crate) work: Work,
    /// It does what a lookup did not find, and others may wait for it.
    pub(crate) computes: bool,
    pub(crate) recorded: bool,
    pub(crate) in_slot: bool,
    pub(crate) request_error: bool,
    /// The state of its operations on stores.
    pub(crate) ops: Progress,
    pub(crate) end: CallEnd,
    /// How the attempt under way will end.
    pub(crate) fault: Option<Fault>,
    /// Why the attempt under way, or the call, does not end well, where the fault alone does not say.
    pub(crate) cause: Option<Cause>,
    pub(crate) enqueued: Instant,
    pub(crate) backoff: Span,
    pub(crate) latency: Span,
    pub(crate) outcome_word: Word,
}

/// A call that goes through no queue.
pub(crate) const NO_QUEUE: u32 = u32::MAX;

/// What does the work of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A provider.
    Provider,
    /// The program itself; or nothing, once a lookup is answered.
    Compute,
    /// A database.
    D1,
    /// A rate limiter.
    Limiter,
}

/// The attempt of a call that has not begun, so that what is due for it then is not taken for what comes later.
pub(crate) const OUTSIDE: u16 = u16::MAX;

impl Call {
    /// Whether its request was faulty, or its response is that of a failure.
    pub(crate) fn is_error(&self, is_response: bool) -> bool {
        if is_response { self.end != CallEnd::Succeeded } else { self.request_error }
    }
}
