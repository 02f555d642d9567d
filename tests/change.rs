//! Values that change in mid-run: nothing where nothing changes, and the theory of each stretch where something does.

use crate::common::{answer, answer_on, holds, mean, model, queued};
use capsim::theory::{erlang, queues};

/// One class, one queue, one provider, with errors, retries and a small queue, so that every draw is used.
fn busy(changes: &str) -> String {
    format!(
        r#"
name = "busy"
[run]
horizon = "2d"
replications = 3
seed = 7
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = {{ process = "poisson", per_minute = 20 }}
[traffic.admin]
arrivals = {{ process = "closed", users = 2, think = "40s" }}
[workflow.plan]
steps = [{{ name = "first", queue = "q" }}, {{ name = "rest", queue = "q", after = ["first"], calls = 3, parallel = 2 }}]
[provider.p]
latency = {{ dist = "lognormal", median = "4s", p95 = "11s" }}
request_timeout = "12s"
errors = {{ server_error = 0.05 }}
[retry.p]
max = 2
hold_slot = false
[queue.q]
max_concurrency = 6
max_queue = 20
patience = "30s"
[logging]
strategy = "hybrid"
{changes}
"#
    )
}

fn metrics(text: &str) -> Vec<(String, Option<f64>)> {
    let all = answer_on(&model(text), 1).metrics;
    // One event is the change itself.
    all.into_iter().filter(|m| m.name != "run.events").map(|metric| (metric.name, metric.mean)).collect()
}

#[test]
fn a_change_to_the_same_values_changes_nothing() {
    let same = r#"
[[change]]
at = "7h"
set = { "queue.q.max_concurrency" = 6, "queue.q.max_queue" = 20, "provider.p.errors.server_error" = 0.05, "traffic.user.arrivals.per_minute" = 20 }
[[change]]
at = "30h"
set = { "provider.p.latency" = { dist = "lognormal", median = "4s", p95 = "11s" }, "store.kv.quota.writes.limit" = 1000, "logging.level" = "all" }
"#;
    for ((name, before), (_, after)) in metrics(&busy("")).into_iter().zip(metrics(&busy(same))) {
        let (before, after) = (before.unwrap_or(-1.0), after.unwrap_or(-1.0));
        // With changes the utilisation is divided by the slots as they were over time: the last digit may differ.
        assert!((before - after).abs() <= before.abs() * 1e-12, "{name}: {before} and {after}");
    }
}

#[test]
fn a_change_at_the_start_is_the_other_configuration() {
    let changed = "[[change]]\nat = \"0s\"\nset = { \"queue.q.max_concurrency\" = 3 }";
    let other = busy("").replace("max_concurrency = 6", "max_concurrency = 3");
    assert_eq!(metrics(&busy(changed)), metrics(&other));
    let ineffective = "[[change]]\nat = \"0s\"\neffective = false\nset = { \"queue.q.max_concurrency\" = 3 }";
    assert_eq!(metrics(&busy(ineffective)), metrics(&busy("")));
}

/// M/M/c/K, recorded only after the change: a birth–death process forgets where it began.
fn queue(slots: u32, rate: f64, law: &str, change: &str) -> String {
    let text = queued([
        "horizon = \"10h\"\nwarmup = \"4h\"\nreplications = 20\nseed = 2",
        &format!("arrivals = {{ process = \"poisson\", per_second = {rate} }}"),
        &format!("latency = {law}"),
        &format!("max_concurrency = {slots}\nmax_queue = 16"),
    ]);
    text + change
}

const SECOND: &str = r#"{ dist = "exponential", mean = "1s" }"#;

