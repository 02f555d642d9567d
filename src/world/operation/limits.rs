//! Limits of an invocation: subrequests, and operations on each store.

use crate::model::InvocationScope;
use crate::world::ledger::Cause;
use crate::world::state::{InvocationId, Subrequest, World};

impl World<'_> {
    /// The invocation of a plan in which a call of it runs.
    pub(crate) fn invocation_of(&self, place: u32, index: u16) -> InvocationId {
        let flow = &self.blueprint.workflows[self.plans[place as usize].workflow as usize];
        let number = match flow.invocation {
            InvocationScope::Plan => 0,
            InvocationScope::Step => flow.calls[index as usize].step as usize,
            InvocationScope::Call => index as usize,
        };
        self.parts.invocations.nth_of(place, number)
    }

    /// The invocation that a call belongs to.
    pub(crate) fn invocation(&self, id: u32) -> InvocationId {
        let call = &self.calls[id as usize];
        self.invocation_of(call.plan, call.index)
    }

    /// Why the invocation may not make one more call to a store; if it may, it is counted.
    pub(crate) fn may_not_call(&mut self, id: InvocationId, store: usize, external: bool) -> Option<Cause> {
        let platform = &self.blueprint.model.platform;
        let state = &self.parts.stores[store];
        let op = Subrequest {
            store,
            of_store: state.ops_per_invocation,
            external,
            counts: state.is_subrequest,
            limit: if external { platform.subrequests_external } else { platform.subrequests_internal },
        };
        self.parts.invocations.refuses(id, &op)
    }

    /// Whether the invocation may make one more external call, an attempt at a provider; if so it is counted.
    #[inline]
    pub(crate) fn may_call_outside(&mut self, id: u32) -> bool {
        let Some(limit) = self.blueprint.model.platform.subrequests_external else { return true };
        let invocation = self.invocation(id);
        self.parts.invocations.may_call_outside(invocation, limit)
    }
}
