//! A provider, and the policies around an attempt.

use super::cost::Tokens;
use crate::policy::{Breaker, Fault, Hedge, Quota, Retry, RetryBudget, Slope};
use crate::streams::LawSpec;
use crate::units::{Probability, Span};

/// `[provider.NAME]` with `[retry.NAME]`, `[breaker.NAME]` and `[hedge.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// How long an attempt takes.
    pub latency: LawSpec,
    /// `request_timeout`: an attempt is cut after this long, counted from when it starts.
    pub request_timeout: Option<Span>,
    /// `headers_after`: when an attempt frees its connection; none: with its end.
    pub headers_after: Option<Span>,
    /// `timeout_from = "arrival"`: waiting in the queue spends the time limit.
    pub timeout_from_arrival: bool,
    /// `errors`: the chance that an answered attempt ends in each kind of fault; they sum to at most 1.
    pub errors: Vec<(Fault, Probability)>,
    /// `errors.request_error`: the chance that a call's request is itself faulty (known before it is sent).
    pub request_error: Probability,
    /// What follows a failed attempt.
    pub retry: Retry,
    /// `sdk` and `proxy` of the retries: layers inside it, the outer one first.
    pub inner: [Option<Retry>; 2],
    /// `deadline`: how long a call may go on from its first attempt, retries and waits included.
    pub deadline: Option<Span>,
    /// `budget`: a limit on the retries of all calls in one isolate, whatever layer they come from.
    pub budget: Option<RetryBudget>,
    /// `retry_after`: whether a retry waits as long as a refusal says.
    pub retry_after: RetryAfter,
    /// `[breaker.NAME]`: what stops sending after too many failures.
    pub breaker: Option<Breaker>,
    /// What an attempt costs, where that is given.
    pub tokens: Option<Tokens>,
    /// `[hedge.NAME]`: attempts that race the first.
    pub hedge: Option<Hedge>,
    /// Its own side: limits, outages, slots; none where the model says nothing of it.
    pub server: Option<Server>,
}

impl Provider {
    /// Attempts that a call makes at it at most: those of all layers of retries, multiplied.
    pub fn attempts(&self) -> u64 {
        let layers = self.inner.iter().flatten().chain([&self.retry]);
        layers.map(|layer| u64::from(layer.max) + 1).product()
    }

    /// Whether it goes on with an attempt that its client has given up.
    pub fn outlives_client(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.outlives_client)
    }

    /// Whether it bills an attempt that it has worked on to this end.
    pub fn bills(&self, end: Option<Fault>) -> bool {
        match (end, &self.tokens) {
            (None, _) => true,
            (Some(fault), Some(tokens)) => tokens.billed_on.contains(fault),
            (Some(fault), None) => matches!(fault, Fault::ParseFailure | Fault::InvalidResponse),
        }
    }

    /// Whether an attempt meets more than a latency, a timeout, faults and one layer of retries.
    pub fn has_policies(&self) -> bool {
        self.server.is_some()
            || self.breaker.is_some()
            || self.hedge.is_some()
            || self.inner.iter().any(Option::is_some)
            || self.deadline.is_some()
            || self.budget.is_some()
    }
}

/// `retry_after`: what a retry makes of the time that a refusal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// It waits at least so long, unless it is longer than this.
    Honour(Span),
    /// It waits as after any fault.
    Ignore,
}

impl RetryAfter {
    /// Whether a hint lengthens the wait.
    pub fn is_honoured(self, hint: Span) -> bool {
        matches!(self, RetryAfter::Honour(most) if hint <= most)
    }
}

/// The provider's own side of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// `requests_per_minute`
    pub requests_per_minute: Option<u64>,
    /// `quota`: attempts in a window; all of a list hold at once, and more are refused.
    pub quotas: Vec<Quota>,
    /// `tokens_per_minute`
    pub tokens_per_minute: Option<u64>,
    /// `tokens`: what an attempt reserves of it, where its step says nothing.
    pub tokens: u64,
    /// `limit_burst`: a full bucket holds what flows in during this; longer than 0.
    pub limit_burst: Span,
    /// `slope`: how fast attempts, and their tokens, may become more.
    pub slopes: [Option<Slope>; 2],
    /// `counts_refused`: whether attempts over a limit count against it too.
    pub counts_refused: bool,
    /// `refusal_latency`: how long a refusal takes.
    pub refusal_latency: Span,
    /// `max_concurrency`: its slots; none: unlimited.
    pub max_concurrency: Option<u32>,
    /// `capacity`: attempts that it works on at full speed; more share it evenly. None: no matter how many.
    pub capacity: Option<u32>,
    /// `max_queue`: attempts that wait for a slot; none: any number.
    pub max_queue: Option<u32>,
    /// `when_full`: how it answers when all are taken.
    pub when_full: Fault,
    /// `load.per_in_flight`: by how much each attempt in flight beyond `load.from` lengthens the latency of a new one.
    pub load_per_in_flight: f64,
    /// `load.from`
    pub load_from: u32,
    /// `hang`: the chance that an attempt is never answered.
    pub hang: Probability,
    /// `outage`: when it is down.
    pub outages: Vec<Outage>,
    /// `outlives_client`: whether it goes on with an attempt that its client has given up.
    pub outlives_client: bool,
}

impl Server {
    /// What a full bucket of a minute's limit holds: what flows in during `limit_burst`, and at least 1.
    pub fn holds(&self, limit: u64) -> u64 {
        let flows = u128::from(limit) * u128::from(self.limit_burst.nanos());
        u64::try_from(flows.div_ceil(u128::from(Span::MINUTE.nanos()))).unwrap_or(u64::MAX).max(1)
    }
}

impl Default for Server {
    /// No limits, always up.
    fn default() -> Server {
        Server {
            requests_per_minute: None,
            quotas: Vec::new(),
            tokens_per_minute: None,
            tokens: 0,
            limit_burst: Span::MINUTE,
            slopes: [None; 2],
            counts_refused: false,
            refusal_latency: Span::ZERO,
            max_concurrency: None,
            capacity: None,
            max_queue: Some(0),
            when_full: Fault::RateLimited,
            load_per_in_flight: 0.0,
            load_from: 0,
            hang: Probability::ZERO,
            outages: Vec::new(),
            outlives_client: true,
        }
    }
}

/// One entry of `outage`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// When it is down.
    pub when: UpAndDown,
    /// `fault`: how attempts end meanwhile; none (`timeout`): they are never answered.
    pub fault: Option<Fault>,
    /// `latency`: how long that takes.
    pub latency: Span,
}

/// When an outage is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpAndDown {
    /// `at` and `for`: once.
    Once {
        /// After the start of the run.
        at: Span,
        /// How long.
        lasts: Span,
    },
    /// `mean_up` and `mean_down`: again and again, up first, for exponential times.
    Random {
        /// The mean time up; longer than 0.
        mean_up: Span,
        /// The mean time down; longer than 0.
        mean_down: Span,
    },
}
