//! `[platform]`: the limits and prices that no one part has to itself.

use crate::model::language::*;
use crate::model::preset;
use crate::model::section::quota::{self, QUOTA};
use crate::policy::{OnExceed, Quota};
use crate::units::{Money, Span};

pub(in crate::model) static PLATFORM: Section = Section {
    title: "[platform]",
    changes: Some(Shared("a property of the platform")),
    fields: &[
        optional(
            "preset",
            OneOf(preset::NAMES),
            "no limits, no prices, no stores",
            "Where the defaults below, and the stores `kv` and `cache`, come from.",
        )
        .changes(Fixed(PRESET)),
        default(
            "isolates",
            Whole(1, 100_000),
            "1",
            "Copies of the program's memory, each with its own queues and memory caches.",
        )
        .changes(Fixed(PARTS))
        .decision(),
        optional(
            "subrequests_external",
            Whole(0, U32),
            "unlimited",
            "AI attempts and Cache API calls that one invocation may make.",
        ),
        optional("subrequests_internal", Whole(0, U32), "unlimited", "KV calls that one invocation may make."),
        optional(
            "requests",
            Table(&QUOTA),
            "unlimited",
            "Invocations of the whole account; a plan that finds none left is refused, and counts as overloaded.",
        ).example(r#"{ limit = 100_000, window = "day" }"#),
        optional(
            "connections",
            Whole(1, U32),
            "unlimited",
            "Attempts, operations on stores that are subrequests, and on databases that one invocation has open at once; more wait, in order. Waiting spends the time limit of an attempt. A hedge is not sent where it would have to wait.",
        ).note("An attempt, an operation on a store that is a subrequest, one on a database and a limiter's check \
                hold one each until the answer is there; an attempt at a provider with `headers_after` only so \
                long. Whoever finds none free waits behind those who wait already, without end: nine calls at once \
                run as 6 + 3. A slot of a queue is held meanwhile, and an attempt's time limit runs: one that is \
                given up before it had a connection has timed out, and nobody bills it. An operation that its quota \
                refuses needs none. Where no invocation can want more than it has, there are no metrics of \
                connections."),
        optional(
            "wait_until",
            Length,
            "as long as it takes",
            "How long an invocation may go on after its last call for what nobody awaits; what is unfinished then is lost.",
        ),
        optional("cpu", Table(&CPU), "not limited, not billed", "Processor time.").example(r#"{ limit = "10ms" }"#),
        default("base_price", Number(0.0, 1e12), "0", "What a month costs before anything is used, in US dollars."),
    ],
    ..PLAIN
};

static CPU: Section = Section {
    title: "cpu of the platform",
    about: "Processor time counts when a call has been answered, well or not, and takes no simulated time. The call \
        that passes `limit` crashes its plan before its response is logged, and with it goes what nobody awaited; \
        calls beside it come to their end.",
    fields: &[
        optional("limit", Length, "unlimited", "Of one invocation: it is killed with the call that passes this."),
        default("included", Duration, "0s", "What a month's price includes."),
        default("price_per_million_ms", Number(0.0, 1e12), "0", "US dollars for a million milliseconds beyond it."),
    ],
    ..PLAIN
};

/// `[platform]`: the limits and prices that no one part has to itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    /// `preset`: where the defaults came from.
    pub preset: Option<String>,
    /// `isolates`: copies of the program's memory, each with its own queues and memory caches; at least 1. A plan
    /// lands on one at random and stays there.
    pub isolates: u32,
    /// `subrequests_external`: `fetch` and Cache API calls that one invocation may make; none: unlimited.
    pub subrequests_external: Option<u32>,
    /// `subrequests_internal`: KV calls that one invocation may make; none: unlimited.
    pub subrequests_internal: Option<u32>,
    /// `requests`: the quota of invocations of the whole account; none: no limit.
    pub requests: Option<Quota>,
    /// `connections`: how many an invocation may have open at once; none: unlimited.
    pub connections: Option<u32>,
    /// `wait_until`: how long an invocation goes on after its last call; none: as long as it takes.
    pub wait_until: Option<Span>,
    /// `cpu`: processor time.
    pub cpu: Cpu,
    /// `base_price`: US dollars a month, before anything is used.
    pub base_price: Money,
}

/// `platform.cpu`
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cpu {
    /// `limit`: processor time that one invocation may use; none: unlimited.
    pub limit: Option<Span>,
    /// `included`: processor time that a month's price includes.
    pub included: Span,
    /// `price_per_million_ms`: US dollars for a million milliseconds beyond `included`.
    pub price_per_million_ms: Money,
}

impl Cpu {
    /// What so many seconds a month cost, in US dollars.
    pub fn dollars(&self, seconds: f64) -> f64 {
        (seconds - self.included.secs()).max(0.0) / 1e3 * self.price_per_million_ms.dollars()
    }
}

/// Reads `[platform]`.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Platform {
    Platform {
        preset: cursor.text("preset").map(str::to_string),
        isolates: cursor.count("isolates").unwrap_or(1),
        subrequests_external: cursor.count("subrequests_external"),
        subrequests_internal: cursor.count("subrequests_internal"),
        requests: cursor.table("requests").and_then(|table| requests(input, &table)),
        connections: cursor.count("connections"),
        wait_until: cursor.span("wait_until"),
        cpu: cursor.table("cpu").map(|table| cpu(&table)).unwrap_or_default(),
        base_price: cursor.money("base_price"),
    }
}

/// Reads the quota of requests: an invocation begins at once, or does not.
fn requests(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Quota> {
    if matches!(cursor.one("on_exceed"), OnExceed::Wait | OnExceed::Drop) {
        let complaint =
            Complaint::new("a request cannot wait").found(cursor.word("on_exceed")).allowed("\"reject\" or \"bill\"");
        input.problems.report_once(cursor.at("on_exceed"), &cursor.key("on_exceed"), complaint);
    }
    quota::read(input, cursor)
}

fn cpu(cursor: &Cursor<'_>) -> Cpu {
    Cpu {
        limit: cursor.span("limit"),
        included: cursor.span("included").unwrap_or_default(),
        price_per_million_ms: cursor.money("price_per_million_ms"),
    }
}

/// What may change while a model runs.
pub(in crate::model) fn keep(platform: &mut Platform, of: &Platform) {
    keep_some(&mut platform.subrequests_external, &of.subrequests_external);
    keep_some(&mut platform.subrequests_internal, &of.subrequests_internal);
    keep_some(&mut platform.connections, &of.connections);
    if let (Some(requests), Some(of)) = (&mut platform.requests, &of.requests) {
        quota::keep(requests, of);
    }
    (platform.wait_until, platform.cpu, platform.base_price) = (of.wait_until, of.cpu, of.base_price);
}
