//! Connections: an attempt or an op holds one until its answer; if none is free it waits, in order.
//!
//! Skipped entirely if `Blueprint::connections_bind` is false.

use crate::policy::Fault;
use crate::units::{Instant, Span};
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::Cause;
use crate::world::state::{InvocationId, Phase, Work, World, Writer};

impl World<'_> {
    pub(crate) fn is_connected(&mut self, who: Writer) -> bool {
        self.wire(who).held > 0
    }

    /// Whether the writer has a connection now; if not, it waits for one and is told.
    pub(crate) fn connect(&mut self, who: Writer) -> bool {
        let Some(at) = self.invoked(who) else { return true };
        let (now, recorded) = (self.now, self.writer_recorded(who));
        let invocations = &mut self.parts.invocations;
        let (invocation, tally) = (&mut invocations.list[at.0 as usize], &mut invocations.tally);
        let is_free = invocation.open < invocations.connections;
        if is_free {
            invocation.open += 1;
            tally.opened += u64::from(recorded);
            tally.open_max = tally.open_max.max(invocation.open);
        } else {
            invocation.waiting.push_back(who);
        }
        let wire = self.wire(who);
        (wire.held, wire.waits) = (u32::from(is_free), !is_free);
        wire.asked = if is_free { wire.asked } else { now };
        is_free
    }

    /// A hedge opens another connection of its call, where one is free.
    pub(crate) fn connect_another(&mut self, id: u32) -> bool {
        let at = self.invocation(id);
        let invocations = &mut self.parts.invocations;
        let invocation = &mut invocations.list[at.0 as usize];
        let is_free = invocation.open < invocations.connections;
        invocation.open += u32::from(is_free);
        invocations.tally.open_max = invocations.tally.open_max.max(invocation.open);
        self.wire(Writer::Call(id)).held += u32::from(is_free);
        is_free
    }

    /// The answer is there: gives the writer's connections to those waiting.
    pub(crate) fn disconnect(&mut self, who: Writer) {
        let held = std::mem::take(&mut self.wire(who).held);
        self.give_connections_back(who, held);
    }

    /// One of the attempts of a call that race has ended, and others go on.
    pub(crate) fn disconnect_one(&mut self, id: u32) {
        let wire = self.wire(Writer::Call(id));
        let one = wire.held.min(1);
        wire.held -= one;
        self.give_connections_back(Writer::Call(id), one);
    }

    fn give_connections_back(&mut self, who: Writer, held: u32) {
        let Some(at) = self.invoked(who).filter(|_| held > 0) else { return };
        self.parts.invocations.at(at).open -= held;
        self.hand_connections_on(at);
    }

    /// Gives free connections of an invocation to those waiting.
    fn hand_connections_on(&mut self, at: InvocationId) {
        loop {
            let most = self.parts.invocations.connections;
            let invocation = self.parts.invocations.at(at);
            if invocation.open >= most {
                return;
            }
            let Some(next) = invocation.waiting.pop_front() else { return };
            invocation.open += 1;
            self.connected(next);
        }
    }

    /// Invocations may have another number of connections; none is taken away.
    pub(crate) fn connections_change(&mut self) {
        let invocations = self.parts.invocations.list.len() as u32;
        (0..invocations).for_each(|at| self.hand_connections_on(InvocationId(at)));
    }

    /// What a writer has waited for with its connection is not to be done any more.
    pub(crate) fn needs_no_connection(&mut self, who: Writer) {
        if self.blueprint.connections_bind && self.is_connected(who) {
            self.disconnect(who);
        }
    }

    /// Serves the next one waiting.
    fn connected(&mut self, who: Writer) {
        let (now, recorded) = (self.now, self.writer_recorded(who));
        let wire = self.wire(who);
        (wire.held, wire.waits) = (1, false);
        let wait = now.since(wire.asked);
        if recorded {
            let tally = &mut self.parts.invocations.tally;
            (tally.opened, tally.waited) = (tally.opened + 1, tally.waited + 1);
            tally.wait_ns += u128::from(wait.nanos());
            tally.wait_max = tally.wait_max.max(wait);
        }
        match who {
            Writer::Call(id) if self.calls[id as usize].phase == Phase::Connecting => self.send_connected(id),
            Writer::Call(id) => self.ready.push_back(id),
            Writer::Task(id) => self.wake_task(id, Span::ZERO),
        }
    }

    /// Whether the attempt of a call has a connection. If not it waits, until it is given up at `until`.
    pub(crate) fn connect_attempt(&mut self, id: u32, until: Instant) -> bool {
        self.wire(Writer::Call(id)).until = until;
        if self.connect(Writer::Call(id)) {
            return true;
        }
        let call = &mut self.calls[id as usize];
        call.phase = Phase::Connecting;
        if until < self.blueprint.horizon {
            let order = order(Rank::Timeout, call.address, call.attempt);
            self.calendar.push(until, order, Event::GivesUp(id));
        }
        false
    }

    /// When the attempt of a call is given up, waits for a connection included.
    pub(crate) fn given_up_at(&mut self, id: u32) -> Instant {
        self.wire(Writer::Call(id)).until
    }

    fn send_connected(&mut self, id: u32) {
        let call = &self.calls[id as usize];
        if call.work != Work::Provider {
            self.calls[id as usize].phase = Phase::Start;
            self.ready.push_back(id);
        } else if self.blueprint.guarded {
            let until = self.given_up_at(id);
            self.send_guarded(id, until);
        } else {
            self.send_on_connection(id);
        }
    }

    /// An attempt is given up that has had no connection.
    pub(crate) fn gives_up(&mut self, id: u32) {
        self.stop_waiting(Writer::Call(id));
        self.parts.invocations.tally.given_up += u64::from(self.calls[id as usize].recorded);
        self.deny(id, Fault::Timeout, Cause::Connections);
        self.advance(id);
    }

    /// Removes one that waits for a connection.
    pub(crate) fn stop_waiting(&mut self, who: Writer) {
        if let Some(at) = self.invoked(who) {
            self.parts.invocations.at(at).waiting.retain(|waiting| *waiting != who);
        }
        self.wire(who).waits = false;
    }

    /// The headers of an attempt's answer come before the answer: then the connection is free.
    pub(crate) fn expect_headers(&mut self, id: u32, ends: Instant) {
        let call = &self.calls[id as usize];
        let spec = &self.blueprint.model.providers[call.provider as usize];
        let Some(at) = spec.headers_after.map(|after| self.now.saturating_add(after)).filter(|at| *at < ends) else {
            return;
        };
        if at == self.now {
            return self.disconnect(Writer::Call(id));
        }
        let order = order(Rank::Answer, call.address, call.attempt);
        self.calendar.push(at, order, Event::Headers(id));
    }

    /// The headers of an answer are there.
    pub(crate) fn headers_come(&mut self, id: u32) {
        self.disconnect(Writer::Call(id));
    }

    /// A call is lost with its isolate; whether no event is to come for it, because it waits for a connection.
    pub(crate) fn lose_wire(&mut self, id: u32) -> bool {
        std::mem::take(self.wire(Writer::Call(id))).waits
    }

    /// Whether a call without a provider may start its work: a computation needs no connection.
    pub(crate) fn may_start_work(&mut self, id: u32) -> bool {
        !self.blueprint.connections_bind
            || self.calls[id as usize].work == Work::Compute
            || self.is_connected(Writer::Call(id))
            || self.connect_attempt(id, Instant::NEVER)
    }
}
