//! Loads a model, runs it, and prints three metrics: `cargo run --release --example run_a_model [MODEL]`.
//!
//! What the program `capsim run` does, without the program.

use capsim::experiment::{Options, run};
use capsim::model::load_file;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/models/hybrid.toml");
    let path = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| shipped.into()));
    let model = match load_file(&path, &["run.replications=5".into()]) {
        Ok(model) => model,
        Err(problems) => {
            // Every problem of the file at once, each with its line.
            eprintln!("{}", problems.render(false));
            return ExitCode::from(20);
        }
    };
    // The number of threads changes no byte of the answer.
    let jobs = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let answer = match run(&model, &Options { jobs }, &|_, _| true) {
        Ok(answer) => answer,
        Err(failure) => {
            eprintln!("no answer: {failure:?}");
            return ExitCode::from(20);
        }
    };
    println!("{}, seed {}, {} replications", answer.model, answer.seed, answer.replications);
    for name in ["plans.per_day", "plan.latency.p95", "logs.error.retrievable.3d"] {
        // What was not observed is `None`, and never 0.
        match answer.metric(name).and_then(|metric| Some((metric.mean?, metric.ci95?, metric.unit))) {
            Some((mean, (low, high), unit)) => println!("{name:26} {mean:10.3} ({low:.3} to {high:.3}) {unit}"),
            None => println!("{name:26} not observed"),
        }
    }
    ExitCode::SUCCESS
}
