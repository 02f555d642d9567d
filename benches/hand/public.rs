//! The same models through the public path: text to checked model, to a run with every metric on, to a report.

use super::Summary;
use capsim::experiment::{Options, run};
use capsim::model::{Source, load};
use capsim::report;
use std::num::NonZeroUsize;

/// Runs a bench model over as much time as `n` arrivals take on average.
fn simulate(name: &str, text: &str, per_second: f64, n: u64) -> Summary {
    let source = Source { name: name.into(), bytes: text.as_bytes().to_vec(), directory: ".".into() };
    summary(source, &[format!("run.horizon={:.9}s", n as f64 / per_second)])
}

/// Runs a model from a file.
pub fn simulate_file(path: &str, overrides: &[String]) -> Summary {
    let directory = std::path::Path::new(path).parent().expect("a file has a folder").into();
    summary(Source { name: path.into(), bytes: std::fs::read(path).expect("the model"), directory }, overrides)
}

fn summary(source: Source, overrides: &[String]) -> Summary {
    let model = load(source, overrides, &|path| std::fs::read(path)).unwrap_or_else(|p| panic!("{}", p.render(false)));
    let answer = run(&model, &Options { jobs: NonZeroUsize::MIN }, &|_, _| true).expect("a run");
    assert!(!report::Report::of(&answer).json().is_empty());
    let count = |metric: &str| answer.mean(metric).unwrap_or(0.0) as u64;
    Summary {
        offered: count("plans.offered"),
        completed: count("plans.completed"),
        dropped: count("queue.line.dropped"),
        served: count("queue.line.admitted"),
        timeouts: count("attempts.timed_out"),
        failed: count("plans.call_failed"),
        mean_sojourn: answer.mean("plan.latency.mean").unwrap_or(0.0),
        mean_wait: answer.mean("queue.line.wait.mean").unwrap_or(0.0),
        events: count("run.events"),
    }
}

/// M/M/1.
pub fn mm1(_: u64, n: u64) -> Summary {
    simulate("mm1.toml", include_str!("../models/mm1.toml"), 0.9, n)
}

/// M/M/4/68.
pub fn mmck(_: u64, n: u64) -> Summary {
    simulate("mmck.toml", include_str!("../models/mmck.toml"), 3.8, n)
}

/// The nine-call plan.
pub fn nine(_: u64, n: u64) -> Summary {
    simulate("nine.toml", include_str!("../models/nine.toml"), 3.4 / 36.0, n)
}
