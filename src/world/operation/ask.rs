//! Asking a store: quotas, the limits of the invocation, a connection, and then the answer.

use crate::model::OpKind;
use crate::policy::Verdict;
use crate::units::Span;
use crate::world::blueprint::NONE;
use crate::world::ledger::Cause;
use crate::world::state::{OpRequest, OpResponse, Requester, World};

impl World<'_> {
    /// The law of how long an op takes: a read of a key that its region has fetched a moment ago is hot.
    fn law_of(&mut self, request: &OpRequest) -> u16 {
        let laws = &self.blueprint.store_laws[request.store];
        let hot = laws.by_op[request.op as usize];
        let (Some((key, region)), Some((cold, after))) = (request.cold, laws.cold) else { return hot };
        if key == NONE {
            return cold;
        }
        let slot = usize::from(region) * self.blueprint.hot_keys + usize::from(key);
        let until = &mut self.hot_until[slot];
        if self.now < *until {
            return hot;
        }
        *until = self.now.saturating_add(after);
        cold
    }

    /// Asks a store for an op: the quotas first (a refusal costs nothing), then the invocation's limits (the platform
    /// throws), then the key and the room that is left (the store answers, which takes as long as any answer). `None`
    /// where it waits for a connection first; whoever asked asks again when it has one.
    pub(crate) fn ask(&mut self, requester: &Requester, request: &OpRequest) -> Option<OpResponse> {
        let verdict = self.parts.stores[request.store].judge(request.op, self.now);
        let waits_no_more = self.blueprint.connections_bind && self.is_connected(requester.who);
        let refused = if waits_no_more { None } else { self.is_refused_here(requester, request, verdict) };
        let answer = match refused {
            Some(why) => OpResponse { at: self.now, takes: Span::ZERO, refused: Some(why) },
            None if !self.has_connection(requester, request) => return None,
            None => self.answer(requester, request, verdict),
        };
        self.parts.stores[request.store].counts[request.op as usize].attempted[usize::from(requester.recorded)] += 1;
        Some(answer)
    }

    fn has_connection(&mut self, requester: &Requester, request: &OpRequest) -> bool {
        !self.blueprint.connections_bind
            || !self.parts.stores[request.store].is_subrequest
            || self.is_connected(requester.who)
            || self.connect(requester.who)
    }

    /// Why an op is refused before it leaves the program, if it is.
    fn is_refused_here(&mut self, requester: &Requester, request: &OpRequest, verdict: Verdict) -> Option<Cause> {
        let (store, op, now, recorded) = (request.store, request.op, self.now, requester.recorded);
        if self.parts.stores[store].drops_locally(op, now, recorded) {
            return Some(Cause::ClientSilent);
        }
        let why = if verdict == Verdict::Refused && !self.parts.stores[store].is_service() {
            self.parts.stores[store].quota_cause(op)
        } else {
            self.may_not_call(requester.invocation, store, request.external)?
        };
        self.parts.stores[store].refuse(op, why, now, recorded);
        Some(why)
    }

    /// What the store answers.
    fn answer(&mut self, requester: &Requester, request: &OpRequest, verdict: Verdict) -> OpResponse {
        let (store, op, now, recorded) = (request.store, request.op, self.now, requester.recorded);
        let refuse = |world: &mut Self, why, takes| {
            world.parts.stores[store].refuse(op, why, now, recorded);
            OpResponse { at: now, takes, refused: Some(why) }
        };
        let law = self.law_of(request);
        let takes = self.blueprint.laws[law as usize].sample(requester.latency);
        if self.parts.stores[store].is_service()
            && let Some(why) = self.service_fails(requester, store, (op, verdict), takes)
        {
            return refuse(self, why, takes);
        }
        let at = match verdict {
            Verdict::At(at) => at,
            Verdict::Dropped => return refuse(self, Cause::Dropped, takes),
            // The quota was used up while the op waited for a connection.
            Verdict::Refused => {
                let why = self.parts.stores[store].quota_cause(op);
                return refuse(self, why, Span::ZERO);
            }
        };
        let takes = at.since(now) + takes;
        if !self.parts.stores[store].is_spaced(request.key, at, recorded) {
            return refuse(self, Cause::KeySpacing, takes);
        }
        if request.bytes > 0 && !self.parts.stores[store].has_space(request.bytes, now) {
            return refuse(self, Cause::StoreFull, takes);
        }
        self.parts.stores[store].take(op, now, at, recorded);
        OpResponse { at, takes, refused: None }
    }

    /// Why a log service does not take an op; its client learns it after `takes`, and does not report it.
    fn service_fails(
        &mut self,
        requester: &Requester,
        store: usize,
        (op, verdict): (OpKind, Verdict),
        takes: Span,
    ) -> Option<Cause> {
        let (store, now) = (&mut self.parts.stores[store], self.now);
        if store.does_not_arrive(requester.network) {
            return Some(Cause::Network);
        }
        if verdict == Verdict::Refused {
            store.falls_silent(now + takes);
            return Some(store.quota_cause(op));
        }
        None
    }
}
