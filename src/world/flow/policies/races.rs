//! Attempts that race: at a provider with hedges the first success counts, and the others are given up.
//!
//! An attempt that ends frees its slot for a waiting one, so the end of an attempt is known only once it has a slot:
//! each has an event of its own.

use crate::policy::{Ending, Fault};
use crate::units::{Instant, Span};
use crate::world::event::{Event, Handle, Rank, order};
use crate::world::ledger::Cause;
use crate::world::parts::policies::races::{Key, Place, Racer};
use crate::world::parts::policies::server::Reception;
use crate::world::state::World;

impl World<'_> {
    /// An attempt of a call goes to its provider, beside others or not, for a client that gives up at `cut`.
    pub(crate) fn send_racer(&mut self, id: u32, cut: Instant) {
        let (latency, fault) = self.planned(id);
        let (asked, now) = (self.asked(id, latency), self.now);
        let is_hedge = self.parts.policies.guards[id as usize].hedges > 0;
        let call = &self.calls[id as usize];
        let mut racer = Racer {
            provider: call.provider,
            address: call.address,
            attempt: call.attempt,
            recorded: call.recorded,
            is_hedge,
            sent: now,
            place: Place::Away,
            takes: Some(latency),
            ends: Instant::NEVER,
            fault,
            cause: None,
            retry_after: Span::ZERO,
            left_at: None,
        };
        let provider = call.provider as usize;
        if let Some(server) = &mut self.parts.policies.servers[provider] {
            let (reception, counts) = server.receive(now, &asked);
            racer.meets(reception, now);
            let (tally, recorded) = (&mut self.parts.policies.tallies[provider], u64::from(racer.recorded));
            tally.sent += recorded;
            tally.counted += recorded * u64::from(counts);
            if let Reception::Refused { cause, .. } = reception {
                tally.turned_away += recorded;
                server.count_refused(cause, now, racer.recorded);
            }
        }
        let races = &mut self.parts.policies.races;
        races.begun = races.begun.wrapping_add(1);
        let key = (id, races.begun);
        races.racers.insert(key, racer);
        if cut < self.blueprint.horizon {
            self.calendar.push(
                cut,
                order(Rank::Timeout, racer.address, racer.attempt),
                Event::RacerCut(Handle { slot: id, generation: key.1 }),
            );
        }
        match racer.place {
            Place::Away => self.racer_begins(key),
            Place::Works | Place::Waits => races.desks[provider].waiting.push_back(key),
            Place::Unheard => {}
        }
        if racer.place != Place::Away {
            self.parts.policies.races.desks[provider].present += 1;
            self.serve_desk(provider);
        }
        self.expect_hedge(id);
    }

    /// Gives free slots of a provider to waiting attempts.
    pub(crate) fn serve_desk(&mut self, provider: usize) {
        loop {
            let desk = &mut self.parts.policies.races.desks[provider];
            if desk.working >= desk.slots {
                break;
            }
            let Some(key) = desk.waiting.pop_front() else { break };
            let Some(racer) = self.parts.policies.races.racers.get_mut(&key) else { continue };
            racer.place = Place::Works;
            desk.working += 1;
            self.racer_begins(key);
        }
        if let Some(server) = &mut self.parts.policies.servers[provider] {
            server.shares_with(self.now, self.parts.policies.races.desks[provider].present);
        }
    }

    /// It is known when an attempt ends.
    fn racer_begins(&mut self, key: Key) {
        let Some(racer) = self.parts.policies.races.racers.get_mut(&key) else { return };
        let Some(takes) = racer.takes else { return };
        racer.ends = self.now + takes;
        let rank = if racer.fault == Some(Fault::Timeout) { Rank::Timeout } else { Rank::Answer };
        let order = order(rank, racer.address, racer.attempt);
        self.calendar.push(racer.ends, order, Event::RacerEnds(Handle { slot: key.0, generation: key.1 }));
    }

    /// The next hedge of the attempt under way, if there may be one.
    fn expect_hedge(&mut self, id: u32) {
        let (call, sent) = (&self.calls[id as usize], u32::from(self.parts.policies.guards[id as usize].hedges));
        let rules = self.program_of(id).model.providers[call.provider as usize].hedge;
        if let Some(at) = rules.and_then(|rules| rules.due(sent, self.now, self.blueprint.horizon)) {
            let order = order(Rank::BackoffEnd, call.address, call.attempt);
            self.calendar.push(at, order, Event::Hedge(id));
        }
    }

    /// No answer yet, if it is still that attempt: another is sent beside it.
    pub(crate) fn hedge(&mut self, id: u32) {
        let has_room = !self.blueprint.connections_bind || self.connect_another(id);
        if !has_room {
            return; // and none after it
        }
        if self.blueprint.limits_external && !self.may_call_outside(id) {
            return self.gives_one_back(id);
        }
        self.draw_hedge(id);
        let call = &self.calls[id as usize];
        self.parts.policies.tallies[call.provider as usize].hedges += u64::from(call.recorded);
        self.parts.policies.guards[id as usize].hedges += 1;
        self.send_racer(id, self.cut(id));
    }

    /// An attempt has ended, unless it was given up before.
    pub(crate) fn racer_ends(&mut self, id: u32, number: u32) {
        let Some(racer) = self.take_racer((id, number)) else { return };
        let provider = racer.provider as usize;
        let is_billed = racer.place == Place::Works && self.blueprint.model.providers[provider].bills(racer.fault);
        self.parts.policies.tallies[provider].billed += u64::from(racer.recorded && is_billed);
        match racer.left_at {
            Some(left_at) => self.parts.policies.count_abandoned(provider, left_at, self.now, racer.recorded),
            None => self.race_goes_on(id, &racer),
        }
    }

    /// The client of an attempt gives it up, unless it has ended.
    pub(crate) fn racer_cut(&mut self, id: u32, number: u32) {
        let racer = self.parts.policies.races.racers.get(&(id, number)).copied();
        if let Some(racer) = racer.filter(|racer| racer.left_at.is_none()) {
            let (fault, cause) = (Some(Fault::Timeout), racer.cause.or(Some(self.why_cut(id, &racer))));
            self.give_racer_up((id, number));
            self.race_goes_on(id, &Racer { fault, cause, retry_after: Span::ZERO, ..racer });
        }
    }

    /// Why an attempt is given up before its answer.
    fn why_cut(&self, id: u32, racer: &Racer) -> Cause {
        match racer.place {
            Place::Unheard => Cause::Outage,
            _ if racer.takes.is_none() => Cause::Hang,
            _ if self.parts.policies.guards[id as usize].deadline <= self.now => Cause::Deadline,
            Place::Waits => Cause::TimeoutQueued,
            Place::Away | Place::Works => self.timed_out(id, racer.sent, racer.ends),
        }
    }

    /// One attempt of a race is over: the first success ends the race, and the last failure.
    fn race_goes_on(&mut self, id: u32, racer: &Racer) {
        let fault = racer.fault;
        if fault.is_some() && self.parts.policies.races.of(id).next().is_some() {
            return self.gives_one_back(id);
        }
        let won = racer.recorded && racer.is_hedge && fault.is_none();
        self.parts.policies.tallies[racer.provider as usize].hedges_won += u64::from(won);
        self.leave_race(id);
        self.parts.policies.guards[id as usize].ending = Ending { at: self.now, fault, retry_after: racer.retry_after };
        let call = &mut self.calls[id as usize];
        (call.fault, call.cause) = (fault, racer.cause);
        self.guarded_ends(id);
    }

    /// One attempt less needs a connection, and others of the call go on.
    fn gives_one_back(&mut self, id: u32) {
        if self.blueprint.connections_bind {
            self.disconnect_one(id);
        }
    }

    /// The attempts of a call are abandoned; true if there were any.
    pub(crate) fn leave_race(&mut self, id: u32) -> bool {
        let left: Vec<Key> = self.parts.policies.races.of(id).collect();
        left.iter().for_each(|key| self.give_racer_up(*key));
        !left.is_empty()
    }

    /// An attempt is abandoned: a provider that outlives its client goes on with it.
    fn give_racer_up(&mut self, key: Key) {
        let Some(racer) = self.parts.policies.races.racers.get_mut(&key) else { return };
        let provider = racer.provider as usize;
        let is_there = matches!(racer.place, Place::Waits | Place::Works) && racer.takes.is_some();
        if is_there && self.blueprint.model.providers[provider].outlives_client() {
            racer.left_at = Some(self.now);
            self.parts.policies.tallies[provider].abandoned += u64::from(racer.recorded);
        } else {
            self.take_racer(key);
        }
    }

    /// An attempt is over, and what it held is free.
    fn take_racer(&mut self, key: Key) -> Option<Racer> {
        let racer = self.parts.policies.races.racers.remove(&key)?;
        let provider = racer.provider as usize;
        let desk = &mut self.parts.policies.races.desks[provider];
        match racer.place {
            Place::Away => return Some(racer),
            Place::Works => desk.working -= 1,
            Place::Waits | Place::Unheard => {}
        }
        desk.present -= 1;
        self.serve_desk(provider);
        Some(racer)
    }
}
