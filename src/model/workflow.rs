//! `[workflow.NAME]`: the graph of steps.

use super::cursor::Cursor;
use super::fields::did_you_mean;
use super::input::Input;
use super::language::MAX_CALLS;
use super::law;
use super::names::{List, Names};
use super::problems::Complaint;
use super::spec::{InvocationScope, OnCallError, Provider, Step, Tiers, Work, Workflow};
use crate::policy::Fault;
use crate::units::Id;
use std::collections::{BTreeMap, BTreeSet};

/// Reads the workflows, in the order of their names.
pub(super) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Workflow> {
    let workflows = root.named("workflow");
    workflows.into_iter().filter_map(|(name, cursor)| workflow(input, name, &cursor, names)).collect()
}

fn workflow(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, names: &Names) -> Option<Workflow> {
    let tables = cursor.tables("steps");
    if tables.is_empty() {
        let complaint = Complaint::new("a workflow has at least one step");
        input.problems.report_once(cursor.at("steps"), &cursor.key("steps"), complaint);
        return None;
    }
    let positions = positions(input, &tables);
    let steps: Option<Vec<Step>> = tables.iter().map(|table| step(input, table, &positions, names)).collect();
    let calls: u64 = tables.iter().filter_map(|table| table.whole("calls")).sum();
    if i128::from(calls) > MAX_CALLS {
        let complaint = Complaint::new("a workflow makes at most 4,096 calls").found(calls.to_string());
        input.problems.report_once(cursor.at("steps"), &cursor.key("steps"), complaint);
    }
    let steps = sorted(input, &tables, steps?)?;
    let on_call_error =
        if cursor.word("on_call_error") == "continue" { OnCallError::Continue } else { OnCallError::Abort };
    let overloads = cursor.items("overload_on").iter().filter_map(|node| Fault::parse(node.text()?));
    let overload_on = overloads.collect();
    let invocation = match cursor.word("invocation") {
        "step" => InvocationScope::Step,
        "call" => InvocationScope::Call,
        _ => InvocationScope::Plan,
    };
    Some(Workflow { name: name.into(), steps, on_call_error, overload_on, invocation })
}

/// A queue is taken around calls or inside them: two calls that each hold what the other waits for would wait for ever.
pub(super) fn no_deadlock(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) {
    let steps: Vec<Cursor<'_>> =
        root.named("workflow").into_iter().flat_map(|(_, workflow)| workflow.tables("steps")).collect();
    for step in &steps {
        let Some(name) = step.text("semaphore") else { continue };
        let is_inside = steps.iter().any(|other| other.text("queue") == Some(name));
        if is_inside && names.queues.position(name).is_some() {
            let complaint = Complaint::new("a semaphore is no queue of a step")
                .found(format!("{name:?}, in which calls wait for their attempts"))
                .cure("give it a [queue.NAME] of its own");
            input.problems.report_once(step.at("semaphore"), &step.key("semaphore"), complaint);
        }
    }
}