#[test]
fn the_tail_is_that_of_the_new_values() {
    let exact = queues::mmck(4, 16, 3.8, 1.0);
    let fewer = "[[change]]\nat = \"1h\"\ntakes = \"1h\"\nset = { \"queue.q.max_concurrency\" = 4 }";
    let more = "[[change]]\nat = \"2h\"\nset = { queue.q.max_concurrency = 4 }";
    let rate = "[[change]]\nat = \"2h\"\nset = { \"traffic.user.arrivals.per_second\" = 3.8 }";
    let faster = r#"
[[change]]
at = "2h"
set = { "provider.p.latency" = { dist = "exponential", mean = "1s" } }"#;
    for (law, text) in [
        ("fewer slots", queue(8, 3.8, SECOND, fewer)),
        ("more slots", queue(2, 3.8, SECOND, more)),
        ("another rate", queue(4, 9.5, SECOND, rate)),
        ("another latency", queue(4, 3.8, &SECOND.replace("1s", "5s"), faster)),
    ] {
        let answer = answer(&model(&text));
        holds(law, &answer, "queue.q.drop_fraction", exact.loss, 1e-9);
        holds(law, &answer, "queue.q.wait.mean", exact.wait, 0.0);
        let carried = 3.8 * (1.0 - exact.loss) / 4.0;
        holds(law, &answer, "queue.q.utilisation", carried, 0.0);
    }
}

#[test]
fn errors_begin_at_the_instant_of_their_change() {
    let down = r#"
[[change]]
at = "450m"
set = { "provider.p.errors.server_error" = 1.0 }"#;
    let answer = answer(&model(&queue(8, 3.8, "\"1s\"", down).replace("warmup = \"4h\"", "")));
    // Every attempt that ends by the last quarter succeeds, and every one that starts in it fails: of the calls of
    // ten hours a quarter, but for the one second of work in flight (Erlang B has no say: 8 slots hardly fill).
    assert!(erlang::erlang_b(24, 3.8) < 1e-9);
    let failed = mean(&answer, "attempts.errored") / mean(&answer, "attempts.made");
    assert!((failed - 0.25).abs() < 0.002, "{failed}");
}

/// Evenly spaced plans of one call of exactly a second in two slots: everything happens on whole seconds.
#[test]
fn a_change_holds_for_everything_at_its_instant() {
    let text = |at: &str| {
        format!(
            r#"
[run]
horizon = "10s"
replications = 2
[traffic.user]
arrivals = {{ process = "batch", per_second = 3, size = 3 }}
[traffic.clock]
arrivals = {{ process = "deterministic", per_second = 1 }}
[workflow.plan]
steps = [{{ name = "call", queue = "q" }}]
[provider.p]
latency = "1s"
[queue.q]
max_concurrency = 1
max_queue = 0
[[change]]
at = "{at}"
set = {{ "queue.q.max_concurrency" = 2, "traffic.user.arrivals.per_second" = 0.000001 }}
"#
        )
        .replace("per_second = 3", "per_second = 0.000001")
    };
    // One arrival a second and one slot that is given back at that very instant: all are served. From the change on a
    // second slot is there, which nothing needs.
    for at in ["5s", "4999999999ns", "5000000001ns"] {
        let answer = answer(&model(&text(at)));
        assert_eq!(mean(&answer, "queue.q.dropped"), 0.0, "at {at}");
        // Slots over time: 5 s of one and 5 s of two; the one call at a time fills 10 of those 15.
        assert!((mean(&answer, "queue.q.utilisation") - 10.0 / 15.0).abs() < 1e-6, "at {at}");
    }
    // Shut at the instant of an arrival: the change comes first, and that arrival is refused.
    let shut = text("5s")
        .replace("max_concurrency = 1\n", "max_concurrency = 2\n")
        .replace("\"queue.q.max_concurrency\" = 2", "\"provider.p.latency\" = \"3s\", \"queue.q.max_concurrency\" = 1");
    let answer = answer(&model(&shut));
    // At 5 s the call of 4 s ends and the arrival of 5 s takes the one slot for 3 s: 6 and 7 are refused, 8 is served.
    assert_eq!(mean(&answer, "queue.q.dropped"), 3.0);
}

