//! Prices that change in mid-run: what a stage uses costs its prices, bills worked out by hand.

use crate::common::{TWO_BILLED_CALLS, answer, answer_on, mean, model};
use capsim::experiment::explain;
use capsim::model::{Model, Source, load};
use proptest::prelude::*;
use std::path::PathBuf;

/// To the micro-dollar.
fn dollars(answer: &capsim::experiment::Answer, metric: &str, exact: f64) {
    let found = mean(answer, metric);
    assert!((found - exact).abs() < 1e-6, "{metric}: {found}, by hand {exact}");
}

fn change(at: &str, set: &str) -> String {
    format!("[[change]]\nat = \"{at}\"\nset = {{ {set} }}\n")
}

/// A plan an hour for 30 days, of two calls of 10 s at 0.002 dollars each.
fn hourly(run: &str, changes: &str) -> String {
    format!(
        r#"
[run]
{run}
replications = 2
[platform]
base_price = 5
[traffic.user]
arrivals = {{ process = "deterministic", per_hour = 1 }}
{TWO_BILLED_CALLS}
{changes}
"#
    )
}

#[test]
fn an_attempt_costs_what_it_costs_when_it_ends() {
    // The tenth day ends 15 s into a plan: its first call costs the old price, its second the new one. From the twentieth
    // day on an attempt writes twice as much.
    let changes = change("864015s", "\"provider.ai.prices.input_per_million\" = 3")
        + &change("20d", "\"provider.ai.usage.output\" = 1000, \"platform.base_price\" = 8");
    let found = answer(&model(&hourly("horizon = \"30d\"", &changes)));
    assert_eq!(mean(&found, "provider.ai.tokens.input"), 1_440_000.0);
    assert_eq!(mean(&found, "provider.ai.tokens.output"), 960.0 * 500.0 + 480.0 * 1000.0);
    let tokens = 481.0 * 0.002 + 479.0 * 0.004 + 480.0 * 0.005;
    dollars(&found, "cost.tokens.month", tokens);
    dollars(&found, "cost.month", tokens + 5.0 * 2.0 / 3.0 + 8.0 / 3.0);
    dollars(&found, "cost.per_plan", (tokens + 6.0) / 720.0);
    // The arithmetic is that of the values at the start.
    let before = explain(&model(&hourly("horizon = \"30d\"", "")));
    assert_eq!(explain(&model(&hourly("horizon = \"30d\"", &changes))).month, before.month);
}

#[test]
fn a_month_is_made_of_the_stages_of_the_recorded_time() {
    // Ten days of warm-up, in which the price changes once, then 15 of which 5 cost 0.004: a month has ten of these.
    let changes = change("3d", "\"provider.ai.prices.input_per_million\" = 1.5, \"platform.base_price\" = 6")
        + &change("20d", "\"provider.ai.prices.input_per_million\" = 3, \"platform.base_price\" = 9");
    let found = answer(&model(&hourly("warmup = \"10d\"\nhorizon = \"25d\"", &changes)));
    dollars(&found, "cost.tokens.month", 480.0 * 2.0 * 0.0025 + 240.0 * 2.0 * 0.004);
    dollars(&found, "cost.month", 480.0 * 2.0 * 0.0025 + 240.0 * 2.0 * 0.004 + 7.0);
    // One at the very beginning of what is recorded holds for all of it.
    let changes = change("10d", "\"platform.base_price\" = 6, \"provider.ai.prices.output_per_million\" = 4");
    let found = answer(&model(&hourly("warmup = \"10d\"\nhorizon = \"25d\"", &changes)));
    dollars(&found, "cost.month", 1_440.0 * 0.003 + 6.0);
}

