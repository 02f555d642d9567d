//! What happens when the values of the model change: everything reads the new tables from that instant on.
//!
//! An attempt that is under way ends as it would have; one that has not started yet takes the same draw from the new
//! law, so that a change to the same values changes nothing.

use crate::streams::Purpose;
use crate::units::Instant;
use crate::world::blueprint::Blueprint;
use crate::world::event::{Event, Rank, order};
use crate::world::flow::attempt::retry_position;
use crate::world::part::Effect;
use crate::world::state::{OUTSIDE, Phase, World, templates};

impl<'b> World<'b> {
    /// Puts the changes on the calendar.
    pub(crate) fn schedule_changes(&mut self) {
        for (stage, (at, _)) in self.stages.iter().enumerate() {
            if *at < self.blueprint.horizon {
                self.calendar.push(*at, order(Rank::Rules, 1 + stage as u64, 0), Event::Change(stage as u16));
            }
        }
    }

    /// The values of this stage are in force from now on; what the program reads, in each isolate once it reaches that.
    pub(crate) fn change(&mut self, stage: usize) {
        let stages: &'b [(Instant, Blueprint)] = self.stages;
        let before = self.blueprint;
        self.cut_bill(&stages[stage].1.model);
        self.blueprint = &stages[stage].1;
        self.stage = 1 + stage as u16;
        let blueprint = self.blueprint;
        self.templates = (0..blueprint.model.classes.len()).map(|class| templates(blueprint, class)).collect();
        for effect in self.parts.change(blueprint, self.now) {
            match effect {
                Effect::StoreResized(store) => self.make_room(store, 0),
                Effect::SlotsAdded(provider) => self.serve_desk(provider),
                Effect::SpeedChanged(provider) => self.expect_end(provider),
                Effect::ConnectionsChanged => self.connections_change(),
            }
        }
        self.redraw_latencies();
        if before.lines != blueprint.lines {
            self.parts.queues.list.iter_mut().for_each(|queue| queue.change_ranks(&blueprint.lines));
        }
        self.change_program(before);
        self.change_users(&before.model);
        self.keep_the_least();
    }

    /// Latencies that plans drew on arrival are drawn again, from the same words, for attempts that have not started.
    fn redraw_latencies(&mut self) {
        let (blueprint, addresses) = (self.blueprint, self.addresses);
        for class in 0..blueprint.model.classes.len() {
            let flow = &blueprint.workflows[self.draws[class].workflow as usize];
            for (index, spec) in flow.calls.iter().enumerate() {
                let name = blueprint.component(class, spec.step as usize);
                let mut draws = addresses.scatter(&name, Purpose::Latency);
                for (place, plan) in self.plans.iter().enumerate().filter(|(_, plan)| plan.alive) {
                    if plan.class as usize == class {
                        let word = draws.at(u64::from(spec.ordinal), plan.number).next();
                        self.latencies[place * self.calls_each + index] =
                            blueprint.laws[spec.law as usize].sample(word);
                    }
                }
            }
        }
        for call in self.calls.iter_mut().filter(|call| !call.phase.is_gone()) {
            let template = &self.templates[call.class as usize][call.index as usize];
            let flow = &blueprint.workflows[self.draws[call.class as usize].workflow as usize];
            let step = flow.calls[call.index as usize].step as usize;
            let members = flow.steps[step].pool.map_or(&[][..], |pool| &blueprint.pools.0[pool as usize].members);
            let others = flow.steps[step].fallback.iter().chain(members);
            call.law = match others.into_iter().find(|(provider, _)| *provider == call.provider) {
                Some((provider, law)) if *provider != template.provider => *law,
                _ => template.law,
            };
            if matches!(call.phase, Phase::Running | Phase::Response | Phase::Done) {
                continue;
            }
            if call.attempt == 0 || call.attempt == OUTSIDE {
                call.latency = self.latencies[call.plan as usize * self.calls_each + call.index as usize];
                continue;
            }
            let plan = &self.plans[call.plan as usize];
            let spec = &blueprint.workflows[plan.workflow as usize].calls[call.index as usize];
            let draws = &mut self.draws[call.class as usize].retries[spec.step as usize];
            let mut words = draws.at(u64::from(spec.ordinal), retry_position(plan.number, u32::from(call.attempt) - 1));
            words.next(); // the jitter of the backoff before it
            call.latency = blueprint.laws[call.law as usize].sample(words.next());
        }
    }

    /// The rules of the program, in all isolates at once or in each when they reach it.
    fn change_program(&mut self, before: &'b Blueprint) {
        let Blueprint { reach, is_program, .. } = self.blueprint;
        if !is_program {
            return;
        }
        let mut draws = self.addresses.scatter("change", Purpose::Reach);
        for isolate in 0..self.isolate_places() {
            if reach.is_at_once() {
                let had = if self.rules.is_empty() { before } else { self.program(isolate) };
                self.has_rules(isolate, had, self.blueprint);
                continue;
            }
            let mut words = draws.at(isolate as u64, u64::from(self.stage) - 1);
            let late = [reach.staleness, reach.every].map(|most| most.scale(words.next().unit()));
            let at = self.now.saturating_add(late[0].saturating_add(late[1]));
            let order = order(Rank::Rules, u64::from(self.stage) | (isolate as u64) << 20, 0);
            self.calendar.push(at, order, Event::Reaches(isolate as u32, self.stage));
        }
    }

    /// The rules of a stage reach an isolate. It reads them as a whole, so one with newer rules has these already.
    pub(crate) fn rules_reach(&mut self, isolate: usize, stage: u16) {
        if self.rules[isolate] < stage {
            let (had, rules) = (self.program(isolate), &self.stages[usize::from(stage) - 1].1);
            self.rules[isolate] = stage;
            self.has_rules(isolate, had, rules);
        }
    }

    /// The state in an isolate follows other rules from now on: with fewer slots running calls keep theirs, with more
    /// slots waiting calls start at once, and counts stay.
    fn has_rules(&mut self, isolate: usize, had: &'b Blueprint, rules: &'b Blueprint) {
        if let Some(stage) = self.rules.get_mut(isolate).filter(|_| rules.reach.is_at_once()) {
            *stage = self.stage;
        }
        self.parts.change_program(isolate, &rules.model, self.now);
        let queues = rules.model.queues.len();
        for number in 0..queues {
            let (was, is) = (&had.model.queues[number], &rules.model.queues[number]);
            if was != is {
                let place = isolate * queues + number;
                self.parts.queues.list[place].change(was, is, self.now);
                self.parts.queues.change_limit(place, (was, is), self.now);
                while let Some(next) = self.parts.queues.list[place].serve_next(&mut self.parts.queues.links, self.now)
                {
                    self.grant::<false>(next);
                }
                self.drain::<false>();
            }
        }
    }
}
