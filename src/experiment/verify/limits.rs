//! Quotas, windows, buckets and spacings: what they refuse, and how often they run out.

use super::case::{Case, Seen, stable};
use crate::theory::counting::{compound_exceeds, day_exceeds, poisson, poisson_at_most};
use crate::theory::erlang::erlang_b;
use crate::theory::queues::md1_wait;
use crate::theory::{breaker, bucket, spacing};

const EXHAUSTED: &str = "kv.quota.writes.exhausted_days_fraction";

pub(super) fn cases() -> Vec<Case> {
    [days(), windows(), invocations(), breakers()].into_iter().flatten().collect()
}

fn quota(topic: &'static str, name: &'static str, set: &[&str]) -> Case {
    Case::new(topic, name, "quota", set).quick(&["run.horizon=100d"])
}

/// The mean of a Poisson number of mean `mean` that is cut at `limit`.
fn cut(mean: f64, limit: u64) -> f64 {
    let over = 1.0 - poisson_at_most(mean, limit);
    (0..=limit).map(|n| n as f64 * poisson(mean, n)).sum::<f64>() + over * limit as f64
}

fn refused(seen: &Seen<'_>) -> Option<f64> {
    Some(seen.get("kv.writes_rejected")? / seen.get("kv.writes_attempted")?)
}

const REFUSED: &str = "kv.writes_rejected ÷ kv.writes_attempted";

fn days() -> Vec<Case> {
    let reached = |mean: f64| 1.0 - poisson_at_most(mean, 29);
    let errors =
        "logging.ops=[{on=\"response\",when=\"error\",store=\"kv\",op=\"put\",key=\"log:{log}\",role=\"record\"}]";
    // A plan of three calls writes once for each that fails: a binomial cost.
    let (p, q) = (0.3, 0.7);
    let costs = [(1, 3.0 * p * q * q), (2, 3.0 * p * p * q), (3, p * p * p)];
    vec![
        quota("Daily quotas", "daily", &[])
            .law("exhausted", "P(Poisson >= limit)", EXHAUSTED, reached(25.0))
            .law("accepted", "E[min(Poisson, limit)]", "kv.writes_per_day.mean", cut(25.0, 30))
            .law("used", "E[min(Poisson, limit)]/limit", "kv.quota.writes.used_fraction", cut(25.0, 30) / 30.0)
            // The n-th arrival is Erlang(n): the mean of it where it comes within the day.
            .law(
                "hour",
                "E[T | T < 24 h] of Erlang's law",
                "kv.quota.writes.exhausted_at_hour",
                30.0 / 25.0 * 24.0 * (1.0 - poisson_at_most(25.0, 30)) / reached(25.0),
            ),
        // Four people alike, six plans a day each.
        quota(
            "Daily quotas",
            "limiter",
            &[
                "workflow.plan.steps=[{name=\"limit\",limiter=\"daily\"}]",
                "limiter.daily={people={law=\"uniform\",count=4},per_day=7}",
                "store.kv.quota.writes.limit=1000000",
                "traffic.user.arrivals.per_day=24",
            ],
        )
        .law(
            "admitted",
            "each person E[min(Poisson, limit)] times",
            "kv.writes_per_day.mean",
            4.0 * cut(6.0, 7),
        ),
        quota(
            "Daily quotas",
            "daily_shared",
            &["store.kv.background.writes_per_day=10", "traffic.user.arrivals.per_day=15"],
        )
        .law("exhausted", "two Poisson streams are one", EXHAUSTED, reached(25.0)),
        quota("Daily quotas", "daily_calls", &["workflow.plan.steps.call.calls=3", "traffic.user.arrivals.per_day=8"])
            .law("exhausted", "three writes a plan: P(Poisson >= 10)", EXHAUSTED, day_exceeds(8.0, 1.0, 3, 29)),
        quota(
            "Daily quotas",
            "daily_errors",
            &[errors, "provider.p.errors={server_error=0.3}", "traffic.user.arrivals.per_day=80"],
        )
        .law("exhausted", "thinning: of 80 plans 24 fail", EXHAUSTED, day_exceeds(80.0, 0.3, 1, 29)),
        quota(
            "Compound Poisson (Panjer)",
            "daily_compound",
            &[
                errors,
                "provider.p.errors={server_error=0.3}",
                "workflow.plan.steps.call.calls=3",
                "workflow.plan.on_call_error=continue",
                "traffic.user.arrivals.per_day=27",
            ],
        )
        .law("exhausted", "a binomial cost a plan", EXHAUSTED, compound_exceeds(27.0, &costs, 29)),
    ]
}

