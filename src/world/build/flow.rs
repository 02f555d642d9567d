//! A workflow as its calls, and whom they ask.

use super::super::state::Phase;
use super::super::work::Work;
use super::parts::work;
use super::{CallSpec, Flow, Laws, NONE, Provider, StepSpec};
use crate::model::{InvocationScope, Model, OnCallError, Workflow};
use crate::units::Span;

/// A provider, flat.
pub(super) fn provider(spec: &crate::model::Provider) -> Provider {
    let mut sum = 0.0;
    let faults = spec.errors.iter().map(|&(fault, probability)| {
        sum += probability.value();
        (sum, fault)
    });
    Provider {
        faults: faults.collect(),
        from_arrival: spec.timeout_from_arrival && spec.request_timeout.is_some(),
        timeout: spec.request_timeout.unwrap_or(Span::from_nanos(u64::MAX)),
        request_error: spec.request_error.value(),
        retry: spec.retry,
    }
}

pub(super) fn flow(
    (model, whole): (&Model, &Model),
    workflow: &Workflow,
    ((plan_words, call_words), has_requests): ((usize, usize), bool),
    laws: &mut Laws,
) -> Result<Flow, String> {
    let mut calls = Vec::new();
    let mut steps = Vec::new();
    for (number, step) in workflow.steps.iter().enumerate() {
        let fallback = match step.fallback {
            Some(other) => Some((other.index() as u16, laws.id(&model.providers[other.index()].latency)?)),
            None => None,
        };
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
