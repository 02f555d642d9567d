//! Attempts that fail, backoffs, and what both do to a queue.

use super::case::{Case, Seen, stable};
use crate::math::{exp, pow};
use crate::theory::queues::mm1_wait;
use crate::theory::retry::{attempts, call_fails, call_time};

const MEAN: &str = "plan.latency.mean";
/// The chance that an attempt of `verify/attempts.toml` fails.
const P: f64 = 0.4;

pub(super) fn cases() -> Vec<Case> {
    [counts(), backoffs(), faults(), queued()].into_iter().flatten().collect()
}

fn case(topic: &'static str, name: &'static str, set: &[&str]) -> Case {
    Case::new(topic, name, "attempts", set).quick(&["run.replications=10"])
}

fn ratio(seen: &Seen<'_>, above: &str, below: &str) -> Option<f64> {
    Some(seen.get(above)? / seen.get(below)?)
}

fn counts() -> Vec<Case> {
    let cut = exp(-1.5);
    let timeouts = [
        "provider.p.latency={dist=\"exponential\",mean=\"2s\"}",
        "provider.p.errors={}",
        "provider.p.request_timeout=3s",
        "retry.p.on=[\"timeout\"]",
    ];
    vec![
        case("Retries", "retries", &[])
            .made(
                "attempts",
                "(1 − p^(r + 1))/(1 − p)",
                "attempts.made ÷ calls.made",
                |s| ratio(s, "attempts.made", "calls.made"),
                attempts(P, 3),
            )
            .made(
                "fails",
                "p^(r + 1)",
                "calls.failed ÷ calls.made",
                |s| ratio(s, "calls.failed", "calls.made"),
                call_fails(P, 3),
            )
            .law("per_success", "1/(1 − p), whatever the number of retries", "attempts.per_success", 1.0 / (1.0 - P)),
        case("Retries", "retries_plan", &["workflow.plan.steps.call.calls=4", "workflow.plan.on_call_error=abort"])
            .law("fails", "1 − (1 − p^(r + 1))⁴", "plans.failed_fraction", 1.0 - pow(1.0 - call_fails(P, 3), 4.0))
            .made(
                "calls",
                "a plan ends with its first failed call: (1 − (1 − q)⁴)/q calls",
                "calls.made ÷ plans.offered",
                |s| ratio(s, "calls.made", "plans.offered"),
                attempts(1.0 - call_fails(P, 3), 3),
            ),
        // E[min(X, τ)] = s(1 − e^(−τ/s)).
        case("Retries", "retries_timeout", &timeouts)
            .made(
                "attempts",
                "with p = P(S > τ)",
                "attempts.made ÷ calls.made",
                |s| ratio(s, "attempts.made", "calls.made"),
                attempts(cut, 3),
            )
            .law("time", "Σ pᵏE[min(S, τ)] + Σ pᵏ⁺¹bₖ", MEAN, call_time(cut, 2.0 * (1.0 - cut), &[3.0; 3])),
        case("Retries", "no_retry_of_others", &["provider.p.errors={server_error=0.3,auth=0.1}"]).made(
            "attempts",
            "only what `on` names is tried again",
            "attempts.made ÷ calls.made",
            |s| ratio(s, "attempts.made", "calls.made"),
            attempts(0.3, 3),
        ),
    ]
}

/// The mean time of a call by its backoffs: attempts of 2 s that fail with probability 0.4.
fn backoffs() -> Vec<Case> {
    let backoff = |name, kind: &str, says, waits: [f64; 3]| {
        let set = format!("retry.p.backoff={{{kind}}}");
        case("Backoff", name, &[&set]).law("time", says, MEAN, call_time(P, 2.0, &waits))
    };
    let exponential =
        |jitter: &str| format!("kind=\"exponential\",base=\"4s\",factor=3.0,cap=\"20s\",jitter=\"{jitter}\"");
    vec![
        backoff("backoff_none", "kind=\"none\"", "no wait", [0.0; 3]),
        backoff("backoff_constant", "kind=\"constant\",base=\"3s\",jitter=\"none\"", "base each time", [3.0; 3]),
        backoff("backoff_exponential", &exponential("none"), "base × factorᵏ, at most the cap", [4.0, 12.0, 20.0]),
        backoff("backoff_full", &exponential("full"), "full jitter halves the mean, cap first", [2.0, 6.0, 10.0]),
        backoff("backoff_equal", &exponential("equal"), "equal jitter leaves three quarters", [3.0, 9.0, 15.0]),
        // Uniform between the base and three times the last: the mean goes on as (base + 3 × last)/2.
        backoff(
            "backoff_decorrelated",
            "kind=\"decorrelated\",base=\"2s\",cap=\"1h\"",
            "(base + 3 × last)/2",
            [4.0, 7.0, 11.5],
        ),
    ]
}

