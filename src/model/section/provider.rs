//! `[provider.NAME]`: an AI provider, with the policies around an attempt.

use crate::model::language::*;
use crate::model::section::faults::FAULTS;
use crate::model::section::first_token::{self, Streamed};
use crate::model::section::law::LAW;
use crate::model::section::limits::{Counted, PROVIDER_QUOTA, StepWeight, Weight};
use crate::model::section::retry::RetryAfter;
use crate::model::section::server::{LOAD, OUTAGE, SLOPE, Server};
use crate::model::section::{breaker, faults, hedge, retry, server};
use crate::model::tree::{Node, Value};
use crate::policy::{Breaker, Fault, FaultSet, Hedge, Retry, RetryBudget};
use crate::streams::LawSpec;
use crate::units::{Money, Probability, Span};

const OWN_SIDE: &str = "the provider's own side";

/// Slots that attempts wait for: nobody who waits already could go ahead.
fn of_slots(provider: &Node) -> Rule {
    let lets_wait = provider.get("max_queue").is_some_and(|places| !matches!(places.value, Value::Whole(0)));
    if lets_wait { Fixed("slots that attempts wait for, which are assigned on arrival") } else { Shared(OWN_SIDE) }
}

pub(in crate::model) static PROVIDER: Section = Section {
    title: "[provider.NAME]",
    changes: Some(Shared(OWN_SIDE)),
    fields: &[
        optional("latency", Law(&LAW), "`per_token` is given", "How long an attempt takes, to the end of its answer.").example(r#"{ dist = "lognormal", median = "4s", p95 = "11s" }"#),
        optional("first_token", Law(&LAW), "with the answer", "How long the first token of an answer takes; no answer ends before it.")
            .example(r#"{ dist = "lognormal", median = "600ms", p95 = "2s" }"#),
        optional("per_token", Law(&LAW), "`latency` is given", "How long each token of `usage.output` after the first takes, one law's draw for all of an answer.")
            .example(r#""20ms""#),
        optional("first_token_timeout", Length, "no timeout", "An attempt is given up if no token has come after this long.")
            .changes(Program)
            .decision(),
        optional("idle_timeout", Length, "no timeout", "An attempt is given up after this long without a token, the first or the next.")
            .changes(Program)
            .decision(),
        optional("request_timeout", Length, "no timeout", "An attempt is cut after this long, counted from its start.")
            .changes(Program)
            .decision(),
        default(
            "timeout_from",
            OneOf(&["grant", "arrival"]),
            "grant",
            "Whether waiting in the queue spends the time limit; with `arrival` it does.",
        ).note("With `arrival`, a retry that kept its slot has the whole of the time limit again.")
        .changes(Program)
        .decision(),
        optional(
            "headers_after",
            Duration,
            "with the answer",
            "When an attempt frees its connection (`platform.connections`): at once where the answer is streamed.",
        ),
        optional("errors", Table(&ERRORS), "none", "The chance that an answered attempt ends in each kind of fault.").example("{ rate_limited = 0.01, server_error = 0.002 }"),
        optional("usage", Table(&USAGE), "nothing is billed", "What an attempt uses, for its price.").example("{ input = 3_000, output = 800 }"),
        optional("prices", Table(&PRICES), "free", "What tokens cost.").example("{ input_per_million = 2.5, output_per_million = 10 }"),
        optional(
            "billed_on",
            List(&OneOf(BILLABLE), None),
            "timeout (not where `outlives_client` is false), parse_failure, invalid_response",
            "The faults of attempts that are billed all the same; an answer always is. With `timeout`, what is lost with its isolate too; of a provider with limits or outages only what it works on to the end.",
        ).example(r#"["timeout", "parse_failure"]"#),
        optional(
            "requests_per_minute",
            Whole(1, U32),
            "unlimited",
            "A bucket of attempts, refilled continuously (429).",
        ),
        optional(
            "quota",
            OneOrMore(&PROVIDER_QUOTA),
            "unlimited",
            "Attempts, tokens or units that it admits in a day, a month or another window: one quota, or a list; more are refused (429).",
        ).example(r#"{ limit = 1_500, window = "day" }"#),
        optional(
            "tokens_per_minute",
            Whole(1, 1_000_000_000_000),
            "unlimited",
            "A bucket of tokens; each attempt reserves the `tokens` of its step (429).",
        )
        .note("An attempt that reserves more than a full bucket holds is refused each time, and told to come when so much would have flowed in."),
        optional(
            "input_tokens_per_minute",
            Whole(1, 1_000_000_000_000),
            "unlimited",
            "A bucket of the tokens that attempts send, `usage.input` (429).",
        ),
        optional(
            "output_tokens_per_minute",
            Whole(1, 1_000_000_000_000),
            "unlimited",
            "A bucket of the tokens that it writes; each attempt reserves its `max_tokens` (429).",
        ),
        optional(
            "requests_per_day",
            Whole(1, U32),
            "unlimited",
            "A bucket of attempts that a day refills, evenly (429); of a limit that begins anew at midnight, write a `quota`.",
        ),
        optional("tokens_per_day", Whole(1, 1_000_000_000_000), "unlimited", "The same of `tokens` (429)."),
        default("tokens", Whole(0, U32), "0", "Tokens that an attempt reserves, where its step says nothing.")
            .changes(Program),
        optional(
            "max_tokens",
            Whole(0, U32),
            "`usage.output`",
            "Tokens that an attempt lets it write at most, where its step says nothing: it reserves them of `output_tokens_per_minute`.",
        )
        .changes(Program),
        optional(
            "unused_tokens",
            OneOf(&["lost", "given_back"]),
            "given back of `output_tokens_per_minute`, lost of the others",
            "What becomes at the end of an attempt of tokens that it reserved and did not use, by `usage`.",
        ),
        default(
            "limit_burst",
            Length,
            "60s",
            "A full bucket holds what flows in during this: \"1s\" is a minute's limit enforced by the second.",
        ),
        optional("slope", Table(&SLOPE), "none", "A limit of growth: how fast its traffic may become more (429).").example("{ tokens_per_minute = 1_000_000 }"),
        default("counts_refused", Bool, "false", "Whether attempts over a bucket's limit count against it too."),
        default("refusal_latency", Duration, "0s", "How long a refusal takes."),
        optional("max_concurrency", Whole(1, 1_000_000), "unlimited", "Slots of the provider, for all isolates.")
            .note("It stays in mid-run where `max_queue` lets attempts wait: who has which slot is settled as they come.")
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
        optional("load", Table(&LOAD), "none", "Latency that grows with what is in flight.").example("{ per_in_flight = 0.05, from = 4 }"),
        default("hang", Fraction, "0", "The chance that an attempt is never answered; needs a `request_timeout`."),
        optional("outage", OneOrMore(&OUTAGE), "always up", "When it is down: one, or a list.").example(r#"{ at = "2d", for = "20m" }"#),
        optional(
            "outlives_client",
            Bool,
            "true",
            "Whether it goes on with an attempt that its client has given up, holds a slot for it and bills it.",
        )
        .changes(Fixed(KIND)),
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
        error(
            "plan_error",
            "The chance that a call of a plan fails at this provider: spread evenly over the calls that the plan makes \
                there, as `bad_request`.",
        )
        .note("Operators know the share of plans that end in an error, not of attempts. Of n calls, each fails with \
                1 − (1 − `plan_error`)^(1/n) of its answered attempts. All workflows that use the provider must make the \
                same number of calls there, and `bad_request` must not be retried."),
    ],
    ..PLAIN
};

/// What a provider can bill: what reached it.
const BILLABLE: &[&str] = FAULTS.split_at(9).0;

/// `[provider.NAME]` with `[retry.NAME]`, `[breaker.NAME]` and `[hedge.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// `latency`: the service time of an attempt.
    pub latency: LawSpec,
    /// `first_token` and its time limits: an answer that comes token by token.
    pub streamed: Option<Streamed>,
    /// `request_timeout`: an attempt is cut after this long, counted from when it starts.
    pub request_timeout: Option<Span>,
    /// `headers_after`: when an attempt frees its connection; none: with its end.
    pub headers_after: Option<Span>,
    /// `timeout_from = "arrival"`: waiting in the queue spends the time limit.
    pub timeout_from_arrival: bool,
    /// `errors`: the probability that an answered attempt ends in each kind of fault; the sum is at most 1.
    pub errors: Vec<(Fault, Probability)>,
    /// `errors.request_error`: the probability that a call's request is itself faulty, which is known before it is
    /// sent.
    pub request_error: Probability,
    /// `[retry.NAME]`: what follows a failed attempt.
    pub retry: Retry,
    /// `sdk` and `proxy` of `[retry.NAME]`: layers of retries inside it, the outer one first.
    pub inner: [Option<Retry>; 2],
    /// `deadline`: how long a call may go on from its first attempt, retries and waits included.
    pub deadline: Option<Span>,
    /// `budget`: a limit on the retries of all calls in one isolate, whatever layer they come from.
    pub budget: Option<RetryBudget>,
    /// `retry_after`: whether a retry waits as long as a refusal says.
    pub retry_after: RetryAfter,
    /// `[breaker.NAME]`: what stops sending after too many failures.
    pub breaker: Option<Breaker>,
    /// `usage`, `prices` and `billed_on`: what an attempt costs; none: nothing.
    pub tokens: Option<Tokens>,
    /// `[hedge.NAME]`: attempts that race the first.
    pub hedge: Option<Hedge>,
    /// The provider's own side: limits, outages, slots; none where the model says nothing about it.
    pub server: Option<Server>,
}

impl Provider {
    /// The most attempts of a call at it: the product over all layers of retries.
    pub fn attempts(&self) -> u64 {
        retry::attempts(&self.retry, &self.inner)
    }

    /// Whether it goes on with an attempt that its client has given up.
    pub fn outlives_client(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.outlives_client)
    }

    /// Whether it bills an attempt that it has worked on to this end.
    pub fn bills(&self, end: Option<Fault>) -> bool {
        match (end, &self.tokens) {
            (None, _) => true,
            (Some(fault), Some(tokens)) => tokens.billed_on.contains(fault),
            (Some(fault), None) => matches!(fault, Fault::ParseFailure | Fault::InvalidResponse),
        }
    }

    /// What limits count of an attempt, by what its step or else the provider says.
    pub fn weight(&self, step: &StepWeight) -> Weight {
        let (usage, server) = (self.tokens.as_ref(), self.server.as_ref());
        let written = usage.map_or(0, |usage| usage.output);
        let mut weight = [0; Counted::ALL.len()];
        weight[Counted::Attempts as usize] = 1;
        weight[Counted::Tokens as usize] = step.tokens.unwrap_or(server.map_or(0, |server| server.tokens));
        weight[Counted::Input as usize] = usage.map_or(0, |usage| usage.input);
        weight[Counted::Output as usize] =
            step.max_tokens.or(server.and_then(|server| server.max_tokens)).unwrap_or(written);
        weight[Counted::Units as usize] = step.units;
        weight
    }

    /// What of this is given back at the end of an attempt.
    pub fn unused(&self, weight: &Weight) -> Weight {
        let mut unused = [0; Counted::ALL.len()];
        if let (Some(usage), Some(server)) = (&self.tokens, &self.server) {
            let used = [(Counted::Output, usage.output), (Counted::Tokens, usage.input.saturating_add(usage.output))];
            for (of, used) in used.into_iter().filter(|(of, _)| server.gives_back(*of)) {
                unused[of as usize] = weight[of as usize].saturating_sub(used);
            }
        }
        unused
    }

    /// What limits count of an attempt once it is over: its weight, less what is given back.
    pub fn used(&self, step: &StepWeight) -> Weight {
        let weight = self.weight(step);
        let unused = self.unused(&weight);
        std::array::from_fn(|of| weight[of] - unused[of])
    }

    /// Whether an attempt meets more than a latency, a timeout, faults and one layer of retries.
    pub fn has_policies(&self) -> bool {
        self.server.is_some()
            || self.streamed.is_some()
            || self.breaker.is_some()
            || self.hedge.is_some()
            || self.inner.iter().any(Option::is_some)
            || self.deadline.is_some()
            || self.budget.is_some()
    }
}

/// `usage`, `prices` and `billed_on` of a provider: what an attempt costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// `usage.input`: tokens that an attempt sends.
    pub input: u64,
    /// `usage.output`: tokens that the provider writes.
    pub output: u64,
    /// `prices.input_per_million`: US dollars for a million tokens sent.
    pub input_per_million: Money,
    /// `prices.output_per_million`: US dollars for a million tokens written.
    pub output_per_million: Money,
    /// `billed_on`: faults after which an attempt is billed nevertheless.
    pub billed_on: FaultSet,
}

impl Tokens {
    /// What one attempt costs, in US dollars.
    pub fn dollars(&self) -> f64 {
        let side = |tokens: u64, price: Money| tokens as f64 * price.dollars() / 1e6;
        side(self.input, self.input_per_million) + side(self.output, self.output_per_million)
    }
}

/// Reads the providers with the policies around them, in the order of their names.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Provider> {
    let sections = ["retry", "breaker", "hedge"].map(|section| root.named(section));
    for (at, (name, cursor)) in sections.iter().enumerate().flat_map(|(at, of)| of.iter().map(move |one| (at, one))) {
        let is_database = at == 0 && names.d1.position(name).is_some();
        if names.providers.position(name).is_none() && !is_database {
            input.problems.report_once(cursor.node.key, &cursor.path, names.providers.missing(name));
        }
    }
    let mut providers = Vec::new();
    for (name, cursor) in root.named("provider") {
        let [retry, breaker, hedge] =
            sections.each_ref().map(|of| of.iter().find(|(other, _)| *other == name).map(|(_, cursor)| cursor));
        let Some(mut provider) = provider(input, name, &cursor) else { continue };
        if let Some(retry) = retry {
            let retries = retry::read(input, retry);
            (provider.retry, provider.inner, provider.retry_after) =
                (retries.retry, retries.inner, retries.retry_after);
            (provider.deadline, provider.budget) = (retries.deadline, retries.budget);
        }
        provider.breaker = breaker.map(|breaker| breaker::read(input, breaker));
        provider.hedge = hedge.map(hedge::read);
        if provider.hedge.is_some() && provider.server.as_ref().is_some_and(|server| server.capacity.is_some()) {
            let complaint = Complaint::new("cannot be combined with [hedge.NAME] of the same provider");
            let complaint = complaint.cure("remove one of the two");
            input.problems.report_once(cursor.at("capacity"), &cursor.key("capacity"), complaint);
        }
        for (key, is_there) in [("usage", provider.tokens.is_some()), ("first_token", provider.streamed.is_some())] {
            if provider.hedge.is_some() && is_there {
                let complaint = Complaint::new("cannot be combined with [hedge.NAME] of the same provider");
                input.problems.report_once(cursor.at(key), &cursor.key(key), complaint.cure("remove one of the two"));
            }
        }
        providers.push(provider);
    }
    providers
}

fn provider(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>) -> Option<Provider> {
    let output = cursor.table("usage").and_then(|usage| usage.whole("output")).unwrap_or_default();
    let latency = first_token::latency(input, cursor, output);
    let mut errors = Vec::new();
    let mut request_error = Probability::ZERO;
    if let Some(table) = cursor.table("errors") {
        let chance = |key: &str| Probability::new(table.number(key).unwrap_or_default()).unwrap_or_default();
        request_error = chance("request_error");
        // The kinds that come from elsewhere than an answer are no keys of the table.
        let answered = Fault::ALL
            .into_iter()
            .filter(|fault| !matches!(fault, Fault::Timeout | Fault::SubrequestLimit | Fault::BreakerOpen));
        errors = answered.map(|fault| (fault, chance(fault.name()))).filter(|(_, p)| p.value() > 0.0).collect();
        let sum: f64 = errors.iter().map(|(_, p)| p.value()).sum();
        if sum > 1.0 + 1e-9 {
            let complaint = Complaint::new("the error chances add up to more than 1")
                .found(format!("a sum of {}", crate::units::number(sum)))
                .allowed("a sum of at most 1");
            input.problems.report_once(table.node.key, &table.path, complaint);
        }
    }
    let request_timeout = cursor.span("request_timeout");
    let timeout_from_arrival = cursor.is_second("timeout_from", ["grant", "arrival"]);
    let server = server::read(input, cursor);
    Some(Provider {
        name: name.into(),
        latency: latency?,
        streamed: first_token::read(input, cursor, output),
        request_timeout,
        headers_after: cursor.span("headers_after"),
        timeout_from_arrival,
        errors,
        request_error,
        retry: Retry::NEVER,
        inner: [None, None],
        deadline: None,
        budget: None,
        retry_after: RetryAfter::Honour(Span::MAX),
        breaker: None,
        tokens: tokens(input, cursor),
        hedge: None,
        server,
    })
}

/// What an attempt costs; prices without tokens are refused.
fn tokens(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Tokens> {
    let (tokens, prices) = (cursor.table("usage"), cursor.table("prices"));
    let Some(tokens) = tokens else {
        for key in ["prices", "billed_on"] {
            if cursor.get(key).is_some() {
                let complaint = Complaint::new("prices have no effect without token usage");
                input.problems.report_once(cursor.at(key), &cursor.key(key), complaint.cure("add `usage`"));
            }
        }
        return None;
    };
    // A provider that stops when its client is gone bills nothing for it.
    let stops_with_client = cursor.get("outlives_client").is_some() && !cursor.flag("outlives_client");
    let price = |key: &str| prices.as_ref().map(|table| table.money(key)).unwrap_or_default();
    Some(Tokens {
        input: tokens.whole("input").unwrap_or_default(),
        output: tokens.whole("output").unwrap_or_default(),
        input_per_million: price("input_per_million"),
        output_per_million: price("output_per_million"),
        billed_on: match cursor.get("billed_on") {
            None => [Fault::Timeout, Fault::ParseFailure, Fault::InvalidResponse]
                .into_iter()
                .filter(|&fault| fault != Fault::Timeout || !stops_with_client)
                .collect(),
            Some(_) => faults::read(cursor, "billed_on"),
        },
    })
}

/// What may change while a model runs.
pub(in crate::model) fn keep(provider: &mut Provider, of: &Provider) {
    provider.latency.clone_from(&of.latency);
    keep_some(&mut provider.streamed, &of.streamed);
    (provider.request_timeout, provider.headers_after) = (of.request_timeout, of.headers_after);
    provider.timeout_from_arrival = of.timeout_from_arrival;
    provider.errors.clone_from(&of.errors);
    provider.request_error = of.request_error;
    (provider.retry, provider.retry_after) = (of.retry, of.retry_after);
    keep_all(&mut provider.inner, &of.inner, keep_some);
    keep_some(&mut provider.tokens, &of.tokens);
    keep_some(&mut provider.deadline, &of.deadline);
    keep_some(&mut provider.budget, &of.budget);
    keep_some(&mut provider.hedge, &of.hedge);
    if let (Some(breaker), Some(of)) = (&mut provider.breaker, &of.breaker) {
        breaker::keep(breaker, of);
    }
    if let (Some(server), Some(of)) = (&mut provider.server, &of.server) {
        server::keep(server, of);
    }
}
