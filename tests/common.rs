//! What the tests share: a model from text, an answer from a model.

use capsim::experiment::{Answer, Options, run};
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
