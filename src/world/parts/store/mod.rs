//! A store: the decisions of its quotas and its key spacing, and its counts.

use crate::model::{OnKeyExceed, OpKind, Storage, Store as Spec, StoreKind};
use crate::policy::{Meter, OnExceed, Verdict};
use crate::stats::Stock;
use crate::streams::{Purpose, Source as Draws, Word};
use crate::units::{Instant, Probability, Span, Timestamp};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::{Cause, Causes};

mod measures;
mod outside;
mod part;

use self::outside::{Others, Poisson, Pressure, judge};

/// The counts of one kind of op; `[0]` in the warm-up, `[1]` recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpCounts {
    pub(crate) attempted: [u64; 2],
    pub(crate) accepted: [u64; 2],
    /// Why the others were not accepted.
    pub(crate) refused: Causes,
}

impl OpCounts {
    const NONE: OpCounts = OpCounts { attempted: [0; 2], accepted: [0; 2], refused: Causes::NONE };
}

/// The state of a store.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) name: String,
    pub(crate) meters: [Vec<Meter>; 4],
    pub(crate) counts: [OpCounts; 4],
    /// By kind of op: the quota that last refused or dropped one.
    refuser: [u8; 4],
    /// What other programs of the same account do to the same quotas.
    pub(crate) others: [Option<Others>; 4],
    spacing: Option<Span>,
    on_key_exceed: OnKeyExceed,
    /// Writes that came sooner than the spacing and replaced the value.
    pub(crate) overwrites: [u64; 2],
    storage: Option<Storage>,
    /// Bytes stored, where there is a limit to them.
    pub(crate) stored: Stock,
    /// The chance that a write is answered and nothing kept.
    put_stores_nothing: Probability,
    /// Writes that were accepted and kept nothing.
    pub(crate) kept_nothing: [u64; 2],
    /// Of a log service: how long its client is silent after a refusal, and until when it is.
    retry_after: Option<Span>,
    silent_until: Instant,
    /// The chance that an op does not arrive.
    network_errors: Probability,
    /// Whether its records are found without an index.
    pub(crate) is_searchable: bool,
    /// Whether its ops are subrequests.
    pub(crate) is_subrequest: bool,
    pub(crate) ops_per_invocation: u32,
    pub(crate) default_ttl: Option<Span>,
    pub(crate) capacity: Option<u64>,
    /// Whether another region sees what is stored, and after how long at most.
    pub(crate) staleness: Option<Span>,
    pressure: Option<Pressure>,
    /// When it loses everything.
    restarts: Option<Poisson>,
    pub(crate) evicted: [u64; 2],
    pub(crate) expired: [u64; 2],
    pub(crate) lost_at_restart: [u64; 2],
    pub(crate) hits: [u64; 2],
    pub(crate) misses: [u64; 2],
    /// By family of keys, of all stores: accepted writes, and those that came too soon after another of their key.
    pub(crate) family_writes: Vec<u64>,
    pub(crate) family_too_soon: Vec<u64>,
    /// By kind of op, those accepted before the recorded time.
    accepted_before: [u64; 4],
}

/// Why an entry is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing takes it.
    None,
    /// Its time to live ends.
    Expired,
    /// Pressure from others, or the size of the store.
    Evicted,
    /// The store restarts.
    Restart,
    /// The administrator, or the program, deletes it.
    Cleaned,
    /// Its key is written again.
    Overwritten,
}

impl Store {
    /// Those of a model as a replication starts.
    pub(crate) fn of(blueprint: &Blueprint, draws: &Draws) -> Vec<Store> {
        let (start, spikes, families) = (blueprint.model.run.start, blueprint.spikes(), blueprint.families.len());
        let store = |spec| Store {
            family_writes: vec![0; families],
            family_too_soon: vec![0; families],
            ..Store::new(spec, start, &spikes, draws)
        };
        blueprint.model.stores.iter().map(store).collect()
    }

