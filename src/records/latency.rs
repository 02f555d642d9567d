//! Which columns hold the latency, and in which unit: as asked, as the dialect says, by names, by the two ends of a
//! request, by values.

use super::account::{Role, Taken};
use super::asked::Asked;
use super::clock;
use super::name::{Name, unit_name};
use super::number::{self, Comma};
use super::sample::Sample;
use super::wrong::Wrong;
use crate::units;

/// Where a latency comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Latency {
    /// A column: its position, what a number without a unit stands for, and what its commas are.
    Value(usize, Option<f64>, Comma),
    /// The time between two: positions and units.
    Between((usize, Option<f64>), (usize, Option<f64>)),
}

impl Latency {
    /// The columns that it is read from.
    pub fn columns(&self) -> Vec<usize> {
        match self {
            Latency::Value(at, ..) => vec![*at],
            Latency::Between(start, end) => vec![start.0, end.0],
        }
    }
}

/// What was found.
pub(super) struct Found {
    pub latency: Latency,
    pub taken: Vec<Taken>,
    pub note: Option<String>,
}

/// Names of latencies, the best first.
const LATENCIES: [&str; 34] = [
    "latency",
    "duration",
    "elapsed",
    "response_time",
    "responsetime",
    "request_time",
    "request_duration",
    "took",
    "time_taken",
    "total_time",
    "elapsed_time",
    "total_duration",
    "e2e_latency",
    "end_to_end_latency",
    "latency_total",
    "total_latency",
    "wall_time",
    "walltime",
    "http_req_duration",
    "response_duration",
    "span_duration",
    "processing_time",
    "generation_time",
    "service_time",
    "round_trip_time",
    "rtt",
    "time_total",
    "runtime",
    "run_time",
    "delay",
    "time_behind",
    "rt",
    "seconds",
    "ms",
];
/// Names under which only a part of a request is counted, or a figure of many.
const PARTS: [&str; 36] = [
    "connect",
    "dns",
    "tls",
    "ssl",
    "ttfb",
    "ttft",
    "first",
    "queue",
    "queued",
    "wait",
    "waiting",
    "blocked",
    "cpu",
    "avg",
    "mean",
    "average",
    "max",
    "min",
    "median",
    "stddev",
    "timeout",
    "limit",
    "header",
    "handshake",
    "idle",
    "upstream",
    "sleep",
    "interval",
    "sum",
    "count",
    "retry",
    "origin",
    "overhead",
    "api",
    "load",
    "eval",
];
const STARTS: [&str; 14] = [
    "start",
    "start_time",
    "started_at",
    "start_timestamp",
    "started",
    "begin",
    "begin_time",
    "start_time_unix",
    "start_ts",
    "requested_at",
    "request_timestamp",
    "sent_at",
    "request_start",
    "created_at",
];
const ENDS: [&str; 15] = [
    "end",
    "end_time",
    "ended_at",
    "end_timestamp",
    "ended",
    "finish",
    "finished_at",
    "completed_at",
    "end_time_unix",
    "end_ts",
    "responded_at",
    "response_timestamp",
    "received_at",
    "finish_time",
    "stop",
];

