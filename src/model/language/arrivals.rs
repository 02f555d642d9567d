//! The words for when things happen: arrivals, and distributions of durations.

use crate::model::fields::Kind::*;
use crate::model::fields::{Field, Kind, PLAIN, Section, Tagged, Variant, default, optional, required};
use crate::model::rule::KIND;
use crate::model::rule::Rule::*;

const PER_SECOND: Field = optional("per_second", Positive, "another unit is given", "Plans a second.");
const PER_MINUTE: Field = optional("per_minute", Positive, "another unit is given", "Plans a minute.");
const PER_HOUR: Field = optional("per_hour", Positive, "another unit is given", "Plans an hour.");
const PER_DAY: Field = optional("per_day", Positive, "another unit is given", "Plans a day of 24 hours.");

pub(in super::super) static ARRIVALS: Tagged = Tagged {
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
                optional("hours", List(&Number(0.0, 1e9), Some(24)), "all the same", "Weights of the hours 0 to 23."),
                optional(
                    "days",
                    List(&Number(0.0, 1e9), Some(7)),
                    "all the same",
                    "Weights of the days, Monday first.",
                ),
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
            fields: &[required("states", List(&Table(&STATE), None), "The states, at least two.")],
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
            fields: &[required("file", Text, "JSON Lines, relative to the model.").changes(Fixed(KIND))],
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

const MEAN: Field = optional("mean", Length, "given by quantiles", "The mean, with `cv`.");
const CV: Field = optional("cv", Positive, "given by quantiles", "Standard deviation over mean, with `mean`.");
const MEDIAN: Field = optional("median", Length, "another is given", "The 50 % quantile; two quantiles fix the law.");
const P90: Field = optional("p90", Length, "another is given", "The 90 % quantile.");
const P95: Field = optional("p95", Length, "another is given", "The 95 % quantile.");
const P99: Field = optional("p99", Length, "another is given", "The 99 % quantile.");
const SHAPED: &[Field] = &[MEAN, CV, MEDIAN, P90, P95, P99];

static LAWS: [Variant; 8] = [
    Variant {
        name: "constant",
        doc: "always the same; a bare duration says it shorter",
        fields: &[required("value", Duration, "The value.")],
    },
    Variant { name: "exponential", doc: "memoryless", fields: &[required("mean", Length, "The mean.")] },
    Variant {
        name: "uniform",
        doc: "evenly between two values",
        fields: &[required("min", Duration, "The least."), required("max", Length, "The most.")],
    },
    Variant { name: "lognormal", doc: "by `mean` and `cv`, or by two quantiles", fields: SHAPED },
    Variant { name: "gamma", doc: "by `mean` and `cv`, or by two quantiles", fields: SHAPED },
    Variant { name: "weibull", doc: "by `mean` and `cv`, or by two quantiles", fields: SHAPED },
    Variant {
        name: "empirical",
        doc: "straight lines between measured quantiles",
        fields: &[
            optional(
                "quantiles",
                List(&Quantile, None),
                "`file` is given",
                "Pairs such as `[0.95, \"11s\"]`, ascending; at least two.",
            ),
            optional(
                "file",
                Text,
                "`quantiles` is given",
                "A text file of seconds, one a line, relative to the model.",
            ),
        ],
    },
    Variant {
        name: "mixture",
        doc: "one of several laws, by weight",
        fields: &[required("parts", List(&PART_KIND, None), "The laws, each a table with its `weight`.")],
    },
];

pub(in super::super) static LAW: Tagged =
    Tagged { title: "a distribution", tag: "dist", changes: None, common: &[], variants: &LAWS };

static PART_KIND: Kind = Tagged(&PART);

static PART: Tagged = Tagged {
    title: "a part of a mixture",
    tag: "dist",
    changes: None,
    common: &[required("weight", Positive, "How often it is chosen, relative to the other parts.")],
    variants: &LAWS,
};