fn faults() -> Vec<Case> {
    let kinds = ["provider.p.errors={server_error=0.1,rate_limited=0.05,parse_failure=0.02}", "retry.p.max=0"];
    let request = ["provider.p.errors={request_error=0.15,server_error=0.2}", "retry.p.max=0"];
    vec![
        case("Thinning", "faults", &kinds)
            .made(
                "errored",
                "each kind takes its share",
                "attempts.errored ÷ attempts.made",
                |s| ratio(s, "attempts.errored", "attempts.made"),
                0.12,
            )
            .made(
                "rate_limited",
                "and is counted apart",
                "attempts.rate_limited ÷ attempts.made",
                |s| ratio(s, "attempts.rate_limited", "attempts.made"),
                0.05,
            ),
        case("Thinning", "faulty_requests", &request).made(
            "fails",
            "1 − (1 − p)(1 − q): a faulty request fails whatever the provider does",
            "calls.failed ÷ calls.made",
            |s| ratio(s, "calls.failed", "calls.made"),
            1.0 - 0.85 * 0.8,
        ),
    ]
}

fn queued() -> Vec<Case> {
    // A call that keeps its slot is one long service of k attempts of 1 s and k − 1 backoffs of 2 s.
    let chances = [1.0 - P, P * (1.0 - P), P * P * (1.0 - P), P * P * P];
    let moment =
        |power: f64| -> f64 { chances.iter().zip([1.0, 4.0, 7.0, 10.0]).map(|(c, t)| c * pow(t, power)).sum() };
    let rate = 0.25;
    let holds = [
        "workflow.plan.steps.call.queue=q",
        "queue.q.max_concurrency=1",
        "traffic.user.arrivals.per_second=0.25",
        "provider.p.latency=1s",
        "retry.p.backoff.base=2s",
        "run.warmup=30m",
    ];
    let busy = rate * moment(1.0);
    let wait = rate * moment(2.0) / (2.0 * (1.0 - busy));
    let back = [
        "provider.p.errors={server_error=0.3}",
        "retry.p={max=100,on=[\"server_error\"],hold_slot=false,backoff={kind=\"none\"}}",
        "traffic.user.arrivals.per_second=0.42",
    ];
    let away = [
        "provider.p.errors={server_error=0.3}",
        "retry.p={max=100,on=[\"server_error\"],hold_slot=false,backoff={kind=\"constant\",base=\"7s\",jitter=\"none\"}}",
        "traffic.user.arrivals.per_second=0.42",
    ];
    let short = ["run.replications=20", "run.horizon=6h", "run.warmup=30m"];
    vec![
        case("Retries that hold their slot", "hold_slot", &holds)
            .law("wait", "Pollaczek–Khinchine of attempts and backoffs", "queue.q.wait.mean", wait)
            // Recorded are the work that 320 of 330 minutes bring and what the warm-up leaves: on average the wait.
            .law(
                "utilisation",
                "λE[T], but for the quiet end",
                "queue.q.utilisation",
                (busy * 19_200.0 + wait) / 19_800.0,
            ),
        Case::new("Retries that queue again", "feedback", "queue", &back).quick(&short).law(
            "wait",
            "M/M/1 with feedback: as with λ/(1 − p)",
            "queue.q.wait.mean",
            stable(mm1_wait(0.6, 1.0)),
        ),
        Case::new("Retries that queue again", "feedback_delay", "queue", &away)
            .quick(&short)
            .law(
                "wait",
                "Jackson: a backoff elsewhere changes nothing",
                "queue.q.wait.mean",
                stable(mm1_wait(0.6, 1.0)),
            )
            .made(
                "visits",
                "1/(1 − p) each",
                "queue.q.offered ÷ plans.offered",
                |s| ratio(s, "queue.q.offered", "plans.offered"),
                1.0 / 0.7,
            )
            .within(0.001), // who is on the way at the end
    ]
}
