//! The provider's side of an attempt: outages, rate limits, its own slots, and work that outlives the client.
//!
//! The course of an attempt is decided when it arrives. Its own slots serve in order of arrival, and a waiting attempt
//! is served even if its client has gone, so its wait is known too and needs no event.

use crate::model::{Counted, Limit, Outage, Server as Spec, Weight};
use crate::policy::{Bucket, Fault, Meter, SlopeState, Verdict};
use crate::stats::TimeWeighted;
use crate::streams::Source as Draws;
use crate::units::{CalendarStart, Instant, Span, Timestamp, Zone};
use crate::world::ledger::{Cause, Causes};
use crate::world::outage::Timeline;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The provider's decision on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reception {
    /// It answers this fault after this time, with a retry-after hint and a cause.
    Refused { fault: Fault, cause: Cause, takes: Span, retry_after: Span },
    /// It is down, takes the attempt, and never answers.
    Silent,
    /// It works on it together with all others, at a speed that depends on their number.
    Shares,
    /// It works on it: from then until then, or never to an end.
    Works { from: Instant, until: Instant },
}

/// What an attempt asks of a provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// What limits count of it.
    pub(crate) weight: Weight,
    /// What of that is given back at its end.
    pub(crate) unused: Weight,
    /// How long it would take if it had the provider to itself.
    pub(crate) latency: Span,
    /// Whether it is never answered.
    pub(crate) hangs: bool,
}

/// What the limits of growth count.
const SLOPES: [Counted; 2] = [Counted::Attempts, Counted::Tokens];

/// The state of a provider.
#[derive(Debug)]
pub(crate) struct Server {
    spec: Spec,
    /// Its limits that flow in evenly.
    buckets: Vec<(Limit, Bucket)>,
    /// What is given back to them, and when.
    unused: BinaryHeap<Reverse<(Instant, Weight)>>,
    slopes: [Option<SlopeState>; 2],
    pub(crate) quotas: Vec<Meter>,
    outages: Vec<Timeline>,
    /// When the attempts in flight end.
    leaving: BinaryHeap<Reverse<Instant>>,
    /// Attempts that share it.
    sharing: u64,
    pub(crate) in_flight: TimeWeighted,
    /// When each slot in use is free again, with the attempts that wait for it.
    slots: BinaryHeap<Reverse<Instant>>,
    /// The minute of the last attempt, and the attempts in it.
    minute: (u64, u64),
    pub(crate) busiest_minute: u64,
    /// Why attempts were refused; and, of those that a limit refused, how many in each hour of the day, UTC.
    pub(crate) refused: Causes,
    pub(crate) refused_at: [u64; 24],
    calendar: CalendarStart,
    /// The quota that refused last.
    refuser: usize,
}

impl Server {
    pub(crate) fn new(name: &str, spec: &Spec, start: Timestamp, draws: &Draws) -> Server {
        let bucket = |(limit, rate)| (limit, Bucket::full(spec.holds(limit).unwrap_or(rate), rate, limit.window()));
        let timeline = |(lane, outage): (usize, &Outage)| Timeline::new(outage.when, name, lane, draws);
        Server {
            spec: spec.clone(),
            buckets: spec.flows().map(bucket).collect(),
            unused: BinaryHeap::new(),
            slopes: spec.slopes.map(|slope| slope.map(SlopeState::new)),
            quotas: spec.quotas.iter().map(|quota| Meter::new(&quota.quota, start)).collect(),
            outages: spec.outages.iter().enumerate().map(timeline).collect(),
            leaving: BinaryHeap::new(),
            sharing: 0,
            in_flight: TimeWeighted::default(),
            slots: BinaryHeap::new(),
            minute: (0, 0),
            busiest_minute: 0,
            refused: Causes::NONE,
            refused_at: [0; 24],
            calendar: CalendarStart::new(start, &Zone::UTC),
            refuser: 0,
        }
    }

    /// Other limits, slots and outages hold from `now` on. What is in the buckets stays, as far as it fits; whoever is
    /// there stays; a time up or down that has begun ends as it would have.
    pub(crate) fn change(&mut self, spec: &Spec, now: Instant) {
        self.catch_up(now);
        self.give_back(now);
        for (limit, bucket) in &mut self.buckets {
            if let (Some(rate), Some(holds)) = (spec.limits[*limit as usize], spec.holds(*limit)) {
                bucket.change(holds, rate, now);
            }
        }
        self.quotas.iter_mut().zip(&spec.quotas).for_each(|(meter, quota)| meter.change(&quota.quota, now));
        for (slope, rules) in self.slopes.iter_mut().zip(spec.slopes) {
            if let (Some(slope), Some(rules)) = (slope, rules) {
                slope.change(rules, now);
            }
        }
        let outages = self.outages.iter_mut().zip(&spec.outages);
        outages.for_each(|(timeline, outage)| timeline.change(outage.when, now));
        // With fewer slots, those that are taken longest remain.
        let slots = spec.max_concurrency.map_or(usize::MAX, |slots| slots as usize);
        while self.slots.len() > slots {
            self.slots.pop();
        }
        self.spec = spec.clone();
    }

