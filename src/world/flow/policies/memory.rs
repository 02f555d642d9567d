//! What is in each isolate's memory: its breakers, and its budgets of retries.

use crate::policy::{BreakerState, Fault, RetryBudgetState};
use crate::world::parts::policies::{CLEAN, Guard};
use crate::world::state::World;

impl World<'_> {
    /// A call is lost with its isolate, and its pass is never returned.
    pub(crate) fn lose_guard(&mut self, id: u32) {
        self.unpick(id, None);
        if let Some(guard) = self.parts.policies.guards.get_mut(id as usize) {
            *guard = CLEAN;
        }
    }

    /// An isolate ends, with its breakers and budgets.
    pub(crate) fn lose_memory_of(&mut self, isolate: usize) {
        let (providers, now) = (self.blueprint.providers.len(), self.now);
        for provider in 0..providers {
            let breaker = self.parts.policies.breakers.get_mut(isolate * providers + provider).and_then(Option::take);
            if let Some(until) = breaker.and_then(|breaker| breaker.open_until()).filter(|until| *until > now) {
                // It was counted as open until then.
                let rest = self.parts.policies.recorded_part(now, until.since(now));
                self.parts.policies.tallies[provider].open_ns -= u128::from(rest.nanos());
            }
        }
        let pools = self.blueprint.pools.0.len();
        let policies = &mut self.parts.policies;
        policies.pools.iter_mut().skip(isolate * pools).take(pools).for_each(|pool| *pool = None);
        policies.retry_budgets.iter_mut().skip(isolate * providers).take(providers).for_each(|budget| *budget = None);
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

    fn breaker(&mut self, id: u32) -> Option<&mut BreakerState> {
        let rules = self.program_of(id).model.providers[self.calls[id as usize].provider as usize].breaker?;
        let place = self.in_isolate(id);
        let breakers = &mut self.parts.policies.breakers;
        if place >= breakers.len() {
            breakers.resize(place + 1, None);
        }
        Some(breakers[place].get_or_insert_with(|| BreakerState::new(rules)))
    }

    /// The isolate's budget of retries.
    pub(crate) fn retry_budget(&mut self, id: u32) -> Option<&mut RetryBudgetState> {
        let rules = self.program_of(id).model.providers[self.calls[id as usize].provider as usize].budget?;
        let place = self.in_isolate(id);
        let retry_budgets = &mut self.parts.policies.retry_budgets;
        if place >= retry_budgets.len() {
            retry_budgets.resize(place + 1, None);
        }
        Some(retry_budgets[place].get_or_insert_with(|| RetryBudgetState::new(rules)))
    }

    /// A call makes its first attempt.
    pub(crate) fn begin_guard(&mut self, id: u32) {
        let provider = self.calls[id as usize].provider as usize;
        let deadline = self.program_of(id).model.providers[provider].deadline;
        let guard = &mut self.parts.policies.guards[id as usize];
        *guard = Guard { began: true, picked: guard.picked, ..CLEAN };
        if let Some(deadline) = deadline {
            guard.deadline = self.now.saturating_add(deadline);
        }
        let recorded = u64::from(self.calls[id as usize].recorded);
        self.parts.policies.tallies[provider].tries.iter_mut().for_each(|tries| *tries += recorded);
        if let Some(budget) = self.retry_budget(id) {
            budget.request();
        }
    }

    /// Whether the breaker, if there is one, lets an attempt go.
    pub(crate) fn breaker_admits(&mut self, id: u32) -> bool {
        let now = self.now;
        if self.parts.policies.guards[id as usize].pass.is_some() {
            return true; // it counts calls, and this one is inside
        }
        let Some(breaker) = self.breaker(id) else { return true };
        let pass = breaker.ask(now);
        self.parts.policies.guards[id as usize].pass = pass;
        let call = &self.calls[id as usize];
        self.parts.policies.tallies[call.provider as usize].refused += u64::from(pass.is_none() && call.recorded);
        pass.is_some()
    }

    /// Returns the pass, if there is one, with the result: success, a fault, or no result.
    pub(crate) fn tell_breaker(&mut self, id: u32, result: Option<Option<Fault>>) {
        let Some(pass) = self.parts.policies.guards[id as usize].pass.take() else { return };
        let now = self.now;
        let Some(breaker) = self.breaker(id) else { return };
        let Some(fault) = result else { return breaker.came_to_nothing(pass) };
        let rules = breaker.rules();
        if breaker.ended(now, pass, fault.is_some_and(|fault| rules.failures.contains(fault))) {
            let open = self.parts.policies.recorded_part(now, rules.reset_timeout);
            let provider = self.calls[id as usize].provider as usize;
            let tally = &mut self.parts.policies.tallies[provider];
            tally.open_ns += u128::from(open.nanos());
            tally.trips += u64::from(now >= self.blueprint.recording_from);
        }
    }
}
