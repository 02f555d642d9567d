//! What stands between a call and its provider: circuit breakers. An attempt at a provider without any such policy
//! never comes here.
//!
//! What the policies remember of a call stands in a table of their own, so that calls stay small: it is clean
//! whenever no attempt of the call is under way or to come.

use super::event::{Event, Rank, order};
use super::ledger::{AttemptEnd, CallEnd};
use super::state::{Phase, World};
use crate::policy::{Circuit, Fault, Pass};
use crate::units::{Instant, Span};

/// What the policies remember of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    /// The breaker let it through.
    pass: Option<Pass>,
}

const CLEAN: Guard = Guard { pass: None };

/// The policies at work.
#[derive(Debug, Default)]
pub(super) struct Policies {
    /// By call.
    guards: Vec<Guard>,
    /// By isolate, then provider; an isolate has them once a call in it has met one.
    circuits: Vec<Option<Circuit>>,
    /// By provider.
    pub(super) tallies: Vec<PolicyTally>,
}

impl Policies {
    /// Nothing has happened at any of so many providers.
    pub(super) fn new(providers: usize) -> Policies {
        Policies { tallies: vec![PolicyTally::default(); providers], ..Policies::default() }
    }
}

/// What the policies of one provider have done, in the recorded time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PolicyTally {
    pub(super) trips: u64,
    /// Nanoseconds for which breakers were open, over all isolates.
    pub(super) open_ns: u128,
    /// Attempts that a breaker refused.
    pub(super) refused: u64,
}

impl World<'_> {
    /// An attempt starts at a provider with policies; it has begun in the ledger.
    #[cold]
    #[inline(never)]
    pub(super) fn start_guarded(&mut self, id: u32) {
        let place = id as usize;
        if place >= self.policies.guards.len() {
            self.policies.guards.resize(self.calls.len(), CLEAN);
        }
        if !self.breaker_admits(id) {
            return self.ends_unsent(id, Fault::BreakerOpen);
        }
        if self.blueprint.limits_external && !self.may_call_outside(id) {
            return self.ends_unsent(id, Fault::SubrequestLimit);
        }
        let (latency, fault) = self.planned(id);
        let call = &mut self.calls[place];
        let provider = &self.blueprint.providers[call.provider as usize];
        let timeout = if provider.from_arrival { self.what_is_left(id) } else { provider.timeout };
        let call = &mut self.calls[place];
        let is_cut = latency > timeout;
        call.phase = Phase::Running;
        call.fault = if is_cut { Some(Fault::Timeout) } else { fault };
        let order = order(if is_cut { Rank::Timeout } else { Rank::Answer }, call.address, call.attempt);
        self.calendar.push(self.now + latency.min(timeout), order, Event::GuardedEnd(id));
    }

    /// The attempt is refused on this side: it fails before it is sent.
    fn ends_unsent(&mut self, id: u32, fault: Fault) {
        let call = &mut self.calls[id as usize];
        (call.fault, call.phase) = (Some(fault), Phase::Denied);
    }

    /// An attempt that was not sent is over.
    #[cold]
    pub(super) fn settle_unsent(&mut self, id: u32) {
        self.settle_attempt(id, false);
    }

    /// A call is lost with its isolate, and nobody asks for its pass.
    pub(super) fn lose_guard(&mut self, id: u32) {
        if let Some(guard) = self.policies.guards.get_mut(id as usize) {
            *guard = CLEAN;
        }
    }

    /// An isolate goes, and its breakers with it.
    pub(super) fn lose_circuits(&mut self, isolate: usize) {
        let providers = self.blueprint.providers.len();
        self.policies.circuits.iter_mut().skip(isolate * providers).take(providers).for_each(|circuit| *circuit = None);
    }

    /// The attempt under way is answered or cut.
    pub(super) fn guarded_ends(&mut self, id: u32) {
        self.settle_attempt(id, true);
        self.advance(id);
        self.drain();
    }

    fn settle_attempt(&mut self, id: u32, sent: bool) {
        let fault = self.calls[id as usize].fault;
        if sent && self.blueprint.bills_tokens {
            self.bill(id);
        }
        if sent && self.blueprint.adapts {
            self.adapt(id, fault);
        }
        if !self.counts_calls(id) {
            self.tell_breaker(id, sent.then_some(fault));
        }
        let call = &self.calls[id as usize];
        match fault {
            None => {
                let (class, recorded) = (call.class as usize, call.recorded);
                self.ledgers[class].attempts.end(AttemptEnd::Succeeded as usize, recorded);
                self.finish_attempts(id, CallEnd::Succeeded);
            }
            Some(fault) => self.attempt_failed(id, fault),
        }
        if self.calls[id as usize].phase != Phase::Backoff {
            self.tell_breaker(id, Some(fault));
            self.policies.guards[id as usize] = CLEAN;
        }
    }

    /// A call leaves its queue between two attempts, refused or out of patience.
    #[cold]
    #[inline(never)]
    pub(super) fn forget_guard(&mut self, id: u32) {
        if self.policies.guards.len() > id as usize {
            self.tell_breaker(id, None);
            self.policies.guards[id as usize] = CLEAN;
        }
    }

    fn counts_calls(&self, id: u32) -> bool {
        let provider = self.calls[id as usize].provider as usize;
        self.blueprint.model.providers[provider].breaker.is_some_and(|breaker| breaker.counts_calls)
    }

    fn circuit(&mut self, id: u32) -> Option<&mut Circuit> {
        let call = &self.calls[id as usize];
        let provider = call.provider as usize;
        let rules = self.blueprint.model.providers[provider].breaker?;
        let place = self.plans[call.plan as usize].isolate as usize * self.blueprint.providers.len() + provider;
        let circuits = &mut self.policies.circuits;
        if place >= circuits.len() {
            circuits.resize(place + 1, None);
        }
        Some(circuits[place].get_or_insert_with(|| Circuit::new(rules)))
    }

    /// Whether the breaker, if there is one, lets an attempt go.
    fn breaker_admits(&mut self, id: u32) -> bool {
        let now = self.now;
        if self.policies.guards[id as usize].pass.is_some() {
            return true; // it counts calls, and this one is inside
        }
        let Some(circuit) = self.circuit(id) else { return true };
        let pass = circuit.ask(now);
        self.policies.guards[id as usize].pass = pass;
        let call = &self.calls[id as usize];
        self.policies.tallies[call.provider as usize].refused += u64::from(pass.is_none() && call.recorded);
        pass.is_some()
    }

    /// Gives the pass back, if there is one, with the result: success, a fault, or none at all.
    fn tell_breaker(&mut self, id: u32, result: Option<Option<Fault>>) {
        let Some(pass) = self.policies.guards[id as usize].pass.take() else { return };
        let now = self.now;
        let Some(circuit) = self.circuit(id) else { return };
        let Some(fault) = result else { return circuit.came_to_nothing(pass) };
        let rules = circuit.rules();
        if circuit.ended(now, pass, fault.is_some_and(|fault| rules.failures.contains(fault))) {
            let open = self.recorded_part(now, rules.reset_timeout);
            let provider = self.calls[id as usize].provider as usize;
            let tally = &mut self.policies.tallies[provider];
            tally.open_ns += u128::from(open.nanos());
            tally.trips += u64::from(now >= self.blueprint.recording_from);
        }
    }

    /// How much of a stretch of time from `from` on is recorded.
    fn recorded_part(&self, from: Instant, length: Span) -> Span {
        let until = from.saturating_add(length).min(self.blueprint.horizon);
        until.saturating_since(from.max(self.blueprint.recording_from))
    }
}
