//! Why something did not end well: each plan, call, attempt, op and record that does not carries one cause, and the
//! causes of an account sum to what did not end well in it.
//!
//! `causes_of` says which of them a model has. A cause that is counted and that its model does not have is an internal
//! error, as is a sum that does not come out.

use crate::model::Limit;
use crate::policy::{Fault, Window};

/// Counts of what began and how it ended. Each is kept twice: `[0]` for plans of the warm-up, `[1]` for recorded.
pub(crate) type Both = [u64; 2];

/// Declares the causes, each with its name in metrics.
macro_rules! causes {
    ($($(#[$doc:meta])+ $cause:ident = $name:literal,)+) => {
        /// Why something did not end well.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Cause {
            $($(#[$doc])+ $cause,)+
        }

        impl Cause {
            /// Every cause, in the order of the enum.
            pub(crate) const ALL: [Cause; [$($name),+].len()] = [$(Cause::$cause),+];

            /// Its name in metrics.
            pub(crate) fn name(self) -> &'static str {
                [$($name),+][self as usize]
            }
        }
    };
}

causes! {
    /// All slots and waiting places of the queue were taken.
    QueueFull = "queue_full",
    /// The same, while its adaptive limit stood below `max_concurrency`.
    AdaptiveLimit = "adaptive_limit",
    /// The same, of the queue that is a semaphore.
    Semaphore = "semaphore",
    /// The call's patience ended while it waited.
    Patience = "patience",
    /// The time limit ran out before an answer that would have been in time had the call not waited.
    TimeoutWaiting = "timeout_waiting",
    /// The time limit ran out while the provider worked on the attempt.
    TimeoutServed = "timeout_served",
    /// No token had come when the time limit of the first token ran out.
    TimeoutFirstToken = "timeout_first_token",
    /// No token had come for longer than the client waits for the next.
    TimeoutIdle = "timeout_idle",
    /// The time limit ran out while the attempt waited for a slot of the provider.
    TimeoutQueued = "timeout_at_provider_queue",
    /// The attempt, or the call with its retries, reached the deadline.
    Deadline = "deadline",
    /// The provider never answered (`hang`).
    Hang = "hang",
    /// The provider was down.
    Outage = "outage",
    /// The provider's limits.
    RequestsPerMinute = "requests_per_minute",
    /// `tokens_per_minute`
    TokensPerMinute = "tokens_per_minute",
    /// `input_tokens_per_minute`
    InputTokensPerMinute = "input_tokens_per_minute",
    /// `output_tokens_per_minute`
    OutputTokensPerMinute = "output_tokens_per_minute",
    /// `requests_per_day`
    RequestsPerDay = "requests_per_day",
    /// `tokens_per_day`
    TokensPerDay = "tokens_per_day",
    /// The attempt reserves more than a full bucket of the provider holds.
    RequestTooLarge = "request_too_large",
    /// `slope`: it grew too fast.
    Growth = "growth",
    /// All slots and waiting places of the provider were taken.
    ProviderSlots = "provider_slots",
    /// The provider's quotas, by their window.
    ProviderDailyQuota = "provider_daily_quota",
    /// Of a month.
    ProviderMonthlyQuota = "provider_monthly_quota",
    /// Of a window that repeats.
    ProviderFixedQuota = "provider_fixed_quota",
    /// Of a window that rolls.
    ProviderRollingQuota = "provider_rolling_quota",
    /// Of a bucket.
    ProviderBucketQuota = "provider_bucket_quota",
    /// The provider answered with 429 by chance (`errors.rate_limited`, or a trace says so).
    RateLimited = "rate_limited",
    /// It failed.
    ServerError = "server_error",
    /// It said that it is overloaded.
    Overloaded = "overloaded",
    /// Its answer could not be read.
    ParseFailure = "parse_failure",
    /// Its answer was not valid.
    InvalidResponse = "invalid_response",
    /// The connection broke.
    Network = "network",
    /// It refused the credentials.
    Auth = "auth",
    /// The request was faulty.
    BadRequest = "bad_request",
    /// The breaker was open.
    Breaker = "breaker",
    /// The budget of retries allowed no other attempt.
    RetryBudget = "retry_budget",
    /// The invocation had made all the external calls it may make.
    ExternalSubrequests = "external_subrequests",
    /// All the internal ones.
    InternalSubrequests = "internal_subrequests",
    /// All the ops on this store.
    OpsPerInvocation = "ops_per_invocation",
    /// The time ran out while it waited for a connection of its invocation, or because it had.
    Connections = "connections",
    /// The invocation took more processor time than it may.
    ProcessorTime = "processor_time",
    /// The account had no request left.
    RequestQuota = "request_quota",
    /// The quotas of a store, by their window.
    DailyQuota = "daily_quota",
    /// Of a month.
    MonthlyQuota = "monthly_quota",
    /// Of a window that repeats.
    FixedQuota = "fixed_quota",
    /// Of a window that rolls.
    RollingQuota = "rolling_quota",
    /// Of a bucket.
    BucketQuota = "bucket_quota",
    /// The key was written less than the spacing ago.
    KeySpacing = "key_spacing",
    /// The store was full.
    StoreFull = "store_full",
    /// A quota that says nothing dropped it.
    Dropped = "dropped",
    /// The client of a log service was silent after a refusal.
    ClientSilent = "client_silent",
    /// The store answered, and kept nothing.
    KeptNothing = "kept_nothing",
    /// Its invocation was over before it was written.
    CutOff = "cut_off",
    /// The limiter refused: the person was over the limit.
    Limiter = "limiter",
    /// The limiter refused because its store did.
    LimiterStore = "limiter_store",
    /// The database was overloaded.
    DatabaseOverloaded = "database_overloaded",
    /// The isolate went.
    LostIsolate = "lost_isolate",
    /// The isolate went, and the time to drain was too short.
    Drain = "drain",
    /// The user left.
    UserLeft = "user_left",
}

impl Cause {
    /// What a fault says of itself, where nothing more is known.
    pub(crate) fn of_fault(fault: Fault) -> Cause {
        match fault {
            Fault::Timeout => Cause::TimeoutServed,
            Fault::RateLimited => Cause::RateLimited,
            Fault::ServerError => Cause::ServerError,
            Fault::Overloaded => Cause::Overloaded,
            Fault::ParseFailure => Cause::ParseFailure,
            Fault::InvalidResponse => Cause::InvalidResponse,
            Fault::Network => Cause::Network,
            Fault::Auth => Cause::Auth,
            Fault::BadRequest => Cause::BadRequest,
            Fault::SubrequestLimit => Cause::ExternalSubrequests,
            Fault::BreakerOpen => Cause::Breaker,
        }
    }

    /// The quota of a store.
    pub(crate) fn of_quota(window: Window) -> Cause {
        match window {
            Window::Day => Cause::DailyQuota,
            Window::Month => Cause::MonthlyQuota,
            Window::Fixed(_) => Cause::FixedQuota,
            Window::Rolling(_) => Cause::RollingQuota,
            Window::Bucket(..) => Cause::BucketQuota,
        }
    }

    /// The quota of a provider.
    pub(crate) fn of_provider_quota(window: Window) -> Cause {
        match window {
            Window::Day => Cause::ProviderDailyQuota,
            Window::Month => Cause::ProviderMonthlyQuota,
            Window::Fixed(_) => Cause::ProviderFixedQuota,
            Window::Rolling(_) => Cause::ProviderRollingQuota,
            Window::Bucket(..) => Cause::ProviderBucketQuota,
        }
    }

    /// A limit of a provider that flows in evenly.
    pub(crate) fn of_limit(limit: Limit) -> Cause {
        match limit {
            Limit::RequestsPerMinute => Cause::RequestsPerMinute,
            Limit::TokensPerMinute => Cause::TokensPerMinute,
            Limit::InputTokensPerMinute => Cause::InputTokensPerMinute,
            Limit::OutputTokensPerMinute => Cause::OutputTokensPerMinute,
            Limit::RequestsPerDay => Cause::RequestsPerDay,
            Limit::TokensPerDay => Cause::TokensPerDay,
        }
    }

    /// Whether it is the quota of a store.
    pub(crate) fn is_quota(self) -> bool {
        (Cause::DailyQuota as u8..=Cause::BucketQuota as u8).contains(&(self as u8))
    }

    /// Whether it is the quota of a provider.
    pub(crate) fn is_provider_quota(self) -> bool {
        (Cause::ProviderDailyQuota as u8..=Cause::ProviderBucketQuota as u8).contains(&(self as u8))
    }

    /// Whether it is one of the limits of the invocation on its ops.
    pub(crate) fn is_invocation(self) -> bool {
        matches!(self, Cause::ExternalSubrequests | Cause::InternalSubrequests | Cause::OpsPerInvocation)
    }
}

/// Counts by cause; `[0]` in the warm-up, `[1]` recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Causes([Both; Cause::ALL.len()]);

impl Causes {
    /// Nothing has happened.
    pub(crate) const NONE: Causes = Causes([[0; 2]; Cause::ALL.len()]);

    #[inline]
    pub(crate) fn count(&mut self, cause: Cause, recorded: bool) {
        self.0[cause as usize][usize::from(recorded)] += 1;
    }

    /// Recorded ones of this cause.
    pub(crate) fn of(&self, cause: Cause) -> u64 {
        self.0[cause as usize][1]
    }

    /// Recorded ones of all causes of which this holds.
    pub(crate) fn of_all(&self, is_one: impl Fn(Cause) -> bool) -> u64 {
        Cause::ALL.into_iter().filter(|cause| is_one(*cause)).map(|cause| self.of(cause)).sum()
    }

    /// All of them, those of the warm-up too.
    pub(crate) fn total(&self) -> i128 {
        self.0.iter().flatten().map(|&n| i128::from(n)).sum()
    }

    /// All that are recorded.
    pub(crate) fn recorded(&self) -> i128 {
        self.0.iter().map(|both| i128::from(both[1])).sum()
    }

    pub(crate) fn add(&mut self, other: &Causes) {
        for (mine, theirs) in self.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *mine += theirs;
        }
    }

    /// Whether each cause that was counted is one that the model has.
    pub(crate) fn check(&self, what: &str, known: CauseSet) -> Result<(), String> {
        let odd = |cause: &Cause| self.0[*cause as usize] != [0; 2] && !known.has(*cause);
        match Cause::ALL.into_iter().find(odd) {
            Some(cause) => Err(format!("{what} ended by {}, which the model does not have", cause.name())),
            None => Ok(()),
        }
    }
}

/// Some of the causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CauseSet(u128);

impl CauseSet {
    pub(crate) fn has(self, cause: Cause) -> bool {
        self.0 >> cause as u8 & 1 == 1
    }

    /// Takes a cause in, if the model has it.
    pub(crate) fn add(&mut self, cause: Cause, exists: bool) {
        self.0 |= u128::from(exists) << cause as u8;
    }

    pub(crate) fn union(self, other: CauseSet) -> CauseSet {
        CauseSet(self.0 | other.0)
    }

    pub(crate) fn without(self, cause: Cause) -> CauseSet {
        CauseSet(self.0 & !(1 << cause as u8))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its causes, in the order of the enum.
    pub(crate) fn iter(self) -> impl Iterator<Item = Cause> {
        Cause::ALL.into_iter().filter(move |cause| self.has(*cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_snake_case_and_each_is_its_own() {
        let mut names = Cause::ALL.map(Cause::name).to_vec();
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Cause::ALL.len());
        assert!(Cause::ALL.len() <= 128, "a set of them is one word");
    }

    #[test]
    fn a_cause_that_the_model_does_not_have_is_noticed() {
        let (mut known, mut causes) = (CauseSet::default(), Causes::NONE);
        known.add(Cause::Patience, true);
        known.add(Cause::Breaker, false);
        causes.count(Cause::Patience, false);
        assert_eq!(causes.check("calls", known), Ok(()));
        causes.count(Cause::Breaker, true);
        assert!(causes.check("calls", known).unwrap_err().contains("breaker"));
        assert_eq!((causes.total(), causes.of(Cause::Breaker), causes.of(Cause::Patience)), (2, 1, 0));
    }
}
