//! What stands between a call and its provider: circuit breakers, layers of retries, hedges, and the provider's own
//! side. An attempt of a model without any of these never comes here.

pub(crate) mod memory;
mod pools;
pub(crate) mod races;
pub(crate) mod retries;
pub(crate) mod shares;
mod streamed;

use crate::policy::{Ending, Fault};
use crate::units::{Instant, Span};
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::{AttemptEnd, CallEnd, Cause};
use crate::world::parts::policies::CLEAN;
use crate::world::parts::policies::server::{Asked, Reception};
use crate::world::state::{Phase, World};
use streamed::Answer;

/// Attempts of one call, and hedges of one attempt, that have draws of their own: more than a model may have.
const ATTEMPTS: u64 = 256;

const HEDGES: u64 = 16;

impl World<'_> {
    /// An attempt starts at a provider with policies; it has begun in the ledger.
    #[cold]
    #[inline(never)]
    pub(crate) fn start_guarded(&mut self, id: u32) {
        let place = id as usize;
        if place >= self.parts.policies.guards.len() {
            self.parts.policies.guards.resize(self.calls.len(), CLEAN);
        }
        if !self.blueprint.pools.0.is_empty() {
            self.pick_provider(id);
        }
        if !self.parts.policies.guards[place].began {
            self.begin_guard(id);
        }
        self.parts.policies.guards[place].sent = self.now;
        self.parts.policies.guards[place].ending.retry_after = Span::ZERO;
        if !self.breaker_admits(id) {
            return self.deny(id, Fault::BreakerOpen, Cause::Breaker);
        }
        let cut = self.cut(id);
        if cut <= self.now {
            let cause = if self.is_past_deadline(id, cut) { Cause::Deadline } else { self.waited_out(id) };
            return self.deny(id, Fault::Timeout, cause);
        }
        if self.blueprint.limits_external && !self.may_call_outside(id) {
            return self.deny(id, Fault::SubrequestLimit, Cause::ExternalSubrequests);
        }
        if !self.blueprint.connections_bind || self.connect_attempt(id, cut) {
            self.send_guarded(id, cut);
        }
    }

    /// An attempt goes to its provider, for a client that gives up at `cut`.
    pub(crate) fn send_guarded(&mut self, id: u32, cut: Instant) {
        self.calls[id as usize].phase = Phase::Running;
        (self.parts.policies.guards[id as usize].hedges, self.parts.policies.guards[id as usize].sent) = (0, self.now);
        let races = self.blueprint.model.providers[self.calls[id as usize].provider as usize].hedge.is_some();
        let ending = if races { None } else { self.ask_provider(id, cut) };
        if self.blueprint.connections_bind {
            self.expect_headers(id, ending.map_or(Instant::NEVER, |ending| ending.at));
        }
        match ending {
            Some(ending) => self.expect_answer(id, ending),
            None if races => self.send_racer(id, cut),
            None => {} // it shares the provider, which says when it ends
        }
    }

    /// When the client gives up the attempt that starts now.
    fn cut(&self, id: u32) -> Instant {
        self.now.saturating_add(self.time_limit(id)).min(self.parts.policies.guards[id as usize].deadline)
    }

    /// Sends what the call has drawn to the provider, for a client that gives up at `cut`. How it ends is known now,
    /// unless the provider shares itself among those that are still to come.
    fn ask_provider(&mut self, id: u32, cut: Instant) -> Option<Ending> {
        let (latency, fault) = self.planned(id);
        let answer = self.streamed_answer(id, latency);
        let (now, asked) = (self.now, self.asked(id, answer.whole));
        let call = &self.calls[id as usize];
        let (provider, recorded) = (call.provider as usize, u64::from(call.recorded));
        let gives_up = |cut| Ending { at: cut, fault: Some(Fault::Timeout), retry_after: Span::ZERO };
        let ends = |at: Instant, cut: Instant, fault, retry_after| {
            if at > cut { gives_up(cut) } else { Ending { at, fault, retry_after } }
        };
        self.calls[id as usize].cause = None;
        let Some(server) = &mut self.parts.policies.servers[provider] else {
            let at = now.saturating_add(answer.whole);
            let cut = self.note_cut(id, (now, at), &answer, cut);
            self.note_first_token(id, answer.first, at <= cut);
            return Some(ends(at, cut, fault, Span::ZERO));
        };
        let (reception, counts) = server.receive(now, &asked);
        self.parts.policies.guards[id as usize].is_billed = false;
        let tally = &mut self.parts.policies.tallies[provider];
        tally.sent += recorded;
        tally.counted += recorded * u64::from(counts);
        match reception {
            Reception::Refused { fault, cause, takes, retry_after } => {
                tally.turned_away += recorded;
                server.count_refused(cause, now, recorded > 0);
                self.calls[id as usize].cause = Some(cause);
                Some(ends(now.saturating_add(takes), cut, Some(fault), retry_after))
            }
            Reception::Silent => {
                let cut = cut.min(now.saturating_add(answer.patience));
                server.keep(now, cut, cut);
                self.calls[id as usize].cause = Some(Cause::Outage);
                Some(gives_up(cut))
            }
            Reception::Shares => {
                self.share(id, (latency, fault), cut);
                None
            }
            Reception::Works { from, until } => {
                let cut = self.note_cut(id, (from, until), &answer, cut);
                self.note_first_token(id, from.saturating_add(answer.first).since(now), until <= cut);
                let goes_on = self.blueprint.model.providers[provider].outlives_client();
                let leaves = if goes_on && until < Instant::NEVER { until } else { until.min(cut) };
                self.parts.policies.servers[provider].as_mut().expect("it has just answered").keep(now, from, leaves);
                let tally = &mut self.parts.policies.tallies[provider];
                let is_billed = self.blueprint.model.providers[provider].bills(fault) && leaves == until;
                self.parts.policies.guards[id as usize].is_billed = is_billed;
                tally.billed += recorded * u64::from(is_billed);
                if leaves > cut {
                    tally.abandoned += recorded;
                    let time = self.parts.policies.recorded_part(cut, leaves.since(cut)).nanos();
                    self.parts.policies.tallies[provider].abandoned_ns += u128::from(time * recorded);
                }
                Some(ends(until, cut, fault, Span::ZERO))
            }
        }
    }

    /// When the client gives up an attempt that the provider works on, from then until then: by its own time limit, or for
    /// want of a token. If that is before the answer, the call keeps why.
    fn note_cut(&mut self, id: u32, (from, until): (Instant, Instant), answer: &Answer, cut: Instant) -> Instant {
        if let Some((stalled, cause)) = answer.stalls(self.now, (from, until))
            && stalled < cut
            && stalled < until
        {
            let cause = if from > self.now && from >= stalled { Cause::TimeoutQueued } else { cause };
            self.calls[id as usize].cause = Some(cause);
            return stalled;
        }
        if until > cut {
            let cause = match until {
                Instant::NEVER => Cause::Hang,
                _ if self.is_past_deadline(id, cut) => Cause::Deadline,
                _ if from > self.now && from >= cut => Cause::TimeoutQueued,
                _ => self.timed_out(id, self.now, until),
            };
            self.calls[id as usize].cause = Some(cause);
        }
        cut
    }

    /// Whether the deadline is what cuts an attempt that starts now, and not its own time limit.
    fn is_past_deadline(&self, id: u32, cut: Instant) -> bool {
        let deadline = self.parts.policies.guards[id as usize].deadline;
        deadline <= cut && deadline < self.now.saturating_add(self.time_limit(id))
    }

    /// What an attempt of this call asks of its provider, which would take so long.
    fn asked(&mut self, id: u32, latency: Span) -> Asked {
        let hangs = self.hangs(id);
        let call = &self.calls[id as usize];
        let workflow = self.plans[call.plan as usize].workflow as usize;
        let step = self.blueprint.workflows[workflow].calls[call.index as usize].step as usize;
        let program = &self.program_of(id).model;
        let provider = &program.providers[call.provider as usize];
        let weight = provider.weight(&program.workflows[workflow].steps[step].weight);
        Asked { weight, unused: provider.unused(&weight), latency, hangs }
    }

    /// The draws that stand for this attempt of the call, of so many words each.
    fn own_address(&self, id: u32) -> (usize, usize, u64, u64) {
        let call = &self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let spec = &self.blueprint.workflows[plan.workflow as usize].calls[call.index as usize];
        let position = plan.number * ATTEMPTS + u64::from(call.attempt);
        (call.class as usize, spec.step as usize, u64::from(spec.ordinal), position)
    }

    /// Whether the attempt, or the hedge that is due, is never answered.
    fn hangs(&mut self, id: u32) -> bool {
        let provider = self.calls[id as usize].provider as usize;
        let Some(server) = &self.blueprint.model.providers[provider].server else { return false };
        let (chance, hedge) = (server.hang.value(), u64::from(self.parts.policies.guards[id as usize].hedges));
        if chance == 0.0 {
            return false;
        }
        let (class, step, lane, position) = self.own_address(id);
        let mut words = self.parts.policies.hangs[class][step].at(lane, position * HEDGES + hedge);
        words.next().unit() < chance
    }

    /// The attempt ends so.
    fn expect_answer(&mut self, id: u32, ending: Ending) {
        self.parts.policies.guards[id as usize].ending = ending;
        let call = &mut self.calls[id as usize];
        call.fault = ending.fault;
        let rank = if ending.fault == Some(Fault::Timeout) { Rank::Timeout } else { Rank::Answer };
        self.calendar.push(ending.at, order(rank, call.address, call.attempt), Event::GuardedEnd(id));
    }

    /// Draws how the next hedge of an attempt goes.
    fn draw_hedge(&mut self, id: u32) {
        let (class, step, lane, position) = self.own_address(id);
        let number = u64::from(self.parts.policies.guards[id as usize].hedges);
        let mut words = self.parts.policies.hedges[class][step].at(lane, (position * HEDGES + number) * 2);
        let (latency, outcome) = (words.next(), words.next());
        let call = &mut self.calls[id as usize];
        call.latency = self.blueprint.laws[call.law as usize].sample(latency);
        call.outcome_word = outcome;
    }

    /// The attempt under way is answered or cut.
    pub(crate) fn guarded_ends(&mut self, id: u32) {
        self.settle_attempt(id, true);
        self.advance(id);
    }

    pub(crate) fn settle_attempt(&mut self, id: u32, sent: bool) {
        let fault = self.calls[id as usize].fault;
        self.unpick(id, sent.then_some(fault.is_some()));
        if sent && self.blueprint.watches_attempts {
            self.answer_is_there(id);
        }
        if !self.counts_calls(id) {
            self.tell_breaker(id, sent.then_some(fault));
        }
        let call = &self.calls[id as usize];
        match fault {
            None => {
                let (class, recorded) = (call.class as usize, call.recorded);
                self.parts.policies.tallies[call.provider as usize].useful += u64::from(recorded);
                self.ledgers[class].attempts.end(AttemptEnd::Succeeded as usize, recorded);
                self.note_attempt(id, "ok");
                self.finish_attempts::<false>(id, CallEnd::Succeeded);
            }
            Some(fault) => self.guarded_failed(id, fault, sent),
        }
        if self.calls[id as usize].phase != Phase::Backoff {
            self.tell_breaker(id, Some(fault));
            self.parts.policies.guards[id as usize] = CLEAN;
        }
    }

    /// A call leaves its queue between two attempts, refused or out of patience.
    #[cold]
    #[inline(never)]
    pub(crate) fn forget_guard(&mut self, id: u32) {
        if self.parts.policies.guards.len() > id as usize {
            self.tell_breaker(id, None);
            self.parts.policies.guards[id as usize] = CLEAN;
        }
    }
}
