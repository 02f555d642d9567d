//! `[isolates]`: copies of the program's memory that come and go.

use crate::model::language::*;
use crate::model::section::law::{self, LAW};
use crate::model::tree::Node;
use crate::streams::LawSpec;
use crate::units::Span;

pub(in crate::model) static ISOLATES: Section = Section {
    title: "[isolates]",
    about: "`min` isolates are there at the start. A plan lands on one of those with fewer than `per_isolate` plans, \
        each equally likely; where there is none another one starts, at once; where `max` take plans, on any of \
        them. It stays there.\n\
        \n\
        An isolate goes when nothing has come to it for `idle` since its last plan (never one of the last `min`), \
        when its `lifetime` ends, and when a new version is deployed. From an eviction or a deploy on it takes no \
        more plans, and has `drain_timeout` to finish those it has; one that drains does not count for `min` and \
        `max`.\n\
        \n\
        With an isolate go its queues, their counters, and its memory caches. Plans that it has not finished end as \
        *crashed* (`plans.crashed`, among them `plans.lost`), their calls too, and their attempts as lost \
        (`attempts.lost`); they write no more logs. An answer, a timeout or the end of a patience at the very \
        instant at which an isolate goes still counts.\n\
        \n\
        Metrics: `isolates.alive.mean`, `.max`, `isolates.started`, `.ended_idle`, `.evicted`, `.deployed`.",
    changes: Some(Shared("a property of the platform")),
    fields: &[
        default("min", Whole(1, 10_000), "1", "How many there are at least that take plans.").decision(),
        default("max", Whole(1, 10_000), "100", "How many there are at most that take plans.").decision(),
        optional("per_isolate", Whole(1, U32), "never", "Plans at once in each of them at which another one starts.")
            .decision(),
        optional("idle", Length, "never", "How long after its last plan an isolate goes.").decision(),
        optional("lifetime", Law(&LAW), "for ever", "How long an isolate lives before it is evicted."),
        optional("deploys", Table(&DEPLOYS), "none", "When all isolates are replaced.").example(r#"{ every = "2d" }"#),
        default("drain_timeout", Duration, "0s", "How long an evicted or replaced isolate has to finish its plans.")
            .decision(),
        default(
            "on_loss",
            OneOf(OnLoss::WORDS),
            "lost",
            "What becomes of plans that it does not finish: they crash, and with `client_retries` their users try again at once.",
        ).note("With `client_retries` the users try again at that instant, as new plans (`plans.returned`).").changes(Fixed(KIND)),
    ],
};

static DEPLOYS: Section = Section {
    title: "deploys",
    fields: &[
        optional("every", Length, "`at` is given", "How often.").decision(),
        optional("at", List(&Duration, None), "`every` is given", "When, after the start of the run.")
            .example(r#"["1d", "3d 12h"]"#)
            .changes(Fixed(CALENDAR)),
    ],
    ..PLAIN
};

/// `[isolates]`: copies of the program's memory that come and go.
#[derive(Clone, Debug, PartialEq)]
pub struct Isolates {
    /// `min`: the least number of isolates that take plans, 1 to 10,000.
    pub min: u32,
    /// `max`: the largest number, from `min` to 10,000.
    pub max: u32,
    /// `per_isolate`: another isolate starts when each has so many plans in flight; at least 1.
    pub per_isolate: Option<u32>,
    /// `idle`: how long after its last plan an isolate ends; none: never for that.
    pub idle: Option<Span>,
    /// `lifetime`: how long an isolate lives before it is evicted; none: forever.
    pub lifetime: Option<LawSpec>,
    /// `deploys.every`: the time between deploys, each of which replaces all isolates.
    pub deploys_every: Option<Span>,
    /// `deploys.at`: the times of deploys after the start of the run, in order; only without `every`.
    pub deploys_at: Vec<Span>,
    /// `drain_timeout`: how long an evicted or replaced isolate has to finish its plans.
    pub drain_timeout: Span,
    /// `on_loss`: what happens to the plans that it does not finish.
    pub on_loss: OnLoss,
}

/// `on_loss`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    /// They crash.
    Lost,
    /// They crash, and their users try again at once.
    ClientRetries,
}

words!(OnLoss: "lost" => Lost, "client_retries" => ClientRetries);

/// Reads `[isolates]`.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>, root: &Node) -> Option<Isolates> {
    let mut refuse = |key: &str, complaint: Complaint| {
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    };
    let (min, max) = (cursor.count("min")?, cursor.count("max")?);
    if min > max {
        let found = format!("a min of {min} and a max of {max}");
        refuse("min", Complaint::new("`min` is larger than `max`").found(found));
    }
    if root.get("platform").is_some_and(|platform| platform.get("isolates").is_some()) {
        let complaint = Complaint::new("`platform.isolates` and [isolates] both give the number of isolates");
        refuse("min", complaint.cure("remove `platform.isolates`"));
    }
    let (mut deploys_every, mut deploys_at) = (None, Vec::new());
    if let Some(table) = cursor.table("deploys") {
        (deploys_every, deploys_at) = times(input, &table);
    }
    Some(Isolates {
        min,
        max,
        per_isolate: cursor.count("per_isolate"),
        idle: cursor.span("idle"),
        lifetime: cursor.get("lifetime").and_then(|_| law::read(input, cursor, "lifetime")),
        deploys_every,
        deploys_at,
        drain_timeout: cursor.span("drain_timeout")?,
        on_loss: cursor.one("on_loss"),
    })
}

/// `every` or `at`, exactly one of which is required.
pub(in crate::model) fn times(input: &mut Input<'_>, cursor: &Cursor<'_>) -> (Option<Span>, Vec<Span>) {
    let every = cursor.span("every");
    let mut at: Vec<Span> = cursor.items("at").iter().filter_map(|node| span(node).ok()).collect();
    at.sort_unstable();
    let is_given = cursor.get("every").is_some();
    if is_given == cursor.get("at").is_some() {
        let found = if is_given { "both" } else { "neither" };
        let complaint = Complaint::new("exactly one of `every` and `at` is required").found(found);
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    (every, at)
}

/// What may change while a model runs.
pub(in crate::model) fn keep(isolates: &mut Isolates, of: &Isolates) {
    (isolates.min, isolates.max, isolates.per_isolate, isolates.idle) = (of.min, of.max, of.per_isolate, of.idle);
    keep_some(&mut isolates.lifetime, &of.lifetime);
    keep_some(&mut isolates.deploys_every, &of.deploys_every);
    isolates.drain_timeout = of.drain_timeout;
}
