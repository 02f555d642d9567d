//! The diagnostics page: what it shows in the isolate that a request lands on, compared with the truth over all
//! isolates at the same instant.

use crate::units::Instant;
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::PlanEnd;
use crate::world::parts::queues::queue::{Page, Queue};
use crate::world::state::{Phase, World};

impl World<'_> {
    /// The next visit.
    pub(crate) fn schedule_visit(&mut self) {
        let (Some(spec), Some(page)) = (&self.blueprint.model.diagnostics, &mut self.parts.diagnostics) else { return };
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
    pub(crate) fn visit(&mut self) {
        let model = &self.blueprint.model;
        let overloaded = self.ledgers.iter().map(|of| of.plans.ended[PlanEnd::Overloaded as usize].iter().sum::<u64>());
        let overloaded: u64 = overloaded.sum();
        let mut real = Page::default();
        let queue = model.diagnostics.as_ref().map_or(0, |spec| spec.queue.index());
        let isolates = self.open_to_visits();
        for isolate in 0..self.parts.queues.list.len() / model.queues.len() {
            real.add(&self.page(isolate * model.queues.len() + queue));
        }
        let Some(diagnostics) = &mut self.parts.diagnostics else { return };
        let isolate = isolates[diagnostics.routing.next().index(isolates.len() as u64) as usize];
        let is_new = overloaded > diagnostics.overloaded_before;
        diagnostics.overloaded_before = overloaded;
        let shown = self.page(isolate * model.queues.len() + queue);
        if self.now >= self.blueprint.recording_from
            && let Some(diagnostics) = &mut self.parts.diagnostics
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
        Queue::page(&self.parts.queues.list[queue], self.now, still)
    }
}
