//! Calls that ask a rate limiter: they read a count from a store, and write it back one higher.
//!
//! The count is not locked between the two, so overlapping requests of one person read the same count, and all of them
//! pass. A store that other regions see late shows them the counts of others late as well.

use crate::model::{self, OpKind};
use crate::streams::Word;
use crate::units::Span;
use crate::world::event::Rank;
use crate::world::ledger::{CallEnd, Cause};
use crate::world::state::{LimiterCheck, OpRequest, Requester, World, Writer};

impl World<'_> {
    /// A call asks its limiter: it reads the count of its person.
    pub(crate) fn ask_limiter(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let limiter = self.blueprint.limiter(call);
        let number = self.plans[call.plan as usize].number;
        let draws = &mut self.limiter_draws[call.class as usize];
        let word = draws.people.at(u64::from(call.index), number).next();
        let person = self.blueprint.limiters[limiter].people.pick(word);
        self.parts.limiters[limiter].checked[usize::from(call.recorded)] += 1;
        if self.limiter_checks.len() < self.calls.len() {
            self.limiter_checks.resize(self.calls.len(), LimiterCheck::default());
        }
        self.limiter_checks[id as usize] = LimiterCheck { person, seen: None };
        self.ask_counter(id, OpKind::Get);
    }

    /// The store has answered: the call is refused, writes the count back, or passes.
    pub(crate) fn limiter_check_goes_on(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let (limiter, recorded) = (self.blueprint.limiter(call), call.recorded);
        let model::Limiter { fails_open: opens, limit, .. } = self.program_of(id).model.limiters[limiter];
        let LimiterCheck { person, seen } = self.limiter_checks[id as usize];
        let refused = self.calls[id as usize].ops.refused.is_some();
        let (which, region) = (usize::from(recorded), self.blueprint.class_regions[call.class as usize]);
        let staleness = self.staleness_of(limiter);
        let state = &mut self.parts.limiters[limiter];
        match (seen, refused) {
            (None, true) => {
                state.unreadable[which] += 1;
                self.judged(id, opens, Cause::LimiterStore);
            }
            (None, false) => {
                let (index, number) = (u64::from(call.index), self.plans[call.plan as usize].number);
                let draws = &mut self.limiter_draws[call.class as usize].late;
                let age = |other: u16| staleness.scale(draws.at(index << 16 | u64::from(other), number).next().unit());
                let count = state.read((person, region), self.now, age);
                if count >= limit {
                    return self.judged(id, false, Cause::Limiter);
                }
                self.limiter_checks[id as usize].seen = Some(count);
                self.ask_counter(id, OpKind::Put);
            }
            (Some(_), true) => {
                state.unwritten[which] += 1;
                self.judged(id, opens, Cause::LimiterStore);
            }
            (Some(count), false) => {
                self.write_count(id, person, count + 1);
                self.judged(id, true, Cause::Limiter);
            }
        }
    }

    /// The store has answered a check that was lost with its isolate: a count that it had accepted is written.
    pub(crate) fn limiter_check_was_lost(&mut self, id: u32) {
        if let LimiterCheck { person, seen: Some(count) } = self.limiter_checks[id as usize]
            && self.calls[id as usize].ops.refused.is_none()
        {
            self.write_count(id, person, count + 1);
        }
    }

    /// A count is written back.
    fn write_count(&mut self, id: u32, person: u32, count: u32) {
        let call = &self.calls[id as usize];
        let (limiter, recorded) = (self.blueprint.limiter(call), call.recorded);
        let (region, staleness) = (self.blueprint.class_regions[call.class as usize], self.staleness_of(limiter));
        self.parts.limiters[limiter].write((person, region), count, (self.now, recorded), staleness);
    }

    fn staleness_of(&self, limiter: usize) -> Span {
        self.blueprint.model.stores[self.blueprint.limiters[limiter].store as usize].staleness
    }

    fn judged(&mut self, id: u32, admitted: bool, cause: Cause) {
        let call = &self.calls[id as usize];
        let (limiter, recorded) = (self.blueprint.limiter(call), call.recorded);
        let limit = self.program_of(id).model.limiters[limiter].limit;
        let state = &mut self.parts.limiters[limiter];
        if admitted {
            state.admit(self.limiter_checks[id as usize].person, limit, self.now, recorded);
            self.finish_attempts::<false>(id, CallEnd::Succeeded);
        } else {
            state.refused[usize::from(recorded)] += 1;
            self.calls[id as usize].cause = Some(cause);
            self.finish_attempts::<false>(id, CallEnd::Refused);
        }
    }

    /// Asks the store for an op on the count.
    fn ask_counter(&mut self, id: u32, op: OpKind) {
        let call = &self.calls[id as usize];
        let limiter = self.blueprint.limiter(call);
        let spec = &self.blueprint.limiters[limiter];
        let position = 2 * self.plans[call.plan as usize].number + u64::from(op == OpKind::Put);
        let word = self.limiter_draws[call.class as usize].takes.at(u64::from(call.index), position).next();
        let (recorded, invocation) = (call.recorded, self.invocation(id));
        let requester = Requester { recorded, who: Writer::Call(id), invocation, latency: word, network: Word(0) };
        let person = self.limiter_checks[id as usize].person;
        let asked = self.ask(
            &requester,
            &OpRequest {
                store: spec.store as usize,
                op,
                external: false,
                cold: None,
                key: self.parts.limiters[limiter].written(person).filter(|_| op == OpKind::Put),
                bytes: 0,
            },
        );
        let Some(asked) = asked else { return }; // it has its connection since it began
        if asked.refused.is_none() && op == OpKind::Put {
            self.parts.limiters[limiter].writes(person, asked.at);
        }
        self.calls[id as usize].ops.refused = asked.refused;
        self.schedule_work(id, Rank::StoreAnswer, asked.takes);
    }
}
