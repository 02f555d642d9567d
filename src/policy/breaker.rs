//! Circuit breakers: after too many failures nothing is sent for a while, then a few probes decide.

use super::FaultSet;
use crate::units::{Instant, Span};
use std::collections::VecDeque;

/// When a breaker trips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trip {
    /// After this many consecutive failures; at least 1.
    InARow(u32),
    /// Once the failure rate among the latest results is too high.
    Share {
        /// Which results are the latest.
        window: Latest,
        /// It trips at this share, 0 to 1.
        failure_rate: f64,
        /// But not before the window holds this many results; at least 1.
        min_calls: u32,
    },
    /// Once so many of the latest results are failures, whatever their share.
    Count {
        /// Which results are the latest.
        window: Latest,
        /// It trips at this many failures; at least 1.
        failures: u32,
    },
}

/// The results that a sliding window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latest {
    /// This many results; at least 1.
    Calls(u32),
    /// Those of this length of time: a result counts until exactly this long after it.
    Time(Span),
}

/// When the probes of a half-open breaker close it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HalfOpen {
    /// When all have succeeded; the first that fails opens it again.
    AllSucceed,
    /// When all have ended and the share of those that failed, 0 to 1, is below this; else it opens again.
    ShareBelow(f64),
}

/// The rules of a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    /// When it trips.
    pub trip: Trip,
    /// How long it stays open; it is half-open once this has fully passed.
    pub reset_timeout: Span,
    /// Probes that a half-open breaker lets through; at least 1.
    pub half_open_probes: u32,
    /// What the probes decide.
    pub half_open: HalfOpen,
    /// Whether it counts calls, with all their attempts, or each attempt.
    pub counts_calls: bool,
    /// The faults that are failures; any other result counts as a success.
    pub failures: FaultSet,
}

/// Permission to pass, with the round in which it was given: a result of an earlier round changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Instant },
    HalfOpen { under_way: u32, succeeded: u32, failed: u32 },
}

/// The state of a breaker.
#[derive(Clone, Debug)]
pub struct BreakerState {
    rules: Breaker,
    state: State,
    /// Counts the changes of state.
    round: u32,
    in_a_row: u32,
    /// The results in the window, and how many of them failed.
    latest: VecDeque<(Instant, bool)>,
    failed: u32,
}

impl BreakerState {
    /// Closed, and nothing has happened.
    pub fn new(rules: Breaker) -> BreakerState {
        BreakerState { rules, state: State::Closed, round: 0, in_a_row: 0, latest: VecDeque::new(), failed: 0 }
    }

    /// Its rules.
    pub fn rules(&self) -> Breaker {
        self.rules
    }

    /// Until when it is open, if it is and no call has asked since then.
    pub fn open_until(&self) -> Option<Instant> {
        if let State::Open { until } = self.state { Some(until) } else { None }
    }

    /// Whether a call may pass at `now`.
    pub fn ask(&mut self, now: Instant) -> Option<Pass> {
        if let State::Open { until } = self.state
            && now >= until
        {
            self.enter(State::HalfOpen { under_way: 0, succeeded: 0, failed: 0 });
        }
        match &mut self.state {
            State::Closed => Some(Pass(self.round)),
            State::Open { .. } => None,
            State::HalfOpen { under_way, succeeded, failed } => {
                let has_room = *under_way + *succeeded + *failed < self.rules.half_open_probes;
                *under_way += u32::from(has_room);
                has_room.then_some(Pass(self.round))
            }
        }
    }

    /// A call that passed has ended; true if that has opened the breaker.
    pub fn ended(&mut self, now: Instant, pass: Pass, failed: bool) -> bool {
        if pass.0 != self.round {
            return false;
        }
        match &mut self.state {
            State::Open { .. } => return false,
            State::HalfOpen { under_way, succeeded, failed: before } => {
                *under_way -= 1;
                *if failed { before } else { succeeded } += 1;
                match self.decision() {
                    Some(true) => self.enter(State::Closed),
                    Some(false) => return self.open(now),
                    None => {}
                }
                return false;
            }
            State::Closed => {
                if !self.counts(now, failed) {
                    return false;
                }
            }
        }
        self.open(now)
    }

    fn open(&mut self, now: Instant) -> bool {
        self.enter(State::Open { until: now.saturating_add(self.rules.reset_timeout) });
        true
    }

