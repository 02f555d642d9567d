//! Isolates that come and go: how many there are, what goes with them, and what becomes of work in flight.

use crate::common::{answer, answer_on, holds, mean, model};
use proptest::prelude::*;

fn text(isolates: &str, extra: &str) -> String {
    format!(
        r#"
[run]
horizon = "10d"
warmup = "1d"
replications = 20
seed = 4
[isolates]
{isolates}
[traffic.user]
arrivals = {{ process = "poisson", per_minute = 6 }}
[workflow.plan]
steps = [{{ name = "call", queue = "q" }}]
[provider.p]
latency = {{ dist = "exponential", mean = "20s" }}
[queue.q]
max_concurrency = 2
max_queue = 4
{extra}
"#
    )
}

/// One plan for each isolate, each of which goes the moment it has nothing to do: as many are alive as plans, M/G/∞,
/// with 6 a minute of 20 s: 2 on average. Nothing waits, and one is started for each that finds none (min = 1 keeps
/// one more alive in the share e⁻² of the time in which there is no plan).
#[test]
fn with_one_plan_each_there_are_as_many_isolates_as_plans() {
    let answer = answer(&model(&text("per_isolate = 1\nidle = \"1ns\"\nmax = 1000", "")));
    // An idle one that is not the last goes after a nanosecond, so the one that stays is not always used first: it is
    // when it is the only one that has room.
    let empty = (-2.0_f64).exp();
    holds("M/G/∞", &answer, "queue.q.active.mean", 2.0, 0.0);
    holds("isolates", &answer, "isolates.alive.mean", 2.0 + empty, 0.0);
    assert_eq!(mean(&answer, "queue.q.dropped") + mean(&answer, "plans.crashed"), 0.0);
}

/// A fixed number that never goes is what `platform.isolates` is, but for the draws of where a plan lands.
#[test]
fn isolates_that_stay_are_those_of_the_platform() {
    let coming = answer(&model(&text("min = 3\nmax = 3", "")));
    let fixed = text("", "[platform]\nisolates = 3").replace("[isolates]\n", "");
    let fixed = answer(&model(&fixed));
    for metric in ["plans.completed", "queue.q.dropped", "queue.q.utilisation", "queue.q.queued.mean"] {
        let (one, other) = (mean(&coming, metric), mean(&fixed, metric));
        assert!((one - other).abs() <= 1e-9 * other.abs(), "{metric}: {one} and {other}");
    }
    assert_eq!(mean(&coming, "isolates.alive.mean"), 3.0);
}

/// Exponential lifetimes of mean L take a plan of exponential length S with them with probability S / (S + L), since
/// whichever of the two memoryless clocks rings first decides; with time enough to drain, none is lost.
#[test]
fn an_eviction_takes_what_is_in_flight() {
    let evicted = "per_isolate = 1\nmax = 1000\nlifetime = { dist = \"exponential\", mean = \"60s\" }\nidle = \"1ns\"";
    let answer = answer(&model(&text(evicted, "")));
    let lost = mean(&answer, "plans.lost") / mean(&answer, "plans.offered");
    // 80,000 plans a replication, 20 of them: a standard error of 0.0004.
    assert!((lost - 20.0 / 80.0).abs() < 0.002, "{lost}");
    assert_eq!(mean(&answer, "plans.lost"), mean(&answer, "plans.crashed"));
    assert_eq!(mean(&answer, "attempts.lost"), mean(&answer, "plans.crashed"));
    let drained = answer_on(&model(&text(&format!("{evicted}\ndrain_timeout = \"1h\""), "")), 2);
    assert_eq!(mean(&drained, "plans.crashed"), 0.0);
    assert!(mean(&drained, "isolates.evicted") > 1000.0);
}

/// A deploy every ten minutes without time to drain: whoever is lost tries again at once, so all of them complete.
#[test]
fn clients_that_try_again_complete_in_the_end() {
    let deploys = "min = 2\nmax = 2\ndeploys = { every = \"10m\" }\non_loss = \"client_retries\"";
    let queue = "[provider.other]\nlatency = \"1s\"";
    let toml = text(deploys, "").replace("max_queue = 4", "max_queue = 4000").replace(queue, "");
    let answer = answer_on(&model(&toml), 2);
    let (lost, returned) = (mean(&answer, "plans.lost"), mean(&answer, "plans.returned"));
    assert!(lost > 1000.0 && (lost - returned).abs() < 20.0, "{lost} lost, {returned} returned");
    let users = mean(&answer, "plans.offered") - returned;
    assert!((mean(&answer, "plans.completed") / users - 1.0).abs() < 0.001);
    assert_eq!(mean(&answer, "isolates.deployed"), 2.0 * 9.0 * 144.0);
}

