//! Connections: an attempt and an op hold one until the answer comes, and whoever finds none free waits, in order.
//!
//! Nothing of this is asked where `Blueprint::connections_bind` is false.

use crate::policy::Fault;
use crate::units::{Instant, Span};
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::Cause;
use crate::world::state::{Phase, Wire, Work, World, Writer};

impl World<'_> {
    fn wire(&mut self, id: u32) -> Option<&mut Wire> {
        let (calls, invocations) = (self.calls.len(), self.parts.invocations.as_mut()?);
        if invocations.wires.len() < calls {
            invocations.wires.resize(calls, Wire::default());
        }
        invocations.wires.get_mut(id as usize)
    }

    pub(crate) fn is_connected(&mut self, who: Writer) -> bool {
        match who {
            Writer::Call(id) => self.wire(id).is_some_and(|wire| wire.held > 0),
            Writer::Task(id) => self.tasks.list[id as usize].connected,
        }
    }

    /// Whether the writer has a connection now; if not, it waits for one and is told.
    pub(crate) fn connect(&mut self, who: Writer) -> bool {
        let Some(at) = self.invoked(who) else { return true };
        let (now, recorded) = (self.now, self.writer_recorded(who));
        let Some(invocations) = &mut self.parts.invocations else { return true };
        let (invoked, tally) = (&mut invocations.list[at], &mut invocations.tally);
        let is_free = invoked.open < invocations.connections;
        if is_free {
            invoked.open += 1;
            tally.opened += u64::from(recorded);
            tally.open_max = tally.open_max.max(invoked.open);
        } else {
            invoked.waiting.push_back(who);
        }
        self.hold(who, is_free, now);
        is_free
    }

    /// A writer has a connection, or begins to wait for one.
    fn hold(&mut self, who: Writer, is_free: bool, now: Instant) {
        match who {
            Writer::Call(id) => {
                if let Some(wire) = self.wire(id) {
                    (wire.held, wire.waits) = (u32::from(is_free), !is_free);
                    wire.asked = if is_free { wire.asked } else { now };
                }
            }
            Writer::Task(id) => {
                let task = &mut self.tasks.list[id as usize];
                (task.connected, task.waits) = (is_free, !is_free);
                task.asked = if is_free { task.asked } else { now };
            }
        }
    }

    /// A hedge opens another connection of its call, where one is free.
    pub(crate) fn connect_another(&mut self, id: u32) -> bool {
        let (Some(at), Some(invocations)) = (self.invoked(Writer::Call(id)), &mut self.parts.invocations) else {
            return true;
        };
        let is_free = invocations.list[at].open < invocations.connections;
        invocations.list[at].open += u32::from(is_free);
        invocations.tally.open_max = invocations.tally.open_max.max(invocations.list[at].open);
        if let Some(wire) = self.wire(id) {
            wire.held += u32::from(is_free);
        }
        is_free
    }

    /// The answer is there: the connections of the writer go to those who wait.
    pub(crate) fn disconnect(&mut self, who: Writer) {
        let held = match who {
            Writer::Call(id) => self.wire(id).map_or(0, |wire| std::mem::take(&mut wire.held)),
            Writer::Task(id) => u32::from(std::mem::take(&mut self.tasks.list[id as usize].connected)),
        };
        self.give_connections_back(who, held);
    }

    /// One of the attempts of a call that race has ended, and others go on.
    pub(crate) fn disconnect_one(&mut self, id: u32) {
        let held = self.wire(id).map_or(0, |wire| {
            let one = wire.held.min(1);
            wire.held -= one;
            one
        });
        self.give_connections_back(Writer::Call(id), held);
    }

    fn give_connections_back(&mut self, who: Writer, held: u32) {
        let Some(at) = self.invoked(who).filter(|_| held > 0) else { return };
        if let Some(invocations) = &mut self.parts.invocations {
            invocations.list[at].open -= held;
        }
        self.hand_connections_on(at);
    }

    /// Free connections of an invocation go to those who wait.
    fn hand_connections_on(&mut self, at: usize) {
        loop {
            let Some(invocations) = &mut self.parts.invocations else { return };
            let invoked = &mut invocations.list[at];
            if invoked.open >= invocations.connections {
                return;
            }
            let Some(next) = invoked.waiting.pop_front() else { return };
            invoked.open += 1;
            self.connected(next);
        }
    }

    /// Invocations may have another number of connections; none is taken away.
    pub(crate) fn connections_change(&mut self) {
        let invocations = self.parts.invocations.as_ref().map_or(0, |invocations| invocations.list.len());
        (0..invocations).for_each(|at| self.hand_connections_on(at));
    }

    /// What a writer has waited for with its connection is not to be done any more.
    pub(crate) fn needs_no_connection(&mut self, who: Writer) {
        if self.blueprint.connections_bind && self.is_connected(who) {
            self.disconnect(who);
        }
    }

    /// It is the turn of one who waited.
    fn connected(&mut self, who: Writer) {
        let (now, recorded) = (self.now, self.writer_recorded(who));
        let asked = match who {
            Writer::Call(id) => self.wire(id).map_or(now, |wire| wire.asked),
            Writer::Task(id) => self.tasks.list[id as usize].asked,
        };
        self.hold(who, true, now);
        if let Some(invocations) = self.parts.invocations.as_mut().filter(|_| recorded) {
            let (tally, wait) = (&mut invocations.tally, now.since(asked));
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
        if let Some(wire) = self.wire(id) {
            wire.until = until;
        }
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
        self.wire(id).map_or(Instant::NEVER, |wire| wire.until)
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
    pub(crate) fn gives_up(&mut self, id: u32, event: u64) {
        let call = &self.calls[id as usize];
        if call.phase != Phase::Connecting || order(Rank::Timeout, call.address, call.attempt) != event {
            return;
        }
        let recorded = u64::from(call.recorded);
        self.stop_waiting(Writer::Call(id));
        if let Some(invocations) = &mut self.parts.invocations {
            invocations.tally.given_up += recorded;
        }
        self.deny(id, Fault::Timeout, Cause::Connections);
        self.advance(id);
        self.drain::<false>();
    }

    /// Who waits for a connection leaves.
    pub(crate) fn stop_waiting(&mut self, who: Writer) {
        if let (Some(at), Some(invocations)) = (self.invoked(who), &mut self.parts.invocations) {
            invocations.list[at].waiting.retain(|waiting| *waiting != who);
        }
        match who {
            Writer::Call(id) => self.wire(id).into_iter().for_each(|wire| wire.waits = false),
            Writer::Task(id) => self.tasks.list[id as usize].waits = false,
        }
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

    /// The headers of an answer are there, if it is still that attempt.
    pub(crate) fn headers_come(&mut self, id: u32, event: u64) {
        let call = &self.calls[id as usize];
        if call.phase == Phase::Running && order(Rank::Answer, call.address, call.attempt) == event {
            self.disconnect(Writer::Call(id));
            self.drain::<false>();
        }
    }

    /// A call is lost with its isolate; whether no event is to come for it, because it waits for a connection.
    pub(crate) fn lose_wire(&mut self, id: u32) -> bool {
        self.wire(id).is_some_and(|wire| std::mem::take(wire).waits)
    }

    /// Whether a call without a provider may start its work: a computation needs no connection.
    pub(crate) fn may_start_work(&mut self, id: u32) -> bool {
        !self.blueprint.connections_bind
            || self.calls[id as usize].work == Work::Compute
            || self.is_connected(Writer::Call(id))
            || self.connect_attempt(id, Instant::NEVER)
    }
}
