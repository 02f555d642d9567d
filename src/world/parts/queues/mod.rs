//! The queues of all isolates, their adaptive limits, and the waits of each class.

pub(crate) mod queue;

use self::queue::{Links, Queue};
use crate::model;
use crate::policy::{Adaptive, AdaptiveLimit};
use crate::units::Instant;
use crate::world::blueprint::Blueprint;
use crate::world::ledger::{QueueTally, check};
use crate::world::measures::sheet::{Sheet, ratio, seconds};
use crate::world::part::{Ending, Part};
use crate::world::state::Phase;

/// Every queue of every isolate.
#[derive(Debug)]
pub(crate) struct Queues {
    /// By isolate, then queue.
    pub(crate) list: Vec<Queue>,
    pub(crate) links: Links,
    /// By class, then queue.
    pub(crate) waits: Vec<QueueTally>,
    /// By isolate and queue, once an attempt has told it something: the limits that follow the provider.
    pub(crate) adaptive: Vec<Option<AdaptiveLimit>>,
}

impl Queues {
    pub(crate) fn new(blueprint: &Blueprint) -> Queues {
        let model = &blueprint.model;
        let queue = |spec| {
            let queue = Queue::new(spec, blueprint.lines_of(spec)).with_reserve(spec, &blueprint.lines);
            queue.with_aging(spec, &blueprint.priorities)
        };
        let isolates = 0..model.platform.isolates;
        Queues {
            list: isolates.flat_map(|_| model.queues.iter().map(queue)).collect(),
            links: Links::default(),
            waits: (0..model.classes.len() * model.queues.len()).map(|_| QueueTally::default()).collect(),
            adaptive: Vec::new(),
        }
    }

    /// Other rules for the limit of a queue, which stays where it is as far as they allow.
    pub(crate) fn change_limit(&mut self, place: usize, (was, is): (&model::Queue, &model::Queue), now: Instant) {
        let (Some((was, _)), Some((is, _))) = (was.adaptive, is.adaptive) else { return };
        let limit = self.limit_of(place, was);
        limit.change(is);
        let slots = limit.limit();
        self.list[place].limit(slots, now);
    }

    /// The limit of a queue, which has these rules if nothing was told it yet.
    pub(crate) fn limit_of(&mut self, place: usize, rules: Adaptive) -> &mut AdaptiveLimit {
        if place >= self.adaptive.len() {
            self.adaptive.resize(place + 1, None);
        }
        self.adaptive[place].get_or_insert_with(|| AdaptiveLimit::new(rules))
    }

    /// An isolate goes, with its queues and what they have learnt.
    pub(crate) fn close(&mut self, isolate: usize, queues: usize, now: Instant) {
        self.list[isolate * queues..][..queues].iter_mut().for_each(|queue| queue.close(now));
        self.adaptive.iter_mut().skip(isolate * queues).take(queues).for_each(|limit| *limit = None);
    }

    fn levels(&self, queue: usize, ending: &Ending, sheet: &mut Sheet) {
        let model = &ending.model();
        let spec = &model.queues[queue];
        let now = ending.now.nanos();
        let of_isolates = || self.list.iter().skip(queue).step_by(model.queues.len());
        let sum = |mean: fn(&Queue, u64) -> Option<f64>| of_isolates().map(|q| mean(q, now)).sum::<Option<f64>>();
        let active = sum(|q, now| q.active_level.mean(now));
        let waiting = sum(|q, now| q.waiting_level.mean(now));
        let slots = f64::from(spec.max_concurrency) * f64::from(model.platform.isolates);
        let metric = |what: &str| format!("queue.{}.{what}", spec.name);
        sheet.put(&metric("active.mean"), "calls", active);
        sheet.put(&metric("queued.mean"), "calls", waiting);
        sheet.put(&metric("queued.max"), "calls", of_isolates().map(|q| q.waiting_level.max() as f64).reduce(f64::max));
        let is_fixed = ending.first.stages.is_empty() && model.isolates.is_none() && spec.adaptive.is_none();
        let slots = if is_fixed { Some(slots) } else { sum(|q, now| q.slots_level.mean(now)) };
        if spec.adaptive.is_some() {
            sheet.put(&metric("limit.mean"), "slots", slots);
        }
        // A slot that is taken away is one until the call in it has left.
        let over = sum(|q, now| q.over_level.mean(now)).unwrap_or(0.0);
        sheet.part(&metric("utilisation"), active.zip(slots).and_then(|(active, slots)| ratio(active, slots + over)));
    }
}

impl Part for Queues {
    fn start_recording(&mut self, now: Instant) {
        self.list.iter_mut().for_each(|queue| queue.start_recording(now));
    }

    fn balance(&self, _: usize, ending: &Ending) -> Result<(), String> {
        let waiting: u64 = self.list.iter().map(|queue| u64::from(queue.waiting())).sum();
        check("waiting calls", waiting.into(), ending.calls(|call| call.phase == Phase::Waiting))?;
        match self.list.iter().all(Queue::is_sound) {
            true => Ok(()),
            false => Err("a queue has an idle slot while a call waits, or more calls than places".into()),
        }
    }

    fn measures(&self, _: usize, ending: &Ending, sheet: &mut Sheet) {
        let model = ending.model();
        for (queue, spec) in model.queues.iter().enumerate() {
            let by_class = || self.waits.iter().skip(queue).step_by(model.queues.len());
            let mut all = QueueTally::default();
            by_class().for_each(|waits| all.add(waits));
            waits(&format!("queue.{}", spec.name), &all, ending, sheet);
            self.levels(queue, ending, sheet);
            for (class, of_class) in model.classes.iter().zip(by_class()).filter(|_| model.classes.len() > 1) {
                waits(&format!("class.{}.queue.{}", class.name, spec.name), of_class, ending, sheet);
            }
        }
    }
}

fn waits(prefix: &str, waits: &QueueTally, ending: &Ending, sheet: &mut Sheet) {
    let metric = |what: &str| format!("{prefix}.{what}");
    sheet.put(&metric("wait.mean"), "s", ratio(waits.wait_ns as f64 / 1e9, waits.granted as f64));
    for (what, p) in [("wait.p50", 0.5), ("wait.p95", 0.95), ("wait.p99", 0.99)] {
        sheet.put(&metric(what), "s", seconds(&waits.waits, p));
    }
    sheet.put(&metric("wait.max"), "s", waits.waits.max().map(|ns| ns as f64 / 1e9));
    sheet.count(&metric("offered"), "calls", waits.offered);
    sheet.count(&metric("admitted"), "calls", waits.granted);
    sheet.count(&metric("dropped"), "calls", waits.refused);
    sheet.count(&metric("abandoned"), "calls", waits.abandoned);
    if ending.blueprint.users_leave {
        sheet.count(&metric("cancelled"), "calls", waits.cancelled);
    }
    if ending.model().isolates.is_some() {
        sheet.count(&metric("lost"), "calls", waits.lost);
    }
    sheet.share(&metric("drop_fraction"), waits.refused, waits.offered);
    sheet.share(&metric("abandon_fraction"), waits.abandoned, waits.offered);
}