    /// The store as a replication starts at `start`, with the spikes of traffic in order.
    fn new(spec: &Spec, start: Timestamp, spikes: &[(Instant, Instant)], draws: &Draws) -> Store {
        let restarts = Poisson::new(spec.restarts_per_day, draws.stream(&spec.name, Purpose::Restart, 0));
        let pressure = (spec.evictions_per_hour > 0.0).then(|| Pressure {
            per_second: spec.evictions_per_hour / 3600.0,
            factor: spec.evictions_spike_factor,
            spikes: spikes.to_vec(),
        });
        Store {
            name: spec.name.clone(),
            meters: std::array::from_fn(|op| spec.quotas[op].iter().map(|q| Meter::new(q, start)).collect()),
            counts: [OpCounts::NONE; 4],
            refuser: [0; 4],
            others: OpKind::ALL.map(|op| Others::new(spec.background[op as usize], &spec.name, op, draws)),
            spacing: spec.key_spacing,
            on_key_exceed: spec.on_key_exceed,
            overwrites: [0; 2],
            storage: spec.storage.clone(),
            stored: Stock::default(),
            put_stores_nothing: spec.put_stores_nothing,
            kept_nothing: [0; 2],
            retry_after: (spec.kind == StoreKind::LogService).then_some(spec.retry_after),
            silent_until: Instant::START,
            network_errors: spec.network_errors,
            is_searchable: spec.searchable,
            is_subrequest: spec.subrequest,
            ops_per_invocation: spec.ops_per_invocation.unwrap_or(u32::MAX),
            default_ttl: spec.ttl,
            capacity: spec.capacity.map(|bytes| bytes.0),
            staleness: spec.is_seen_elsewhere().then_some(spec.staleness),
            pressure,
            restarts,
            evicted: [0; 2],
            expired: [0; 2],
            lost_at_restart: [0; 2],
            hits: [0; 2],
            misses: [0; 2],
            family_writes: Vec::new(),
            family_too_soon: Vec::new(),
            accepted_before: [0; 4],
        }
    }

    /// The decision of the quotas of this kind of op on one that is requested at `now`.
    #[inline]
    pub(crate) fn judge(&mut self, op: OpKind, now: Instant) -> Verdict {
        let meters = &mut self.meters[op as usize];
        if let Some(others) = &mut self.others[op as usize] {
            others.catch_up(meters, now);
        }
        if meters.is_empty() {
            return Verdict::At(now);
        }
        let (verdict, refuser) = judge(meters, now);
        self.refuser[op as usize] = refuser;
        verdict
    }

    /// Whether a key last written at `last` may be written at `now`: again at exactly the spacing, and at any time
    /// where the later write replaces the earlier one.
    #[inline]
    pub(crate) fn is_spaced(&mut self, last: Option<Instant>, now: Instant, recorded: bool) -> bool {
        match (self.spacing, last) {
            (Some(spacing), Some(last)) if now < last.saturating_add(spacing) => {
                self.overwrites[usize::from(recorded)] += u64::from(self.on_key_exceed == OnKeyExceed::Overwrite);
                self.on_key_exceed == OnKeyExceed::Overwrite
            }
            _ => true,
        }
    }

    /// Counts an accepted op, asked for at `now` and taking place at `at`, against its quotas.
    #[inline]
    pub(crate) fn take(&mut self, op: OpKind, now: Instant, at: Instant, recorded: bool) {
        for meter in &mut self.meters[op as usize] {
            meter.take(now, at);
        }
        self.counts[op as usize].accepted[usize::from(recorded)] += 1;
    }

    /// The quota that refused the op that was judged last, as a cause.
    pub(crate) fn quota_cause(&self, op: OpKind) -> Cause {
        let meter = self.meters[op as usize].get(usize::from(self.refuser[op as usize]));
        meter.map_or(Cause::DailyQuota, |meter| Cause::of_quota(meter.quota().window))
    }

    /// Counts a refused op, of a quota with the one that refused it; where it reached the store, the quotas may count it
    /// as used too.
    pub(crate) fn refuse(&mut self, op: OpKind, why: Cause, now: Instant, recorded: bool) {
        self.counts[op as usize].refused.count(why, recorded);
        let meters = &mut self.meters[op as usize];
        if (why.is_quota() || why == Cause::Dropped)
            && let Some(meter) = meters.get_mut(usize::from(self.refuser[op as usize]))
        {
            meter.kept_back += u64::from(recorded);
        }
        if !why.is_invocation() {
            meters.iter_mut().for_each(|meter| meter.refused(now));
        }
    }

    /// Whether this is a log service, whose client hides errors.
    pub(crate) fn is_service(&self) -> bool {
        self.retry_after.is_some()
    }

    /// Whether the client drops everything at `now` because of an earlier refusal; if so this op is counted.
    pub(crate) fn drops_locally(&mut self, op: OpKind, now: Instant, recorded: bool) -> bool {
        let silent = self.retry_after.is_some() && now < self.silent_until;
        if silent {
            self.counts[op as usize].refused.count(Cause::ClientSilent, recorded);
        }
        silent
    }

    /// The client learns at `now` that the service refuses.
    pub(crate) fn falls_silent(&mut self, now: Instant) {
        self.silent_until = now.saturating_add(self.retry_after.unwrap_or_default());
    }

