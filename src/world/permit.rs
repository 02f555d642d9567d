//! Calls that ask a rate limiter: they read a count from a store, and write it back one higher.
//!
//! Nobody holds the count between the two, so requests of one person that overlap read the same count, and all of
//! them pass. A store that other regions see late shows them the counts of others late as well.

use super::build::Blueprint;
use super::cause::Cause;
use super::event::Rank;
use super::invocation::Writer;
use super::ledger::CallEnd;
use super::log::{Asker, OpAsked};
use super::parts::limiter::Limiter;
use super::state::World;
use crate::model::{self, Model, OpKind};
use crate::streams::{Purpose, Scatter, Source as Draws, Word};
use crate::units::Span;

/// What a call has asked its limiter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Permit {
    person: u32,
    /// What it has read; none: it is reading.
    seen: Option<u32>,
    /// The op under way is refused.
    refused: bool,
}

/// The draws of the checks of one class.
#[derive(Debug)]
pub(super) struct PermitDraws {
    people: Scatter,
    takes: Scatter,
    /// How old what it sees of another region is.
    late: Scatter,
}

impl PermitDraws {
    /// The draws of a class; apart from those of its other calls.
    pub(super) fn new(class: &str, draws: &Draws) -> PermitDraws {
        let name = format!("{class}/limiter");
        PermitDraws {
            people: draws.scatter(&name, Purpose::Content),
            takes: draws.scatter(&name, Purpose::Op),
            late: draws.scatter(&name, Purpose::Staleness),
        }
    }
}

/// By limiter; nobody has asked yet.
pub(super) fn limiters(blueprint: &Blueprint) -> Vec<Limiter> {
    let model = &blueprint.model;
    let regions = &blueprint.class_regions;
    let several = regions.iter().any(|region| *region != regions[0]);
    let all = regions.iter().max().map_or(0, |most| usize::from(*most) + 1);
    let limiter = |spec: &model::Limiter| {
        let late = several && !model.stores[spec.store.index()].staleness.is_zero();
        Limiter::new(spec.people.count, if late { all } else { 0 }, model.run.start)
    };
    model.limiters.iter().map(limiter).collect()
}

/// By class; none where the model has no limiters.
pub(super) fn permit_draws(model: &Model, draws: &Draws) -> Vec<PermitDraws> {
    let classes = model.classes.iter().filter(|_| !model.limiters.is_empty());
    classes.map(|class| PermitDraws::new(&class.name, draws)).collect()
}

impl World<'_> {
    /// A call asks its limiter: it reads the count of whoever it comes from.
    pub(super) fn ask_permit(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let limiter = self.blueprint.limiter(call);
        let number = self.plans[call.plan as usize].number;
        let draws = &mut self.permit_draws[call.class as usize];
        let word = draws.people.at(u64::from(call.index), number).next();
        let person = self.blueprint.limiters[limiter].people.pick(word);
        self.limiters[limiter].checked[usize::from(call.recorded)] += 1;
        if self.permits.len() < self.calls.len() {
            self.permits.resize(self.calls.len(), Permit::default());
        }
        self.permits[id as usize] = Permit { person, seen: None, refused: false };
        self.ask_counter(id, OpKind::Get);
    }

    /// The store has answered: the call is refused, writes the count back, or passes.
    pub(super) fn permit_goes_on(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let (limiter, recorded) = (self.blueprint.limiter(call), call.recorded);
        let model::Limiter { fails_open: opens, per_day, .. } = self.program_of(id).model.limiters[limiter];
        let Permit { person, seen, refused } = self.permits[id as usize];
        let (which, region) = (usize::from(recorded), self.blueprint.class_regions[call.class as usize]);
        let staleness = self.staleness_of(limiter);
        let state = &mut self.limiters[limiter];
        match (seen, refused) {
            (None, true) => {
                state.unreadable[which] += 1;
                self.judged(id, opens, Cause::LimiterStore);
            }
            (None, false) => {
                let (index, number) = (u64::from(call.index), self.plans[call.plan as usize].number);
                let draws = &mut self.permit_draws[call.class as usize].late;
                let age = |other: u16| staleness.scale(draws.at(index << 16 | u64::from(other), number).next().unit());
                let count = state.read((person, region), self.now, age);
                if count >= per_day {
                    return self.judged(id, false, Cause::Limiter);
                }
                self.permits[id as usize].seen = Some(count);
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
    pub(super) fn permit_was_lost(&mut self, id: u32) {
        if let Permit { person, seen: Some(count), refused: false } = self.permits[id as usize] {
            self.write_count(id, person, count + 1);
        }
    }

    /// A count is written back.
    fn write_count(&mut self, id: u32, person: u32, count: u32) {
        let call = &self.calls[id as usize];
        let (limiter, recorded) = (self.blueprint.limiter(call), call.recorded);
        let (region, staleness) = (self.blueprint.class_regions[call.class as usize], self.staleness_of(limiter));
        self.limiters[limiter].write((person, region), count, (self.now, recorded), staleness);
    }

    fn staleness_of(&self, limiter: usize) -> Span {
        self.blueprint.model.stores[self.blueprint.limiters[limiter].store as usize].staleness
    }

    fn judged(&mut self, id: u32, admitted: bool, cause: Cause) {
        let call = &self.calls[id as usize];
        let (limiter, recorded) = (self.blueprint.limiter(call), call.recorded);
        let per_day = self.program_of(id).model.limiters[limiter].per_day;
        let state = &mut self.limiters[limiter];
        if admitted {
            state.admit(self.permits[id as usize].person, per_day, self.now, recorded);
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
        let word = self.permit_draws[call.class as usize].takes.at(u64::from(call.index), position).next();
        let (recorded, invocation) = (call.recorded, self.invocation(id));
        let asker = Asker { recorded, who: Writer::Call(id), invocation, latency: word, network: Word(0) };
        let person = self.permits[id as usize].person;
        let asked = self.ask(
            &asker,
            &OpAsked {
                store: spec.store as usize,
                op,
                external: false,
                cold: None,
                key: self.limiters[limiter].written(person).filter(|_| op == OpKind::Put),
                bytes: 0,
            },
        );
        let Some(asked) = asked else { return }; // it has its connection since it began
        if asked.refused.is_none() && op == OpKind::Put {
            self.limiters[limiter].writes(person, asked.at);
        }
        self.permits[id as usize].refused = asked.refused.is_some();
        self.schedule_work(id, Rank::StoreAnswer, asked.takes);
    }
}