/// Decides.
///
/// # Errors
/// A name that is not there, no latency at all, or a unit that cannot be told.
pub(super) fn choose(sample: &Sample<'_>, asked: &Asked) -> Result<Found, Wrong> {
    let start = asked.column(Role::Start).map(|name| sample.named(name)).transpose()?;
    let end = asked.column(Role::End).map(|name| sample.named(name)).transpose()?;
    match (asked.column(Role::Latency), start, end) {
        (Some(name), ..) => return value(sample, asked, sample.named(name)?, "asked for"),
        (None, Some(start), Some(end)) => return Ok(between(sample, start, end, "asked for")),
        (None, None, None) => {}
        _ => return Err(Wrong::new("a start needs an end").cure("--columns start=NAME,end=NAME").harmless()),
    }
    if let Some(dialect) = sample.dialect {
        let name = dialect.name;
        if let Some(why) = dialect.has_none {
            return Err(Wrong::new(format!("there are no latencies here: this is {name}, and {why}")).harmless());
        }
        if let Some(at) = dialect.latency.and_then(|(column, _)| sample.by_snake(column)) {
            return value(sample, asked, at, &format!("{name} has it here"));
        }
        if let Some((start, end)) = dialect.ends
            && let Some((start, end)) = sample.by_snake(start).zip(sample.by_snake(end))
        {
            return Ok(between(sample, start, end, &format!("{name} has it here")));
        }
    }
    let ends = ends(sample);
    if let Some(at) = by_name(sample) {
        return value(sample, asked, at, "its name");
    }
    if let Some((start, end)) = ends {
        return Ok(between(sample, start, end, "their names"));
    }
    if sample.columns.iter().filter(|column| column.is_seen).count() == 1 {
        return value(sample, asked, 0, "it is the only one");
    }
    let is_of_a_server = sample.by_snake("request").is_some() && sample.by_snake("user_agent").is_some();
    let cure = if is_of_a_server {
        "this log says no times: nginx writes them with $request_time in its log_format, Apache with %D"
    } else {
        "add --columns latency=NAME, or --columns start=NAME,end=NAME"
    };
    Err(Wrong::new("unclear which column holds the latencies").found(sample.list()).cure(cure))
}

/// A column that is called a latency, and whose values may be some.
fn by_name(sample: &Sample<'_>) -> Option<usize> {
    let names: Vec<Name> = sample.columns.iter().map(|column| Name::of(&column.name)).collect();
    let may_be = |at: &usize| is_a_duration(sample, *at);
    let all = || 0..names.len();
    let exact = LATENCIES.iter().find_map(|stem| all().filter(|at| names[*at].stem == *stem).find(may_be));
    let like = || {
        LATENCIES[..LATENCIES.len() - 2].iter().find_map(|stem| {
            all().filter(|at| names[*at].ends_in(&[stem]) && !names[*at].has_word(&PARTS)).find(may_be)
        })
    };
    // `time` is when, unless it says in which unit it counts.
    let time = || all().filter(|at| names[*at].stem == "time" && names[*at].unit.is_some()).find(may_be);
    exact.or_else(like).or_else(time)
}

/// The two ends of requests, if both are there and are moments.
fn ends(sample: &Sample<'_>) -> Option<(usize, usize)> {
    let names: Vec<Name> = sample.columns.iter().map(|column| Name::of(&column.name)).collect();
    let are_moments = |at: &usize| {
        let values = sample.values(*at);
        !values.is_empty() && values.iter().all(|value| clock::moment(value, names[*at].unit).is_some())
    };
    let find = |stems: &[&str]| {
        let exact = stems.iter().find_map(|stem| {
            (0..names.len()).filter(|at| names[*at].stem == *stem || names[*at].whole == *stem).find(are_moments)
        });
        exact.or_else(|| (0..names.len()).filter(|at| names[*at].ends_in(stems)).find(are_moments))
    };
    find(&STARTS).zip(find(&ENDS)).filter(|(start, end)| start != end)
}

fn between(sample: &Sample<'_>, start: usize, end: usize, why: &str) -> Found {
    let name = |at: usize| sample.columns[at].name.trim().to_string();
    let unit = |at: usize| (at, Name::of(&sample.columns[at].name).unit);
    let taken =
        [(Role::Start, start), (Role::End, end)].map(|(role, at)| Taken { role, column: name(at), why: why.into() });
    Found { latency: Latency::Between(unit(start), unit(end)), taken: taken.into(), note: None }
}

/// Whether the values of a column may be latencies: some are numbers or durations, and no dates.
fn is_a_duration(sample: &Sample<'_>, at: usize) -> bool {
    let values = sample.values(at);
    let unit = Name::of(&sample.columns[at].name).unit.unwrap_or(1e-9);
    let seconds = |text: &String| {
        number::number(text, Comma::Decimal).map(|x| x * unit).or_else(|| number::with_unit(text, Comma::Decimal))
    };
    let good = values.iter().filter_map(seconds).filter(|seconds| *seconds < LONGEST).count();
    good > 0 || values.is_empty()
}

/// Three years: what is longer is a date.
const LONGEST: f64 = 1e8;

