//! A retry budget: each request adds a fraction of a retry, each retry takes a whole one.
//!
//! It is the retry budget of Finagle (a ratio of requests and a minimum rate) without its sliding window: `burst`
//! bounds the savings instead. The retry quota of the AWS clients is the same with deposits by successes only; the
//! throttle of gRPC halves its bucket and is stricter.

use crate::units::Instant;

/// The rules of a budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    /// Retries that each request adds; 0 to 1000.
    pub ratio: f64,
    /// Retries that are added each second, with or without requests; 0 to 1,000,000.
    pub min_per_second: f64,
    /// The most retries that can be saved, and the number at the start.
    pub burst: u32,
}

/// The state of a retry budget.
#[derive(Clone, Debug)]
pub struct RetryBudgetState {
    /// What one request adds, and what one nanosecond adds.
    per_request: u128,
    per_nanosecond: u128,
    most: u128,
    saved: u128,
    since: Instant,
}

/// One retry: whole numbers keep the sum exact.
const RETRY: u128 = 1_000_000_000_000_000;

impl RetryBudgetState {
    /// Full.
    pub fn new(rules: RetryBudget) -> RetryBudgetState {
        let most = u128::MAX;
        let mut budget =
            RetryBudgetState { per_request: 0, per_nanosecond: 0, most, saved: most, since: Instant::START };
        budget.change(rules, Instant::START);
        budget
    }

    /// Other rules hold from `now` on; the savings stay, as far as they fit.
    pub fn change(&mut self, rules: RetryBudget, now: Instant) {
        self.catch_up(now);
        self.per_request = (rules.ratio * 1e15) as u128;
        self.per_nanosecond = (rules.min_per_second * 1e6) as u128;
        self.most = u128::from(rules.burst) * RETRY;
        self.saved = self.saved.min(self.most);
    }

    fn catch_up(&mut self, now: Instant) {
        let passed = u128::from(now.saturating_since(self.since).nanos());
        self.saved = self.saved.saturating_add(passed * self.per_nanosecond).min(self.most);
        self.since = self.since.max(now);
    }

    /// A request is made.
    pub fn request(&mut self) {
        self.saved = (self.saved + self.per_request).min(self.most);
    }

    /// Takes a retry at `now`, if there is one.
    pub fn spend(&mut self, now: Instant) -> bool {
        self.catch_up(now);
        let is_there = self.saved >= RETRY;
        self.saved -= if is_there { RETRY } else { 0 };
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ten_requests_pay_for_one_retry() {
        let mut budget = RetryBudgetState::new(RetryBudget { ratio: 0.1, min_per_second: 0.5, burst: 2 });
        let now = Instant::START;
        assert_eq!([budget.spend(now), budget.spend(now), budget.spend(now)], [true, true, false]);
        (0..9).for_each(|_| budget.request());
        assert!(!budget.spend(now));
        budget.request();
        assert!(budget.spend(now) && !budget.spend(now));
        let second = 1_000_000_000;
        assert!(!budget.spend(Instant::from_nanos(2 * second - 1)));
        assert!(budget.spend(Instant::from_nanos(2 * second)));
    }

    proptest! {
        /// In any prefix: retries ≤ ratio × requests + rate × time + burst; with the exactness of a whole number.
        #[test]
        fn retries_never_exceed_the_budget(
            ratio in 0_u32..2000, rate in 0_u32..3000, burst in 1_u32..20,
            steps in prop::collection::vec((0_u64..1_000_000_000, any::<bool>()), 1..300),
        ) {
            let (per_request, per_second) = (f64::from(ratio) / 1000.0, f64::from(rate) / 1000.0);
            let mut budget = RetryBudgetState::new(RetryBudget { ratio: per_request, min_per_second: per_second, burst });
            let (mut now, mut requests, mut retries) = (0, 0_u32, 0_u32);
            for (gap, is_request) in steps {
                now += gap;
                if is_request {
                    budget.request();
                    requests += 1;
                } else {
                    retries += u32::from(budget.spend(Instant::from_nanos(now)));
                }
                let most = per_request * f64::from(requests) + per_second * now as f64 / 1e9 + f64::from(burst);
                prop_assert!(f64::from(retries) <= most + 1e-6, "{retries} > {most}");
            }
        }
    }
}
