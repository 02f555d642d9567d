//! What may stand on the command line.

use capsim::experiment::{Axis, Precision};
use capsim::units::{Span, count};
use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::num::NonZeroUsize;
use std::path::PathBuf;

mod fit;

pub use fit::{Fit, FitForm, Unit};

/// How many plans a day does this back-end carry, what breaks first, and what will the logs still show?
#[derive(Debug, Parser)]
#[command(version, after_help = crate::exit::table(), max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a model: metrics with intervals, objectives, the limit that binds first, advice
    Run(Run),
    /// Several configurations on the same traffic: what differs, by how much, and whether it is better
    Compare(Compare),
    /// The largest demand at which every objective holds, and the ladder of what binds when
    Capacity(Capacity),
    /// A grid of configurations: table and plot of how metrics depend on values of the model
    Sweep(Sweep),
    /// The values of named knobs that do best under the objectives
    Tune(Tune),
    /// Which single change moves a metric the most, and what it does besides
    Levers(Levers),
    /// Check a model against its objectives and a stored baseline, with an exit code for CI
    Check(Check),
    /// The arithmetic of a model, without simulation: ops per plan, the ladder of ceilings
    Explain(Explain),
    /// The law that measured latencies follow, ready to paste into a model
    Fit(Fit),
    /// Validate the simulator against closed-form results, each simulated
    Verify(Verify),
    /// Create a starter model
    Init(Init),
    /// Check a model
    Validate(Model),
    /// What each metric means, its unit, and which way is better
    Metrics(Metrics),
    /// List the platform presets, or show the values of one with their sources
    Presets(Presets),
    /// List the logging strategies with their ops per plan, or show the table of one
    Strategies(Strategies),
    /// Print a JSON Schema
    Schema(Schema),
    /// Print a completion script for a shell
    Completions(Completions),
}

#[derive(Debug, Group)]
pub struct Model {
    /// The model, a TOML file; `-` reads standard input
    pub model: PathBuf,
    /// Set a value of the model by its path, such as queue.ai.max_concurrency=8
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = override_of)]
    pub set: Vec<String>,
}

#[derive(Debug, Group)]
pub struct Run {
    #[command(flatten)]
    pub model: Model,
    #[command(flatten)]
    pub trials: Trials,
    #[command(flatten)]
    pub precision: Precise,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub shown: Shown,
    /// Also write report.txt, .json, .csv, .md, .html and the plots here
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Also write a timeline of the first replication here, for the Perfetto viewer (ui.perfetto.dev)
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct Trials {
    /// The seed: the same model and seed give the same bytes
    #[arg(long, value_name = "N", value_parser = large(0))]
    pub seed: Option<u64>,
    /// Independent replications
    #[arg(long, value_name = "N", value_parser = whole(1))]
    pub replications: Option<u32>,
    /// Threads; the result does not depend on it [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub jobs: Option<NonZeroUsize>,
    /// Say nothing of how far the work is
    #[arg(long, short)]
    pub quiet: bool,
}

impl Trials {
    /// What these options set in a model.
    pub fn overrides(&self) -> Vec<String> {
        let seed = self.seed.map(|seed| format!("run.seed={seed}"));
        let replications = self.replications.map(|n| format!("run.replications={n}"));
        seed.into_iter().chain(replications).collect()
    }
}

#[derive(Debug, Group)]
pub struct Shown {
    /// Show every metric, and all that stands beside the answer
    #[arg(long)]
    pub all: bool,
    /// Show the metrics with this in their name, such as queue.ai.wait; * stands for anything
    #[arg(long, value_name = "PATTERN", conflicts_with = "all")]
    pub metric: Vec<String>,
}

#[derive(Debug, Group)]
pub struct Precise {
    /// Replicate until the 95 % interval of METRIC is within this share of its mean, such as plans.per_day=1%
    #[arg(long, value_name = "METRIC=SHARE", value_parser = precision_of)]
    pub precision: Vec<Precision>,
    /// Where --precision gives up
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = whole(2))]
    pub max_replications: u32,
}

// How the answer of a what-if command that has no picture is given. (A doc comment would be the command's.)
#[derive(Debug, Group)]
pub struct Answered {
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the answer here instead (.html: a page); every form where it is a directory
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct Compare {
    /// The models; with --with, the one model that is varied
    #[arg(required = true)]
    pub models: Vec<PathBuf>,
    /// A variant of the one model; several values of one NAME go together
    #[arg(long, value_name = "NAME:PATH=VALUE", value_parser = variant_of)]
    pub with: Vec<(String, String)>,
    /// Set a value in all of them
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = override_of)]
    pub set: Vec<String>,
    #[command(flatten)]
    pub trials: Trials,
    #[command(flatten)]
    pub precision: Precise,
    #[command(flatten)]
    pub shown: Shown,
    #[command(flatten)]
    pub answer: Answered,
}

