//! The published figures, reproduced or corrected; `docs/published-figures.md` is the table for people.

use crate::common::{answer, mean, model, model_with};
use capsim::experiment::{Answer, explain};

/// Plans that do not overlap, evenly spaced through one day of the free plan; the AI always answers in 4 s.
fn day(plans: u32, strategy: &str) -> String {
    format!(
        r#"
name = "published"
[run]
horizon = "1d"
replications = 1
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = {{ process = "deterministic", per_day = {plans} }}
[workflow.plan]
steps = [
  {{ name = "analysis", provider = "openai", queue = "ai" }},
  {{ name = "strategy", provider = "openai", queue = "ai", after = ["analysis"] }},
  {{ name = "meal_day", provider = "openai", queue = "ai", after = ["strategy"], calls = 7 }},
]
[provider.openai]
latency = "4s"
[queue.ai]
max_concurrency = 4
max_queue = 64
[logging]
strategy = "{strategy}"
"#
    )
}

fn run(toml: &str) -> Answer {
    answer(&model(toml))
}

#[test]
fn a_plan_costs_36_writes_and_9_reads() {
    let answer = run(&day(1, "kv-only"));
    assert_eq!(mean(&answer, "kv.writes"), 36.0);
    assert_eq!(mean(&answer, "kv.reads"), 9.0);
    assert_eq!(mean(&answer, "kv.writes_rejected"), 0.0);
}

#[test]
fn twenty_seven_whole_plans_a_day() {
    let answer = run(&day(27, "kv-only"));
    assert_eq!(mean(&answer, "kv.writes"), 972.0);
    assert_eq!(mean(&answer, "kv.writes_rejected"), 0.0);
    assert_eq!(mean(&answer, "logs.normal.written"), 27.0 * 18.0);
    assert_eq!(mean(&answer, "kv.quota.writes.exhausted_days_fraction"), 0.0);
}

#[test]
fn the_28th_plan_when_refusals_are_swallowed() {
    // 28 writes are left: seven calls. Of the 8th and 9th call nothing is stored: the first op of each of their four
    // log events is refused, the rest skipped; the index is not even read.
    let answer = run(&day(28, "kv-only"));
    assert_eq!(mean(&answer, "plans.completed"), 28.0);
    assert_eq!(mean(&answer, "kv.writes"), 1000.0);
    assert_eq!(mean(&answer, "kv.reads"), 27.0 * 9.0 + 7.0);
    assert_eq!(mean(&answer, "kv.writes_rejected_quota"), 4.0);
    assert_eq!(mean(&answer, "logs.normal.written"), 28.0 * 18.0 - 4.0);
    assert_eq!(mean(&answer, "logs.normal.lost"), 4.0);
    assert_eq!(mean(&answer, "kv.quota.writes.exhausted_days_fraction"), 1.0);
}

#[test]
fn the_28th_plan_when_refusals_fail_it() {
    // Its 29th write, the request log of the 8th call, ends it.
    let answer = answer(&model_with(&day(28, "kv-only"), &["logging.on_error=fail_plan"]));
    assert_eq!(mean(&answer, "plans.completed"), 27.0);
    assert_eq!(mean(&answer, "plans.crashed"), 1.0);
    assert_eq!(mean(&answer, "calls.made"), 27.0 * 9.0 + 8.0);
    assert_eq!(mean(&answer, "attempts.made"), 27.0 * 9.0 + 7.0);
    assert_eq!(mean(&answer, "kv.writes_rejected_quota"), 1.0);
}

/// A trace of `plans` plans, of which the first `bad` have `failing` failing calls (the last ones), and as many of
/// their requests faulty if `faulty`.
fn errors(plans: usize, bad: usize, failing: usize, faulty: usize) -> Answer {
    let lines: Vec<String> = (0..plans)
        .map(|plan| {
            let call = |number: usize| {
                let fails = plan < bad && number >= 9 - failing;
                let request = if plan < bad && number >= 9 - faulty { ", \"request_error\": true" } else { "" };
                let outcome = if fails { "parse_failure" } else { "ok" };
                format!("[{{\"latency_s\": 4, \"outcome\": \"{outcome}\"{request}}}]")
            };
            let calls: Vec<String> = (0..9).map(call).collect();
            format!("{{\"at_s\": {}, \"calls\": [{}]}}", plan * 60, calls.join(", "))
        })
        .collect();
    let file = std::env::temp_dir()
        .join(format!("capsim-published-{plans}-{bad}-{failing}-{faulty}-{}.jsonl", std::process::id()));
    std::fs::write(&file, lines.join("\n")).unwrap();
    let toml = day(1, "hybrid")
        .replace(
            "process = \"deterministic\", per_day = 1",
            &format!("process = \"trace\", file = {:?}", file.display().to_string()),
        )
        .replace("[workflow.plan]", "[workflow.plan]\non_call_error = \"continue\"");
    let answer = run(&toml);
    std::fs::remove_file(file).unwrap();
    answer
}

#[test]
fn what_erroneous_plans_cost_hybrid() {
    // (plans, bad plans, failing calls, faulty requests) → KV writes. The published 2 to 4 writes a bad plan need two
    // failing calls, or a faulty request: an ordinary failing call costs one.
    for (plans, bad, failing, faulty, writes) in [
        (100, 5, 1, 0, 5.0),
        (100, 5, 2, 1, 15.0),
        (100, 5, 2, 2, 20.0),
        (50, 2, 2, 1, 6.0),
        (200, 10, 2, 1, 30.0),
        (100, 0, 0, 0, 0.0),
    ] {
        let answer = errors(plans, bad, failing, faulty);
        assert_eq!(mean(&answer, "kv.writes"), writes, "{plans} plans, {bad} bad, {failing} failing, {faulty} faulty");
        assert_eq!(mean(&answer, "cache.puts"), (plans * 18) as f64);
    }
}

