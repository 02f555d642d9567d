//! `[workflow.NAME]`: the graph of steps.

use crate::model::language::*;
use crate::model::section::faults::FAULTS;
use crate::model::section::limits::Counted;
use crate::model::section::provider::Provider;
use crate::model::section::retry::MOST_ATTEMPTS;
use crate::model::section::step::{self, MAX_CALLS, STEP, Step, WORK, Work};
use crate::model::section::tiers::Tiers;
use crate::policy::{Fault, FaultSet};
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::model) static WORKFLOW: Section = Section {
    title: "[workflow.NAME]",
    about: "What shares one invocation (`invocation`) also shares its subrequests, its operations by store, its \
        connections, its processor time, and the time after its response.",
    changes: Some(Shared(WORK)),
    fields: &[
        required("steps", List(&Table(&STEP), None), "What is done, in which order.").example(r#"[{ name = "ask", calls = 7, parallel = 7 }]"#).changes(Shared(SEVERAL)),
        default(
            "on_call_error",
            OneOf(OnCallError::WORDS),
            "abort",
            "What a call that does not succeed does to its plan, whether it failed, was refused, ran out of patience or was denied: `abort` ends it, with `continue` it goes on.",
        ).note("With `abort` the plan ends with the call: *overloaded* where it was refused, *abandoned* where it \
                ran out of patience, *failed* where its last attempt failed, timed out or was denied (a subrequest \
                over the limit, a breaker that is open). With `continue` the plan goes on after each of them, and \
                is completed once its last step has ended. Whatever the rule, a plan ends that has lost its \
                isolate, that is killed for its processor time, whose logs fail with `on_error = \"fail_plan\"`, \
                whose user has left, or for whose invocation the account has no request left.").changes(Program),
        optional(
            "overload_on",
            List(&OneOf(FAULTS), None),
            "none",
            "Faults after which a failed call shows the overload answer, as a refused one does; with `abort`.",
        ).example(r#"["overloaded", "rate_limited"]"#).note("A plan ends *overloaded* when the queue refuses one of its calls, or when a call fails in one of \
                these faults: many programs show the same words for both. Their share of the plans that ended is \
                `plans.overloaded_fraction`, by class `class.X.plans.overloaded_fraction`.").changes(Program),
        default("invocation", OneOf(InvocationScope::WORDS), "plan", "What shares the limits of one invocation.").changes(Fixed(PARTS)),
    ],
};

/// `[workflow.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// In an order in which every step stands after those it waits for; at least one, 4,096 calls at most.
    pub steps: Vec<Step>,
    /// What a failed call does to its plan.
    pub on_call_error: OnCallError,
    /// `overload_on`: faults after which a failed call that ends its plan shows the user the overload answer.
    pub overload_on: FaultSet,
    /// What shares one invocation.
    pub invocation: InvocationScope,
}

/// `on_call_error`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCallError {
    /// The plan ends with the call.
    Abort,
    /// The plan goes on without the answer.
    Continue,
}

words!(OnCallError: "abort" => Abort, "continue" => Continue);

/// `invocation`: what shares the limits of one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationScope {
    /// A whole plan.
    Plan,
    /// Each step.
    Step,
    /// Each call.
    Call,
}

words!(InvocationScope: "plan" => Plan, "step" => Step, "call" => Call);

impl InvocationScope {
    /// Every kind, the largest first.
    pub const ALL: [InvocationScope; 3] = [InvocationScope::Plan, InvocationScope::Step, InvocationScope::Call];
}

impl Workflow {
    /// The most calls of one invocation that are under way at once, if this is what shares one.
    pub fn calls_at_once(&self, scope: InvocationScope) -> u32 {
        match scope {
            InvocationScope::Call => 1,
            InvocationScope::Step => self.steps.iter().map(|step| step.parallel).max().unwrap_or(0),
            InvocationScope::Plan => (0..self.steps.len()).map(|step| self.beside(step)).max().unwrap_or(0),
        }
    }

