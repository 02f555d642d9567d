//! Attempts of a call at the provider, and what follows each.

use crate::model::{Arrivals, TraceAttempt};
use crate::policy::{Backoff, Fault};
use crate::units::{Instant, Span};
use crate::world::blueprint::{Flow, Provider};
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::{AttemptEnd, CallEnd, Cause};
use crate::world::state::{Call, NO_QUEUE, OUTSIDE, Phase, Work, World, Writer};

/// Words between the retries of one plan's call, and of one plan.
const WORDS_PER_ATTEMPT: u64 = 4;

const WORDS_PER_PLAN: u64 = 256 * WORDS_PER_ATTEMPT;

/// Where the draws stand of the retry after attempt `attempt` of a call.
#[inline]
pub(crate) fn retry_position(plan: u64, attempt: u32) -> u64 {
    debug_assert!(u64::from(attempt + 1) * WORDS_PER_ATTEMPT < WORDS_PER_PLAN, "these are the next plan's draws");
    plan * WORDS_PER_PLAN + u64::from(attempt + 1) * WORDS_PER_ATTEMPT
}

/// Where the draws stand of the wait for a slot before attempt `attempt`. That for a semaphore comes before all of them.
pub(crate) fn wait_position(plan: u64, attempt: u16) -> u64 {
    if attempt == OUTSIDE { plan * WORDS_PER_PLAN } else { retry_position(plan, u32::from(attempt)) }
}

/// How an answered attempt ends: the outcome word falls into the interval of a fault, or beyond all of them (success).
#[inline]
fn fault_of(provider: &Provider, call: &Call) -> Option<Fault> {
    if call.request_error {
        return Some(Fault::BadRequest);
    }
    if provider.faults.is_empty() {
        return None;
    }
    let u = call.outcome_word.unit();
    provider.faults.iter().find(|(upper, _)| u < *upper).map(|&(_, fault)| fault)
}