#[test]
fn sixty_four_operations_a_plan() {
    // 18 list reads, 10 prompt reads and 36 log writes; the published sum leaves out the 9 reads of the index.
    let reads =
        "[reads.lists]\nstore = \"kv\"\nper_call = 2\n[reads.prompts]\nstore = \"kv\"\nper_plan = 10\n[logging]";
    let toml = day(1, "kv-only").replace("[logging]", reads);
    let answer = run(&toml);
    assert_eq!(mean(&answer, "kv.reads") - 9.0 + mean(&answer, "kv.writes"), 64.0);
    // A memory cache that outlives the plan leaves one read of each of the 2 + 10 keys.
    let cached = toml
        .replace("per_call = 2", "per_call = 2\nmemory_ttl = \"5m\"")
        .replace("per_plan = 10", "per_plan = 10\nmemory_ttl = \"5m\"");
    assert_eq!(mean(&run(&cached), "kv.reads") - 9.0, 12.0);
}

#[test]
fn what_the_quota_carries_by_arithmetic() {
    let ceiling = |toml: &str| {
        let arithmetic = explain(&model(toml));
        let writes = arithmetic.ceilings.iter().find(|c| c.limit == "kv.quota.writes").expect("a quota of writes");
        writes.plans_per_day
    };
    assert_eq!(ceiling(&day(1, "kv-only")).floor(), 27.0);
    // 5 % of plans at 3 writes is 0.15 a plan: 6,666. Nine calls at p each, one write for each that fails and none
    // after it (abort): 1 - (1-p)^9 = 0.15 gives the same demand from premises that the tables have.
    let p = 1.0 - 0.85_f64.powf(1.0 / 9.0);
    let toml =
        day(1, "hybrid").replace("latency = \"4s\"", &format!("latency = \"4s\"\nerrors = {{ parse_failure = {p} }}"));
    assert_eq!(ceiling(&toml).floor(), 6666.0);
    // 900 plans at 36 writes are 32,400 writes a month, not the published 27,000.
    assert_eq!(900.0 * mean(&run(&day(1, "kv-only")), "kv.writes"), 32_400.0);
}

#[test]
fn cache_only_with_its_index_needs_54_subrequests_and_may_make_50() {
    let answer = run(&day(10, "cache-only"));
    assert_eq!(mean(&answer, "plans.completed"), 0.0);
    assert_eq!(mean(&answer, "plans.call_failed"), 10.0);
    // Eight calls take 48; the ninth puts its record and reads the index, and its attempt is refused.
    assert_eq!(mean(&answer, "invocation.subrequests.max"), 50.0);
    assert_eq!(mean(&answer, "calls.succeeded"), 80.0);
    assert_eq!(mean(&answer, "attempts.subrequest_limited"), 10.0);
    let paid = answer_of(&day(10, "cache-only"), &["platform.preset=cloudflare-paid"]);
    assert_eq!(mean(&paid, "plans.completed"), 10.0);
    assert_eq!(mean(&paid, "invocation.subrequests.max"), 54.0);
    let by_call = answer_of(&day(10, "cache-only"), &["workflow.plan.invocation=call"]);
    assert_eq!(mean(&by_call, "plans.completed"), 10.0);
}

fn answer_of(toml: &str, overrides: &[&str]) -> Answer {
    answer(&model_with(toml, overrides))
}

#[test]
fn permanent_logs_reach_back_ten_sessions() {
    // One plan an hour: a session is named by the index until the tenth after it writes, ten hours later. So at 1 h
    // every record is reachable, at 24 h none is, and all of them are still stored.
    let answer = run(&day(24, "kv-only")
        .replace("\"1d\"", "\"20d\"")
        .replace("[platform]\npreset = \"cloudflare-free\"", "[platform]\npreset = \"cloudflare-paid\""));
    assert_eq!(mean(&answer, "logs.normal.retrievable.30d"), 1.0);
    assert_eq!(mean(&answer, "logs.normal.reachable.1h"), 1.0);
    // The ten sessions that the index still names at the end were seen for at most ten hours: nothing is known of
    // them at 24 h, and the product-limit estimate keeps what it had when the last of them was out of sight.
    assert!(mean(&answer, "logs.normal.reachable.24h") < 0.01);
}

#[test]
fn plans_that_overlap_meet_the_index_key_long_before_the_quota() {
    // Two plans at the same instant write the index at the same instants: one of each two writes is refused.
    let toml = day(1, "kv-only")
        .replace("\"deterministic\", per_day = 1", "\"batch\", per_day = 24, size = 2")
        .replace("\"1d\"", "\"5d\"");
    let answer = answer_of(
        &toml,
        &["store.kv.latency.get=10ms", "store.kv.latency.put=10ms", "platform.preset=cloudflare-paid"],
    );
    let index = mean(&answer, "kv.writes.family.ai_communication_session_index");
    assert!(mean(&answer, "kv.writes_rejected_key") > 0.9 * index, "{index}");
}

#[test]
fn after_a_day_hybrid_has_the_error_and_not_what_led_to_it() {
    let toml = day(100, "hybrid")
        .replace("latency = \"4s\"", "latency = \"4s\"\nerrors = { parse_failure = 0.05 }")
        .replace("\"1d\"", "\"10d\"");
    let answer = run(&toml);
    assert_eq!(mean(&answer, "logs.error.retrievable.3d"), 1.0);
    assert_eq!(mean(&answer, "logs.error.context.1h"), 1.0);
    assert_eq!(mean(&answer, "logs.error.context.24h"), 0.0);
    assert_eq!(mean(&answer, "logs.normal.retrievable.24h"), 0.0);
}
