//! The queue of the books: every customer comes once, or again and again with memoryless service.

use super::super::explain::work;
use super::{Formula, invocations_limit, steady_rate};
use crate::model::{Arrivals, Class, Discipline, Model, OnCallError, Provider, Queue, Step, Work};
use crate::policy::Fault;
use crate::streams::LawSpec;
use crate::theory::bucket;
use crate::theory::bursts::{batch_wait, dm1_wait, mmpp_m1_wait};
use crate::theory::erlang::{erlang_a, erlang_b, mmc_wait, mmc_wait_quantile};
use crate::theory::patience::mmc_d;
use crate::theory::queues::{self, cobham, cobham_mmc, engset, mg1_wait, mmck, repairman};

/// What one class brings to a queue.
struct Customers<'m> {
    class: &'m Class,
    /// Arrivals a second at one isolate; none where they have no rate.
    rate: Option<f64>,
    mean: f64,
    /// The coefficient of variation of the service; none where a timeout cuts a law that is not memoryless.
    cv: Option<f64>,
    law: Law,
    patience: Option<&'m LawSpec>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Law {
    Memoryless,
    Constant,
    Other,
}

pub(super) fn formulas(model: &Model) -> Vec<Formula> {
    // What happens before the queue may delay calls or end them; after it, it delays only those who come again.
    if !model.logging.ops.is_empty() || !model.reads.is_empty() || invocations_limit(model) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, queue) in model.queues.iter().enumerate() {
        let customers: Option<Vec<Customers>> = model
            .classes
            .iter()
            .filter(|class| uses(model, class, at))
            .map(|class| single_visit(model, class, at))
            .collect();
        match customers {
            Some(customers) if !customers.is_empty() => found.extend(of_station(model, queue, &customers)),
            _ => found.extend(visits(model, at)),
        }
    }
    found
}

fn uses(model: &Model, class: &Class, queue: usize) -> bool {
    let steps = &model.workflows[class.workflow.index()].steps;
    steps.iter().any(|step| step.queue.is_some_and(|used| used.index() == queue))
}

/// What a class brings whose plans begin with one call to this queue and never come back.
fn single_visit<'m>(model: &'m Model, class: &'m Class, queue: usize) -> Option<Customers<'m>> {
    let steps = &model.workflows[class.workflow.index()].steps;
    let mut here = steps.iter().filter(|step| step.queue.is_some_and(|used| used.index() == queue));
    let (step, None) = (here.next()?, here.next()) else { return None };
    let Work::Provider(provider) = step.work else { return None };
    let provider = &model.providers[provider.index()];
    if step.calls != 1 || !step.after.is_empty() || !never_retries(provider, step) || !class.spikes.is_empty() {
        return None;
    }
    let patience = class.patience.as_ref().or(model.queues[queue].patience.as_ref());
    let rate = steady_rate(class).map(|rate| rate / f64::from(model.platform.isolates));
    let (mean, cv, law) = service(provider, step)?;
    Some(Customers { class, rate, mean, cv, law, patience })
}

/// Whether no fault that can happen is tried again.
fn never_retries(provider: &Provider, step: &Step) -> bool {
    let law = step.latency.as_ref().unwrap_or(&provider.latency);
    let late = provider.request_timeout.is_some_and(|cut| law.formulas().is_ok_and(|law| law.cdf(cut.secs()) < 1.0));
    let can = |fault: Fault| match fault {
        Fault::Timeout => late,
        Fault::BadRequest => provider.request_error.value() > 0.0 || has(provider, fault),
        _ => has(provider, fault),
    };
    provider.retry.max == 0 || Fault::ALL.into_iter().all(|fault| !provider.retry.on.contains(fault) || !can(fault))
}

fn has(provider: &Provider, fault: Fault) -> bool {
    provider.errors.iter().any(|(kind, chance)| *kind == fault && chance.value() > 0.0)
}

/// The mean, the coefficient of variation and the kind of one attempt, timeout included.
fn service(provider: &Provider, step: &Step) -> Option<(f64, Option<f64>, Law)> {
    let spec = step.latency.as_ref().unwrap_or(&provider.latency);
    let law = spec.formulas().ok()?;
    let kind = match spec {
        LawSpec::Exponential { .. } => Law::Memoryless,
        LawSpec::Constant { .. } => Law::Constant,
        _ => Law::Other,
    };
    match provider.request_timeout {
        Some(cut) if law.cdf(cut.secs()) < 1.0 => Some((law.limited(cut), None, Law::Other)),
        _ => Some((law.mean(), Some(law.cv()), kind)),
    }
}

