//! A workflow as its steps and calls, and what they ask.

use crate::model::{InvocationScope, Model, OnCallError, Workflow};
use crate::policy::FaultSet;
use crate::units::Id;
use crate::world::blueprint::{Laws, NONE, Pools, work};
use crate::world::state::{Phase, Work};

/// A workflow, flat.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) calls: Vec<CallSpec>,
    pub(crate) steps: Vec<StepSpec>,
    /// One call after the other: the next call is the next in the list.
    pub(crate) is_chain: bool,
    pub(crate) aborts: bool,
    pub(crate) overload_on: FaultSet,
    pub(crate) invocation: InvocationScope,
    pub(crate) invocations: usize,
    /// Words that one plan draws in addition to its latencies: outcomes up to here, request errors up to there, then
    /// ops.
    pub(crate) request_words: usize,
    pub(crate) op_words: usize,
    pub(crate) words: usize,
}

impl Flow {
    /// Whether its attempts draw how they end.
    pub(crate) fn has_outcomes(&self) -> bool {
        self.request_words > 0
    }

    /// Whether its calls draw whether their request is faulty.
    pub(crate) fn has_faulty(&self) -> bool {
        self.op_words > self.request_words
    }
}

/// One call of a workflow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSpec {
    pub(crate) step: u16,
    /// Its number within the step.
    pub(crate) ordinal: u32,
    /// What is asked: positions of providers come first, then databases, then limiters, then none.
    pub(crate) provider: u16,
    pub(crate) work: Work,
    pub(crate) lookup: u16,
    /// What it does first, after its reads.
    pub(crate) begins: Phase,
    pub(crate) queue: u16,
    /// Its semaphore: the queue whose slot it holds from start to end.
    pub(crate) semaphore: u16,
    pub(crate) law: u16,
    /// How much processor time it takes.
    pub(crate) cpu: Option<u16>,
    pub(crate) critical: bool,
}

/// One step of a workflow.
#[derive(Debug)]
pub(crate) struct StepSpec {
    pub(crate) first_call: u16,
    pub(crate) calls: u16,
    pub(crate) parallel: u16,
    /// The providers among which each attempt chooses, if there are several.
    pub(crate) pool: Option<u16>,
    /// The providers that are asked when it has failed, one after the other, and the laws of their latency.
    pub(crate) fallback: Vec<(u16, u16)>,
    pub(crate) waits_for: Vec<u16>,
    pub(crate) followers: Vec<u16>,
}

pub(crate) fn flow(
    (model, whole): (&Model, &Model),
    workflow: &Workflow,
    ((plan_words, call_words), has_requests): ((usize, usize), bool),
    (laws, pools): (&mut Laws, &mut Pools),
) -> Result<Flow, String> {
    let mut calls = Vec::new();
    let mut steps = Vec::new();
    for (number, step) in workflow.steps.iter().enumerate() {
        let law = |id: &Id<_>, laws: &mut Laws| {
            Ok::<_, String>((id.index() as u16, laws.id(&model.providers[id.index()].latency)?))
        };
        let fallback = step.fallback.iter().map(|id| law(id, laws)).collect::<Result<_, String>>()?;
        let (work, place, law) = work(model, step);
        let law = laws.id(law)?;
        let cpu = step.cpu.as_ref().map(|law| laws.id(law)).transpose()?;
        let begins = match (step.lookup, work) {
            (Some(_), _) => Phase::Lookup,
            (None, Work::Provider) if has_requests => Phase::Request,
            _ => Phase::Enter,
        };
        steps.push(StepSpec {
            first_call: calls.len() as u16,
            calls: step.calls as u16,
            parallel: step.parallel as u16,
            pool: pools.id(model, step, laws)?,
            fallback,
            waits_for: step.after.iter().map(|&before| before as u16).collect(),
            followers: Vec::new(),
        });
        calls.extend((0..step.calls).map(|ordinal| CallSpec {
            step: number as u16,
            ordinal,
            provider: place as u16,
            work,
            lookup: step.lookup.map_or(NONE, |tiers| tiers.index() as u16),
            begins,
            queue: step.queue.map_or(NONE, |queue| queue.index() as u16),
            semaphore: step.semaphore.map_or(NONE, |queue| queue.index() as u16),
            law,
            cpu,
            critical: step.critical,
        }));
    }
    for number in 0..steps.len() {
        for before in steps[number].waits_for.clone() {
            steps[before as usize].followers.push(number as u16);
        }
    }
    let chained = |(number, step): (usize, &StepSpec)| {
        step.parallel == 1
            && if number == 0 { step.waits_for.is_empty() } else { step.waits_for == [number as u16 - 1] }
    };
    let is_chain = steps.iter().enumerate().all(chained);
    let ever = |has: fn(&crate::model::Provider) -> bool| {
        let in_model =
            |model: &Model| calls.iter().filter_map(|c: &CallSpec| model.providers.get(c.provider as usize)).any(has);
        in_model(whole) || whole.stages.iter().any(|stage| in_model(&stage.model))
    };
    let has_errors = ever(|provider| !provider.errors.is_empty());
    let has_faulty = ever(|provider| provider.request_error.value() > 0.0);
    let request_words = if has_errors { calls.len() } else { 0 };
    let op_words = request_words + if has_faulty { calls.len() } else { 0 };
    Ok(Flow {
        invocations: match workflow.invocation {
            InvocationScope::Plan => 1,
            InvocationScope::Step => steps.len(),
            InvocationScope::Call => calls.len(),
        },
        invocation: workflow.invocation,
        is_chain,
        aborts: workflow.on_call_error == OnCallError::Abort,
        overload_on: workflow.overload_on,
        request_words,
        op_words,
        words: op_words + plan_words + calls.len() * call_words,
        calls,
        steps,
    })
}

/// Whether a call of this place has one.
pub(crate) fn has_semaphore(spec: &crate::world::blueprint::CallSpec) -> bool {
    spec.semaphore != NONE
}
