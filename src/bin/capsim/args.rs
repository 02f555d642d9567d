//! What may stand on the command line.

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::num::NonZeroUsize;
use std::path::PathBuf;

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
    /// The arithmetic of a model, without simulation: ops per plan, the ladder of ceilings
    Explain(Explain),
    /// Check a model
    Validate(Model),
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
    /// The seed: the same model and seed give the same bytes
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Independent replications
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub replications: Option<u32>,
    /// Threads; the result does not depend on it [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Also write report.txt, .json, .csv, .md, .html and the plots here
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// No progress bar
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs; `capsim schema report` describes it
    Json,
    /// The metrics as a table
    Csv,
    /// For the summary page of a CI job
    Markdown,
}

#[derive(Debug, Group)]
pub struct Explain {
    #[command(flatten)]
    pub model: Model,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Page::Text)]
    pub format: Page,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// For people
    Text,
    /// For programs
    Json,
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
}

#[derive(Debug, Group)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

fn override_of(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((path, _)) if !path.trim().is_empty() => Ok(text.into()),
        _ => Err("write PATH=VALUE, for example queue.ai.max_concurrency=8".into()),
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