    /// The calls of a step under way at once, with those of all steps that it neither waits for nor is waited for by.
    fn beside(&self, step: usize) -> u32 {
        let others =
            (0..self.steps.len()).filter(|&other| !self.waits_for(step, other) && !self.waits_for(other, step));
        others.map(|other| self.steps[other].parallel).sum()
    }

    /// Whether a step begins only after another one.
    fn waits_for(&self, step: usize, other: usize) -> bool {
        self.steps[step].after.iter().any(|&before| before == other || self.waits_for(before, other))
    }
}

/// Reads the workflows, in the order of their names.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Workflow> {
    let workflows = root.named("workflow");
    workflows.into_iter().filter_map(|(name, cursor)| workflow(input, name, &cursor, names)).collect()
}

fn workflow(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, names: &Names) -> Option<Workflow> {
    let tables = cursor.tables("steps");
    if tables.is_empty() {
        let complaint = Complaint::new("a workflow needs at least one step");
        input.problems.report_once(cursor.at("steps"), &cursor.key("steps"), complaint);
        return None;
    }
    let positions = positions(input, &tables);
    let steps: Option<Vec<Step>> = tables.iter().map(|table| step::read(input, table, &positions, names)).collect();
    let calls: u64 = tables.iter().filter_map(|table| table.whole("calls")).sum();
    if i128::from(calls) > MAX_CALLS {
        let complaint = Complaint::new("a workflow makes at most 4,096 calls").found(calls.to_string());
        input.problems.report_once(cursor.at("steps"), &cursor.key("steps"), complaint);
    }
    let steps = sorted(input, &tables, steps?)?;
    let on_call_error = cursor.one("on_call_error");
    let overloads = cursor.items("overload_on").iter().filter_map(|node| Fault::parse(node.text()?));
    let overload_on = overloads.collect();
    let invocation = cursor.one("invocation");
    Some(Workflow { name: name.into(), steps, on_call_error, overload_on, invocation })
}

