//! The provider's own side: limits, slots, load, hangs, outages.

use crate::math;
use crate::model::language::*;
use crate::model::section::limits::{self, Counted, Limit, Limits, ProviderQuota};
use crate::policy::{Fault, Slope};
use crate::units::{Probability, Span};

pub(in crate::model) static SLOPE: Section = Section {
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

pub(in crate::model) static LOAD: Section = Section {
    title: "load",
    fields: &[
        required("per_in_flight", Number(0.0, 1e6), "By what share each attempt in flight lengthens a new one."),
        default("from", Whole(0, U32), "0", "Only those beyond so many count."),
    ],
    ..PLAIN
};

const AT: Field =
    optional("at", Duration, "`mean_up` is given", "When it goes down, after the start of the run; with `for`.");
const FOR: Field = optional("for", Length, "`mean_down` is given", "How long it is down.");
const MEAN_UP: Field =
    optional("mean_up", Length, "`at` is given", "The mean of the exponential times up; with `mean_down`.");
const MEAN_DOWN: Field = optional("mean_down", Length, "`for` is given", "The mean of the exponential times down.");

/// Of what answers nobody while it is down.
pub(in crate::model) static DOWN: Section =
    Section { title: "outage of a database", fields: &[AT, FOR, MEAN_UP, MEAN_DOWN], ..PLAIN };

pub(in crate::model) static OUTAGE: Section = Section {
    title: "outage",
    fields: &[
        AT,
        FOR,
        MEAN_UP,
        MEAN_DOWN,
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

/// The provider's own side of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// `requests_per_minute`, `tokens_per_minute` and the like: token buckets.
    pub limits: Limits,
    /// `quota`: attempts, tokens or units in a window; all of a list hold at once, and more are refused.
    pub quotas: Vec<ProviderQuota>,
    /// `tokens`: how many an attempt reserves of `tokens_per_minute`, unless its step says otherwise; 0 by default.
    pub tokens: u64,
    /// `max_tokens`: how many it reserves of `output_tokens_per_minute`, unless its step says otherwise.
    pub max_tokens: Option<u64>,
    /// `unused_tokens`: whether they are given back; none: only those of `output_tokens_per_minute`.
    pub unused_given_back: Option<bool>,
    /// `limit_burst`: a full bucket of a minute's limit holds what flows in during this time; longer than 0, 1 minute by
    /// default.
    pub limit_burst: Span,
    /// `slope`: how fast attempts `[0]` and their tokens `[1]` may grow.
    pub slopes: [Option<Slope>; 2],
    /// `counts_refused`: whether attempts over a limit count against it too.
    pub counts_refused: bool,
    /// `refusal_latency`: how long the answer of a refusal takes.
    pub refusal_latency: Span,
    /// `max_concurrency`: its slots, 1 to 1,000,000; none: unlimited.
    pub max_concurrency: Option<u32>,
    /// `capacity`: how many attempts it works on at full speed; more share it evenly. None: any number.
    pub capacity: Option<u32>,
    /// `max_queue`: how many attempts may wait for a slot; none: any number.
    pub max_queue: Option<u32>,
    /// `when_full`: the fault of an attempt that finds no slot and no waiting place.
    pub when_full: Fault,
    /// `load.per_in_flight`: the share, at least 0, by which each attempt in flight beyond `load.from` lengthens the
    /// latency of a new one.
    pub load_per_in_flight: f64,
    /// `load.from`: how many attempts in flight do not slow it down.
    pub load_from: u32,
    /// `hang`: the probability that an attempt is never answered.
    pub hang: Probability,
    /// `outage`: when it is down.
    pub outages: Vec<Outage>,
    /// `outlives_client`: whether it works on an attempt that its client has given up.
    pub outlives_client: bool,
}

impl Server {
    /// What a full bucket of a limit holds; none: there is no such limit. Of a minute's, what flows in during
    /// `limit_burst`, and at least 1; of a day's, the day's.
    pub fn holds(&self, limit: Limit) -> Option<u64> {
        let rate = self.limits[limit as usize]?;
        if limit.window() != Span::MINUTE {
            return Some(rate);
        }
        let flows = u128::from(rate) * u128::from(self.limit_burst.nanos());
        Some(u64::try_from(flows.div_ceil(u128::from(Span::MINUTE.nanos()))).unwrap_or(u64::MAX).max(1))
    }

    /// Its limits that flow in, each with how much does.
    pub fn flows(&self) -> impl Iterator<Item = (Limit, u64)> {
        Limit::ALL.into_iter().filter_map(|limit| Some((limit, self.limits[limit as usize]?)))
    }

    /// Whether tokens that were reserved and not used are given back.
    pub(super) fn gives_back(&self, of: Counted) -> bool {
        self.unused_given_back.unwrap_or(of == Counted::Output)
    }
}

impl Default for Server {
    /// No limits, always up.
    fn default() -> Server {
        Server {
            limits: Limits::default(),
            quotas: Vec::new(),
            tokens: 0,
            max_tokens: None,
            unused_given_back: None,
            limit_burst: Span::MINUTE,
            slopes: [None; 2],
            counts_refused: false,
            refusal_latency: Span::ZERO,
            max_concurrency: None,
            capacity: None,
            max_queue: Some(0),
            when_full: Fault::RateLimited,
            load_per_in_flight: 0.0,
            load_from: 0,
            hang: Probability::ZERO,
            outages: Vec::new(),
            outlives_client: true,
        }
    }
}

/// One entry of `outage`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outage {
    /// When it is down.
    pub when: UpAndDown,
    /// `fault`: how attempts end during the outage; none (`timeout`): they are never answered.
    pub fault: Option<Fault>,
    /// `latency`: how long the answer takes during the outage.
    pub latency: Span,
}

/// When an outage is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpAndDown {
    /// `at` and `for`: once.
    Once {
        /// After the start of the run.
        at: Span,
        /// How long.
        lasts: Span,
    },
    /// `mean_up` and `mean_down`: again and again, up first, for exponential times.
    Random {
        /// The mean time up; longer than 0.
        mean_up: Span,
        /// The mean time down; longer than 0.
        mean_down: Span,
    },
}