    /// Whether an op does not arrive, as its draw decides.
    pub(crate) fn does_not_arrive(&self, word: Word) -> bool {
        word.below(self.network_errors.into())
    }

    /// Whether there is room for so many more bytes at `now`.
    pub(crate) fn has_space(&mut self, bytes: u64, now: Instant) -> bool {
        let Some(limit) = self.storage.as_ref().filter(|s| s.on_exceed == OnExceed::Reject).map(|s| s.limit.0) else {
            return true;
        };
        self.stored.catch_up(now.nanos());
        self.stored.level().level().saturating_add(bytes) <= limit
    }

    /// So many bytes are stored from `now` until `dies`.
    pub(crate) fn keep(&mut self, bytes: u64, now: Instant, dies: Instant) {
        if self.storage.is_some() {
            self.stored.put(bytes, now.nanos(), dies.nanos());
        }
    }

    /// This many bytes, which would be stored until `dies`, are deleted.
    pub(crate) fn delete(&mut self, bytes: u64, now: Instant, dies: Instant) {
        if self.storage.is_some() && now < dies {
            self.stored.take(bytes, now.nanos(), dies.nanos());
        }
    }

    /// Whether an accepted write keeps nothing although it is answered, as its draw decides.
    pub(crate) fn keeps_nothing(&mut self, word: Word, recorded: bool) -> bool {
        let nothing = word.below(self.put_stores_nothing.into());
        self.kept_nothing[usize::from(recorded)] += u64::from(nothing);
        nothing
    }

    /// When an entry written at `now` goes, and why, as far as that is known when it is written: by its time to
    /// live, by pressure (`word` decides), or at the next restart. What its size does to others is not in here.
    pub(crate) fn lifetime(&mut self, now: Instant, ttl: Option<Span>, word: Word) -> (Instant, Loss) {
        let mut lifetime = (Instant::NEVER, Loss::None);
        if let Some(ttl) = ttl.or(self.default_ttl) {
            lifetime = (now.saturating_add(ttl), Loss::Expired);
        }
        if let Some(pressure) = &self.pressure {
            let at = pressure.evicts(now, word);
            lifetime = if at < lifetime.0 { (at, Loss::Evicted) } else { lifetime };
        }
        if let Some(restarts) = &mut self.restarts {
            restarts.catch_up(now);
            lifetime = if restarts.next < lifetime.0 { (restarts.next, Loss::Restart) } else { lifetime };
        }
        lifetime
    }

    /// Counts how an entry went.
    pub(crate) fn count_loss(&mut self, loss: Loss, recorded: bool) {
        let counter = match loss {
            Loss::None | Loss::Cleaned | Loss::Overwritten => return,
            Loss::Expired => &mut self.expired,
            Loss::Evicted => &mut self.evicted,
            Loss::Restart => &mut self.lost_at_restart,
        };
        counter[usize::from(recorded)] += 1;
    }

    /// What others do, and what goes by itself, until `now`.
    pub(crate) fn catch_up(&mut self, now: Instant) {
        for (meters, others) in self.meters.iter_mut().zip(&mut self.others) {
            if let Some(others) = others {
                others.catch_up(meters, now);
            }
        }
        self.stored.catch_up(now.nanos());
    }

    /// Ops accepted in the recorded time, whenever the plan came that asked for them.
    pub(crate) fn accepted_in_time(&self, op: OpKind) -> u64 {
        self.counts[op as usize].accepted.iter().sum::<u64>() - self.accepted_before[op as usize]
    }

    /// Attempted ops that are neither accepted nor refused: always 0 unless one was lost.
    pub(crate) fn unaccounted(&self) -> i128 {
        let sum = |both: &[u64; 2]| both.iter().map(|&n| i128::from(n)).sum::<i128>();
        let open = |c: &OpCounts| sum(&c.attempted) - sum(&c.accepted) - c.refused.total();
        self.counts.iter().map(open).sum()
    }

    /// Whether each op that a quota refused or dropped was refused by one of them.
    pub(crate) fn keeps_its_counts(&self) -> bool {
        self.counts.iter().zip(&self.meters).all(|(counts, meters)| {
            let refused = counts.refused.of_all(|cause| cause.is_quota() || cause == Cause::Dropped);
            meters.iter().map(|meter| meter.kept_back).sum::<u64>() == refused
        })
    }

    /// Whether any window held more than its limit admits: never, unless the meter is broken.
    pub(crate) fn is_within_limits(&self) -> bool {
        self.meters.iter().flatten().all(Meter::is_sound)
    }
}

#[cfg(test)]
mod tests;
