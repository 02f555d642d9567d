//! The keys of providers and of what stands between them and a call: retries, breakers.

use super::{LAW, REFUSING_QUOTA, U32};
use crate::model::fields::Kind::*;
use crate::model::fields::{Field, PLAIN, Section, default, optional, required};
use crate::model::rule::Rule::*;
use crate::model::rule::{KIND, LAID_OUT, PRESET, Rule};
use crate::model::tree::{Node, Value};

const OWN_SIDE: &str = "the provider's own side";

/// Slots that attempts wait for: nobody who waits already could go ahead.
fn of_slots(provider: &Node) -> Rule {
    let lets_wait = provider.get("max_queue").is_some_and(|places| !matches!(places.value, Value::Whole(0)));
    if lets_wait {
        Fixed("slots that attempts wait for: who has which is settled as they come")
    } else {
        Shared(OWN_SIDE)
    }
}

pub(super) static PROVIDER: Section = Section {
    title: "[provider.NAME]",
    changes: Some(Shared(OWN_SIDE)),
    fields: &[
        required("latency", Law(&LAW), "How long an attempt takes."),
        optional("request_timeout", Length, "no timeout", "An attempt is cut after this long, counted from its start.")
            .changes(Program)
            .decision(),
        default(
            "timeout_from",
            OneOf(&["grant", "arrival"]),
            "grant",
            "Whether waiting in the queue spends the time limit; with `arrival` it does.",
        )
        .changes(Program)
        .decision(),
        optional(
            "headers_after",
            Duration,
            "with the answer",
            "When an attempt frees its connection (`platform.connections`): at once where the answer is streamed.",
        ),
        optional("errors", Table(&ERRORS), "none", "The chance that an answered attempt ends in each kind of fault."),
        optional("usage", Table(&USAGE), "nothing is billed", "What an attempt uses, for its price."),
        optional("prices", Table(&PRICES), "free", "What tokens cost."),
        optional(
            "billed_on",
            List(&OneOf(BILLABLE), None),
            "timeout (not where `outlives_client` is false), parse_failure, invalid_response",
            "The faults of attempts that are billed all the same; an answer always is. With `timeout`, what is lost with its isolate too; of a provider with limits or outages only what it works on to the end.",
        ),
        optional(
            "requests_per_minute",
            Whole(1, U32),
            "unlimited",
            "A bucket of attempts, refilled continuously (429).",
        ),
        optional(
            "quota",
            OneOrMore(&REFUSING_QUOTA),
            "unlimited",
            "Attempts that it admits in a day, a month or another window: one quota, or a list; more are refused (429).",
        ),
        optional(
            "tokens_per_minute",
            Whole(1, 1_000_000_000_000),
            "unlimited",
            "A bucket of tokens; each attempt reserves the `tokens` of its step (429).",
        ),
        default("tokens", Whole(0, U32), "0", "Tokens that an attempt reserves, where its step says nothing.")
            .changes(Program),
        default(
            "limit_burst",
            Length,
            "60s",
            "A full bucket holds what flows in during this: \"1s\" is a minute's limit enforced by the second.",
        ),
        optional("slope", Table(&SLOPE), "none", "A limit of growth: how fast its traffic may become more (429)."),
        default("counts_refused", Bool, "false", "Whether attempts over a bucket's limit count against it too."),
        default("refusal_latency", Duration, "0s", "How long a refusal takes."),
        optional("max_concurrency", Whole(1, 1_000_000), "unlimited", "Slots of the provider, for all isolates.")
            .changes_by(of_slots),
        optional(
            "capacity",
            Whole(1, 1_000_000),
            "unlimited",
            "Attempts that it works on at full speed; more share it evenly, so that each takes longer.",
        ),
        default(
            "max_queue",
            WholeOr(0, 1_000_000_000, "unlimited"),
            "0",
            "Attempts that wait for one of its slots, in order of arrival.",
        ),
        default(
            "when_full",
            OneOf(&["rate_limited", "overloaded"]),
            "rate_limited",
            "How it answers when slots and waiting places are taken.",
        ),
        optional("load", Table(&LOAD), "none", "Latency that grows with what is in flight."),
        default("hang", Fraction, "0", "The chance that an attempt is never answered; needs a `request_timeout`."),
        optional("outage", OneOrMore(&OUTAGE), "always up", "When it is down: one, or a list."),
        optional(
            "outlives_client",
            Bool,
            "true",
            "Whether it goes on with an attempt that its client has given up, holds a slot for it and bills it.",
        )
        .changes(Fixed(KIND)),
    ],
};

