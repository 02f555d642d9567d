//! The arithmetic beside the simulation: cases worked by hand, and models made at random.

#[path = "arithmetic/low_load.rs"]
mod low_load;
#[path = "arithmetic/random.rs"]
mod random;

use crate::common::{answer, holds, mean, model, model_with, shipped};
use capsim::experiment::{Arithmetic, Ceiling, Over, explain};
use capsim::report;

fn ceiling<'a>(arithmetic: &'a Arithmetic, limit: &str) -> &'a Ceiling {
    let found = arithmetic.ceilings.iter().find(|ceiling| ceiling.limit == limit);
    found.unwrap_or_else(|| panic!("no {limit} in {:#?}", arithmetic.ceilings))
}

fn per_plan(arithmetic: &Arithmetic, of: &str, what: &str) -> f64 {
    let row = arithmetic.per_plan.iter().find(|row| row.store == of && row.op == what);
    row.map_or(0.0, |row| row.expected)
}

/// One attempt in ten is never answered, and its client waits ten minutes, up to three times: 0.9 × 1.25 s and 0.1 × 600 s
/// an attempt, 1.11 attempts and their short waits are 67.9 s of a slot.
#[test]
fn attempts_that_are_never_answered_hold_their_slots() {
    let model = model(
        r#"
name = "never-answered"
[run]
horizon = "2d"
replications = 8
[traffic.documents]
arrivals = { process = "poisson", per_hour = 360 }
[workflow.index]
steps = [{ name = "vector", queue = "four" }]
[provider.vectors]
latency = { dist = "lognormal", median = "1s", p95 = "3s" }
hang = 0.1
[retry.vectors]
preset = "openai-sdk"
[queue.four]
max_concurrency = 4
"#,
    );
    let arithmetic = explain(&model);
    let slots = ceiling(&arithmetic, "queue.four.slots");
    assert_eq!((slots.whole_plans(), slots.over), (5_089, Over::Moment), "{slots:?}");
    assert!((per_plan(&arithmetic, "provider vectors", "attempts") - 1.11).abs() < 1e-9);
    let answer = answer(&model);
    let busy = mean(&answer, "queue.four.utilisation");
    assert!(busy > 0.99, "{busy}");
    // What is carried of more than can be: the slot-seconds of a completed plan.
    let days = 2.0;
    let completed = mean(&answer, "plans.completed") / days;
    assert!((completed / slots.plans_per_day - 1.0).abs() < 0.08, "{completed} a day");
}

/// A limiter that counts everybody under one key: the key takes one write a second, 86,400 a day. Of five a second that come
/// at random 1 − 1/(1 + 5) are refused, for the key is closed for a second after each write.
#[test]
fn the_key_of_a_limiter_is_a_ceiling() {
    let text = r#"
name = "one-key"
[run]
horizon = "6h"
replications = 8
[traffic.callers]
arrivals = { process = "poisson", per_second = 5 }
[workflow.ask]
steps = [{ name = "counted", limiter = "all" }]
[limiter.all]
people = { law = "same" }
per_day = 2000000
store = "counts"
on_error = "refuse"
[store.counts]
kind = "kv"
key_spacing = "1s"
"#;
    let arithmetic = explain(&model(text));
    let key = arithmetic.binding().expect("a limit");
    assert_eq!((key.limit.as_str(), key.plans_per_day), ("counts.key.all", 86_400.0));
    assert_eq!(ceiling(&arithmetic, "limiter.all.per_day").plans_per_day, 2_000_000.0);
    holds("a key that rests after each write", &answer(&model(text)), "plans.failed_fraction", 5.0 / 6.0, 1e-4);
    // Twice as many people, each half as often; and who writes over what is there is never refused.
    let two = explain(&model_with(text, &["limiter.all.people={ law = \"uniform\", count = 2 }"]));
    assert_eq!(ceiling(&two, "counts.key.all").plans_per_day, 172_800.0);
    let over = explain(&model_with(text, &["store.counts.on_key_exceed=overwrite"]));
    assert!(over.ceilings.iter().all(|ceiling| ceiling.limit != "counts.key.all"));
}

/// Reads of a call are made by calls to a provider, and by no others.
#[test]
fn steps_without_a_provider_read_once_a_plan() {
    let model = model(
        r#"
name = "only-a-database"
[run]
horizon = "1d"
replications = 2
[traffic.user]
arrivals = { process = "deterministic", per_hour = 30 }
[workflow.plan]
steps = [{ name = "ask", d1 = "rows", calls = 2 }]
[d1.rows]
latency = "10ms"
[store.kv]
kind = "kv"
quota.reads = { limit = 1000 }
[reads.begin]
per_plan = 1
[reads.each]
per_call = 3
"#,
    );
    let arithmetic = explain(&model);
    assert_eq!(per_plan(&arithmetic, "kv", "reads"), 1.0);
    assert_eq!(ceiling(&arithmetic, "kv.quota.reads").plans_per_day, 1_000.0);
    assert_eq!(mean(&answer(&model), "kv.reads"), 720.0);
}

