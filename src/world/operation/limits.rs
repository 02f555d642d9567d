//! What an invocation may do: so many subrequests, so many operations on a store.

use crate::model::InvocationScope;
use crate::world::blueprint::{CallSpec, Flow};
use crate::world::ledger::Cause;
use crate::world::state::{Invocation, World};

const EXTERNAL: usize = 0;

const INTERNAL: usize = 1;

const STORES: usize = 2;

/// The number of a call's invocation within its plan.
#[inline]
pub(crate) fn number(flow: &Flow, call: &CallSpec, index: usize) -> usize {
    match flow.invocation {
        InvocationScope::Plan => 0,
        InvocationScope::Step => call.step as usize,
        InvocationScope::Call => index,
    }
}

impl World<'_> {
    /// The number of a call's invocation within its plan.
    pub(crate) fn invocation_number(&self, place: u32, index: u16) -> usize {
        let flow = &self.blueprint.workflows[self.plans[place as usize].workflow as usize];
        number(flow, &flow.calls[index as usize], index as usize)
    }

    /// The invocation that a call belongs to.
    pub(crate) fn invocation(&self, id: u32) -> Invocation {
        let call = &self.calls[id as usize];
        self.invocation_of(call.plan, call.index)
    }

    pub(crate) fn invocation_of(&self, place: u32, index: u16) -> Invocation {
        Invocation::Plan(place as usize * self.used_each + self.invocation_number(place, index) * self.used_width)
    }

    fn counters(&mut self, invocation: Invocation) -> &mut [u32] {
        match invocation {
            Invocation::Plan(base) => &mut self.used[base..base + self.used_width],
            Invocation::Task(id) => &mut self.tasks.used[id * self.used_width..][..self.used_width],
        }
    }

    /// Why the invocation may not make one more call to a store; if it may, it is counted.
    pub(crate) fn may_not_call(&mut self, invocation: Invocation, store: usize, external: bool) -> Option<Cause> {
        let platform = &self.blueprint.model.platform;
        let (side, limit, cause) = if external {
            (EXTERNAL, platform.subrequests_external, Cause::ExternalSubrequests)
        } else {
            (INTERNAL, platform.subrequests_internal, Cause::InternalSubrequests)
        };
        let of_store = self.parts.stores[store].ops_per_invocation;
        let is_subrequest = self.parts.stores[store].is_subrequest;
        let limit = limit.filter(|_| is_subrequest);
        let used = self.counters(invocation);
        if limit.is_some_and(|limit| used[side] >= limit) {
            return Some(cause);
        }
        if used[STORES + store] >= of_store {
            return Some(Cause::OpsPerInvocation);
        }
        used[side] += u32::from(is_subrequest);
        used[STORES + store] += 1;
        let external_used = used[EXTERNAL];
        self.subrequests_max = self.subrequests_max.max(external_used);
        None
    }

    /// Whether the invocation may make one more external call, an attempt at a provider; if so it is counted.
    #[inline]
    pub(crate) fn may_call_outside(&mut self, id: u32) -> bool {
        let Some(limit) = self.blueprint.model.platform.subrequests_external else { return true };
        let invocation = self.invocation(id);
        let used = self.counters(invocation);
        if used[EXTERNAL] >= limit {
            return false;
        }
        used[EXTERNAL] += 1;
        let external_used = used[EXTERNAL];
        self.subrequests_max = self.subrequests_max.max(external_used);
        true
    }
}
