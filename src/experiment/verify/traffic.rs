//! How many come, and queues whose arrivals are not Poisson or leave before their turn.

use super::case::{Case, stable};
use crate::math::exp;
use crate::theory::bursts::{batch_wait, dm1_wait, dm1_wait_quantile, lifo_wait_quantile, mmpp_arrivals, mmpp_m1_wait};
use crate::theory::erlang::erlang_a;
use crate::theory::patience::mmc_d;

const WAIT: &str = "queue.q.wait.mean";
const OFFERED: &str = "plans.offered";

pub(super) fn cases() -> Vec<Case> {
    [counts(), profiles(), queues(), impatient()].into_iter().flatten().collect()
}

fn count(topic: &'static str, name: &'static str, set: &[&str]) -> Case {
    Case::new(topic, name, "traffic", set).quick(&["run.replications=1000"])
}

/// The mean of `(N − m)²/m` is the variance over the mean.
fn dispersion(case: Case, mean: f64, says: &'static str, exact: f64) -> Case {
    case.made(
        "dispersion",
        says,
        "(plans.offered − mean)² ÷ mean",
        move |seen| {
            let off = seen.get(OFFERED)? - mean;
            Some(off * off / mean)
        },
        exact,
    )
}

fn counts() -> Vec<Case> {
    let poisson = count("Counts", "poisson", &[]).law("mean", "λT", OFFERED, 60.0);
    let batch = count("Counts", "batch", &["traffic.user.arrivals={process=\"batch\",per_minute=1,size=5}"])
        .law("mean", "λT", OFFERED, 60.0);
    let mmpp =
        "traffic.user.arrivals={process=\"mmpp\",states=[{per_minute=0.5,stay=\"30m\"},{per_minute=3,stay=\"10m\"}]}";
    let expected = mmpp_arrivals([(0.5 / 60.0, 1800.0), (3.0 / 60.0, 600.0)], 3600.0);
    vec![
        dispersion(poisson, 60.0, "the variance is the mean", 1.0),
        dispersion(batch, 60.0, "of batches of 5, five times", 5.0),
        count("Counts", "deterministic", &["traffic.user.arrivals={process=\"deterministic\",per_minute=1}"]).law(
            "mean",
            "one a minute, the first at the start",
            OFFERED,
            60.0,
        ),
        count("Counts", "mmpp", &[mmpp]).law(
            "mean",
            "from its first state: λ̄T + (λ₁ − λ̄)(1 − e^(−aT))/a",
            OFFERED,
            expected,
        ),
        count("Counts", "spike", &["traffic.user.spike=[{at=\"10m\",for=\"15m\",factor=4}]"]).law(
            "mean",
            "45 minutes of one, 15 of four",
            OFFERED,
            105.0,
        ),
        count("Transients", "transient", &["provider.p.latency={dist=\"exponential\",mean=\"30m\"}"]).law(
            "present",
            "M/M/∞ from empty: λs(1 − e^(−t/s))",
            "plans.in_flight",
            30.0 * (1.0 - exp(-2.0)),
        ),
        count(
            "Transients",
            "transient_spike",
            &["provider.p.latency=10m", "traffic.user.spike=[{at=\"55m\",for=\"5m\",factor=3}]"],
        )
        .law("present", "who came within the last ten minutes", "plans.in_flight", 20.0),
    ]
}

fn profiles() -> Vec<Case> {
    let hours = "hours=[0,0,0,0,0,0,1,2,4,4,3,2,2,3,4,4,3,2,1,1,0,0,0,0]"; // a mean of 1.5
    let profile = |what: &str| format!("traffic.user.arrivals={{process=\"profile\",{what}}}");
    let morning = profile(&format!("per_hour=10,{hours}"));
    let week = profile("per_day=10,days=[1,1,1,1,1,0,0]");
    // Hour 2 weighs as much as the 23 others do in 18 hours; on 29 March 2026 Berlin has none.
    let spring =
        profile("per_hour=10,timezone=\"Europe/Berlin\",hours=[1,1,13,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]");
    vec![
        count("Profiles", "profile_morning", &[&morning, "run.horizon=9h"]).law(
            "mean",
            "hours 6, 7 and 8 weigh 7 of a mean of 1.5",
            OFFERED,
            70.0 / 1.5,
        ),
        count("Profiles", "profile_weekend", &[&week, "run.horizon=2d", "run.start=2026-03-06T00:00:00Z"]).law(
            "mean",
            "a Friday has 7/5 of the mean, a Saturday nothing",
            OFFERED,
            14.0,
        ),
        count("Profiles", "profile_summer_time", &[&spring, "run.horizon=23h", "run.start=2026-03-28T23:00:00Z"]).law(
            "mean",
            "the hour that the clock skips is not there",
            OFFERED,
            230.0 / 1.5,
        ),
    ]
}

fn queue(topic: &'static str, name: &'static str, set: &[&str]) -> Case {
    Case::new(topic, name, "queue", set).quick(&["run.replications=20", "run.horizon=6h", "run.warmup=30m"])
}

