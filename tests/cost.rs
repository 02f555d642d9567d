//! What a month costs, counted by hand: tokens, waste, and the demand at which another plan of the platform pays. And
//! what the report says of two strategies that pass a limit of their platform.

use crate::common::{TWO_BILLED_CALLS, answer, holds, mean, model, shipped};
use capsim::experiment::{Answer, explain};
use capsim::model::{Model, Source, load};
use capsim::report::Advice;
use std::path::PathBuf;

/// Plans of two calls, replayed: 1,000 tokens sent at 1 dollar a million and 500 written at 2, so 0.002 an attempt.
fn replayed(more: &str, trace: &'static str) -> Model {
    let toml = format!(
        r#"
name = "cost"
[run]
horizon = "30d"
replications = 1
[platform]
base_price = 5
[traffic.user]
arrivals = {{ process = "trace", file = "t.jsonl" }}
[workflow.plan]
steps = [{{ name = "call", calls = 2{more} }}]
[provider.ai]
latency = "1s"
request_timeout = "12s"
usage = {{ input = 1000, output = 500 }}
prices = {{ input_per_million = 1, output_per_million = 2 }}
[retry.ai]
max = 2
"#
    );
    let source = Source { name: "test.toml".into(), bytes: toml.into_bytes(), directory: PathBuf::from(".") };
    let trace = |_: &std::path::Path| Ok(trace.as_bytes().to_vec());
    load(source, &[], &trace).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// Costs in attempts of 0.002 dollars each.
fn attempts(answer: &Answer, metrics: &[&str]) -> Vec<f64> {
    metrics.iter().map(|metric| (mean(answer, &format!("cost.{metric}")) / 0.002 * 1e6).round() / 1e6).collect()
}

const PARTS: [&str; 6] = [
    "tokens.month",
    "retries.month",
    "waste.month",
    "waste.timeouts.month",
    "waste.errors.month",
    "waste.failed_plans.month",
];

#[test]
fn tokens_and_what_of_them_is_wasted() {
    // The first plan takes two attempts. The second call of the second plan is cut, then refused unbilled, then answered.
    // That of the third is answered with nothing that can be read, which wastes the first call as well.
    let answer = answer(&replayed(
        "",
        r#"{"at_s": 0, "class": "user", "calls": [[{"latency_s": 1, "outcome": "ok"}], [{"latency_s": 1, "outcome": "ok"}]]}
{"at_s": 100, "class": "user", "calls": [[{"latency_s": 1, "outcome": "ok"}], [{"latency_s": 13, "outcome": "ok"}, {"latency_s": 1, "outcome": "server_error"}, {"latency_s": 1, "outcome": "ok"}]]}
{"at_s": 200, "class": "user", "calls": [[{"latency_s": 1, "outcome": "ok"}], [{"latency_s": 1, "outcome": "parse_failure"}]]}
"#,
    ));
    assert_eq!(attempts(&answer, &PARTS), [7.0, 1.0, 3.0, 1.0, 1.0, 1.0]);
    assert_eq!(mean(&answer, "provider.ai.tokens.input"), 7_000.0);
    assert_eq!(mean(&answer, "provider.ai.tokens.output"), 3_500.0);
    let (month, plans) = (5.0 + 7.0 * 0.002, [3.0, 2.0]);
    for (metric, exact) in [("month", month), ("per_plan", month / plans[0]), ("per_useful_plan", month / plans[1])] {
        assert!((mean(&answer, &format!("cost.{metric}")) - exact).abs() < 1e-12, "{metric}");
    }
}

#[test]
fn a_call_beside_the_one_that_failed_is_answered_for_nobody() {
    let answer = answer(&replayed(
        ", parallel = 2",
        r#"{"at_s": 0, "class": "user", "calls": [[{"latency_s": 1, "outcome": "parse_failure"}], [{"latency_s": 5, "outcome": "ok"}]]}
{"at_s": 50, "class": "user", "calls": [[{"latency_s": 5, "outcome": "parse_failure"}], [{"latency_s": 1, "outcome": "ok"}]]}
"#,
    ));
    // The same whichever ends first.
    assert_eq!(attempts(&answer, &PARTS), [4.0, 0.0, 4.0, 0.0, 2.0, 2.0]);
}

#[test]
fn what_is_billed_is_a_key() {
    let trace = r#"{"at_s": 0, "class": "user", "calls": [[{"latency_s": 13, "outcome": "ok"}], [{"latency_s": 1, "outcome": "ok"}]]}
"#;
    let billed = |key: &str| {
        let mut model = replayed("", trace);
        if !key.is_empty() {
            let tokens = model.providers[0].tokens.as_mut().unwrap();
            tokens.billed_on = [capsim::policy::Fault::ServerError].into_iter().collect();
        }
        attempts(&answer(&model), &["tokens.month"])[0]
    };
    assert_eq!((billed(""), billed("server_error only")), (3.0, 0.0));
}

/// A user a minute for an hour, whose plan makes two calls of 10 s at 0.002 dollars each.
fn regular(user: &str, more: &str) -> Answer {
    answer(&model(&model_of(user, more)))
}

fn model_of(user: &str, more: &str) -> String {
    format!(
        r#"
[run]
horizon = "1h"
replications = 1
[traffic.user]
arrivals = {{ process = "deterministic", per_day = 1440 }}
{user}
{TWO_BILLED_CALLS}
{more}
"#
    )
}

const CHANGE: &str = "[[change]]\nat = \"30m\"\nset = { \"retry.ai.max\" = 2 }\n";

#[test]
fn attempts_behind_a_breaker_and_after_a_change_are_billed_alike() {
    let billed = attempts(&regular("", ""), &PARTS);
    assert!(billed[0] > 0.0 && billed[1..] == [0.0; 5], "{billed:?}");
    for more in ["[breaker.ai]\n", "[retry.ai]\ndeadline = \"1h\"\n", CHANGE] {
        assert_eq!(attempts(&regular("", more), &PARTS), billed, "{more}");
    }
}

#[test]
fn a_change_gives_no_request_back() {
    let requests = "[platform.requests]\nlimit = 20\nwindow = \"day\"\n";
    let rejected = |more: &str| mean(&regular("", &format!("{requests}{more}")), "platform.requests_rejected");
    assert!(rejected("") > 30.0);
    assert_eq!(rejected(CHANGE), rejected(""));
}

/// Users leave between the two answers of their plans, which are paid for all the same.
#[test]
fn what_is_answered_for_those_who_left_is_wasted() {
    for on_leave in ["goes_on", "cancel"] {
        let left = regular(&format!("leaves_after = \"15s\"\non_leave = \"{on_leave}\""), "");
        let paid = attempts(&left, &PARTS);
        assert!(paid[0] > 0.0 && paid[2] == paid[0] && paid[5] == paid[0], "{on_leave}: {paid:?}");
    }
}

/// Attempts hang, are cut, meet an outage that never answers, or find a limit used up. What is billed is what the
/// provider has worked on to the end, on the page of the provider and on the bill; the last ten minutes see no traffic.
#[test]
fn the_bill_and_the_provider_count_the_same_attempts() {
    let toml = |keys: &str| {
        format!(
            r#"
[run]
horizon = "2h"
replications = 1
[traffic.user]
arrivals = {{ process = "poisson", per_minute = 30 }}
[[traffic.user.spike]]
at = "110m"
for = "10m"
factor = 0
[workflow.plan]
steps = [{{ name = "call", calls = 2 }}]
[provider.ai]
latency = {{ dist = "exponential", mean = "5s" }}
request_timeout = "8s"
errors = {{ parse_failure = 0.1, server_error = 0.1 }}
hang = 0.1
outage = {{ at = "30m", for = "10m", fault = "timeout" }}
usage = {{ input = 1 }}
{keys}
"#
        )
    };
    for keys in ["", "outlives_client = false", "requests_per_minute = 40", "max_concurrency = 4\nmax_queue = 9"] {
        let found = answer(&model(&toml(keys)));
        let (billed, sent) = (mean(&found, "provider.ai.attempts.billed"), mean(&found, "provider.ai.attempts.sent"));
        assert_eq!(mean(&found, "provider.ai.tokens.input"), billed, "{keys}");
        assert!(billed > 0.0 && billed < 0.9 * sent, "{keys}");
    }
}

/// The arithmetic of a month's tokens against the simulation: parse failures are billed, server errors are not, what is
/// cut is, and all but the first are tried again twice.
#[test]
fn the_arithmetic_knows_the_tokens_of_a_month() {
    let toml = model_of("", "").replace("replications = 1", "replications = 40").replace(
        "latency = \"10s\"",
        "latency = { dist = \"exponential\", mean = \"5s\" }\nrequest_timeout = \"8s\"\n\
         errors = { parse_failure = 0.1, server_error = 0.2, request_error = 0.05 }",
    ) + "[retry.ai]\nmax = 2\non = [\"timeout\", \"server_error\"]\nbackoff = { kind = \"none\" }\n";
    let model = model(&toml);
    let month = explain(&model).month;
    assert_eq!(month.len(), 1);
    // The plan under way at the end may have made no attempt yet: of 60, at most 1 is missing.
    holds("tokens", &answer(&model), "cost.tokens.month", month[0].dollars, month[0].dollars / 60.0);
}

/// What is cut after 5 s is billed, unless the provider stops with its client.
#[test]
fn a_provider_that_stops_with_its_client_bills_nothing_that_is_cut() {
    let cut = |key: &str| {
        let with =
            answer(&model(&model_of("", "").replace("latency", &format!("request_timeout = \"5s\"\n{key}\nlatency"))));
        attempts(&with, &["tokens.month", "waste.timeouts.month"])
    };
    let [all, of_cut] = [cut(""), cut("outlives_client = true")];
    assert!(all[0] > 0.0 && all[0] == all[1] && all == of_cut, "{all:?}, {of_cut:?}");
    assert_eq!(cut("outlives_client = false"), [0.0, 0.0]);
}

/// All isolates are replaced at 30 min and 15 s after a plan came: its first call was answered, its second is lost, and
/// whether that is billed is the question of whether what is cut is.
#[test]
fn what_a_lost_plan_has_used_is_wasted() {
    let isolates =
        "[isolates]\nmin = 1\nmax = 1\ndeploys = { at = [\"1815s\"] }\ndrain_timeout = \"0s\"\non_loss = \"lost\"\n";
    let wasted = |billed_on: &str| {
        let answer = regular("", &format!("{billed_on}\n{isolates}"));
        assert_eq!(mean(&answer, "plans.lost"), 1.0);
        // Of an hour, as of a month: 720 times as much.
        attempts(&answer, &["waste.month", "waste.failed_plans.month"])
            .into_iter()
            .map(|n| n / 720.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(wasted(""), [2.0, 2.0]);
    assert_eq!(wasted("billed_on = []"), [1.0, 1.0]);
}

/// 1,000 writes a day carry 27.78 plans of 36. The paid plan costs 5 dollars and bills nothing at such demands (over a
/// million writes a month, 926 plans a day): it pays from where 30 (D − 27.78) v = 5.
#[test]
fn the_demand_from_which_on_the_paid_plan_is_cheaper() {
    for value in [0.01, 0.001, 0.000_2] {
        let model = shipped("kv-only.toml", &[&format!("cost.value_per_plan={value}")]);
        let upgrade = explain(&model).upgrade.unwrap();
        assert_eq!(upgrade.limit.as_deref(), Some("kv.quota.writes"));
        let exact = 1_000.0 / 36.0 + 5.0 / (30.0 * value);
        let found = upgrade.pays_from.unwrap();
        assert!((found / exact - 1.0).abs() < 1e-9, "{found}, by hand {exact}");
        assert!((upgrade.extra_month.unwrap() - 5.0).abs() < 1e-9);
    }
    let never = explain(&shipped("kv-only.toml", &["cost.value_per_plan=0"])).upgrade.unwrap();
    assert_eq!((never.pays_from, never.extra_month), (None, None));
    // Where each plan beyond the limit costs more than it is worth, the paid plan does not pay either: 36 writes at
    // 5 dollars a million are 0.00018 dollars.
    let never = explain(&shipped("kv-only.toml", &["cost.value_per_plan=0.0001"])).upgrade.unwrap();
    assert_eq!(never.pays_from, None);
    assert_eq!(explain(&shipped("kv-only.toml", &[])).upgrade, None);
}

fn advice(model: &Model) -> String {
    Advice::of(&answer(model)).iter().map(|advice| advice.text() + "\n").collect()
}

#[test]
fn cache_only_on_the_free_plan_meets_50_subrequests_and_on_the_paid_plan_does_not() {
    let few = "run.replications=2";
    let free = advice(&shipped("cache-only.toml", &[few]));
    assert!(
        free.contains(
            "A plan needs 54 external subrequests in one invocation, and may make 50: the limit is passed at call 9 \
             even when nothing fails, and a call earlier with 3 retries of any call."
        ),
        "{free}"
    );
    for other in ["platform.preset=cloudflare-paid", "workflow.plan.invocation=call"] {
        let model = shipped("cache-only.toml", &[few, other]);
        assert!(!advice(&model).contains("subrequests"), "{other}");
        assert_eq!(mean(&answer(&model), "attempts.subrequest_limited"), 0.0);
    }
    // Without its index it makes 36: 5 a call, and the sixth retry is too many.
    let none = explain(&shipped("cache-only.toml", &["platform.subrequests_external=59"]));
    let external = none.invocations.iter().find(|need| need.limit == "invocation.subrequests.external").unwrap();
    assert_eq!((external.needed, external.at_call, external.at_retry), (54, None, Some(6)));
}

/// Two plans that come together write the index at once: its key takes a write a second, so one of them is refused; where
/// the store lets the last writer win instead, the entry of the first is lost. Either way a session is not found, and
/// even without a crowd the index keeps the last ten.
#[test]
fn plans_of_kv_only_contend_for_the_index() {
    let run = ["run.replications=2", "run.horizon=2d", "traffic.user.arrivals={process=\"batch\", size=2, per_day=20}"];
    let rejecting = shipped("kv-only.toml", &run);
    let found = answer(&rejecting);
    assert!(mean(&found, "kv.writes_rejected_key") > 10.0);
    assert_eq!(mean(&found, "kv.writes_rejected_quota"), 0.0);
    let said = advice(&rejecting);
    assert!(
        said.contains("the key ai_communication_session_index, shared by all plans, is written more often"),
        "{said}"
    );
    assert!(said.contains("The index keeps the last 10 sessions, so it reaches back 12 h."), "{said}");
    let winning = shipped("kv-only.toml", &[&run[..], &["store.kv.on_key_exceed=overwrite"]].concat());
    let found = answer(&winning);
    assert_eq!(mean(&found, "kv.writes_rejected_key"), 0.0);
    assert!(mean(&found, "logs.index.lost_updates") > 10.0);
    assert!(advice(&winning).contains("entries of the index are lost in a replication"));
}
