//! A report of one's own: which day of logs would still be there? `cargo run --release --example own_report`.
//!
//! An [`Answer`] is plain data. The forms in `capsim::report` are functions of it, and so is this one.

use capsim::experiment::{Answer, Options, run};
use capsim::model::load_file;
use std::num::NonZeroUsize;
use std::path::Path;

/// One line: the share of error records that exist at each age.
fn line(answer: &Answer) -> String {
    let share = |age: &str| {
        let name = format!("logs.error.retrievable.{age}");
        answer.mean(&name).map_or("–".into(), |share| format!("{:.0} %", 100.0 * share))
    };
    let cells: Vec<String> = ["1h", "24h", "3d", "30d"].iter().map(|age| format!("{:>6}", share(age))).collect();
    format!("{:12} {}", answer.model, cells.join(" "))
}

fn main() {
    println!("{:12} {:>6} {:>6} {:>6} {:>6}", "", "1h", "24h", "3d", "30d");
    for name in ["kv-only", "cache-only", "hybrid", "conditional"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("models/{name}.toml"));
        let model = load_file(&path, &["run.replications=3".into()])
            .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let answer = run(&model, &Options { jobs: NonZeroUsize::MIN }, &|_, _| true)
            .unwrap_or_else(|failure| panic!("{failure:?}"));
        println!("{}", line(&answer));
    }
}