static SLOPE: Section = Section {
    title: "slope",
    fields: &[
        optional("requests_per_minute", Whole(1, U32), "unlimited", "Attempts of which any minute may have so many."),
        optional(
            "tokens_per_minute",
            Whole(1, 1_000_000_000_000),
            "unlimited",
            "Tokens of which any minute may have so many; OpenAI says 1,000,000.",
        ),
        default(
            "growth",
            Number(0.0, 1000.0),
            "0.5",
            "More may come if it is at most by this share over the busiest of the minutes of `per` that ended `per` ago; counted is what was admitted. Providers do not publish their own measure: this is the plainest reading of OpenAI's rule.",
        ),
        default("per", Length, "15m", "Whole minutes, up to a day. Before the run there was no traffic.")
            .changes(Fixed(LAID_OUT)),
    ],
    ..PLAIN
};

static LOAD: Section = Section {
    title: "load",
    fields: &[
        required("per_in_flight", Number(0.0, 1e6), "By what share each attempt in flight lengthens a new one."),
        default("from", Whole(0, U32), "0", "Only those beyond so many count."),
    ],
    ..PLAIN
};

static OUTAGE: Section = Section {
    title: "outage",
    fields: &[
        optional("at", Duration, "`mean_up` is given", "When it goes down, after the start of the run; with `for`."),
        optional("for", Length, "`mean_down` is given", "How long it is down."),
        optional("mean_up", Length, "`at` is given", "The mean of the exponential times up; with `mean_down`."),
        optional("mean_down", Length, "`for` is given", "The mean of the exponential times down."),
        default(
            "fault",
            OneOf(&["server_error", "overloaded", "rate_limited", "network", "timeout"]),
            "server_error",
            "How attempts end meanwhile; `timeout`: they are never answered, which needs a `request_timeout`.",
        ),
        default("latency", Duration, "0s", "How long such an answer takes."),
    ],
    ..PLAIN
};

static USAGE: Section = Section {
    title: "usage of a provider",
    fields: &[
        default("input", Whole(0, U32), "0", "Tokens that an attempt sends."),
        default("output", Whole(0, U32), "0", "Tokens that the provider writes; an attempt that was cut counts whole."),
    ],
    ..PLAIN
};

static PRICES: Section = Section {
    title: "prices of a provider",
    fields: &[
        default("input_per_million", Number(0.0, 1e12), "0", "US dollars for a million tokens sent."),
        default("output_per_million", Number(0.0, 1e12), "0", "US dollars for a million tokens written."),
    ],
    ..PLAIN
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
    ..PLAIN
};

/// Every fault: first those of attempts that reach the provider, then those of attempts that are not sent.
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

/// What a provider can bill: what reached it.
const BILLABLE: &[&str] = FAULTS.split_at(9).0;

const RETRY_PRESET: Field =
    optional("preset", OneOf(crate::model::preset::RETRIES), "none", "Where the defaults below come from.")
        .changes(Fixed(PRESET));
const RETRY_ON: Field = optional(
    "on",
    List(&OneOf(FAULTS), None),
    "timeout, rate_limited, server_error, overloaded, network",
    "The kinds of fault that are retried.",
);

