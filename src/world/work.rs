//! Calls that ask somebody else than a provider, or ask before they do: lookups in tiers of caches, computations,
//! operations on a database.

use super::cause::Cause;
use super::event::{Event, Rank, order};
use super::invocation::Writer;
use super::ledger::CallEnd;
use super::parts::d1::Answer;
use super::parts::tiers::Miss;
use super::state::{Call, Phase, World};
use crate::model::Model;
use crate::policy::Fault;
use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::units::{Instant, Span};

/// Who does the work of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// A provider.
    Provider,
    /// The program itself; or nobody, once a lookup has its answer.
    Compute,
    /// A database.
    D1,
    /// A rate limiter.
    Limiter,
}

/// What a call has asked its tiers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    tiers: u16,
    isolate: u32,
    key: u32,
    asked: Instant,
    /// The tier that has the key.
    found: Option<u8>,
}

impl Question {
    /// No question yet.
    const NONE: Question = Question { tiers: 0, isolate: 0, key: 0, asked: Instant::START, found: None };
}

/// The draws of lookups of one class.
#[derive(Debug)]
pub(super) struct LookupDraws {
    keys: Scatter,
    takes: Scatter,
}

impl LookupDraws {
    /// The draws of a class; apart from those of its other calls, so that a lookup moves none of them.
    pub(super) fn new(class: &str, draws: &Draws) -> LookupDraws {
        let name = format!("{class}/lookup");
        LookupDraws { keys: draws.scatter(&name, Purpose::Content), takes: draws.scatter(&name, Purpose::Op) }
    }
}

/// By class; none where the model has no tiers.
pub(super) fn lookup_draws(model: &Model, draws: &Draws) -> Vec<LookupDraws> {
    let classes = model.classes.iter().filter(|_| !model.tiers.is_empty());
    classes.map(|class| LookupDraws::new(&class.name, draws)).collect()
}

/// Words between the lookups of one plan's call: one for each tier.
const WORDS_PER_LOOKUP: u64 = 8;