    /// Whether the probes that have ended close a half-open breaker, open it again, or do not say yet.
    fn decision(&self) -> Option<bool> {
        let State::HalfOpen { succeeded, failed, .. } = self.state else { return None };
        let all = succeeded + failed >= self.rules.half_open_probes;
        match self.rules.half_open {
            HalfOpen::AllSucceed if failed > 0 => Some(false),
            HalfOpen::AllSucceed => all.then_some(true),
            HalfOpen::ShareBelow(share) => all.then(|| f64::from(failed) < share * f64::from(succeeded + failed)),
        }
    }

    /// A call that passed has ended without a result: a probe gives its place back.
    pub fn came_to_nothing(&mut self, pass: Pass) {
        if let State::HalfOpen { under_way, .. } = &mut self.state
            && pass.0 == self.round
        {
            *under_way -= 1;
        }
    }

    /// Other rules hold from now on. Counts stay. A breaker that is open stays open as long as planned; then the new
    /// rules say how many probes there are. Probes that have decided by the new rules that it stays shut are sent anew.
    pub fn change(&mut self, rules: Breaker) {
        self.rules = rules;
        match self.decision() {
            Some(true) => self.enter(State::Closed),
            Some(false) => self.enter(State::HalfOpen { under_way: 0, succeeded: 0, failed: 0 }),
            None => {}
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.round = self.round.wrapping_add(1);
        self.in_a_row = 0;
        self.latest.clear();
        self.failed = 0;
    }

    /// Counts a result of a closed breaker; true if it trips.
    fn counts(&mut self, now: Instant, failed: bool) -> bool {
        match self.rules.trip {
            Trip::InARow(most) => {
                self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
                self.in_a_row >= most
            }
            Trip::Count { window, failures } => {
                self.slide(window, now, failed);
                failed && self.failed >= failures
            }
            Trip::Share { window, failure_rate, min_calls } => {
                self.slide(window, now, failed);
                let results = self.latest.len() as u32;
                failed && results >= min_calls && f64::from(self.failed) >= failure_rate * f64::from(results)
            }
        }
    }

    /// A result comes into the window, and what is too old goes.
    fn slide(&mut self, window: Latest, now: Instant, failed: bool) {
        self.latest.push_back((now, failed));
        self.failed += u32::from(failed);
        while self.latest.front().is_some_and(|&(at, _)| self.is_past(window, at, now)) {
            self.failed -= u32::from(self.latest.pop_front().is_some_and(|(_, failed)| failed));
        }
    }

    fn is_past(&self, window: Latest, at: Instant, now: Instant) -> bool {
        match window {
            Latest::Calls(most) => self.latest.len() as u32 > most,
            Latest::Time(length) => now >= at.saturating_add(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Breaker = Breaker {
        trip: Trip::InARow(3),
        reset_timeout: Span::from_nanos(10),
        half_open_probes: 1,
        half_open: HalfOpen::AllSucceed,
        counts_calls: false,
        failures: FaultSet::NONE,
    };

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    /// Something goes through at `now` and ends at once.
    fn go(breaker: &mut BreakerState, now: u64, failed: bool) -> &'static str {
        match breaker.ask(at(now)) {
            None => "refused",
            Some(pass) if breaker.ended(at(now), pass, failed) => "trips",
            Some(_) => "through",
        }
    }

    #[test]
    fn it_trips_after_exactly_so_many_and_probes_when_the_time_has_fully_passed() {
        let mut breaker = BreakerState::new(RULES);
        let story = [(0, true), (1, true), (2, false), (3, true), (4, true), (5, true), (6, true), (14, true)];
        let seen = story.map(|(now, failed)| go(&mut breaker, now, failed));
        assert_eq!(seen, ["through", "through", "through", "through", "through", "trips", "refused", "refused"]);
        assert_eq!(
            [(15, true), (24, true), (25, false)].map(|(t, f)| go(&mut breaker, t, f)),
            ["trips", "refused", "through"]
        );
        assert_eq!([26, 27, 28].map(|now| go(&mut breaker, now, true)), ["through", "through", "trips"]);
    }

    #[test]
    fn results_of_an_earlier_round_change_nothing() {
        let mut breaker = BreakerState::new(RULES);
        let late = breaker.ask(at(0)).unwrap();
        (0..3).for_each(|now| {
            go(&mut breaker, now, true);
        });
        assert!(!breaker.ended(at(5), late, false), "an answer while it is open does not close it");
        let probe = breaker.ask(at(12)).unwrap();
        assert!(!breaker.ended(at(13), late, true), "nor does a late failure spoil the probe");
        assert_eq!(breaker.ask(at(13)), None, "one probe at once");
        breaker.came_to_nothing(probe);
        assert_eq!(go(&mut breaker, 14, false), "through");
        assert!(breaker.ask(at(14)).is_some() && breaker.ask(at(14)).is_some(), "closed");
    }

    /// Three probes: no more than three are ever let through, it closes with the last of them that succeeds and not
    /// before, and one that fails opens it again for the whole time.
    #[test]
    fn it_closes_when_all_of_its_probes_have_succeeded() {
        let open = || {
            let mut breaker = BreakerState::new(Breaker { half_open_probes: 3, ..RULES });
            for now in 0..3 {
                go(&mut breaker, now, true);
            }
            breaker
        };
        let mut breaker = open();
        let probes = [12; 4].map(|now| breaker.ask(at(now)));
        assert_eq!(probes.map(|probe| probe.is_some()), [true, true, true, false]);
        let [one, two, three, _] = probes.map(|probe| probe.unwrap_or(Pass(u32::MAX)));
        assert!(!breaker.ended(at(13), one, false) && !breaker.ended(at(14), two, false));
        assert_eq!(breaker.ask(at(15)), None, "two of three are no reason to let a fourth through");
        assert!(!breaker.ended(at(16), three, false));
        assert_eq!([17, 18, 19].map(|now| go(&mut breaker, now, true)), ["through", "through", "trips"]);

        let mut breaker = open();
        let [one, two] = [12; 2].map(|now| breaker.ask(at(now)).unwrap());
        assert!(!breaker.ended(at(13), one, false));
        assert!(breaker.ended(at(14), two, true), "one that fails is enough");
        assert_eq!([15, 23, 24].map(|now| breaker.ask(at(now)).is_some()), [false, false, true]);
    }

    #[test]
    fn it_closes_when_all_probes_have_succeeded_and_not_before() {
        let mut breaker = BreakerState::new(Breaker { half_open_probes: 3, ..RULES });
        (0..3).for_each(|now| assert_ne!(go(&mut breaker, now, true), "refused"));
        assert_eq!(breaker.open_until(), Some(at(12)));
        let probes = [12; 3].map(|now| breaker.ask(at(now)).unwrap());
        for probe in &probes[..2] {
            assert!(!breaker.ended(at(13), *probe, false));
            assert_eq!(breaker.ask(at(13)), None, "half-open, and all probes are given out");
        }
        assert!(!breaker.ended(at(14), probes[2], false));
        assert!((0..9).all(|_| breaker.ask(at(14)).is_some()), "closed");
        // One failure among them opens it again, however many have succeeded.
        (0..3).for_each(|now| assert_ne!(go(&mut breaker, 20 + now, true), "refused"));
        let probes = [32; 3].map(|now| breaker.ask(at(now)).unwrap());
        assert!(!breaker.ended(at(33), probes[0], false) && breaker.ended(at(33), probes[1], true));
    }

    #[test]
    fn a_window_trips_at_its_share() {
        let trip = |window| Trip::Share { window, failure_rate: 0.5, min_calls: 4 };
        let mut last_four = BreakerState::new(Breaker { trip: trip(Latest::Calls(4)), ..RULES });
        let results = [true, false, false, true, false, true, true];
        let seen: Vec<_> = results.iter().zip(0..).map(|(&failed, now)| go(&mut last_four, now, failed)).collect();
        assert_eq!(seen, ["through", "through", "through", "trips", "refused", "refused", "refused"]);
        let mut ten = BreakerState::new(Breaker { trip: trip(Latest::Time(Span::from_nanos(10))), ..RULES });
        let seen = [(0, true), (1, true), (10, true), (11, true), (12, true), (13, true)];
        assert_eq!(
            seen.map(|(now, failed)| go(&mut ten, now, failed)),
            ["through", "through", "through", "through", "through", "trips"],
            "a result counts until exactly ten later"
        );
    }

    /// Three failures within ten, however many succeed in between; a failure counts until exactly ten later.
    #[test]
    fn a_window_trips_at_its_count() {
        let count = |window| Breaker { trip: Trip::Count { window, failures: 3 }, ..RULES };
        let mut breaker = BreakerState::new(count(Latest::Time(Span::from_nanos(10))));
        let seen = [(0, true), (1, true), (2, false), (3, false), (10, true), (10, true), (30, false)];
        let seen = seen.map(|(now, failed)| go(&mut breaker, now, failed));
        assert_eq!(seen, ["through", "through", "through", "through", "through", "trips", "through"]);
        let mut breaker = BreakerState::new(count(Latest::Calls(4)));
        let results = [true, true, false, false, true, true, true];
        let seen: Vec<_> = results.iter().zip(0..).map(|(&failed, now)| go(&mut breaker, now, failed)).collect();
        assert_eq!(seen, ["through", "through", "through", "through", "through", "through", "trips"]);
    }

    /// Three probes, opened again by half of them: one failure closes it, two open it, and nothing is decided before the
    /// third has ended.
    #[test]
    fn probes_are_judged_by_a_share() {
        let rules = Breaker { half_open_probes: 3, half_open: HalfOpen::ShareBelow(0.5), ..RULES };
        for (results, closes) in [([true, false, false], true), ([true, true, false], false), ([true; 3], false)] {
            let mut breaker = BreakerState::new(rules);
            (0..3).for_each(|now| assert_ne!(go(&mut breaker, now, true), "refused"));
            let probes = [12; 3].map(|now| breaker.ask(at(now)).unwrap());
            assert_eq!(breaker.ask(at(12)), None, "all are given out");
            assert!(!breaker.ended(at(13), probes[0], results[0]) && !breaker.ended(at(13), probes[1], results[1]));
            assert_eq!(breaker.ask(at(13)), None, "two of three decide nothing");
            assert_eq!(breaker.ended(at(14), probes[2], results[2]), !closes);
            assert_eq!(breaker.ask(at(14)).is_some(), closes, "{results:?}");
        }
    }

    fn rules() -> impl Strategy<Value = Breaker> {
        let window = prop_oneof![
            (1_u32..8).prop_map(Latest::Calls),
            (1_u64..60).prop_map(|length| Latest::Time(Span::from_nanos(length)))
        ];
        let share = (window, 0.1_f64..1.0, 1_u32..8).prop_map(|(window, failure_rate, min_calls)| Trip::Share {
            window,
            failure_rate,
            min_calls,
        });
        let count = (1_u64..60, 1_u32..6)
            .prop_map(|(length, failures)| Trip::Count { window: Latest::Time(Span::from_nanos(length)), failures });
        let trip = prop_oneof![(1_u32..6).prop_map(Trip::InARow), share, count];
        let half_open = prop_oneof![Just(HalfOpen::AllSucceed), (0.1_f64..1.0).prop_map(HalfOpen::ShareBelow)];
        (trip, 0_u64..40, 1_u32..4, half_open).prop_map(|(trip, reset, half_open_probes, half_open)| Breaker {
            trip,
            reset_timeout: Span::from_nanos(reset),
            half_open_probes,
            half_open,
            ..RULES
        })
    }

    proptest! {
        /// Whatever is asked and answered, in whatever order: nothing goes through from the instant it trips until the
        /// reset timeout has passed; after that no more than the probes are under way until it closes or trips again;
        /// and counting in a row it trips at exactly the `fail_max`th failure since the last success.
        #[test]
        fn the_laws_of_a_breaker(
            rules in rules(),
            steps in prop::collection::vec((0_u64..12, any::<bool>(), any::<bool>(), any::<prop::sample::Index>()), 1..200),
        ) {
            let mut breaker = BreakerState::new(rules);
            let (mut now, mut open_until, mut in_a_row) = (0, None, 0);
            let mut under_way: Vec<(Pass, u32)> = Vec::new(); // with the trips seen when it was given
            let mut trips = 0;
            for (gap, asks, failed, pick) in steps {
                now += gap;
                if asks || under_way.is_empty() {
                    let pass = breaker.ask(at(now));
                    let is_open = open_until.is_some_and(|until| now < until);
                    prop_assert!(!(is_open && pass.is_some()), "open until {open_until:?}, through at {now}");
                    under_way.extend(pass.map(|pass| (pass, trips)));
                    if let State::HalfOpen { under_way: probes, succeeded, failed } = breaker.state {
                        prop_assert!(probes + succeeded + failed <= rules.half_open_probes);
                    }
                } else {
                    let (pass, given) = under_way.swap_remove(pick.index(under_way.len()));
                    let was_closed = breaker.state == State::Closed && pass.0 == breaker.round;
                    let was_half_open = matches!(breaker.state, State::HalfOpen { .. });
                    in_a_row = match (was_closed, failed) { (true, true) => in_a_row + 1, (true, false) => 0, _ => in_a_row };
                    let tripped = breaker.ended(at(now), pass, failed);
                    if let (Trip::InARow(most), true) = (rules.trip, was_closed) {
                        prop_assert_eq!(tripped, in_a_row == most);
                    }
                    if tripped {
                        let by_share = was_half_open && rules.half_open != HalfOpen::AllSucceed;
                        prop_assert!((failed || by_share) && given == trips, "a late result trips nothing");
                        (trips, in_a_row) = (trips + 1, 0);
                        open_until = Some(now + rules.reset_timeout.nanos());
                    } else if breaker.state == State::Closed && was_half_open {
                        in_a_row = 0;
                    }
                }
            }
        }
    }
}
