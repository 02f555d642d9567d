//! Waiting: the queues of the books.

use super::case::{Case, stable};
use crate::math::{exp, ln, sqrt};
use crate::theory::bucket;
use crate::theory::erlang::{erlang_b, mmc_wait, mmc_wait_quantile};
use crate::theory::queues::{
    Class, cobham, cobham_mmc, engset, md1_wait, mg1_wait, mm1_wait, mm1_wait_quantile, mmck, repairman,
};

const WAIT: &str = "queue.q.wait.mean";
const LOST: &str = "queue.q.drop_fraction";

pub(super) fn cases() -> Vec<Case> {
    [one_server(), many_servers(), losses(), orders(), closed()].into_iter().flatten().collect()
}

/// A case of the plain queue; the short version takes a tenth of the time.
fn queue(topic: &'static str, name: &'static str, set: &[&str]) -> Case {
    Case::new(topic, name, "queue", set).quick(&["run.replications=20", "run.horizon=6h", "run.warmup=30m"])
}

fn one_server() -> Vec<Case> {
    let (rate, busy) = (0.7, 0.7);
    let mut cases = vec![
        queue("M/M/1", "mm1", &[])
            .law("wait", "ρs/(1 − ρ)", WAIT, stable(mm1_wait(rate, 1.0)))
            .law("sojourn", "s/(1 − ρ)", "plan.latency.mean", 1.0 / (1.0 - busy))
            .law("utilisation", "ρ", "queue.q.utilisation", busy)
            .made(
                "present",
                "L = ρ/(1 − ρ)",
                "queue.q.queued.mean + queue.q.active.mean",
                |seen| Some(seen.get("queue.q.queued.mean")? + seen.get("queue.q.active.mean")?),
                busy / (1.0 - busy),
            )
            .quantile(
                "wait_p95",
                "P(W > t) = ρ exp(−(μ − λ)t)",
                "queue.q.wait.p95",
                stable(mm1_wait_quantile(rate, 1.0, 0.95)),
            )
            .quantile("sojourn_p99", "the sojourn is exponential", "plan.latency.p99", -ln(0.01) / (1.0 - busy)),
        // All leave before the end, so that levels and waits count the same time.
        queue("Little's law", "little", &["run.warmup=0s", "traffic.user.spike=[{at=\"47h\",for=\"1h\",factor=0}]"])
            .quick(&["run.replications=5", "run.horizon=6h", "traffic.user.spike=[{at=\"5h\",for=\"1h\",factor=0}]"])
            .made(
                "path",
                "on every path that ends empty, levels are to each other as times",
                "(queued.mean ÷ active.mean) ÷ (wait.mean ÷ (latency.mean − wait.mean))",
                |seen| {
                    let wait = seen.get(WAIT)?;
                    let levels = seen.get("queue.q.queued.mean")? / seen.get("queue.q.active.mean")?;
                    Some(levels / (wait / (seen.get("plan.latency.mean")? - wait)))
                },
                1.0,
            ),
    ];
    for (name, law, cv) in [
        ("md1", r#""1s""#, 0.0),
        ("mg1_lognormal", r#"{ dist = "lognormal", mean = "1s", cv = 1.5 }"#, 1.5),
        ("mg1_gamma", r#"{ dist = "gamma", mean = "1s", cv = 0.5 }"#, 0.5),
        ("mg1_weibull", r#"{ dist = "weibull", mean = "1s", cv = 1.8 }"#, 1.8),
        // Variance (b − a)²/12.
        ("mg1_uniform", r#"{ dist = "uniform", min = "0s", max = "2s" }"#, sqrt(1.0 / 3.0)),
        // E[X²] = 0.9 · 2 · 0.5² + 0.1 · 2 · 5.5² = 6.5.
        (
            "mg1_mixture",
            r#"{ dist = "mixture", parts = [{ weight = 9, dist = "exponential", mean = "500ms" }, { weight = 1, dist = "exponential", mean = "5.5s" }] }"#,
            sqrt(5.5),
        ),
    ] {
        let topic = if cv == 0.0 { "M/D/1" } else { "M/G/1 (Pollaczek–Khinchine)" };
        cases.push(queue(topic, name, &[&format!("provider.p.latency={law}")]).law(
            "wait",
            "ρs(1 + cv²)/(2(1 − ρ))",
            WAIT,
            stable(if cv == 0.0 { md1_wait(rate, 1.0) } else { mg1_wait(rate, 1.0, cv) }),
        ));
    }
    cases.push(timeout());
    cases
}

/// A timeout cuts the service: E[min(X, τ)] = s(1 − e^(−τ)), E[min(X, τ)²] = 2s²(1 − (1 + τ)e^(−τ)) for s = 1.
fn timeout() -> Case {
    let (rate, cut) = (0.9, 1.5);
    let (mean, square) = (1.0 - exp(-cut), 2.0 * (1.0 - (1.0 + cut) * exp(-cut)));
    queue("Timeouts", "timeout", &["traffic.user.arrivals.per_second=0.9", "provider.p.request_timeout=1500ms"])
        .law("wait", "Pollaczek–Khinchine with the cut service", WAIT, rate * square / (2.0 * (1.0 - rate * mean)))
        .law("utilisation", "λ E[min(S, τ)]", "queue.q.utilisation", rate * mean)
        .made(
            "cut",
            "P(S > τ)",
            "attempts.timed_out ÷ attempts.made",
            |seen| Some(seen.get("attempts.timed_out")? / seen.get("attempts.made")?),
            exp(-cut),
        )
}

fn many_servers() -> Vec<Case> {
    let fours = ["queue.q.max_concurrency=4", "traffic.user.arrivals.per_second=3.2", "run.horizon=20h"];
    vec![
        queue("M/M/c (Erlang C)", "mmc", &fours)
            .law("wait", "C(c, a)/(cμ − λ)", WAIT, stable(mmc_wait(4, 3.2, 1.0)))
            .law("utilisation", "λs/c", "queue.q.utilisation", 0.8)
            .quantile(
                "wait_p95",
                "P(W > t) = C(c, a) exp(−(cμ − λ)t)",
                "queue.q.wait.p95",
                stable(mmc_wait_quantile(4, 3.2, 1.0, 0.95)),
            )
            .law("queued", "λC(c, a)/(cμ − λ)", "queue.q.queued.mean", 3.2 * stable(mmc_wait(4, 3.2, 1.0))),
        queue(
            "Semaphores",
            "semaphore",
            &[
                "workflow.plan.steps=[{name=\"call\",semaphore=\"q\"}]",
                "queue.q.max_concurrency=3",
                "traffic.user.arrivals.per_second=2.1",
            ],
        )
        .law("wait", "three permits are three servers: C(c, a)s/(c − a)", WAIT, stable(mmc_wait(3, 2.1, 1.0)))
        .law("held", "λs", "queue.q.active.mean", 2.1),
        infinite(),
        utilisation(),
    ]
}

/// Slots for everybody: the number present is Poisson, whatever the service is like.
fn infinite() -> Case {
    let set = [
        "queue.q.max_concurrency=100000",
        "traffic.user.arrivals.per_second=4",
        "provider.p.latency={dist=\"lognormal\",mean=\"3s\",cv=1.0}",
        "run.horizon=300s",
        "run.warmup=200s",
        "run.replications=4000",
    ];
    queue("M/G/∞", "infinite", &set)
        .quick(&["run.replications=1000"])
        .law("present", "λs", "queue.q.active.mean", 12.0)
        .made(
            "dispersion",
            "the number present at an instant has a variance of λs",
            "(plans.in_flight − λs)² ÷ λs",
            |seen| {
                let off = seen.get("plans.in_flight")? - 12.0;
                Some(off * off / 12.0)
            },
            1.0,
        )
}

/// The utilisation law asks neither for the arrivals nor for the service.
fn utilisation() -> Case {
    let set = [
        "queue.q.max_concurrency=3",
        "provider.p.latency={dist=\"gamma\",mean=\"2s\",cv=1.4}",
        "traffic.user.arrivals={process=\"mmpp\",states=[{per_second=0.4,stay=\"1m\"},{per_second=1.6,stay=\"30s\"}]}",
    ];
    // The stays weigh the rates: (0.4 · 60 + 1.6 · 30)/90 = 0.8 a second.
    queue("Flow balance", "flow", &set)
        .law("utilisation", "λE[S]/c for any arrivals and any service", "queue.q.utilisation", 0.8 * 2.0 / 3.0)
        .law("throughput", "what comes goes: λ̄", "plans.per_day", 0.8 * 86_400.0)
}

fn losses() -> Vec<Case> {
    let loss = |name, law: &str| {
        let law = format!("provider.p.latency={law}");
        let set = [
            "queue.q.max_concurrency=4",
            "queue.q.max_queue=0",
            "traffic.user.arrivals.per_second=3",
            &law,
            "run.horizon=20h",
        ];
        queue("M/G/c/c (Erlang B)", name, &set).law(
            "lost",
            "B(c, a), whatever the law of service",
            LOST,
            erlang_b(4, 3.0),
        )
    };
    let full = mmck(3, 7, 3.3, 1.0);
    let set =
        ["queue.q.max_concurrency=3", "queue.q.max_queue=7", "traffic.user.arrivals.per_second=3.3", "run.horizon=20h"];
    let mmck = queue("M/M/c/K", "mmck", &set)
        .law("lost", "p(K)", LOST, full.loss)
        .law("wait", "Little's law of those accepted", WAIT, full.wait)
        .law("queued", "Σ (n − c)p(n)", "queue.q.queued.mean", full.queued)
        .law("throughput", "λ(1 − p(K))", "plans.per_day", full.throughput * 86_400.0);
    let one =
        queue("PASTA", "pasta", &["queue.q.max_queue=0", "provider.p.latency={dist=\"gamma\",mean=\"1s\",cv=0.5}"])
            .made(
                "sees_time_averages",
                "arrivals find the slot busy as often as it is busy",
                "queue.q.drop_fraction − queue.q.active.mean",
                |seen| Some(seen.get(LOST)? - seen.get("queue.q.active.mean")?),
                0.0,
            )
            .law("lost", "ρ/(1 + ρ)", LOST, 0.7 / 1.7);
    let md1k = queue(
        "M/D/1/K",
        "md1k",
        &["queue.q.max_queue=3", "provider.p.latency=1s", "traffic.user.arrivals.per_second=0.9"],
    )
    .law("lost", "the chain embedded at departures", LOST, bucket::refused(0.9, 1.0, 4));
    vec![
        loss("loss_exponential", r#"{ dist = "exponential", mean = "1s" }"#),
        loss("loss_lognormal", r#"{ dist = "lognormal", mean = "1s", cv = 2.0 }"#),
        loss("loss_constant", r#""1s""#),
        mmck,
        one,
        md1k,
    ]
}

fn orders() -> Vec<Case> {
    let lifo = queue("LIFO", "lifo", &["queue.q.discipline=\"lifo\""]).law(
        "wait",
        "the order of service changes no mean wait",
        WAIT,
        stable(mm1_wait(0.7, 1.0)),
    );
    let short = ["run.replications=20", "run.horizon=6h", "run.warmup=30m"];
    let cobham_two = cobham_mmc(1, &[0.3, 0.4], 1.0);
    let equal = Case::new("Priorities (Cobham)", "priority", "priority", &[])
        .quick(&short)
        .law("first", "W₀/(1 − σ₁)", "class.admin.queue.q.wait.mean", stable(cobham_two[0]))
        .law("second", "W₀/((1 − σ₁)(1 − σ₂))", "class.user.queue.q.wait.mean", stable(cobham_two[1]));
    let classes = [Class { rate: 0.3, service: 0.5, cv: 0.0 }, Class { rate: 0.3, service: 1.8, cv: 1.2 }];
    let waits = cobham(&classes);
    let set = [
        "traffic.user.arrivals.per_second=0.3",
        "workflow.short.steps.call.latency=500ms",
        "workflow.long.steps.call.latency={dist=\"lognormal\",mean=\"1800ms\",cv=1.2}",
    ];
    let general = Case::new("Priorities (Cobham)", "priority_mg1", "priority", &set)
        .quick(&short)
        .law("first", "W₀ = Σ λᵢE[Sᵢ²]/2", "class.admin.queue.q.wait.mean", stable(waits[0]))
        .law("second", "W₀/((1 − σ₁)(1 − σ₂))", "class.user.queue.q.wait.mean", stable(waits[1]))
        .made(
            "conservation",
            "Kleinrock: Σ ρᵢWᵢ does not depend on the order of service",
            "Σ ρ × class.….wait.mean",
            |seen| {
                let wait = |class: &str| seen.get(&format!("class.{class}.queue.q.wait.mean"));
                Some(0.15 * wait("admin")? + 0.54 * wait("user")?)
            },
            0.69 * (0.3 * 0.25 + 0.3 * 1.8 * 1.8 * 2.44) / 2.0 / (1.0 - 0.69),
        );
    let three = cobham_mmc(3, &[1.0, 1.4], 1.0);
    let set = [
        "queue.q.max_concurrency=3",
        "traffic.admin.arrivals.per_second=1",
        "traffic.user.arrivals.per_second=1.4",
        "run.horizon=1d",
    ];
    let servers = Case::new("Priorities (Cobham)", "priority_mmc", "priority", &set)
        .quick(&short)
        .law("first", "W₀ = C(c, a)s/c", "class.admin.queue.q.wait.mean", stable(three[0]))
        .law("second", "W₀/((1 − σ₁)(1 − σ₂))", "class.user.queue.q.wait.mean", stable(three[1]));
    vec![lifo, equal, general, servers]
}

fn closed() -> Vec<Case> {
    let shop = repairman(6, 4.0, 2, 1.0);
    let case = |name, think: &str| {
        let arrivals = format!("traffic.user.arrivals={{process=\"closed\",users=6,think={think}}}");
        queue("Machine repairman", name, &["queue.q.max_concurrency=2", &arrivals])
            .law("throughput", "Σ (N − n)p(n)/z", "plans.per_day", shop.throughput * 86_400.0)
            .law("queued", "Σ (n − c)p(n), whatever the law of thinking", "queue.q.queued.mean", shop.queued)
    };
    let lossy = engset(6, 4.0, 2, 1.0);
    let turned_away = |name, think: &str, latency: &str| {
        let arrivals = format!("traffic.user.arrivals={{process=\"closed\",users=6,think={think}}}");
        let latency = format!("provider.p.latency={latency}");
        queue(
            "Finite sources (Engset)",
            name,
            &["queue.q.max_concurrency=2", "queue.q.max_queue=0", &arrivals, &latency],
        )
        .law("lost", "who asks sees the N − 1 others", LOST, lossy.loss)
        .law("active", "pₙ ∝ C(N, n)(s/z)ⁿ, whatever the laws", "queue.q.active.mean", lossy.active)
    };
    let set = [
        "traffic.user.arrivals={process=\"closed\",users=1,think={dist=\"uniform\",min=\"1s\",max=\"5s\"}}",
        "provider.p.latency={dist=\"lognormal\",mean=\"2s\",cv=1.0}",
    ];
    vec![
        case("repairman", r#"{dist="exponential",mean="4s"}"#),
        case("repairman_constant_think", r#""4s""#),
        turned_away("engset", r#"{dist="exponential",mean="4s"}"#, r#"{dist="exponential",mean="1s"}"#),
        turned_away("engset_other_laws", r#"{dist="gamma",mean="4s",cv=1.5}"#, r#"{dist="uniform",min="0s",max="2s"}"#),
        queue("Renewal", "renewal", &set).law(
            "throughput",
            "a cycle of one user takes think and service: 1/(z + s)",
            "plans.per_day",
            86_400.0 / 5.0,
        ),
    ]
}
