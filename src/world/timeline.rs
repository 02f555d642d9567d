//! A timeline of one replication: what each plan and each call was at when, and how full queues and quotas were.
//!
//! It is seen from outside: after each event, whatever differs from the moment before is written down. Only what ends
//! is noted by the world itself, as an attempt or a plan may begin and end within one event.

use crate::model::OpKind;
use crate::units::Instant;
use crate::world::blueprint::Blueprint;
use crate::world::flow::notes::{doing, slice_of};
use crate::world::parts::queues::queue::Page;
use crate::world::run::{Failure, Watch};
use crate::world::state::{Call, Moment, Phase, Slice, World};

/// What happened when, in the order in which it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// What took time, and every attempt.
    pub slices: Vec<Slice>,
    /// What took none: plans that ended as they came.
    pub moments: Vec<Moment>,
    /// How full queues and quotas were, at each change.
    pub levels: Vec<Level>,
    /// The names of classes, and of each class the steps of its calls, in the order of the calls.
    pub classes: Vec<(String, Vec<String>)>,
    /// Until when it goes: the horizon, or as far as there was room.
    pub until: Instant,
    /// Whether there was no room for the rest.
    pub is_cut: bool,
}

/// A number that has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Of what: `queue.Q.active`, `queue.Q.queued`, `STORE.OPS used`.
    pub of: String,
    /// When.
    pub at: Instant,
    /// What it is since.
    pub value: u64,
}

/// Follows replication number `replication` of a model, until the timeline has `most` entries.
///
/// # Errors
/// As [`super::run()`].
pub fn timeline(blueprint: &Blueprint, replication: u64, most: usize) -> Result<Timeline, Failure> {
    let mut world = World::new(blueprint, replication);
    world.notes = Some(Box::default());
    world.begin();
    let mut seen = Seen::new(&world);
    let mut watch = Watch::default();
    while seen.timeline.len() < most {
        if !world.step(&mut watch)? {
            seen.timeline.until = blueprint.horizon;
            seen.end(blueprint.horizon);
            return Ok(seen.timeline);
        }
        seen.look(&mut world);
    }
    (seen.timeline.until, seen.timeline.is_cut) = (world.now, true);
    seen.end(world.now);
    Ok(seen.timeline)
}

/// What a call was at when it was last looked at: its address and phase tell it from another in the same place.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    address: u64,
    phase: Phase,
    attempt: u16,
}

/// What was seen at the moment before.
struct Seen {
    timeline: Timeline,
    /// By place: the state of the call, and its slice as far as it is known.
    calls: Vec<Option<(State, Slice)>>,
    /// By place: the plan's serial number, and its slice.
    plans: Vec<Option<(u64, Slice)>>,
    levels: Vec<u64>,
}

impl Timeline {
    fn len(&self) -> usize {
        self.slices.len() + self.moments.len() + self.levels.len()
    }
}

impl Seen {
    fn new(world: &World<'_>) -> Seen {
        let model = &world.blueprint.model;
        let steps = |class: &crate::model::Class| {
            let steps = &model.workflows[class.workflow.index()].steps;
            steps.iter().flat_map(|step| vec![step.name.clone(); step.calls as usize]).collect()
        };
        let classes = model.classes.iter().map(|class| (class.name.clone(), steps(class))).collect();
        let levels = levels(world).map(|_| u64::MAX).collect();
        Seen { timeline: Timeline { classes, ..Timeline::default() }, calls: Vec::new(), plans: Vec::new(), levels }
    }

    fn look(&mut self, world: &mut World<'_>) {
        let notes = world.notes.as_mut().map(|notes| std::mem::take(&mut **notes)).unwrap_or_default();
        let world = &*world;
        self.note_attempts(notes.attempts);
        self.look_at_calls(world);
        self.look_at_plans(world, notes.plans);
        for ((of, value), last) in levels(world).zip(&mut self.levels) {
            if std::mem::replace(last, value) != value {
                self.timeline.levels.push(Level { of: of.name(world), at: world.now, value });
            }
        }
    }

    /// Attempts that have ended: those that were seen under way, and those that began and ended at once.
    fn note_attempts(&mut self, ended: Vec<(u32, u64, Slice)>) {
        for (place, address, ended) in ended {
            let seen = self.calls.get_mut(place as usize).and_then(Option::as_mut);
            let is_it = |(state, _): &&mut (State, Slice)| {
                state.phase == Phase::Running && state.address == address && state.attempt + 1 == ended.attempt
            };
            match seen.filter(is_it) {
                Some((_, slice)) => slice.end = ended.end,
                None => self.timeline.slices.push(ended),
            }
        }
    }

