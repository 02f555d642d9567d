//! Traces: recorded plans as JSON Lines, one plan per line, or logs of other programs that say when plans come.
//!
//! A line without a class belongs to the class that names the file; where several classes name one file, every
//! line says its class.

use super::cursor::Cursor;
use super::fields::{did_you_mean, is_name};
use super::foreign::{self, Format};
use super::input::Input;
use super::names::Names;
use super::problems::{At, Complaint, Lines, Silence};
use super::section::arrivals::{Arrivals, TraceAttempt, TracePlan};
use super::section::d1::D1;
use super::section::step::{Step, Work};
use super::section::traffic::Class;
use super::section::workflow::Workflow;
use super::tree::Node;
use crate::policy::Fault;
use crate::units::{Id, Instant, Span};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

mod arrivals;
mod wrong;

/// What a trace may look like.
const TRACES: &[Format] = &[Format::JsonLines];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at_s: f64,
    class: Option<String>,
    isolate: Option<u32>,
    calls: Option<Vec<Vec<Attempt>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attempt {
    latency_s: f64,
    outcome: String,
    #[serde(default)]
    request_error: bool,
}

/// What the lines of a trace are about.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) workflows: &'a [Workflow],
    pub(super) d1: &'a [D1],
    pub(super) isolates: u32,
}

/// Reads the trace files that classes name, each once, and gives every class its plans.
pub(super) fn fill(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names, classes: &mut [Class], parts: Parts<'_>) {
    // Where retries change in mid-run there may be more attempts later.
    let retries_are_fixed = input.lasts.is_none() || root.get("change").is_some() && !changes_retries(root);
    let mut users: BTreeMap<PathBuf, Vec<(String, &Node)>> = BTreeMap::new();
    for (name, cursor) in root.named("traffic") {
        let arrivals = cursor.get("arrivals").filter(|node| node.get("process").and_then(Node::text) == Some("trace"));
        if let Some(file) = arrivals.and_then(|node| node.get("file")).filter(|file| file.text().is_some()) {
            users.entry(input.path(file)).or_default().push((name.to_string(), file));
        }
    }
    for users in users.values() {
        let (name, file) = &users[0];
        let key = format!("traffic.{name}.arrivals.file");
        let Some(found) = input.kept(file, &key) else { continue };
        if arrivals::is_log(&found.bytes) {
            let Some(plans) = arrivals::plans(input, &found) else { continue };
            if users.len() > 1 {
                let complaint = Complaint::new("several classes replay a file that does not say whose its rows are");
                input.problems.report(file.at, &key, complaint.cure("give each class a file of its own"));
            } else if let Some(class) = classes.iter_mut().find(|class| class.name == *name) {
                class.arrivals = Arrivals::Trace { plans };
            }
            continue;
        }
        let Some((source, text)) = input.text(&found, Silence::NoData) else { continue };
        if let Some(complaint) = foreign::complaint(&text, "a trace is JSON Lines, one plan per line", TRACES) {
            input.problems.report(At::whole(source), "", complaint);
            continue;
        }
        let lines = Lines::of(source);
        let mut reader = Reader { names, classes, parts, retries_are_fixed, users, lines };
        let empty = reader.all(input, &text);
        reader.lines.finish(&mut input.problems, text.len(), " of this trace");
        if empty {
            input.problems.report(file.at, &key, Complaint::new("the trace has no plans").found(file.describe()));
        }
    }
    for class in classes {
        if let Arrivals::Trace { plans } = &mut class.arrivals {
            plans.sort_by_key(|plan| plan.at);
        }
    }
}

fn counted(calls: usize) -> String {
    if calls == 1 { "1 call".into() } else { format!("{calls} calls") }
}

/// Whether a change of the model is one of retries.
fn changes_retries(root: &Cursor<'_>) -> bool {
    let is_retry = |table: &Cursor<'_>| {
        let set = table.get("set").and_then(Node::table);
        set.is_some_and(|set| set.keys().any(|path| path.starts_with("retry")))
    };
    root.tables("change").iter().any(is_retry)
}

struct Reader<'a> {
    names: &'a Names,
    classes: &'a mut [Class],
    parts: Parts<'a>,
    retries_are_fixed: bool,
    users: &'a [(String, &'a Node)],
    lines: Lines,
}

