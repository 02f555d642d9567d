//! Lookups in tiers of caches, which may answer a call before its provider is asked.

use crate::units::Span;
use crate::world::event::Rank;
use crate::world::ledger::CallEnd;
use crate::world::parts::tiers::Miss;
use crate::world::state::{Phase, Question, Work, World};

/// Words between the lookups of one plan's call: one for each tier.
const WORDS_PER_LOOKUP: u64 = 8;

impl World<'_> {
    /// Goes on with a lookup; whether it must wait for an event.
    pub(crate) fn look_up(&mut self, id: u32) -> bool {
        if !self.calls[id as usize].ops.open {
            let takes = self.ask_tiers(id);
            self.calls[id as usize].ops.open = true;
            if !takes.is_zero() {
                self.schedule_work(id, Rank::StoreAnswer, takes);
                return true;
            }
        }
        self.calls[id as usize].ops.open = false;
        let question = self.questions[id as usize];
        if let Some(tier) = question.found {
            let (isolate, key, now) = (question.isolate as usize, question.key, self.now);
            self.parts.tiers[question.tiers as usize].copy_forward(isolate, key, tier as usize, now);
            self.lookup_ends(id, CallEnd::Succeeded);
            return false;
        }
        let recorded = self.calls[id as usize].recorded;
        let tiers = &mut self.parts.tiers[question.tiers as usize];
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
                call.ops.cursor = 0;
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
        let tiers = &mut self.parts.tiers[lookup as usize];
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

    /// A lookup is answered, so its call is done: no provider was asked, and nothing is logged.
    fn lookup_ends(&mut self, id: u32, end: CallEnd) {
        let question = self.questions[id as usize];
        if self.calls[id as usize].recorded {
            self.parts.tiers[question.tiers as usize].answered(self.now.since(question.asked));
        }
        self.end_unasked(id, end);
    }

    /// Ends a call that has asked no provider, and of which nothing is logged.
    pub(crate) fn end_unasked(&mut self, id: u32, end: CallEnd) {
        let call = &mut self.calls[id as usize];
        self.faulty_requests -= u64::from(call.request_error && call.recorded);
        (call.request_error, call.work) = (false, Work::Compute);
        (call.end, call.phase) = (end, Phase::Done);
    }

    /// The computation that a miss has led to is over, well or not: so are the lookups that waited for it.
    pub(crate) fn computation_ends(&mut self, id: u32, end: CallEnd) {
        let question = self.questions[id as usize];
        let (tiers, isolate, key) = (question.tiers as usize, question.isolate as usize, question.key);
        let call = &mut self.calls[id as usize];
        call.computes = false;
        if call.recorded {
            self.parts.tiers[tiers].answered(self.now.since(question.asked));
        }
        let mut joined = self.parts.tiers[tiers].computed(isolate, key, end == CallEnd::Succeeded, self.now);
        let shared = if end == CallEnd::Crashed { CallEnd::Failed } else { end };
        let cause = self.calls[id as usize].cause;
        while let Some(waiting) = joined {
            joined = self.parts.tiers[tiers].next_behind(waiting);
            self.calls[waiting as usize].cause = cause;
            self.lookup_ends(waiting, shared);
            self.ready.push_back(waiting);
        }
    }
}
