//! Would a second slot help? Two overrides of one model on the same draws, paired replication by replication:
//! `cargo run --release --example what_if`.
//!
//! Draws are addressed by what they are for, so both configurations meet the same plans and the same slow answers.
//! What differs is the change alone, and its interval is narrower than the two answers' side by side would be.

use capsim::model::load_file;
use capsim::stats::{Estimate, Paired};
use capsim::world::{self, Blueprint};
use std::path::Path;

const METRIC: &str = "plan.latency.mean";

/// The metric in each of the first replications of the minimal model with one override.
fn values(change: &str) -> Vec<Option<f64>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/minimal.toml");
    let overrides = ["run.horizon=7d".to_string(), change.to_string()];
    let model = load_file(&path, &overrides).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let blueprint = Blueprint::new(&model).expect("a checked model can be built");
    let one = |replication| {
        let outcome = world::run(&blueprint, replication).expect("it stays within its limits");
        outcome.measures.iter().find(|measure| measure.name == METRIC)?.value
    };
    (0..10).map(one).collect()
}

fn main() {
    let (one, two) = (values("queue.ai.max_concurrency=1"), values("queue.ai.max_concurrency=2"));
    for (slots, values) in [(1, &one), (2, &two)] {
        let estimate = Estimate::of(values.iter().copied()).expect("plans were made");
        let (low, high) = estimate.ci95().expect("there are ten of them");
        println!("{slots} slots: {METRIC} {:.2} s ({low:.2} to {high:.2})", estimate.mean);
    }
    let paired = Paired::of(&one, &two).expect("both have values");
    let (low, high) = paired.difference.ci95().expect("there are ten pairs");
    println!("difference: {:.2} s ({low:.2} to {high:.2})", paired.difference.mean);
    println!("for sure: {:?}", paired.direction());
}
