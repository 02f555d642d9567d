//! Queues by priority: priorities that grow with waiting, and who gives way when there is no place.

use crate::common::{answer, mean, model};

fn queue(rest: &str, job: &str, visit: &str) -> String {
    format!(
        "[run]\nhorizon = \"2h\"\nreplications = 3\nseed = 2\n[traffic.visit]\npriority = 10\narrivals = {{ {visit} }}\n\
         [traffic.job]\npriority = 0\narrivals = {{ {job} }}\n[workflow.render]\nsteps = [{{ name = \"render\", queue = \"tab\" }}]\n\
         [logging]\nstrategy = \"none\"\n[provider.browser]\nlatency = \"1s\"\n\
         [queue.tab]\nmax_concurrency = 1\ndiscipline = \"priority\"\n{rest}"
    )
}

/// Visits take the only slot all the time. A job ten points below them is next once it has waited 100 s longer than a visit:
/// with one point each 10 s the first job starts after some 100 s, and without aging never.
#[test]
fn who_waits_long_enough_is_next() {
    let visits = "process = \"deterministic\", per_second = 1";
    let jobs = "process = \"deterministic\", per_hour = 6";
    let strict = answer(&model(&queue("", jobs, visits)));
    assert!(mean(&strict, "class.job.plans.completed") <= 1.0, "but for one that comes before all visits");
    let aged = answer(&model(&queue("aging = \"10s\"", jobs, visits)));
    assert_eq!(mean(&aged, "class.job.plans.completed"), 12.0);
    // It begins a second of service later than it is due at the most; each job makes all later visits wait a second more.
    let waits = [mean(&aged, "class.job.plan.latency.p50") - 1.0, mean(&aged, "class.job.plan.latency.max") - 1.0];
    assert!(waits[0] >= 99.0 && waits[1] <= 113.0, "{waits:?}");
    let soon = answer(&model(&queue("aging = \"1s\"", jobs, visits)));
    assert!((10.0..=23.0).contains(&(mean(&soon, "class.job.plan.latency.max") - 1.0)));
}

/// One slot and two places, all taken by jobs; three visits come at the same moment. Without `push_out` all three are refused;
/// with it the first two take the places of the two jobs that wait, the last come first, and the third finds none but equals.
#[test]
fn the_least_important_gives_way() {
    let jobs = "process = \"batch\", size = 3, per_day = 12";
    let visits = "process = \"batch\", size = 3, per_day = 12";
    let of = |when_full: &str| {
        let text = queue(&format!("max_queue = 2\nwhen_full = \"{when_full}\""), jobs, visits);
        answer(&model(&text.replace("latency = \"1s\"", "latency = \"20m\"").replace("2h", "20d")))
    };
    let (refuse, push_out) = (of("refuse"), of("push_out"));
    let share = |found: &capsim::experiment::Answer, class: &str| {
        mean(found, &format!("class.{class}.plans.overloaded")) / mean(found, &format!("class.{class}.calls.made"))
    };
    // Who comes is the same in both, and so is how many are refused: only whom it hits differs.
    let refused = |found: &capsim::experiment::Answer| mean(found, "plans.overloaded");
    assert_eq!(refused(&refuse), refused(&push_out));
    assert!(share(&push_out, "visit") < share(&refuse, "visit") && share(&push_out, "job") > share(&refuse, "job"));
    assert_eq!(mean(&push_out, "calls.refused"), mean(&push_out, "calls.ended_by.queue_full"));
}
