//! A timeline of one replication: what each plan and each call was at when, and how full queues and quotas were.
//!
//! It is seen from outside. After each event, whatever differs from the moment before is noted, so that the world need
//! not know that somebody looks, and does the same as when nobody does.

use super::build::Blueprint;
use super::ledger::PlanEnd;
use super::parts::queue::Page;
use super::run::{Failure, Watch};
use super::state::{Call, Phase, World};
use super::work::Work;
use crate::model::OpKind;
use crate::units::Instant;

/// What happened when, in the order in which it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// What took time.
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

/// Something that took time.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// The call's number in its plan; none for the plan itself.
    pub call: Option<u16>,
    /// A place that no two slices of plans, or of calls, have at once.
    pub lane: u32,
    /// The isolate.
    pub isolate: u32,
    /// The class, by its position.
    pub class: u16,
    /// The number of the plan within its class.
    pub plan: u64,
    /// What it was at.
    pub what: &'static str,
    /// The number of the attempt, from 1; 0 where there is none.
    pub attempt: u16,
    /// How it ended; empty where that says nothing.
    pub end: &'static str,
    /// Its first instant.
    pub from: Instant,
    /// Its last.
    pub to: Instant,
}

/// A plan that ended as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The class, by its position.
    pub class: u16,
    /// How it ended.
    pub end: &'static str,
    /// When.
    pub at: Instant,
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
    let mut seen = Seen::new(&world);
    let mut watch = Watch::default();
    while seen.timeline.len() < most {
        if !world.step(&mut watch)? {
            seen.timeline.until = blueprint.horizon;
            seen.end(blueprint.horizon);
            return Ok(seen.timeline);
        }
        seen.look(&world);
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
    /// By class: how many plans have ended in each way.
    ends: Vec<[u64; ENDS.len()]>,
    levels: Vec<u64>,
}

/// The ways in which a plan ends, in the order of the ledger.
const ENDS: [(PlanEnd, &str); 6] = [
    (PlanEnd::Completed, "completed"),
    (PlanEnd::Failed, "failed"),
    (PlanEnd::Overloaded, "overloaded"),
    (PlanEnd::Abandoned, "abandoned"),
    (PlanEnd::Crashed, "crashed"),
    (PlanEnd::Left, "left"),
];

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
        Seen {
            timeline: Timeline { classes, ..Timeline::default() },
            calls: Vec::new(),
            plans: Vec::new(),
            ends: vec![[0; ENDS.len()]; model.classes.len()],
            levels,
        }
    }

    fn look(&mut self, world: &World<'_>) {
        self.look_at_calls(world);
        self.look_at_plans(world);
        for ((of, value), last) in levels(world).zip(&mut self.levels) {
            if std::mem::replace(last, value) != value {
                self.timeline.levels.push(Level { of: of.name(world), at: world.now, value });
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

    /// Plans that have come and gone, with how they ended: an end in the ledger is that of a plan whose slice ends at
    /// the same event, or of one that was never seen.
    fn look_at_plans(&mut self, world: &World<'_>) {
        let mut ends = Vec::new();
        for (class, (ledger, seen)) in world.ledgers.iter().zip(&mut self.ends).enumerate() {
            for (at, (end, name)) in ENDS.into_iter().enumerate() {
                let count: u64 = ledger.plans.ended[end as usize].iter().sum();
                let new = count - std::mem::replace(&mut seen[at], count);
                ends.extend(std::iter::repeat_n((class as u16, name), new as usize));
            }
        }
        self.plans.resize(world.plans.len(), None);
        for (place, (plan, seen)) in world.plans.iter().zip(&mut self.plans).enumerate() {
            let serial = (plan.alive && !plan.over).then_some(plan.serial);
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
            if let Some((_, mut slice)) = std::mem::replace(seen, serial.map(|serial| (serial, slice))) {
                if let Some(at) = ends.iter().position(|(class, _)| *class == slice.class) {
                    slice.end = ends.remove(at).1;
                }
                close(&mut self.timeline.slices, slice, world.now);
            }
        }
        let moment = |(class, end)| Moment { class, end, at: world.now };
        self.timeline.moments.extend(ends.into_iter().map(moment));
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
    if at > slice.from {
        slices.push(Slice { to: at, ..slice });
    }
}

fn slice_of(world: &World<'_>, lane: u32, call: &Call, what: &'static str) -> Slice {
    let plan = &world.plans[call.plan as usize];
    let tried = matches!(call.phase, Phase::Running | Phase::Connecting);
    let end = match call.phase {
        // How an attempt ends is known when it starts.
        Phase::Running if call.work == Work::Provider => call.fault.map_or("ok", |fault| fault.name()),
        _ => "",
    };
    Slice {
        call: Some(call.index),
        lane,
        isolate: plan.isolate,
        class: call.class,
        plan: plan.number,
        what,
        attempt: if tried { call.attempt + 1 } else { 0 },
        end,
        from: world.now,
        to: world.now,
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
        Phase::Running => match call.work {
            Work::Provider => "attempt",
            Work::Compute => "computes",
            Work::D1 => "asks the database",
            Work::Limiter => "asks the limiter",
        },
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
        world.queues.iter().skip(at).step_by(queues).for_each(|queue| page.add(&queue.page(world.now, 0)));
        [(Of::Active(at), page.active), (Of::Queued(at), page.queued)]
    });
    let of_stores = world.stores.iter().enumerate().flat_map(move |(store, state)| {
        let meters = state.meters.iter().enumerate();
        meters.filter_map(move |(op, meters)| Some((Of::Used(store, op), meters.first()?.used(world.now))))
    });
    of_queues.chain(of_stores)
}