impl World<'_> {
    /// What the first attempt of a call draws, and whether its request is faulty.
    #[inline(always)]
    pub(crate) fn first_draws<const PLAIN: bool>(&mut self, id: u32, flow: &Flow) {
        let call = &mut self.calls[id as usize];
        call.latency = self.latencies[call.plan as usize * self.calls_each + call.index as usize];
        if !PLAIN && self.draws_more {
            self.more_draws(id, flow);
        }
    }

    fn more_draws(&mut self, id: u32, flow: &Flow) {
        let call = &mut self.calls[id as usize];
        let index = call.index as usize;
        let words = &self.words[call.plan as usize * self.words_each..][..flow.words];
        if flow.has_outcomes() {
            call.outcome_word = words[index];
        }
        if flow.has_faulty() {
            let chance = self.blueprint.providers[call.provider as usize].request_error;
            call.request_error = words[flow.request_words + index].unit() < chance;
        }
        if self.blueprint.traced[self.calls[id as usize].class as usize]
            && let Some(attempt) = self.traced_attempt(&self.calls[id as usize])
        {
            self.calls[id as usize].request_error = attempt.request_error;
        }
        let call = &self.calls[id as usize];
        self.faulty_requests += u64::from(call.request_error && call.recorded);
    }

    /// What the trace says of the attempt that is due; the last one repeats. None where it says only when plans come.
    #[cold]
    pub(crate) fn traced_attempt(&self, call: &Call) -> Option<TraceAttempt> {
        let Arrivals::Trace { plans } = &self.blueprint.model.classes[call.class as usize].arrivals else {
            return None;
        };
        let line = self.plans[call.plan as usize].number as usize;
        let attempts = plans[line].calls.get(call.index as usize)?;
        attempts.get(call.attempt as usize).or(attempts.last()).copied()
    }

    /// An attempt starts, unless it is refused: how and when it ends is known here, so a timeout needs no event of its
    /// own. The answer is whether it is under way.
    #[inline(always)]
    pub(crate) fn start_attempt<const PLAIN: bool>(&mut self, id: u32) -> bool {
        if PLAIN || self.blueprint.has_plain_attempts {
            let call = &self.calls[id as usize];
            self.ledgers[call.class as usize].attempts.begin(call.recorded);
            let timeout = self.blueprint.providers[call.provider as usize].timeout;
            self.send(id, call.latency, None, timeout);
            return true;
        }
        self.start_special_attempt(id)
    }

    /// An attempt that can be refused, or end in more ways than an answer or a cut.
    #[inline(never)]
    fn start_special_attempt(&mut self, id: u32) -> bool {
        if self.blueprint.has_semaphores && self.begins_inside(id) {
            return false;
        }
        let call = &self.calls[id as usize];
        if call.work != Work::Provider {
            if !self.may_start_work(id) {
                return true;
            }
            self.start_work(id);
            return self.calls[id as usize].phase == Phase::Running;
        }
        self.ledgers[call.class as usize].attempts.begin(call.recorded);
        if self.blueprint.guarded {
            self.start_guarded(id);
            return matches!(self.calls[id as usize].phase, Phase::Running | Phase::Connecting);
        }
        let limit = self.time_limit(id);
        if limit.is_zero() {
            let cause = self.waited_out(id);
            self.deny(id, Fault::Timeout, cause);
            return false;
        }
        if self.blueprint.limits_external && !self.may_call_outside(id) {
            self.deny(id, Fault::SubrequestLimit, Cause::ExternalSubrequests);
            return false;
        }
        if !self.blueprint.connections_bind {
            self.send_special(id, limit);
        } else if self.connect_attempt(id, self.now.saturating_add(limit)) {
            self.send_on_connection(id);
        }
        true
    }

    /// An attempt goes to its provider, and is cut when it has taken so long. The answer is how long it takes.
    fn send_special(&mut self, id: u32, limit: Span) -> Span {
        let (latency, fault) = self.planned(id);
        self.note_lateness(id, latency, limit);
        self.send(id, latency, fault, limit);
        latency.min(limit)
    }

    /// The same on a connection, for which it has waited.
    pub(crate) fn send_on_connection(&mut self, id: u32) {
        let limit = self.given_up_at(id).since(self.now);
        let takes = self.send_special(id, limit);
        self.expect_headers(id, self.now.saturating_add(takes));
    }

    /// An attempt is cut that would have been answered in time if it had not waited: that is the cause.
    fn note_lateness(&mut self, id: u32, latency: Span, left: Span) {
        if latency > left {
            self.calls[id as usize].cause = Some(self.timed_out(id, self.now, self.now.saturating_add(latency)));
        }
    }

    /// Why an attempt that was sent at `sent`, and would be answered at `until`, is cut before: the time that it waited,
    /// where it would have been in time without.
    pub(crate) fn timed_out(&self, id: u32, sent: Instant, until: Instant) -> Cause {
        let provider = &self.program_of(id).providers[self.calls[id as usize].provider as usize];
        match until <= sent.saturating_add(provider.timeout) {
            true if provider.from_arrival => Cause::TimeoutWaiting,
            true if self.blueprint.connections_bind => Cause::Connections,
            _ => Cause::TimeoutServed,
        }
    }

    /// Why an attempt has no time left as it starts.
    pub(crate) fn waited_out(&self, id: u32) -> Cause {
        let provider = &self.program_of(id).providers[self.calls[id as usize].provider as usize];
        if provider.from_arrival { Cause::TimeoutWaiting } else { Cause::TimeoutServed }
    }

    /// How long the attempt that starts may take.
    pub(crate) fn time_limit(&self, id: u32) -> Span {
        let provider = &self.program_of(id).providers[self.calls[id as usize].provider as usize];
        if provider.from_arrival { self.what_is_left(id, provider.timeout) } else { provider.timeout }
    }

    /// An attempt is under way: it will be answered after `latency`, in this way, or cut after `timeout`.
    #[inline(always)]
    fn send(&mut self, id: u32, latency: Span, fault: Option<Fault>, timeout: Span) {
        let call = &mut self.calls[id as usize];
        call.phase = Phase::Running;
        let is_cut = latency > timeout;
        call.fault = if is_cut { Some(Fault::Timeout) } else { fault };
        let takes = if is_cut { timeout } else { latency };
        let order = order(if is_cut { Rank::Timeout } else { Rank::Answer }, call.address, call.attempt);
        self.calendar.push(self.now + takes, order, Event::AttemptEnd(id));
    }

    /// What is left of the time limit of an attempt after waiting.
    #[cold]
    fn what_is_left(&self, id: u32, timeout: Span) -> Span {
        let waited = self.now.since(self.calls[id as usize].enqueued).nanos();
        Span::from_nanos(timeout.nanos().saturating_sub(waited))
    }

    /// How long the attempt that is due takes, left alone, and how it ends.
    #[inline(always)]
    pub(crate) fn planned(&self, id: u32) -> (Span, Option<Fault>) {
        let call = &self.calls[id as usize];
        if self.blueprint.traced[call.class as usize]
            && let Some(attempt) = self.traced_attempt(call)
        {
            return (attempt.latency, attempt.fault);
        }
        (call.latency, fault_of(&self.blueprint.providers[call.provider as usize], call))
    }

    /// The attempt under way is answered or cut.
    #[inline(always)]
    pub(crate) fn attempt_ends<const PLAIN: bool>(&mut self, id: u32) {
        self.end_attempt::<PLAIN>(id);
        // Straight to what mostly follows.
        let next = if self.calls[id as usize].phase == Phase::Done { self.end_call::<PLAIN>(id) } else { Some(id) };
        if let Some(next) = next {
            self.go_ahead::<PLAIN>(next);
        }
    }

    /// Counts the attempt and decides what the call does next.
    #[inline(always)]
    pub(crate) fn end_attempt<const PLAIN: bool>(&mut self, id: u32) {
        if !PLAIN && self.blueprint.watches_attempts {
            self.answer_is_there(id);
        }
        self.settle::<PLAIN>(id);
    }

    /// An attempt that was sent has been answered or cut: informs everything else that depends on it.
    pub(crate) fn answer_is_there(&mut self, id: u32) {
        if self.blueprint.connections_bind {
            self.disconnect(Writer::Call(id));
        }
        if self.blueprint.bills_tokens {
            self.bill(id);
        }
        if self.blueprint.adapts {
            self.adapt(id, self.calls[id as usize].fault);
        }
    }

    #[inline(always)]
    fn settle<const PLAIN: bool>(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let ledger = &mut self.ledgers[call.class as usize];
        match call.fault {
            None => {
                ledger.attempts.end(AttemptEnd::Succeeded as usize, call.recorded);
                if !PLAIN {
                    self.note_attempt(id, "ok");
                }
                self.finish_attempts::<PLAIN>(id, CallEnd::Succeeded);
            }
            Some(fault) => self.attempt_failed(id, fault, true),
        }
    }

    /// A failed attempt is followed by another, or fails its call.
    #[inline(never)]
    fn attempt_failed(&mut self, id: u32, fault: Fault, sent: bool) {
        self.count_failed(id, fault, sent);
        let call = &self.calls[id as usize];
        if self.program_of(id).providers[call.provider as usize].retry.again(u32::from(call.attempt), fault) {
            self.tallies[call.class as usize].retried += u64::from(call.recorded);
            self.wait_to_retry(id);
        } else {
            self.give_up(id, CallEnd::Failed);
        }
    }

    /// Counts an attempt that failed, or was never sent.
    pub(crate) fn count_failed(&mut self, id: u32, fault: Fault, sent: bool) {
        let call = &self.calls[id as usize];
        let ledger = &mut self.ledgers[call.class as usize];
        let end = match fault {
            _ if !sent => AttemptEnd::KeptBack,
            Fault::Timeout => AttemptEnd::TimedOut,
            Fault::RateLimited => AttemptEnd::RateLimited,
            _ => AttemptEnd::Errored,
        };
        let cause = call.cause.unwrap_or(Cause::of_fault(fault));
        ledger.attempts.fail(end as usize, cause, call.recorded);
        self.tallies[call.class as usize].faults[fault as usize] += u64::from(call.recorded);
        self.calls[id as usize].cause = Some(cause);
        self.note_attempt(id, fault.name());
    }

    /// The attempt fails before it is sent. The loop of the instant handles what follows: a chain of refused attempts
    /// may be long, and recursion would exhaust the stack.
    #[cold]
    pub(crate) fn deny(&mut self, id: u32, fault: Fault, cause: Cause) {
        let call = &mut self.calls[id as usize];
        (call.fault, call.cause, call.phase) = (Some(fault), Some(cause), Phase::Denied);
    }

    /// What follows an attempt that was not sent.
    #[cold]
    pub(crate) fn end_denied(&mut self, id: u32) {
        if self.blueprint.guarded {
            self.settle_attempt(id, false);
        } else if let Some(fault) = self.calls[id as usize].fault {
            self.attempt_failed(id, fault, false);
        }
    }

    /// Another attempt follows after a wait.
    #[inline(never)]
    pub(crate) fn wait_to_retry(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let retry = &self.program_of(id).providers[call.provider as usize].retry;
        let wait = self.draw_retry(id, &retry.backoff, u32::from(call.attempt), call.backoff);
        self.calls[id as usize].backoff = wait;
        self.wait_before_retry(id, wait, retry.hold_slot);
    }

    /// Draws the wait after attempt `nth` of its layer, and how the next attempt will go; both have addresses of their
    /// own.
    pub(crate) fn draw_retry(&mut self, id: u32, backoff: &Backoff, nth: u32, last: Span) -> Span {
        let call = &mut self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let spec = &self.blueprint.workflows[plan.workflow as usize].calls[call.index as usize];
        let position = retry_position(plan.number, u32::from(call.attempt));
        let draws = &mut self.draws[call.class as usize].retries[spec.step as usize];
        let mut words = draws.at(u64::from(spec.ordinal), position);
        let wait = backoff.delay(nth, last, words.next());
        call.latency = self.blueprint.laws[call.law as usize].sample(words.next());
        call.outcome_word = words.next();
        wait
    }

    /// The call waits before its next attempt.
    pub(crate) fn wait_before_retry(&mut self, id: u32, wait: Span, hold_slot: bool) {
        let call = &mut self.calls[id as usize];
        call.attempt += 1;
        (call.phase, call.cause) = (Phase::Backoff, None);
        let order = order(Rank::BackoffEnd, call.address, call.attempt);
        self.calendar.push(self.now.saturating_add(wait), order, Event::BackoffEnd(id));
        if !hold_slot {
            self.leave_slot::<false>(id);
        }
    }

    /// The wait is over: the call starts its next attempt, or queues for it if it gave its slot back.
    pub(crate) fn backoff_ends(&mut self, id: u32) {
        let call = &mut self.calls[id as usize];
        call.phase = if call.in_slot || call.queue == NO_QUEUE { Phase::Start } else { Phase::Enter };
        call.enqueued = self.now; // whoever kept its slot has not waited
        self.advance(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_draws_what_is_another_plans() {
        for plan in [0, 1, 4_211] {
            let first = wait_position(plan, OUTSIDE);
            assert!(plan == 0 || first > wait_position(plan - 1, 254));
            assert!(first < wait_position(plan, 0) && wait_position(plan, 254) < wait_position(plan + 1, OUTSIDE));
        }
    }
}
