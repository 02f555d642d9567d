//! What happens when the values of the model change: everything reads the new tables from that instant on.
//!
//! An attempt that is under way ends as it would have; one that has not started yet takes the same draw from the new
//! law, so that a change to the same values changes nothing.

use super::attempt::retry_position;
use super::build::Blueprint;
use super::event::{Event, Rank, order};
use super::semaphore::OUTSIDE;
use super::state::{Phase, World, templates};
use crate::model::{Arrivals, Model};
use crate::streams::Purpose;
use crate::units::Instant;

/// New sizes of a queue of one isolate, on their way to it; none: as before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct News {
    queue: usize,
    slots: Option<u32>,
    places: Option<u32>,
}

impl<'b> World<'b> {
    /// Puts the changes on the calendar.
    pub(super) fn schedule_changes(&mut self) {
        for (stage, (at, _)) in self.stages.iter().enumerate() {
            if *at < self.blueprint.horizon {
                self.calendar.push(*at, order(Rank::Rules, 1 + stage as u64, 0), Event::Change(stage as u16));
            }
        }
    }

    /// The values of this stage are in force from now on.
    pub(super) fn change(&mut self, stage: usize) {
        let stages: &'b [(Instant, Blueprint)] = self.stages;
        let before = self.blueprint;
        self.blueprint = &stages[stage].1;
        let blueprint = self.blueprint;
        self.templates = (0..blueprint.model.classes.len()).map(|class| templates(blueprint, class)).collect();
        for (store, spec) in self.stores.iter_mut().zip(&blueprint.model.stores) {
            store.change(spec, self.now);
        }
        self.redraw_latencies();
        self.change_queues(&before.model, stage);
    }

    /// What plans drew when they came is drawn again, from the same words, for attempts that have not started.
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
        for call in self.calls.iter_mut().filter(|call| !matches!(call.phase, Phase::Free | Phase::Lost)) {
            let template = &self.templates[call.class as usize][call.index as usize];
            let flow = &blueprint.workflows[self.draws[call.class as usize].workflow as usize];
            let step = flow.calls[call.index as usize].step as usize;
            call.law = match flow.steps[step].fallback {
                Some((provider, law)) if provider == call.provider && provider != template.provider => law,
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

    /// New sizes of queues, in all isolates at once or in each when they reach it.
    fn change_queues(&mut self, before: &Model, stage: usize) {
        let Blueprint { model, reach, .. } = self.blueprint;
        let mut draws = self.addresses.scatter("change", Purpose::Reach);
        for at in 0..self.queues.len() {
            let (isolate, number) = (at / model.queues.len(), at % model.queues.len());
            let (was, is) = (&before.queues[number], &model.queues[number]);
            if (was.max_concurrency, was.max_queue) == (is.max_concurrency, is.max_queue) {
                continue;
            }
            let slots = (was.max_concurrency != is.max_concurrency).then_some(is.max_concurrency);
            let places = (was.max_queue != is.max_queue).then_some(is.max_queue.unwrap_or(u32::MAX));
            let mut words = draws.at(isolate as u64, stage as u64);
            let late = [reach.staleness, reach.every].map(|most| most.scale(words.next().unit()));
            let late = late[0].saturating_add(late[1]);
            self.news.push(News { queue: at, slots, places });
            let news = self.news.len() - 1;
            if late.is_zero() {
                self.news_reaches(news);
            } else {
                let order = order(Rank::Rules, 1 + stage as u64, 0);
                self.calendar.push(self.now.saturating_add(late), order, Event::Reaches(news as u32));
            }
        }
        self.drain::<false>();
    }

    /// An isolate that starts reads what holds now.
    pub(super) fn reads_all_news(&mut self, queues: std::ops::Range<usize>) {
        for news in self.news.iter_mut().filter(|news| queues.contains(&news.queue)) {
            (news.slots, news.places) = (None, None);
        }
    }

    /// New sizes of a queue reach its isolate, unless newer ones have: fewer slots take none away, more slots serve those
    /// who wait at once.
    pub(super) fn news_reaches(&mut self, at: usize) {
        let News { queue, slots, places } = std::mem::take(&mut self.news[at]);
        // Whoever has read the newer value does not go back to the older one.
        for older in self.news[..at].iter_mut().filter(|older| older.queue == queue) {
            older.slots = older.slots.filter(|_| slots.is_none());
            older.places = older.places.filter(|_| places.is_none());
        }
        self.queues[queue].change(slots, places, self.now);
        while let Some(next) = self.queues[queue].serve_next(&mut self.links, self.now) {
            self.grant::<false>(next);
        }
        self.drain::<false>();
    }
}

/// The stretches in which the rate of a class is multiplied by its changes, up to the horizon.
pub(super) fn rate_changes(model: &Model, class: usize, horizon: Instant) -> Vec<(Instant, Instant, f64)> {
    let rate = |model: &Model| match &model.classes[class].arrivals {
        Arrivals::Poisson(rate) | Arrivals::Deterministic(rate) => rate.per_second(),
        Arrivals::Profile { rate, .. } | Arrivals::Batch { rate, .. } => rate.per_second(),
        Arrivals::Mmpp { .. } | Arrivals::Closed { .. } | Arrivals::Trace { .. } => 1.0,
    };
    let ends = model.stages.iter().skip(1).map(|next| Instant::START + next.from).chain(Some(horizon));
    let stretches = model.stages.iter().zip(ends);
    let stretches = stretches.map(|(stage, end)| (Instant::START + stage.from, end, rate(&stage.model) / rate(model)));
    stretches.filter(|(from, _, factor)| *factor != 1.0 && *from < horizon).collect()
}
