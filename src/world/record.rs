//! What is measured while a replication runs: per class and, for log records, by their fate.

use super::parts::index::Departure;
use super::parts::store::Loss;
use crate::stats::{Quantiles, Survival};
use crate::units::{Instant, Span};

/// The ages at which the report says what can still be read.
pub(super) const AGES: [(&str, Span); 5] = [
    ("1h", Span::HOUR),
    ("24h", Span::DAY),
    ("3d", Span::from_secs(3 * 86_400)),
    ("7d", Span::from_secs(7 * 86_400)),
    ("30d", Span::from_secs(30 * 86_400)),
];

/// What is measured of one class, beside its ledger.
#[derive(Debug, Default)]
pub(super) struct ClassTally {
    /// Of completed plans.
    pub(super) latencies: Quantiles,
    pub(super) latency_ns: u128,
    pub(super) retried: u64,
    /// Completed after their user had left.
    pub(super) for_nobody: u64,
    pub(super) faults: [u64; crate::policy::Fault::ALL.len()],
}

/// The fates of normal (`[0]`) and error (`[1]`) records.
#[derive(Debug)]
pub(super) struct Retention {
    horizon: Instant,
    pub(super) kinds: [Fates; 2],
    /// For failed calls: the share of which request and response can both be read.
    pub(super) context: Survival,
    /// Records that are written but whose end is not yet known.
    pub(super) pending: u64,
}

/// How many records of one kind there were, and what became of them.
#[derive(Debug)]
pub(super) struct Fates {
    pub(super) unlogged: u64,
    pub(super) refused: u64,
    /// Answered as if it were stored, and not.
    pub(super) dropped: u64,
    pub(super) written: u64,
    /// By the horizon: expired, evicted, lost at a restart.
    pub(super) gone: [u64; 3],
    pub(super) alive: u64,
    pub(super) retrievable: Survival,
    pub(super) reachable: Survival,
}

impl Fates {
    fn new() -> Fates {
        let ages = AGES.map(|(_, age)| age.nanos());
        Fates {
            unlogged: 0,
            refused: 0,
            dropped: 0,
            written: 0,
            gone: [0; 3],
            alive: 0,
            retrievable: Survival::new(&ages),
            reachable: Survival::new(&ages),
        }
    }
}

impl Retention {
    pub(super) fn new(horizon: Instant) -> Retention {
        let ages = AGES.map(|(_, age)| age.nanos());
        Retention { horizon, kinds: [Fates::new(), Fates::new()], context: Survival::new(&ages), pending: 0 }
    }

    /// A log event of which nothing was stored: because the strategy does not log it, because it was refused, or
    /// because a store said so and did not.
    pub(super) fn nothing_stored(&mut self, error: bool, was_tried: bool, was_dropped: bool) {
        let kind = &mut self.kinds[usize::from(error)];
        *match (was_dropped, was_tried) {
            (true, _) => &mut kind.dropped,
            (_, true) => &mut kind.refused,
            (_, false) => &mut kind.unlogged,
        } += 1;
    }

    /// Events that the strategy has no row for, all at once.
    pub(super) fn never_logged(&mut self, error: bool, count: u64) {
        self.kinds[usize::from(error)].unlogged += count;
    }

    /// What was never stored is gone at every age.
    pub(super) fn finish(&mut self) {
        for kind in &mut self.kinds {
            let never = kind.unlogged + kind.refused + kind.dropped;
            kind.retrievable.deaths(0, never);
            kind.reachable.deaths(0, never);
        }
    }

    /// A record has been written.
    pub(super) fn stored(&mut self, error: bool) {
        let kind = &mut self.kinds[usize::from(error)];
        kind.written += 1;
    }

    /// The end of a record is known: it goes at `dies` (which may lie past the horizon), for this reason.
    pub(super) fn ends(&mut self, error: bool, written: Instant, dies: Instant, loss: Loss) {
        let kind = &mut self.kinds[usize::from(error)];
        let gone = match loss {
            Loss::Expired => Some(0),
            Loss::Evicted => Some(1),
            Loss::Restart => Some(2),
            Loss::None => None,
        };
        match gone.filter(|_| dies < self.horizon) {
            Some(reason) => kind.gone[reason] += 1,
            None => kind.alive += 1,
        }
        record(&mut kind.retrievable, written, dies);
    }

    /// The replication ends before it is known when the record goes.
    pub(super) fn still_there(&mut self, error: bool, written: Instant) {
        let kind = &mut self.kinds[usize::from(error)];
        kind.alive += 1;
        kind.retrievable.censored(self.horizon.saturating_since(written).nanos());
    }

    /// A record that no index can lead to: found until `searchable`, or never.
    pub(super) fn reachable_until(&mut self, error: bool, written: Instant, searchable: Instant) {
        record(&mut self.kinds[usize::from(error)].reachable, written, searchable);
    }

    /// A session is no longer in the index, or the replication ends (`is_final` is false: it is still in it).
    pub(super) fn departs(&mut self, departure: &Departure, is_final: bool) {
        if !departure.recorded {
            return;
        }
        for entry in &departure.entries {
            let reachable = &mut self.kinds[usize::from(entry.error)].reachable;
            let Some(until) = departure.unreachable_from.filter(|_| entry.listed) else {
                record(reachable, entry.written, entry.searchable);
                continue;
            };
            let until = until.min(entry.dies).max(entry.searchable);
            if !is_final && until >= self.horizon {
                reachable.censored(self.horizon.saturating_since(entry.written).nanos());
            } else {
                record(reachable, entry.written, until);
            }
        }
    }

    /// A failed call's request and response are both there until `dies`.
    pub(super) fn context(&mut self, written: Instant, dies: Instant) {
        record(&mut self.context, written, dies);
    }
}

fn record(survival: &mut Survival, written: Instant, dies: Instant) {
    if dies == Instant::NEVER {
        survival.censored(u64::MAX);
    } else {
        survival.death(dies.saturating_since(written).nanos());
    }
}

impl Retention {
    /// Every record that was written has exactly one fate.
    pub(super) fn balance(&self) -> Result<(), String> {
        for kind in &self.kinds {
            let fates = kind.gone.iter().sum::<u64>() + kind.alive;
            super::ledger::check("written records", i128::from(kind.written) - i128::from(fates), 0)?;
        }
        Ok(())
    }
}

impl Fates {
    /// Log events of this kind, however they ended.
    pub(super) fn offered(&self) -> u64 {
        self.written + self.refused + self.dropped + self.unlogged
    }
}