#[derive(Debug, Group)]
pub struct Capacity {
    #[command(flatten)]
    pub model: Model,
    /// Vary the demand of one class, such as traffic.user.arrivals.per_day, instead of all in proportion
    #[arg(long, value_name = "PATH")]
    pub of: Option<String>,
    #[command(flatten)]
    pub trials: Trials,
    /// How many events all probes may take together, in millions
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = large(1))]
    pub budget: u64,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the answer here instead (.html: a page, .svg, .png: the ladder); every form where it is a directory
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct Sweep {
    #[command(flatten)]
    pub model: Model,
    /// Values of the model to vary: PATH=1..16, PATH=0..1/0.1 or PATH=8s,12s,20s
    #[arg(long, required = true, value_name = "PATH=VALUES", value_parser = axis_of)]
    pub vary: Vec<Axis>,
    /// A Latin hypercube of N points instead of the whole grid
    #[arg(long, value_name = "N", value_parser = points)]
    pub sample: Option<usize>,
    /// The metrics to show; the first is drawn [default: those of the objectives, or a few]
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    #[command(flatten)]
    pub trials: Trials,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Also write every form, a page and the plot here, and each finished point under points/
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Take the points that an interrupted sweep has left in --out
    #[arg(long, requires = "out")]
    pub resume: bool,
}

#[derive(Debug, Group)]
pub struct Tune {
    #[command(flatten)]
    pub model: Model,
    /// A value of the model to choose, and from what: PATH=1..16, PATH=0..1/0.1 or PATH=8s,12s,20s
    #[arg(long, required = true, value_name = "PATH=VALUES", value_parser = axis_of)]
    pub knob: Vec<Axis>,
    /// The quantity to maximise: `capacity`, or a metric
    #[arg(long, value_name = "GOAL", required_unless_present = "minimise", conflicts_with = "minimise")]
    pub maximise: Option<String>,
    /// The quantity to minimise: `cost` (cost.month), or a metric
    #[arg(long, value_name = "GOAL")]
    pub minimise: Option<String>,
    /// How many replications all candidates may take together; for capacity about so many at the model's demand
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = whole(8))]
    pub budget: u32,
    /// How many of the best to show; twice as many are ranked on fresh replications
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = best_of)]
    pub best: usize,
    #[command(flatten)]
    pub trials: Trials,
    #[command(flatten)]
    pub answer: Answered,
}

#[derive(Debug, Group)]
pub struct Levers {
    #[command(flatten)]
    pub model: Model,
    /// The target metric; the direction follows from its name [default: that of the first broken objective, or
    /// plans.failed_fraction]
    #[arg(long, value_name = "METRIC")]
    pub of: Option<String>,
    /// The metric that is to become larger
    #[arg(long, value_name = "METRIC", conflicts_with = "of")]
    pub maximise: Option<String>,
    /// The metric that is to become smaller
    #[arg(long, value_name = "METRIC", conflicts_with_all = ["of", "maximise"])]
    pub minimise: Option<String>,
    /// Only this value of the model, at half and double or at those given: PATH, PATH=1..16 or PATH=8s,20s
    #[arg(long, value_name = "PATH[=VALUES]", value_parser = knob_of)]
    pub knob: Vec<Axis>,
    /// How many replications all of it may take together
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = whole(0))]
    pub budget: u32,
    #[command(flatten)]
    pub trials: Trials,
    #[command(flatten)]
    pub answer: Answered,
}

#[derive(Debug, Group)]
pub struct Check {
    #[command(flatten)]
    pub model: Model,
    /// The baseline to check the model against
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// How much worse than the baseline a metric may be, such as plan.latency.p95=5% [default: 1%]
    #[arg(long, value_name = "METRIC=SHARE", value_parser = precision_of)]
    pub tolerance: Vec<Precision>,
    /// Ask only that nothing is worse than the baseline, not that the objectives are met
    #[arg(long, requires = "baseline", conflicts_with = "bless")]
    pub regressions_only: bool,
    /// Write the results to --baseline instead of judging them
    #[arg(long, requires = "baseline")]
    pub bless: bool,
    #[command(flatten)]
    pub trials: Trials,
    /// The form of the verdict
    #[arg(long, value_enum, default_value_t = VerdictForm::Text)]
    pub format: VerdictForm,
    /// Write the verdict here instead
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerdictForm {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a pull request
    Markdown,
    /// For the test page of a CI system
    Junit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs; `capsim schema` describes it
    Json,
    /// For a spreadsheet
    Csv,
    /// For the summary page of a CI job
    Markdown,
}

#[derive(Debug, Group)]
pub struct Explain {
    #[command(flatten)]
    pub model: Model,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Group)]
