//! A bucket of tokens that refills continuously: rate limits of a provider, and quotas of that kind.

use crate::units::{Instant, Span};

/// The state of a token bucket, in whole numbers: a token is available at the exact nanosecond.
#[derive(Clone, Debug)]
pub struct Bucket {
    capacity: u64,
    /// Tokens that are added during each `span`.
    refill: u64,
    span: Span,
    /// Tokens × the nanoseconds of `span`, as of `since`.
    level: u128,
    since: Instant,
}

impl Bucket {
    /// A full bucket of `capacity` tokens, to which `refill` are added during each `span` (longer than 0).
    pub fn full(capacity: u64, refill: u64, span: Span) -> Bucket {
        let level = u128::from(capacity) * u128::from(span.nanos());
        Bucket { capacity, refill, span, level, since: Instant::START }
    }

    fn parts(&self, tokens: u64) -> u128 {
        u128::from(tokens) * u128::from(self.span.nanos())
    }

    fn level_at(&self, now: Instant) -> u128 {
        let passed = u128::from(now.saturating_since(self.since).nanos());
        self.level.saturating_add(passed * u128::from(self.refill)).min(self.parts(self.capacity))
    }

    /// The bucket has another size and refill from `now` on; its tokens stay, as far as they fit.
    pub fn change(&mut self, capacity: u64, refill: u64, now: Instant) {
        self.level = self.level_at(now);
        self.since = self.since.max(now);
        (self.capacity, self.refill) = (capacity, refill);
    }

    /// When this many tokens are available: `now`, or the first later instant; not before any were taken, and never if
    /// the bucket cannot hold them.
    pub fn holds_at(&self, now: Instant, tokens: u64) -> Instant {
        if tokens > self.capacity { Instant::NEVER } else { self.flows_in_at(now, tokens) }
    }

    /// When this many tokens would have flowed in, were the bucket large enough: what a provider tells whom it refuses.
    pub fn flows_in_at(&self, now: Instant, tokens: u64) -> Instant {
        let now = now.max(self.since);
        let (level, wanted) = (self.level_at(now), self.parts(tokens));
        if level >= wanted {
            return now;
        }
        if self.refill == 0 {
            return Instant::NEVER;
        }
        let wait = (wanted - level).div_ceil(u128::from(self.refill));
        now.saturating_add(Span::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX)))
    }

    /// How full it is, as a share.
    pub fn left(&self, now: Instant) -> f64 {
        self.level_at(now.max(self.since)) as f64 / self.parts(self.capacity).max(1) as f64
    }

    /// Takes this many tokens, or as many as there are.
    pub fn take(&mut self, now: Instant, tokens: u64) {
        self.level = self.level_at(now).saturating_sub(self.parts(tokens));
        self.since = self.since.max(now);
    }

    /// Gives this many tokens back, as far as they fit.
    pub fn give(&mut self, now: Instant, tokens: u64) {
        self.level = self.level_at(now).saturating_add(self.parts(tokens)).min(self.parts(self.capacity));
        self.since = self.since.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn a_token_is_there_at_its_nanosecond() {
        // 3 tokens in 10 ns: after 5 of 6 are taken, 2 are there 10/3 ns later, that is at 4.
        let mut bucket = Bucket::full(6, 3, Span::from_nanos(10));
        bucket.take(at(0), 5);
        assert_eq!([1, 2, 3, 6, 7].map(|n| bucket.holds_at(at(0), n)), [at(0), at(4), at(7), at(17), Instant::NEVER]);
        assert_eq!(bucket.holds_at(at(9), 3), at(9));
    }

    proptest! {
        /// In any stretch of time, no more is taken than the bucket holds and what flows in meanwhile.
        #[test]
        fn no_stretch_admits_more(
            capacity in 1_u64..20, refill in 1_u64..20, span in 1_u64..50,
            asked in prop::collection::vec((0_u64..30, 1_u64..25), 1..100),
        ) {
            let mut bucket = Bucket::full(capacity, refill, Span::from_nanos(span));
            let (mut now, mut taken) = (0, Vec::new());
            for (gap, tokens) in asked {
                now += gap;
                let when = bucket.holds_at(at(now), tokens);
                if when == at(now) {
                    bucket.take(at(now), tokens);
                    taken.push((now, tokens));
                } else if when < Instant::NEVER {
                    prop_assert!(bucket.holds_at(when, tokens) == when, "what it says of later is true");
                    prop_assert!(bucket.holds_at(at(when.nanos() - 1), tokens) == when, "and no earlier");
                } else {
                    prop_assert!(tokens > capacity);
                }
            }
            for first in 0..taken.len() {
                let mut sum = 0;
                for &(until, tokens) in &taken[first..] {
                    sum += tokens;
                    prop_assert!(sum * span <= capacity * span + (until - taken[first].0) * refill);
                }
            }
        }
    }
}
