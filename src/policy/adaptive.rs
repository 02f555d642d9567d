//! Adaptive concurrency limits, which follow how the work that had a slot ends.
//!
//! Additive increase, multiplicative decrease: the limit rises a little with every success and falls by a factor when
//! the other side is overloaded. Gradient: recent service times are compared with the long run; while they are no
//! longer, the limit tries a few more slots, and when they are, it shrinks in proportion. The idea and the defaults of
//! the latter are those of `Gradient2Limit` in Netflix's concurrency-limits (github.com/Netflix/concurrency-limits).

use crate::units::{Instant, Span};

/// The rules of an adaptive limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// The lowest limit, in slots; at least 1.
    pub min: u32,
    /// The highest limit, in slots, with which it starts; at least `min`.
    pub max: u32,
    /// What moves the limit in between.
    pub by: By,
}

/// What moves an adaptive limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    /// Overloads.
    Aimd {
        /// Slots that as many successes as the limit add; greater than 0.
        increase: f64,
        /// What an overload multiplies the limit by; 0 to 1.
        decrease: f64,
    },
    /// How long work takes.
    Gradient {
        /// Slots that are tried beyond those known to do no harm; greater than 0.
        allowance: f64,
        /// The ratio of recent to long-run service time above which the limit shrinks; at least 1.
        tolerance: f64,
        /// The share of the way to its target that each answer moves the limit; greater than 0, at most 1.
        smoothing: f64,
        /// How many answers make the long run; at least 1.
        window: u32,
    },
}

/// The steepest gradient: an answer moves the limit towards half of it at least.
const STEEPEST: f64 = 0.5;
/// Once work takes less than half of the long run, a spike is over: the long run forgets a twentieth with every answer.
const RECOVERED: f64 = 2.0;
const FORGETS: f64 = 0.95;

/// The state of an adaptive limit.
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveLimit {
    rules: Adaptive,
    limit: f64,
    /// What began before the last cut says nothing about the limit since.
    cut: Option<Instant>,
    /// The long-run mean service time in nanoseconds, and the number of answers in it.
    long_run: f64,
    answers: u32,
}

impl AdaptiveLimit {
    /// At its highest.
    pub fn new(rules: Adaptive) -> AdaptiveLimit {
        AdaptiveLimit { rules, limit: f64::from(rules.max), cut: None, long_run: 0.0, answers: 0 }
    }

    /// Other rules hold from now on; the limit stays where it is, as far as they allow.
    pub fn change(&mut self, rules: Adaptive) {
        self.rules = rules;
        self.set(self.limit);
    }

    /// The limit now, in whole slots.
    pub fn limit(&self) -> u32 {
        self.limit as u32
    }

    fn set(&mut self, limit: f64) {
        self.limit = limit.clamp(f64::from(self.rules.min), f64::from(self.rules.max));
    }

    /// Work that had a slot has succeeded after this service time.
    pub fn succeeded(&mut self, took: Span) {
        match self.rules.by {
            By::Aimd { increase, .. } => self.set(self.limit + increase / self.limit),
            By::Gradient { tolerance, window, .. } => {
                let took = took.nanos() as f64;
                self.answers = self.answers.saturating_add(1).min(window);
                self.long_run += (took - self.long_run) / f64::from(self.answers);
                if self.long_run > RECOVERED * took {
                    self.long_run *= FORGETS;
                }
                let gradient = if took > 0.0 { tolerance * self.long_run / took } else { 1.0 };
                self.follow(gradient);
            }
        }
    }

    /// Work that started at `began` met an overload, known at `now`. Additive increase counts all overloads of work
    /// that was under way together as one; a gradient takes each as the steepest.
    pub fn overloaded(&mut self, began: Instant, now: Instant) {
        match self.rules.by {
            By::Aimd { decrease, .. } if self.cut.is_none_or(|cut| began >= cut) => {
                self.set(self.limit * decrease);
                self.cut = Some(now);
            }
            By::Aimd { .. } => {}
            By::Gradient { .. } => self.follow(STEEPEST),
        }
    }