/// The keys of a provider that say something of its own side.
const KEYS: [&str; 10] = [
    "quota",
    "slope",
    "max_concurrency",
    "capacity",
    "load",
    "hang",
    "outage",
    "outlives_client",
    "limit_burst",
    "refusal_latency",
];

/// Reads them; nothing where there are none.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Server> {
    let limits = Limit::ALL.map(|limit| cursor.whole(limit.name()));
    if limits == Limits::default() && !KEYS.iter().any(|key| cursor.get(key).is_some()) {
        return None;
    }
    let load = cursor.table("load");
    let hang = Probability::new(cursor.number("hang").unwrap_or_default()).unwrap_or_default();
    let outages: Vec<Outage> = cursor.one_or_more("outage").iter().filter_map(|table| outage(input, table)).collect();
    let silent = outages.iter().any(|outage| outage.fault.is_none());
    if (hang.value() > 0.0 || silent) && cursor.get("request_timeout").is_none() {
        let key = if silent { "outage" } else { "hang" };
        let complaint =
            Complaint::new("an attempt that hangs would never end").cure("set `request_timeout` of the provider");
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    }
    for key in ["load", "hang", "max_queue"].into_iter().filter(|key| cursor.get(key).is_some()) {
        if cursor.get("capacity").is_some() {
            let complaint = Complaint::new("cannot be combined with `capacity`").cure(
                "remove one of the two: a provider with `capacity` shares it evenly, so it slows down and has no queue",
            );
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
        }
    }
    Some(Server {
        limits,
        quotas: limits::quotas(input, cursor),
        tokens: cursor.whole("tokens").unwrap_or_default(),
        max_tokens: cursor.whole("max_tokens"),
        unused_given_back: unused_given_back(input, cursor),
        limit_burst: cursor.span("limit_burst").unwrap_or(Span::MINUTE),
        slopes: cursor.table("slope").map_or([None; 2], |table| slopes(input, &table)),
        counts_refused: cursor.flag("counts_refused"),
        refusal_latency: cursor.span("refusal_latency").unwrap_or_default(),
        max_concurrency: cursor.count("max_concurrency"),
        capacity: cursor.count("capacity"),
        max_queue: cursor.count("max_queue"),
        when_full: if cursor.is_second("when_full", ["rate_limited", "overloaded"]) {
            Fault::Overloaded
        } else {
            Fault::RateLimited
        },
        load_per_in_flight: load.as_ref().and_then(|table| table.number("per_in_flight")).unwrap_or_default(),
        load_from: load.as_ref().and_then(|table| table.count("from")).unwrap_or_default(),
        hang,
        outages,
        outlives_client: cursor.get("outlives_client").is_none() || cursor.flag("outlives_client"),
    })
}

