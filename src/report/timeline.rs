//! A timeline as the Perfetto viewer (ui.perfetto.dev) and Chrome's tracing page open it: the Trace Event Format, one
//! event a line. Slices of plans and of calls have a process for each isolate; levels are counters.

use crate::experiment::{Level, Moment, Slice, Timeline};
use crate::units::Instant;
use serde_json::{Value, json};

/// Processes of the viewer: what belongs to no isolate, then two for each isolate.
const ALL: u32 = 1;

/// The timeline of a model as JSON.
pub fn timeline(model: &str, timeline: &Timeline) -> String {
    let named = |pid: u32, name: &str| json!({ "ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": { "name": name } });
    let mut isolates: Vec<u32> = timeline.slices.iter().map(|slice| slice.isolate).collect();
    isolates.sort_unstable();
    isolates.dedup();
    let processes = isolates.iter().flat_map(|isolate| {
        [(true, "plans"), (false, "calls")].map(|(plans, what)| {
            let name = if isolates.len() == 1 { what.into() } else { format!("isolate {isolate}: {what}") };
            named(process(*isolate, plans), &name)
        })
    });
    let events = std::iter::once(named(ALL, model))
        .chain(processes)
        .chain(timeline.slices.iter().map(|slice| of_slice(timeline, slice)))
        .chain(timeline.moments.iter().map(|moment| of_moment(timeline, moment)))
        .chain(timeline.levels.iter().map(of_level));
    let lines: Vec<String> = events.map(|event| super::encode::written(&event.to_string())).collect();
    format!("{{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n{}\n]}}\n", lines.join(",\n"))
}

fn process(isolate: u32, plans: bool) -> u32 {
    2 * (isolate + 1) + u32::from(!plans)
}

/// Microseconds, to the nanosecond.
fn micros(at: Instant) -> Value {
    let nanos = at.nanos();
    if nanos.is_multiple_of(1000) { (nanos / 1000).into() } else { (nanos as f64 / 1000.0).into() }
}

fn of_slice(timeline: &Timeline, slice: &Slice) -> Value {
    let (class, steps) = &timeline.classes[slice.class as usize];
    let step = slice.call.and_then(|call| steps.get(call as usize));
    let name = match (step, slice.attempt) {
        (None, _) => format!("{class} {}", slice.plan),
        (Some(step), 0) => format!("{step}: {}", slice.what),
        (Some(step), attempt) => format!("{step}: {} {attempt}", slice.what),
    };
    let name = if matches!(slice.end, "" | "ok" | "completed") { name } else { format!("{name}, {}", slice.end) };
    let mut args = json!({ "class": class, "plan": slice.plan });
    if let Some(call) = slice.call {
        args["call"] = call.into();
    }
    if !slice.end.is_empty() {
        args["end"] = slice.end.into();
    }
    json!({
        "ph": "X",
        "name": name,
        "cat": slice.what,
        "ts": micros(slice.from),
        "dur": micros(Instant::START + slice.to.since(slice.from)),
        "pid": process(slice.isolate, slice.call.is_none()),
        "tid": slice.lane,
        "args": args,
    })
}

fn of_moment(timeline: &Timeline, moment: &Moment) -> Value {
    let class = &timeline.classes[moment.class as usize].0;
    let name = format!("{class}: {} at once", moment.end);
    json!({ "ph": "i", "s": "p", "name": name, "ts": micros(moment.at), "pid": ALL, "tid": 0 })
}

fn of_level(level: &Level) -> Value {
    json!({
        "ph": "C",
        "name": level.of,
        "ts": micros(level.at),
        "pid": ALL,
        "args": { "value": level.value },
    })
}
