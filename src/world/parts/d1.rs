//! A database that does one operation at a time: accepted operations wait in order, and it refuses those beyond its
//! limits.

use crate::model::{D1 as Spec, UpAndDown};
use crate::stats::{Quantiles, TimeWeighted};
use crate::streams::Source;
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::check;
use crate::world::measures::sheet::{Sheet, quantiles, ratio};
use crate::world::outage::Timeline;
use crate::world::part::{Effect, Ending, Part};
use crate::world::state::{Call, Phase, Work};

/// The database's decision on an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is done then.
    Done(Instant),
    /// It has waited too long then, and is refused.
    TooLate(Instant),
    /// It is refused at once.
    Refused,
    /// The database is down.
    Down,
}

/// One database. Operations are done in the order in which they come, so that it is known on arrival when each ends.
#[derive(Debug)]
pub(crate) struct D1 {
    max_queue: u64,
    max_wait: Span,
    outages: Vec<Timeline>,
    /// When all that is accepted, and not too late, will be done.
    free_at: Instant,
    /// Accepted operations that are unfinished, over time.
    pub(crate) unfinished: TimeWeighted,
    /// Whether it is at work, over time.
    pub(crate) busy: TimeWeighted,
    working: u64,
    /// Counts are kept twice: `[0]` for calls of the warm-up, `[1]` for recorded.
    pub(crate) attempted: [u64; 2],
    pub(crate) accepted: [u64; 2],
    pub(crate) done: [u64; 2],
    pub(crate) too_late: [u64; 2],
    pub(crate) refused: [u64; 2],
    pub(crate) down: [u64; 2],
    pub(crate) retried: u64,
    pub(crate) exhausted: u64,
    /// Of operations that were begun.
    pub(crate) waits: Quantiles,
    pub(crate) wait_ns: u128,
}

impl D1 {
    pub(crate) fn new(spec: &Spec, draws: &Source) -> D1 {
        let timeline = |(place, when): (usize, &UpAndDown)| Timeline::new(*when, &spec.name, place, draws);
        let (max_queue, max_wait) = D1::limits(spec);
        D1 {
            max_queue,
            max_wait,
            outages: spec.outages.iter().enumerate().map(timeline).collect(),
            free_at: Instant::START,
            unfinished: TimeWeighted::default(),
            busy: TimeWeighted::default(),
            working: 0,
            attempted: [0; 2],
            accepted: [0; 2],
            done: [0; 2],
            too_late: [0; 2],
            refused: [0; 2],
            down: [0; 2],
            retried: 0,
            exhausted: 0,
            waits: Quantiles::default(),
            wait_ns: 0,
        }
    }

    fn limits(spec: &Spec) -> (u64, Span) {
        (spec.max_queue.map_or(u64::MAX, u64::from), spec.max_wait.unwrap_or(Span::MAX))
    }

    /// An operation arrives with this service time.
    pub(crate) fn arrive(&mut self, takes: Span, now: Instant, recorded: bool) -> Answer {
        let which = usize::from(recorded);
        self.attempted[which] += 1;
        if self.outages.iter_mut().any(|outage| outage.is_down(now)) {
            self.down[which] += 1;
            return Answer::Down;
        }
        if self.unfinished.level() >= self.max_queue {
            self.refused[which] += 1;
            return Answer::Refused;
        }
        self.accepted[which] += 1;
        self.unfinished.raise(now.nanos());
        let wait = self.free_at.saturating_since(now);
        if wait > self.max_wait {
            return Answer::TooLate(now + self.max_wait);
        }
        self.free_at = self.free_at.max(now) + takes;
        self.working += 1;
        self.busy.set(now.nanos(), 1);
        if recorded {
            self.waits.record(wait.nanos());
            self.wait_ns += u128::from(wait.nanos());
        }
        Answer::Done(self.free_at)
    }

    /// An operation that was accepted is over.
    pub(crate) fn leave(&mut self, done: bool, now: Instant, recorded: bool) {
        let count = if done { &mut self.done } else { &mut self.too_late };
        count[usize::from(recorded)] += 1;
        self.unfinished.lower(now.nanos());
        self.working -= u64::from(done);
        self.busy.set(now.nanos(), u64::from(self.working > 0));
    }

    /// Operations that have been asked for and are in no bucket; those under way are.
    pub(crate) fn unaccounted(&self) -> i128 {
        let sum = |both: [u64; 2]| i128::from(both[0]) + i128::from(both[1]);
        sum(self.attempted)
            - sum(self.refused)
            - sum(self.down)
            - sum(self.done)
            - sum(self.too_late)
            - i128::from(self.unfinished.level())
    }
}

