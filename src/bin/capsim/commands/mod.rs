//! One file per command.

pub mod capacity;
pub mod check;
pub mod compare;
pub mod completions;
pub mod explain;
pub mod fit;
pub mod init;
pub mod levers;
pub mod metrics;
pub mod presets;
pub mod run;
pub mod schema;
pub mod strategies;
pub mod sweep;
pub mod tune;
pub mod validate;
pub mod verify;

use crate::args;
use crate::console;
use crate::exit::Exit;
use crate::inputs;
use crate::work;
use capsim::experiment;
use capsim::metrics as catalogue;
use capsim::model::{self, Model, Problems, Source};
use capsim::report::Show;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads and checks the model of a command line, with `more` overrides after its own.
fn load(args: &args::Model, more: impl IntoIterator<Item = String>) -> Result<Model, Exit> {
    let overrides: Vec<String> = args.set.iter().cloned().chain(more).collect();
    model::load(source(&args.model)?, &overrides, &inputs::read).map_err(refused)
}

/// The text of a model.
fn source(path: &Path) -> Result<Source, Exit> {
    if path == Path::new("-") { standard_input() } else { model::open_through(path, &inputs::read).map_err(refused) }
}

/// Says what is wrong with a model.
fn refused(problems: Problems) -> Exit {
    console::complain_painted(problems.render(console::colour(&io::stderr())).trim_end());
    if problems.is_unreadable() { Exit::Io } else { Exit::Invalid }
}

/// A metric named on the command line must be one of a model's; told before the long run, not after it.
fn is_known<'a>(option: &str, metric: &str, models: impl Iterator<Item = &'a Model>) -> Result<(), Exit> {
    let mut first = None;
    for model in models {
        let names = experiment::metrics(model).map_err(work::failed)?;
        if names.iter().any(|name| name == metric) {
            return Ok(());
        }
        first.get_or_insert(names);
    }
    let hint = match model::renamed(metric) {
        Some(now) => format!("it is called {now} now"),
        None => model::did_you_mean(metric, first.unwrap_or_default()),
    };
    let hint = if hint.is_empty() { "`capsim run --format csv` lists them".into() } else { hint };
    Err(work::fail(&format!("{option} {metric}: this model has no such metric: {hint}"), Exit::Usage))
}

/// Which metrics are shown of an answer; a pattern must be like a metric of one of the models.
fn shown(args: &args::Shown, format: args::Format, models: &[&Model]) -> Result<Show, Exit> {
    let refuse = |why: &str| Err(work::fail(why, Exit::Usage));
    if format != args::Format::Text && (args.all || !args.metric.is_empty()) {
        return refuse("--all and --metric are for --format text: the other forms have every metric");
    }
    if args.all || args.metric.is_empty() {
        return Ok(if args.all { Show::All } else { Show::Short });
    }
    let mut names = Vec::new();
    for model in models {
        names.extend(experiment::metrics(model).map_err(work::failed)?);
    }
    for pattern in &args.metric {
        if !names.iter().any(|name| catalogue::is_asked(pattern, name)) {
            let help = "--all shows those that it has, capsim metrics what there can be";
            return refuse(&format!("--metric {pattern}: no metric of this model has that in its name; {help}"));
        }
    }
    Ok(Show::Like(args.metric.clone()))
}

/// An objective on a metric that the model does not have decides nothing; a variant without that part may well have one.
fn warn_of_objectives(model: &Model) {
    let Ok(names) = experiment::metrics(model) else { return };
    for objective in model.objectives.iter().filter(|objective| !names.contains(&objective.metric)) {
        let hint = model::did_you_mean(&objective.metric, &names);
        let text = format!("warning: objectives.\"{}\": this model has no such metric; {hint}", objective.metric);
        console::complain(text.trim_end_matches("; "));
    }
}

/// A model on standard input; the files that it names are looked for where the program was started.
fn standard_input() -> Result<Source, Exit> {
    let mut bytes = Vec::new();
    // Longer than a model may be, so that one without end is refused like any other.
    if let Err(error) = io::stdin().lock().take(2 << 20).read_to_end(&mut bytes) {
        console::complain(&format!("error: cannot read standard input: {error}"));
        return Err(Exit::Io);
    }
    Ok(Source { name: "<stdin>".into(), bytes, directory: PathBuf::new() })
}