/// What an isolate's memory keeps goes with it: with one read of one key a plan and an endless memory, the store is
/// read once for each isolate that lives to see a plan.
#[test]
fn memory_goes_with_its_isolate() {
    let reads = r#"
[reads.prompt]
per_plan = 1
memory_ttl = "100d"
[store.kv]
kind = "kv"
"#;
    let deploys = "min = 1\nmax = 1\ndrain_timeout = \"1h\"\ndeploys = { every = \"6h\" }";
    let answer = answer_on(&model(&text(deploys, reads).replace("replications = 20", "replications = 2")), 2);
    // From day 1 to day 10, every 6 h: the isolate of each deploy reads once; the deploy at the horizon does not come.
    assert_eq!(mean(&answer, "isolates.deployed"), 36.0);
    assert_eq!(mean(&answer, "kv.reads"), 36.0);
}

/// One replication of evenly spaced plans of one step, in one isolate that a deploy replaces without time to drain.
fn replaced(horizon: &str, deploy: &str, arrivals: &str, step: &str, parts: &str) -> String {
    format!(
        r#"
[run]
horizon = "{horizon}"
replications = 1
[isolates]
min = 1
max = 1
deploys = {{ at = ["{deploy}"] }}
[traffic.user]
arrivals = {{ process = "deterministic", {arrivals} }}
[workflow.plan]
steps = [{{ name = "step", {step} }}]
{parts}
"#
    )
}

/// One key, asked for every second. At 0 s nobody has it; the deploy at 50.5 s empties the memory, so that the lookup at
/// 51 s goes to Redis, which stays, and takes a copy.
#[test]
fn a_deploy_empties_the_memory_and_not_redis() {
    let tiers = r#"
[tiers.speech]
keys = { law = "same" }
compute = "0s"
tier = [{ name = "memory", per = "isolate" }, { name = "redis" }]
"#;
    let text = replaced("100s", "50500ms", "per_second = 1", "lookup = \"speech\"", tiers);
    let story = answer(&model(&text));
    for (metric, count) in [
        ("memory.hits", 98.0),
        ("memory.misses", 2.0),
        ("memory.lost_at_restart", 1.0),
        ("redis.hits", 1.0),
        ("redis.misses", 1.0),
        ("redis.lost_at_restart", 0.0),
        ("computed", 1.0),
    ] {
        assert_eq!(mean(&story, &format!("tiers.speech.{metric}")), count, "{metric}");
    }
    // A disk that belongs to the place is there for the next isolate.
    let disk = text.replace("\"isolate\" }", "\"isolate\", survives_restart = true }");
    assert_eq!(mean(&answer(&model(&disk)), "tiers.speech.memory.hits"), 99.0);
}

/// Computing takes 10 s and is shared. The deploy at 5.5 s takes the computation and the five who wait for it; the plan at
/// 6 s computes again for the nine after it, and from 16 s on the memory answers.
#[test]
fn who_waits_for_a_computation_goes_with_it() {
    let tiers = r#"
[tiers.speech]
keys = { law = "same" }
compute = "10s"
single_flight = true
tier = [{ name = "memory", per = "isolate" }]
"#;
    let story = answer(&model(&replaced("20s", "5500ms", "per_second = 1", "lookup = \"speech\"", tiers)));
    assert_eq!([mean(&story, "plans.lost"), mean(&story, "plans.completed")], [6.0, 14.0]);
    let tiers = ["computed", "joined", "memory.hits"].map(|metric| mean(&story, &format!("tiers.speech.{metric}")));
    assert_eq!(tiers, [2.0, 5.0 + 9.0, 4.0]);
}

/// Plans at 0, 6 and 12 s, each with an operation of 10 s on one database. The deploy at 8 s takes the first two plans, not
/// their operations: the third waits until 20 s and is done at 30 s.
#[test]
fn a_database_finishes_for_nobody() {
    let database = "[d1.db]\nlatency = \"10s\"\n[[traffic.user.spike]]\nat = \"13s\"\nfor = \"1h\"\nfactor = 0";
    let story = answer(&model(&replaced("40s", "8s", "per_minute = 10", "d1 = \"db\"", database)));
    assert_eq!([mean(&story, "plans.lost"), mean(&story, "plans.completed")], [2.0, 1.0]);
    assert_eq!([mean(&story, "plan.latency.max"), mean(&story, "d1.db.utilisation")], [18.0, 0.75]);
}

/// Three a day, one a second: the deploy at 1.5 s changes nothing about what the store has counted. Where writing takes
/// 1 s, the one of the plan at 1 s was accepted, and is counted although nobody is told: one less is admitted after it.
#[test]
fn a_count_in_a_store_outlives_the_isolate() {
    let parts = "[store.kv]\nkind = \"kv\"\n[limiter.daily]\npeople = { law = \"same\" }\nper_day = 3";
    let text = replaced("20s", "1500ms", "per_second = 1", "limiter = \"daily\"", parts);
    let story = answer(&model(&text));
    assert_eq!([mean(&story, "limiter.daily.admitted"), mean(&story, "limiter.daily.refused")], [3.0, 17.0]);
    let slow = text.replace("kind = \"kv\"", "kind = \"kv\"\nlatency = { put = \"1s\" }");
    let story = answer(&model(&slow));
    assert_eq!([mean(&story, "limiter.daily.admitted"), mean(&story, "limiter.daily.refused")], [2.0, 17.0]);
}