/// Four isolates go from 4 slots to 2, each when it sees the new value (uniform in a minute) and looks (uniform in two).
#[test]
fn an_override_reaches_each_isolate_by_itself() {
    let slots = |horizon: &str, warmup: &str, rest: &str| {
        let text = queue(4, 8.0, SECOND, rest).replace("10h", horizon).replace("warmup = \"4h\"", warmup);
        let answer = answer(&model(&format!("{text}\n[platform]\nisolates = 4\n")));
        mean(&answer, "queue.q.active.mean") / mean(&answer, "queue.q.utilisation")
    };
    let change = |at: &str, slots: u32, reach: &str| {
        format!("[[change]]\nat = \"{at}\"\n{reach}\nset = {{ \"queue.q.max_concurrency\" = {slots} }}\n")
    };
    let reach = "staleness = \"1m\"\nevery = \"2m\"";
    let late = change("1h", 2, reach);
    assert!((slots("3600.000000001s", "", &late) - 16.0).abs() < 1e-9, "none has it before");
    assert!((slots("2h", "warmup = \"63m\"", &late) - 8.0).abs() < 1e-9, "all have it after three minutes");
    // A mean of 90 s with a variance of (60² + 120²)/12: of 80 isolates the mean is within 4 s · 2.58 with 99 %.
    let exact = (16.0 * 3690.0 + 8.0 * 3510.0) / 7200.0;
    let found = slots("2h", "", &late);
    assert!((found - exact).abs() < 2.58 * (1500.0_f64 / 80.0).sqrt() * 8.0 / 7200.0, "{found}, {exact}");
    // What is declared later, and there at once, is not undone by what is still on its way.
    let newer = late.clone() + &change("3601s", 3, "");
    assert!((slots("2h", "warmup = \"61m\"", &newer) - 12.0).abs() < 1e-9);
    // Who starts reads what holds: isolates of a deploy at that instant have it, and no other is left.
    let deploy = "[isolates]\nmin = 4\nmax = 4\ndeploys = { at = [\"3601s\"] }\n";
    let text = queue(4, 8.0, SECOND, &(late + deploy)).replace("10h", "2h").replace("4h", "61m");
    let answer = answer(&model(&text));
    let found = mean(&answer, "queue.q.active.mean") / mean(&answer, "queue.q.utilisation");
    assert!((found - 8.0).abs() < 1e-9, "{found}");
}

#[test]
fn the_report_says_which_value_was_in_force_when() {
    let changes = r#"
[[change]]
at = "1h"
set = { "queue.q.max_concurrency" = 3, "queue.q.max_queue" = 25 }
effective = false
[[change]]
at = "6h"
takes = "90s"
source = "environment"
set = { "queue.q.max_concurrency" = 8 }
[[change]]
at = "12h"
set = { "logging.level" = "errors_only" }
[[change]]
at = "13h"
staleness = "60s"
every = "30s"
set = { "queue.q.max_queue" = 30 }
"#;
    let answer = answer_on(&model(&busy(changes)), 1);
    let text = capsim::report::Report::of(&answer).text(capsim::report::Screen::PLAIN);
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    for line in [
        "logging.level all; errors_only with `conditional` default 0s to 12h",
        "logging.level errors_only kv from 12h",
        "queue.q.max_concurrency 6 model 0s to 6h 1m 30s",
        "queue.q.max_concurrency 3 kv never: not read (declared at 1h)",
        "queue.q.max_concurrency 8 environment from 6h 1m 30s",
        "queue.q.max_queue 20 model 0s to 13h",
        "queue.q.max_queue 30 kv from 13h, isolate by isolate until 13h 1m 30s",
        "queue.q.max_queue 25 kv never: not read (declared at 1h)",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let json: serde_json::Value = serde_json::from_str(&capsim::report::Report::of(&answer).json()).unwrap();
    let third = &json["settings"][4];
    assert_eq!((&third["path"], &third["from_s"]), (&"queue.q.max_concurrency".into(), &21_690.into()));
}
