//! The provider's own side: rate limits, slots, load, hangs, outages.

use super::cursor::Cursor;
use super::input::Input;
use super::problems::Complaint;
use super::run;
use super::spec::{Outage, Provider, Server, UpAndDown, Workflow};
use crate::math;
use crate::policy::{Fault, Slope};
use crate::units::{Probability, Span};

/// The keys of a provider that say something of its own side.
const KEYS: [&str; 12] = [
    "requests_per_minute",
    "quota",
    "tokens_per_minute",
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
pub(super) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Server> {
    if !KEYS.iter().any(|key| cursor.get(key).is_some()) {
        return None;
    }
    let load = cursor.table("load");
    let hang = Probability::new(cursor.number("hang").unwrap_or_default()).unwrap_or_default();
    let outages: Vec<Outage> = cursor.one_or_more("outage").iter().filter_map(|table| outage(input, table)).collect();
    let silent = outages.iter().any(|outage| outage.fault.is_none());
    if (hang.value() > 0.0 || silent) && cursor.get("request_timeout").is_none() {
        let key = if silent { "outage" } else { "hang" };
        let complaint = Complaint::new("an attempt that is never answered would never end")
            .cure("give the provider a `request_timeout`");
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    }
    for key in ["load", "hang", "max_queue"].into_iter().filter(|key| cursor.get(key).is_some()) {
        if cursor.get("capacity").is_some() {
            let complaint = Complaint::new("not supported together with `capacity`")
                .cure("take one of the two out: who shares evenly slows down by itself, and lets nobody wait");
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
        }
    }
    Some(Server {
        requests_per_minute: cursor.whole("requests_per_minute"),
        quotas: cursor.one_or_more("quota").iter().filter_map(|table| run::refusing_quota(input, table)).collect(),
        tokens_per_minute: cursor.whole("tokens_per_minute"),
        tokens: cursor.whole("tokens").unwrap_or_default(),
        limit_burst: cursor.span("limit_burst").unwrap_or(Span::MINUTE),
        slopes: cursor.table("slope").map_or([None; 2], |table| slopes(input, &table)),
        counts_refused: cursor.flag("counts_refused"),
        refusal_latency: cursor.span("refusal_latency").unwrap_or_default(),
        max_concurrency: cursor.count("max_concurrency"),
        capacity: cursor.count("capacity"),
        max_queue: cursor.count("max_queue"),
        when_full: if cursor.word("when_full") == "overloaded" { Fault::Overloaded } else { Fault::RateLimited },
        load_per_in_flight: load.as_ref().and_then(|table| table.number("per_in_flight")).unwrap_or_default(),
        load_from: load.as_ref().and_then(|table| table.count("from")).unwrap_or_default(),
        hang,
        outages,
        outlives_client: cursor.get("outlives_client").is_none() || cursor.flag("outlives_client"),
    })
}

/// How fast attempts and tokens may become more.
fn slopes(input: &mut Input<'_>, cursor: &Cursor<'_>) -> [Option<Slope>; 2] {
    let above = ["requests_per_minute", "tokens_per_minute"].map(|key| cursor.whole(key));
    if above == [None; 2] {
        let complaint = Complaint::new("it does not say above which traffic growth is limited");
        let complaint = complaint.allowed("`requests_per_minute`, `tokens_per_minute` or both");
        input.problems.report_once(cursor.node.key, &cursor.path, complaint);
    }
    let (per, minute) = (cursor.span("per").unwrap_or(Span::MINUTE), Span::MINUTE.nanos());
    if per.nanos() % minute != 0 || per > Span::DAY {
        let complaint = Complaint::new("growth is measured from minute to minute").found(per.to_string());
        let complaint = complaint.allowed("whole minutes, up to a day");
        input.problems.report_once(cursor.at("per"), &cursor.key("per"), complaint);
    }
    let growth_millionths = math::round(cursor.number("growth").unwrap_or_default() * 1e6) as u64;
    let minutes = (per.nanos() / minute).clamp(1, Span::DAY.nanos() / minute);
    above.map(|above| Some(Slope { above: above?, growth_millionths, minutes }))
}

fn outage(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Outage> {
    let keys = ["at", "for", "mean_up", "mean_down"];
    let given = keys.map(|key| cursor.get(key).is_some());
    let when = match given {
        [true, true, false, false] => UpAndDown::Once { at: cursor.span("at")?, lasts: cursor.span("for")? },
        [false, false, true, true] => {
            UpAndDown::Random { mean_up: cursor.span("mean_up")?, mean_down: cursor.span("mean_down")? }
        }
        _ => {
            let found: Vec<&str> = keys.into_iter().zip(given).filter(|(_, is)| *is).map(|(key, _)| key).collect();
            let found = if found.is_empty() { "none of them".into() } else { found.join(", ") };
            let complaint = Complaint::new("an outage is once, or comes and goes").found(found);
            let allowed = "`at` and `for`, or `mean_up` and `mean_down`";
            input.problems.report_once(cursor.node.key, &cursor.path, complaint.allowed(allowed));
            return None;
        }
    };
    let fault = Some(cursor.word("fault")).filter(|word| *word != "timeout").and_then(Fault::parse);
    Some(Outage { when, fault, latency: cursor.span("latency").unwrap_or_default() })
}

/// What can only be said once steps and providers are known: whether the tokens of a step fit into the limits.
pub(super) fn check(input: &mut Input<'_>, root: &Cursor<'_>, workflows: &[Workflow], providers: &[Provider]) {
    for step in workflows.iter().flat_map(|workflow| &workflow.steps) {
        let Some(provider) = step.provider().and_then(|id| providers.get(id.index())) else { continue };
        let Some(server) = &provider.server else { continue };
        let tables = root.named("provider");
        let Some((_, cursor)) = tables.iter().find(|(name, _)| *name == provider.name) else { continue };
        let tokens = step.tokens.unwrap_or(server.tokens);
        let mut refuse = |cursor: &Cursor<'_>, has: (&str, u64), cure: &str| {
            let complaint =
                Complaint::new(format!("an attempt reserves more tokens than {} holds, so none is ever made", has.0))
                    .found(format!("{tokens} tokens of step {:?}, {} in {}", step.name, has.1, has.0));
            let key = "tokens_per_minute";
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint.cure(cure));
        };
        if let Some(holds) = server.tokens_per_minute.map(|limit| server.holds(limit)).filter(|holds| tokens > *holds) {
            refuse(cursor, ("a full bucket", holds), "raise `tokens_per_minute` or `limit_burst`, or lower `tokens`");
        }
        if let (Some(slope), Some(cursor)) = (server.slopes[1], cursor.table("slope"))
            && tokens > slope.above
        {
            refuse(&cursor, ("a first minute", slope.above), "raise `tokens_per_minute`, or lower `tokens`");
        }
    }
}