/// What becomes of tokens that were reserved and not used, where the model says it: only `usage` tells how many those are.
fn unused_given_back(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<bool> {
    let node = cursor.get("unused_tokens")?;
    let gives_back = node.text() == Some("given_back");
    let mut refuse =
        |complaint: Complaint| input.problems.report_once(node.at, &cursor.key("unused_tokens"), complaint);
    if gives_back && cursor.get("usage").is_none() {
        refuse(Complaint::new("what an attempt uses is not known").cure("add `usage`"));
    }
    if gives_back && cursor.get("capacity").is_some() {
        refuse(Complaint::new("cannot be combined with `capacity`").cure("remove one of the two"));
    }
    Some(gives_back)
}

/// How fast attempts and tokens may become more.
fn slopes(input: &mut Input<'_>, cursor: &Cursor<'_>) -> [Option<Slope>; 2] {
    let above = ["requests_per_minute", "tokens_per_minute"].map(|key| cursor.whole(key));
    if above == [None; 2] {
        let complaint = Complaint::new("the traffic above which growth is limited is missing");
        let complaint = complaint.allowed("`requests_per_minute`, `tokens_per_minute` or both");
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    let (per, minute) = (cursor.span("per").unwrap_or(Span::MINUTE), Span::MINUTE.nanos());
    if per.nanos() % minute != 0 || per > Span::DAY {
        let complaint = Complaint::new("growth is measured over whole minutes").found(per.to_string());
        let complaint = complaint.allowed("whole minutes, at most a day");
        input.problems.report_once(cursor.at("per"), &cursor.key("per"), complaint);
    }
    let growth_millionths = math::round(cursor.number("growth").unwrap_or_default() * 1e6) as u64;
    let minutes = (per.nanos() / minute).clamp(1, Span::DAY.nanos() / minute);
    above.map(|above| Some(Slope { above: above?, growth_millionths, minutes }))
}

fn outage(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Outage> {
    let when = when(input, cursor)?;
    let fault = Some(cursor.word("fault")).filter(|word| *word != "timeout").and_then(Fault::parse);
    Some(Outage { when, fault, latency: cursor.span("latency").unwrap_or_default() })
}

/// When something is down: once, or again and again.
pub(in crate::model) fn when(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<UpAndDown> {
    let keys = ["at", "for", "mean_up", "mean_down"];
    let given = keys.map(|key| cursor.get(key).is_some());
    match given {
        [true, true, false, false] => Some(UpAndDown::Once { at: cursor.span("at")?, lasts: cursor.span("for")? }),
        [false, false, true, true] => {
            Some(UpAndDown::Random { mean_up: cursor.span("mean_up")?, mean_down: cursor.span("mean_down")? })
        }
        _ => {
            let found: Vec<&str> = keys.into_iter().zip(given).filter(|(_, is)| *is).map(|(key, _)| key).collect();
            let found = if found.is_empty() { "none of them".into() } else { found.join(", ") };
            let complaint = Complaint::new("an outage happens either once or repeatedly").found(found);
            let allowed = "`at` and `for` (once), or `mean_up` and `mean_down` (repeatedly)";
            input.problems.report_once(cursor.node.key, &cursor.path, complaint.allowed(allowed));
            None
        }
    }
}

/// What may change while a model runs.
pub(in crate::model) fn keep(server: &mut Server, of: &Server) {
    server.limits.iter_mut().zip(&of.limits).for_each(|(limit, of)| keep_some(limit, of));
    keep_all(&mut server.quotas, &of.quotas, limits::keep);
    (server.tokens, server.limit_burst) = (of.tokens, of.limit_burst);
    (server.max_tokens, server.unused_given_back) = (of.max_tokens, of.unused_given_back);
    for (slope, of) in server.slopes.iter_mut().zip(of.slopes) {
        if slope.map(|slope| slope.minutes) == of.map(|of| of.minutes) {
            *slope = of;
        }
    }
    (server.counts_refused, server.when_full) = (of.counts_refused, of.when_full);
    server.refusal_latency = of.refusal_latency;
    // When an attempt has its slot is settled as it comes: nobody who waits already could go ahead.
    if server.max_queue == Some(0) && of.max_queue == Some(0) {
        keep_some(&mut server.max_concurrency, &of.max_concurrency);
    }
    server.max_queue = of.max_queue;
    keep_some(&mut server.capacity, &of.capacity);
    (server.load_per_in_flight, server.load_from, server.hang) = (of.load_per_in_flight, of.load_from, of.hang);
    keep_all(&mut server.outages, &of.outages, keep_outage);
}

fn keep_outage(outage: &mut Outage, of: &Outage) {
    (outage.fault, outage.latency) = (of.fault, of.latency);
    keep_when(&mut outage.when, &of.when);
}

/// Other times of the same kind.
pub(in crate::model) fn keep_when(when: &mut UpAndDown, of: &UpAndDown) {
    if matches!(when, UpAndDown::Once { .. }) == matches!(of, UpAndDown::Once { .. }) {
        *when = *of;
    }
}
