//! A limit of concurrency that finds its own height: up a little with every success, down by a factor when the other side
//! is overloaded (additive increase, multiplicative decrease).

use crate::units::Instant;

/// The rules of an adaptive limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aimd {
    /// The lowest limit; at least 1.
    pub min: u32,
    /// The highest, with which it starts; at least `min`.
    pub max: u32,
    /// What a whole limit's worth of successes adds; over 0.
    pub increase: f64,
    /// What an overload multiplies the limit by; 0 to 1.
    pub decrease: f64,
}

/// An adaptive limit at work.
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveLimit {
    rules: Aimd,
    limit: f64,
    /// What began before the last cut says nothing about the limit since.
    cut: Option<Instant>,
}

impl AdaptiveLimit {
    /// At its highest.
    pub fn new(rules: Aimd) -> AdaptiveLimit {
        AdaptiveLimit { rules, limit: f64::from(rules.max), cut: None }
    }

    /// Other rules hold from now on; the limit stays where it is, as far as they allow.
    pub fn change(&mut self, rules: Aimd) {
        self.rules = rules;
        self.limit = self.limit.clamp(f64::from(rules.min), f64::from(rules.max));
    }

    /// The limit now, in whole slots.
    pub fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// Something that had a slot has succeeded.
    pub fn succeeded(&mut self) {
        self.limit = (self.limit + self.rules.increase / self.limit).min(f64::from(self.rules.max));
    }

    /// Something that began at `began` has met an overload, known at `now`: what was under way together is one sign.
    pub fn overloaded(&mut self, began: Instant, now: Instant) {
        if self.cut.is_none_or(|cut| began >= cut) {
            self.limit = (self.limit * self.rules.decrease).max(f64::from(self.rules.min));
            self.cut = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_stays_between_its_ends_and_moves_the_right_way(
            (min, room) in (1_u32..20, 0_u32..100),
            (increase, decrease) in (0.01_f64..5.0, 0.0_f64..=1.0),
            steps in proptest::collection::vec((any::<bool>(), 0_u64..5, 0_u64..5), 0..200),
        ) {
            let mut limit = AdaptiveLimit::new(Aimd { min, max: min + room, increase, decrease });
            let mut now = Instant::START;
            for (success, passed, lasted) in steps {
                now = now + Span::from_secs(passed);
                let (before, cut) = (limit.limit, limit.cut);
                if success {
                    limit.succeeded();
                    prop_assert!(limit.limit >= before);
                } else {
                    let began = Instant::from_nanos(now.nanos().saturating_sub(Span::from_secs(lasted).nanos()));
                    limit.overloaded(began, now);
                    prop_assert!(limit.limit <= before);
                    prop_assert!(cut.is_none_or(|cut| began >= cut) || limit.limit == before);
                }
                prop_assert!((f64::from(min)..=f64::from(min + room)).contains(&limit.limit));
            }
        }
    }

    #[test]
    fn a_round_of_successes_adds_the_increase() {
        let mut limit = AdaptiveLimit::new(Aimd { min: 1, max: 100, increase: 1.0, decrease: 0.1 });
        limit.overloaded(Instant::START, Instant::START);
        assert_eq!(limit.limit(), 10);
        (0..10).for_each(|_| limit.succeeded());
        // Ten steps of 1/10, 1/10.1, …: a little under 1.
        assert!((limit.limit - 10.96).abs() < 0.01, "{}", limit.limit);
    }
}