const PACED: &str = r#"
name = "paced"
[run]
horizon = "6h"
warmup = "1h"
replications = 4
[traffic.jobs]
arrivals = { process = "poisson", per_minute = 20 }
[workflow.job]
steps = [{ name = "send", queue = "workers" }]
[provider.api]
latency = { dist = "uniform", min = "10s", max = "15s" }
[queue.workers]
max_concurrency = 1
[reads.pace]
store = "pace"
per_call = 1
[store.pace]
kind = "kv"
subrequest = false
quota.reads = { limit = 12, window = "1m", on_exceed = "wait" }
"#;

/// One worker of 12.5 s makes 6,912 a day, a hundred as many as the limit of 12 a minute lets go: 17,280. No formula of the
/// queue is laid beside what a limit keeps back, and none is told to run longer.
#[test]
fn a_limit_before_the_queue_keeps_formulas_away() {
    let one = model(PACED);
    assert_eq!(explain(&one).binding().map(|first| first.whole_plans()), Some(6_912));
    let many = model_with(PACED, &["queue.workers.max_concurrency=100"]);
    let arithmetic = explain(&many);
    let pace = arithmetic.binding().expect("a limit");
    assert_eq!((pace.limit.as_str(), pace.plans_per_day), ("pace.quota.reads", 17_280.0));
    assert_eq!(pace.over.to_string(), "each 1m");
    for model in [one, many] {
        let answer = answer(&model);
        assert!(answer.theory.is_empty(), "{:?}", answer.theory);
        assert!(!report::Report::of(&answer).text(report::Screen::PLAIN).contains("too short"));
    }
    let room = model_with(PACED, &["queue.workers.max_concurrency=100", "traffic.jobs.arrivals.per_minute=6"]);
    assert!(!answer(&room).theory.is_empty(), "half of the limit: all that is offered gets to the queue");
}

/// Ten in any minute, and what is refused counts: twelve a minute get the first ten and nothing more.
#[test]
fn a_rolling_limit_that_counts_what_it_refuses_collapses() {
    let text = r#"
name = "counts-refused"
[run]
horizon = "2h"
replications = 2
[traffic.caller]
arrivals = { process = "deterministic", per_minute = 12 }
[workflow.ask]
steps = [{ name = "ask" }]
[provider.gate]
latency = "100ms"
quota = { limit = 10, window = "60s", kind = "rolling", counts_rejected = true }
"#;
    let arithmetic = explain(&model(text));
    let quota = ceiling(&arithmetic, "provider.gate.quota.attempts");
    assert!(quota.collapses && quota.plans_per_day == 14_400.0 && quota.over.to_string() == "any 1m", "{quota:?}");
    assert!(quota.because.ends_with("a steady demand beyond this gets the first 10 and nothing more"), "{quota:?}");
    assert_eq!(mean(&answer(&model(text)), "plans.completed"), 10.0);
    for (set, carried) in
        [("provider.gate.quota.kind=fixed", 1_200.0), ("provider.gate.quota.counts_rejected=false", 1_200.0)]
    {
        let other = model_with(text, &[set]);
        assert!(!ceiling(&explain(&other), "provider.gate.quota.attempts").collapses, "{set}");
        assert_eq!(mean(&answer(&other), "plans.completed"), carried, "{set}");
    }
}

const LUNCH: &str = r#"
name = "lunch"
[run]
horizon = "7d"
replications = 2
[traffic.user]
arrivals = { process = "profile", per_day = 240, hours = [0,0,0,0,0,0,1,1,1,1,1,1,12,1,1,1,0,0,0,0,0,0,0,1], days = [1,1,1,1,1,0.5,0.5] }
[workflow.plan]
steps = [{ name = "ask", queue = "q" }]
[provider.p]
latency = "60s"
requests_per_minute = 2
quota = [{ limit = 600 }, { limit = 9000, window = "month" }]
[queue.q]
max_concurrency = 2
"#;