/// The position of each step by its name.
fn positions<'a>(input: &mut Input<'_>, tables: &[Cursor<'a>]) -> BTreeMap<&'a str, usize> {
    let mut positions = BTreeMap::new();
    for (i, table) in tables.iter().enumerate() {
        let Some(name) = table.text("name") else { continue };
        if positions.insert(name, i).is_some() {
            let complaint = Complaint::new(format!("there is a step {name:?} already")).cure("give each its own name");
            input.problems.report_once(table.at("name"), &table.key("name"), complaint);
        }
    }
    positions
}

fn step(input: &mut Input<'_>, table: &Cursor<'_>, positions: &BTreeMap<&str, usize>, names: &Names) -> Option<Step> {
    let lookup = resolved(input, table, "lookup", &names.tiers);
    let work = work(input, table, names);
    let queue = resolved(input, table, "queue", &names.queues);
    let semaphore = resolved(input, table, "semaphore", &names.queues);
    let fallback = fallback(input, table, names);
    let mut after = Vec::new();
    for node in table.items("after") {
        let Some(title) = node.text() else { continue };
        match positions.get(title) {
            Some(i) => after.push(*i),
            None => {
                let complaint = Complaint::new(format!("the step {title:?} is not defined"))
                    .allowed(format!(
                        "steps of this workflow are: {}",
                        positions.keys().copied().collect::<Vec<_>>().join(", ")
                    ))
                    .cure(did_you_mean(title, positions.keys()));
                input.problems.report_once(node.at, &table.key("after"), complaint);
            }
        }
    }
    after.sort_unstable();
    after.dedup();
    let (calls, parallel) = (table.count("calls")?, table.count("parallel")?);
    if parallel > calls {
        let complaint = Complaint::new("more at once than there are calls")
            .found(format!("{parallel} at once of {calls}"))
            .allowed(format!("a whole number from 1 to {calls}"));
        input.problems.report_once(table.at("parallel"), &table.key("parallel"), complaint);
    }
    let latency = law::read(input, table, "latency");
    let name = table.text("name")?.to_string();
    let critical = table.flag("critical");
    let tokens = table.whole("tokens");
    let cpu = law::read(input, table, "cpu");
    Some(Step {
        name,
        work: work?,
        lookup,
        fallback,
        queue,
        semaphore,
        after,
        calls,
        parallel,
        critical,
        latency,
        tokens,
        cpu,
    })
}

/// Another provider than that of the step.
fn fallback(input: &mut Input<'_>, table: &Cursor<'_>, names: &Names) -> Option<Id<Provider>> {
    let node = table.get("fallback")?;
    let name = node.text()?;
    let asks_nobody = table.get("d1").is_some() || table.get("lookup").is_some() && table.get("provider").is_none();
    if names.providers.all().len() == 1 || table.text("provider") == Some(name) || asks_nobody {
        let complaint = Complaint::new("a call falls back from its provider to another").found(format!("{name:?}"));
        let others: Vec<&str> =
            names.providers.all().iter().map(String::as_str).filter(|other| *other != name).collect();
        let allowed = if others.is_empty() { "there is no other provider".into() } else { others.join(", ") };
        input.problems.report_once(node.at, &table.key("fallback"), complaint.allowed(allowed));
        return None;
    }
    names.providers.resolve(input, name, node.at, &table.key("fallback"))
}

/// The part that a key names, if it stands there; what is no such part was complained about.
fn resolved<T>(input: &mut Input<'_>, table: &Cursor<'_>, key: &str, list: &List) -> Option<Id<T>> {
    let node = table.get(key)?;
    list.resolve(input, node.text()?, node.at, &table.key(key))
}

/// Who does the work of a step: a provider, unless another key says who.
fn work(input: &mut Input<'_>, table: &Cursor<'_>, names: &Names) -> Option<Work> {
    let has = |key: &str| table.get(key).is_some();
    match (has("provider"), has("lookup"), has("d1"), has("limiter")) {
        (false, false, true, false) => resolved(input, table, "d1", &names.d1).map(Work::D1),
        (false, false, false, true) => resolved(input, table, "limiter", &names.limiters).map(Work::Limiter),
        (.., d1, limiter) if d1 || limiter => {
            let complaint = Complaint::new("a step has one who does its work")
                .allowed("`provider` (with or without `lookup`), `lookup` alone, `d1` alone, or `limiter` alone");
            let key = if d1 { "d1" } else { "limiter" };
            input.problems.report_once(table.at(key), &table.key(key), complaint);
            None
        }
        (false, true, ..) => resolved(input, table, "lookup", &names.tiers).map(Work::Compute),
        (false, false, ..) if names.providers.all().is_empty() => {
            let complaint = Complaint::new("nobody does the work of this step")
                .allowed("`provider`, `lookup`, `d1` or `limiter`")
                .cure("add [provider.NAME]");
            input.problems.report_once(table.node.key, &table.key("provider"), complaint);
            None
        }
        _ => names.providers.resolve_or_only(input, table, "provider").map(Work::Provider),
    }
}

/// Checks that a step that asks nobody else has tiers that say how long a miss takes.
pub(super) fn can_compute(input: &mut Input<'_>, root: &Cursor<'_>, workflows: &[Workflow], tiers: &[Tiers]) {
    for step in workflows.iter().flat_map(|workflow| &workflow.steps) {
        let Work::Compute(id) = step.work else { continue };
        let Some(found) = tiers.get(id.index()).filter(|found| found.compute.is_none() && step.latency.is_none())
        else {
            continue;
        };
        let complaint =
            Complaint::new(format!("the step {:?} asks no provider, so a miss must be computed", step.name))
                .cure("say how long that takes: compute = \"45s\"");
        let tables = root.named("tiers");
        let Some((_, table)) = tables.iter().find(|(name, _)| *name == found.name) else { continue };
        input.problems.report_once(table.node.key, &table.key("compute"), complaint);
    }
}

/// The steps in an order in which each stands after those it waits for: of those that may stand next, the one
/// that was written first.
fn sorted(input: &mut Input<'_>, tables: &[Cursor<'_>], steps: Vec<Step>) -> Option<Vec<Step>> {
    let mut waits: Vec<usize> = steps.iter().map(|step| step.after.len()).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (i, step) in steps.iter().enumerate() {
        step.after.iter().for_each(|before| followers[*before].push(i));
    }
    let mut ready: BTreeSet<usize> = (0..steps.len()).filter(|i| waits[*i] == 0).collect();
    let mut place: Vec<Option<usize>> = vec![None; steps.len()];
    let mut order = Vec::new();
    while let Some(next) = ready.pop_first() {
        place[next] = Some(order.len());
        order.push(next);
        for follower in &followers[next] {
            waits[*follower] -= 1;
            if waits[*follower] == 0 {
                ready.insert(*follower);
            }
        }
    }
    if order.len() < steps.len() {
        let circle = circle(&steps, &place);
        let names: Vec<&str> = circle.iter().map(|i| steps[*i].name.as_str()).collect();
        let complaint = Complaint::new("these steps wait for each other").found(names.join(" after "));
        let table = &tables[circle[0]];
        input.problems.report_once(table.at("after"), &table.key("after"), complaint);
        return None;
    }
    let moved = |i: &usize| {
        let mut after: Vec<usize> = steps[*i].after.iter().filter_map(|before| place[*before]).collect();
        after.sort_unstable();
        Step { after, ..steps[*i].clone() }
    };
    Some(order.iter().map(moved).collect())
}

/// A circle among the steps that have no place, from the first written of it back to that one.
fn circle(steps: &[Step], place: &[Option<usize>]) -> Vec<usize> {
    let stuck = |i: &usize| place[*i].is_none();
    let mut walk = vec![(0..steps.len()).find(stuck).unwrap_or_default()];
    loop {
        // A step without a place waits for another one without.
        let last = walk[walk.len() - 1];
        let next = steps[last].after.iter().copied().find(stuck).unwrap_or(last);
        if let Some(begin) = walk.iter().position(|i| *i == next) {
            let mut circle = walk.split_off(begin);
            let first = circle.iter().enumerate().min_by_key(|(_, i)| **i).map_or(0, |(at, _)| at);
            circle.rotate_left(first);
            circle.push(circle[0]);
            return circle;
        }
        walk.push(next);
    }
}