fn value(sample: &Sample<'_>, asked: &Asked, at: usize, why: &str) -> Result<Found, Wrong> {
    let column = &sample.columns[at];
    let values = sample.values(at);
    let comma = number::comma(values.iter().map(String::as_str), sample.separator);
    let mut numbers: Vec<f64> = values.iter().filter_map(|text| number::number(text, comma)).collect();
    numbers.sort_by(f64::total_cmp);
    let of_dialect =
        sample.dialect.and_then(|dialect| dialect.latency).filter(|(name, _)| sample.by_snake(name) == Some(at));
    let mut note = None;
    let (unit, because): (Option<f64>, String) = match (asked.unit, of_dialect, Name::of(&column.name).unit) {
        (Some(unit), ..) => (Some(unit), "as asked for".into()),
        (None, Some((_, unit)), _) => (Some(unit), String::new()),
        (None, None, Some(unit)) => (Some(unit), "by its name".into()),
        (None, None, None) if numbers.is_empty() => (None, "each value says it".into()),
        (None, None, None) if is_of_nginx(&column.name, &values) => (Some(1.0), "as nginx writes it".into()),
        (None, None, None) => match ends(sample).and_then(|ends| as_between(sample, at, comma, ends)) {
            Some(unit) => (Some(unit), "as the time between start and end".into()),
            None => {
                let (unit, word) = by_size(&numbers).ok_or_else(|| {
                    let shown = values.iter().find(|text| number::number(text, comma).is_some());
                    Wrong::new("a number without a unit")
                        .found(format!("{:?} in {}", shown.map_or("", String::as_str), column.name.trim()))
                        .cure("add --unit s, or ms, us, ns")
                })?;
                note = Some(format!(
                    "The unit of {} is not said. Its values are taken for {}, as {word}; --unit says otherwise.",
                    column.name.trim(),
                    unit_name(unit)
                ));
                (Some(unit), "by the size of its values".into())
            }
        },
    };
    let why = match unit {
        Some(unit) if because.is_empty() => format!("{why}, in {}", unit_name(unit)),
        Some(unit) => format!("{why}; in {}, {because}", unit_name(unit)),
        None => format!("{why}; in the unit of each value"),
    };
    let taken = vec![Taken { role: Role::Latency, column: column.name.trim().into(), why }];
    Ok(Found { latency: Latency::Value(at, unit, comma), taken, note })
}

/// The times of nginx are seconds with three decimals.
fn is_of_nginx(name: &str, values: &[String]) -> bool {
    let is_so = |text: &String| text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3);
    matches!(Name::of(name).stem.as_str(), "rt" | "request_time" | "time_behind") && values.iter().all(is_so)
}

/// The unit in which a column agrees with the time between two others.
fn as_between(sample: &Sample<'_>, at: usize, comma: Comma, (start, end): (usize, usize)) -> Option<f64> {
    let unit = |at: usize| Name::of(&sample.columns[at].name).unit;
    let mut ratios: Vec<f64> = sample
        .rows
        .iter()
        .filter_map(|row| {
            let get = |at: usize| row.row().get(&sample.columns[at].place);
            let from = clock::moment(&get(start), unit(start))?;
            let to = clock::moment(&get(end), unit(end))?;
            let value = number::number(&get(at), comma).filter(|value| *value > 0.0)?;
            Some((to - from) as f64 * 1e-9 / value)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let middle = *ratios.get(ratios.len() / 2)?;
    [1.0, 1e-3, 1e-6, 1e-9].into_iter().find(|unit| (0.5..2.0).contains(&(middle / unit)))
}

/// The unit that the size of the values leaves, and why: requests take from some milliseconds to some minutes.
fn by_size(sorted: &[f64]) -> Option<(f64, String)> {
    let middle = *sorted.get(sorted.len() / 2)?;
    let unit = match middle {
        m if m <= 0.0 => return None,
        m if m < 1.0 => 1.0,
        // 12 may be seconds of a model, or milliseconds of a cache.
        m if m < 100.0 => return None,
        m if m < 1e5 => 1e-3,
        m if m < 5e7 => 1e-6,
        _ => 1e-9,
    };
    Some((unit, format!("the middle one is {}", units::number(middle))))
}
