//! What theory asks of one plan: how often it visits its queues, and how it ends.

use super::attempts::{self, Failures};
use super::plan::{begun, power};
use crate::model::{Class, Model, OnCallError};

/// One plan of a class in expectation, errors and retries included, if nothing but its provider fails it.
pub(in crate::experiment) struct OnePlan {
    /// The chance that it completes.
    pub completes: f64,
    /// Attempts, and those that succeed.
    pub attempts: f64,
    pub successes: f64,
    /// The time of its calls one after the other, without waits for a slot.
    pub seconds: f64,
    /// By queue: the time that its calls hold a slot.
    pub slot_seconds: Vec<f64>,
    /// By queue: how often its calls ask for a slot.
    pub visits: Vec<f64>,
}

/// Works one plan of a class out.
pub(in crate::experiment) fn work(model: &Model, class: &Class) -> OnePlan {
    let workflow = &model.workflows[class.workflow.index()];
    let outcomes: Vec<_> = workflow.steps.iter().map(|step| attempts::call(model, step, Failures::Expected)).collect();
    let queues = model.queues.len();
    let mut work = OnePlan {
        completes: 1.0,
        attempts: 0.0,
        successes: 0.0,
        seconds: 0.0,
        slot_seconds: vec![0.0; queues],
        visits: vec![0.0; queues],
    };
    for (at, begun) in begun(workflow, &outcomes).iter().enumerate() {
        let (step, call, begun) = (&workflow.steps[at], &outcomes[at], begun.iter().sum::<f64>());
        if workflow.on_call_error == OnCallError::Abort {
            work.completes *= power(1.0 - call.fails(), step.calls);
        }
        work.attempts += begun * call.attempts();
        work.successes += begun * (1.0 - call.fails());
        work.seconds += begun * call.seconds;
        if let Some(queue) = step.queue {
            work.slot_seconds[queue.index()] += begun * call.slot_seconds;
            work.visits[queue.index()] += begun * call.visits;
        }
    }
    work
}