impl World<'_> {
    /// Goes on with a lookup; whether it must wait for an event.
    pub(super) fn look_up(&mut self, id: u32) -> bool {
        if !self.calls[id as usize].op_open {
            let takes = self.ask_tiers(id);
            self.calls[id as usize].op_open = true;
            if !takes.is_zero() {
                self.schedule_work(id, Rank::StoreAnswer, takes);
                return true;
            }
        }
        self.calls[id as usize].op_open = false;
        let question = self.questions[id as usize];
        if let Some(tier) = question.found {
            let (isolate, key, now) = (question.isolate as usize, question.key, self.now);
            self.tiers[question.tiers as usize].copy_forward(isolate, key, tier as usize, now);
            self.lookup_ends(id, CallEnd::Succeeded);
            return false;
        }
        let recorded = self.calls[id as usize].recorded;
        let tiers = &mut self.tiers[question.tiers as usize];
        match tiers.miss(question.isolate as usize, question.key, id, recorded) {
            Miss::Joins => {
                self.calls[id as usize].phase = Phase::Joined;
                true
            }
            Miss::Computes => {
                let call = &mut self.calls[id as usize];
                call.computes = true;
                let logs = call.work == Work::Provider && !self.blueprint.requests.is_empty();
                call.phase = if logs { Phase::Request } else { Phase::Enter };
                call.cursor = 0;
                false
            }
        }
    }

    /// Draws the key, asks for it, and says how long that takes.
    fn ask_tiers(&mut self, id: u32) -> Span {
        let (blueprint, program) = (self.blueprint, self.program_of(id));
        let call = self.calls[id as usize];
        let plan = self.plans[call.plan as usize];
        let lookup = blueprint.workflows[plan.workflow as usize].calls[call.index as usize].lookup;
        let spec = &blueprint.lookups[lookup as usize];
        let draws = &mut self.lookup_draws[call.class as usize];
        let key = spec.keys.pick(draws.keys.at(u64::from(call.index), plan.number).next());
        let tiers = &mut self.tiers[lookup as usize];
        let rules = &program.model.tiers[lookup as usize];
        let found = tiers.look(rules, plan.isolate as usize, key, self.now, call.recorded);
        let mut words = draws.takes.at(u64::from(call.index), plan.number * WORDS_PER_LOOKUP);
        let mut takes = Span::ZERO;
        for (tier, [hit, miss]) in spec.tiers.iter().enumerate() {
            let law = if found == Some(tier) { *hit } else { *miss };
            takes = takes.saturating_add(blueprint.laws[law as usize].sample(words.next()));
            if found == Some(tier) {
                break;
            }
        }
        if self.questions.len() < self.calls.len() {
            self.questions.resize(self.calls.len(), Question::NONE);
        }
        self.questions[id as usize] = Question {
            tiers: lookup,
            isolate: plan.isolate,
            key,
            asked: self.now,
            found: found.map(|tier| tier as u8),
        };
        takes
    }

    /// A lookup has its answer, so its call has no more to do: nobody else was asked, and nothing is logged.
    fn lookup_ends(&mut self, id: u32, end: CallEnd) {
        let question = self.questions[id as usize];
        if self.calls[id as usize].recorded {
            self.tiers[question.tiers as usize].answered(self.now.since(question.asked));
        }
        self.end_unasked(id, end);
    }

    /// A call ends that has asked nobody, and of which nothing is logged.
    pub(super) fn end_unasked(&mut self, id: u32, end: CallEnd) {
        let call = &mut self.calls[id as usize];
        self.faulty_requests -= u64::from(call.request_error && call.recorded);
        (call.request_error, call.work) = (false, Work::Compute);
        (call.end, call.phase) = (end, Phase::Done);
    }

    /// The computation that a miss has led to is over, well or not: so are the lookups that waited for it.
    pub(super) fn computation_ends(&mut self, id: u32, end: CallEnd) {
        let question = self.questions[id as usize];
        let (tiers, isolate, key) = (question.tiers as usize, question.isolate as usize, question.key);
        let call = &mut self.calls[id as usize];
        call.computes = false;
        if call.recorded {
            self.tiers[tiers].answered(self.now.since(question.asked));
        }
        let mut joined = self.tiers[tiers].computed(isolate, key, end == CallEnd::Succeeded, self.now);
        let shared = if end == CallEnd::Crashed { CallEnd::Failed } else { end };
        let cause = self.calls[id as usize].cause;
        while let Some(waiting) = joined {
            joined = self.tiers[tiers].next_behind(waiting);
            self.calls[waiting as usize].cause = cause;
            self.lookup_ends(waiting, shared);
            self.ready.push_back(waiting);
        }
    }

    /// The attempts of a call are over that does not just ask a provider.
    #[cold]
    pub(super) fn finish_work(&mut self, id: u32, end: CallEnd) {
        let call = &mut self.calls[id as usize];
        if call.work != Work::Provider {
            call.phase = if self.blueprint.has_cpu { Phase::Answered } else { Phase::Done };
        }
        if call.computes {
            self.computation_ends(id, end);
        }
    }

    /// Lookups that have missed and are not yet told.
    pub(super) fn open_misses(&self) -> u64 {
        let open = |(call, question): &(&Call, &Question)| {
            call.phase == Phase::Lookup && call.op_open && question.found.is_none()
        };
        self.calls.iter().zip(&self.questions).filter(open).count() as u64
    }

    /// A call without a provider starts its work; it is under way, or it backs off or is over already.
    #[cold]
    pub(super) fn start_work(&mut self, id: u32) {
        let traced = self.blueprint.traced[self.calls[id as usize].class as usize];
        let recorded_as = if traced { self.traced_attempt(&self.calls[id as usize]) } else { None };
        let call = &mut self.calls[id as usize];
        let takes = recorded_as.map_or(call.latency, |attempt| attempt.latency);
        call.fault = None;
        call.phase = Phase::Running;
        match call.work {
            Work::Provider | Work::Compute => self.schedule_work(id, Rank::Answer, takes),
            Work::Limiter => self.ask_permit(id),
            Work::D1 => {
                let answer = self.d1[self.blueprint.database(call)].arrive(takes, self.now, call.recorded);
                match answer {
                    Answer::Done(at) => self.schedule_work(id, Rank::StoreAnswer, at.since(self.now)),
                    Answer::TooLate(at) => {
                        call.fault = Some(Fault::Overloaded);
                        self.schedule_work(id, Rank::Timeout, at.since(self.now));
                    }
                    Answer::Refused => {
                        if self.blueprint.connections_bind {
                            self.disconnect(Writer::Call(id));
                        }
                        self.op_refused(id);
                    }
                }
            }
        }
    }

    pub(super) fn schedule_work(&mut self, id: u32, rank: Rank, takes: Span) {
        let call = &self.calls[id as usize];
        self.calendar.push(self.now + takes, order(rank, call.address, call.attempt), Event::WorkEnd(id));
    }

    /// A lookup is answered, or the work of a call without a provider is over.
    pub(super) fn work_ends(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        if call.phase == Phase::Running {
            let (recorded, done) = (call.recorded, call.fault.is_none());
            if call.work == Work::D1 {
                self.d1[self.blueprint.database(call)].leave(done, self.now, recorded);
            }
            if call.work == Work::Limiter {
                self.permit_goes_on(id);
            } else if done {
                self.finish_attempts::<false>(id, CallEnd::Succeeded)
            } else {
                self.op_refused(id)
            }
            if self.blueprint.connections_bind && self.calls[id as usize].phase != Phase::Running {
                self.disconnect(Writer::Call(id));
            }
        }
        self.advance(id);
        self.drain::<false>();
    }

    /// A call is lost with its isolate. What becomes of it: nothing is to come for who waited for what another computed,
    /// which is lost too.
    pub(super) fn lose_work(&mut self, id: u32) -> Phase {
        let call = &mut self.calls[id as usize];
        call.computes = false;
        if call.work != Work::Provider {
            self.not_logged.end(CallEnd::Crashed as usize, call.recorded);
        }
        let goes_on = call.phase == Phase::Running && matches!(call.work, Work::D1 | Work::Limiter);
        if goes_on && call.work == Work::Limiter {
            let limiter = self.blueprint.limiter(call);
            self.limiters[limiter].lost += 1;
        }
        let joined = call.phase == Phase::Joined;
        let missed = call.phase == Phase::Lookup && call.op_open;
        if joined || missed && self.questions[id as usize].found.is_none() {
            self.tiers[self.questions[id as usize].tiers as usize].lose(joined);
        }
        if joined {
            Phase::Free
        } else if goes_on {
            Phase::Orphaned
        } else {
            Phase::Lost
        }
    }

    /// Whether an event has come for a lookup or an operation whose call was lost with its isolate. What a database or a
    /// store had accepted is done all the same.
    pub(super) fn lost_work_ends(&mut self, id: u32) -> bool {
        let call = &self.calls[id as usize];
        if call.phase == Phase::Orphaned {
            let (done, recorded) = (call.fault.is_none(), call.recorded);
            match call.work {
                Work::D1 => self.d1[self.blueprint.database(call)].leave(done, self.now, recorded),
                Work::Limiter => self.permit_was_lost(id),
                Work::Provider | Work::Compute => {}
            }
        }
        self.is_lost(id)
    }

    /// The database refuses an operation: it is tried again after a wait, or given up.
    fn op_refused(&mut self, id: u32) {
        self.note_attempt(id, Fault::Overloaded.name());
        let call = &self.calls[id as usize];
        let retry = &self.program_of(id).providers[call.provider as usize].retry;
        let db = &mut self.d1[self.blueprint.database(call)];
        if retry.again(u32::from(call.attempt), Fault::Overloaded) {
            db.retried += u64::from(call.recorded);
            self.wait_to_retry(id);
        } else {
            db.exhausted += u64::from(call.recorded);
            self.calls[id as usize].cause = Some(Cause::DatabaseOverloaded);
            self.give_up(id, CallEnd::Failed);
        }
    }
}
