//! Tiers of caches in front of a computation: which tier has a key, which call computes it, and which calls wait for
//! that.

use crate::model::{FillsOnHit, Model, Tier, Tiers as Spec};
use crate::policy::{Cache, Forgotten};
use crate::stats::Quantiles;
use crate::streams::{Purpose, Source, Stream};
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::check;
use crate::world::measures::sheet::{Sheet, quantiles, ratio};
use crate::world::part::{Effect, Ending, Part};
use crate::world::state::{Call, Phase, Question};

const NOBODY: u32 = u32::MAX;

/// What to do on a miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// Compute it.
    Computes,
    /// Wait for the computation that is under way.
    Joins,
}

/// Computations of one key that one isolate has under way, and who waits for them, first to last.
#[derive(Clone, Copy, Debug)]
struct Flight {
    under_way: u32,
    first: u32,
    last: u32,
}

/// When an isolate restarts next.
#[derive(Debug)]
struct Restarts {
    next: Instant,
    draws: Stream,
}

/// One cache of one tier; made when it is first asked.
type Room = Option<Box<Cache>>;

/// The tiers of one name.
#[derive(Debug)]
pub(crate) struct Tiers {
    spec: Spec,
    /// By tier, then isolate; one for all isolates where they share it.
    rooms: Vec<Vec<Room>>,
    /// By isolate, then key.
    flights: Vec<Vec<Flight>>,
    /// By call: the next one waiting behind it.
    behind: Vec<u32>,
    /// Of the tiers that isolates share first, then of each isolate.
    restarts: Vec<Restarts>,
    /// Restarts drawn so far.
    restarted: u64,
    /// Calls that wait for a computation of another.
    waiting: u64,
    /// Counts are kept twice: `[0]` for calls of the warm-up, `[1]` for recorded.
    pub(crate) lookups: [u64; 2],
    /// By tier.
    pub(crate) hits: Vec<[u64; 2]>,
    pub(crate) misses: Vec<[u64; 2]>,
    pub(crate) computed: [u64; 2],
    pub(crate) joined: [u64; 2],
    /// Lookups that had missed, and were lost with their isolate before they were told.
    lost: u64,
    /// Computations that began while another of the same key was under way in the same isolate.
    pub(crate) stampeded: [u64; 2],
    /// What had gone from each tier when the recording began.
    gone_before: Vec<Forgotten>,
    /// From question to answer, computations included.
    pub(crate) latencies: Quantiles,
    pub(crate) latency_ns: u128,
}

impl Tiers {
    pub(crate) fn new(spec: &Spec, isolates: u32, draws: &Source) -> Tiers {
        let tiers = spec.tiers.len();
        let mut made = Tiers {
            rooms: spec.tiers.iter().map(|tier| if tier.per_isolate { Vec::new() } else { vec![None] }).collect(),
            flights: Vec::new(),
            behind: Vec::new(),
            restarts: Vec::new(),
            restarted: 0,
            waiting: 0,
            lookups: [0; 2],
            hits: vec![[0; 2]; tiers],
            misses: vec![[0; 2]; tiers],
            computed: [0; 2],
            joined: [0; 2],
            lost: 0,
            stampeded: [0; 2],
            gone_before: vec![Forgotten::default(); tiers],
            latencies: Quantiles::default(),
            latency_ns: 0,
            spec: spec.clone(),
        };
        made.add_restarts(0, Instant::START, draws);
        (0..isolates as usize).for_each(|isolate| made.open(isolate, Instant::START, draws));
        made
    }

    fn add_restarts(&mut self, lane: usize, now: Instant, draws: &Source) {
        if self.spec.restarts_per_day > 0.0 {
            self.restarts.push(Restarts { next: now, draws: draws.stream("tiers", Purpose::Restart, lane as u64) });
            self.draw_restart(lane);
        }
    }

    /// An isolate starts in this place, which may be a new one: then the last of all.
    pub(crate) fn open(&mut self, isolate: usize, now: Instant, draws: &Source) {
        if isolate < self.flights.len() {
            return;
        }
        self.flights.push(Vec::new());
        let own = self.rooms.iter_mut().zip(&self.spec.tiers).filter(|(_, tier)| tier.per_isolate);
        own.for_each(|(rooms, _)| rooms.push(None));
        self.add_restarts(isolate + 1, now, draws);
    }

