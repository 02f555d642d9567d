//! The keys of providers and of what stands between them and a call: retries, breakers.

use super::{LAW, U32};
use crate::model::fields::Kind::*;
use crate::model::fields::{Field, Section, default, later, optional, required};

pub(super) static PROVIDER: Section = Section {
    title: "[provider.NAME]",
    fields: &[
        required("latency", Law(&LAW), "How long an attempt takes."),
        optional("request_timeout", Length, "no timeout", "An attempt is cut after this long, counted from its start."),
        default(
            "timeout_from",
            OneOf(&["grant", "arrival"]),
            "grant",
            "Whether waiting in the queue spends the time limit; with `arrival` it does.",
        ),
        optional("errors", Table(&ERRORS), "none", "The chance that an answered attempt ends in each kind of fault."),
        optional("tokens", Table(&TOKENS), "nothing is billed", "What an attempt uses, for its price."),
        optional("prices", Table(&PRICES), "free", "What tokens cost."),
        optional(
            "billed_on",
            List(&OneOf(FAULTS), None),
            "timeout, parse_failure, invalid_response",
            "The faults of attempts that are billed all the same; an answer always is. With `timeout`, what is lost with its isolate too.",
        ),
        later("outage", "Up and down times."),
        later("requests_per_minute", "A rate limit of the provider."),
        later("tokens_per_minute", "A rate limit of the provider."),
    ],
};

static TOKENS: Section = Section {
    title: "tokens of a provider",
    fields: &[
        default("input", Whole(0, U32), "0", "Tokens that an attempt sends."),
        default("output", Whole(0, U32), "0", "Tokens that the provider writes; an attempt that was cut counts whole."),
    ],
};

static PRICES: Section = Section {
    title: "prices of a provider",
    fields: &[
        default("input_per_million", Number(0.0, 1e12), "0", "US dollars for a million tokens sent."),
        default("output_per_million", Number(0.0, 1e12), "0", "US dollars for a million tokens written."),
    ],
};

const fn error(name: &'static str, doc: &'static str) -> Field {
    default(name, Fraction, "0", doc)
}

static ERRORS: Section = Section {
    title: "errors",
    fields: &[
        error("rate_limited", "Refused for too many requests (429)."),
        error("server_error", "The provider failed (5xx)."),
        error("overloaded", "The provider is overloaded (503, 529)."),
        error("parse_failure", "An answer came, but could not be read."),
        error("invalid_response", "An answer came, but is not valid."),
        error("network", "The connection broke."),
        error("auth", "The credentials were refused."),
        error("bad_request", "The request was refused as faulty (400)."),
        error("request_error", "Not an answer: the call's request is itself faulty, known before it is sent."),
    ],
};

pub(super) const FAULTS: &[&str] = &[
    "timeout",
    "rate_limited",
    "server_error",
    "overloaded",
    "parse_failure",
    "invalid_response",
    "network",
    "auth",
    "bad_request",
    "subrequest_limit",
    "breaker_open",
];

pub(super) static RETRY: Section = Section {
    title: "[retry.NAME]",
    fields: &[
        default("max", Whole(0, 100), "2", "Retries, so there are `max` + 1 attempts."),
        optional(
            "on",
            List(&OneOf(FAULTS), None),
            "timeout, rate_limited, server_error, overloaded, network",
            "The kinds of fault that are retried.",
        ),
        optional("backoff", Table(&BACKOFF), "all defaults", "The wait before a retry."),
        default("hold_slot", Bool, "true", "Whether the call keeps its slot while it waits, or queues again."),
        later("budget", "A limit on retries over all calls."),
    ],
};

static BACKOFF: Section = Section {
    title: "backoff",
    fields: &[
        default(
            "kind",
            OneOf(&["none", "constant", "exponential", "decorrelated"]),
            "exponential",
            "How the wait grows.",
        ),
        default("base", Duration, "1s", "The first wait."),
        default("factor", Number(1.0, 1000.0), "2", "What it is multiplied by each time; with `exponential`."),
        default("cap", Duration, "30s", "The longest wait, applied before the jitter."),
        default("jitter", OneOf(&["none", "equal", "full"]), "full", "How it is spread."),
    ],
};

pub(super) static BREAKER: Section = Section {
    title: "[breaker.PROVIDER]",
    fields: &[
        optional("fail_max", Whole(1, 1_000_000), "5, without a window", "It opens after so many failures in a row."),
        optional("window", Table(&WINDOW), "failures in a row", "It opens at a share of failures instead."),
        default("reset_timeout", Duration, "60s", "How long it is open; half-open once that has fully passed."),
        default(
            "half_open_probes",
            Whole(1, 1_000_000),
            "1",
            "Probes that it lets through half-open: it closes when all have succeeded, and opens again when one fails.",
        ),
        default(
            "counts",
            OneOf(&["attempts", "calls"]),
            "attempts",
            "Whether it stands inside the retries or around them.",
        ),
        optional(
            "failures",
            List(&OneOf(FAULTS), None),
            "timeout, rate_limited, server_error, overloaded, network",
            "The kinds of fault that are failures; any other result is a success.",
        ),
    ],
};

static WINDOW: Section = Section {
    title: "window of a breaker",
    fields: &[
        optional("size", Whole(1, 1_000_000), "`length` is given", "The latest so many results."),
        optional("length", Length, "`size` is given", "The results of the latest stretch of time."),
        default("failure_rate", Fraction, "0.5", "The share of failures at which it opens."),
        default("min_calls", Whole(1, 1_000_000), "10", "Results that the window must hold before it opens."),
    ],
};
