//! The draws of a class: which streams its plans draw from.
//!
//! What an op draws is addressed by the op itself (its step and call, and what the strategy's row or the read is), not
//! by its place in a table: a row that is added to a strategy moves no draw of the others.

use super::build::{Blueprint, CallSpec, NONE};
use super::log::Draw;
use crate::model::{LogEvent, LogOp, OpKind, Store, StoreKind};
use crate::streams::{LawSpec, Purpose, Scatter, Source as Draws, Stream};

/// The draws of one class.
#[derive(Debug)]
pub(super) struct ClassDraws {
    pub(super) latency: Vec<Stream>,
    pub(super) outcome: Vec<Stream>,
    pub(super) content: Vec<Stream>,
    /// Of the reads of a plan, then of the ops of each call, in the order of their words.
    pub(super) ops: Vec<Stream>,
    pub(super) routing: Stream,
    pub(super) think: Scatter,
    /// By step.
    pub(super) retries: Vec<Scatter>,
    pub(super) next_number: u64,
    pub(super) workflow: u16,
}

impl ClassDraws {
    pub(super) fn new(blueprint: &Blueprint, class: usize, draws: &Draws) -> ClassDraws {
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

/// One draw of one op.
#[derive(Debug)]
pub(super) struct OpDraw {
    /// The op's identity: what it does to what, and the how many-eth of its like it is.
    what: String,
    purpose: Purpose,
}

/// Where the draws of an op stand among the words of its call; [`NONE`] for what its store leaves to no chance.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpWords {
    /// How long it takes.
    pub(super) latency: u16,
    /// When pressure evicts what it wrote.
    pub(super) pressure: u16,
    /// Whether it keeps what it wrote.
    pub(super) kept: u16,
    /// Whether it arrives.
    pub(super) network: u16,
}

impl OpWords {
    /// Where one of them stands.
    pub(super) fn of(self, draw: Draw) -> u16 {
        match draw {
            Draw::Latency => self.latency,
            Draw::Network => self.network,
            Draw::Kept => self.kept,
            Draw::Pressure => self.pressure,
        }
    }
}

/// The draws of all ops, in the order of their words.
#[derive(Debug, Default)]
pub(super) struct OpDraws {
    pub(super) list: Vec<OpDraw>,
    rows: Vec<String>,
}

impl OpDraws {
    /// The words of a row of the strategy's table.
    pub(super) fn row(&mut self, row: &LogOp, store: &Store) -> OpWords {
        let event = match row.event {
            LogEvent::Request => "request",
            LogEvent::Response => "response",
            LogEvent::PlanEnd => "plan_end",
            LogEvent::DayEnd => "day_end",
        };
        let what = format!("{event} {}.{} {}", store.name, row.op as u8, row.key.template);
        let before = self.rows.iter().filter(|known| **known == what).count();
        self.rows.push(what.clone());
        self.op(&format!("{what} {before}"), row.op, store)
    }

    /// What each row is, in their order.
    pub(super) fn names(self) -> Vec<String> {
        let before = |at: usize| self.rows[..at].iter().filter(|known| **known == self.rows[at]).count();
        (0..self.rows.len()).map(|at| format!("{} {}", self.rows[at], before(at))).collect()
    }

    /// The words of read number `nth` of an entry of `[reads]`.
    pub(super) fn read(&mut self, name: &str, nth: u32, store: &Store) -> OpWords {
        self.op(&format!("read {name} {nth}"), OpKind::Get, store)
    }

    fn op(&mut self, what: &str, op: OpKind, store: &Store) -> OpWords {
        let is_put = op == OpKind::Put;
        let is_service = store.kind == StoreKind::LogService;
        let is_random = |law: &LawSpec| !law.is_constant();
        let cold = store.cold.as_ref().filter(|_| op == OpKind::Get).map(|(_, law)| law);
        let mut word = |is_drawn: bool, purpose| {
            if !is_drawn {
                return NONE;
            }
            self.list.push(OpDraw { what: what.into(), purpose });
            self.list.len() as u16 - 1
        };
        OpWords {
            latency: word(is_random(&store.latency[op as usize]) || cold.is_some_and(is_random), Purpose::Op),
            pressure: word(is_put && store.evictions_per_hour > 0.0, Purpose::Pressure),
            kept: word(is_put && store.put_stores_nothing.value() > 0.0, Purpose::Outcome),
            network: word(is_service && store.network_errors.value() > 0.0, Purpose::Outage),
        }
    }
}