    /// An isolate goes, with what its memory holds and what it computes; a tier that survives a restart stays with the
    /// place.
    pub(crate) fn close(&mut self, isolate: usize, now: Instant) {
        self.restart(isolate + 1, now);
        self.flights[isolate].clear();
        let own = self.rooms.iter_mut().zip(&self.spec.tiers);
        let own = own.filter(|(_, tier)| tier.per_isolate && !tier.survives_restart);
        own.filter_map(|(rooms, _)| rooms[isolate].as_mut()).for_each(|cache| cache.clear(now));
    }

    /// A lookup is lost with its isolate: it has missed, if it was not told yet, or waits for a computation.
    pub(crate) fn lose(&mut self, joined: bool) {
        if joined {
            self.waiting -= 1;
        } else {
            self.lost += 1;
        }
    }

    /// Asks the tiers in order; the one that has the key. `rules` are those of the isolate's program.
    pub(crate) fn look(
        &mut self,
        rules: &Spec,
        isolate: usize,
        key: u32,
        now: Instant,
        recorded: bool,
    ) -> Option<usize> {
        self.restart(0, now);
        self.restart(isolate + 1, now);
        self.lookups[usize::from(recorded)] += 1;
        for tier in 0..self.rooms.len() {
            let hit = self.room(rules, tier, isolate).read(key, now);
            let count = if hit { &mut self.hits[tier] } else { &mut self.misses[tier] };
            count[usize::from(recorded)] += 1;
            if hit {
                return Some(tier);
            }
        }
        None
    }

    /// The key was found in a tier: those before it may take a copy.
    pub(crate) fn copy_forward(&mut self, isolate: usize, key: u32, found: usize, now: Instant) {
        for tier in 0..found {
            let takes = match self.spec.tiers[tier].fills {
                FillsOnHit::Any => true,
                FillsOnHit::Next => found == tier + 1,
                FillsOnHit::None => false,
            };
            if takes {
                self.write(tier, isolate, key, now);
            }
        }
    }

    /// No tier has the key: this call computes it, or waits for another that does.
    pub(crate) fn miss(&mut self, isolate: usize, key: u32, call: u32, recorded: bool) -> Miss {
        let of_isolate = &mut self.flights[isolate];
        if of_isolate.is_empty() {
            of_isolate.resize(self.spec.keys.count as usize, Flight { under_way: 0, first: NOBODY, last: NOBODY });
        }
        let flight = &mut of_isolate[key as usize];
        if flight.under_way == 0 || !self.spec.single_flight {
            self.stampeded[usize::from(recorded)] += u64::from(flight.under_way > 0);
            self.computed[usize::from(recorded)] += 1;
            flight.under_way += 1;
            return Miss::Computes;
        }
        if self.behind.len() <= call as usize {
            self.behind.resize(call as usize + 1, NOBODY);
        }
        match flight.last {
            NOBODY => flight.first = call,
            last => self.behind[last as usize] = call,
        }
        flight.last = call;
        self.behind[call as usize] = NOBODY;
        self.waiting += 1;
        self.joined[usize::from(recorded)] += 1;
        Miss::Joins
    }

    /// A computation ends: its result goes into every tier. Returns the first call that waited for it; the others are
    /// linked behind it.
    pub(crate) fn computed(&mut self, isolate: usize, key: u32, succeeded: bool, now: Instant) -> Option<u32> {
        if succeeded {
            self.restart(0, now);
            self.restart(isolate + 1, now);
            for tier in 0..self.rooms.len() {
                self.write(tier, isolate, key, now);
            }
        }
        let flight = &mut self.flights[isolate][key as usize];
        flight.under_way -= 1;
        let first = flight.first;
        (flight.first, flight.last) = (NOBODY, NOBODY);
        self.some(first)
    }

    /// The calls that waited behind this one.
    pub(crate) fn next_behind(&mut self, call: u32) -> Option<u32> {
        self.waiting -= 1;
        self.some(self.behind[call as usize])
    }

    fn some(&self, call: u32) -> Option<u32> {
        (call != NOBODY).then_some(call)
    }

    /// A recorded lookup has its answer.
    pub(crate) fn answered(&mut self, took: Span) {
        self.latencies.record(took.nanos());
        self.latency_ns += u128::from(took.nanos());
    }

    fn room(&mut self, rules: &Spec, tier: usize, isolate: usize) -> &mut Cache {
        let rules = if self.spec.tiers[tier].per_isolate { rules } else { &self.spec };
        let spec = &rules.tiers[tier];
        self.rooms[tier][if spec.per_isolate { isolate } else { 0 }].get_or_insert_with(|| {
            Box::new(Cache::new(rules.keys.count, places(rules, spec), spec.ttl, spec.evict, spec.renew))
        })
    }

