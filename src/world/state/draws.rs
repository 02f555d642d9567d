//! The draws of a class: which streams its plans draw from.

use crate::model::Model;
use crate::streams::{Purpose, Scatter, Source as Draws, Stream};
use crate::world::blueprint::{Blueprint, CallSpec, OpDraw};

/// The draws of one class.
#[derive(Debug)]
pub(crate) struct ClassDraws {
    pub(crate) latency: Vec<Stream>,
    pub(crate) outcome: Vec<Stream>,
    pub(crate) content: Vec<Stream>,
    /// Of the reads of a plan, then of the ops of each call, in the order of their words.
    pub(crate) ops: Vec<Stream>,
    pub(crate) routing: Stream,
    pub(crate) think: Scatter,
    /// By step.
    pub(crate) retries: Vec<Scatter>,
    pub(crate) next_number: u64,
    pub(crate) workflow: u16,
}

impl ClassDraws {
    pub(crate) fn new(blueprint: &Blueprint, class: usize, draws: &Draws) -> ClassDraws {
        let spec = &blueprint.model.classes[class];
        let flow = &blueprint.workflows[spec.workflow.index()];
        let workflow = format!("{}/{}", spec.name, blueprint.model.workflows[spec.workflow.index()].name);
        let step_of = |call: &CallSpec| blueprint.component(class, call.step as usize);
        let per_call = |purpose: Purpose| {
            let stream = |call: &CallSpec| draws.stream(&step_of(call), purpose, u64::from(call.ordinal));
            flow.calls.iter().map(stream).collect::<Vec<Stream>>()
        };
        let (of_plan, of_call) = blueprint.op_draws.split_at(blueprint.plan_words);
        let mut ops: Vec<Stream> =
            of_plan.iter().map(|draw| draws.stream(&format!("{workflow} {}", draw.what), draw.purpose, 0)).collect();
        for call in &flow.calls {
            let step = step_of(call);
            let stream =
                |draw: &OpDraw| draws.stream(&format!("{step} {}", draw.what), draw.purpose, u64::from(call.ordinal));
            ops.extend(of_call.iter().map(stream));
        }
        ClassDraws {
            latency: per_call(Purpose::Latency),
            outcome: if flow.has_outcomes() { per_call(Purpose::Outcome) } else { Vec::new() },
            content: if flow.has_faulty() { per_call(Purpose::Content) } else { Vec::new() },
            ops,
            routing: draws.stream(&spec.name, Purpose::Routing, 0),
            think: draws.scatter(&spec.name, Purpose::Think),
            retries: (0..flow.steps.len())
                .map(|step| draws.scatter(&blueprint.component(class, step), Purpose::Retry))
                .collect(),
            next_number: 0,
            workflow: spec.workflow.index() as u16,
        }
    }
}

/// The draws of lookups of one class.
#[derive(Debug)]
pub(crate) struct LookupDraws {
    pub(crate) keys: Scatter,
    pub(crate) takes: Scatter,
}

impl LookupDraws {
    /// The draws of a class; apart from those of its other calls, so that a lookup moves none of them.
    pub(crate) fn new(class: &str, draws: &Draws) -> LookupDraws {
        let name = format!("{class}/lookup");
        LookupDraws { keys: draws.scatter(&name, Purpose::Content), takes: draws.scatter(&name, Purpose::Op) }
    }
}

/// By class; none where the model has no tiers.
pub(crate) fn lookup_draws(model: &Model, draws: &Draws) -> Vec<LookupDraws> {
    let classes = model.classes.iter().filter(|_| !model.tiers.is_empty());
    classes.map(|class| LookupDraws::new(&class.name, draws)).collect()
}

/// The draws of the checks of one class.
#[derive(Debug)]
pub(crate) struct LimiterDraws {
    pub(crate) people: Scatter,
    pub(crate) takes: Scatter,
    /// How old what it sees of another region is.
    pub(crate) late: Scatter,
}

impl LimiterDraws {
    /// The draws of a class; apart from those of its other calls.
    pub(crate) fn new(class: &str, draws: &Draws) -> LimiterDraws {
        let name = format!("{class}/limiter");
        LimiterDraws {
            people: draws.scatter(&name, Purpose::Content),
            takes: draws.scatter(&name, Purpose::Op),
            late: draws.scatter(&name, Purpose::Staleness),
        }
    }
}

/// By class; none where the model has no limiters.
pub(crate) fn limiter_draws(model: &Model, draws: &Draws) -> Vec<LimiterDraws> {
    let classes = model.classes.iter().filter(|_| !model.limiters.is_empty());
    classes.map(|class| LimiterDraws::new(&class.name, draws)).collect()
}
