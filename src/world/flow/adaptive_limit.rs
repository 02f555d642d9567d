//! Adaptive concurrency limits: every attempt that ends informs the queue that it came through.

use crate::policy::Fault;
use crate::units::Instant;
use crate::world::state::{NO_QUEUE, World};

impl World<'_> {
    /// An attempt that was sent has ended, with this fault or none.
    #[cold]
    pub(crate) fn adapt(&mut self, id: u32, fault: Option<Fault>) {
        let call = &self.calls[id as usize];
        let place = call.queue as usize;
        if call.queue == NO_QUEUE {
            return;
        }
        let program = self.program_of(id);
        let began = self.parts.policies.sent(id).unwrap_or_else(|| {
            let took = self.planned(id).0.min(program.providers[call.provider as usize].timeout);
            Instant::from_nanos(self.now.nanos().saturating_sub(took.nanos()))
        });
        let specs = &program.model.queues;
        let Some((rules, overloads)) = specs[place % specs.len()].adaptive else { return };
        let now = self.now;
        let limit = self.parts.queues.limit_of(place, rules);
        match fault {
            None => limit.succeeded(now.since(began)),
            Some(fault) if overloads.contains(fault) => limit.overloaded(began, now),
            Some(_) => {}
        }
        let slots = limit.limit();
        self.parts.queues.list[place].limit(slots, self.now);
        while let Some(next) = self.parts.queues.list[place].serve_next(&mut self.parts.queues.links, self.now) {
            self.grant::<false>(next);
        }
    }

    /// Whether its adaptive limit gives a queue fewer slots than its maximum.
    pub(crate) fn is_held_back(&self, place: usize) -> bool {
        let limit = self.parts.queues.adaptive.get(place).and_then(Option::as_ref);
        let queues = self.blueprint.model.queues.len();
        let spec = &self.program(place / queues).model.queues[place % queues];
        limit.is_some_and(|limit| limit.limit() < spec.max_concurrency)
    }
}