    fn follow(&mut self, gradient: f64) {
        if let By::Gradient { allowance, smoothing, .. } = self.rules.by {
            let aim = self.limit * gradient.clamp(STEEPEST, 1.0) + allowance;
            self.set(self.limit + smoothing * (aim - self.limit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn aimd(min: u32, max: u32, increase: f64, decrease: f64) -> AdaptiveLimit {
        AdaptiveLimit::new(Adaptive { min, max, by: By::Aimd { increase, decrease } })
    }

    proptest! {
        #[test]
        fn it_stays_between_its_ends_and_moves_the_right_way(
            (min, room) in (1_u32..20, 0_u32..100),
            (increase, decrease) in (0.01_f64..5.0, 0.0_f64..=1.0),
            steps in proptest::collection::vec((any::<bool>(), 0_u64..5, 0_u64..5), 0..200),
        ) {
            let mut limit = aimd(min, min + room, increase, decrease);
            let mut now = Instant::START;
            for (success, passed, lasted) in steps {
                now = now + Span::from_secs(passed);
                let (before, cut) = (limit.limit, limit.cut);
                if success {
                    limit.succeeded(Span::from_secs(lasted));
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
        let mut limit = aimd(1, 100, 1.0, 0.1);
        limit.overloaded(Instant::START, Instant::START);
        assert_eq!(limit.limit(), 10);
        (0..10).for_each(|_| limit.succeeded(Span::ZERO));
        // Ten steps of 1/10, 1/10.1, …: a little under 1.
        assert!((limit.limit - 10.96).abs() < 0.01, "{}", limit.limit);
    }

    fn gradient() -> impl Strategy<Value = Adaptive> {
        let by = (0.5_f64..8.0, 1.0_f64..2.0, 0.05_f64..=1.0, 1_u32..800);
        (1_u32..20, 0_u32..200, by).prop_map(|(min, room, (allowance, tolerance, smoothing, window))| Adaptive {
            min,
            max: min + room,
            by: By::Gradient { allowance, tolerance, smoothing, window },
        })
    }

    /// An answer: how long it took, in milliseconds, or an overload.
    fn answers() -> impl Strategy<Value = Vec<Option<u64>>> {
        proptest::collection::vec(prop_oneof![4 => (0_u64..60_000).prop_map(Some), 1 => Just(None)], 0..300)
    }

    fn tell(limit: &mut AdaptiveLimit, answer: Option<u64>, scale: u64) {
        match answer {
            Some(millis) => limit.succeeded(Span::from_millis(millis) * scale),
            None => limit.overloaded(Instant::START, Instant::START),
        }
    }

    proptest! {
        /// Between its ends, no step beyond the allowance upwards or half the limit downwards, and the same whatever the
        /// unit of time (eight times as long is exact in binary).
        #[test]
        fn a_gradient_stays_between_its_ends_and_knows_no_unit_of_time(rules in gradient(), answers in answers()) {
            let By::Gradient { allowance, smoothing, .. } = rules.by else { unreachable!() };
            let (mut limit, mut slow) = (AdaptiveLimit::new(rules), AdaptiveLimit::new(rules));
            for answer in answers {
                let before = limit.limit;
                tell(&mut limit, answer, 1);
                tell(&mut slow, answer, 8);
                prop_assert_eq!(limit.limit, slow.limit);
                prop_assert!((f64::from(rules.min)..=f64::from(rules.max)).contains(&limit.limit));
                prop_assert!(limit.limit <= before + smoothing * allowance + 1e-9);
                prop_assert!(limit.limit >= before - smoothing * before / 2.0 - 1e-9);
            }
        }

        /// While nothing takes longer than before, every answer adds its share of the allowance, up to the top.
        #[test]
        fn constant_latency_grows_by_the_allowance(rules in gradient(), millis in 1_u64..60_000) {
            let By::Gradient { allowance, smoothing, .. } = rules.by else { unreachable!() };
            let mut limit = AdaptiveLimit::new(rules);
            limit.set(0.0);
            for n in 1..=2_000_u32 {
                limit.succeeded(Span::from_millis(millis));
                let exact = (f64::from(rules.min) + f64::from(n) * smoothing * allowance).min(f64::from(rules.max));
                prop_assert!((limit.limit - exact).abs() < 1e-6 * exact, "{} and {exact}", limit.limit);
            }
        }

        /// Work that takes twice as long as in a long run of `window` answers has a gradient of about half the tolerance: the
        /// limit falls while that leaves more than the allowance, and ends where a slot more is a slot less.
        #[test]
        fn twice_the_latency_shrinks_it(rules in gradient(), millis in 1_u64..60_000) {
            let By::Gradient { allowance, tolerance, smoothing, .. } = rules.by else { unreachable!() };
            let endless = By::Gradient { allowance, tolerance, smoothing, window: u32::MAX };
            let mut limit = AdaptiveLimit::new(Adaptive { by: endless, ..rules });
            (limit.long_run, limit.answers) = ((Span::from_millis(millis)).nanos() as f64, 1_000_000);
            let rest = allowance / (1.0 - tolerance / 2.0);
            for _ in 0..100 {
                let before = limit.limit;
                limit.succeeded(Span::from_millis(2 * millis));
                // A million answers to one: the long run has moved by a ten thousandth at the end.
                let falls = before > rest * 1.01 + 1e-3 && before > f64::from(rules.min) && tolerance < 1.99;
                prop_assert!(!falls || limit.limit < before, "{before} to {}", limit.limit);
            }
        }
    }

    /// An answer that took no time is no sign of load: it counts as one as fast as ever.
    #[test]
    fn what_takes_no_time_does_no_harm() {
        let by = By::Gradient { allowance: 4.0, tolerance: 1.5, smoothing: 0.5, window: 600 };
        let mut limit = AdaptiveLimit::new(Adaptive { min: 1, max: 100, by });
        limit.set(10.0);
        limit.succeeded(Span::ZERO);
        assert_eq!(limit.limit(), 12);
    }

    /// One overload counts for all that was under way when it came: what began before it is no second sign, what
    /// began with it or later is.
    #[test]
    fn an_overload_cuts_once_for_what_was_under_way() {
        let at = Instant::from_nanos;
        let mut limit = aimd(1, 64, 1.0, 0.5);
        let mut after = |began, now| {
            limit.overloaded(at(began), at(now));
            limit.limit()
        };
        assert_eq!([after(0, 10), after(9, 12), after(10, 13), after(12, 14), after(13, 15)], [32, 32, 16, 16, 8]);
    }

    /// What takes long for good becomes the long run, and what takes as long as ever again is believed within a few answers.
    #[test]
    fn the_long_run_follows() {
        let by = By::Gradient { allowance: 4.0, tolerance: 1.5, smoothing: 0.2, window: 600 };
        let mut limit = AdaptiveLimit::new(Adaptive { min: 1, max: 100, by });
        (0..600).for_each(|_| limit.succeeded(Span::from_secs(1)));
        assert_eq!(limit.limit(), 100);
        (0..50).for_each(|_| limit.succeeded(Span::from_secs(8)));
        // The gradient is a half at first, and 1.5 · 1.56 ÷ 8 still less than that: 4 ÷ ½ slots.
        assert_eq!(limit.limit(), 8);
        (0..3_000).for_each(|_| limit.succeeded(Span::from_secs(8)));
        assert_eq!(limit.limit(), 100);
        (0..60).for_each(|_| limit.succeeded(Span::from_secs(1)));
        assert!(limit.long_run < 2.2e9, "{}", limit.long_run);
        assert_eq!(limit.limit(), 100);
    }
}
