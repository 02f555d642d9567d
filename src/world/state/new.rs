//! The world as a replication starts, and how it grows: places for plans and calls.

use crate::calendar::Calendar;
use crate::streams::{Purpose, Source as Draws, Word};
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::{Account, Bill, ClassTally, Ledger};
use crate::world::parts::source::{Due, Source, eras};
use crate::world::state::{
    ClassDraws, Key, LogState, Parts, Plan, Records, Tasks, Users, World, limiter_draws, lookup_draws, templates,
};
use std::collections::VecDeque;

impl<'b> World<'b> {
    /// The world as a replication starts; no plan of an open class is due before [`World::begin`].
    pub(crate) fn new(blueprint: &'b Blueprint, replication: u64) -> World<'b> {
        let model = &blueprint.model;
        let draws = Draws::new(model.run.seed, replication);
        let isolates = model.platform.isolates as usize;
        let regions = blueprint.class_regions.iter().copied().max().map_or(0, usize::from);
        let widest = |width: fn(&crate::world::blueprint::Flow) -> usize| {
            blueprint.workflows.iter().map(width).max().unwrap_or(0)
        };
        let mut world = World {
            blueprint,
            stages: &blueprint.stages,
            addresses: draws,
            now: Instant::START,
            calendar: Calendar::new(),
            due: Due { at: Instant::NEVER, class: 0 },
            sources: model
                .classes
                .iter()
                .enumerate()
                .map(|(at, class)| {
                    let later = eras(model, at, blueprint.horizon);
                    Source::new(class, &later, model.run.start, blueprint.horizon, &draws)
                })
                .collect(),
            draws: (0..model.classes.len()).map(|class| ClassDraws::new(blueprint, class, &draws)).collect(),
            plans: Vec::new(),
            free_plans: Vec::new(),
            calls: Vec::new(),
            free_calls: Vec::new(),
            templates: (0..model.classes.len()).map(|class| templates(blueprint, class)).collect(),
            draws_more: blueprint.workflows.iter().any(|f| f.op_words > 0) || blueprint.traced.contains(&true),
            has_counters: false,
            latencies: Vec::new(),
            calls_each: widest(|flow| flow.calls.len()),
            words: Vec::new(),
            words_each: widest(|flow| flow.words),
            progress: Vec::new(),
            steps_each: if blueprint.workflows.iter().all(|flow| flow.is_chain) {
                0
            } else {
                widest(|f| f.steps.len())
            },
            plan_keys: Vec::new(),
            shared_keys: vec![Key::EMPTY; blueprint.shared_keys],
            records: Records::new(model.stores.len()),
            hot_until: vec![Instant::START; (regions + 1) * blueprint.hot_keys],
            logs: Vec::new(),
            copies: Vec::new(),
            memory: vec![Instant::START; isolates * blueprint.memory_keys],
            parts: Parts::new(blueprint, &draws),
            departures: Vec::new(),
            tasks: Tasks::new(blueprint, &draws),
            lateness: draws.scatter("reader", Purpose::Staleness),
            ready: VecDeque::new(),
            serial: 0,
            events: 0,
            look_at: 0,
            ledgers: model.classes.iter().map(|_| Ledger::new()).collect(),
            completed_before: Vec::new(),
            tallies: model.classes.iter().map(|_| ClassTally::default()).collect(),
            faulty_requests: 0,
            cuts: Vec::new(),
            bills: vec![Bill::default(); blueprint.accounts.len()],
            answered: Vec::new(),
            answered_each: if blueprint.bills_tokens { blueprint.accounts.len() } else { 0 },
            patience: Vec::new(),
            leave_draws: Vec::new(),
            lookup_draws: lookup_draws(model, &draws),
            questions: Vec::new(),
            limiter_draws: limiter_draws(model, &draws),
            limiter_checks: Vec::new(),
            around: Vec::new(),
            users: model.classes.iter().map(Users::of).collect(),
            first: blueprint,
            stage: 0,
            rules: if blueprint.is_late { vec![0; isolates] } else { Vec::new() },
            notes: None,
            not_logged: Account::new(),
        };
        let counters = world.steps_each + blueprint.plan_keys() + world.answered_each;
        world.has_counters = counters > 0 || world.parts.invocations.are_kept();
        world
    }

    /// Finds the class whose plan arrives next.
    #[inline]
    pub(crate) fn find_due(&mut self) {
        self.due = Due::first(&self.sources);
    }

    /// A place for a new plan, the last one that was given back first.
    #[inline]
    pub(crate) fn new_plan(&mut self) -> u32 {
        match self.free_plans.pop() {
            Some(place) => place,
            None => self.grow_plans(),
        }
    }

    #[cold]
    fn grow_plans(&mut self) -> u32 {
        let plans = self.plans.len() + 1;
        self.look_at = 0;
        self.plans.push(Plan::default());
        self.latencies.resize(plans * self.calls_each, Span::ZERO);
        self.words.resize(plans * self.words_each, Word(0));
        self.progress.resize(plans * self.steps_each, (0, 0));
        self.plan_keys.resize(plans * self.blueprint.plan_keys(), Key::EMPTY);
        self.answered.resize(plans * self.answered_each, 0);
        self.parts.invocations.add_plan();
        plans as u32 - 1
    }

    /// Nothing is counted yet of the plan that begins in this place.
    pub(crate) fn clear_counters(&mut self, place: usize) {
        self.progress[place * self.steps_each..][..self.steps_each].fill((0, 0));
        let keys = self.blueprint.plan_keys();
        self.plan_keys[place * keys..][..keys].fill(Key::EMPTY);
        self.answered[place * self.answered_each..][..self.answered_each].fill(0);
        if self.blueprint.leaves_logs_behind {
            self.forget_contexts(place);
        }
        self.parts.invocations.begin_plan(place);
    }

    /// A place for a new call, the last one that was given back first.
    #[inline(always)]
    pub(crate) fn call_place(&mut self) -> u32 {
        match self.free_calls.pop() {
            Some(place) => place,
            None => self.grow_calls(),
        }
    }

    #[cold]
    fn grow_calls(&mut self) -> u32 {
        self.calls.push(self.templates[0][0]);
        self.logs.push(LogState::EMPTY);
        self.copies.push(None);
        self.parts.queues.links.grow_to(self.calls.len());
        self.calls.len() as u32 - 1
    }
}
