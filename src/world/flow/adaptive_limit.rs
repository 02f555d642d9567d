//! Limits of concurrency that follow the provider: every attempt that ends tells the queue it came through.

use crate::model::Queue;
use crate::policy::{Adaptive, AdaptiveLimit, Fault};
use crate::units::Instant;
use crate::world::state::World;
use crate::world::state::call::NO_QUEUE;

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
        let began = self.policies.sent(id).unwrap_or_else(|| {
            let took = self.planned(id).0.min(program.providers[call.provider as usize].timeout);
            Instant::from_nanos(self.now.nanos().saturating_sub(took.nanos()))
        });
        let specs = &program.model.queues;
        let Some((rules, overloads)) = specs[place % specs.len()].adaptive else { return };
        let now = self.now;
        let limit = self.limit_of(place, rules);
        match fault {
            None => limit.succeeded(now.since(began)),
            Some(fault) if overloads.contains(fault) => limit.overloaded(began, now),
            Some(_) => {}
        }
        let slots = limit.limit();
        self.queues[place].limit(slots, self.now);
        while let Some(next) = self.queues[place].serve_next(&mut self.links, self.now) {
            self.grant::<false>(next);
        }
    }

    /// Whether a queue has fewer slots than it may, because its limit follows the provider.
    pub(crate) fn is_held_back(&self, place: usize) -> bool {
        let limit = self.adaptive.get(place).and_then(Option::as_ref);
        let queues = self.blueprint.model.queues.len();
        let spec = &self.program(place / queues).model.queues[place % queues];
        limit.is_some_and(|limit| limit.limit() < spec.max_concurrency)
    }

    /// Other rules for the limit of a queue, which stays where it is as far as they allow.
    pub(crate) fn change_limit(&mut self, place: usize, was: &Queue, is: &Queue) {
        let (Some((was, _)), Some((is, _))) = (was.adaptive, is.adaptive) else { return };
        let limit = self.limit_of(place, was);
        limit.change(is);
        let slots = limit.limit();
        self.queues[place].limit(slots, self.now);
    }

    /// The limit of a queue, which has these rules if nothing was told it yet.
    fn limit_of(&mut self, place: usize, rules: Adaptive) -> &mut AdaptiveLimit {
        if place >= self.adaptive.len() {
            self.adaptive.resize(place + 1, None);
        }
        self.adaptive[place].get_or_insert_with(|| AdaptiveLimit::new(rules))
    }

    /// An isolate goes, and what its queues have learnt.
    pub(crate) fn lose_limits(&mut self, isolate: usize) {
        let queues = self.blueprint.model.queues.len();
        self.adaptive.iter_mut().skip(isolate * queues).take(queues).for_each(|limit| *limit = None);
    }
}
