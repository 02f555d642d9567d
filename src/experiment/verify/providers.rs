//! What stands around an attempt: breakers, limits, outages, slots over there, layers of retries, hedges.

use super::case::{Case, Seen, stable};
use crate::math::{exp, pow};
use crate::theory::erlang::erlang_b;
use crate::theory::queues::{mmck, sharing_slowdown};
use crate::theory::retry::attempts;
use crate::theory::{breaker, bucket};

const FAILED: &str = "plans.failed_fraction";
const SLOW: &str = "provider.p.latency={dist=\"exponential\",mean=\"1s\"}";

pub(super) fn cases() -> Vec<Case> {
    [breakers(), limits(), over_there(), sharing(), layers()].into_iter().flatten().collect()
}

fn case(topic: &'static str, name: &'static str, set: &[&str]) -> Case {
    Case::new(topic, name, "provider", set).quick(&["run.replications=10", "run.horizon=6h"])
}

fn ratio(seen: &Seen<'_>, above: &str, below: &str) -> Option<f64> {
    Some(seen.get(above)? / seen.get(below)?)
}

/// Renewal: closed until the run of failures, then rounds of the reset and the wait for a probe.
fn breakers() -> Vec<Case> {
    let says = "r/(E[closed] + r + 1/λ), from trip to trip";
    let of = |name, p: &str, rules: &[&str]| {
        let errors = format!("provider.p.errors.server_error={p}");
        case("Circuit breakers (renewal)", name, &[&[errors.as_str()], rules].concat())
    };
    vec![
        of("breaker", "0.4", &["breaker.p.fail_max=3", "breaker.p.reset_timeout=20s"])
            .law("open", says, "breaker.p.open_fraction", breaker::open_fraction(1.0, 0.4, 3, 20.0))
            .within(1e-4) // the last time open goes beyond the end, the first closed time has no probe before it
            .made(
                "refused",
                "Poisson calls find it open as long as it is",
                "breaker.p.refused ÷ (attempts.made + kept_back)",
                |s| Some(s.get("breaker.p.refused")? / (s.get("attempts.made")? + s.get("attempts.kept_back")?)),
                breaker::open_fraction(1.0, 0.4, 3, 20.0),
            )
            .within(1e-4),
        of("breaker_defaults", "0.6", &["breaker.p.reset_timeout=60s"])
            .law("open", says, "breaker.p.open_fraction", breaker::open_fraction(1.0, 0.6, 5, 60.0))
            .within(5e-4),
    ]
}

const EVEN: &str = "traffic.user.arrivals={process=\"deterministic\",per_minute=60}";
const STEP: &str = "traffic.user.spike=[{at=\"20m\",for=\"10h\",factor=10}]";

/// What is refused where traffic jumps and each stretch of so many minutes may have half as much again in a minute.
fn stairs(before: u64, after: u64, minutes: u64) -> f64 {
    let steps = std::iter::successors(Some(before), |allowed| Some(allowed * 3 / 2)).skip(1);
    steps.take_while(|allowed| *allowed < after).map(|allowed| (after - allowed) * minutes).sum::<u64>() as f64
}

fn limits() -> Vec<Case> {
    let per_minute = "provider.p.requests_per_minute=60";
    vec![
        case("Rate limits (token bucket)", "rate_limit", &[per_minute, "provider.p.limit_burst=5s"]).law(
            "refused",
            "what is missing from a bucket of n is the work in M/D/1/n",
            FAILED,
            bucket::refused(1.0, 1.0, 5),
        ),
        case("Rate limits (token bucket)", "rate_limit_by_second", &[per_minute, "provider.p.limit_burst=1s"]).law(
            "refused",
            "one token: accepted or not as a single server is free or not, λ/(λ + μ)",
            FAILED,
            bucket::refused(1.0, 1.0, 1),
        ),
        case(
            "Rate limits (token bucket)",
            "rate_limit_tokens",
            &["provider.p.tokens_per_minute=6000", "provider.p.tokens=100", "provider.p.limit_burst=5s"],
        )
        .law("refused", "5 attempts' tokens in a full bucket: M/D/1/5", FAILED, bucket::refused(1.0, 1.0, 5)),
        case("Limits of growth", "growth", &["provider.p.slope.requests_per_minute=60", EVEN, STEP, "run.horizon=2h"])
            .quick(&["run.replications=2"])
            .law(
                "refused",
                "600 a minute come: 15 minutes each with 60 × 1.5, then 1.5 times that, and so on",
                "provider.p.attempts.slowed_down",
                stairs(60, 600, 15),
            ),
        case(
            "Budgets of retries",
            "budget",
            &[
                "provider.p.errors.server_error=1",
                "retry.p={max=1,backoff={kind=\"none\"},budget={ratio=0,min_per_second=1,burst=5}}",
            ],
        )
        .made(
            "refused",
            "every call asks once for a retry, and one flows in each second: M/D/1/5",
            "retry.p.over_budget ÷ calls.made",
            |s| ratio(s, "retry.p.over_budget", "calls.made"),
            bucket::refused(1.0, 1.0, 5),
        ),
        // It starts up: the mean over six hours is under the limit by 1/3 × 33 s ÷ 21,600 s.
        case("Outages (alternating renewal)", "outages", &["provider.p.outage={mean_up=\"100s\",mean_down=\"50s\"}"])
            .law("seen", "down/(up + down), seen by Poisson arrivals", FAILED, 1.0 / 3.0)
            .within(6e-4),
    ]
}

