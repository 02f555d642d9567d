//! Semaphores around the calls of a step, against theory and against stories worked out by hand.

use crate::common::{answer, answer_on, holds, mean, model};
use capsim::theory::{erlang, queues};

fn text(arrivals: &str, step: &str, rest: &str) -> String {
    format!(
        "[run]\nhorizon = \"30h\"\nwarmup = \"1h\"\nreplications = 20\nseed = 8\n[traffic.user]\narrivals = {{ {arrivals} }}\n\
         [workflow.plan]\nsteps = [{{ name = \"analyse\", semaphore = \"s\", {step} }}]\n{rest}\n"
    )
}

/// Three permits around calls that nothing else holds up: M/M/3.
#[test]
fn three_permits_are_three_servers() {
    let rest = "[provider.p]\nlatency = { dist = \"exponential\", mean = \"1s\" }\n[queue.s]\nmax_concurrency = 3\nmax_queue = \"unlimited\"";
    let answer = answer(&model(&text("process = \"poisson\", per_second = 2.1", "provider = \"p\"", rest)));
    holds("M/M/3", &answer, "queue.s.wait.mean", erlang::mmc_wait(3, 2.1, 1.0).unwrap(), 0.0);
    holds("M/M/3", &answer, "queue.s.active.mean", 2.1, 0.0);
}

/// What is held is the whole call: a read of half a second, then an attempt of half a second on average. With one permit
/// that is M/G/1 with a variance of 1/4.
#[test]
fn a_permit_is_held_over_reads_and_attempts() {
    let rest = "[provider.p]\nlatency = { dist = \"exponential\", mean = \"500ms\" }\n[reads.prompt]\nstore = \"kv\"\nper_call = 1\n\
                [store.kv]\nkind = \"kv\"\nlatency = { get = \"500ms\" }\n\
                [queue.s]\nmax_concurrency = 1\nmax_queue = \"unlimited\"";
    let answer = answer(&model(&text("process = \"poisson\", per_second = 0.7", "provider = \"p\"", rest)));
    holds("M/G/1", &answer, "queue.s.wait.mean", queues::mg1_wait(0.7, 1.0, 0.5).unwrap(), 0.0);
}

/// Five calls of 10 s at once, three permits, one slot inside.
#[test]
fn a_permit_and_a_slot_by_hand() {
    let run = |around: &str, inside: &str| {
        let rest = format!(
            "[provider.p]\nlatency = \"10s\"\n[queue.s]\nmax_concurrency = 3\n{around}\n[queue.q]\nmax_concurrency = 1\n{inside}"
        );
        let text = text("process = \"batch\", per_day = 5, size = 5", "queue = \"q\"", &rest)
            .replace("replications = 20", "replications = 1")
            .replace("30h", "10d");
        let answer = answer_on(&model(&text), 1);
        let batches = mean(&answer, "plans.offered") / 5.0;
        let sum = |queue: &str| {
            mean(&answer, &format!("queue.{queue}.wait.mean")) * mean(&answer, &format!("queue.{queue}.admitted"))
        };
        let each = |n: f64| (n / batches * 1e6).round() / 1e6;
        let plans = ["completed", "overloaded", "abandoned"].map(|end| each(mean(&answer, &format!("plans.{end}"))));
        (plans, each(sum("s")), each(sum("q")))
    };
    // Answers at 10, 20, … 50 s. The fourth has a permit at 10 and the slot at 30, the fifth at 20 and 40.
    assert_eq!(run("", ""), ([5.0, 0.0, 0.0], 10.0 + 20.0, 10.0 + 20.0 + 20.0 + 20.0));
    assert_eq!(run("max_queue = 1", "").0, [4.0, 1.0, 0.0], "no place to wait for the fifth");
    assert_eq!(run("patience = \"15s\"", ""), ([4.0, 0.0, 1.0], 10.0, 10.0 + 20.0 + 20.0), "the fifth leaves at 15 s");
    // The third gives up inside at 15 s, which hands its permit to the fifth at the last moment. What the fourth and the
    // fifth still had of their patience outside is ignored inside: they wait there for 10 and for 15 s, and the
    // answer at 30 s saves the fifth once more.
    let both = run("patience = \"15s\"", "patience = \"15s\"");
    assert_eq!(both, ([4.0, 0.0, 1.0], 10.0 + 15.0, 10.0 + 10.0 + 15.0));
}

/// Each isolate has permits of its own.
#[test]
fn permits_are_those_of_an_isolate() {
    let rest = "[platform]\nisolates = 4\n[provider.p]\nlatency = { dist = \"exponential\", mean = \"1s\" }\n\
                [queue.s]\nmax_concurrency = 1\nmax_queue = 0";
    let answer = answer(&model(&text("process = \"poisson\", per_second = 4", "provider = \"p\"", rest)));
    holds("Erlang B, split four ways", &answer, "queue.s.drop_fraction", erlang::erlang_b(1, 1.0), 0.0);
    let ended = mean(&answer, "plans.completed") + mean(&answer, "attempts.in_flight");
    assert!((mean(&answer, "attempts.made") - ended).abs() < 1e-6);
}