/// What is written off later is worth what it cost: an attempt answered at 0.002 for a plan whose next call fails for good
/// after the price has risen to 0.004.
#[test]
fn waste_is_worth_what_it_cost() {
    let trace = r#"{"at_s": 0, "class": "user", "calls": [[{"latency_s": 5, "outcome": "ok"}], [{"latency_s": 10, "outcome": "parse_failure"}]]}
{"at_s": 100, "class": "user", "calls": [[{"latency_s": 13, "outcome": "ok"}, {"latency_s": 1, "outcome": "ok"}], [{"latency_s": 1, "outcome": "ok"}]]}
{"at_s": 200, "class": "user", "calls": [[{"latency_s": 1, "outcome": "ok"}], [{"latency_s": 1, "outcome": "parse_failure"}]]}
"#;
    let text = hourly(
        "horizon = \"30d\"",
        "request_timeout = \"12s\"\n[retry.ai]\nmax = 2\nbackoff = { kind = \"none\" }\n",
    )
    .replace("process = \"deterministic\", per_hour = 1", "process = \"trace\", file = \"t.jsonl\"")
        + &change("10s", "\"provider.ai.prices.input_per_million\" = 3")
        + &change("112s", "\"provider.ai.prices\" = { input_per_million = 0.5, output_per_million = 1 }")
        + &change(
            "150s",
            "\"provider.ai.prices\" = { input_per_million = 2, output_per_million = 4 }, \"provider.ai.billed_on\" = []",
        );
    let source = Source { name: "test.toml".into(), bytes: text.into_bytes(), directory: PathBuf::from(".") };
    let traced: Model =
        load(source, &[], &|_| Ok(trace.as_bytes().to_vec())).unwrap_or_else(|p| panic!("{}", p.render(false)));
    let found = answer(&traced);
    // 0.002 until 10 s, 0.004 until 112 s, 0.001 until 150 s, then 0.004 and for answers only. The first attempt of the
    // second plan is cut at 112 s, after the price has fallen.
    dollars(&found, "cost.waste.errors.month", 0.004);
    dollars(&found, "cost.waste.timeouts.month", 0.001);
    dollars(&found, "cost.waste.failed_plans.month", 0.002 + 0.004);
    dollars(&found, "cost.waste.month", 0.011);
    dollars(&found, "cost.retries.month", 0.001);
    dollars(&found, "cost.tokens.month", 0.002 + 0.004 + 3.0 * 0.001 + 0.004);
}

/// A plan an hour for 30 days, which takes 100 ms of processor time and writes one record of 1 KB that stays.
const PLATFORM: &str = r#"
[run]
horizon = "30d"
replications = 2
[platform]
base_price = 5
requests = { limit = 400, window = "month", on_exceed = "bill", price_per_million = 2e6 }
cpu = { included = "30s", price_per_million_ms = 1000 }
[traffic.user]
arrivals = { process = "deterministic", per_hour = 1 }
[workflow.plan]
steps = [{ name = "call", cpu = "100ms" }]
[provider.ai]
latency = "0s"
[store.kv]
kind = "kv"
storage = { limit = "100KB", on_exceed = "bill", price_per_gb = 1e6 }
quota.writes = [
  { limit = 300, window = "month", on_exceed = "bill", price_per_million = 1e4 },
  { limit = 20, window = "day", on_exceed = "bill", price_per_million = 1e6 },
]
[logging]
strategy = "custom"
record_bytes = "1KB"
ops = [{ on = "request", store = "kv", op = "put", key = "log:{log}", role = "record" }]
"#;

#[test]
fn included_amounts_are_used_in_the_order_of_time() {
    let month = |changes: &str| answer(&model(&(PLATFORM.to_owned() + changes)));
    let hourly_levels = |from: u32, to: u32| (from..to).map(|n| f64::from(n + 1)).sum::<f64>() / 720.0;
    // Without changes: 320 requests at 2 dollars, 42 s over at 1, 260.5 KB over at 1, 420 writes at 0.01 and four a day at 1.
    dollars(&month(""), "cost.month", 5.0 + 640.0 + 42.0 + (360.5 - 100.0) + 4.2 + 120.0);
    // After ten days nothing is over but the writes of a day. Then all prices double.
    let double = change(
        "10d",
        "\"platform.base_price\" = 10, \"platform.requests.price_per_million\" = 4e6, \"platform.cpu.price_per_million_ms\" = 2000, \
         \"store.kv.storage.price_per_gb\" = 2e6, \"store.kv.quota.writes.0.price_per_million\" = 2e4, \
         \"store.kv.quota.writes.1.price_per_million\" = 2e6",
    );
    let doubled = 5.0 / 3.0 + 20.0 / 3.0 + 1280.0 + 84.0 + 2.0 * 260.5 + 8.4 + 40.0 + 160.0;
    dollars(&month(&double), "cost.month", doubled);
    // After twenty days more is included: of 480 requests, 48 s, 160.3 KB and 480 writes as many as there are, and what
    // comes then is over once the new amount is used up. What was billed before stays billed.
    let more = change(
        "20d",
        "\"platform.requests.limit\" = 500, \"platform.cpu.included\" = \"60s\", \"store.kv.storage.limit\" = \"200KB\", \
         \"store.kv.quota.writes.0.limit\" = 600, \"store.kv.quota.writes.1.limit\" = 23",
    );
    let second = hourly_levels(0, 480) - 100.0;
    assert!(hourly_levels(0, 240) < 100.0 && second > 0.0 && hourly_levels(0, 480) < 200.0);
    let requests = (480.0 - 400.0) * 4.0 + (720.0 - 500.0) * 4.0;
    let cpu = 18.0 * 2.0 + 12.0 * 2.0;
    let storage = second * 2.0 + (360.5 - 200.0) * 2.0;
    let writes = 180.0 * 0.02 + 120.0 * 0.02 + 40.0 + 80.0 + 10.0 * 2.0;
    dollars(&month(&(double.clone() + &more)), "cost.month", 25.0 / 3.0 + requests + cpu + storage + writes);
    // Less is included: only what comes from then on is billed for it.
    let less = change("20d", "\"platform.requests.limit\" = 100");
    dollars(&month(&(double.clone() + &less)), "cost.month", doubled);
    let none = change("10d", "\"platform.requests.limit\" = 0");
    dollars(&month(&none), "cost.month", 5.0 + 480.0 * 2.0 + 42.0 + 260.5 + 4.2 + 120.0);
}

