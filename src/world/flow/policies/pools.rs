//! Which of several providers an attempt asks.

use crate::model::Pick;
use crate::units::Instant;
use crate::world::blueprint::PoolSpec;
use crate::world::parts::policies::pools::PoolState;
use crate::world::state::World;

impl World<'_> {
    /// An attempt of a step with several providers goes to one of them; a call that has fallen back goes on there.
    pub(super) fn pick_provider(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        let plan = &self.plans[call.plan as usize];
        let flow = &self.blueprint.workflows[plan.workflow as usize];
        let step = flow.calls[call.index as usize].step as usize;
        let Some(pool) = flow.steps[step].pool else { return };
        let blueprint = self.blueprint;
        let spec = &blueprint.pools.0[pool as usize];
        if !spec.members.iter().any(|(provider, _)| *provider == call.provider) {
            return;
        }
        let (isolate, old_law) = (plan.isolate as usize, call.law);
        let (class, step, lane, position) = self.own_address(id);
        let [word, latency] = {
            let mut words = self.parts.policies.pool_draws[class][step].at(lane, position);
            [words.next(), words.next()]
        };
        let open = self.open_until(isolate, spec);
        let left: Vec<f64> = match spec.rules.pick {
            Pick::MostLeft => spec.members.iter().map(|(provider, _)| self.left_at(*provider)).collect(),
            _ => Vec::new(),
        };
        let now = self.now;
        let state = self.pool(isolate, pool, spec.members.len());
        let ready = state.ready(now, &open);
        let chosen = match spec.rules.pick {
            Pick::Turn => state.in_turn(&ready),
            Pick::LeastBusy => state.least_busy(&ready),
            Pick::MostLeft => {
                let most = ready.iter().map(|at| left[*at]).fold(f64::NEG_INFINITY, f64::max);
                let ready: Vec<usize> = ready.into_iter().filter(|at| left[*at] == most).collect();
                state.in_turn(&ready)
            }
            Pick::Random => by_weight(&ready, &spec.rules.weights, word.unit()),
        };
        state.begins(chosen);
        self.parts.policies.guards[id as usize].picked = Some((pool, chosen as u16));
        let (provider, law) = spec.members[chosen];
        let call = &mut self.calls[id as usize];
        (call.provider, call.law) = (provider, law);
        if law != old_law {
            call.latency = blueprint.laws[law as usize].sample(latency);
        }
    }

    /// The attempt of a call is over, or comes to nothing.
    pub(super) fn unpick(&mut self, id: u32, failed: Option<bool>) {
        let Some(guard) = self.parts.policies.guards.get_mut(id as usize) else { return };
        let Some((pool, member)) = guard.picked.take() else { return };
        let call = &self.calls[id as usize];
        let isolate = self.plans[call.plan as usize].isolate as usize;
        let rules = self.blueprint.pools.0[pool as usize].rules.cool_down;
        let place = isolate * self.blueprint.pools.0.len() + pool as usize;
        let Some(state) = self.parts.policies.pools.get_mut(place).and_then(Option::as_mut) else { return };
        if state.ended(member as usize, self.now, failed, rules) {
            self.parts.policies.tallies[call.provider as usize].cooled_down +=
                u64::from(self.now >= self.blueprint.recording_from);
        }
    }

    /// What an isolate knows of a pool.
    fn pool(&mut self, isolate: usize, pool: u16, members: usize) -> &mut PoolState {
        let place = isolate * self.blueprint.pools.0.len() + pool as usize;
        let pools = &mut self.parts.policies.pools;
        if place >= pools.len() {
            pools.resize(place + 1, None);
        }
        pools[place].get_or_insert_with(|| PoolState::new(members))
    }

    /// Until when the breakers of a pool's providers are open, of those that are.
    fn open_until(&self, isolate: usize, spec: &PoolSpec) -> Vec<Option<Instant>> {
        let place = |provider: u16| isolate * self.blueprint.providers.len() + provider as usize;
        let breaker = |provider: u16| self.parts.policies.breakers.get(place(provider))?.as_ref()?.open_until();
        spec.members.iter().map(|(provider, _)| breaker(*provider)).collect()
    }

    /// The share that is left of the limit of a provider that is nearest to its end.
    fn left_at(&mut self, provider: u16) -> f64 {
        let now = self.now;
        self.parts.policies.servers[provider as usize].as_mut().map_or(1.0, |server| server.left(now))
    }
}

/// One of these, each as likely as its weight says; `u` is in [0, 1).
fn by_weight(ready: &[usize], weights: &[f64], u: f64) -> usize {
    let all: f64 = ready.iter().map(|at| weights[*at]).sum();
    let mut left = u * all;
    for &at in ready {
        left -= weights[at];
        if left < 0.0 {
            return at;
        }
    }
    // Only those without weight are there.
    ready.first().copied().unwrap_or(0)
}
