//! What holds of nearly any model: the work that comes is the work that is done, and calls fail by their own chances.

use super::super::explain::work;
use super::{Formula, invocations_limit, logs_can_fail_a_plan, steady_rate};
use crate::model::{Model, OnCallError, Queue};
use crate::policy::BackoffKind;

pub(super) fn formulas(model: &Model) -> Vec<Formula> {
    if invocations_limit(model) || logs_can_fail_a_plan(model) {
        return Vec::new();
    }
    let rates: Option<Vec<f64>> = model.classes.iter().map(steady_rate).collect();
    let mut found = Vec::new();
    if let Some(rates) = rates {
        found.extend(utilisations(model, &rates));
        found.extend(ends(model, &rates));
    }
    found.extend(no_queue(model));
    found
}

/// What a queue may do to a call besides making it wait.
fn refuses(model: &Model, queue: &Queue) -> bool {
    queue.max_queue.is_some() || queue.patience.is_some() || model.classes.iter().any(|class| class.patience.is_some())
}

/// The utilisation law: `λE[T]/c` for any arrivals and any law of the time `T` in a slot.
fn utilisations(model: &Model, rates: &[f64]) -> Vec<Formula> {
    let works: Vec<_> = model.classes.iter().map(|class| work(model, class)).collect();
    let loads = |queue: usize| -> f64 {
        let slots = f64::from(model.queues[queue].max_concurrency) * f64::from(model.platform.isolates);
        rates.iter().zip(&works).map(|(rate, work)| rate * work.slot_seconds[queue]).sum::<f64>() / slots
    };
    let stable = (0..model.queues.len()).all(|queue| loads(queue) < 1.0);
    let any_refuses = model.queues.iter().any(|queue| refuses(model, queue));
    let uncertain = model.providers.iter().any(|provider| {
        provider.retry.max > 1 && provider.retry.hold_slot && provider.retry.backoff.kind == BackoffKind::Decorrelated
    });
    let formula = |queue: usize| Formula {
        metric: format!("queue.{}.utilisation", model.queues[queue].name),
        law: "flow balance, λE[T]/c",
        approximate: match (any_refuses, uncertain) {
            (true, _) => Some("as if nobody were turned away"),
            (_, true) => Some("backoffs by their means"),
            _ => None,
        },
        value: loads(queue),
    };
    if stable { (0..model.queues.len()).filter(|&queue| loads(queue) > 0.0).map(formula).collect() } else { Vec::new() }
}

/// How plans and attempts end where only the provider fails them.
fn ends(model: &Model, rates: &[f64]) -> Vec<Formula> {
    let approximate = model.queues.iter().any(|queue| refuses(model, queue)).then_some("as if nobody were turned away");
    let works: Vec<_> = model.classes.iter().map(|class| work(model, class)).collect();
    let sum = |of: fn(&super::super::explain::OnePlan) -> f64| -> f64 {
        rates.iter().zip(&works).map(|(rate, work)| rate * of(work)).sum()
    };
    let completes = sum(|work| work.completes) / rates.iter().sum::<f64>();
    let per_success = sum(|work| work.attempts) / sum(|work| work.successes);
    let formula = |metric: &str, law, value| Formula { metric: metric.into(), law, approximate, value };
    let mut found = Vec::new();
    if completes < 1.0 {
        found.push(formula("plans.failed_fraction", "1 − Π (1 − q), independent calls", 1.0 - completes));
    }
    if per_success > 1.0 {
        found.push(formula("attempts.per_success", "attempts and successes of a plan", per_success));
    }
    found
}

/// The mean time of a plan that waits for nobody: the means of its calls add up. Only of plans that complete is the
/// time measured, so none may fail.
fn no_queue(model: &Model) -> Option<Formula> {
    let [class] = &model.classes[..] else { return None };
    let workflow = &model.workflows[class.workflow.index()];
    let is_chain = workflow.steps.iter().enumerate().all(|(at, step)| {
        step.parallel == 1 && step.queue.is_none() && step.after == if at == 0 { vec![] } else { vec![at - 1] }
    });
    let traced = matches!(class.arrivals, crate::model::Arrivals::Trace { .. });
    let busy = !model.logging.ops.is_empty() || !model.reads.is_empty();
    let decorrelated = model.providers.iter().any(|p| p.retry.backoff.kind == BackoffKind::Decorrelated);
    let work = work(model, class);
    let none_fails = workflow.on_call_error == OnCallError::Continue || work.attempts == work.successes;
    (is_chain && !traced && !busy && !decorrelated && none_fails)
        .then(|| Formula::exact("plan.latency.mean".into(), "the sum of the means", work.seconds))
}