    /// Puts a key into a tier that was asked before.
    fn write(&mut self, tier: usize, isolate: usize, key: u32, now: Instant) {
        let at = if self.spec.tiers[tier].per_isolate { isolate } else { 0 };
        if let Some(room) = &mut self.rooms[tier][at] {
            room.write(key, now);
        }
    }

    /// What does not survive the restarts that have come goes.
    fn restart(&mut self, lane: usize, now: Instant) {
        while let Some(restarts) = self.restarts.get(lane).filter(|restarts| restarts.next <= now) {
            let at = restarts.next;
            for (tier, rooms) in self.spec.tiers.iter().zip(&mut self.rooms) {
                if tier.survives_restart || tier.per_isolate != (lane > 0) {
                    continue;
                }
                if let Some(cache) = rooms.get_mut(lane.saturating_sub(1)).and_then(Option::as_mut) {
                    cache.clear(at);
                }
            }
            self.draw_restart(lane);
        }
    }

    fn draw_restart(&mut self, lane: usize) {
        let mean = Span::DAY.secs() / self.spec.restarts_per_day;
        let restarts = &mut self.restarts[lane];
        self.restarted += 1;
        let wait = Span::from_secs_f64(restarts.draws.next().exponential() * mean).unwrap_or(Span::MAX);
        restarts.next = restarts.next.saturating_add(wait.max(Span::from_nanos(1)));
    }

    /// Brings what has gone up to date.
    fn settle(&mut self, now: Instant) {
        for lane in 0..self.restarts.len() {
            self.restart(lane, now);
        }
        for cache in self.rooms.iter_mut().flatten().flatten() {
            cache.expire(now);
        }
    }

    fn total(&self, tier: usize) -> Forgotten {
        let mut sum = Forgotten::default();
        for gone in self.rooms[tier].iter().flatten().map(|cache| cache.forgotten) {
            sum.evicted += gone.evicted;
            sum.expired += gone.expired;
            sum.lost += gone.lost;
        }
        sum
    }

    /// What has gone from a tier since the recording began.
    pub(crate) fn gone(&self, tier: usize) -> Forgotten {
        let (all, before) = (self.total(tier), self.gone_before[tier]);
        Forgotten {
            evicted: all.evicted - before.evicted,
            expired: all.expired - before.expired,
            lost: all.lost - before.lost,
        }
    }

    /// Entries in a tier.
    pub(crate) fn held(&self, tier: usize) -> u64 {
        self.rooms[tier].iter().flatten().map(|cache| u64::from(cache.len())).sum()
    }

    /// Lookups that missed everywhere, and neither computed nor joined.
    pub(crate) fn undecided(&self) -> i128 {
        let sum = |both: [u64; 2]| i128::from(both[0]) + i128::from(both[1]);
        let hits: i128 = self.hits.iter().map(|both| sum(*both)).sum();
        sum(self.lookups) - hits - sum(self.computed) - sum(self.joined) - i128::from(self.lost)
    }

    /// Whether every entry that came into a cache is there or has gone for one reason.
    pub(crate) fn is_sound(&self) -> bool {
        self.rooms.iter().flatten().flatten().all(|cache| {
            let gone = cache.forgotten;
            cache.added == gone.evicted + gone.expired + gone.lost + u64::from(cache.len())
        })
    }
}

impl Part for Tiers {
    fn drawn(&self) -> u64 {
        self.restarted
    }

    fn start_recording(&mut self, now: Instant) {
        self.settle(now);
        self.gone_before = (0..self.rooms.len()).map(|tier| self.total(tier)).collect();
    }

    fn change(&mut self, at: usize, blueprint: &Blueprint, now: Instant, _: &mut Vec<Effect>) {
        let spec = &blueprint.model.tiers[at];
        self.settle(now);
        for restarts in &mut self.restarts {
            if spec.restarts_per_day != self.spec.restarts_per_day {
                restarts.next = restarts.next.stretched(now, self.spec.restarts_per_day / spec.restarts_per_day);
            }
        }
        self.spec = spec.clone();
        for (tier, rooms) in spec.tiers.iter().zip(&mut self.rooms).filter(|(tier, _)| !tier.per_isolate) {
            rooms.iter_mut().flatten().for_each(|room| room.change(places(spec, tier), tier.ttl, now));
        }
    }

