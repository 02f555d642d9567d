//! A limit of growth: traffic may be high, but not become high at once.
//!
//! OpenAI's rule (guide "Error codes", 429 `slow_down`): above a million input tokens a minute, grow by at most 50 % in
//! 15 minutes. How that is measured is not published. This is the plainest reading: no minute has more than 1.5 times what
//! the busiest of the 15 minutes had that ended 15 minutes before it.

use crate::units::{Instant, Span};

/// The rules of a limit of growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slope {
    /// What any minute may have, whatever was before; at least 1.
    pub above: u64,
    /// By how many millionths a minute may exceed what was before.
    pub growth_millionths: u64,
    /// Over how many minutes; at least 1.
    pub minutes: u64,
}

/// A limit of growth in force, in a run before which there was no traffic.
#[derive(Clone, Debug)]
pub struct SlopeState {
    rules: Slope,
    /// What the latest `2 × minutes` minutes had, this one included; minute m at m modulo their number.
    taken: Vec<u64>,
    minute: u64,
    allowed: u64,
}

impl SlopeState {
    /// Nothing has been taken.
    pub fn new(rules: Slope) -> SlopeState {
        let taken = vec![0; 2 * rules.minutes.max(1) as usize];
        SlopeState { allowed: rules.above, rules, taken, minute: 0 }
    }

    /// Other rules hold from `now` on, over as many minutes; what was taken is known.
    pub fn change(&mut self, rules: Slope, now: Instant) {
        self.catch_up(now);
        self.rules = Slope { minutes: self.rules.minutes, ..rules };
        self.allow();
    }

    fn place(&self, minute: u64) -> usize {
        (minute % self.taken.len() as u64) as usize
    }

    /// The minute of `now` has begun, and may have been the next of many.
    fn catch_up(&mut self, now: Instant) {
        let minute = now.nanos() / Span::MINUTE.nanos();
        if minute <= self.minute {
            return;
        }
        let skipped = (minute - self.minute).min(self.taken.len() as u64);
        for empty in minute - skipped..minute {
            let place = self.place(empty + 1);
            self.taken[place] = 0;
        }
        self.minute = minute;
        self.allow();
    }

    /// What this minute may have.
    fn allow(&mut self) {
        let minute = self.minute;
        // Counted on in the ring, the minutes after this one are the oldest it knows.
        let half = self.taken.len() as u64 / 2;
        let busiest = (1..=half).map(|after| self.taken[self.place(minute + after)]).max().unwrap_or(0);
        let grown = u128::from(busiest) * (1_000_000 + u128::from(self.rules.growth_millionths)) / 1_000_000;
        self.allowed = self.rules.above.max(u64::try_from(grown).unwrap_or(u64::MAX));
    }

    /// When so much more is allowed: `now`, or once the next minute begins, which has room for anything up to `above`.
    pub fn holds_at(&mut self, now: Instant, amount: u64) -> Instant {
        self.catch_up(now);
        if self.taken[self.place(self.minute)].saturating_add(amount) <= self.allowed {
            return now;
        }
        Instant::from_nanos((self.minute + 1).saturating_mul(Span::MINUTE.nanos()))
    }

    /// Takes so much, which [`SlopeState::holds_at`] has allowed.
    pub fn take(&mut self, now: Instant, amount: u64) {
        self.catch_up(now);
        let place = self.place(self.minute);
        self.taken[place] = self.taken[place].saturating_add(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: usize, second: u64) -> Instant {
        Instant::START + Span::MINUTE * minute as u64 + Span::from_secs(second)
    }

    /// What each minute takes of what it asks for, one at a time in its first seconds.
    fn story(rules: Slope, asked: &[u64]) -> Vec<u64> {
        let mut slope = SlopeState::new(rules);
        let minute = |(minute, &asked): (usize, &u64)| {
            let fits = |one: &u64| {
                let now = at(minute, one % 60);
                let when = slope.holds_at(now, 1);
                if when == now {
                    slope.take(now, 1);
                } else {
                    assert_eq!(when, at(minute + 1, 0), "it says when to come again");
                }
                when == now
            };
            (0..asked).filter(fits).count() as u64
        };
        asked.iter().enumerate().map(minute).collect()
    }

    /// The rule, read from the whole history.
    fn allowed(rules: Slope, taken: &[u64]) -> u64 {
        let n = rules.minutes as usize;
        let ages = n..2 * n;
        let busiest = ages.filter_map(|age| taken.len().checked_sub(age)).map(|minute| taken[minute]).max();
        rules.above.max(busiest.unwrap_or(0) * (1_000_000 + rules.growth_millionths) / 1_000_000)
    }

    #[test]
    fn a_step_climbs_stairs() {
        let rules = Slope { above: 4, growth_millionths: 500_000, minutes: 3 };
        let asked = [&[4; 3][..], &[40; 12], &[0; 6], &[40; 2]].concat();
        // 4 × 1.5 = 6, then 9, 13.5, 19.5; three minutes after a lull the busiest minute is still known, later it is not.
        let seen = [4, 4, 4, 6, 6, 6, 9, 9, 9, 13, 13, 13, 19, 19, 19, 0, 0, 0, 0, 0, 0, 4, 4];
        assert_eq!(story(rules, &asked), seen);
        assert_eq!(story(rules, &[&asked[..18], &[40; 2]].concat())[18..], [28, 28]);
    }

    proptest! {
        #[test]
        fn each_minute_takes_what_it_may_and_no_more(
            (above, growth_millionths, minutes) in (1_u64..20, 0_u64..1_500_000, 1_u64..6),
            asked in prop::collection::vec(prop_oneof![Just(0), 0_u64..20, 0_u64..300], 1..60),
        ) {
            let rules = Slope { above, growth_millionths, minutes };
            let seen = story(rules, &asked);
            for minute in 0..asked.len() {
                let may = allowed(rules, &seen[..minute]);
                prop_assert_eq!(seen[minute], asked[minute].min(may));
                prop_assert!(may >= above, "below it nothing is refused");
            }
        }

        /// Traffic that keeps the rule, whether it stands still, falls or climbs as fast as it may, is never refused.
        #[test]
        fn who_keeps_the_rule_is_never_refused(
            (above, growth_millionths, minutes) in (1_u64..50, 0_u64..1_000_000, 1_u64..6),
            shares in prop::collection::vec(prop_oneof![Just(1.0), 0.0..=1.0], 1..40),
        ) {
            let rules = Slope { above, growth_millionths, minutes };
            let mut asked: Vec<u64> = Vec::new();
            for share in shares {
                asked.push((allowed(rules, &asked) as f64 * share) as u64);
            }
            prop_assert_eq!(story(rules, &asked), asked);
        }

        /// However long the pause, and however large what comes after it.
        #[test]
        fn a_pause_is_as_so_many_empty_minutes(pause in 1_usize..100, minutes in 1_u64..6, amount in 1_u64..1_000_000) {
            let rules = Slope { above: 1_000_000, growth_millionths: 500_000, minutes };
            let (mut jumps, mut walks) = (SlopeState::new(rules), SlopeState::new(rules));
            for slope in [&mut jumps, &mut walks] {
                slope.take(at(2, 0), 900_000 + amount);
            }
            (2..pause + 2).for_each(|minute| walks.catch_up(at(minute, 0)));
            let now = at(pause + 2, 7);
            prop_assert_eq!(jumps.holds_at(now, amount), walks.holds_at(now, amount));
            prop_assert_eq!((jumps.allowed, &jumps.taken), (walks.allowed, &walks.taken));
        }
    }
}
