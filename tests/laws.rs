//! Queueing truth: models with a known answer, each within the 99 % interval of its replications at a fixed seed. Of
//! a hundred such checks one fails at a seed drawn at random; at the fixed seed a failure means that something changed.

use crate::common::{answer, holds, mean, model, queued};
use capsim::theory::{erlang, queues, retry};

/// The queue of the books.
fn queue(slots: u32, places: &str, rate: f64, law: &str, days: u32) -> String {
    queued([
        &format!("horizon = \"{days}d\"\nwarmup = \"1d\"\nreplications = 20\nseed = 1"),
        &format!("arrivals = {{ process = \"poisson\", per_second = {rate} }}"),
        &format!("latency = {law}"),
        &format!("max_concurrency = {slots}\nmax_queue = {places}"),
    ])
}

const EXPONENTIAL_1S: &str = r#"{ dist = "exponential", mean = "1s" }"#;

#[test]
fn mm1() {
    let answer = answer(&model(&queue(1, "\"unlimited\"", 0.8, EXPONENTIAL_1S, 3)));
    holds("M/M/1", &answer, "queue.q.wait.mean", queues::mm1_wait(0.8, 1.0).unwrap(), 0.0);
    holds("M/M/1", &answer, "queue.q.utilisation", 0.8, 0.0);
    // The histogram's cells are within 1/1024 of every value in them.
    let p95 = queues::mm1_wait_quantile(0.8, 1.0, 0.95).unwrap();
    holds("M/M/1", &answer, "queue.q.wait.p95", p95, p95 / 1024.0);
    // Little's law on the sample path: the time average is the rate times the mean wait.
    let little = mean(&answer, "queue.q.wait.mean") * mean(&answer, "queue.q.admitted") / (2.0 * 86_400.0);
    assert!((mean(&answer, "queue.q.queued.mean") / little - 1.0).abs() < 0.001);
}

#[test]
fn mmck_at_three_loads() {
    for load in [0.5, 0.95, 1.2] {
        let answer = answer(&model(&queue(4, "64", 4.0 * load, EXPONENTIAL_1S, 3)));
        let exact = queues::mmck(4, 64, 4.0 * load, 1.0);
        let law = format!("M/M/4/68 at {load}");
        holds(&law, &answer, "queue.q.drop_fraction", exact.loss, 1e-9);
        holds(&law, &answer, "queue.q.wait.mean", exact.wait, 0.0);
        holds(&law, &answer, "queue.q.queued.mean", exact.queued, 0.0);
    }
}