impl Reader<'_> {
    /// Reads every line; whether there was none.
    fn all(&mut self, input: &mut Input<'_>, text: &str) -> bool {
        let (mut start, mut empty) = (0, true);
        for line in text.split_inclusive('\n') {
            let (from, end) = (start, start + line.trim_end().len());
            start += line.len();
            if line.trim().is_empty() {
                continue;
            }
            empty = false;
            if is_of_a_trace(line) {
                input.problems.vouch(self.lines.source);
            }
            if let Err((offset, complaint)) = self.line(line.trim_end()) {
                self.lines.report(&mut input.problems, (from + offset).min(end), end, complaint);
            }
        }
        empty
    }

    fn line(&mut self, text: &str) -> Result<(), (usize, Complaint)> {
        let line: Line = serde_json::from_str(text).map_err(|error| wrong::explain(text, &error))?;
        let whole = |complaint: Complaint| (0, complaint);
        let class = self.class(&line).map_err(whole)?;
        let plan = self.plan(&line, class).map_err(whole)?;
        if let Some(class) = class.and_then(|i| self.classes.get_mut(i))
            && let Arrivals::Trace { plans } = &mut class.arrivals
        {
            plans.push(plan);
        }
        Ok(())
    }

    /// The class of a line, as a position among those that could be read.
    fn class(&self, line: &Line) -> Result<Option<usize>, Complaint> {
        let name = match (&line.class, self.users) {
            (Some(name), _) => name,
            (None, [(only, _)]) => only,
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
                return Err(
                    Complaint::new("class: required, as several classes replay this trace").allowed(names.join(", "))
                );
            }
        };
        if self.users.iter().any(|(user, _)| user == name) {
            return Ok(self.classes.iter().position(|class| class.name == *name));
        }
        if is_name(name) && self.names.classes.position(name).is_some() {
            let complaint = Complaint::new(format!("class: {name:?} does not replay this trace"));
            return Err(complaint.cure("name the file in its arrivals too, or remove its lines"));
        }
        Err(self.names.classes.missing(name))
    }

    fn plan(&self, line: &Line, class: Option<usize>) -> Result<TracePlan, Complaint> {
        let at = Span::from_secs_f64(line.at_s)
            .map_err(|error| Complaint::new(format!("at_s: {error}")).found(format!("{:?}", line.at_s)))?;
        if let Some(isolate) = line.isolate.filter(|isolate| *isolate >= self.parts.isolates) {
            let isolates = self.parts.isolates;
            let allowed = format!("0 to {}: platform.isolates = {isolates}", isolates - 1);
            return Err(Complaint::new("isolate: no such isolate").found(isolate.to_string()).allowed(allowed));
        }
        // Without a word of its calls a plan draws them from the laws.
        let Some(said) = &line.calls else {
            return Ok(TracePlan { at: Instant::START + at, isolate: line.isolate, calls: Vec::new() });
        };
        let workflow = class.and_then(|i| self.parts.workflows.get(self.classes[i].workflow.index()));
        if let Some(workflow) = workflow {
            let calls: usize = workflow.steps.iter().map(|step| step.calls as usize).sum();
            if said.len() != calls {
                return Err(Complaint::new(format!(
                    "calls: the workflow {:?} makes {}",
                    workflow.name,
                    counted(calls)
                ))
                .found(counted(said.len())));
            }
        }
        let calls = said.iter().enumerate().map(|(i, attempts)| call(i, attempts));
        let calls = calls.collect::<Result<Vec<_>, _>>()?;
        let steps = workflow.into_iter().flat_map(|workflow| &workflow.steps);
        let steps = steps.flat_map(|step| std::iter::repeat_n(step, step.calls as usize));
        for (position, (step, attempts)) in steps.zip(&calls).enumerate() {
            self.is_used(position, step, attempts)?;
        }
        Ok(TracePlan { at: Instant::START + at, isolate: line.isolate, calls })
    }
}

impl Reader<'_> {
    /// Refuses what the run would ignore. For a provider an entry says how an attempt ends if it is made; whether it is
    /// made is simulated.
    fn is_used(&self, position: usize, step: &Step, attempts: &[TraceAttempt]) -> Result<(), Complaint> {
        let retries = |id: Id<D1>| self.parts.d1.get(id.index()).filter(|_| self.retries_are_fixed);
        let (who, most) = match step.work {
            Work::Provider(_) => return Ok(()),
            Work::D1(id) => ("a database", retries(id).map_or(u64::MAX, |db| u64::from(db.retry.max) + 1)),
            Work::Compute(_) => ("a computation", 1),
            Work::Limiter(_) => ("a limiter", 1),
        };
        let refuse = |what: &str, found: String, allowed: &str| {
            let complaint = Complaint::new(format!("calls[{position}]{what}: the step {:?} asks {who}", step.name));
            Err(complaint.found(found).allowed(allowed))
        };
        if attempts.len() as u64 > most {
            return refuse("", format!("{} attempts", attempts.len()), &format!("at most {most}"));
        }
        if let Some(fault) = attempts.iter().find_map(|attempt| attempt.fault) {
            let allowed = "\"ok\": how it ends is simulated";
            return refuse(".outcome", format!("{:?}", fault.name()), allowed);
        }
        if attempts.iter().any(|attempt| attempt.request_error) {
            return refuse(".request_error", "true".into(), "false: only a request to a provider is logged as faulty");
        }
        let late = attempts.iter().find(|attempt| !attempt.latency.is_zero());
        if let (Work::Limiter(_), Some(attempt)) = (step.work, late) {
            let allowed = "0: the latency of its store is simulated";
            return refuse(".latency_s", attempt.latency.secs().to_string(), allowed);
        }
        Ok(())
    }
}

fn call(position: usize, attempts: &[Attempt]) -> Result<Vec<TraceAttempt>, Complaint> {
    if attempts.is_empty() {
        return Err(Complaint::new(format!("calls[{position}]: a call needs at least one attempt")));
    }
    attempts.iter().map(|attempt| one(position, attempt)).collect()
}

fn one(position: usize, attempt: &Attempt) -> Result<TraceAttempt, Complaint> {
    let latency = Span::from_secs_f64(attempt.latency_s).map_err(|error| {
        Complaint::new(format!("calls[{position}].latency_s: {error}")).found(format!("{:?}", attempt.latency_s))
    })?;
    let fault = match attempt.outcome.as_str() {
        "ok" => None,
        name => Some(Fault::parse(name).ok_or_else(|| {
            let names: Vec<&str> = std::iter::once("ok").chain(Fault::ALL.map(Fault::name)).collect();
            Complaint::new(format!("calls[{position}].outcome: unknown outcome"))
                .found(format!("{name:?}"))
                .allowed(names.join(", "))
                .cure(did_you_mean(name, names))
        })?),
    };
    Ok(TraceAttempt { latency, fault, request_error: attempt.request_error })
}

/// Whether a line is an object that says when a plan comes or what it calls, whatever else is wrong with it.
fn is_of_a_trace(line: &str) -> bool {
    match serde_json::from_str(line) {
        Ok(serde_json::Value::Object(fields)) => fields.contains_key("at_s") || fields.contains_key("calls"),
        _ => false,
    }
}
