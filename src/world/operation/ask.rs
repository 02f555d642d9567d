//! Asking a store: quotas, the limits of the invocation, a connection, and then the answer.

use crate::model::OpKind;
use crate::policy::Verdict;
use crate::units::Span;
use crate::world::blueprint::NONE;
use crate::world::ledger::Cause;
use crate::world::state::{OpRequest, OpResponse, Requester, World};

impl World<'_> {
    /// The law of how long an op takes: a read of a key that its region has fetched a moment ago is hot.
    fn law_of(&mut self, asked: &OpRequest) -> u16 {
        let laws = &self.blueprint.store_laws[asked.store];
        let hot = laws.by_op[asked.op as usize];
        let (Some((key, region)), Some((cold, after))) = (asked.cold, laws.cold) else { return hot };
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
    pub(crate) fn ask(&mut self, asker: &Requester, asked: &OpRequest) -> Option<OpResponse> {
        let verdict = self.parts.stores[asked.store].judge(asked.op, self.now);
        let waits_no_more = self.blueprint.connections_bind && self.is_connected(asker.who);
        let refused = if waits_no_more { None } else { self.is_refused_here(asker, asked, verdict) };
        let answer = match refused {
            Some(why) => OpResponse { at: self.now, takes: Span::ZERO, refused: Some(why) },
            None if !self.has_connection(asker, asked) => return None,
            None => self.answer(asker, asked, verdict),
        };
        self.parts.stores[asked.store].counts[asked.op as usize].attempted[usize::from(asker.recorded)] += 1;
        Some(answer)
    }

    fn has_connection(&mut self, asker: &Requester, asked: &OpRequest) -> bool {
        !self.blueprint.connections_bind
            || !self.parts.stores[asked.store].is_subrequest
            || self.is_connected(asker.who)
            || self.connect(asker.who)
    }

    /// Why an op is refused before it leaves the program, if it is.
    fn is_refused_here(&mut self, asker: &Requester, asked: &OpRequest, verdict: Verdict) -> Option<Cause> {
        let (store, op, now, recorded) = (asked.store, asked.op, self.now, asker.recorded);
        if self.parts.stores[store].drops_locally(op, now, recorded) {
            return Some(Cause::ClientSilent);
        }
        let why = if verdict == Verdict::Refused && !self.parts.stores[store].is_service() {
            self.parts.stores[store].quota_cause(op)
        } else {
            self.may_not_call(asker.invocation, store, asked.external)?
        };
        self.parts.stores[store].refuse(op, why, now, recorded);
        Some(why)
    }

    /// What the store answers.
    fn answer(&mut self, asker: &Requester, asked: &OpRequest, verdict: Verdict) -> OpResponse {
        let (store, op, now, recorded) = (asked.store, asked.op, self.now, asker.recorded);
        let refuse = |world: &mut Self, why, takes| {
            world.parts.stores[store].refuse(op, why, now, recorded);
            OpResponse { at: now, takes, refused: Some(why) }
        };
        let law = self.law_of(asked);
        let takes = self.blueprint.laws[law as usize].sample(asker.latency);
        if self.parts.stores[store].is_service()
            && let Some(why) = self.service_fails(asker, store, (op, verdict), takes)
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
        if !self.parts.stores[store].is_spaced(asked.key, at, recorded) {
            return refuse(self, Cause::KeySpacing, takes);
        }
        if asked.bytes > 0 && !self.parts.stores[store].has_space(asked.bytes, now) {
            return refuse(self, Cause::StoreFull, takes);
        }
        self.parts.stores[store].take(op, now, at, recorded);
        OpResponse { at, takes, refused: None }
    }

    /// Why a log service does not take an op; its client, who learns it `takes` later, says nothing to anybody.
    fn service_fails(
        &mut self,
        asker: &Requester,
        store: usize,
        (op, verdict): (OpKind, Verdict),
        takes: Span,
    ) -> Option<Cause> {
        let (store, now) = (&mut self.parts.stores[store], self.now);
        if store.does_not_arrive(asker.network) {
            return Some(Cause::Network);
        }
        if verdict == Verdict::Refused {
            store.falls_silent(now + takes);
            return Some(store.quota_cause(op));
        }
        None
    }
}
