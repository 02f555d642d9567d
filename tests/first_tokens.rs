//! Answers that come token by token, and clients that give up for want of one.

use crate::common::{answer, holds, mean, model};

fn one_call(run: &str, arrivals: &str, provider: &str) -> String {
    format!(
        "[run]\n{run}\n[traffic.user]\narrivals = {{ {arrivals} }}\n[workflow.ask]\nsteps = [{{ name = \"ask\" }}]\n\
         [logging]\nstrategy = \"none\"\n[provider.llm]\n{provider}"
    )
}

const EVEN: &str = "process = \"deterministic\", per_hour = 6";

/// The first token comes evenly within 60 to 120 s, the end after 120 to 180 s. Who gives up after 90 s without a token
/// loses every second attempt, and with one retry every fourth call; a limit of 90 s on the whole would lose them all.
#[test]
fn a_time_limit_to_the_first_token_is_no_limit_on_the_whole() {
    let provider = "latency = { dist = \"uniform\", min = \"120s\", max = \"180s\" }\n\
        first_token = { dist = \"uniform\", min = \"60s\", max = \"120s\" }\nidle_timeout = \"90s\"\n\
        [retry.llm]\nmax = 1\non = [\"timeout\"]\nbackoff = { kind = \"none\" }";
    let text =
        one_call("horizon = \"20d\"\nreplications = 20\nseed = 5", "process = \"poisson\", per_hour = 20", provider);
    let found = answer(&model(&text));
    holds("a quarter of the calls", &found, "plans.failed_fraction", 0.25, 0.0);
    let (made, cut) = (mean(&found, "attempts.made"), mean(&found, "attempts.ended_by.timeout_first_token"));
    // 9,600 plans and half again as many attempts in each of 20 replications: a standard error of 0.0009.
    assert!((cut / made - 0.5).abs() < 0.005, "{cut} of {made}");
    assert_eq!(cut, mean(&found, "attempts.timed_out"));
    let first = mean(&found, "provider.llm.first_token.max");
    assert!(first <= 90.0 && first > 89.0, "{first}");
    let arithmetic = capsim::experiment::explain(&model(&text));
    let attempts = arithmetic.per_plan.iter().find(|row| row.op == "attempts").unwrap();
    assert_eq!(attempts.expected, 1.5);
}

/// 600 ms to the first of 101 tokens, 20 ms for each after it: 2.6 s.
#[test]
fn tokens_add_up() {
    let of = |more: &str| {
        let provider = format!("first_token = \"600ms\"\nper_token = \"20ms\"\nusage = {{ output = 101 }}\n{more}");
        answer(&model(&one_call("horizon = \"1d\"\nreplications = 1", EVEN, &provider)))
    };
    let ends = |more: &str, metric: &str| mean(&of(more), metric);
    assert!((ends("", "plan.latency.mean") - 2.6).abs() < 1e-9);
    assert_eq!(ends("", "provider.llm.first_token.max"), 0.6);
    // Exactly in time is in time; the whole may take less than its own limit only.
    for (limits, cause) in [
        ("first_token_timeout = \"600ms\"", None),
        ("first_token_timeout = \"599ms\"", Some("timeout_first_token")),
        ("idle_timeout = \"600ms\"", None),
        ("idle_timeout = \"10ms\"", Some("timeout_first_token")),
        ("request_timeout = \"2s\"", Some("timeout_served")),
        ("request_timeout = \"500ms\"\nfirst_token_timeout = \"1s\"", Some("timeout_served")),
    ] {
        let found = of(limits);
        let failed = mean(&found, "plans.failed_fraction");
        assert_eq!(failed, f64::from(u8::from(cause.is_some())), "{limits}");
        if let Some(cause) = cause {
            assert_eq!(mean(&found, &format!("attempts.ended_by.{cause}")), mean(&found, "attempts.made"), "{limits}");
        }
    }
    // With a first token at once it is the second that is missed.
    let slow = "first_token = \"1ms\"\nper_token = \"20ms\"\nidle_timeout = \"19ms\"\nusage = { output = 2 }";
    let found = answer(&model(&one_call("horizon = \"1d\"\nreplications = 1", EVEN, slow)));
    assert_eq!(mean(&found, "attempts.ended_by.timeout_idle"), mean(&found, "attempts.made"));
}

/// Ten come at once to a provider of two slots that takes 2 s, the first token after 1 s: it comes after 1, 3, 5, 7 and 9 s.
/// Who waits no longer than 4 s for it has given up before the third pair begins.
#[test]
fn the_wait_at_the_provider_counts() {
    let provider =
        "latency = \"2s\"\nfirst_token = \"1s\"\nfirst_token_timeout = \"4s\"\nmax_concurrency = 2\nmax_queue = 9";
    let batch = "process = \"batch\", size = 10, per_hour = 1";
    let found = answer(&model(&one_call("horizon = \"1d\"\nreplications = 1", batch, provider)));
    let tens = mean(&found, "attempts.made") / 10.0;
    assert!(tens > 0.0 && tens.fract() == 0.0);
    assert_eq!(mean(&found, "plans.completed"), 4.0 * tens);
    assert_eq!(mean(&found, "provider.llm.first_token.max"), 3.0);
    // The third pair has its slots at 4 s, the very moment.
    assert_eq!(mean(&found, "attempts.ended_by.timeout_at_provider_queue"), 6.0 * tens);
}

/// While it is down nobody hears anything, and gives up when the first token is missed, not when the whole is.
#[test]
fn who_hears_nothing_gives_up_at_the_first_token() {
    let provider = "latency = \"2s\"\nfirst_token = \"1s\"\nfirst_token_timeout = \"4s\"\nrequest_timeout = \"1m\"\n\
        outage = { at = \"0s\", for = \"1d\", fault = \"timeout\" }";
    let text = one_call("horizon = \"1d\"\nreplications = 1", EVEN, provider)
        .replace("[logging]", "on_call_error = \"continue\"\n[logging]");
    let found = answer(&model(&text));
    assert_eq!(mean(&found, "plan.latency.mean"), 4.0);
    assert_eq!(mean(&found, "attempts.ended_by.outage"), mean(&found, "attempts.made"));
}
