//! Providers and the policies around an attempt, held against closed forms and against stories worked out by hand.

use crate::common::{answer, holds, mean, model};
use capsim::theory::breaker;

/// One call a plan, at a provider whose keys (and other sections) the test writes.
fn calls(arrivals: &str, days: f64, provider: &str) -> String {
    format!(
        r#"
name = "provider"
[run]
horizon = "{}s"
replications = 20
seed = 4
[traffic.user]
arrivals = {{ {arrivals} }}
[workflow.plan]
steps = [{{ name = "call" }}]
[logging]
strategy = "none"
[provider.p]
{provider}
"#,
        (days * 86_400.0) as u64
    )
}

/// Poisson calls that fail by chance and take next to no time: the renewal argument of `theory::breaker` is exact.
#[test]
fn a_breaker_is_open_as_long_as_renewals_say() {
    let of = |rate: f64, p: f64, rules: &str| {
        let provider = format!("latency = \"1us\"\nerrors = {{ server_error = {p} }}\n[breaker.p]\n{rules}");
        answer(&model(&calls(&format!("process = \"poisson\", per_second = {rate}"), 1.0, &provider)))
    };
    for (rate, p, rules, m, reset) in [
        (1.0, 0.4, "fail_max = 3\nreset_timeout = \"20s\"", 3, 20.0),
        (0.5, 0.7, "", 5, 60.0),
        (2.0, 0.2, "fail_max = 1", 1, 60.0),
    ] {
        let answer = of(rate, p, rules);
        let exact = breaker::open_fraction(rate, p, m, reset);
        holds("breaker", &answer, "breaker.p.open_fraction", exact, 0.0);
        // By Poisson arrivals, the share of time it is open is the share of calls that it refuses.
        let refused = mean(&answer, "breaker.p.refused") / mean(&answer, "attempts.made");
        assert!((refused - exact).abs() < 0.01, "{refused} refused, {exact} open");
        let errored = mean(&answer, "attempts.errored") - mean(&answer, "breaker.p.refused");
        let sent = mean(&answer, "attempts.made") - mean(&answer, "breaker.p.refused");
        assert!((errored / sent - p).abs() < 0.01, "those sent fail as ever");
        let trips = mean(&answer, "breaker.p.trips") * reset / 86_400.0;
        assert!((trips / exact - 1.0).abs() < 0.01, "each trip opens it for the whole reset timeout");
    }
}

/// One call a second, all of which fail. By hand: calls 1 to 5 fail, the breaker opens at 5 s for 10 s; at 15 s the
/// call is the probe, fails, and so on every 10 s.
#[test]
fn a_breaker_lets_a_probe_go_once_the_reset_timeout_has_fully_passed() {
    let provider = "latency = \"0s\"\nerrors = { network = 1.0 }\n[breaker.p]\nreset_timeout = \"10s\"";
    let text = calls("process = \"deterministic\", per_second = 1", 100.0 / 86_400.0, provider);
    let story = answer(&model(&text));
    // The first comes at 0 s, so the trip is at 4 s, and the probes are at 14, 24, … 94 s.
    assert_eq!(mean(&story, "breaker.p.trips"), 10.0);
    assert_eq!(mean(&story, "breaker.p.refused"), 100.0 - 5.0 - 9.0);
    assert_eq!(mean(&story, "breaker.p.open_fraction"), 0.96);
    assert_eq!(mean(&story, "attempts.errored"), 100.0, "what a breaker refuses is an attempt that failed");
    // Faults that are none of the breaker's failures never open it.
    let auth = answer(&model(&text.replace("network =", "auth =")));
    assert_eq!(mean(&auth, "breaker.p.trips"), 0.0);
    // In each isolate its own; with two, plans land at random, so together they need 5 failures each.
    let two = answer(&model(&format!("{text}\n[platform]\nisolates = 2")));
    assert!(mean(&two, "breaker.p.refused") < mean(&story, "breaker.p.refused"));
}

/// Two retries, no wait: a call makes three attempts. Around the retries, five calls fail before the breaker opens;
/// inside them it opens within the second call.
#[test]
fn a_breaker_counts_attempts_or_calls() {
    let provider =
        "latency = \"0s\"\nerrors = { network = 1.0 }\n[retry.p]\nbackoff = { kind = \"none\" }\n[breaker.p]\n";
    let of = |rules: &str| {
        let text = calls("process = \"deterministic\", per_second = 1", 20.0 / 86_400.0, &format!("{provider}{rules}"));
        let answer = answer(&model(&text));
        (mean(&answer, "attempts.made"), mean(&answer, "breaker.p.refused"))
    };
    // Inside: call 1 makes 3 attempts; call 2 makes 2, and its third is refused; then each is refused at once.
    assert_eq!(of(""), (3.0 + 3.0 + 18.0, 19.0));
    assert_eq!(of("counts = \"calls\""), (15.0 + 15.0, 15.0));
    // A window of the latest ten attempts needs ten to begin with: the first of call 4 opens it, its second is refused.
    assert_eq!(of("window = { size = 10 }"), (9.0 + 2.0 + 16.0, 17.0));
}