pub struct Verify {
    /// A short version: wider intervals, in seconds
    #[arg(long)]
    pub quick: bool,
    /// Only the laws whose names begin so, such as mm1 or mm1.wait
    #[arg(long, value_name = "NAME")]
    pub law: Option<String>,
    /// The seed of all draws
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = large(0))]
    pub seed: u64,
    /// Threads; the result does not depend on it [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub jobs: Option<NonZeroUsize>,
    /// Say nothing of how far the work is
    #[arg(long, short)]
    pub quiet: bool,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the answer here instead
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct Init {
    /// The file, which must not exist; `-` is standard output
    #[arg(default_value = "model.toml")]
    pub file: PathBuf,
}

#[derive(Debug, Group)]
pub struct Metrics {
    /// A name such as queue.ai.wait.mean, or a part of one; * stands for anything
    pub pattern: Option<String>,
}

#[derive(Debug, Group)]
pub struct Presets {
    /// The preset to show
    pub name: Option<String>,
}

#[derive(Debug, Group)]
pub struct Strategies {
    /// The strategy to show, as TOML to copy into a model
    #[arg(long, value_name = "NAME")]
    pub show: Option<String>,
    /// Lay all strategies side by side on this model and every platform
    #[arg(long, value_name = "MODEL", conflicts_with = "show")]
    pub compare: Option<PathBuf>,
    /// Say nothing of how far the work is
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub answer: Answered,
}

#[derive(Debug, Group)]
pub struct Schema {
    /// Of what
    #[arg(value_enum, default_value_t = Described::Model)]
    pub of: Described,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Described {
    /// The language of models
    Model,
    /// What `run --format json` prints
    Report,
    /// What `compare --format json` prints
    Compare,
    /// What `capacity --format json` prints
    Capacity,
    /// What `sweep --format json` prints
    Sweep,
    /// What `tune --format json` prints
    Tune,
    /// What `levers --format json` prints
    Levers,
}

#[derive(Debug, Group)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A whole number of at least `least` and at most `most`.
fn number(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let wrong = || format!("a whole number from {} to {}", count(least), count(most));
    text.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(wrong)
}

fn large(least: u64) -> impl Fn(&str) -> Result<u64, String> + Clone + Send + Sync + 'static {
    move |text| number(text, least, u64::MAX)
}

fn whole(least: u32) -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    move |text| number(text, least.into(), u32::MAX.into()).map(|n| n as u32)
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let wrong = || "a whole number from 1 to 4,096".to_string();
    number(text, 1, 4096).ok().and_then(|n| NonZeroUsize::new(n as usize)).ok_or_else(wrong)
}

fn points(text: &str) -> Result<usize, String> {
    number(text, 0, 100_000).map(|n| n as usize)
}

fn override_of(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((path, _)) if !path.trim().is_empty() => Ok(text.into()),
        _ => Err("write PATH=VALUE, for example queue.ai.max_concurrency=8".into()),
    }
}

/// `METRIC=1%` or `METRIC=0.01`.
fn precision_of(text: &str) -> Result<Precision, String> {
    let wrong = || "write METRIC=SHARE, for example plans.per_day=1%".to_string();
    let (metric, share) = text.split_once('=').filter(|(metric, _)| !metric.trim().is_empty()).ok_or_else(wrong)?;
    let relative = Precision::share(share).ok_or_else(wrong)?;
    Ok(Precision { metric: metric.trim().into(), relative })
}

/// `NAME:PATH=VALUE`.
fn variant_of(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, set)) if !name.trim().is_empty() && !name.contains('=') => {
            Ok((name.trim().into(), override_of(set)?))
        }
        _ => Err("write NAME:PATH=VALUE, for example large:queue.ai.max_concurrency=8".into()),
    }
}

fn best_of(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=100).contains(n)).ok_or_else(|| "a number from 1 to 100".into())
}

fn span_of(text: &str) -> Result<Span, String> {
    match Span::parse(text) {
        Ok(span) if span.is_zero() => Err("a time limit of nothing".into()),
        parsed => parsed.map_err(|error| error.to_string()),
    }
}

fn axis_of(text: &str) -> Result<Axis, String> {
    Axis::parse(text)
}

/// An axis, or a path alone, which has no values yet.
fn knob_of(text: &str) -> Result<Axis, String> {
    match text.trim() {
        path if !path.contains('=') && !path.is_empty() => Ok(Axis { path: path.into(), values: Vec::new() }),
        text => Axis::parse(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