/// A queue is taken around calls or inside them: two calls that each hold what the other waits for would deadlock.
pub(in crate::model) fn no_deadlock(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) {
    let steps: Vec<Cursor<'_>> =
        root.named("workflow").into_iter().flat_map(|(_, workflow)| workflow.tables("steps")).collect();
    for step in &steps {
        let Some(name) = step.text("semaphore") else { continue };
        let is_inside = steps.iter().any(|other| other.text("queue") == Some(name));
        if is_inside && names.queues.position(name).is_some() {
            let complaint = Complaint::new("a queue cannot be both a semaphore and the queue of a step")
                .found(format!("{name:?}, the `queue` of a step"))
                .cure("give the semaphore a [queue.NAME] of its own");
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
            let complaint = Complaint::new(format!("duplicate step name {name:?}")).cure("give each its own name");
            input.problems.report_once(table.at("name"), &table.key("name"), complaint);
        }
    }
    positions
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

/// A cycle among the steps that have no place, from its first written step back to that one.
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

/// Checks that a step that asks nobody else has tiers that say how long a miss takes.
pub(in crate::model) fn can_compute(input: &mut Input<'_>, root: &Cursor<'_>, workflows: &[Workflow], tiers: &[Tiers]) {
    for step in workflows.iter().flat_map(|workflow| &workflow.steps) {
        let Work::Compute(id) = step.work else { continue };
        let Some(found) = tiers.get(id.index()).filter(|found| found.compute.is_none() && step.latency.is_none())
        else {
            continue;
        };
        let complaint = Complaint::new(format!("required, as step {:?} has no provider to ask on a miss", step.name))
            .cure("for example compute = \"45s\"");
        let tables = root.named("tiers");
        let Some((_, table)) = tables.iter().find(|(name, _)| *name == found.name) else { continue };
        input.problems.report_once(table.node.key, &table.key("compute"), complaint);
    }
}

/// Checks that the tokens of a step fit into the growth that its provider allows: a first minute refuses more for ever.
pub(in crate::model) fn tokens_fit(
    input: &mut Input<'_>,
    root: &Cursor<'_>,
    workflows: &[Workflow],
    providers: &[Provider],
) {
    let steps = workflows.iter().flat_map(|workflow| &workflow.steps);
    let asked = steps.flat_map(|step| step.shares().into_iter().map(move |(id, _)| (step, id)));
    for (step, provider) in asked.filter_map(|(step, id)| Some((step, providers.get(id.index())?))) {
        let Some(slope) = provider.server.as_ref().and_then(|server| server.slopes[1]) else { continue };
        let tables = root.named("provider");
        let Some((_, cursor)) = tables.iter().find(|(name, _)| *name == provider.name) else { continue };
        let tokens = provider.weight(&step.weight)[Counted::Tokens as usize];
        if let Some(cursor) = cursor.table("slope")
            && tokens > slope.above
        {
            let what = "an attempt needs more tokens than a first minute holds, so it would never start";
            let found = format!("{tokens} tokens of step {:?}, {} in a first minute", step.name, slope.above);
            let complaint = Complaint::new(what).found(found).cure("raise `tokens_per_minute`, or lower `tokens`");
            let key = "tokens_per_minute";
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
        }
    }
}

/// Checks the attempts of calls that fall back: they make those of all its providers.
pub(in crate::model) fn check_fallbacks(
    input: &mut Input<'_>,
    root: &Cursor<'_>,
    workflows: &[Workflow],
    providers: &[Provider],
) {
    for (name, cursor) in root.named("workflow") {
        let steps = workflows.iter().filter(|workflow| workflow.name == name).flat_map(|workflow| &workflow.steps);
        for step in steps {
            let attempts = step.attempts(providers);
            let table = cursor.tables("steps").into_iter().find(|table| table.text("name") == Some(&step.name));
            if let Some(table) = table.filter(|_| !step.fallback.is_empty() && attempts > MOST_ATTEMPTS) {
                let complaint = Complaint::new("a call could make too many attempts at all its providers")
                    .found(format!("{attempts} attempts"))
                    .allowed(format!("at most {MOST_ATTEMPTS} at all together"))
                    .cure("lower `max` of [retry.NAME] of one of them");
                input.problems.report_once(table.at("fallback"), &table.key("fallback"), complaint);
            }
        }
    }
}

/// Checks that what each provider of a pool has can be shared by an attempt that goes now to one and now to another.
pub(in crate::model) fn check_pools(
    input: &mut Input<'_>,
    root: &Cursor<'_>,
    workflows: &[Workflow],
    providers: &[Provider],
) {
    let pools = workflows.iter().flat_map(|workflow| &workflow.steps).filter_map(|step| step.pool.as_ref());
    let sections = ["breaker", "hedge"].map(|section| root.named(section));
    for provider in pools.flat_map(|pool| &pool.providers).filter_map(|id| providers.get(id.index())) {
        let by_call = provider.breaker.is_some_and(|breaker| breaker.counts_calls);
        let both = [
            (by_call, 0, "counts", "a breaker that counts calls", "write `counts = \"attempts\"`"),
            (provider.hedge.is_some(), 1, "after", "[hedge.NAME]", "remove it, or give the step one provider"),
        ];
        for (_, section, key, what, cure) in both.into_iter().filter(|(is, ..)| *is) {
            let Some((_, table)) = sections[section].iter().find(|(name, _)| *name == provider.name) else { continue };
            let complaint = Complaint::new(format!(
                "{what} of a provider that is one of several of a step: its attempts go to different ones"
            ));
            input.problems.report_once(table.at(key), &table.key(key), complaint.cure(cure));
        }
    }
}

/// What may change while a model runs.
pub(in crate::model) fn keep(workflow: &mut Workflow, of: &Workflow) {
    (workflow.on_call_error, workflow.overload_on) = (of.on_call_error, of.overload_on);
    keep_all(&mut workflow.steps, &of.steps, step::keep);
}
