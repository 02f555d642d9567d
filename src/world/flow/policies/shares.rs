//! Attempts at a provider with shared capacity (processor sharing): each ends when the provider is done, unless its
//! client gives up before.

use crate::policy::Fault;
use crate::units::{Instant, Span};
use crate::world::event::{Event, Handle, Rank, order};
use crate::world::ledger::Cause;
use crate::world::parts::policies::sharing::{Job, Ticket};
use crate::world::state::World;

impl World<'_> {
    /// The provider takes an attempt in; its client gives up at `cut`.
    pub(crate) fn share(&mut self, id: u32, (latency, fault): (Span, Option<Fault>), cut: Instant) {
        let call = &self.calls[id as usize];
        let (provider, address, attempt) = (call.provider as usize, call.address, call.attempt);
        let job = Job { client: Some(id), recorded: call.recorded, fault, left_at: Instant::NEVER };
        let Some(sharing) = &mut self.parts.policies.shares[provider] else { return };
        let ticket = sharing.enter(self.now, latency, (address, attempt), job);
        let spec = &self.blueprint.model.providers[provider];
        let guard = &mut self.parts.policies.guards[id as usize];
        (guard.ticket, guard.is_billed) = (Some(ticket), spec.outlives_client() && spec.bills(fault));
        if cut < Instant::NEVER {
            self.calendar.push(cut, order(Rank::Timeout, address, attempt), Event::Cut(id));
        }
        self.expect_end(provider);
    }

    /// The number of attempts has changed: reschedules the next end.
    pub(crate) fn expect_end(&mut self, provider: usize) {
        let Some(sharing) = &mut self.parts.policies.shares[provider] else { return };
        sharing.version = sharing.version.wrapping_add(1);
        if let Some(server) = &mut self.parts.policies.servers[provider] {
            server.shares_with(self.now, sharing.present());
        }
        if let Some((at, Ticket { address, attempt, .. })) = sharing.next() {
            let event = Event::Share(Handle { slot: provider as u32, generation: sharing.version });
            self.calendar.push(at, order(Rank::Answer, address, attempt), event);
        }
    }

    /// The provider has finished an attempt, if it is still the expected one.
    pub(crate) fn share_ends(&mut self, provider: usize) {
        let now = self.now;
        let Some(sharing) = &mut self.parts.policies.shares[provider] else { return };
        let Some(job) = sharing.end(now) else { return };
        self.expect_end(provider);
        let is_billed = self.blueprint.model.providers[provider].bills(job.fault);
        self.parts.policies.tallies[provider].billed += u64::from(job.recorded && is_billed);
        let Some(id) = job.client else {
            return self.parts.policies.count_abandoned(provider, job.left_at, self.now, job.recorded);
        };
        self.parts.policies.guards[id as usize].ticket = None;
        self.calls[id as usize].fault = job.fault;
        self.guarded_ends(id);
    }

    /// The client of an attempt gives up, if it still waits for the same one.
    pub(crate) fn cut_share(&mut self, id: u32) {
        self.leave_share(id);
        let is_late = self.parts.policies.guards[id as usize].deadline <= self.now;
        let call = &mut self.calls[id as usize];
        (call.fault, call.cause) = (Some(Fault::Timeout), is_late.then_some(Cause::Deadline));
        self.guarded_ends(id);
    }

    /// The client of an attempt is gone: the attempt goes on or ends too. True if there was one.
    pub(crate) fn leave_share(&mut self, id: u32) -> bool {
        let Some(ticket) = self.parts.policies.guards.get_mut(id as usize).and_then(|guard| guard.ticket.take()) else {
            return false;
        };
        let call = &self.calls[id as usize];
        let (provider, recorded, now) = (call.provider as usize, call.recorded, self.now);
        let goes_on = self.blueprint.model.providers[provider].outlives_client();
        let Some(sharing) = &mut self.parts.policies.shares[provider] else { return false };
        if goes_on {
            sharing.abandon(now, ticket);
            self.parts.policies.tallies[provider].abandoned += u64::from(recorded);
        } else {
            sharing.leave(now, ticket);
            self.expect_end(provider);
        }
        true
    }
}