fn windows() -> Vec<Case> {
    let hourly = |limit: &str| format!("store.kv.quota.writes={{{limit}}}");
    let shared = "logging.ops=[{on=\"request\",store=\"kv\",op=\"put\",key=\"index\"}]";
    vec![
        quota("Windows", "window_fixed", &[&hourly("limit=3,window=\"1h\""), "traffic.user.arrivals.per_hour=2.5"])
            .made("refused", "1 − E[min(Poisson, limit)]/λ", REFUSED, refused, 1.0 - cut(2.5, 3) / 2.5),
        quota(
            "Windows",
            "window_rolling",
            &[&hourly("limit=4,window=\"1h\",kind=\"rolling\""), "traffic.user.arrivals.per_hour=3"],
        )
        .made(
            "refused",
            "each write holds a place for the window: B(limit, λw)",
            REFUSED,
            refused,
            erlang_b(4, 3.0),
        ),
        quota(
            "Token buckets",
            "bucket",
            &[&hourly("limit=1,window=\"20m\",kind=\"bucket\",burst=3"), "traffic.user.arrivals.per_hour=2.5"],
        )
        .made("refused", "the loss of M/D/1/burst", REFUSED, refused, bucket::refused(2.5, 3.0, 3)),
        quota(
            "Token buckets",
            "bucket_wait",
            &[
                &hourly("limit=1,window=\"20m\",kind=\"bucket\",burst=1,on_exceed=\"wait\""),
                "traffic.user.arrivals.per_hour=1.8",
            ],
        )
        .law("wait", "M/D/1", "plan.latency.mean", stable(md1_wait(1.8 / 3600.0, 1200.0))),
        quota(
            "Key spacing",
            "spacing",
            &[shared, "store.kv={kind=\"kv\",key_spacing=\"10m\"}", "traffic.user.arrivals.per_hour=5"],
        )
        .made("refused", "λd/(1 + λd)", REFUSED, refused, spacing::refused(5.0, 1.0 / 6.0))
        .law("accepted", "λ/(1 + λd)", "kv.writes_per_day.mean", 24.0 * spacing::accepted(5.0, 1.0 / 6.0)),
    ]
}

fn breakers() -> Vec<Case> {
    let (rate, p, reset) = (0.5, 0.4, 20.0);
    let set = |fail_max: u32| {
        [
            "provider.p.latency=0s".into(),
            "provider.p.errors={server_error=0.4}".into(),
            format!("breaker.p={{fail_max={fail_max},reset_timeout=\"20s\"}}"),
        ]
    };
    let case = |name, fail_max: u32| {
        let set = set(fail_max);
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let open = breaker::open_fraction(rate, p, fail_max, reset);
        Case::new("Circuit breakers", name, "plan", &set)
            .quick(&["run.replications=20", "run.horizon=12h"])
            .law(
                "open",
                "renewal: closed (p^(−m) − 1)/(1 − p) attempts, open r, and a wait 1/λ",
                "breaker.p.open_fraction",
                open,
            )
            .made(
                "refused",
                "Poisson attempts see time averages",
                "breaker.p.refused ÷ (attempts.made + kept_back)",
                |s| Some(s.get("breaker.p.refused")? / (s.get("attempts.made")? + s.get("attempts.kept_back")?)),
                open,
            )
    };
    vec![case("breaker_two", 2), case("breaker_five", 5)]
}

fn invocations() -> Vec<Case> {
    let limited = [
        "platform.subrequests_external=50",
        "workflow.plan.steps.call.calls=60",
        "workflow.plan.on_call_error=continue",
        "provider.p.latency=0s",
    ];
    let logged =
        ["store.kv.kind=kv", "logging.strategy=kv-only", "workflow.plan.steps.call.calls=9", "provider.p.latency=0s"];
    let plan = |name, set: &[&str]| {
        Case::new("Arithmetic", name, "plan", set).quick(&["run.replications=2", "run.horizon=1h"])
    };
    vec![
        plan("subrequests", &limited).made(
            "limited",
            "of 60 attempts 50 fit into an invocation",
            "attempts.subrequest_limited ÷ plans.offered",
            |s| Some(s.get("attempts.subrequest_limited")? / s.get("plans.offered")?),
            10.0,
        ),
        plan("logging", &logged).law("writes", "9 calls × 4 rows", "kv.writes_per_plan", 36.0).law(
            "reads",
            "9 calls × 1 row",
            "kv.reads_per_plan",
            9.0,
        ),
    ]
}
