//! How the program is run: its isolates, the page that shows them, and users who come back.

use super::Queue;
use crate::streams::LawSpec;
use crate::units::{Id, Probability, Span};

/// `[isolates]`: copies of the program's memory that come and go.
#[derive(Clone, Debug, PartialEq)]
pub struct Isolates {
    /// The least number that takes plans; at least 1.
    pub min: u32,
    /// The largest, at least `min`.
    pub max: u32,
    /// Plans at once in each of them at which another one starts.
    pub per_isolate: Option<u32>,
    /// How long after its last plan an isolate goes.
    pub idle: Option<Span>,
    /// How long an isolate lives before it is evicted.
    pub lifetime: Option<LawSpec>,
    /// `deploys.every`
    pub deploys_every: Option<Span>,
    /// `deploys.at`, in order.
    pub deploys_at: Vec<Span>,
    /// How long an evicted or replaced isolate has to finish its plans.
    pub drain_timeout: Span,
    /// What becomes of the plans that it does not finish.
    pub on_loss: OnLoss,
}

/// `on_loss`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    /// They crash.
    Lost,
    /// They crash, and their users try again at once.
    ClientRetries,
}

/// `[diagnostics]`: a page that shows the counters of a queue in the isolate that a visit lands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics {
    /// The queue.
    pub queue: Id<Queue>,
    /// How often somebody looks.
    pub every: Option<Span>,
    /// `at`: when somebody looks, in order; only without `every`.
    pub at: Vec<Span>,
}

/// `retry` of a class
#[derive(Clone, Debug, PartialEq)]
pub struct Comeback {
    /// How likely a user comes back.
    pub chance: Probability,
    /// How long after the overload answer.
    pub after: LawSpec,
    /// How often at most.
    pub max: u32,
}

/// `on_leave`: what happens to a plan whose user has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLeave {
    /// It goes on, for nobody.
    GoesOn,
    /// What has begun is finished, what waits is not begun.
    Cancel,
}
