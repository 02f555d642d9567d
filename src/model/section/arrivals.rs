//! `arrivals = { process = … }`: the arrival process.

use crate::model::fields::{Tagged, Variant};
use crate::model::language::*;
use crate::model::section::law::{self, LAW};
use crate::model::tree::Node;
use crate::policy::Fault;
use crate::streams::LawSpec;
use crate::units::{Instant, Rate, RateUnit, Span, Zone};

/// The keys that give a rate; exactly one of them stands in a table.
pub(in crate::model) const RATES: [&str; 4] = ["per_second", "per_minute", "per_hour", "per_day"];

const PER_SECOND: Field = optional("per_second", Positive, "another unit is given", "Plans a second.");

const PER_MINUTE: Field = optional("per_minute", Positive, "another unit is given", "Plans a minute.");

const PER_HOUR: Field = optional("per_hour", Positive, "another unit is given", "Plans an hour.");

const PER_DAY: Field = optional("per_day", Positive, "another unit is given", "Plans a day of 24 hours.");

pub(in crate::model) static ARRIVALS: Tagged = Tagged {
    title: "arrivals",
    tag: "process",
    changes: Some(Fixed(KIND)),
    common: &[],
    variants: &[
        Variant {
            name: "poisson",
            doc: "independent, at a constant rate",
            fields: &[PER_SECOND, PER_MINUTE, PER_HOUR, PER_DAY],
        },
        Variant {
            name: "deterministic",
            doc: "evenly spaced, the first at the start",
            fields: &[PER_SECOND, PER_MINUTE, PER_HOUR, PER_DAY],
        },
        Variant {
            name: "profile",
            doc: "Poisson, with a rate that follows the local hour and weekday; the rate given is the mean over a week",
            fields: &[
                PER_SECOND,
                PER_MINUTE,
                PER_HOUR,
                PER_DAY,
                optional("hours", List(&Number(0.0, 1e9), Some(24)), "all the same", "Weights of the hours 0 to 23.").example("[0, 0, 0, 0, 0, 0, 1, 2, 4, 6, 6, 5, 4, 5, 6, 6, 5, 4, 3, 3, 2, 2, 1, 0]").note("Weights are relative: `hours` × `days` are scaled so that the rate given is the mean over a week."),
                optional(
                    "days",
                    List(&Number(0.0, 1e9), Some(7)),
                    "all the same",
                    "Weights of the days, Monday first.",
                ).example("[1, 1, 1, 1, 1, 0.3, 0.2]"),
                default("timezone", Zone, "UTC", "The zone whose clock the users live by."),
            ],
        },
        Variant {
            name: "batch",
            doc: "several at once, at Poisson instants; the rate counts plans, not batches",
            fields: &[
                PER_SECOND,
                PER_MINUTE,
                PER_HOUR,
                PER_DAY,
                required("size", Whole(1, 1_000_000), "Plans in a batch."),
            ],
        },
        Variant {
            name: "mmpp",
            doc: "bursts: a hidden state with its own rate, changing at random, round and round",
            fields: &[required("states", List(&Table(&STATE), None), "The states, at least two.").example(r#"[{ per_hour = 10, stay = "2h" }, { per_hour = 200, stay = "5m" }]"#)],
        },
        Variant {
            name: "closed",
            doc: "a fixed number of users who think, ask, wait for the end, and think again",
            fields: &[
                required("users", Whole(1, 1_000_000), "How many."),
                required("think", Law(&LAW), "How long they think."),
            ],
        },
        Variant {
            name: "trace",
            doc: "a recorded file, replayed exactly",
            fields: &[required("file", Text, "JSON Lines, or a log that says when plans come; relative to the model.").note("One plan a line:\n\
                \n\
                ```json\n\
                {\"at_s\": 12.5, \"class\": \"user\", \"calls\": [[{\"latency_s\": 6.12, \"outcome\": \"ok\"}]]}\n\
                ```\n\
                \n\
                `calls` are the calls in workflow order (steps in the order in which they may run; of those that \
                may stand next the one written first), each a list of its attempts; when attempts run out of \
                entries the last one repeats. `outcome` is `ok` or a kind of fault, as in `on` of a retry. Optional \
                are `\"isolate\": 0`, which pins the invocation, and `\"request_error\": true` on an attempt, which \
                marks a request that was itself faulty (that of a call's first attempt counts: all send one \
                request). An entry says how an attempt goes if it is made; whether it is made is simulated, so \
                retries may make use of fewer.\n\
                \n\
                A database and a computation take the `latency_s`, and end as they do: an `outcome` other than \
                `ok`, a `request_error` and more attempts than there are retries are errors there. So is a \
                `latency_s` other than 0 for a limiter, which takes as long as its store. Lines need not be in \
                order; of two at one instant the first in the file comes first. A line without `class` belongs to \
                the class that names the file; where several classes name one file every line says its class. \
                Unknown keys, calls that do not fit the workflow, and classes that do not replay the file are \
                errors. Plans after the horizon do not come.\n\
                \n\
                Without `calls`, as in `{\"at_s\": 12.5}`, a trace says when plans come, and what their calls take is \
                drawn from the laws of the model. So do files of other programs: whatever `capsim fit` reads (see \
                `docs/logs.md`) and published traces of language models, such as BurstGPT and those of Azure. A \
                column of times is known by its name; numbers are seconds since the start of the run, or dates, which \
                count from the first of them. What such a file says of tokens, latencies and failures is not used.").changes(Fixed(KIND))],
        },
    ],
};

static STATE: Section = Section {
    title: "a state of mmpp",
    fields: &[
        optional("per_second", Number(0.0, 1e9), "another unit is given", "Plans a second; 0 is silence."),
        optional("per_minute", Number(0.0, 1e11), "another unit is given", "Plans a minute; 0 is silence."),
        optional("per_hour", Number(0.0, 1e13), "another unit is given", "Plans an hour; 0 is silence."),
        optional("per_day", Number(0.0, 1e14), "another unit is given", "Plans a day; 0 is silence."),
        required("stay", Length, "The mean time in the state (exponential)."),
    ],
    ..PLAIN
};

/// `arrivals = { process = … }`
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Independent, at a constant rate.
    Poisson(Rate),
    /// Evenly spaced, the first at the start.
    Deterministic(Rate),
    /// Poisson with a rate that follows the local hour and day of the week; `rate` is the mean over a week.
    Profile {
        /// The mean rate over a week without daylight-saving changes.
        rate: Rate,
        /// `hours` × `days` as 168 weights from Monday 00:00, with mean 1.
        weights: Box<[f64; 168]>,
        /// The zone whose clock the users live by.
        zone: Zone,
    },
    /// Several at a time: `rate` counts plans, a batch of `size` comes at once, at Poisson instants.
    Batch {
        /// Plans per unit of time.
        rate: Rate,
        /// Plans in a batch; at least 1.
        size: u32,
    },
    /// Markov-modulated Poisson: a hidden state with its own rate, changing at random.
    Mmpp {
        /// Each state's rate (none: silent) and mean stay; visited in order, round and round.
        states: Vec<(Option<Rate>, Span)>,
    },
    /// A fixed number of users, each of whom thinks, asks, waits for the end, and thinks again.
    Closed {
        /// How many; at least 1.
        users: u32,
        /// How long they think.
        think: LawSpec,
    },
    /// A recorded file, replayed exactly.
    Trace {
        /// The plans of this class, by time.
        plans: Vec<TracePlan>,
    },
}

impl Arrivals {
    /// Whether a trace says how calls end, and not only when plans come.
    pub fn says_outcomes(&self) -> bool {
        match self {
            Arrivals::Trace { plans } => plans.is_empty() || plans.iter().any(|plan| !plan.calls.is_empty()),
            _ => false,
        }
    }
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct TracePlan {
    /// When the plan arrives.
    pub at: Instant,
    /// The isolate it is pinned to.
    pub isolate: Option<u32>,
    /// Per call in workflow order, the attempts in order: as many calls as the workflow has, or none where the trace says
    /// only when plans come.
    pub calls: Vec<Vec<TraceAttempt>>,
}

/// What one recorded attempt did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceAttempt {
    /// How long the provider took.
    pub latency: Span,
    /// How it ended (when it was not cut by the timeout); `None` is "ok".
    pub fault: Option<Fault>,
    /// Whether the request itself was faulty.
    pub request_error: bool,
}

pub(in crate::model) fn read(input: &mut Input<'_>, class: &Cursor<'_>) -> Option<Arrivals> {
    let Some(Kind::Tagged(tagged)) = class.kind("arrivals") else { return None };
    let (process, cursor) = Cursor::tagged(class.get("arrivals")?, tagged, class.key("arrivals"))?;
    Some(match process {
        "poisson" => Arrivals::Poisson(rate(input, &cursor)?),
        "deterministic" => Arrivals::Deterministic(rate(input, &cursor)?),
        "profile" => {
            let (rate, weights) = (rate(input, &cursor), weights(input, &cursor));
            Arrivals::Profile { rate: rate?, weights: weights?, zone: cursor.zone("timezone") }
        }
        "batch" => Arrivals::Batch { rate: rate(input, &cursor)?, size: cursor.count("size")? },
        "mmpp" => Arrivals::Mmpp { states: states(input, &cursor)? },
        "closed" => {
            let think = law::read(input, &cursor, "think")?;
            Arrivals::Closed { users: cursor.count("users")?, think }
        }
        _ => Arrivals::Trace { plans: cursor.text("file").map(|_| Vec::new())? },
    })
}

/// The rate in a table: one number, in one unit.
fn rate(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Rate> {
    let (key, unit) = rate_key(input, cursor)?;
    match Rate::new(cursor.number(key)?, unit) {
        Ok(rate) => Some(rate),
        Err(error) => {
            let found = cursor.get(key).map(Node::describe).unwrap_or_default();
            input.problems.report_once(cursor.at(key), &cursor.key(key), Complaint::new(error.0).found(found));
            None
        }
    }
}

fn rate_key(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<(&'static str, RateUnit)> {
    let units = [RateUnit::Second, RateUnit::Minute, RateUnit::Hour, RateUnit::Day];
    let given: Vec<_> = RATES.into_iter().zip(units).filter(|(key, _)| cursor.get(key).is_some()).collect();
    if let [one] = given[..] {
        return Some(one);
    }
    let names: Vec<&str> = given.iter().map(|(key, _)| *key).collect();
    let found = if names.is_empty() { "none".into() } else { names.join(" and ") };
    let what = if names.is_empty() { "the rate is missing" } else { "a rate needs exactly one unit" };
    let complaint = Complaint::new(what).found(found).allowed("one of per_second, per_minute, per_hour, per_day");
    if names.is_empty() {
        // A rate under another name was already reported.
        input.problems.report_once(cursor.node.at, &cursor.path, complaint);
    } else {
        input.problems.report_once(cursor.at(names[1]), &cursor.key(names[1]), complaint);
    }
    None
}

/// `hours` × `days` as 168 weights with mean 1.
fn weights(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Box<[f64; 168]>> {
    let list = |key: &str, length: usize| -> Option<Vec<f64>> {
        if cursor.get(key).is_none() {
            return Some(vec![1.0; length]);
        }
        let numbers: Vec<f64> = cursor.items(key).iter().filter_map(number).collect();
        (numbers.len() == length && numbers.iter().all(|weight| weight.is_finite() && *weight >= 0.0))
            .then_some(numbers)
    };
    let (hours, days) = (list("hours", 24)?, list("days", 7)?);
    for (key, weights) in [("hours", &hours), ("days", &days)] {
        if weights.iter().all(|weight| *weight == 0.0) {
            let complaint = Complaint::new("all weights are 0, so no plan would arrive");
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
            return None;
        }
    }
    let mean = hours.iter().sum::<f64>() / 24.0 * (days.iter().sum::<f64>() / 7.0);
    let mut weights = Box::new([0.0; 168]);
    for (i, weight) in weights.iter_mut().enumerate() {
        *weight = days[i / 24] * hours[i % 24] / mean;
    }
    Some(weights)
}

fn states(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Vec<(Option<Rate>, Span)>> {
    let tables = cursor.tables("states");
    let mut states = Vec::new();
    for table in &tables {
        let silent = RATES.iter().any(|key| table.number(key) == Some(0.0));
        let known = rate_key(input, table);
        let rate = if silent { None } else { Some(known.and_then(|_| rate(input, table))?) };
        states.push((rate, table.span("stay")?));
    }
    if states.len() < 2 || states.iter().all(|(rate, _)| rate.is_none()) {
        let complaint = Complaint::new("mmpp needs at least two states, one of them with a rate above 0")
            .found(cursor.get("states").map(Node::describe).unwrap_or_default());
        input.problems.report_once(cursor.at("states"), &cursor.key("states"), complaint);
    }
    Some(states)
}

pub(in crate::model) fn mean_per_second(arrivals: &Arrivals) -> Option<f64> {
    match arrivals {
        Arrivals::Poisson(rate) | Arrivals::Deterministic(rate) => Some(rate.per_second()),
        Arrivals::Profile { rate, .. } | Arrivals::Batch { rate, .. } => Some(rate.per_second()),
        Arrivals::Mmpp { states } => {
            let plans: f64 = states.iter().map(|(rate, stay)| rate.map_or(0.0, Rate::per_second) * stay.secs()).sum();
            Some(plans / states.iter().map(|(_, stay)| stay.secs()).sum::<f64>())
        }
        Arrivals::Closed { .. } | Arrivals::Trace { .. } => None,
    }
}

pub(in crate::model) fn why_not(of: &Arrivals, new: &Arrivals) -> Option<&'static str> {
    match (of, new) {
        (Arrivals::Mmpp { states: of }, Arrivals::Mmpp { states }) if of.len() != states.len() => {
            Some("the same number of states, as the current state carries over")
        }
        (Arrivals::Trace { plans: of }, Arrivals::Trace { plans }) if of != plans => {
            Some("the same trace for the whole run")
        }
        (Arrivals::Poisson(_), Arrivals::Poisson(_))
        | (Arrivals::Deterministic(_), Arrivals::Deterministic(_))
        | (Arrivals::Profile { .. }, Arrivals::Profile { .. })
        | (Arrivals::Batch { .. }, Arrivals::Batch { .. })
        | (Arrivals::Mmpp { .. }, Arrivals::Mmpp { .. })
        | (Arrivals::Closed { .. }, Arrivals::Closed { .. })
        | (Arrivals::Trace { .. }, Arrivals::Trace { .. }) => None,
        _ => Some("values of the same process; to switch processes, use two classes and spikes with factor 0"),
    }
}
