//! What happens to a store from outside: other programs of the account use its quotas, other entries press on its own, and
//! it restarts.

use crate::model::OpKind;
use crate::policy::{Meter, OnExceed, Verdict};
use crate::streams::{Purpose, Source as Draws, Stream, Word, exponential, unit_exponential};
use crate::units::{Instant, Span};

/// The hazard at which entries are evicted by others.
#[derive(Debug)]
pub(super) struct Pressure {
    pub(super) per_second: f64,
    /// What it is multiplied by in a spike of traffic, and the spikes in order.
    pub(super) factor: f64,
    pub(super) spikes: Vec<(Instant, Instant)>,
}

impl Pressure {
    /// When an entry written at `now` is evicted: once the hazard since then adds up to an exponential draw.
    pub(super) fn evicts(&self, now: Instant, word: Word) -> Instant {
        let mut due = unit_exponential().sample(word).secs() / self.per_second;
        let mut at = now;
        let wait = |due: f64| Span::from_secs_f64(due).unwrap_or(Span::MAX);
        let spikes = if self.factor == 1.0 { &[][..] } else { &self.spikes };
        for &(from, to) in spikes.iter().filter(|(_, to)| *to > now) {
            let calm = from.saturating_since(at).secs();
            if due < calm {
                return at.saturating_add(wait(due));
            }
            due -= calm;
            at = at.max(from);
            let raised = to.since(at).secs() * self.factor;
            if due < raised {
                return at.saturating_add(wait(due / self.factor));
            }
            due -= raised;
            at = to;
        }
        at.saturating_add(wait(due))
    }
}

/// Instants that come at random, at a mean rate (a Poisson process): the next one is drawn ahead.
#[derive(Debug)]
pub(super) struct Poisson {
    pub(super) mean_gap: Span,
    pub(super) gaps: Stream,
    pub(super) next: Instant,
    pub(super) drawn: u64,
}

impl Poisson {
    /// None where nothing comes.
    pub(super) fn new(per_day: f64, mut gaps: Stream) -> Option<Poisson> {
        let mean_gap = (per_day > 0.0).then(|| Span::DAY.scale(1.0 / per_day))?;
        let next = Instant::START + exponential(mean_gap, gaps.next());
        Some(Poisson { mean_gap, gaps, next, drawn: 1 })
    }

    /// The one after the next; never at the same instant.
    fn step(&mut self) {
        let gap = exponential(self.mean_gap, self.gaps.next());
        self.next = self.next.saturating_add(gap.saturating_add(Span::from_nanos(1)));
        self.drawn += 1;
    }

    /// Those that have come by `now` are followed by others.
    pub(super) fn catch_up(&mut self, now: Instant) {
        while self.next <= now {
            self.step();
        }
    }

    /// They come at another rate from `now` on, the next one as well.
    pub(super) fn change(&mut self, per_day: f64, now: Instant) {
        let new_gap = Span::DAY.scale(1.0 / per_day);
        if new_gap != self.mean_gap {
            self.next = self.next.stretched(now, new_gap.secs() / self.mean_gap.secs());
            self.mean_gap = new_gap;
        }
    }
}

/// Other programs of the same account: their ops use the quotas, and store nothing here.
#[derive(Debug)]
pub(crate) struct Others {
    pub(super) ops: Poisson,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
}

impl Others {
    pub(super) fn new(per_day: f64, name: &str, op: OpKind, draws: &Draws) -> Option<Others> {
        let ops = Poisson::new(per_day, draws.stream(name, Purpose::Arrival, op as u64))?;
        Some(Others { ops, accepted: 0, refused: 0 })
    }

    /// Lets them do what they do until `now`.
    pub(super) fn catch_up(&mut self, meters: &mut [Meter], now: Instant) {
        while self.ops.next < now {
            let at = self.ops.next;
            match judge(meters, at).0 {
                Verdict::At(done) => {
                    meters.iter_mut().for_each(|meter| meter.take(at, done));
                    self.accepted += 1;
                }
                Verdict::Refused | Verdict::Dropped => {
                    meters.iter_mut().for_each(|meter| meter.refused(at));
                    self.refused += 1;
                }
            }
            self.ops.step();
        }
    }
}

/// The joint decision of several quotas: those that refuse or drop decide when the op is requested, the strictest
/// first; those that delay it do so until it fits all of them. The second value is the position of the quota that
/// refuses.
#[inline]
pub(super) fn judge(meters: &mut [Meter], now: Instant) -> (Verdict, u8) {
    let (mut at, mut verdict) = (now, (Verdict::At(now), 0));
    for (nth, meter) in meters.iter_mut().enumerate() {
        match (meter.ask(now), verdict.0) {
            (Verdict::Refused, _) => return (Verdict::Refused, nth as u8),
            (Verdict::Dropped, Verdict::Dropped) => {}
            (Verdict::Dropped, _) => verdict = (Verdict::Dropped, nth as u8),
            (Verdict::At(later), _) => at = at.max(later),
        }
    }
    if verdict.0 == Verdict::Dropped || at == now {
        return verdict;
    }
    let waits = |meter: &&mut Meter| meter.quota().on_exceed == OnExceed::Wait;
    loop {
        let before = at;
        for meter in meters.iter_mut().filter(waits) {
            if let Verdict::At(later) = meter.ask(at) {
                at = later;
            }
        }
        if at == before {
            return (Verdict::At(at), 0);
        }
    }
}
