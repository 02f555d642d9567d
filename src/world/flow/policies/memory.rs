//! What is in each isolate's memory: its breakers, and its budgets of retries.

use crate::policy::{Circuit, Fault, Purse};
use crate::world::parts::policies::CLEAN;
use crate::world::state::World;

impl World<'_> {
    /// A call is lost with its isolate, and nobody asks for its pass.
    pub(crate) fn lose_guard(&mut self, id: u32) {
        if let Some(guard) = self.parts.policies.guards.get_mut(id as usize) {
            *guard = CLEAN;
        }
    }

    /// An isolate goes, and its breakers and budgets with it.
    pub(crate) fn lose_memory_of(&mut self, isolate: usize) {
        let (providers, now) = (self.blueprint.providers.len(), self.now);
        for provider in 0..providers {
            let circuit = self.parts.policies.circuits.get_mut(isolate * providers + provider).and_then(Option::take);
            if let Some(until) = circuit.and_then(|circuit| circuit.open_until()).filter(|until| *until > now) {
                // It was counted as open until then.
                let rest = self.parts.policies.recorded_part(now, until.since(now));
                self.parts.policies.tallies[provider].open_ns -= u128::from(rest.nanos());
            }
        }
        let policies = &mut self.parts.policies;
        policies.purses.iter_mut().skip(isolate * providers).take(providers).for_each(|purse| *purse = None);
    }

    pub(crate) fn counts_calls(&self, id: u32) -> bool {
        let provider = self.calls[id as usize].provider as usize;
        self.blueprint.model.providers[provider].breaker.is_some_and(|breaker| breaker.counts_calls)
    }

    /// The place of what an isolate keeps of the call's provider.
    fn in_isolate(&self, id: u32) -> usize {
        let call = &self.calls[id as usize];
        let isolate = self.plans[call.plan as usize].isolate as usize;
        isolate * self.blueprint.providers.len() + call.provider as usize
    }

    fn circuit(&mut self, id: u32) -> Option<&mut Circuit> {
        let rules = self.program_of(id).model.providers[self.calls[id as usize].provider as usize].breaker?;
        let place = self.in_isolate(id);
        let circuits = &mut self.parts.policies.circuits;
        if place >= circuits.len() {
            circuits.resize(place + 1, None);
        }
        Some(circuits[place].get_or_insert_with(|| Circuit::new(rules)))
    }

    /// The isolate's budget of retries.
    pub(crate) fn purse(&mut self, id: u32) -> Option<&mut Purse> {
        let rules = self.program_of(id).model.providers[self.calls[id as usize].provider as usize].budget?;
        let place = self.in_isolate(id);
        let purses = &mut self.parts.policies.purses;
        if place >= purses.len() {
            purses.resize(place + 1, None);
        }
        Some(purses[place].get_or_insert_with(|| Purse::new(rules)))
    }

    /// A call makes its first attempt.
    pub(crate) fn begin_guard(&mut self, id: u32) {
        let provider = self.calls[id as usize].provider as usize;
        let deadline = self.program_of(id).model.providers[provider].deadline;
        let guard = &mut self.parts.policies.guards[id as usize];
        *guard = CLEAN;
        guard.began = true;
        if let Some(deadline) = deadline {
            guard.deadline = self.now.saturating_add(deadline);
        }
        let recorded = u64::from(self.calls[id as usize].recorded);
        self.parts.policies.tallies[provider].tries.iter_mut().for_each(|tries| *tries += recorded);
        if let Some(purse) = self.purse(id) {
            purse.request();
        }
    }

    /// Whether the breaker, if there is one, lets an attempt go.
    pub(crate) fn breaker_admits(&mut self, id: u32) -> bool {
        let now = self.now;
        if self.parts.policies.guards[id as usize].pass.is_some() {
            return true; // it counts calls, and this one is inside
        }
        let Some(circuit) = self.circuit(id) else { return true };
        let pass = circuit.ask(now);
        self.parts.policies.guards[id as usize].pass = pass;
        let call = &self.calls[id as usize];
        self.parts.policies.tallies[call.provider as usize].refused += u64::from(pass.is_none() && call.recorded);
        pass.is_some()
    }

    /// Gives the pass back, if there is one, with the result: success, a fault, or none at all.
    pub(crate) fn tell_breaker(&mut self, id: u32, result: Option<Option<Fault>>) {
        let Some(pass) = self.parts.policies.guards[id as usize].pass.take() else { return };
        let now = self.now;
        let Some(circuit) = self.circuit(id) else { return };
        let Some(fault) = result else { return circuit.came_to_nothing(pass) };
        let rules = circuit.rules();
        if circuit.ended(now, pass, fault.is_some_and(|fault| rules.failures.contains(fault))) {
            let open = self.parts.policies.recorded_part(now, rules.reset_timeout);
            let provider = self.calls[id as usize].provider as usize;
            let tally = &mut self.parts.policies.tallies[provider];
            tally.open_ns += u128::from(open.nanos());
            tally.trips += u64::from(now >= self.blueprint.recording_from);
        }
    }
}
