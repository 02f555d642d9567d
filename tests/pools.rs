//! Several providers behind one step, and chains of those that are asked when it has failed.

use crate::common::{answer, mean, model};

/// Calls at providers `k0`, `k1`, … of these keys; `step` is what more the step says.
fn pool(arrivals: &str, step: &str, providers: &[&str], rest: &str) -> capsim::model::Model {
    let names: Vec<String> = (0..providers.len()).map(|at| format!("\"k{at}\"")).collect();
    let sections: String =
        providers.iter().enumerate().map(|(at, keys)| format!("[provider.k{at}]\n{keys}\n")).collect();
    model(&format!(
        "[run]\nhorizon = \"6h\"\nreplications = 5\nseed = 8\n[traffic.user]\narrivals = {{ {arrivals} }}\n\
         [workflow.ask]\nsteps = [{{ name = \"ask\", provider = [{}]{step} }}]\n[logging]\nstrategy = \"none\"\n\
         {sections}{rest}",
        names.join(", ")
    ))
}

const SEVENTY: &str = "process = \"deterministic\", per_minute = 70";

/// Three keys of 30 a minute carry 90: at 70 nobody is refused, at 120 a quarter of them are, but for what the full buckets
/// hold at the start.
#[test]
fn three_keys_carry_what_three_keys_carry() {
    let key = "latency = \"3s\"\nrequests_per_minute = 30";
    for pick in ["turn", "least_busy", "most_left"] {
        let of = |arrivals: &str| answer(&pool(arrivals, &format!(", pick = \"{pick}\""), &[key; 3], ""));
        let found = of(SEVENTY);
        assert_eq!(mean(&found, "plans.failed_fraction"), 0.0, "{pick}");
        let sent = [0, 1, 2].map(|at| mean(&found, &format!("provider.k{at}.attempts.sent")));
        assert_eq!(sent, [8_400.0; 3], "{pick}");
        let refused = mean(&of("process = \"deterministic\", per_minute = 120"), "plans.failed_fraction");
        assert!((0.2475..=0.25).contains(&refused), "{pick}: {refused}");
    }
    let ceilings = capsim::experiment::explain(&pool(SEVENTY, "", &[key; 3], "")).ceilings;
    assert_eq!(ceilings[0].plans_per_day, 3.0 * 30.0 * 1440.0, "{ceilings:?}");
}

/// 25,200 attempts at random by 3 : 1; within five standard errors of 69 each, over five replications.
#[test]
fn weights_are_shares() {
    let step = ", pick = \"random\", weights = [3, 1]";
    let found = answer(&pool(SEVENTY, step, &["latency = \"1s\"\nmax_concurrency = 100"; 2], ""));
    let first = mean(&found, "provider.k0.attempts.sent");
    assert!((first - 18_900.0).abs() < 5.0 * 69.0 / 5.0_f64.sqrt(), "{first}");
    assert_eq!(first + mean(&found, "provider.k1.attempts.sent"), 25_200.0);
}

/// Each provider has its own latency, and its own name for what it did.
#[test]
fn who_is_asked_answers() {
    let found = answer(&pool(SEVENTY, "", &["latency = \"1s\"", "latency = \"3s\""], ""));
    // Those under way at the end are not counted: three long ones of 25,200.
    assert!((mean(&found, "plan.latency.mean") - 2.0).abs() < 1e-3 && mean(&found, "plan.latency.max") == 3.0);
    let traced = answer(&pool(SEVENTY, ", latency = \"5s\"", &["latency = \"1s\"", "latency = \"3s\""], ""));
    assert_eq!(mean(&traced, "plan.latency.mean"), 5.0, "the step's own latency holds for all");
}

/// One of two is down for the first hour. Without a cool-down every second call fails; with one, of 60 s after each failure,
/// one call a minute finds out that it is still down.
#[test]
fn who_has_failed_is_left_alone_for_a_while() {
    let down = "latency = \"1s\"\noutage = { at = \"0s\", for = \"1h\", fault = \"server_error\" }";
    let of = |step: &str| {
        answer(&pool("process = \"deterministic\", per_minute = 60", step, &[down, "latency = \"1s\""], ""))
    };
    assert_eq!(mean(&of(""), "plans.call_failed"), 1_800.0);
    let found = of(", cool_down = { failures = 1, for = \"60s\" }");
    // It fails at once at the first of its turns after the 60 s are over: every 61 s or 60, as the other's turn comes between.
    let failed = mean(&found, "plans.call_failed");
    assert!((58.0..=60.0).contains(&failed), "{failed}");
    assert_eq!(failed, mean(&found, "provider.k0.cooled_down"));
    let three = of(", cool_down = { failures = 3, for = \"10m\" }");
    assert_eq!(mean(&three, "plans.call_failed"), 3.0 * 6.0);
}

/// A retry goes to the next one, so that with one retry nobody fails; an open breaker is passed over.
#[test]
fn a_retry_asks_another() {
    let down = "latency = \"1s\"\noutage = { at = \"0s\", for = \"6h\", fault = \"server_error\" }";
    let retries = "[retry.k0]\nmax = 1\nbackoff = { kind = \"none\" }\n";
    let found = answer(&pool(SEVENTY, "", &[down, "latency = \"1s\""], retries));
    assert_eq!(mean(&found, "plans.failed_fraction"), 0.0);
    let breaker = "[breaker.k0]\nfail_max = 2\nreset_timeout = \"1h\"\n";
    let found = answer(&pool(SEVENTY, "", &[down, "latency = \"1s\""], breaker));
    // Two failures open it; each of the five probes, once an hour, fails too.
    assert_eq!([mean(&found, "plans.call_failed"), mean(&found, "breaker.k0.refused")], [7.0, 0.0]);
}

/// A chain of four, of which the first three always fail: each call makes four attempts and succeeds.
#[test]
fn a_chain_goes_on_to_its_end() {
    let fails = "latency = \"1s\"\nerrors = { server_error = 1.0 }";
    let text = format!(
        "[run]\nhorizon = \"1h\"\nreplications = 1\n[traffic.user]\narrivals = {{ process = \"deterministic\", per_minute = 1 }}\n\
         [workflow.ask]\nsteps = [{{ name = \"ask\", provider = \"a\", fallback = [\"b\", \"c\", \"d\"] }}]\n\
         [logging]\nstrategy = \"none\"\n[provider.a]\n{fails}\n[provider.b]\n{fails}\n[provider.c]\n{fails}\n[provider.d]\nlatency = \"2s\"\n"
    );
    let found = answer(&model(&text));
    assert_eq!([mean(&found, "plan.latency.max"), mean(&found, "attempts.per_success")], [5.0, 4.0]);
    for provider in ["a", "b", "c"] {
        assert_eq!(mean(&found, &format!("provider.{provider}.fell_back")), mean(&found, "calls.made"), "{provider}");
    }
    let attempts: f64 = capsim::experiment::explain(&model(&text))
        .per_plan
        .iter()
        .filter(|row| row.op == "attempts")
        .map(|row| row.expected)
        .sum();
    assert_eq!(attempts, 4.0);
}
