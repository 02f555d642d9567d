//! Recurring happenings: a model in which they would exceed the event limit of a replication is refused before it runs.
//! Many of them are drawn without an event, so the limit would not stop the run soon.

use super::cursor::Cursor;
use super::input::Input;
use super::problems::At;
use super::section::arrivals::Arrivals;
use super::section::d1::D1;
use super::section::provider::Provider;
use super::section::run::{Run, too_many};
use super::section::server::UpAndDown;
use super::section::traffic::Class;

/// Checks everything that recurs at a rate: changes of state, outages, restarts, deploys, visits.
pub(super) fn check(
    input: &mut Input<'_>,
    root: &Cursor<'_>,
    (run, isolates): (&Run, u32),
    classes: &[Class],
    (providers, d1): (&[Provider], &[D1]),
) {
    let mut refuse = |at: At, key: String, what: &str, rate: f64| too_many(input, (at, &key), what, rate, 0.0, run);
    for (name, cursor) in root.named("traffic") {
        let class = classes.iter().find(|class| class.name == name);
        let states = cursor.get("arrivals").and_then(|arrivals| arrivals.get("states"));
        if let (Some(Arrivals::Mmpp { states: all }), Some(node)) = (class.map(|class| &class.arrivals), states) {
            let cycle: f64 = all.iter().map(|(_, stay)| stay.secs()).sum();
            refuse(node.at, format!("{}.states", cursor.key("arrivals")), "changes of state", all.len() as f64 / cycle);
        }
    }
    for (name, cursor) in root.named("provider") {
        let server = providers.iter().find(|provider| provider.name == name).and_then(|p| p.server.as_ref());
        let per_second: f64 =
            server.iter().flat_map(|server| &server.outages).map(|outage| per_second(outage.when)).sum();
        refuse(cursor.at("outage"), cursor.key("outage"), "outages", per_second);
    }
    for (name, cursor) in root.named("d1") {
        let rate =
            d1.iter().filter(|db| db.name == name).flat_map(|db| &db.outages).map(|when| per_second(*when)).sum();
        refuse(cursor.at("outage"), cursor.key("outage"), "outages", rate);
    }
    for (section, each) in [("store", 1), ("tiers", 1 + isolates)] {
        for (_, cursor) in root.named(section) {
            let rate = cursor.number("restarts_per_day").unwrap_or_default() / 86_400.0 * f64::from(each);
            refuse(cursor.at("restarts_per_day"), cursor.key("restarts_per_day"), "restarts", rate);
        }
    }
    let every = |cursor: &Cursor<'_>, key: &'static str| cursor.span(key).map(|span| 1.0 / span.secs());
    let deploys = root.table("isolates").and_then(|isolates| isolates.table("deploys"));
    for (table, what) in [(deploys, "deploys"), (root.table("diagnostics"), "visits")] {
        if let Some((cursor, rate)) = table.and_then(|table| every(&table, "every").map(|rate| (table, rate))) {
            refuse(cursor.at("every"), cursor.key("every"), what, rate);
        }
    }
}

/// Outages per second.
fn per_second(when: UpAndDown) -> f64 {
    match when {
        UpAndDown::Once { .. } => 0.0,
        UpAndDown::Random { mean_up, mean_down } => 1.0 / (mean_up + mean_down).secs(),
    }
}