/// A busy hour with everything that an attempt can come to, at these prices (input a million, base) from these minutes on.
fn busy(seed: u64, chance: f64, tariffs: &[(u32, f64, f64)]) -> String {
    let of = |(at, input, base): &(u32, f64, f64)| {
        change(
            &format!("{at}m"),
            &format!("\"provider.ai.prices.input_per_million\" = {input}, \"platform.base_price\" = {base}"),
        )
    };
    format!(
        r#"
[run]
horizon = "1h"
replications = 2
seed = {seed}
[platform]
base_price = 1
[traffic.user]
arrivals = {{ process = "poisson", per_minute = 12 }}
leaves_after = {{ dist = "exponential", mean = "60s" }}
[workflow.plan]
steps = [{{ name = "call", calls = 3, parallel = 2 }}]
[provider.ai]
latency = {{ dist = "exponential", mean = "5s" }}
request_timeout = "9s"
errors = {{ parse_failure = {chance}, server_error = {chance} }}
usage = {{ input = 1000 }}
prices = {{ input_per_million = 1 }}
[retry.ai]
max = 2
[isolates]
min = 1
max = 1
deploys = {{ at = ["25m"] }}
drain_timeout = "0s"
on_loss = "lost"
{}
"#,
        tariffs.iter().map(of).collect::<String>()
    )
}

const PARTS: [&str; 8] = [
    "tokens.month",
    "month",
    "retries.month",
    "waste.month",
    "waste.timeouts.month",
    "waste.errors.month",
    "waste.failed_plans.month",
    "per_useful_plan",
];

fn bill(seed: u64, chance: f64, tariffs: &[(u32, f64, f64)]) -> [f64; 8] {
    let answer = answer_on(&model(&busy(seed, chance, tariffs)), 1);
    PARTS.map(|metric| mean(&answer, &format!("cost.{metric}")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// The parts of a bill add up whatever the tariffs. And a bill is linear in its prices: at those of two tariffs it is
    /// what it is at the first beside free stages, and at the second beside a free one.
    #[test]
    fn parts_of_a_bill_add_up(
        seed in any::<u32>(),
        chance in 0.0..0.3,
        first in (1_u32..30, 0.0..5.0, 0.0..9.0),
        second in (30_u32..60, 0.0..5.0, 0.0..9.0),
    ) {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1e-6);
        let bill = |tariffs: &[(u32, f64, f64)]| bill(seed.into(), chance, tariffs);
        let free = |(at, ..): (u32, f64, f64)| (at, 0.0, 0.0);
        let both = bill(&[first, second]);
        let [tokens, month, retries, waste, timeouts, errors, failed, _] = both;
        prop_assert!(near(waste, timeouts + errors + failed));
        prop_assert!(waste <= tokens * (1.0 + 1e-9) && retries <= tokens);
        let share = |from: f64, to: f64| (to - from) / 60.0;
        let (at, then) = (f64::from(first.0), f64::from(second.0));
        let base = share(0.0, at) + share(at, then) * first.2 + share(then, 60.0) * second.2;
        prop_assert!(near(month, tokens + base), "{month}, {tokens} + {base}");
        let alone = [
            bill(&[free(first), free(second)]),
            bill(&[first, free(second)]),
            bill(&[free(first), second]),
        ];
        for part in 0..PARTS.len() {
            let sum = alone[1][part] + alone[2][part] - alone[0][part];
            prop_assert!(near(both[part], sum), "{}: {} and {sum}", PARTS[part], both[part]);
        }
        let same = bill(&[(first.0, 1.0, 1.0), (second.0, 1.0, 1.0)]);
        for (before, after) in bill(&[]).into_iter().zip(same) {
            prop_assert_eq!(before, after);
        }
    }
}
