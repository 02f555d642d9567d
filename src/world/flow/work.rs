//! Calls that ask no provider: computations, and operations on a database.

use crate::policy::Fault;
use crate::units::Span;
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::{CallEnd, Cause};
use crate::world::parts::d1::Answer;
use crate::world::state::{Phase, Work, World, Writer};

impl World<'_> {
    /// The attempts of a call are over that does not just ask a provider.
    #[cold]
    pub(crate) fn finish_work(&mut self, id: u32, end: CallEnd) {
        let call = &mut self.calls[id as usize];
        if call.work != Work::Provider {
            call.phase = if self.blueprint.has_cpu { Phase::Answered } else { Phase::Done };
        }
        if call.computes {
            self.computation_ends(id, end);
        }
    }

    /// A call without a provider starts its work; it is under way, or it backs off or is over already.
    #[cold]
    pub(crate) fn start_work(&mut self, id: u32) {
        let traced = self.blueprint.traced[self.calls[id as usize].class as usize];
        let recorded_as = if traced { self.traced_attempt(&self.calls[id as usize]) } else { None };
        let call = &mut self.calls[id as usize];
        let takes = recorded_as.map_or(call.latency, |attempt| attempt.latency);
        call.fault = None;
        call.phase = Phase::Running;
        match call.work {
            Work::Provider | Work::Compute => self.schedule_work(id, Rank::Answer, takes),
            Work::Limiter => self.ask_limiter(id),
            Work::D1 => {
                let answer = self.parts.d1[self.blueprint.database(call)].arrive(takes, self.now, call.recorded);
                match answer {
                    Answer::Done(at) => self.schedule_work(id, Rank::StoreAnswer, at.since(self.now)),
                    Answer::TooLate(at) => {
                        call.fault = Some(Fault::Overloaded);
                        self.schedule_work(id, Rank::Timeout, at.since(self.now));
                    }
                    Answer::Refused | Answer::Down => {
                        if self.blueprint.connections_bind {
                            self.disconnect(Writer::Call(id));
                        }
                        self.op_refused(
                            id,
                            if answer == Answer::Down { Cause::Outage } else { Cause::DatabaseOverloaded },
                        );
                    }
                }
            }
        }
    }

    pub(crate) fn schedule_work(&mut self, id: u32, rank: Rank, takes: Span) {
        let call = &self.calls[id as usize];
        self.calendar.push(self.now + takes, order(rank, call.address, call.attempt), Event::WorkEnd(id));
    }

    /// A lookup is answered, or the work of a call without a provider is over.
    pub(crate) fn work_ends(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        if call.phase == Phase::Running {
            let (recorded, done) = (call.recorded, call.fault.is_none());
            if call.work == Work::D1 {
                self.parts.d1[self.blueprint.database(call)].leave(done, self.now, recorded);
            }
            if call.work == Work::Limiter {
                self.limiter_check_goes_on(id);
            } else if done {
                self.finish_attempts::<false>(id, CallEnd::Succeeded)
            } else {
                self.op_refused(id, Cause::DatabaseOverloaded)
            }
            if self.blueprint.connections_bind && self.calls[id as usize].phase != Phase::Running {
                self.disconnect(Writer::Call(id));
            }
        }
        self.advance(id);
    }

    /// A call is lost with its isolate. What becomes of it: nothing is to come for who waited for what another computed,
    /// which is lost too.
    pub(crate) fn lose_work(&mut self, id: u32) -> Phase {
        let call = &mut self.calls[id as usize];
        call.computes = false;
        if call.work != Work::Provider {
            self.not_logged.end(CallEnd::Crashed as usize, call.recorded);
        }
        let goes_on = call.phase == Phase::Running && matches!(call.work, Work::D1 | Work::Limiter);
        if goes_on && call.work == Work::Limiter {
            let limiter = self.blueprint.limiter(call);
            self.parts.limiters[limiter].lost += 1;
        }
        let joined = call.phase == Phase::Joined;
        let missed = call.phase == Phase::Lookup && call.ops.open;
        if joined || missed && self.questions[id as usize].found.is_none() {
            self.parts.tiers[self.questions[id as usize].tiers as usize].lose(joined);
        }
        if joined {
            Phase::Free
        } else if goes_on {
            Phase::Orphaned
        } else {
            Phase::Lost
        }
    }

    /// An operation is over whose call was lost with its isolate: what a database or a store had accepted is done.
    pub(crate) fn orphan_ends(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let (done, recorded) = (call.fault.is_none(), call.recorded);
        match call.work {
            Work::D1 => self.parts.d1[self.blueprint.database(call)].leave(done, self.now, recorded),
            Work::Limiter => self.limiter_check_was_lost(id),
            Work::Provider | Work::Compute => {}
        }
    }

    /// The database refuses an operation: it is tried again after a wait, or given up.
    fn op_refused(&mut self, id: u32, cause: Cause) {
        self.note_attempt(id, Fault::Overloaded.name());
        let call = &self.calls[id as usize];
        let retry = &self.program_of(id).providers[call.provider as usize].retry;
        let db = &mut self.parts.d1[self.blueprint.database(call)];
        if retry.again(u32::from(call.attempt), Fault::Overloaded) {
            db.retried += u64::from(call.recorded);
            self.wait_to_retry(id);
        } else {
            db.exhausted += u64::from(call.recorded);
            self.calls[id as usize].cause = Some(cause);
            self.give_up(id, CallEnd::Failed);
        }
    }
}
