//! The arithmetic of a model that is written in the program: `cargo run --release --example arithmetic`.
//!
//! No simulation: ops per plan, and the demand at which each limit would bind by itself.

use capsim::experiment::explain;
use capsim::model::{Source, load};
use std::path::PathBuf;

const MODEL: &str = r#"
name = "nightly"
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = { process = "poisson", per_day = 100 }
[workflow.plan]
steps = [{ name = "meal_day", calls = 9, provider = "ai", queue = "ai" }]
[provider.ai]
latency = { dist = "lognormal", median = "4s", p95 = "11s" }
[queue.ai]
max_concurrency = 4
[logging]
strategy = "kv-only"
"#;

fn main() {
    // A model from memory; the last argument reads the files that a model names (a base, a trace).
    let source = Source { name: "nightly.toml".into(), bytes: MODEL.into(), directory: PathBuf::new() };
    let model = load(source, &[], &|path| std::fs::read(path)).unwrap_or_else(|problems| {
        panic!("{}", problems.render(false));
    });
    let arithmetic = explain(&model);
    for ops in &arithmetic.per_plan {
        println!("{:18} {:8} {:6.2} a plan", ops.store, ops.op, ops.expected);
    }
    for ceiling in &arithmetic.ceilings {
        println!("{:42} {:9.1} plans a day: {}", ceiling.limit, ceiling.plans_per_day, ceiling.because);
    }
    let first = arithmetic.binding().expect("the free plan has quotas");
    println!("{} binds first, after {} whole plans", first.limit, first.whole_plans());
    assert_eq!((first.limit.as_str(), first.whole_plans()), ("kv.quota.writes", 27));
}