pub(super) static RETRY: Section = Section {
    title: "[retry.NAME]",
    changes: Some(Program),
    fields: &[
        RETRY_PRESET,
        default("max", Whole(0, 100), "2", "Retries, so there are `max` + 1 attempts.").decision(),
        RETRY_ON,
        optional("backoff", Table(&BACKOFF), "all defaults", "The wait before a retry.").decision(),
        default("hold_slot", Bool, "true", "Whether the call keeps its slot while it waits, or queues again.")
            .decision(),
        optional("sdk", Table(&LAYER), "none", "Retries inside each attempt of this layer."),
        optional("proxy", Table(&LAYER), "none", "Retries inside each attempt of the SDK."),
        optional(
            "deadline",
            Length,
            "a fresh timeout for each attempt",
            "How long a call may go on from its first attempt, all retries and waits included.",
        )
        .decision(),
        optional("budget", Table(&BUDGET), "unlimited", "A limit on the retries of all calls, in each isolate."),
        default(
            "retry_after",
            OneOf(&["honour", "ignore"]),
            "honour",
            "Whether a retry waits at least as long as a refusal says.",
        )
        .decision(),
        optional("retry_after_max", Length, "any", "A longer time than this is not honoured.").decision(),
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
        )
        .decision(),
        default("base", Duration, "1s", "The first wait.").decision(),
        default("factor", Number(1.0, 1000.0), "2", "What it is multiplied by each time; with `exponential`.")
            .decision(),
        default("cap", Duration, "30s", "The longest wait, applied before the jitter.").decision(),
        default(
            "jitter",
            OneOf(&["none", "quarter", "equal", "full"]),
            "full",
            "How it is spread: not at all, or over the last quarter, half or all of the wait.",
        )
        .decision(),
    ],
    ..PLAIN
};

static LAYER: Section = Section {
    title: "a layer of retries",
    fields: &[
        RETRY_PRESET,
        default("max", Whole(0, 100), "2", "Retries for each attempt of the layer around it.").decision(),
        RETRY_ON,
        optional("backoff", Table(&BACKOFF), "all defaults", "The wait before a retry; the slot is held.").decision(),
    ],
    ..PLAIN
};

static BUDGET: Section = Section {
    title: "budget of retries",
    fields: &[
        default("ratio", Number(0.0, 1000.0), "0.1", "Retries that each call adds.").decision(),
        default("min_per_second", Number(0.0, 1e6), "0", "Retries that flow in each second, calls or not.").decision(),
        default("burst", Whole(1, 1_000_000), "10", "Retries that may be saved; so many are there at the start.")
            .decision(),
    ],
    ..PLAIN
};

pub(super) static HEDGE: Section = Section {
    title: "[hedge.PROVIDER]",
    changes: Some(Program),
    fields: &[
        required("after", Length, "How long an attempt is waited for before another is sent beside it. The first success counts, and the others are given up: a provider that does not outlive its client stops then, any other goes on for nobody.").decision(),
        default("max", Whole(1, 8), "1", "How many are sent beside it, each so long after the one before.").decision(),
    ],
};

pub(super) static BREAKER: Section = Section {
    title: "[breaker.PROVIDER]",
    changes: Some(Program),
    fields: &[
        optional("fail_max", Whole(1, 1_000_000), "5, without a window", "It opens after so many failures in a row.")
            .decision(),
        optional("window", Table(&WINDOW), "failures in a row", "It opens at a share of failures instead."),
        default("reset_timeout", Duration, "60s", "How long it is open; half-open once that has fully passed.")
            .decision(),
        default(
            "half_open_probes",
            Whole(1, 1_000_000),
            "1",
            "Probes that it lets through half-open: it closes when all have succeeded, and opens again when one fails.",
        )
        .decision(),
        default(
            "counts",
            OneOf(&["attempts", "calls"]),
            "attempts",
            "Whether it stands inside the retries or around them.",
        )
        .changes(Fixed(KIND))
        .decision(),
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
        optional("size", Whole(1, 1_000_000), "`length` is given", "The latest so many results.").decision(),
        optional("length", Length, "`size` is given", "The results of the latest stretch of time.").decision(),
        default("failure_rate", Fraction, "0.5", "The share of failures at which it opens.").decision(),
        default("min_calls", Whole(1, 1_000_000), "10", "Results that the window must hold before it opens.")
            .decision(),
    ],
    ..PLAIN
};