    fn change_program(&mut self, at: usize, isolate: usize, model: &Model, now: Instant) {
        let spec = &model.tiers[at];
        self.restart(isolate + 1, now);
        for (tier, rooms) in spec.tiers.iter().zip(&mut self.rooms).filter(|(tier, _)| tier.per_isolate) {
            if let Some(Some(room)) = rooms.get_mut(isolate) {
                room.change(places(spec, tier), tier.ttl, now);
            }
        }
    }

    fn finish(&mut self, horizon: Instant) {
        self.settle(horizon);
    }

    fn balance(&self, at: usize, ending: &Ending) -> Result<(), String> {
        let asked = || ending.calls.iter().zip(ending.questions).filter(|(_, q)| usize::from(q.tiers) == at);
        let is_missed = |call: &Call, q: &Question| call.phase == Phase::Lookup && call.ops.open && q.found.is_none();
        let missed = asked().filter(|(call, question)| is_missed(call, question)).count();
        check("lookups", self.undecided(), missed as u64)?;
        let joined = asked().filter(|(call, _)| call.phase == Phase::Joined).count();
        check("joined lookups", self.waiting.into(), joined as u64)?;
        if self.is_sound() { Ok(()) } else { Err("a cache has lost count of its entries".into()) }
    }

    fn measures(&self, at: usize, ending: &Ending, sheet: &mut Sheet) {
        let spec = &ending.model().tiers[at];
        let metric = |what: &str| format!("tiers.{}.{what}", spec.name);
        let mut hits = 0;
        for (at, tier) in spec.tiers.iter().enumerate() {
            let metric = |what: &str| metric(&format!("{}.{what}", tier.name));
            let gone = self.gone(at);
            hits += self.hits[at][1];
            sheet.count(&metric("hits"), "lookups", self.hits[at][1]);
            sheet.count(&metric("misses"), "lookups", self.misses[at][1]);
            sheet.share(&metric("hit_fraction"), self.hits[at][1], self.hits[at][1] + self.misses[at][1]);
            sheet.count(&metric("evicted"), "entries", gone.evicted);
            sheet.count(&metric("expired"), "entries", gone.expired);
            sheet.count(&metric("lost_at_restart"), "entries", gone.lost);
            sheet.count(&metric("held"), "entries", self.held(at));
        }
        sheet.count(&metric("lookups"), "lookups", self.lookups[1]);
        sheet.share(&metric("hit_fraction"), hits, self.lookups[1]);
        sheet.count(&metric("computed"), "computations", self.computed[1]);
        sheet.count(&metric("joined"), "lookups", self.joined[1]);
        sheet.count(&metric("stampeded"), "computations", self.stampeded[1]);
        let latencies = &self.latencies;
        sheet.put(&metric("latency.mean"), "s", ratio(self.latency_ns as f64 / 1e9, latencies.count() as f64));
        quantiles(sheet, &metric("latency"), latencies);
    }
}

/// How many entries a tier holds at most.
fn places(spec: &Spec, tier: &Tier) -> u32 {
    tier.entries.unwrap_or(spec.keys.count).min(spec.keys.count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Source as Text, load};

    /// A memory that restarts at 10 has its entry until then, and not at 10.
    #[test]
    fn a_restart_takes_what_is_read_at_its_instant() {
        let text = "[traffic.user]\narrivals = { process = \"poisson\", per_day = 1 }\n\
                    [workflow.plan]\nsteps = [{ name = \"a\", lookup = \"t\" }]\n\
                    [tiers.t]\nkeys = { law = \"same\" }\ncompute = \"1s\"\nrestarts_per_day = 1\ntier = [{ name = \"memory\", per = \"isolate\" }]";
        let source = Text { name: "t.toml".into(), bytes: text.into(), directory: ".".into() };
        let model = load(source, &[], &|path| std::fs::read(path)).unwrap_or_else(|problems| panic!("{problems}"));
        let (at, spec) = (Instant::from_nanos, &model.tiers[0]);
        let mut tiers = Tiers::new(spec, 1, &Source::new(1, 0));
        tiers.restarts.iter_mut().for_each(|restarts| restarts.next = at(10));
        assert_eq!(tiers.look(spec, 0, 0, at(1), true), None);
        assert_eq!(tiers.miss(0, 0, 0, true), Miss::Computes);
        tiers.computed(0, 0, true, at(2));
        assert_eq!(tiers.look(spec, 0, 0, at(9), true), Some(0));
        assert_eq!(tiers.look(spec, 0, 0, at(10), true), None);
    }
}
