//! Attempts of a call at the provider, and what follows each.

use super::event::{Event, Rank, order};
use super::ledger::{AttemptEnd, CallEnd};
use super::state::{Phase, World};
use crate::model::{Arrivals, TraceAttempt};
use crate::policy::Fault;

/// Words between the retries of one plan's call, and of one plan.
const WORDS_PER_ATTEMPT: u64 = 4;
const WORDS_PER_PLAN: u64 = 256 * WORDS_PER_ATTEMPT;

impl World<'_> {
    /// What the first attempt of a call draws, and whether its request is faulty.
    #[inline]
    pub(super) fn first_draws(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let flow = &self.blueprint.workflows[plan.workflow as usize];
        let index = call.index as usize;
        let words = &self.words[call.plan as usize * self.words_each..][..flow.words];
        let latency = words[index];
        let outcome = if flow.outcome_words < flow.request_words { words[flow.outcome_words + index] } else { latency };
        let faulty = flow.request_words < flow.op_words && {
            let provider = flow.calls[index].provider as usize;
            words[flow.request_words + index].unit() < self.blueprint.providers[provider].request_error
        };
        let faulty = faulty || self.recorded_attempt(id).is_some_and(|attempt| attempt.request_error);
        let call = &mut self.calls[id as usize];
        (call.latency_word, call.outcome_word, call.request_error) = (latency, outcome, faulty);
    }

    /// What the trace says of the attempt that is due; the last one repeats.
    #[inline]
    fn recorded_attempt(&self, id: u32) -> Option<TraceAttempt> {
        let call = &self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let Arrivals::Trace { plans } = &self.blueprint.model.classes[plan.class as usize].arrivals else { return None };
        let attempts = &plans[plan.line as usize].calls[call.index as usize];
        attempts.get(call.attempt as usize).or(attempts.last()).copied()
    }

    /// An attempt starts: how and when it ends is known here, so a timeout needs no event of its own.
    #[inline]
    pub(super) fn start_attempt(&mut self, id: u32) {
        let spec = self.spec(id);
        let provider = &self.blueprint.providers[spec.provider as usize];
        let call = &self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let (class, recorded, serial) = (plan.class as usize, plan.recorded, plan.serial);
        self.ledgers[class].attempts.begin(recorded);
        self.tallies[class].retried += u64::from(recorded && call.attempt > 0);
        if !self.may_call_outside(id) {
            self.calls[id as usize].fault = Some(Fault::SubrequestLimit);
            return self.end_attempt(id);
        }
        let (latency, fault) = match self.recorded_attempt(id) {
            Some(recorded) => (recorded.latency, recorded.fault),
            None => {
                let call = &self.calls[id as usize];
                let latency = self.blueprint.laws[spec.law as usize].sample(call.latency_word);
                (latency, fault_of(provider, call.request_error, call.outcome_word))
            }
        };
        let call = &mut self.calls[id as usize];
        call.phase = Phase::Running;
        if latency > provider.timeout {
            call.fault = Some(Fault::Timeout);
            let order = order(Rank::Timeout, serial, call.index, call.attempt);
            self.calendar.push(self.now + provider.timeout, order, Event::Timeout(id));
        } else {
            call.fault = fault;
            let order = order(Rank::Answer, serial, call.index, call.attempt);
            self.calendar.push(self.now + latency, order, Event::Answer(id));
        }
    }

    /// The attempt under way is answered or cut.
    #[inline]
    pub(super) fn attempt_ends(&mut self, id: u32) {
        self.end_attempt(id);
        self.advance(id);
        self.drain();
    }

    /// Counts the attempt and decides what the call does next.
    #[inline]
    fn end_attempt(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let (class, recorded, fault) = (plan.class as usize, plan.recorded, call.fault);
        let end = match fault {
            None => AttemptEnd::Succeeded,
            Some(Fault::Timeout) => AttemptEnd::TimedOut,
            Some(Fault::RateLimited) => AttemptEnd::RateLimited,
            Some(_) => AttemptEnd::Errored,
        };
        self.ledgers[class].attempts.end(end as usize, recorded);
        let Some(fault) = fault else { return self.finish_attempts(id, CallEnd::Succeeded) };
        self.tallies[class].faults[fault as usize] += u64::from(recorded);
        let provider = self.spec(id).provider as usize;
        if self.blueprint.providers[provider].retry.again(u32::from(self.calls[id as usize].attempt), fault) {
            self.back_off(id, provider);
        } else {
            self.finish_attempts(id, CallEnd::Failed);
        }
    }

    /// Another attempt follows after a wait; its draws have addresses of their own.
    fn back_off(&mut self, id: u32, provider: usize) {
        let spec = self.spec(id);
        let retry = &self.blueprint.providers[provider].retry;
        let call = &mut self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let attempt = u32::from(call.attempt);
        let position = plan.number * WORDS_PER_PLAN + u64::from(attempt + 1) * WORDS_PER_ATTEMPT;
        let draws = &mut self.draws[plan.class as usize].retries[spec.step as usize];
        let mut words = draws.at(u64::from(spec.ordinal), position);
        call.backoff = retry.backoff.delay(attempt, call.backoff, words.next());
        (call.latency_word, call.outcome_word) = (words.next(), words.next());
        call.attempt += 1;
        call.phase = Phase::Backoff;
        let (wait, order) = (call.backoff, order(Rank::BackoffEnd, plan.serial, call.index, call.attempt));
        self.calendar.push(self.now + wait, order, Event::BackoffEnd(id));
        if !retry.hold_slot {
            self.leave_slot(id);
        }
    }

    /// The wait is over: the call starts its next attempt, or queues for it if it gave its slot back.
    pub(super) fn backoff_ends(&mut self, id: u32) {
        let call = &mut self.calls[id as usize];
        call.phase = if call.in_slot { Phase::Start } else { Phase::Enter };
        self.advance(id);
        self.drain();
    }
}

/// How an answered attempt ends: the outcome word falls into the interval of a fault, or past them all.
#[inline]
fn fault_of(
    provider: &super::build::Provider,
    request_error: bool,
    word: crate::streams::Word,
) -> Option<Fault> {
    if request_error {
        return Some(Fault::BadRequest);
    }
    if provider.faults.is_empty() {
        return None;
    }
    let u = word.unit();
    provider.faults.iter().find(|(upper, _)| u < *upper).map(|&(_, fault)| fault)
}

