//! `[retry.NAME]`: what follows a failed attempt, or a refusal of a database.

use crate::model::language::*;
use crate::model::preset;
use crate::model::section::faults::{self, FAULTS};
use crate::policy::{Backoff, BackoffKind, Jitter, Retry, RetryBudget, Waits};
use crate::units::Span;

const RETRY_PRESET: Field =
    optional("preset", OneOf(preset::RETRIES), "none", "Where the defaults below come from.").changes(Fixed(PRESET));

const RETRY_ON: Field = optional(
    "on",
    List(&OneOf(FAULTS), None),
    "timeout, rate_limited, server_error, overloaded, network",
    "The kinds of fault that are retried.",
)
.example(r#"["timeout", "server_error"]"#);

pub(in crate::model) static RETRY: Section = Section {
    title: "[retry.NAME]",
    about: "Without `[retry.NAME]` there are no retries; with an empty one its defaults hold. A fault is retried only \
        if `on` names it.",
    changes: Some(Program),
    fields: &[
        RETRY_PRESET,
        default("max", Whole(0, 100), "2", "Retries, so there are `max` + 1 attempts.").decision(),
        RETRY_ON,
        optional("backoff", Table(&BACKOFF), "all defaults", "The wait before a retry.")
            .example(r#"{ base = "500ms", cap = "8s" }"#)
            .decision(),
        default("hold_slot", Bool, "true", "Whether the call keeps its slot while it waits, or queues again.")
            .decision(),
        optional("sdk", Table(&LAYER), "none", "Retries inside each attempt of this layer.").example("{ max = 2 }"),
        optional("proxy", Table(&LAYER), "none", "Retries inside each attempt of the SDK.").example("{ max = 1 }"),
        optional(
            "deadline",
            Length,
            "a fresh timeout for each attempt",
            "How long a call may go on from its first attempt, all retries and waits included.",
        )
        .decision(),
        optional("budget", Table(&BUDGET), "unlimited", "A limit on the retries of all calls, in each isolate.")
            .example("{ ratio = 0.1, burst = 10 }"),
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
        default("kind", OneOf(BackoffKind::WORDS), "exponential", "How the wait grows.").decision(),
        default("base", Duration, "1s", "The first wait.").decision(),
        optional(
            "waits",
            List(&Duration, None),
            "of `list`",
            "The waits before the first retry, the second and so on, the last again and again: at most 16.",
        )
        .example(r#"["10s", "60s", "5m"]"#)
        .note(
            "Of the kind `list`, which `waits` implies: in place of `base`, `factor` and `cap`; without `jitter` they \
                are exact.",
        ),
        default("factor", Number(1.0, 1000.0), "2", "What it is multiplied by each time; with `exponential`.")
            .decision(),
        default("cap", Duration, "30s", "The longest wait, applied before the jitter.").decision(),
        default(
            "jitter",
            OneOf(Jitter::WORDS),
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
        optional("backoff", Table(&BACKOFF), "all defaults", "The wait before a retry; the slot is held.")
            .example(r#"{ kind = "constant", base = "1s" }"#)
            .decision(),
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

/// `retry_after`: what a retry makes of the time that a refusal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// It waits at least as long as the refusal says, unless that is longer than this.
    Honour(Span),
    /// It waits as after any fault.
    Ignore,
}

impl RetryAfter {
    /// Whether a hint lengthens the wait.
    pub fn is_honoured(self, hint: Span) -> bool {
        matches!(self, RetryAfter::Honour(most) if hint <= most)
    }
}

/// The most attempts of a call, over all its providers: this many have their own draws, and places among the events of
/// one instant.
pub(in crate::model) const MOST_ATTEMPTS: u64 = 255;

/// The retries of a provider, in all their layers.
pub(in crate::model) struct Retries {
    pub retry: Retry,
    pub inner: [Option<Retry>; 2],
    pub deadline: Option<Span>,
    pub budget: Option<RetryBudget>,
    pub retry_after: RetryAfter,
}

/// The most attempts of a call: the product over all layers.
pub(in crate::model) fn attempts(retry: &Retry, inner: &[Option<Retry>]) -> u64 {
    inner.iter().flatten().chain([retry]).map(|layer| u64::from(layer.max) + 1).product()
}

/// Reads the retries of a provider.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Retries {
    let retry = Retry { hold_slot: cursor.flag("hold_slot"), ..layer(input, cursor) };
    let inner = ["sdk", "proxy"].map(|key| cursor.table(key).map(|table| layer(input, &table)));
    let attempts = attempts(&retry, &inner);
    if attempts > MOST_ATTEMPTS {
        let complaint = Complaint::new("the layers of retries allow too many attempts of a call")
            .found(format!("{attempts} attempts"))
            .allowed(format!("at most {MOST_ATTEMPTS}, the product of `max` + 1 of each layer"));
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    Retries {
        retry,
        inner,
        deadline: cursor.span("deadline"),
        budget: cursor.table("budget").map(|table| RetryBudget {
            ratio: table.number("ratio").unwrap_or_default(),
            min_per_second: table.number("min_per_second").unwrap_or_default(),
            burst: table.count("burst").unwrap_or(1),
        }),
        retry_after: if cursor.is_second("retry_after", ["honour", "ignore"]) {
            RetryAfter::Ignore
        } else {
            RetryAfter::Honour(cursor.span("retry_after_max").unwrap_or(Span::MAX))
        },
    }
}

/// The retries of a database: one layer, with nothing around it.
pub(in crate::model) fn of_database(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Retry {
    for key in ["sdk", "proxy", "deadline", "budget", "retry_after", "retry_after_max"] {
        if cursor.get(key).is_some() {
            let complaint = Complaint::new("only for the retries of a provider").found("a database");
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
        }
    }
    Retry { hold_slot: cursor.flag("hold_slot"), ..layer(input, cursor) }
}

/// The retries of a database; never, where the model has none for it.
pub(in crate::model) fn of(input: &mut Input<'_>, root: &Cursor<'_>, name: &str) -> Retry {
    let retries = root.named("retry");
    let found = retries.iter().find(|(other, _)| *other == name);
    found.map_or(Retry::NEVER, |(_, cursor)| of_database(input, cursor))
}

/// What every layer of retries has.
fn layer(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Retry {
    let on = faults::read(cursor, "on");
    let backoff = match cursor.table("backoff") {
        Some(table) => backoff(input, &table),
        None => Backoff {
            kind: BackoffKind::Exponential,
            base: Span::SECOND,
            waits: Waits::NONE,
            factor: 2.0,
            cap: Span::from_secs(30),
            jitter: Jitter::Full,
        },
    };
    Retry { max: cursor.count("max").unwrap_or_default(), on, backoff, hold_slot: true }
}

words!(
    BackoffKind: "none" => None, "constant" => Constant, "exponential" => Exponential, "decorrelated" => Decorrelated,
    "list" => List
);
words!(Jitter: "none" => None, "quarter" => Quarter, "equal" => Equal, "full" => Full);

fn backoff(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Backoff {
    if cursor.get("waits").is_some() || cursor.one::<BackoffKind>("kind") == BackoffKind::List {
        return listed(input, cursor);
    }
    let (base, cap) = (cursor.span("base").unwrap_or_default(), cursor.span("cap").unwrap_or(Span::MAX));
    if base > cap {
        let key = if cursor.get("cap").is_some() { "cap" } else { "base" };
        let complaint = Complaint::new("`cap` is shorter than `base`")
            .found(format!("a base of {base} and a cap of {cap}"))
            .allowed("a cap of at least `base`");
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    }
    let factor = cursor.number("factor").unwrap_or(1.0);
    Backoff { kind: cursor.one("kind"), base, waits: Waits::NONE, factor, cap, jitter: cursor.one("jitter") }
}

/// A backoff whose waits are listed.
fn listed(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Backoff {
    for key in ["base", "factor", "cap"].into_iter().filter(|key| cursor.get(key).is_some()) {
        let complaint = Complaint::new("the waits are listed").found("both").cure(format!("remove `{key}` or `waits`"));
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    }
    if cursor.get("kind").is_some() && cursor.one::<BackoffKind>("kind") != BackoffKind::List {
        let complaint = Complaint::new("`waits` are of another kind").allowed("\"list\", or no `kind`");
        input.problems.report_once(cursor.at("kind"), &cursor.key("kind"), complaint);
    }
    let waits: Vec<Span> = cursor.items("waits").iter().filter_map(|node| Span::parse(node.text()?).ok()).collect();
    let waits = Waits::new(&waits).unwrap_or_else(|| {
        let complaint = Complaint::new("not a list of waits").found(things(waits.len()));
        let complaint = complaint.allowed(format!("1 to {} waits; the last comes again and again", Waits::MOST));
        input.problems.report_once(cursor.at("waits"), &cursor.key("waits"), complaint);
        Waits::NONE
    });
    let jitter = if cursor.get("jitter").is_some() { cursor.one("jitter") } else { Jitter::None };
    Backoff { kind: BackoffKind::List, base: Span::ZERO, waits, factor: 1.0, cap: Span::MAX, jitter }
}

fn things(waits: usize) -> String {
    if waits == 1 { "1 wait".into() } else { format!("{waits} waits") }
}
