//! A store: what its quotas and its key spacing say to an op, and what it has counted.

use crate::model::{OpKind, Store as Spec};
use crate::policy::{OnExceed, Quota, Usage};
use crate::streams::{Law, LawSpec, Purpose, Source as Draws, Stream};
use crate::units::{CalendarStart, Instant, Span};

/// Why a store, or the platform in front of it, refused an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The quota of this kind of op is used up.
    Quota,
    /// The key was written less than the spacing ago.
    Key,
    /// The invocation has made all the calls it may make.
    Invocation,
}

/// The counts of one kind of op; `[0]` in the warm-up, `[1]` recorded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpCounts {
    pub(crate) attempted: [u64; 2],
    pub(crate) accepted: [u64; 2],
    pub(crate) refused: [[u64; 2]; 3],
}

/// A quota in force: its use in the current window, and how the windows of the recorded time went.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) quota: Quota,
    usage: Usage,
    calendar: CalendarStart,
    exhausted_now: bool,
    pub(crate) windows: u64,
    pub(crate) exhausted: u64,
    pub(crate) used_sum: u64,
    pub(crate) used_max: u64,
    /// Hours of the day at which the quota was used up: their sum.
    pub(crate) exhausted_hours: f64,
    pub(crate) exhaustions: u64,
}

impl Meter {
    fn new(quota: &Quota, calendar: &CalendarStart) -> Meter {
        let mut meter = Meter {
            quota: quota.clone(),
            usage: Usage::new(),
            calendar: calendar.clone(),
            exhausted_now: false,
            windows: 0,
            exhausted: 0,
            used_sum: 0,
            used_max: 0,
            exhausted_hours: 0.0,
            exhaustions: 0,
        };
        meter.usage.roll(quota, Instant::START, calendar);
        meter
    }

    /// Closes every window that has ended by `now`.
    #[inline]
    fn catch_up(&mut self, now: Instant) {
        if self.usage.is_over(now) {
            self.close_past(now);
        }
    }

    #[cold]
    fn close_past(&mut self, now: Instant) {
        while self.usage.is_over(now) {
            let end = self.usage.ends();
            let used = self.usage.roll(&self.quota, end, &self.calendar);
            self.close(used);
        }
    }

    fn close(&mut self, used: u64) {
        self.windows += 1;
        self.exhausted += u64::from(self.exhausted_now);
        self.used_sum += used;
        self.used_max = self.used_max.max(used);
        self.exhausted_now = false;
    }

    fn has_room(&mut self, now: Instant) -> bool {
        self.catch_up(now);
        self.usage.used() < self.quota.limit || self.quota.on_exceed == OnExceed::Bill
    }

    fn take(&mut self, now: Instant) {
        self.usage.admit(&self.quota);
        if self.usage.used() == self.quota.limit && self.quota.on_exceed == OnExceed::Reject {
            self.exhausted_now = true;
            self.exhausted_hours += self.calendar.hour_of_day(now);
            self.exhaustions += 1;
        }
    }

    /// Forgets how windows went, not what the current one has used.
    fn restart(&mut self, now: Instant) {
        self.catch_up(now);
        (self.windows, self.exhausted, self.used_sum, self.used_max) = (0, 0, 0, 0);
        (self.exhausted_hours, self.exhaustions) = (0.0, 0);
    }
}

/// A store at work.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) name: String,
    pub(crate) meters: [Option<Meter>; 4],
    pub(crate) counts: [OpCounts; 4],
    spacing: Option<Span>,
    pub(crate) ops_per_invocation: u32,
    pub(crate) default_ttl: Option<Span>,
    pub(crate) capacity: Option<u64>,
    /// Exponential with a mean of one second, and evictions a second.
    pressure: Option<(Law, f64)>,
    restarts: Option<Restarts>,
    pub(crate) evicted: [u64; 2],
    pub(crate) expired: [u64; 2],
    pub(crate) lost_at_restart: [u64; 2],
    pub(crate) hits: [u64; 2],
    pub(crate) misses: [u64; 2],
}

/// When a store loses everything, drawn ahead.
#[derive(Debug)]
struct Restarts {
    gap: Law,
    gaps: Stream,
    next: Instant,
}

/// Why an entry is no longer there.
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
}