/// 22 parts a day in 24 hours, 12 of them at lunch, and six such days in a week of seven: the busiest hour has
/// 12 ÷ (22 ÷ 24) × 7 ÷ 6 times the mean. A limit of a day is that of the mean day.
#[test]
fn the_busiest_hour_binds_limits_of_less_than_a_day() {
    let arithmetic = explain(&model(LUNCH));
    let hour = 12.0 / (22.0 / 24.0) * 7.0 / 6.0;
    let at = |limit: &str| {
        let found = ceiling(&arithmetic, limit);
        (found.plans_per_day, found.binds_at())
    };
    let close = |(even, peak): (f64, f64), mean: f64, factor: f64| {
        assert!((even / mean - 1.0).abs() < 1e-9 && (peak * factor / mean - 1.0).abs() < 1e-9, "{even} {peak}");
    };
    close(at("queue.q.slots"), 2_880.0, hour);
    close(at("provider.p.requests_per_minute"), 2_880.0, hour);
    close(at("provider.p.quota.attempts"), 600.0, 1.0);
    close(at("provider.p.quota.attempts.2"), 300.0, 1.0);
    // 240 a day are a twelfth of the slots on the mean day, and more than all of them at lunch.
    assert_eq!(arithmetic.binding().map(|first| first.limit.as_str()), Some("provider.p.requests_per_minute"));
    let answer = answer(&model(LUNCH));
    let text = report::Report::of(&answer).text(report::Screen::PLAIN);
    assert!(text.contains("in the busiest hour"), "{text}");
    // In another zone lunch is at another time, and as busy.
    let elsewhere = "traffic.user.arrivals.timezone=Asia/Tokyo";
    assert_eq!(explain(&model_with(LUNCH, &[elsewhere])).ceilings, arithmetic.ceilings);
}

/// Half of the attempts at one provider fail and go to the other: half an attempt there, and its time in the same slot.
#[test]
fn who_falls_back_asks_twice() {
    let text = r#"
name = "two-providers"
[run]
horizon = "4d"
replications = 6
[traffic.user]
arrivals = { process = "deterministic", per_hour = 20 }
[workflow.plan]
steps = [{ name = "ask", provider = "first", fallback = "second", queue = "q" }]
[provider.first]
latency = "1s"
errors = { server_error = 0.5 }
[provider.second]
latency = "10s"
errors = { server_error = 0.25 }
[retry.second]
max = 1
on = ["server_error"]
backoff = { kind = "none" }
[queue.q]
max_concurrency = 9
"#;
    let arithmetic = explain(&model(text));
    let attempts = ["first", "second"].map(|name| per_plan(&arithmetic, &format!("provider {name}"), "attempts"));
    assert_eq!(attempts, [1.0, 0.5 * 1.25]);
    assert!((per_plan(&arithmetic, "queue q", "slot_seconds") - (1.0 + 6.25)).abs() < 1e-9);
    let answer = answer(&model(text));
    holds("attempts", &answer, "attempts.made", 1.625 * 1_920.0, 0.0);
    holds("plans that fail", &answer, "plans.failed_fraction", 0.5 * 0.0625, 0.0);
}

/// One key that lives an hour from the miss that put it there, and one read of it an hour: every second one misses.
#[test]
fn lookups_that_hit_ask_nobody() {
    let text = r#"
name = "hits"
[run]
horizon = "40d"
replications = 8
[traffic.user]
arrivals = { process = "poisson", per_hour = 1 }
[workflow.plan]
steps = [{ name = "ask", lookup = "memo", provider = "p" }]
[provider.p]
latency = "1s"
[tiers.memo]
keys = { law = "same" }
[[tiers.memo.tier]]
name = "memory"
ttl = "1h"
"#;
    let arithmetic = explain(&model(text));
    assert!((per_plan(&arithmetic, "provider p", "attempts") - 0.5).abs() < 1e-9);
    let answer = answer(&model(text));
    let share = mean(&answer, "attempts.made") / mean(&answer, "plans.offered");
    assert!((share - 0.5).abs() < 0.02, "{share}");
}

/// Limits that both plans of the platform have bound what the dearer one can save: four slots carry 8,000 plans, so a plan
/// worth a hundred-thousandth of a dollar never pays for it, though it would at 16,700 a day.
#[test]
fn slots_bound_what_the_paid_plan_saves() {
    let worth = |dollars: &str| {
        let set = format!("cost.value_per_plan={dollars}");
        shipped("kv-only.toml", &[&set, "cost.upgrade=cloudflare-paid"])
    };
    let upgrade = |dollars| explain(&worth(dollars)).upgrade.expect("[cost]");
    let pays = upgrade("0.01");
    let (limit, room) = (pays.limit.as_deref(), pays.room.unwrap());
    assert_eq!(limit, Some("kv.quota.writes"));
    assert!((pays.pays_from.unwrap() - room - 5.0 / 0.3).abs() < 1e-6, "{pays:?}");
    let never = upgrade("0.00001");
    assert_eq!((never.pays_from, never.then.unwrap().0), (None, "queue.ai.slots".into()));
    // And `run` says it too.
    let text = report::Report::of(&answer(&worth("0.01"))).text(report::Screen::PLAIN);
    assert!(text.contains("Other plan") && text.contains("cloudflare-paid pays from"), "{text}");
}