fn queues() -> Vec<Case> {
    let states = [(0.3, 60.0), (1.1, 30.0)];
    let mmpp =
        "traffic.user.arrivals={process=\"mmpp\",states=[{per_second=0.3,stay=\"1m\"},{per_second=1.1,stay=\"30s\"}]}";
    let full = [
        "traffic.user.arrivals={process=\"deterministic\",per_second=2}",
        "provider.p.latency=1s",
        "queue.q.max_queue=3",
    ];
    let half = ["traffic.user.arrivals={process=\"deterministic\",per_second=1}", "provider.p.latency=500ms"];
    vec![
        queue("D/M/1", "dm1", &["traffic.user.arrivals={process=\"deterministic\",per_second=0.7}"])
            .law("wait", "σs/(1 − σ), σ = e^(−(1 − σ)/ρ)", WAIT, stable(dm1_wait(0.7, 1.0)))
            .quantile(
                "wait_p95",
                "P(W > t) = σe^(−(1 − σ)μt)",
                "queue.q.wait.p95",
                stable(dm1_wait_quantile(0.7, 1.0, 0.95)),
            ),
        queue("D/D/1", "dd1", &half).law("sojourn", "nobody waits", "plan.latency.max", 0.5).law(
            "utilisation",
            "ρ",
            "queue.q.utilisation",
            0.5,
        ),
        // Of the two that come each second one finds the place that an answer at that instant has freed.
        queue("D/D/1", "dd1_full", &full).law("wait", "three before it, a second each", WAIT, 3.0).law(
            "lost",
            "every second one",
            "queue.q.drop_fraction",
            0.5,
        ),
        queue(
            "Batches (M[X]/M/1)",
            "batch_queue",
            &["traffic.user.arrivals={process=\"batch\",per_second=0.6,size=3}"],
        )
        .law("wait", "ρs/(1 − ρ) + (b − 1)s/(2(1 − ρ))", WAIT, stable(batch_wait(0.6, 1.0, 1.0, 3))),
        queue(
            "Batches (M[X]/M/1)",
            "batch_queue_constant",
            &["traffic.user.arrivals={process=\"batch\",per_second=0.6,size=3}", "provider.p.latency=1s"],
        )
        .law("wait", "M[X]/D/1", WAIT, stable(batch_wait(0.6, 1.0, 0.0, 3))),
        queue("Bursts (MMPP/M/1)", "mmpp_queue", &[mmpp]).law(
            "wait",
            "Yechiali and Naor",
            WAIT,
            stable(mmpp_m1_wait(states, 1.0)),
        ),
        queue("LIFO", "lifo_tail", &["queue.q.discipline=\"lifo\"", "traffic.user.arrivals.per_second=0.5"])
            .quantile(
                "wait_p95",
                "who waits, waits a busy period",
                "queue.q.wait.p95",
                stable(lifo_wait_quantile(0.5, 1.0, 0.95)),
            )
            .quantile(
                "wait_p99",
                "far beyond that of FIFO",
                "queue.q.wait.p99",
                stable(lifo_wait_quantile(0.5, 1.0, 0.99)),
            ),
    ]
}

fn impatient() -> Vec<Case> {
    let waits = |topic, name, servers: u32, rate: f64, patience: &str| {
        let set = [
            format!("queue.q.max_concurrency={servers}"),
            format!("traffic.user.arrivals.per_second={rate}"),
            format!("queue.q.patience={patience}"),
        ];
        queue(topic, name, &set.each_ref().map(String::as_str))
    };
    let (abandoned, queued) = ("queue.q.abandon_fraction", "queue.q.queued.mean");
    let case = |name, servers: u32, rate: f64, patience: f64| {
        let exact = mmc_d(servers, rate, 1.0, patience);
        waits("Patience (M/M/c+D)", name, servers, rate, &format!("{patience}s"))
            .law("abandoned", "P(V > d) of the offered wait V", abandoned, exact.abandoned)
            .law("wait", "E[V given V < d]", WAIT, exact.wait)
            .law("queued", "λE[min(V, d)]", queued, exact.queued)
    };
    let drawn = |name, servers: u32, rate: f64, patience: f64| {
        let exact = erlang_a(servers, rate, 1.0, patience);
        let law = format!("{{dist=\"exponential\",mean=\"{patience}s\"}}");
        waits("Patience (Erlang A)", name, servers, rate, &law)
            .law("abandoned", "queued/(λp)", abandoned, exact.abandoned)
            .law("wait", "moves up at c/s + j/p, of those who are served", WAIT, exact.wait)
            .law("queued", "birth and death, min(n, c)/s + max(n − c, 0)/p", queued, exact.queued)
    };
    vec![
        case("patience", 1, 0.9, 2.0),
        case("patience_three", 3, 3.3, 1.0),
        drawn("erlang_a", 1, 0.9, 2.0),
        drawn("erlang_a_over", 3, 3.6, 1.5),
    ]
}