/// A model in which isolates go, by a deploy, their age or for want of work, while everything that a call may meet is
/// under way. Each run balances its own ledgers.
fn any_going() -> impl Strategy<Value = String> {
    let isolates = (1_u32..4, 0_u32..5, 1_u32..5, 1_u32..300, 0_u32..20, any::<bool>());
    let parts = (any::<bool>(), any::<bool>(), 0_u32..3, 1_u32..30, prop::option::of(1_u32..6), any::<bool>());
    (isolates, parts, 1_u32..40, prop::option::of(1_u32..20), any::<u32>()).prop_map(
        |((min, more, per, deploys, drain, retries), (flight, hold, permits, life, queue, log), rate, timeout, seed)| {
            let loss = if retries { "client_retries" } else { "lost" };
            let timeout = timeout.map(|t| format!("request_timeout = \"{t}s\"")).unwrap_or_default();
            let queue = queue.map(|n| format!("max_queue = {n}")).unwrap_or_default();
            let semaphore = if permits > 0 { ", semaphore = \"three\"" } else { "" };
            let strategy = if log { "kv-only" } else { "none" };
            format!(
                r#"
[run]
horizon = "6m"
warmup = "1m"
replications = 1
seed = {seed}
[isolates]
min = {min}
max = {}
per_isolate = {per}
idle = "3s"
lifetime = {{ dist = "exponential", mean = "{life}s" }}
deploys = {{ every = "{deploys}s" }}
drain_timeout = "{drain}s"
on_loss = "{loss}"
[traffic.user]
arrivals = {{ process = "poisson", per_minute = {rate} }}
[workflow.plan]
on_call_error = "continue"
steps = [
  {{ name = "limit", limiter = "daily" }},
  {{ name = "speech", lookup = "speech", calls = 3, parallel = 2{semaphore} }},
  {{ name = "ask", provider = "p", queue = "q", lookup = "answers", calls = 2, parallel = 2{semaphore} }},
  {{ name = "save", d1 = "db", calls = 3, parallel = 3, after = ["limit"]{semaphore} }},
]
[queue.q]
max_concurrency = 2
max_queue = 4
adaptive = {{ min = 1 }}
[queue.three]
max_concurrency = {}
[tiers.speech]
keys = {{ law = "zipf", count = 20, s = 1.0 }}
compute = {{ dist = "exponential", mean = "4s" }}
single_flight = {flight}
restarts_per_day = 100
tier = [{{ name = "memory", per = "isolate", entries = 5, ttl = "1m", latency = "10ms", miss_latency = "1s" }},
        {{ name = "disk", per = "isolate", survives_restart = true, entries = 8 }}, {{ name = "redis", ttl = "2m", latency = "100ms" }}]
[tiers.answers]
keys = {{ law = "uniform", count = 9 }}
single_flight = {flight}
tier = [{{ name = "memory", per = "isolate", ttl = "30s" }}]
[provider.p]
latency = {{ dist = "exponential", mean = "5s" }}
errors = {{ server_error = 0.2, request_error = 0.1 }}
{timeout}
max_concurrency = 3
max_queue = 2
[retry.p]
hold_slot = {hold}
[breaker.p]
reset_timeout = "10s"
[d1.db]
latency = {{ dist = "exponential", mean = "2s" }}
max_wait = "15s"
{queue}
[retry.db]
max = 3
[store.kv]
kind = "kv"
latency = {{ get = "300ms", put = "1s" }}
key_spacing = "1s"
[limiter.daily]
people = {{ law = "uniform", count = 5 }}
per_day = 20
[logging]
strategy = "{strategy}"
"#,
                (min + more),
                permits.max(1),
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_under_way_when_an_isolate_goes_ends_in_one_bucket(text in any_going()) {
        let answer = answer_on(&model(&text), 1);
        let sum = |names: &str| names.split_whitespace().map(|name| mean(&answer, name)).sum::<f64>();
        let plans = "plans.completed plans.call_failed plans.overloaded plans.abandoned plans.crashed plans.in_flight";
        prop_assert_eq!(mean(&answer, "plans.offered"), sum(plans));
        let calls = "calls.succeeded calls.failed calls.refused calls.abandoned calls.crashed calls.in_flight";
        prop_assert_eq!(mean(&answer, "calls.made"), sum(calls));
        let attempts = "attempts.succeeded attempts.timed_out attempts.errored attempts.rate_limited attempts.in_flight";
        prop_assert_eq!(mean(&answer, "attempts.made"), sum(attempts) + mean(&answer, "attempts.lost"));
    }
}