#[test]
fn erlang_b_does_not_ask_for_the_law_of_service() {
    for cv in [0.5, 2.0] {
        let law = format!(r#"{{ dist = "lognormal", mean = "1s", cv = {cv} }}"#);
        let answer = answer(&model(&queue(4, "0", 3.0, &law, 3)));
        holds("Erlang B", &answer, "queue.q.drop_fraction", erlang::erlang_b(4, 3.0), 0.0);
    }
}

#[test]
fn pollaczek_khinchine() {
    for (law, cv) in [
        (r#"{ dist = "lognormal", mean = "1s", cv = 1.5 }"#, 1.5),
        (r#"{ dist = "gamma", mean = "1s", cv = 0.5 }"#, 0.5),
        (r#"{ dist = "weibull", mean = "1s", cv = 2.0 }"#, 2.0),
        (r#"{ dist = "constant", value = "1s" }"#, 0.0),
    ] {
        let answer = answer(&model(&queue(1, "\"unlimited\"", 0.7, law, 4)));
        holds(&format!("M/G/1, cv {cv}"), &answer, "queue.q.wait.mean", queues::mg1_wait(0.7, 1.0, cv).unwrap(), 0.0);
    }
}

#[test]
fn the_order_of_service_changes_no_mean_wait() {
    let fifo = queue(1, "\"unlimited\"", 0.8, EXPONENTIAL_1S, 3);
    let lifo = fifo.replace("max_concurrency", "discipline = \"lifo\"\nmax_concurrency");
    let answer = answer(&model(&lifo));
    holds("M/M/1 LIFO", &answer, "queue.q.wait.mean", queues::mm1_wait(0.8, 1.0).unwrap(), 0.0);
}

#[test]
fn erlang_a_with_fixed_patience_reneges_as_an_mm1_plus_d() {
    // M/M/1 with deterministic patience d: offered waiting time has density λ·P0·e^((λ-μ)w) below d and
    // λ·P0·e^(λd-μw) above; the share that gives up is P(W > d) (Baccelli and Hebuterne, 1981).
    let (rate, patience): (f64, f64) = (0.9, 2.0);
    let below = rate * ((1.0 - ((rate - 1.0) * patience).exp()) / (1.0 - rate));
    let above = rate * ((rate - 1.0) * patience).exp();
    let leave = above / (1.0 + below + above);
    let text = queue(1, "\"unlimited\"", rate, EXPONENTIAL_1S, 3)
        .replace("max_concurrency", "patience = \"2s\"\nmax_concurrency");
    holds("M/M/1+D", &answer(&model(&text)), "queue.q.abandon_fraction", leave, 0.0);
}

#[test]
fn priorities_of_cobham() {
    let text = queue(1, "\"unlimited\"", 0.4, EXPONENTIAL_1S, 3)
        .replace("max_concurrency", "discipline = \"priority\"\nmax_concurrency")
        .replace(
            "[workflow.plan]",
            "[traffic.admin]\npriority = 1\narrivals = { process = \"poisson\", per_second = 0.3 }\n[workflow.plan]",
        );
    let answer = answer(&model(&text));
    let exact = queues::cobham_mmc(1, &[0.3, 0.4], 1.0);
    holds("Cobham", &answer, "class.admin.queue.q.wait.mean", exact[0].unwrap(), 0.0);
    holds("Cobham", &answer, "class.user.queue.q.wait.mean", exact[1].unwrap(), 0.0);
}

#[test]
fn machine_repairman() {
    let text = queue(2, "\"unlimited\"", 1.0, EXPONENTIAL_1S, 3).replace(
        r#"{ process = "poisson", per_second = 1 }"#,
        r#"{ process = "closed", users = 6, think = { dist = "exponential", mean = "4s" } }"#,
    );
    let answer = answer(&model(&text));
    let exact = queues::repairman(6, 4.0, 2, 1.0);
    holds("machine repairman", &answer, "plans.per_day", exact.throughput * 86_400.0, 0.0);
    holds("machine repairman", &answer, "queue.q.queued.mean", exact.queued, 0.0);
}

#[test]
fn infinite_servers() {
    let text = queue(100_000, "0", 2.0, r#"{ dist = "lognormal", mean = "3s", cv = 1.0 }"#, 3);
    holds("M/G/∞", &answer(&model(&text)), "queue.q.active.mean", queues::mg_infinity(2.0, 3.0), 0.0);
}

#[test]
fn timeouts_and_retries() {
    let timeout = 2.0;
    let fails = (-timeout / 1.0_f64).exp();
    for hold_slot in [true, false] {
        let text = queue(8, "\"unlimited\"", 2.0, EXPONENTIAL_1S, 3).replace(
            "[queue.q]",
            &format!(
                "request_timeout = \"2s\"\n[retry.p]\nmax = 2\non = [\"timeout\"]\nhold_slot = {hold_slot}\n\
                 backoff = {{ kind = \"constant\", base = \"1s\", jitter = \"none\" }}\n[queue.q]"
            ),
        );
        let answer = answer(&model(&text));
        let law = format!("timeout and retry, hold_slot = {hold_slot}");
        let calls = mean(&answer, "calls.made") - mean(&answer, "calls.in_flight");
        let attempts = mean(&answer, "attempts.made") / calls;
        // The attempts of one call are independent, so their number has a known variance; 99 % of the normal law.
        let exact = retry::attempts(fails, 2);
        let variance: f64 = [(1.0, 1.0 - fails), (2.0, fails * (1.0 - fails)), (3.0, fails * fails)]
            .iter()
            .map(|(k, p): &(f64, f64)| p * (k - exact).powi(2))
            .sum();
        let bound = 2.576 * (variance / (calls * f64::from(answer.replications))).sqrt() + 10.0 / calls;
        assert!((attempts - exact).abs() < bound, "{law}: {attempts} attempts a call, the theory says {exact}");
        holds(&law, &answer, "plans.failed_fraction", retry::call_fails(fails, 2), 0.0);
    }
}

/// A database that answers nobody for 70 s while two ask each second: 140 of 7,200 fail.
#[test]
fn a_database_that_is_down_refuses_who_asks_meanwhile() {
    let text = "[run]\nhorizon = \"1h\"\nreplications = 2\n[traffic.page]\n\
        arrivals = { process = \"deterministic\", per_second = 2 }\n[workflow.page]\nsteps = [{ name = \"q\", d1 = \"db\" }]\n\
        [d1.db]\nlatency = \"20ms\"\noutage = { at = \"20m\", for = \"70s\" }\n";
    let found = answer(&model(text));
    for (metric, count) in [
        ("d1.db.ops_down", 140.0),
        ("plans.ended_by.outage", 140.0),
        ("d1.db.ops_overloaded", 0.0),
        ("d1.db.ops", 7_060.0),
    ] {
        assert_eq!(mean(&found, metric), count, "{metric}");
    }
    // One that is down half of the time, again and again, refuses half of what comes.
    let text = text.replace("{ at = \"20m\", for = \"70s\" }", "{ mean_up = \"30s\", mean_down = \"30s\" }");
    let found = answer(&model(&text.replace("\"1h\"", "\"2d\"").replace("replications = 2", "replications = 8")));
    let share = found.metric("plans.failed_fraction").unwrap();
    let (low, high) = share.ci95.unwrap();
    assert!(low < 0.5 && 0.5 < high && high - low < 0.03, "{share:?}");
}