impl Part for D1 {
    fn start_recording(&mut self, now: Instant) {
        self.unfinished.restart(now.nanos());
        self.busy.restart(now.nanos());
    }

    fn change(&mut self, at: usize, blueprint: &Blueprint, now: Instant, _: &mut Vec<Effect>) {
        let spec = &blueprint.model.d1[at];
        (self.max_queue, self.max_wait) = D1::limits(spec);
        self.outages.iter_mut().zip(&spec.outages).for_each(|(timeline, when)| timeline.change(*when, now));
    }

    fn balance(&self, at: usize, ending: &Ending) -> Result<(), String> {
        // It finishes what it has accepted, also for calls that were lost.
        let asks = |call: &Call| {
            let is_under_way = matches!(call.phase, Phase::Running | Phase::Orphaned);
            call.work == Work::D1 && is_under_way && ending.blueprint.database(call) == at
        };
        check("databases", self.unfinished.level().into(), ending.calls(asks))?;
        check(&format!("operations on {}", ending.model().d1[at].name), self.unaccounted(), 0)
    }

    fn measures(&self, at: usize, ending: &Ending, sheet: &mut Sheet) {
        let metric = |what: &str| format!("d1.{}.{what}", ending.model().d1[at].name);
        let overloaded = self.refused[1] + self.too_late[1];
        for (what, count) in [
            ("ops", self.done[1]),
            ("ops_attempted", self.attempted[1]),
            ("ops_accepted", self.accepted[1]),
            ("ops_overloaded", overloaded),
            ("ops_down", self.down[1]),
            ("ops_retried", self.retried),
            ("ops_exhausted", self.exhausted),
        ] {
            sheet.count(&metric(what), "ops", count);
        }
        sheet.share(&metric("overloaded_fraction"), overloaded, self.attempted[1]);
        sheet.share(&metric("exhausted_fraction"), self.exhausted, self.done[1] + self.exhausted);
        sheet.put(&metric("wait.mean"), "s", ratio(self.wait_ns as f64 / 1e9, self.waits.count() as f64));
        quantiles(sheet, &metric("wait"), &self.waits);
        sheet.put(&metric("unfinished.mean"), "ops", self.unfinished.mean(ending.now.nanos()));
        sheet.count(&metric("unfinished.max"), "ops", self.unfinished.max());
        sheet.part(&metric("utilisation"), self.busy.mean(ending.now.nanos()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Retry;
    use crate::streams::LawSpec;

    fn at(seconds: u64) -> Instant {
        Instant::START + Span::from_secs(seconds)
    }

    fn database(max_queue: u32, max_wait: Option<Span>) -> D1 {
        let latency = LawSpec::Constant { value: Span::SECOND };
        let (max_queue, outages) = (Some(max_queue), vec![]);
        let spec = Spec { name: "db".into(), latency, max_queue, max_wait, outages, retry: Retry::NEVER };
        D1::new(&spec, &Source::new(1, 0))
    }

    #[test]
    fn one_at_a_time_in_order_and_no_more_than_it_takes() {
        let mut db = database(2, None);
        assert_eq!(db.arrive(Span::from_secs(3), at(1), true), Answer::Done(at(4)));
        assert_eq!(db.arrive(Span::from_secs(2), at(2), true), Answer::Done(at(6)));
        assert_eq!(db.arrive(Span::SECOND, at(3), true), Answer::Refused);
        db.leave(true, at(4), true);
        assert_eq!(db.arrive(Span::SECOND, at(4), true), Answer::Done(at(7)));
        db.leave(true, at(6), true);
        db.leave(true, at(7), true);
        assert_eq!((db.busy.area(10_000_000_000), db.unaccounted()), (6_000_000_000, 0));
        assert_eq!(db.wait_ns, 4_000_000_000);
    }

    #[test]
    fn who_waits_too_long_leaves_and_keeps_nobody_waiting() {
        let mut db = database(9, Some(Span::from_secs(2)));
        assert_eq!(db.arrive(Span::from_secs(5), at(0), true), Answer::Done(at(5)));
        assert_eq!(db.arrive(Span::from_secs(5), at(1), true), Answer::TooLate(at(3)));
        assert_eq!(db.arrive(Span::SECOND, at(3), true), Answer::Done(at(6)));
    }
}
