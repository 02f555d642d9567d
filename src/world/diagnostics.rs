//! The diagnostics page: what it shows on the isolate that a request happens to land on, beside what is true at the
//! same instant in all of them.

use super::event::{Event, Rank, order};
use super::ledger::PlanEnd;
use super::parts::queue::{Page, Queue};
use super::state::{Phase, World};
use crate::streams::{Purpose, Stream};
use crate::units::Instant;

/// The page, and what its samples have shown so far.
#[derive(Debug)]
pub(super) struct Diagnostics {
    routing: Stream,
    /// The next of the listed instants.
    next: usize,
    /// Overload answers up to the sample before.
    overloaded_before: u64,
    pub(super) seen: Seen,
}

/// Sums over the recorded samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) samples: u64,
    pub(super) shown: Levels,
    /// In all isolates together.
    pub(super) real: Levels,
    /// The sum of the average waits shown, in nanoseconds; a page without an admitted call shows 0.
    pub(super) wait_ns: f64,
    /// Samples that show a last drop.
    pub(super) last_drop: u64,
    /// Samples that show 0 everywhere.
    pub(super) zero: u64,
    /// Samples since whose predecessor some user got an overload answer, and those of them that show 0 everywhere.
    pub(super) overloaded: u64,
    pub(super) blind: u64,
}

/// Sums and maxima of what one place shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Levels {
    pub(super) active: u64,
    pub(super) active_max: u64,
    pub(super) queued: u64,
    pub(super) queued_max: u64,
    pub(super) dropped_max: u64,
}

impl Levels {
    fn add(&mut self, page: &Page) {
        self.active += page.active;
        self.active_max = self.active_max.max(page.active);
        self.queued += page.queued;
        self.queued_max = self.queued_max.max(page.queued);
        self.dropped_max = self.dropped_max.max(page.dropped);
    }
}

impl World<'_> {
    /// The page of this model, if it has one, and its first visit.
    pub(super) fn open_diagnostics(&mut self) {
        if self.blueprint.model.diagnostics.is_some() {
            let routing = self.addresses.stream("diagnostics", Purpose::Page, 0);
            let seen = Seen::default();
            self.diagnostics = Some(Box::new(Diagnostics { routing, next: 0, overloaded_before: 0, seen }));
            self.schedule_visit();
        }
    }

    fn schedule_visit(&mut self) {
        let (Some(spec), Some(page)) = (&self.blueprint.model.diagnostics, &mut self.diagnostics) else { return };
        let at = match spec.every {
            Some(every) => self.now.saturating_add(every),
            None => spec.at.get(page.next).map_or(Instant::NEVER, |at| Instant::START + *at),
        };
        page.next += 1;
        if at < self.blueprint.horizon {
            self.calendar.push(at, order(Rank::Visit, 0, 0), Event::Visit);
        }
    }

    /// Somebody looks at the page.
    pub(super) fn visit(&mut self) {
        let model = &self.blueprint.model;
        let overloaded = self.ledgers.iter().map(|of| of.plans.ended[PlanEnd::Overloaded as usize].iter().sum::<u64>());
        let overloaded: u64 = overloaded.sum();
        let mut real = Page::default();
        let queue = model.diagnostics.as_ref().map_or(0, |spec| spec.queue.index());
        let isolates = self.open_to_visits();
        for isolate in 0..self.queues.len() / model.queues.len() {
            real.add(&self.page(isolate * model.queues.len() + queue));
        }
        let Some(diagnostics) = &mut self.diagnostics else { return };
        let isolate = isolates[diagnostics.routing.next().index(isolates.len() as u64) as usize];
        let is_new = overloaded > diagnostics.overloaded_before;
        diagnostics.overloaded_before = overloaded;
        let shown = self.page(isolate * model.queues.len() + queue);
        if self.now >= self.blueprint.recording_from
            && let Some(diagnostics) = &mut self.diagnostics
        {
            let seen = &mut diagnostics.seen;
            let zero = (shown.active, shown.queued, shown.dropped) == (0, 0, 0);
            seen.samples += 1;
            seen.shown.add(&shown);
            seen.real.add(&real);
            seen.wait_ns += shown.average_wait_ns();
            seen.last_drop += u64::from(shown.last_drop.is_some());
            seen.zero += u64::from(zero);
            seen.overloaded += u64::from(is_new);
            seen.blind += u64::from(is_new && zero);
        }
        self.schedule_visit();
    }

    /// What the page shows of one queue of one isolate. It averages over admitted calls: those that still wait are
    /// taken out of the time that was waited in all.
    fn page(&self, queue: usize) -> Page {
        let waiting = self.calls.iter().filter(|call| call.phase == Phase::Waiting && call.queue as usize == queue);
        let still: u128 = waiting.map(|call| u128::from(self.now.since(call.enqueued).nanos())).sum();
        Queue::page(&self.queues[queue], self.now, still)
    }
}