    /// An attempt arrives; whether it counted against the rate limits comes with the answer.
    pub(crate) fn receive(&mut self, now: Instant, asked: &Asked) -> (Reception, bool) {
        self.catch_up(now);
        self.count_minute(now);
        for (timeline, outage) in self.outages.iter_mut().zip(&self.spec.outages) {
            if timeline.is_down(now) {
                return (unanswered(outage), false);
            }
        }
        let takes = self.spec.refusal_latency;
        let refuse = |fault, cause, retry_after| Reception::Refused { fault, cause, takes, retry_after };
        let weight = &asked.weight;
        if let Some(cause) = self.refused_by_quota(now, weight) {
            return (refuse(Fault::RateLimited, cause, Span::ZERO), false);
        }
        self.give_back(now);
        let (cause, fits) = self.fits_at(now, weight);
        let counts = fits == now || self.spec.counts_refused;
        if counts {
            self.buckets.iter_mut().for_each(|(limit, bucket)| bucket.take(now, weight[limit.counts() as usize]));
        }
        if fits > now {
            return (refuse(Fault::RateLimited, cause, fits.since(now)), counts);
        }
        for (quota, spec) in self.quotas.iter_mut().zip(&self.spec.quotas) {
            quota.take_for(now, now, weight[spec.of as usize]);
        }
        let slopes = self.slopes.iter_mut().zip(SLOPES);
        slopes.for_each(|(slope, of)| slope.iter_mut().for_each(|slope| slope.take(now, weight[of as usize])));
        let reception = self.work(now, asked);
        if let Reception::Works { until, .. } = reception
            && until < Instant::NEVER
            && asked.unused != Weight::default()
        {
            self.unused.push(Reverse((until, asked.unused)));
        }
        (reception, counts)
    }

    /// When all buckets and limits of growth have room, and which of them has it last.
    fn fits_at(&mut self, now: Instant, weight: &Weight) -> (Cause, Instant) {
        let mut last = (Cause::Growth, now);
        for (limit, bucket) in &self.buckets {
            let n = weight[limit.counts() as usize];
            let at = bucket.flows_in_at(now, n);
            if at > last.1 {
                let is_too_large = bucket.holds_at(now, n) == Instant::NEVER;
                last = (if is_too_large { Cause::RequestTooLarge } else { Cause::of_limit(*limit) }, at);
            }
        }
        for (slope, of) in self.slopes.iter_mut().zip(SLOPES) {
            let at = slope.as_mut().map_or(now, |slope| slope.holds_at(now, weight[of as usize]));
            last.1 = last.1.max(at);
        }
        last
    }

    /// What was reserved and not used by attempts that are over flows back.
    fn give_back(&mut self, now: Instant) {
        while let Some(&Reverse((at, unused))) = self.unused.peek()
            && at <= now
        {
            self.unused.pop();
            self.buckets.iter_mut().for_each(|(limit, bucket)| bucket.give(at, unused[limit.counts() as usize]));
        }
    }

    /// It has no limit against the attempt: it works on it, if it has room.
    fn work(&self, now: Instant, asked: &Asked) -> Reception {
        let there = self.present();
        if let (Some(slots), Some(places)) = (self.spec.max_concurrency, self.spec.max_queue)
            && there >= u64::from(slots) + u64::from(places)
        {
            let (fault, takes) = (self.spec.when_full, self.spec.refusal_latency);
            return Reception::Refused { fault, cause: Cause::ProviderSlots, takes, retry_after: Span::ZERO };
        }
        if self.spec.capacity.is_some() {
            return Reception::Shares;
        }
        let from = match self.spec.max_concurrency {
            Some(slots) if self.slots.len() >= slots as usize => {
                self.slots.peek().map_or(now, |Reverse(free)| now.max(*free))
            }
            _ => now,
        };
        if asked.hangs {
            return Reception::Works { from, until: Instant::NEVER };
        }
        let over = there.saturating_sub(u64::from(self.spec.load_from)) as f64;
        let latency = asked.latency.scale(1.0 + self.spec.load_per_in_flight * over);
        Reception::Works { from, until: from.saturating_add(latency) }
    }

