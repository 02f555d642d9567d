//! How often a 95 % interval covers the truth: of `run`, and of the paired differences of `compare`, where formulas
//! know it. `docs/coverage.md` records the long study.

use crate::common::{answer, model_with};
use capsim::experiment::{Comparison, Options, compare};
use capsim::model::Model;
use capsim::theory::counting::binomial_at_least;
use capsim::theory::queues::mmck;
use std::num::NonZeroUsize;

const OPTIONS: Options = Options { jobs: NonZeroUsize::new(2).unwrap() };

/// M/M/c/(c+2): 360 plans an hour for 7 hours after one of warm-up, 30 s of service each, and one answer in ten bad.
fn queue(slots: u32, bad: f64, seed: u64) -> Model {
    let toml = format!(
        r#"
[run]
horizon = "8h"
warmup = "1h"
replications = 10
seed = {seed}
[traffic.user]
arrivals = {{ process = "poisson", per_hour = 360 }}
[workflow.plan]
steps = [{{ name = "call", provider = "p", queue = "q" }}]
[provider.p]
latency = {{ dist = "exponential", mean = "30s" }}
errors = {{ parse_failure = {bad} }}
[queue.q]
max_concurrency = {slots}
max_queue = 2
"#
    );
    model_with(&toml, &[])
}

fn covers(interval: Option<(f64, f64)>, truth: f64) -> u64 {
    let (low, high) = interval.expect("an interval");
    u64::from(low <= truth && truth <= high)
}

/// Of each metric: how many of the seeds' intervals cover its truth.
fn study(seeds: u64) -> Vec<(String, u64)> {
    let (four, five) = (mmck(4, 2, 0.1, 30.0), mmck(5, 2, 0.1, 30.0));
    let truths = [
        ("plans.offered", 2520.0, 0.0),
        ("queue.q.drop_fraction", four.loss, five.loss - four.loss),
        ("queue.q.wait.mean", four.wait, five.wait - four.wait),
        ("queue.q.active.mean", four.active, five.active - four.active),
        ("calls.failed", 2520.0 * (1.0 - four.loss) * 0.1, 252.0 * (1.2 * (1.0 - five.loss) - (1.0 - four.loss))),
    ];
    let mut counts: Vec<(String, u64)> = Vec::new();
    for (metric, ..) in truths {
        counts.push((format!("run: {metric}"), 0));
        counts.push((format!("difference: {metric}"), 0));
    }
    for seed in 0..seeds {
        let pair = vec![("four".into(), queue(4, 0.1, seed)), ("five".into(), queue(5, 0.12, seed))];
        let found: Comparison = compare(pair, (&[], 10), &OPTIONS, &|_, _| true).unwrap();
        for (at, (metric, truth, change)) in truths.into_iter().enumerate() {
            counts[2 * at].1 += covers(found.answers[0].metric(metric).unwrap().ci95, truth);
            let row = found.rows.iter().find(|row| row.metric == metric).unwrap();
            counts[2 * at + 1].1 += covers(row.changes[0].difference.unwrap().ci95(), change);
        }
    }
    // The same plans come to both: no difference, in every replication.
    assert_eq!(counts.remove(1), ("difference: plans.offered".into(), seeds));
    counts
}

/// Calls of which a share fails, in replications of about 100 plans, and a queue that is rarely full, in replications of
/// 2,520: how many of the seeds' intervals cover the share that fails or is dropped.
fn shares(seeds: u64) -> Vec<(String, u64)> {
    let failing = |chance: f64, replications: u32, seed: u64| {
        let toml = format!(
            "[run]\nhorizon = \"1h\"\nreplications = {replications}\nseed = {seed}\n[traffic.user]\n\
             arrivals = {{ process = \"poisson\", per_hour = 100 }}\n[workflow.plan]\nsteps = [{{ name = \"call\" }}]\n\
             [provider.p]\nlatency = \"1us\"\nerrors = {{ parse_failure = {chance} }}\n"
        );
        model_with(&toml, &[])
    };
    let of = |name: &str, metric: &str, truth: f64, model: &dyn Fn(u64) -> Model| {
        let one = |seed| covers(answer(&model(seed)).metric(metric).unwrap().ci95, truth);
        (name.to_string(), (0..seeds).map(one).sum())
    };
    let mut counts = Vec::new();
    for (chance, replications) in [(0.001, 10), (0.01, 3), (0.01, 10), (0.1, 10), (0.99, 10), (0.999, 10)] {
        let name = format!("share of {chance}, {replications} replications");
        counts.push(of(&name, "plans.failed_fraction", chance, &|seed| failing(chance, replications, seed)));
    }
    let rare = mmck(8, 2, 0.1, 30.0).loss;
    counts.push(of(&format!("share of {rare:.5} dropped"), "queue.q.drop_fraction", rare, &|seed| queue(8, 0.0, seed)));
    counts
}

/// Of 60 intervals that cover with 0.95 the number that do is binomial: fewer than 50, or all of 60 nine times, come
/// by chance less than once in a thousand studies.
#[test]
fn intervals_cover_in_a_short_study() {
    let seeds = 60;
    let least = (0..=seeds).rev().find(|&k| 1.0 - binomial_at_least(seeds, 0.95, k) < 1e-4).unwrap();
    assert_eq!(least, 49);
    let counts = study(seeds);
    assert!(counts.iter().all(|(_, count)| *count >= least), "{counts:?}");
    assert!(counts.iter().any(|(_, count)| *count < seeds), "{counts:?}");
    // Where a share is near 0 or 1 there are few values that it can take, so that an interval covers it more or less often.
    let counts = shares(seeds);
    assert!(counts.iter().all(|(_, count)| *count >= least), "{counts:?}");
}

#[test]
#[ignore = "takes minutes: CAPSIM_BLESS=1 cargo test --release --test all coverage -- --ignored"]
fn intervals_cover_between_93_and_97_percent() {
    let (means, shares) = (study(1000), shares(1000));
    let row = |(what, count): &(String, u64)| format!("| {what} | {:.1} % |\n", *count as f64 / 10.0);
    let rows = |counts: &[(String, u64)]| counts.iter().map(row).collect::<String>();
    let page = include_str!("coverage.md").replace("{means}\n", &rows(&means)).replace("{shares}\n", &rows(&shares));
    if std::env::var_os("CAPSIM_BLESS").is_some() {
        std::fs::write("docs/coverage.md", &page).unwrap();
    }
    assert!(means.iter().all(|(_, count)| (930..=970).contains(count)), "{means:?}");
    assert!(shares.iter().all(|(_, count)| *count >= 910), "{shares:?}");
    assert_eq!(page, std::fs::read_to_string("docs/coverage.md").unwrap());
}
