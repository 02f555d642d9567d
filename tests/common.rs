//! What the tests share: a model from text, an answer from a model.

use capsim::experiment::{Answer, Metric, Options, run};
use capsim::math::special::student_quantile;
use capsim::model::{Model, Source, load};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// The model that this text describes.
pub fn model(toml: &str) -> Model {
    model_with(toml, &[])
}

/// The model that this text describes, with overrides.
pub fn model_with(toml: &str, overrides: &[&str]) -> Model {
    let source = Source { name: "test.toml".into(), bytes: toml.as_bytes().to_vec(), directory: PathBuf::from(".") };
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_string()).collect();
    load(source, &overrides, &|path| std::fs::read(path))
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// Plans that take no time, on a store `kv` with the keys `store`, logged by these rows in records of 1 KB. `run`,
/// `workflow` and `arrivals` are the keys there; the section of the class `user` comes last, so that more can follow.
pub fn logged(run: &str, workflow: &str, arrivals: &str, store: &str, rows: &str) -> String {
    format!(
        r#"
name = "logged"
[run]
{run}
[workflow.plan]
{workflow}
[provider.ai]
latency = "0s"
[store.kv]
{store}
[logging]
strategy = "custom"
record_bytes = "1KB"
ops = [{rows}]
[traffic.user]
arrivals = {{ {arrivals} }}
"#
    )
}

/// The workflow of [`logged`] whose plans make one call.
pub const ONE_CALL: &str = "steps = [{ name = \"call\" }]";

/// Plans of nine calls of 4 s, evenly spaced, on the free plan with an external log service.
pub fn free_with_service(strategy: &str, per_day: u32, days: u32) -> String {
    format!(
        r#"
name = "{strategy}"
[run]
horizon = "{days}d"
replications = 1
start = "2026-02-16T00:00:00Z"
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = {{ process = "deterministic", per_day = {per_day} }}
[workflow.plan]
steps = [{{ name = "day", calls = 9 }}]
[provider.ai]
latency = "4s"
[store.external]
preset = "sentry-developer"
[logging]
strategy = "{strategy}"
"#
    )
}

/// A shipped model, with overrides.
pub fn shipped(name: &str, overrides: &[&str]) -> Model {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_string()).collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
    capsim::model::load_file(&path, &overrides).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// Its answer, on this many threads.
pub fn answer_on(model: &Model, jobs: usize) -> Answer {
    let options = Options { jobs: NonZeroUsize::new(jobs).unwrap() };
    run(model, &options, &|_, _| true).unwrap_or_else(|failure| panic!("{failure:?}"))
}

/// Its answer.
pub fn answer(model: &Model) -> Answer {
    answer_on(model, 2)
}

/// The mean of a metric that must be there.
pub fn mean(answer: &Answer, metric: &str) -> f64 {
    answer.mean(metric).unwrap_or_else(|| panic!("no {metric}"))
}

/// What holds of every metric of every model: none is negative or undefined, means lie between the least and the most, and
/// a share is at most 1. Of a quota more than all may be used, where what is over it is billed, let through late or counted;
/// days that the run cuts short make the rate a day larger than the most in one of them; and the mean of those who wait is of
/// all isolates, the most of one.
pub fn in_range(answer: &Answer) {
    let is_apart = |metric: &Metric| metric.unit == "ops/day" || metric.name.ends_with(".queued.mean");
    for metric in &answer.metrics {
        let values = [metric.min, metric.mean, metric.max].map(|value| value.unwrap_or(0.0));
        assert!(values.iter().all(|value| value.is_finite() && *value >= 0.0), "{metric:?}");
        let slack = 1e-9 * values[2];
        assert!(values[0] <= values[1] + slack && values[1] <= values[2] + slack, "{metric:?}");
        let is_share = metric.unit == "1" && !metric.name.ends_with(".used_fraction");
        assert!(!is_share || values[2] <= 1.0 + 1e-12, "{metric:?}");
    }
    for metric in answer.metrics.iter().filter(|metric| metric.name.ends_with(".mean") && !is_apart(metric)) {
        let bound = |what: &str| answer.metric(&metric.name.replace(".mean", what))?.max;
        let (mean, most) = (metric.max, bound(".max"));
        assert!(mean.zip(most).is_none_or(|(mean, most)| mean <= most * (1.0 + 1e-9)), "{metric:?} over {most:?}");
    }
}

/// Holds a metric against the exact value: inside the 99 % interval of its replications (Student t), widened by
/// `slack` for what the formula itself leaves out (rounding of quantiles, say); 0 for most.
pub fn holds(law: &str, answer: &Answer, metric: &str, exact: f64, slack: f64) {
    let found = answer.metric(metric).unwrap_or_else(|| panic!("{law}: no {metric}"));
    let (low, high) = found.ci95.unwrap_or_else(|| panic!("{law}: {metric} has no interval"));
    let freedom = f64::from(answer.replications - 1);
    let widen = student_quantile(0.995, freedom) / student_quantile(0.975, freedom);
    let half = (high - low) / 2.0 * widen + slack;
    let mean = (high + low) / 2.0;
    assert!((mean - exact).abs() <= half, "{law}: {metric} is {mean} ± {half}, the theory says {exact}");
}

/// One class of users, one call a plan, one provider, one queue; the test writes what is in each section.
pub fn queued([run, user, provider, queue]: [&str; 4]) -> String {
    format!(
        "[run]\n{run}\n[traffic.user]\n{user}\n[workflow.plan]\nsteps = [{{ name = \"call\", queue = \"q\" }}]\n\
         [provider.p]\n{provider}\n[queue.q]\n{queue}\n"
    )
}

/// Four slots and two places at three erlangs, a birth–death process: `more` stands at the end.
pub fn lossy(run: &str, more: &str) -> String {
    let arrivals = "arrivals = { process = \"poisson\", per_day = 8640 }";
    let latency = "latency = { dist = \"exponential\", mean = \"30s\" }";
    queued([run, arrivals, latency, "max_concurrency = 4\nmax_queue = 2"]) + more
}

/// Plans of two calls, each 1,000 tokens sent at 1 dollar a million and 500 written at 2.
pub const TWO_BILLED_CALLS: &str = r#"
[workflow.plan]
steps = [{ name = "call", calls = 2 }]
[provider.ai]
latency = "10s"
usage = { input = 1000, output = 500 }
prices = { input_per_million = 1, output_per_million = 2 }
"#;