impl Store {
    /// The store as a replication starts.
    ///
    /// # Panics
    /// Never: the checked model's rates make laws.
    pub(crate) fn new(spec: &Spec, calendar: &CalendarStart, draws: &Draws) -> Store {
        let unit = || LawSpec::Exponential { mean: Span::SECOND }.compile().expect("a law");
        let restarts = (spec.restarts_per_day > 0.0).then(|| {
            let mean = Span::DAY.scale(1.0 / spec.restarts_per_day);
            let gap = LawSpec::Exponential { mean }.compile().expect("a law");
            let mut gaps = draws.stream(&spec.name, Purpose::Restart, 0);
            let next = Instant::START + gap.sample(gaps.next());
            Restarts { gap, gaps, next }
        });
        Store {
            name: spec.name.clone(),
            meters: std::array::from_fn(|op| spec.quotas[op].as_ref().map(|quota| Meter::new(quota, calendar))),
            counts: [OpCounts::default(); 4],
            spacing: spec.key_spacing,
            ops_per_invocation: spec.ops_per_invocation.unwrap_or(u32::MAX),
            default_ttl: spec.ttl,
            capacity: spec.capacity.map(|bytes| bytes.0),
            pressure: (spec.evictions_per_hour > 0.0).then(|| (unit(), spec.evictions_per_hour / 3600.0)),
            restarts,
            evicted: [0; 2],
            expired: [0; 2],
            lost_at_restart: [0; 2],
            hits: [0; 2],
            misses: [0; 2],
        }
    }

    /// Whether the quota of this kind of op has room at `now`.
    #[inline]
    pub(crate) fn has_room(&mut self, op: OpKind, now: Instant) -> bool {
        self.meters[op as usize].as_mut().is_none_or(|meter| meter.has_room(now))
    }

    /// Whether a key last written at `last` may be written at `now`: again at exactly the spacing.
    #[inline]
    pub(crate) fn is_spaced(&self, last: Option<Instant>, now: Instant) -> bool {
        match (self.spacing, last) {
            (Some(spacing), Some(last)) => now >= last.saturating_add(spacing),
            _ => true,
        }
    }

    /// Counts an accepted op against its quota.
    #[inline]
    pub(crate) fn take(&mut self, op: OpKind, now: Instant, recorded: bool) {
        if let Some(meter) = &mut self.meters[op as usize] {
            meter.take(now);
        }
        self.counts[op as usize].accepted[usize::from(recorded)] += 1;
    }

    /// Counts a refused op.
    pub(crate) fn refuse(&mut self, op: OpKind, why: Refusal, recorded: bool) {
        self.counts[op as usize].refused[why as usize][usize::from(recorded)] += 1;
    }

    /// When an entry written at `now` goes, and why, as far as that is known when it is written: by its time to
    /// live, by pressure (`word` decides), or at the next restart. What its size does to others is not in here.
    pub(crate) fn fate(&mut self, now: Instant, ttl: Option<Span>, word: crate::streams::Word) -> (Instant, Loss) {
        let mut fate = (Instant::NEVER, Loss::None);
        if let Some(ttl) = ttl.or(self.default_ttl) {
            fate = (now.saturating_add(ttl), Loss::Expired);
        }
        if let Some((unit, per_second)) = &self.pressure {
            let at = now.saturating_add(unit.sample(word).scale(1.0 / per_second));
            fate = if at < fate.0 { (at, Loss::Evicted) } else { fate };
        }
        if let Some(restarts) = &mut self.restarts {
            while restarts.next <= now {
                let gap = restarts.gap.sample(restarts.gaps.next());
                restarts.next = restarts.next.saturating_add(gap.saturating_add(Span::from_nanos(1)));
            }
            fate = if restarts.next < fate.0 { (restarts.next, Loss::Restart) } else { fate };
        }
        fate
    }

    /// Counts how an entry went.
    pub(crate) fn count_loss(&mut self, loss: Loss, recorded: bool) {
        let counter = match loss {
            Loss::None => return,
            Loss::Expired => &mut self.expired,
            Loss::Evicted => &mut self.evicted,
            Loss::Restart => &mut self.lost_at_restart,
        };
        counter[usize::from(recorded)] += 1;
    }

    /// The warm-up is over.
    pub(crate) fn start_recording(&mut self, now: Instant) {
        for meter in self.meters.iter_mut().flatten() {
            meter.restart(now);
        }
    }

    /// The replication ends at `horizon`: the windows that have begun count.
    pub(crate) fn finish(&mut self, horizon: Instant) {
        for meter in self.meters.iter_mut().flatten() {
            meter.catch_up(Instant::from_nanos(horizon.nanos() - 1));
            let used = meter.usage.used();
            meter.close(used);
        }
    }

    /// Attempted ops that are neither accepted nor refused: always 0 unless one was lost.
    pub(crate) fn unaccounted(&self) -> i128 {
        let sum = |both: &[u64; 2]| both.iter().map(|&n| i128::from(n)).sum::<i128>();
        let open = |c: &OpCounts| sum(&c.attempted) - sum(&c.accepted) - c.refused.iter().map(sum).sum::<i128>();
        self.counts.iter().map(open).sum()
    }

    /// Whether any window held more than its limit admits: never, unless the meter is broken.
    pub(crate) fn is_within_limits(&self) -> bool {
        self.meters.iter().flatten().all(|m| m.quota.on_exceed == OnExceed::Bill || m.used_max <= m.quota.limit)
    }
}
