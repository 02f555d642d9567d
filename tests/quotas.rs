//! Quotas: how often they run out against closed forms, resets to the nanosecond, and the requests of the account.
//!
//! Statistical bounds are 99 % intervals at a fixed seed (`holds`, or said beside the test).

use crate::common::{ONE_CALL, answer, holds, logged, mean, model};
use capsim::model::{Model, Source, load};
use capsim::theory::{cache, counting};
use capsim::world::{Blueprint, run};
use std::path::PathBuf;

/// Plans of this workflow. A plan writes what `rows` say to a store with the keys `store`.
fn text(arrivals: &str, run: &str, workflow: &str, store: &str, rows: &str) -> String {
    logged(run, workflow, arrivals, &format!("kind = \"kv\"\n{store}"), rows)
}

/// So many writes of keys of their own before each call, always or when its request is faulty.
fn writes(count: usize, when: &str) -> String {
    let row = |n: usize| {
        format!(r#"{{ on = "request", when = "{when}", store = "kv", op = "put", key = "{when}{n}:{{log}}" }}"#)
    };
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

/// One plan in five has a faulty request and writes three times; the fourth such plan of a day uses 12 writes up.
/// How many plans that takes is a negative binomial number.
#[test]
fn plans_until_a_quota_is_used_up_are_negative_binomial() {
    let (p, cost, quota) = (0.2, 3, 11);
    let faulty = |per_day: u64, days: u32| {
        let arrivals = format!("process = \"deterministic\", per_day = {per_day}");
        let run = format!("horizon = \"{days}d\"\nreplications = 30");
        let toml = text(&arrivals, &run, ONE_CALL, "quota.writes = { limit = 12 }", &writes(3, "error"));
        answer(&model(&toml.replace("latency = \"0s\"", "latency = \"0s\"\nerrors = { request_error = 0.2 }")))
    };
    // Among 240 plans a day there are 4 costly ones but for 1 day in 10^19, so the mean is that of the whole law. The
    // first plan of a day comes at midnight, and one each tenth of an hour.
    let plans = counting::plans_until_exceeded(p, cost, quota);
    holds("mean", &faulty(240, 30), "kv.quota.writes.exhausted_at_hour", (plans - 1.0) / 10.0, 0.0);
    for share in [0.25, 0.5, 0.9] {
        let plans = counting::plans_until_exceeded_quantile(p, cost, quota, share);
        let reached = counting::binomial_at_least(plans, p, counting::plans_over(quota, cost));
        assert!((reached - share).abs() < 0.07, "the quantile of a whole number of plans");
        holds("quantile", &faulty(plans, 60), "kv.quota.writes.exhausted_days_fraction", reached, 0.0);
    }
}

/// Plans of 3 writes, or of 7 where the request is faulty, come at random: a day's writes are compound Poisson.
fn compound(replications: u32) -> (String, f64) {
    let (plans, limit) = (20.0, 110);
    let rows = format!("{}, {}", writes(3, "always"), writes(4, "error"));
    let run = format!("horizon = \"30d\"\nreplications = {replications}");
    let arrivals = format!("process = \"poisson\", per_day = {plans}");
    let toml = text(&arrivals, &run, ONE_CALL, &format!("quota.writes = {{ limit = {limit} }}"), &rows);
    let toml = toml.replace("latency = \"0s\"", "latency = \"0s\"\nerrors = { request_error = 0.3 }");
    (toml, counting::compound_exceeds(plans, &[(3, 0.7), (7, 0.3)], limit - 1))
}

#[test]
fn days_that_use_a_quota_up_are_compound_poisson() {
    let (toml, reached) = compound(40);
    assert!((0.05..0.3).contains(&reached), "{reached}");
    holds("day", &answer(&model(&toml)), "kv.quota.writes.exhausted_days_fraction", reached, 0.0);
}

/// A month keeps within its daily quotas if each of its 30 days does. Of 600 months at a fixed seed the share that do
/// lies within 2.58 standard deviations of the theory, the 99 % interval of a binomial number.
#[test]
fn months_without_an_exhausted_day() {
    let (toml, _) = compound(1);
    let toml = toml.replace("per_day = 20", "per_day = 15");
    let day = counting::compound_exceeds(15.0, &[(3, 0.7), (7, 0.3)], 109);
    let theory = counting::none_exceeds(day, 30);
    assert!((0.2..0.98).contains(&theory), "{theory}");
    let blueprint = Blueprint::new(&model(&toml)).unwrap();
    let months = 600;
    let clean = |number: u64| {
        let outcome = run(&blueprint, number).unwrap();
        let days = outcome.measures.iter().find(|m| m.name == "kv.quota.writes.exhausted_days_fraction").unwrap();
        days.value == Some(0.0)
    };
    let found = (0..months).filter(|&number| clean(number)).count() as f64 / months as f64;
    let spread = (theory * (1.0 - theory) / months as f64).sqrt();
    assert!((found - theory).abs() < 2.58 * spread, "{found} of the months, the theory says {theory}");
}

/// A memory cache keeps what it fetched for a fixed time: one read in 1 + λT misses. (A life that each hit renews,
/// 1 − e^(−λT), is no behaviour of any part of the language.)
#[test]
fn a_memory_cache_hits_as_often_as_a_fixed_ttl_allows() {
    for per_hour in [6.0, 60.0] {
        let arrivals = format!("process = \"poisson\", per_hour = {per_hour}");
        let toml = text(&arrivals, "horizon = \"20d\"\nwarmup = \"1d\"", ONE_CALL, "", &writes(1, "error"));
        let toml = format!("{toml}[reads.list]\nstore = \"kv\"\nper_plan = 2\nmemory_ttl = \"5m\"\n");
        let misses = 2.0 * (1.0 - cache::ttl_hits(per_hour / 3600.0, 300.0));
        holds("memory", &answer(&model(&toml)), "kv.reads_per_plan", misses, 0.0);
    }
}

/// A model that replays plans at these instants, in seconds.
fn replayed(toml: &str, at: &[&str]) -> Model {
    let line = |at: &&str| {
        format!("{{\"at_s\": {at}, \"class\": \"user\", \"calls\": [[{{\"latency_s\": 0, \"outcome\": \"ok\"}}]]}}\n")
    };
    let trace: String = at.iter().map(line).collect();
    let source = Source { name: "test.toml".into(), bytes: toml.as_bytes().to_vec(), directory: PathBuf::from(".") };
    load(source, &[], &|_| Ok(trace.clone().into_bytes()))
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

#[test]
fn a_plan_at_midnight_belongs_to_the_new_day_also_when_a_day_has_23_or_25_hours() {
    for (start, zone, before, midnight) in [
        ("2026-03-28T22:00:00Z", "Europe/Sofia", "82799.999999999", "82800"),
        ("2026-10-24T21:00:00Z", "Europe/Sofia", "89999.999999999", "90000"),
        ("2026-03-28T22:00:00Z", "UTC", "7199.999999999", "7200"),
    ] {
        let run = format!("horizon = \"26h\"\nstart = \"{start}\"\nreplications = 1");
        let quota = format!("quota.writes = {{ limit = 1, zone = \"{zone}\" }}");
        let toml = text("process = \"trace\", file = \"t.jsonl\"", &run, ONE_CALL, &quota, &writes(1, "always"));
        let accepted = |at: &[&str]| mean(&answer(&replayed(&toml, at)), "kv.writes");
        assert_eq!(accepted(&["0", before]), 1.0, "{start} {zone}");
        assert_eq!(accepted(&["0", midnight]), 2.0, "{start} {zone}");
        assert_eq!(accepted(&["0", before, midnight]), 2.0, "{start} {zone}");
    }
}

/// Plans completed and overloaded, calls made, requests accepted and refused, in two days of ten plans.
fn requests(quota: &str, workflow: &str) -> [f64; 5] {
    let run = "horizon = \"2d\"\nreplications = 1";
    let toml = text("process = \"deterministic\", per_day = 10", run, workflow, "", &writes(1, "error"));
    let toml = format!("{toml}[platform]\nrequests = {{ {quota} }}\n");
    let answer = answer(&model(&toml));
    ["plans.completed", "plans.overloaded", "calls.made", "platform.requests", "platform.requests_rejected"]
        .map(|metric| mean(&answer, metric))
}

#[test]
fn a_plan_that_finds_no_request_left_is_overloaded() {
    const TWO_STEPS: &str = "steps = [{ name = \"a\", calls = 2 }, { name = \"b\", after = [\"a\"] }]\n";
    // Ten plans a day. An invocation a plan: six begin.
    assert_eq!(requests("limit = 6", TWO_STEPS), [12.0, 8.0, 36.0, 12.0, 8.0]);
    // One a step: of 7, three plans take two, and a fourth ends after the first step; the other six get none.
    let a_step = format!("{TWO_STEPS}invocation = \"step\"");
    assert_eq!(requests("limit = 7", &a_step), [6.0, 14.0, 22.0, 14.0, 14.0]);
    // One a call: of 7, two plans take three, and a third ends after its first call.
    let a_call = format!("{TWO_STEPS}invocation = \"call\"");
    assert_eq!(requests("limit = 7", &a_call), [4.0, 16.0, 14.0, 14.0, 16.0]);
    // More is billed, and refused to nobody.
    assert_eq!(requests("limit = 6, on_exceed = \"bill\"", TWO_STEPS), [20.0, 0.0, 60.0, 20.0, 0.0]);
}

#[test]
fn calls_beside_the_one_that_is_refused_come_to_their_end() {
    // One call a request, three at once: of 8, two plans take three each, and a third gets two of its first three.
    const PARALLEL: &str = "steps = [{ name = \"a\", calls = 3, parallel = 3 }]\ninvocation = \"call\"";
    assert_eq!(requests("limit = 8", PARALLEL), [4.0, 16.0, 16.0, 16.0, 16.0]);
    // Two steps that begin together: the second finds nothing left.
    const BESIDE: &str = "steps = [{ name = \"a\" }, { name = \"b\" }]\ninvocation = \"step\"";
    assert_eq!(requests("limit = 3", BESIDE), [2.0, 18.0, 6.0, 6.0, 18.0]);
}

#[test]
fn days_without_a_request_left_are_counted() {
    let toml = text("process = \"deterministic\", per_day = 10", "horizon = \"4d\"", ONE_CALL, "", &writes(1, "error"));
    let fraction = |limit: u32| {
        let toml = format!("{toml}[platform]\nrequests = {{ limit = {limit} }}\n");
        let answer = answer(&model(&toml));
        let metric = |what: &str| mean(&answer, &format!("platform.quota.requests.{what}"));
        (metric("exhausted_days_fraction"), metric("used_fraction"))
    };
    assert_eq!((fraction(10), fraction(20)), ((1.0, 1.0), (0.0, 0.5)));
}
