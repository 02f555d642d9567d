//! Stale events, whose target is gone or has moved on: recognised only here.
//!
//! A handle tells it by its generation. An event of a call tells it by its own place in the order, which names the plan,
//! the call and the attempt, and by the phase in which the call would await it.

use crate::world::event::{Event, Handle, Rank, order};
use crate::world::state::{Phase, World, Writer};

impl World<'_> {
    /// Whether an event is stale. The place of a call or task that ended before its last event is free from now on.
    #[inline(always)]
    pub(crate) fn is_stale(&mut self, event: Event, at: u64) -> bool {
        match event {
            Event::AttemptEnd(call) | Event::GuardedEnd(call) | Event::BackoffEnd(call) => self.is_lost(call),
            Event::StoreAnswer(Writer::Call(call)) => self.is_lost(call),
            Event::StoreAnswer(Writer::Task(task)) => self.is_cut(task),
            Event::WorkEnd(call) => self.lost_work_ends(call),
            Event::Patience(call) => !self.is_in(call, Phase::Waiting, Rank::Timeout, at),
            Event::GivesUp(call) => !self.is_in(call, Phase::Connecting, Rank::Timeout, at),
            Event::Cut(call) => !self.is_in(call, Phase::Running, Rank::Timeout, at),
            Event::Headers(call) => !self.is_in(call, Phase::Running, Rank::Answer, at),
            Event::Hedge(call) => !self.is_in(call, Phase::Running, Rank::BackoffEnd, at),
            Event::RacerEnds(racer) => !self.parts.policies.races.racers.contains_key(&(racer.slot, racer.generation)),
            Event::RacerCut(racer) => !self.parts.policies.races.is_awaited((racer.slot, racer.generation)),
            Event::Share(provider) => !self.parts.policies.is_next(provider),
            Event::CutOff(invocation) => !self.is_left(invocation),
            Event::Leaves(plan) => !self.plans[plan.slot as usize].is_open(plan),
            Event::IsolateIdle(place) => !self.parts.isolates.as_ref().is_some_and(|all| all.is_idle(place)),
            Event::IsolateEnds(place) => !self.parts.isolates.as_ref().is_some_and(|all| all.is_open(place)),
            Event::IsolateDrained(place) => !self.parts.isolates.as_ref().is_some_and(|all| all.is_alive(place)),
            Event::Arrival(class) => self.users[class as usize].leaves(),
            Event::Recording | Event::Change(_) | Event::Reaches(..) | Event::Deploy | Event::Return(_) => false,
            Event::DayEnd | Event::Job(_) | Event::Visit => false,
        }
    }

    /// Whether a call is in a phase in which an event of this rank is for it, and not for who had its place before, or an
    /// earlier attempt.
    fn is_in(&self, id: u32, phase: Phase, rank: Rank, at: u64) -> bool {
        let call = &self.calls[id as usize];
        call.phase == phase && order(rank, call.address, call.attempt) == at
    }

    /// Whether an invocation is still that of the same plan, and its calls have been over for as long as its tasks may go on.
    fn is_left(&self, Handle { slot, generation }: Handle) -> bool {
        let invocation = &self.parts.invocations.list[slot as usize];
        let is_due = invocation.calls == 0 && invocation.tasks > 0 && invocation.cut == self.now;
        let plan = invocation.plan.map(|place| &self.plans[place as usize]);
        is_due && plan.is_some_and(|plan| plan.alive && plan.serial as u32 == generation)
    }

    /// Whether an event has come for a call that was lost with its isolate: then its place is free.
    #[inline]
    fn is_lost(&mut self, id: u32) -> bool {
        self.parts.isolates.is_some() && self.bury(id)
    }

    fn bury(&mut self, id: u32) -> bool {
        let call = &mut self.calls[id as usize];
        if !matches!(call.phase, Phase::Lost | Phase::Orphaned) {
            return false;
        }
        call.phase = Phase::Free;
        self.free_calls.push(id);
        true
    }

    /// Whether an event has come for work whose call was lost with its isolate. What a database or a store had accepted is
    /// done all the same.
    fn lost_work_ends(&mut self, id: u32) -> bool {
        if self.calls[id as usize].phase == Phase::Orphaned {
            self.orphan_ends(id);
        }
        self.is_lost(id)
    }

    /// Whether an event has come for a task that was cut off: then its place is free.
    fn is_cut(&mut self, id: u32) -> bool {
        let task = &mut self.tasks.list[id as usize];
        task.is_awaited = false;
        let is_cut = !task.alive;
        self.tasks.free.extend(is_cut.then_some(id));
        is_cut
    }
}
