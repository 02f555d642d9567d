//! Isolates that come and go: started when there is too much to do, ended when idle, evicted or replaced by a deploy.
//!
//! With an isolate its queues, counters and memory are lost. Work in flight has `drain_timeout` to finish; the rest is
//! lost: plans crash, attempts are lost, and their pending events are stale. Caches that isolates share stay, and what
//! a database or a store has accepted it finishes.

use crate::model::OnLoss;
use crate::units::Instant;
use crate::world::event::{Event, Handle, Rank, order};
use crate::world::ledger::{AttemptEnd, CallEnd, Cause, PlanEnd};
use crate::world::parts::queues::queue::Queue;
use crate::world::state::{Counts, Isolate, Phase, Plan, Work, World, Writer};

/// Why an isolate takes no more plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Idle,
    Evicted,
    Deployed,
}

impl World<'_> {
    /// The isolates that the model starts with, where they come and go.
    pub(crate) fn open_isolates(&mut self) {
        let Some(spec) = &self.blueprint.model.isolates else { return };
        self.parts.queues.list.clear();
        self.memory.clear();
        for _ in 0..spec.min {
            self.start_isolate();
        }
        self.schedule_deploy();
    }

    fn schedule_deploy(&mut self) {
        let (Some(spec), Some(isolates)) = (&self.blueprint.model.isolates, &mut self.parts.isolates) else { return };
        let at = match spec.deploys_every {
            Some(every) => self.now.saturating_add(every),
            None => spec.deploys_at.get(isolates.next_deploy).map_or(Instant::NEVER, |at| Instant::START + *at),
        };
        isolates.next_deploy += 1;
        if at < self.blueprint.horizon {
            self.calendar.push(at, order(Rank::Eviction, 0, 0), Event::Deploy);
        }
    }

    /// Whether the warm-up is over: what happens to isolates is counted from then on.
    fn counts(&mut self) -> Option<&mut Counts> {
        let recorded = self.now >= self.blueprint.recording_from;
        self.parts.isolates.as_mut().filter(|_| recorded).map(|isolates| &mut isolates.counts)
    }

    fn start_isolate(&mut self) -> usize {
        let blueprint = self.blueprint;
        let Some(isolates) = &mut self.parts.isolates else { return 0 };
        let place = isolates.places.iter().position(|isolate| !isolate.alive).unwrap_or(isolates.places.len());
        if place == isolates.places.len() {
            isolates.places.push(Isolate::default());
            let began = blueprint.recording_from.min(self.now);
            for queue in &blueprint.model.queues {
                self.parts.queues.list.push(
                    Queue::closed(queue, blueprint.lines_of(queue), began)
                        .with_reserve(queue, &blueprint.lines)
                        .with_aging(queue, &blueprint.priorities),
                );
            }
            self.memory.resize(self.memory.len() + blueprint.memory_keys, Instant::START);
        }
        let isolate = &mut isolates.places[place];
        let generation = isolate.generation + 1;
        *isolate = Isolate { alive: true, generation, arrivals: isolate.arrivals, ..Isolate::default() };
        isolates.alive.raise(self.now.nanos());
        if let Some(law) = blueprint.lifetime {
            let word = isolates.lifetimes.at(place as u64, u64::from(generation)).next();
            let ends = self.now.saturating_add(blueprint.laws[law as usize].sample(word));
            self.schedule_isolate(ends, place, Event::IsolateEnds(Handle { slot: place as u32, generation }));
        }
        self.parts.tiers.iter_mut().for_each(|tiers| tiers.open(place, self.now, &self.addresses));
        let queues = blueprint.model.queues.len();
        if blueprint.is_late {
            self.rules.resize(self.rules.len().max(place + 1), 0);
            self.rules[place] = self.stage;
            self.parts.change_program(place, &blueprint.model, self.now);
        }
        for (queue, spec) in self.parts.queues.list[place * queues..][..queues].iter_mut().zip(&blueprint.model.queues)
        {
            queue.open(spec, self.now);
        }
        if let Some(counts) = self.counts() {
            counts.started += 1;
        }
        place
    }

    fn schedule_isolate(&mut self, at: Instant, place: usize, event: Event) {
        let kind = match event {
            Event::IsolateEnds(..) => 1,
            Event::IsolateIdle(..) => 2,
            _ => 3,
        };
        if at < self.blueprint.horizon {
            self.calendar.push(at, order(Rank::Eviction, (place as u64) << 20, kind), event);
        }
    }

    /// The isolate that a plan lands on: one with room, each equally likely; else a new one; else any.
    pub(crate) fn land(&mut self, class: usize) -> u32 {
        let word = self.draws[class].routing.next();
        let Some(spec) = &self.blueprint.model.isolates else { return 0 };
        let Some(isolates) = &self.parts.isolates else { return 0 };
        let most = spec.per_isolate.unwrap_or(u32::MAX);
        let all_open = isolates.open() as u64;
        let room = isolates.places.iter().filter(|isolate| isolate.is_open() && isolate.plans < most).count() as u64;
        let (among, most) =
            if room == 0 && all_open >= u64::from(spec.max) { (all_open, u32::MAX) } else { (room, most) };
        let place = if among == 0 {
            self.start_isolate()
        } else {
            let lands = |at: &usize| isolates.places[*at].is_open() && isolates.places[*at].plans < most;
            (0..isolates.places.len()).filter(lands).nth(word.index(among) as usize).unwrap_or_default()
        };
        if let Some(isolates) = &mut self.parts.isolates {
            isolates.places[place].plans += 1;
            isolates.places[place].arrivals = isolates.places[place].arrivals.wrapping_add(1);
        }
        place as u32
    }

    /// A plan of this isolate has ended, and nothing of it runs any more.
    #[cold]
    pub(crate) fn plan_left(&mut self, place: usize) {
        let (Some(spec), Some(isolates)) = (&self.blueprint.model.isolates, &mut self.parts.isolates) else { return };
        let isolate = &mut isolates.places[place];
        isolate.plans -= 1;
        if isolate.plans > 0 {
            return;
        }
        let arrivals = isolate.arrivals;
        if isolate.draining {
            self.isolate_gone(place);
        } else if let Some(idle) = spec.idle {
            let at = self.now.saturating_add(idle);
            self.schedule_isolate(at, place, Event::IsolateIdle(Handle { slot: place as u32, generation: arrivals }));
        }
    }

    /// Nothing has come to an isolate for a while: it ends, unless it is needed for the minimum.
    pub(crate) fn isolate_idle(&mut self, place: usize) {
        let (Some(spec), Some(isolates)) = (&self.blueprint.model.isolates, &self.parts.isolates) else { return };
        if isolates.open() > spec.min as usize {
            self.end_isolate(place, Reason::Idle);
        }
    }

    /// The life of an isolate is over.
    pub(crate) fn isolate_ends(&mut self, place: usize) {
        self.end_isolate(place, Reason::Evicted);
        self.keep_the_least();
    }

    /// A new version: all isolates are replaced.
    pub(crate) fn deploy(&mut self) {
        let Some(isolates) = &self.parts.isolates else { return };
        let places = isolates.places.len();
        for place in 0..places {
            if self.parts.isolates.as_ref().is_some_and(|isolates| isolates.places[place].is_open()) {
                self.end_isolate(place, Reason::Deployed);
            }
        }
        self.keep_the_least();
        self.schedule_deploy();
    }

    /// Starts isolates up to the minimum.
    pub(crate) fn keep_the_least(&mut self) {
        let Some(spec) = &self.blueprint.model.isolates else { return };
        while self.parts.isolates.as_ref().is_some_and(|isolates| isolates.open() < spec.min as usize) {
            self.start_isolate();
        }
    }

    fn end_isolate(&mut self, place: usize, reason: Reason) {
        if let Some(counts) = self.counts() {
            *match reason {
                Reason::Idle => &mut counts.idle,
                Reason::Evicted => &mut counts.evicted,
                Reason::Deployed => &mut counts.deployed,
            } += 1;
        }
        let (Some(spec), Some(isolates)) = (&self.blueprint.model.isolates, &mut self.parts.isolates) else { return };
        let isolate = &mut isolates.places[place];
        isolate.draining = true;
        let generation = isolate.generation;
        if isolate.plans == 0 || spec.drain_timeout.is_zero() {
            return self.isolate_gone(place);
        }
        let at = self.now.saturating_add(spec.drain_timeout);
        self.schedule_isolate(at, place, Event::IsolateDrained(Handle { slot: place as u32, generation }));
    }

    /// The time to finish is over.
    pub(crate) fn isolate_drained(&mut self, place: usize) {
        self.isolate_gone(place);
    }

    /// The isolate ends; its work is lost.
    fn isolate_gone(&mut self, place: usize) {
        let Some(isolates) = &mut self.parts.isolates else { return };
        isolates.places[place].alive = false;
        isolates.alive.lower(self.now.nanos());
        let lost = std::mem::take(&mut isolates.places[place].plans) > 0;
        if lost {
            self.lose_work_of(place);
        }
        self.parts.queues.close(place, self.blueprint.model.queues.len(), self.now);
        self.lose_memory_of(place);
        self.parts.tiers.iter_mut().for_each(|tiers| tiers.close(place, self.now));
        let keys = self.blueprint.memory_keys;
        self.memory[place * keys..][..keys].fill(Instant::START);
    }

    /// Whatever runs in an isolate ends with it.
    fn lose_work_of(&mut self, isolate: usize) {
        let is_there = |plan: &Plan| plan.alive && plan.isolate as usize == isolate;
        for id in 0..self.calls.len() as u32 {
            let call = &self.calls[id as usize];
            if !call.phase.is_gone() && is_there(&self.plans[call.plan as usize]) {
                self.lose_call(id);
            }
        }
        for plan in 0..self.plans.len() as u32 {
            if is_there(&self.plans[plan as usize]) {
                self.lose_plan(plan);
            }
        }
    }

    /// Why work is lost with its isolate.
    fn why_lost(&self) -> Cause {
        match &self.blueprint.model.isolates {
            Some(spec) if !spec.drain_timeout.is_zero() => Cause::Drain,
            _ => Cause::LostIsolate,
        }
    }

    fn lose_plan(&mut self, place: u32) {
        let cause = self.why_lost();
        self.plans[place as usize].alive = false;
        self.lose_invocations(place, cause);
        self.close_plan::<false>(place);
        let plan = &mut self.plans[place as usize];
        plan.open_calls = 0;
        if std::mem::replace(&mut plan.over, true) || plan.left {
            return;
        }
        let (class, number, recorded) = (plan.class as usize, plan.number, plan.recorded);
        if self.blueprint.bills_tokens {
            self.write_off(place);
        }
        self.ledgers[class].plans.fail(PlanEnd::Crashed as usize, cause, recorded);
        self.note_plan(place, PlanEnd::Crashed);
        if let Some(counts) = self.parts.isolates.as_mut().filter(|_| recorded).map(|isolates| &mut isolates.counts) {
            counts.lost += 1;
        }
        if self.blueprint.model.isolates.as_ref().is_some_and(|spec| spec.on_loss == OnLoss::ClientRetries) {
            self.try_again(place);
        } else if self.blueprint.thinks[class].is_some() {
            self.think(class, 0, number);
        }
    }

    fn lose_call(&mut self, id: u32) {
        let cause = self.why_lost();
        let shares = self.leave_share(id) || self.leave_race(id);
        self.cut_log(id);
        let asks_a_provider = self.calls[id as usize].work == Work::Provider;
        if self.blueprint.bills_tokens && asks_a_provider && self.calls[id as usize].phase == Phase::Running {
            self.bill_lost(id);
        }
        if asks_a_provider && matches!(self.calls[id as usize].phase, Phase::Running | Phase::Connecting) {
            self.note_attempt(id, "lost");
        }
        let call = &mut self.calls[id as usize];
        let ledger = &mut self.ledgers[call.class as usize];
        ledger.calls.fail(CallEnd::Crashed as usize, cause, call.recorded);
        match call.phase {
            Phase::Running | Phase::Connecting if asks_a_provider => {
                ledger.attempts.fail(AttemptEnd::Lost as usize, cause, call.recorded)
            }
            Phase::Waiting => self.parts.queues.waits[call.waits as usize].lost += u64::from(call.recorded),
            _ => {}
        }
        // An event is to come for whoever waits neither in a queue, nor for a connection or what another computes, nor for
        // a provider that shares itself or one of several attempts; it finds the call lost, and its place is free then.
        let waits = self.lose_wire(id) || self.calls[id as usize].phase == Phase::Waiting || shares;
        let work = self.lose_work(id);
        let call = &mut self.calls[id as usize];
        call.phase = if waits { Phase::Free } else { work };
        call.in_slot = false;
        if call.phase == Phase::Free {
            self.free_calls.push(id);
        }
        self.forget_copy(Writer::Call(id));
        self.forget_semaphore(id);
        self.lose_guard(id);
    }

    /// The places of isolates.
    pub(crate) fn isolate_places(&self) -> usize {
        self.parts
            .isolates
            .as_ref()
            .map_or(self.blueprint.model.platform.isolates as usize, |isolates| isolates.places.len())
    }

    /// The isolates that a visit may land on.
    pub(crate) fn open_to_visits(&self) -> Vec<usize> {
        match &self.parts.isolates {
            None => (0..self.blueprint.model.platform.isolates as usize).collect(),
            Some(isolates) => (0..isolates.places.len()).filter(|&at| isolates.places[at].is_open()).collect(),
        }
    }
}