    fn look_at_calls(&mut self, world: &World<'_>) {
        self.calls.resize(world.calls.len(), None);
        for (place, (call, seen)) in world.calls.iter().zip(&mut self.calls).enumerate() {
            let state = State { address: call.address, phase: call.phase, attempt: call.attempt };
            let now = (!call.phase.is_gone()).then_some(state);
            if now == seen.as_ref().map(|(state, _)| *state) {
                continue;
            }
            let next = now.zip(what(call)).map(|(state, what)| (state, slice_of(world, place as u32, call, what)));
            if let Some((_, slice)) = std::mem::replace(seen, next) {
                close(&mut self.timeline.slices, slice, world.now);
            }
        }
    }

    /// Plans that have come and gone, with how they ended.
    fn look_at_plans(&mut self, world: &World<'_>, mut ended: Vec<(u64, Moment)>) {
        self.plans.resize(world.plans.len(), None);
        for (place, (plan, seen)) in world.plans.iter().zip(&mut self.plans).enumerate() {
            let serial = (plan.alive && !plan.over && !plan.left).then_some(plan.serial);
            if serial == seen.as_ref().map(|(serial, _)| *serial) {
                continue;
            }
            let slice = Slice {
                call: None,
                lane: place as u32,
                isolate: plan.isolate,
                class: plan.class,
                plan: plan.number,
                what: "plan",
                attempt: 0,
                end: "",
                from: plan.arrived,
                to: plan.arrived,
            };
            if let Some((serial, mut slice)) = std::mem::replace(seen, serial.map(|serial| (serial, slice)))
                && slice.from < world.now
            {
                if let Some(at) = ended.iter().position(|(other, _)| *other == serial) {
                    slice.end = ended.remove(at).1.end;
                }
                close(&mut self.timeline.slices, slice, world.now);
            }
        }
        self.timeline.moments.extend(ended.into_iter().map(|(_, moment)| moment));
    }

    /// Closes what is open at the end.
    fn end(&mut self, at: Instant) {
        let calls = self.calls.iter_mut().filter_map(|seen| Some(seen.take()?.1));
        let plans = self.plans.iter_mut().filter_map(|seen| Some(seen.take()?.1));
        for slice in calls.chain(plans) {
            close(&mut self.timeline.slices, slice, at);
        }
    }
}

fn close(slices: &mut Vec<Slice>, slice: Slice, at: Instant) {
    if at > slice.from || !slice.end.is_empty() {
        slices.push(Slice { to: at, ..slice });
    }
}

/// What a call is at, where that may take time.
fn what(call: &Call) -> Option<&'static str> {
    Some(match call.phase {
        Phase::Outside => "waits for the semaphore",
        Phase::Reads => "reads",
        Phase::Lookup => "looks up",
        Phase::Joined => "waits for what another computes",
        Phase::Request => "logs the request",
        Phase::Waiting => "waits in the queue",
        Phase::Connecting => "waits for a connection",
        Phase::Backoff => "backs off",
        Phase::Answered => "computes",
        Phase::Response => "logs the response",
        Phase::Running => doing(call.work),
        _ => return None,
    })
}

/// What has a level.
#[derive(Clone, Copy)]
enum Of {
    Active(usize),
    Queued(usize),
    Used(usize, usize),
}

impl Of {
    fn name(self, world: &World<'_>) -> String {
        let model = &world.blueprint.model;
        match self {
            Of::Active(queue) => format!("queue.{}.active", model.queues[queue].name),
            Of::Queued(queue) => format!("queue.{}.queued", model.queues[queue].name),
            Of::Used(store, op) => format!("{}.{} used", model.stores[store].name, OpKind::ALL[op].plural()),
        }
    }
}

/// Every level: of each queue over all isolates, and of the first quota of each store and kind of op.
fn levels<'a>(world: &'a World<'_>) -> impl Iterator<Item = (Of, u64)> + 'a {
    let queues = world.blueprint.model.queues.len();
    let of_queues = (0..queues).flat_map(move |at| {
        let mut page = Page::default();
        world.parts.queues.list.iter().skip(at).step_by(queues).for_each(|queue| page.add(&queue.page(world.now, 0)));
        [(Of::Active(at), page.active), (Of::Queued(at), page.queued)]
    });
    let of_stores = world.parts.stores.iter().enumerate().flat_map(move |(store, state)| {
        let meters = state.meters.iter().enumerate();
        meters.filter_map(move |(op, meters)| Some((Of::Used(store, op), meters.first()?.used(world.now))))
    });
    of_queues.chain(of_stores)
}