    /// The first quota that does not admit one more attempt; one that is refused counts where a quota says so. It names no
    /// time at which to come again.
    fn refused_by_quota(&mut self, now: Instant, weight: &Weight) -> Option<Cause> {
        let mut quotas = self.quotas.iter_mut().zip(&self.spec.quotas);
        self.refuser = quotas.position(|(quota, of)| quota.ask_for(now, weight[of.of as usize]) != Verdict::At(now))?;
        let quotas = self.quotas.iter_mut().zip(&self.spec.quotas);
        quotas.for_each(|(quota, of)| quota.refused_for(now, weight[of.of as usize]));
        Some(Cause::of_provider_quota(self.quotas[self.refuser].quota().window))
    }

    /// Counts an attempt that was refused at `now`: by its cause, and by the hour where a limit did it.
    pub(crate) fn count_refused(&mut self, cause: Cause, now: Instant, recorded: bool) {
        self.refused.count(cause, recorded);
        if !recorded || matches!(cause, Cause::Outage) {
            return;
        }
        self.refused_at[self.calendar.hour_of_day(now) as usize % 24] += 1;
        if cause.is_provider_quota()
            && let Some(quota) = self.quotas.get_mut(self.refuser)
        {
            quota.kept_back += 1;
        }
    }

    /// It has taken the attempt in: it is there until `until`, and has a slot from `from` on, if that is earlier.
    pub(crate) fn keep(&mut self, now: Instant, from: Instant, until: Instant) {
        if let Some(slots) = self.spec.max_concurrency
            && from < until
        {
            if self.slots.len() >= slots as usize {
                self.slots.pop();
            }
            self.slots.push(Reverse(until));
        }
        self.leaving.push(Reverse(until));
        self.in_flight.set(now.nanos(), self.present());
    }

    /// So many attempts share it from now on.
    pub(crate) fn shares_with(&mut self, now: Instant, sharing: u64) {
        self.catch_up(now);
        self.sharing = sharing;
        self.in_flight.set(now.nanos(), self.present());
    }

    fn present(&self) -> u64 {
        self.leaving.len() as u64 + self.sharing
    }

    /// Those whose time has come have left by `now`.
    pub(crate) fn catch_up(&mut self, now: Instant) {
        while let Some(&Reverse(leaves)) = self.leaving.peek()
            && leaves <= now
        {
            self.leaving.pop();
            self.in_flight.set(leaves.nanos(), self.present());
        }
    }

    fn count_minute(&mut self, now: Instant) {
        let minute = now.nanos() / Span::MINUTE.nanos();
        self.minute = if self.minute.0 == minute { (minute, self.minute.1 + 1) } else { (minute, 1) };
        self.busiest_minute = self.busiest_minute.max(self.minute.1);
    }

    /// The share that is left of the limit that is nearest to its end; 1 where it has none.
    pub(crate) fn left(&mut self, now: Instant) -> f64 {
        self.give_back(now);
        let buckets = self.buckets.iter().map(|(_, bucket)| bucket.left(now));
        let quotas =
            self.quotas.iter().map(|meter| 1.0 - meter.used(now) as f64 / meter.quota().admitted().max(1) as f64);
        buckets.chain(quotas).fold(1.0, f64::min)
    }

    /// What each of its quotas counts.
    pub(crate) fn counted(&self) -> impl Iterator<Item = Counted> {
        self.spec.quotas.iter().map(|quota| quota.of)
    }

    /// Outages drawn so far.
    pub(crate) fn outages(&self) -> u64 {
        self.outages.iter().map(Timeline::drawn).sum()
    }

    /// Forgets what was measured before `now`.
    pub(crate) fn start_recording(&mut self, now: Instant) {
        self.catch_up(now);
        self.in_flight.restart(now.nanos());
        (self.minute.1, self.busiest_minute) = (0, 0);
        self.quotas.iter_mut().for_each(|quota| quota.restart(now));
    }

    /// The replication ends at `horizon`.
    pub(crate) fn finish(&mut self, horizon: Instant) {
        self.catch_up(horizon);
        self.quotas.iter_mut().for_each(|quota| quota.finish(horizon));
    }
}