/// The provider's own side, on which it goes on when its client has gone.
fn over_there() -> Vec<Case> {
    let late = exp(-1.0);
    let present = "provider.p.in_flight.mean";
    let cut = [SLOW, "provider.p.request_timeout=1s", "run.warmup=1m"];
    vec![
        case(
            "Work that outlives its client (M/G/∞)",
            "outlives",
            &[&cut[..], &["provider.p.outlives_client=true"]].concat(),
        )
        .law("present", "λE[S], whatever the client does", present, 1.0)
        .law("abandoned", "λE[(S − τ)+]", "provider.p.in_flight.abandoned", late),
        case(
            "Work that outlives its client (M/G/∞)",
            "stops",
            &[&cut[..], &["provider.p.outlives_client=false"]].concat(),
        )
        .law("present", "λE[min(S, τ)]", present, 1.0 - late),
        case("Slots of a provider", "slots", &[SLOW, "provider.p.max_concurrency=2", "run.warmup=1m"]).law(
            "refused",
            "B(c, a): no place to wait over there",
            FAILED,
            erlang_b(2, 1.0),
        ),
        case(
            "Slots of a provider",
            "slots_queued",
            &[
                SLOW,
                "provider.p.max_concurrency=1",
                "provider.p.max_queue=unlimited",
                "traffic.user.arrivals.per_second=0.5",
                "run.warmup=10m",
            ],
        )
        .law("sojourn", "M/M/1 over there: s/(1 − ρ)", "plan.latency.mean", 2.0),
    ]
}

/// A provider that shares itself: no law but the mean of the work matters.
fn sharing() -> Vec<Case> {
    let of = |name, law: &str, set: &[&str]| {
        let latency = format!("provider.p.latency={law}");
        let set = [&["provider.p.capacity=1", latency.as_str(), "run.warmup=30m"], set].concat();
        case("Processor sharing (M/G/1-PS)", name, &set)
    };
    let (rate, busy) = ("traffic.user.arrivals.per_second=0.7", 0.7);
    let sojourn = "s/(1 − ρ), whatever the law of service";
    let exponential = "{dist=\"exponential\",mean=\"1s\"}";
    let small = "workflow.plan.steps=[{name=\"call\",latency=\"500ms\"}]";
    let large = "workflow.large.steps=[{name=\"call\",latency=\"2s\"}]";
    let other = "traffic.large={workflow=\"large\",arrivals={process=\"poisson\",per_second=0.2}}";
    let full = mmck(1, 3, 0.9, 1.0);
    vec![
        of("ps_exponential", exponential, &[rate])
            .law("sojourn", sojourn, "plan.latency.mean", 1.0 / (1.0 - busy))
            .law("present", "ρ/(1 − ρ)", "provider.p.in_flight.mean", busy / (1.0 - busy)),
        of("ps_constant", "\"1s\"", &[rate]).law("sojourn", sojourn, "plan.latency.mean", 1.0 / (1.0 - busy)),
        of("ps_lognormal", "{dist=\"lognormal\",mean=\"1s\",cv=2}", &[rate]).law(
            "sojourn",
            sojourn,
            "plan.latency.mean",
            1.0 / (1.0 - busy),
        ),
        // 0.6 of 0.5 s and 0.2 of 2 s: 0.7 of the time.
        of(
            "ps_needs",
            exponential,
            &["traffic.user.arrivals.per_second=0.6", "traffic.user.workflow=\"plan\"", small, large, other],
        )
        .law("small", "who needs x stays x/(1 − ρ)", "class.user.plan.latency.mean", 0.5 / (1.0 - busy))
        .law("large", "who needs x stays x/(1 − ρ)", "class.large.plan.latency.mean", 2.0 / (1.0 - busy)),
        of(
            "ps_three",
            "{dist=\"gamma\",mean=\"1s\",cv=1.5}",
            &["provider.p.capacity=3", "traffic.user.arrivals.per_second=2.4"],
        )
        .law(
            "sojourn",
            "full speed for three: s(1 + C(c, a)/(c − a))",
            "plan.latency.mean",
            stable(sharing_slowdown(3, 2.4)),
        ),
        of(
            "ps_full",
            "{dist=\"lognormal\",mean=\"1s\",cv=2}",
            &["provider.p.max_concurrency=4", "traffic.user.arrivals.per_second=0.9"],
        )
        .law("refused", "the loss of M/M/1/4", FAILED, full.loss),
    ]
}

fn layers() -> Vec<Case> {
    let none = "retry.p={max=1,backoff={kind=\"none\"},sdk={max=1,backoff={kind=\"none\"}}}";
    let late = exp(-1.0);
    vec![
        case("Retries in layers", "layers", &["provider.p.errors.server_error=0.5", none])
            .made(
                "attempts",
                "a try of the outer layer fails with p^(r + 1)",
                "attempts.made ÷ calls.made",
                |s| ratio(s, "attempts.made", "calls.made"),
                attempts(0.5, 1) * attempts(0.25, 1),
            )
            .law("fails", "p^((r + 1)(R + 1))", FAILED, pow(0.5, 4.0)),
        case("Hedged attempts", "hedge", &[SLOW, "hedge.p.after=1s"])
            .law(
                "latency",
                "after τ the first of two: s(1 − e^(−τ/s)) + ½s e^(−τ/s)",
                "plan.latency.mean",
                1.0 - 0.5 * late,
            )
            .made(
                "sent",
                "P(S > τ)",
                "hedge.p.sent ÷ attempts.made",
                |s| ratio(s, "hedge.p.sent", "attempts.made"),
                late,
            )
            .made(
                "won",
                "of two that forget, either is first",
                "hedge.p.won ÷ hedge.p.sent",
                |s| ratio(s, "hedge.p.won", "hedge.p.sent"),
                0.5,
            ),
    ]
}
