//! A strategy that writes a superset of another never retains fewer records, where nothing refuses a write.

use crate::common::{answer, mean, model};
use proptest::prelude::*;

/// A row of a table: when, under which condition, where, and for how long. All take no time, so that the rows that
/// are added move nothing in time; what a row draws is its own, so that they move no draw either.
///
/// Records are written under `log`: who writes the same key twice on one event has two draws, in the order of the rows.
fn row(log: &'static str) -> impl Strategy<Value = String> {
    let on = prop::sample::select(vec!["request", "response"]);
    let when = prop::sample::select(vec!["always", "error", "normal", "critical", "error_or_critical"]);
    let store = prop::sample::select(vec!["kv", "cache", "leaky", "service"]);
    let role = prop::sample::select(vec!["record", "record", "index", "session", "other"]);
    (on, when, store, role, prop::option::of(1..400_u32)).prop_map(move |(on, when, store, role, ttl)| {
        let (key, op) = match role {
            "record" => (log, "put"),
            "session" => ("list:{session}", "put"),
            _ => ("shared", if on == "request" { "put" } else { "get" }),
        };
        let ttl = ttl.map_or(String::new(), |hours| format!(", ttl = \"{hours}h\""));
        format!(
            "  {{ on = \"{on}\", when = \"{when}\", store = \"{store}\", op = \"{op}\", key = \"{key}\", role = \"{role}\"{ttl} }},\n"
        )
    })
}

fn text(rows: &[String], seed: u64) -> String {
    format!(
        r#"
name = "superset"
[run]
horizon = "40d"
replications = 1
seed = {seed}
[traffic.user]
arrivals = {{ process = "poisson", per_day = 6 }}
[workflow.plan]
steps = [{{ name = "a", critical = true }}, {{ name = "b", after = ["a"] }}]
[provider.ai]
latency = {{ dist = "exponential", mean = "5s" }}
errors = {{ parse_failure = 0.2, request_error = 0.1 }}
[store.kv]
kind = "kv"
[store.cache]
kind = "cache"
ttl = "100h"
evictions_per_hour = 0.05
restarts_per_day = 0.2
[store.leaky]
kind = "cache"
put_stores_nothing = 0.5
[store.service]
kind = "log-service"
network_errors = 0.3
ttl = "200h"
[logging]
strategy = "custom"
ops = [
{}]
"#,
        rows.concat()
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn who_writes_more_retains_as_much(
        few in prop::collection::vec(row("log:{log}"), 1..5),
        more in prop::collection::vec((row("more:{log}"), 0..8_usize), 1..5),
        seed in 0..1000_u64,
    ) {
        let mut all = few.clone();
        for (row, at) in more {
            all.insert(at.min(all.len()), row);
        }
        let (few, all) = (answer(&model(&text(&few, seed))), answer(&model(&text(&all, seed))));
        for kind in ["normal", "error"] {
            let offered = format!("logs.{kind}.offered");
            prop_assert_eq!(mean(&few, &offered), mean(&all, &offered));
            for age in ["1h", "24h", "3d", "7d", "30d"] {
                let metric = format!("logs.{kind}.retrievable.{age}");
                let (fewer, more) = (few.mean(&metric), all.mean(&metric));
                prop_assert!(fewer <= more, "{} falls from {:?} to {:?}", metric, fewer, more);
            }
        }
    }
}