/// What an outage makes of an attempt.
fn unanswered(outage: &Outage) -> Reception {
    match outage.fault {
        None => Reception::Silent,
        Some(fault) => {
            let (takes, retry_after) = (outage.latency, Span::ZERO);
            Reception::Refused { fault, cause: Cause::Outage, takes, retry_after }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Limits, UpAndDown};

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    fn asks(tokens: u64, latency: Span) -> Asked {
        Asked { weight: [1, tokens, 0, 0, 1], unused: Weight::default(), latency, hangs: false }
    }

    fn limits(limit: Limit, rate: u64) -> Limits {
        let mut limits = Limits::default();
        limits[limit as usize] = Some(rate);
        limits
    }

    fn works(from: u64, until: u64) -> Reception {
        Reception::Works { from: at(from), until: at(until) }
    }

    fn server(spec: Spec) -> Server {
        Server::new("p", &spec, Timestamp::parse("2026-01-01T00:00:00Z").unwrap(), &Draws::new(1, 0))
    }

    /// Each arrives at its time, takes its latency, and stays to the end.
    fn story(server: &mut Server, arrivals: &[(u64, u64)]) -> Vec<Reception> {
        let mut go = |&(now, latency): &(u64, u64)| {
            let (reception, _) = server.receive(at(now), &asks(0, Span::from_nanos(latency)));
            if let Reception::Works { from, until } = reception {
                server.keep(at(now), from, until);
            }
            reception
        };
        arrivals.iter().map(&mut go).collect()
    }

    #[test]
    fn two_slots_and_one_place_to_wait() {
        let refused = Reception::Refused {
            fault: Fault::Overloaded,
            cause: Cause::ProviderSlots,
            takes: Span::from_nanos(1),
            retry_after: Span::ZERO,
        };
        let mut server = server(Spec {
            max_concurrency: Some(2),
            max_queue: Some(1),
            when_full: Fault::Overloaded,
            refusal_latency: Span::from_nanos(1),
            ..Spec::default()
        });
        let seen = story(&mut server, &[(0, 10), (0, 4), (1, 5), (2, 1), (4, 1), (9, 7), (9, 1)]);
        assert_eq!(seen, [works(0, 10), works(0, 4), works(4, 9), refused, works(9, 10), works(10, 17), refused]);
        server.catch_up(at(20));
        assert_eq!((server.in_flight.max(), server.in_flight.area(20)), (3, 10 + 4 + 8 + 6 + 8));
    }

    #[test]
    fn it_slows_down_with_what_is_in_flight() {
        let mut server = server(Spec { load_per_in_flight: 0.5, load_from: 1, ..Spec::default() });
        let seen = story(&mut server, &[(0, 10), (0, 10), (0, 10), (10, 10)]);
        // The third finds 2, one over 1: half as long again; at 10 it alone is left.
        assert_eq!(seen, [works(0, 10), works(0, 10), works(0, 15), works(10, 20)]);
    }

    #[test]
    fn a_minute_limit_enforced_by_the_second() {
        let of = |burst| {
            let limits = limits(Limit::RequestsPerMinute, 60);
            let spec = Spec { limits, limit_burst: burst, ..Spec::default() };
            let mut server = server(spec);
            (0..90).filter(|_| matches!(server.receive(at(0), &asks(0, Span::ZERO)).0, Reception::Works { .. })).count()
        };
        assert_eq!((of(Span::MINUTE), of(Span::SECOND)), (60, 1));
        let limits = limits(Limit::TokensPerMinute, 6_000);
        let spec = Spec { limits, limit_burst: Span::SECOND, ..Spec::default() };
        let mut server = server(spec);
        let mut ask = |now, tokens| server.receive(at(now), &asks(tokens, Span::ZERO));
        assert_eq!(ask(0, 80), (works(0, 0), true));
        let later = Span::from_millis(300);
        let refused = Reception::Refused {
            fault: Fault::RateLimited,
            cause: Cause::TokensPerMinute,
            takes: Span::ZERO,
            retry_after: later,
        };
        assert_eq!(ask(0, 50), (refused, false), "20 are left, and 100 flow in each second");
        assert_eq!(ask(later.nanos(), 50), (works(later.nanos(), later.nanos()), true));
    }

    #[test]
    fn an_outage_is_a_window_that_is_open_at_its_end() {
        let when = UpAndDown::Once { at: Span::from_nanos(5), lasts: Span::from_nanos(3) };
        let outage = Outage { when, fault: Some(Fault::ServerError), latency: Span::from_nanos(2) };
        let mut server = server(Spec { outages: vec![outage], ..Spec::default() });
        let down = Reception::Refused {
            fault: Fault::ServerError,
            cause: Cause::Outage,
            takes: Span::from_nanos(2),
            retry_after: Span::ZERO,
        };
        assert_eq!(story(&mut server, &[(4, 9), (5, 9), (7, 9), (8, 9)]), [works(4, 13), down, down, works(8, 17)]);
    }
}