fn of_station(model: &Model, queue: &Queue, customers: &[Customers<'_>]) -> Vec<Formula> {
    let name = |what: &str| format!("queue.{}.{what}", queue.name);
    let waits =
        |law, wait: Option<f64>| wait.map(|wait| Formula::exact(name("wait.mean"), law, wait)).into_iter().collect();
    let (servers, first) = (queue.max_concurrency, &customers[0]);
    let plain = queue.max_queue.is_none() && first.patience.is_none();
    let lone = customers.len() == 1 && model.classes.len() == 1 && model.platform.isolates == 1;
    match (&first.class.arrivals, first.cv) {
        (Arrivals::Poisson(_), _) => poisson(queue, customers),
        (Arrivals::Closed { users, think }, _) if lone && queue.max_queue == Some(0) => {
            lossy(model, queue, *users, think, first.mean)
        }
        (Arrivals::Closed { users, think }, _) if lone && plain && first.law == Law::Memoryless => {
            closed(model, queue, *users, think, first.mean)
        }
        (Arrivals::Deterministic(rate), _) if lone && plain && servers == 1 && first.law == Law::Memoryless => {
            waits("D/M/1", dm1_wait(rate.per_second(), first.mean))
        }
        (Arrivals::Batch { rate, size }, Some(cv)) if lone && plain && servers == 1 => {
            waits("M[X]/G/1", batch_wait(rate.per_second(), first.mean, cv, *size))
        }
        (Arrivals::Mmpp { states }, _) if lone && plain && servers == 1 && first.law == Law::Memoryless => {
            let [a, b] = &states[..] else { return Vec::new() };
            let state = |(rate, stay): &(Option<crate::units::Rate>, crate::units::Span)| {
                (rate.map_or(0.0, |rate| rate.per_second()), stay.secs())
            };
            waits("MMPP/M/1", mmpp_m1_wait([state(a), state(b)], first.mean))
        }
        _ => Vec::new(),
    }
}

/// The machine repairman: plans of one call, so that a user thinks as soon as it has ended.
fn closed(model: &Model, queue: &Queue, users: u32, think: &LawSpec, service: f64) -> Vec<Formula> {
    let class = &model.classes[0];
    let alone = model.workflows[class.workflow.index()].steps.len() == 1;
    let (true, true, Ok(think)) = (alone, work(model, class).completes == 1.0, think.formulas()) else {
        return Vec::new();
    };
    let shop = repairman(users, think.mean(), queue.max_concurrency, service);
    let name = |what: &str| format!("queue.{}.{what}", queue.name);
    vec![
        Formula::exact("plans.per_day".into(), "machine repairman", shop.throughput * 86_400.0),
        Formula::exact(name("wait.mean"), "machine repairman", shop.wait),
        Formula::exact(name("queued.mean"), "machine repairman", shop.queued),
        Formula::exact(name("utilisation"), "machine repairman", shop.active / f64::from(queue.max_concurrency)),
    ]
}

/// Engset: no waiting places, and who is refused thinks again. A failed call ends its plan as an answer does.
fn lossy(model: &Model, queue: &Queue, users: u32, think: &LawSpec, service: f64) -> Vec<Formula> {
    let alone = model.workflows[model.classes[0].workflow.index()].steps.len() == 1;
    let (true, Ok(think)) = (alone, think.formulas()) else { return Vec::new() };
    let shop = engset(users, think.mean(), queue.max_concurrency, service);
    let name = |what: &str| format!("queue.{}.{what}", queue.name);
    vec![
        Formula::exact(name("drop_fraction"), "Engset", shop.loss),
        Formula::exact(name("utilisation"), "Engset", shop.active / f64::from(queue.max_concurrency)),
    ]
}

fn poisson(queue: &Queue, customers: &[Customers<'_>]) -> Vec<Formula> {
    let all_poisson = customers.iter().all(|one| matches!(one.class.arrivals, Arrivals::Poisson(_)));
    let rates: Option<Vec<f64>> = customers.iter().map(|one| one.rate).collect();
    let (true, Some(rates)) = (all_poisson, rates) else { return Vec::new() };
    let (servers, rate) = (queue.max_concurrency, rates.iter().sum::<f64>());
    let mean = rates.iter().zip(customers).map(|(rate, one)| rate * one.mean).sum::<f64>() / rate;
    let first = &customers[0];
    let same = customers.iter().all(|one| one.mean == first.mean && one.patience == first.patience);
    let memoryless = same && customers.iter().all(|one| one.law == Law::Memoryless);
    let constant = same && customers.iter().all(|one| one.law == Law::Constant);
    let is_fifo = queue.discipline == Discipline::Fifo;
    let levels = queue.discipline == Discipline::Priority
        && customers.iter().any(|one| one.class.priority != first.class.priority);
    let name = |what: &str| format!("queue.{}.{what}", queue.name);
    let exact = |what: &str, law, value| Formula::exact(name(what), law, value);
    match (queue.max_queue, first.patience) {
        (Some(0), _) => vec![exact("drop_fraction", "Erlang B", erlang_b(servers, rate * mean))],
        (Some(places), None) if memoryless && !levels => {
            let solved = mmck(servers, places, rate, mean);
            vec![
                exact("drop_fraction", "M/M/c/K", solved.loss),
                exact("wait.mean", "M/M/c/K", solved.wait),
                exact("queued.mean", "M/M/c/K", solved.queued),
                exact("utilisation", "M/M/c/K", solved.active / f64::from(servers)),
            ]
        }
        (Some(places), None) if constant && servers == 1 => {
            vec![exact("drop_fraction", "M/D/1/K", bucket::refused(rate, 1.0 / mean, places + 1))]
        }
        (None, Some(LawSpec::Constant { value })) if memoryless && is_fifo && !value.is_zero() => {
            let solved = mmc_d(servers, rate, mean, value.secs());
            vec![
                exact("abandon_fraction", "M/M/c+D", solved.abandoned),
                exact("wait.mean", "M/M/c+D", solved.wait),
                exact("queued.mean", "M/M/c+D", solved.queued),
                exact("utilisation", "M/M/c+D", rate * (1.0 - solved.abandoned) * mean / f64::from(servers)),
            ]
        }
        // Who leaves next does not depend on the order of service: any will do that looks at nobody's patience.
        (None, Some(LawSpec::Exponential { mean: patience })) if memoryless && !levels => {
            let law = "Erlang A (M/M/c+M)";
            let solved = erlang_a(servers, rate, mean, patience.secs());
            let mut found = vec![
                exact("abandon_fraction", law, solved.abandoned),
                exact("queued.mean", law, solved.queued),
                exact("utilisation", law, rate * (1.0 - solved.abandoned) * mean / f64::from(servers)),
            ];
            if is_fifo {
                found.push(exact("wait.mean", law, solved.wait));
            }
            found
        }
        (None, None) if customers.iter().all(|one| one.patience.is_none()) => {
            if levels {
                priorities(queue, customers, &rates, memoryless)
            } else {
                endless(queue, customers, &rates, (mean, memoryless))
            }
        }
        _ => Vec::new(),
    }
}

/// A queue without end for one kind of customer, or several that are not told apart.
fn endless(queue: &Queue, customers: &[Customers<'_>], rates: &[f64], (mean, memoryless): (f64, bool)) -> Vec<Formula> {
    let (servers, rate) = (queue.max_concurrency, rates.iter().sum::<f64>());
    let name = |what: &str| format!("queue.{}.{what}", queue.name);
    let squares: Option<f64> = customers
        .iter()
        .zip(rates)
        .map(|(one, rate)| Some(rate * one.mean * one.mean * (1.0 + one.cv? * one.cv?)))
        .sum();
    let cv = squares.map(|squares| crate::math::sqrt((squares / rate / (mean * mean) - 1.0).max(0.0)));
    let Some(memoryless_wait) = mmc_wait(servers, rate, mean) else { return Vec::new() };
    let mut found = Vec::new();
    match cv {
        _ if memoryless => {
            let law = if servers == 1 { "M/M/1" } else { "M/M/c (Erlang C)" };
            found.push(Formula::exact(name("wait.mean"), law, memoryless_wait));
            let p95 = mmc_wait_quantile(servers, rate, mean, 0.95).filter(|_| queue.discipline == Discipline::Fifo);
            found.extend(p95.map(|p95| Formula::exact(name("wait.p95"), law, p95)));
            found.push(Formula::exact(name("queued.mean"), law, rate * memoryless_wait));
        }
        Some(cv) if servers == 1 => {
            let wait = mg1_wait(rate, mean, cv).unwrap_or(f64::NAN);
            found.push(Formula::exact(name("wait.mean"), "M/G/1 (Pollaczek–Khinchine)", wait));
            found.push(Formula::exact(name("queued.mean"), "M/G/1 (Pollaczek–Khinchine)", rate * wait));
        }
        Some(cv) => found.push(Formula {
            metric: name("wait.mean"),
            law: "M/G/c (Lee and Longton)",
            approximate: Some("(1 + cv²)/2 of the wait of M/M/c"),
            value: 0.5 * (1.0 + cv * cv) * memoryless_wait,
        }),
        None => {}
    }
    found
}

/// Non-preemptive priorities, level by level.
fn priorities(queue: &Queue, customers: &[Customers<'_>], rates: &[f64], memoryless: bool) -> Vec<Formula> {
    let mut priorities: Vec<i32> = customers.iter().map(|one| one.class.priority).collect();
    priorities.sort_unstable_by(|a, b| b.cmp(a));
    priorities.dedup();
    let level = |priority: i32| -> Option<queues::Class> {
        let of = || customers.iter().zip(rates).filter(move |(one, _)| one.class.priority == priority);
        let rate: f64 = of().map(|(_, rate)| rate).sum();
        let service = of().map(|(one, rate)| rate * one.mean).sum::<f64>() / rate;
        let square: Option<f64> =
            of().map(|(one, rate)| Some(rate * one.mean * one.mean * (1.0 + one.cv? * one.cv?))).sum();
        let cv = crate::math::sqrt((square? / rate / (service * service) - 1.0).max(0.0));
        Some(queues::Class { rate, service, cv })
    };
    let Some(levels) = priorities.iter().map(|&priority| level(priority)).collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    let waits = match queue.max_concurrency {
        1 => cobham(&levels),
        servers if memoryless => {
            let rates: Vec<f64> = levels.iter().map(|level| level.rate).collect();
            cobham_mmc(servers, &rates, levels[0].service)
        }
        _ => return Vec::new(),
    };
    let wait = |one: &Customers<'_>| {
        let at = priorities.iter().position(|&priority| priority == one.class.priority)?;
        let metric = format!("class.{}.queue.{}.wait.mean", one.class.name, queue.name);
        Some(Formula::exact(metric, "priorities (Cobham)", waits[at]?))
    };
    customers.iter().filter_map(wait).collect()
}

/// Calls that come again: with Poisson plans, memoryless service of one mean and first come first served, each queue is
/// M/M/c at the rate of all visits (Baskett, Chandy, Muntz and Palacios, *JACM* 22, 1975), whatever the path between.
fn visits(model: &Model, queue: usize) -> Vec<Formula> {
    let spec = &model.queues[queue];
    let sound = model
        .queues
        .iter()
        .all(|queue| queue.max_queue.is_none() && queue.patience.is_none() && queue.discipline == Discipline::Fifo);
    let poisson = |class: &Class| matches!(class.arrivals, Arrivals::Poisson(_)) && class.patience.is_none();
    if !sound || !model.classes.iter().all(poisson) || model.classes.iter().any(|class| !is_chain(model, class)) {
        return Vec::new();
    }
    // Every queue must be of this kind for the product to hold.
    let means: Option<Vec<f64>> = (0..model.queues.len()).map(|queue| one_mean(model, queue)).collect();
    let Some(mean) = means.map(|means| means[queue]).filter(|mean| *mean > 0.0) else { return Vec::new() };
    let visits: Option<f64> =
        model.classes.iter().map(|class| Some(steady_rate(class)? * work(model, class).visits[queue])).sum();
    let rate = visits.map_or(0.0, |rate| rate / f64::from(model.platform.isolates));
    let Some(wait) = mmc_wait(spec.max_concurrency, rate, mean).filter(|_| rate > 0.0) else { return Vec::new() };
    let exact =
        |what: &str, value| Formula::exact(format!("queue.{}.{what}", spec.name), "M/M/c at each visit (BCMP)", value);
    vec![exact("wait.mean", wait), exact("queued.mean", rate * wait)]
}

/// One call at a time, one step after the other.
fn is_chain(model: &Model, class: &Class) -> bool {
    let workflow = &model.workflows[class.workflow.index()];
    let in_turn =
        |(at, step): (usize, &Step)| step.parallel == 1 && (at == 0) == step.after.is_empty() && step.after.len() <= 1;
    let followed = |at: usize| workflow.steps.iter().filter(|step| step.after.contains(&at)).count() <= 1;
    workflow.on_call_error == OnCallError::Abort
        && workflow.steps.iter().enumerate().all(in_turn)
        && (0..workflow.steps.len()).all(followed)
}

/// The mean of the memoryless service that all calls to a queue have; 0 where none come.
fn one_mean(model: &Model, queue: usize) -> Option<f64> {
    let mut mean = 0.0;
    for class in &model.classes {
        for step in &model.workflows[class.workflow.index()].steps {
            if step.queue.is_none_or(|used| used.index() != queue) {
                continue;
            }
            let Work::Provider(provider) = step.work else { return None };
            let provider = &model.providers[provider.index()];
            let (seconds, _, Law::Memoryless) = service(provider, step)? else { return None };
            if (mean != 0.0 && mean != seconds) || (provider.retry.hold_slot && !never_retries(provider, step)) {
                return None;
            }
            mean = seconds;
        }
    }
    Some(mean)
}
