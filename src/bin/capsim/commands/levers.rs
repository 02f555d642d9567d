//! `capsim levers`: which single change moves a metric the most.

use crate::args::Levers;
use crate::exit::Exit;
use crate::inputs;
use crate::output::Out;
use crate::progress::Progress;
use crate::work::{self, fail, failed};
use capsim::experiment::{self, Better, Lever, Question, least_budget};
use capsim::model::{self, Knob, Model, Problems, Source};
use capsim::report::Report;

/// A lever with the model that it makes, or why it makes none.
type Tried = (Lever, Result<Model, String>);

pub fn levers(args: &Levers) -> Exit {
    match try_levers(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_levers(args: &Levers) -> Result<Exit, Exit> {
    let source = super::source(&args.model.model)?;
    let load = |more: Option<String>| {
        let overrides: Vec<String> =
            args.model.set.iter().cloned().chain(args.trials.overrides()).chain(more).collect();
        model::load(source.clone(), &overrides, &inputs::read)
    };
    let base = load(None).map_err(super::refused)?;
    let of = [
        ("--of", &args.of, None),
        ("--maximise", &args.maximise, Some(Better::More)),
        ("--minimise", &args.minimise, Some(Better::Less)),
    ];
    let of = of.into_iter().find_map(|(option, metric, better)| Some((option, metric.clone()?, better)));
    if let Some((option, metric, _)) = &of {
        super::is_known(option, metric, [&base].into_iter())?;
    }
    let tried = tried(args, &source, load)?;
    let models = tried.iter().filter(|(_, model)| model.is_ok()).count();
    let least = least_budget(models);
    if args.budget < least {
        let why = format!(
            "--budget {}: {models} changes take {least} at least, two replications of each and of the model as it is; or name fewer with --knob",
            args.budget
        );
        return Err(fail(&why, Exit::Usage));
    }
    let out = Out::open(args.answer.out.as_deref(), args.answer.format, false, "levers")?;
    let question = Question { of: of.map(|(_, metric, better)| (metric, better)), budget: args.budget };
    let options = work::options(args.trials.jobs);
    let progress = Progress::new(args.trials.quiet);
    let found = experiment::levers(&base, tried, question, &options, &|done, of| progress.show(done, of));
    progress.clear();
    let found = found.map_err(failed)?;
    if found.runs == 0 {
        return Err(work::nothing_done());
    }
    let delivered = out.deliver(Report::Levers(&found), args.answer.format);
    Ok(if found.partial { work::partial() } else { delivered })
}

/// The levers that are named, or those that the model has.
fn tried(
    args: &Levers,
    source: &Source,
    load: impl Fn(Option<String>) -> Result<Model, Problems>,
) -> Result<Vec<Tried>, Exit> {
    let overrides: Vec<String> = args.model.set.iter().cloned().chain(args.trials.overrides()).collect();
    let knobs = model::knobs(source, &overrides, &inputs::read);
    let mut all = Vec::new();
    let mut add = |path: &str, from: &str, to: &str| -> Result<(), Problems> {
        let model = load(Some(format!("{path}={to}")));
        let refused = model.as_ref().err().cloned();
        let why = |problems: Problems| problems.list().first().map_or_else(String::new, |problem| problem.what.clone());
        all.push((Lever { path: path.into(), from: from.into(), to: to.into() }, model.map_err(why)));
        refused.map_or(Ok(()), Err)
    };
    if args.knob.is_empty() {
        for knob in knobs.iter().filter(|knob| knob.is_decision) {
            // What the model refuses is said in the answer.
            knob.others.iter().for_each(|to| drop(add(&knob.path, &knob.value, to)));
        }
    }
    for axis in &args.knob {
        let known = knobs.iter().find(|knob| knob.path == axis.path);
        let values = if axis.values.is_empty() { others(&axis.path, known, &knobs)? } else { axis.values.clone() };
        let from = known.map_or("", |knob| &knob.value);
        let refused: Vec<Problems> = values.iter().filter_map(|to| add(&axis.path, from, to).err()).collect();
        if refused.len() == values.len()
            && let Some(problems) = refused.into_iter().next()
        {
            return Err(super::refused(problems));
        }
    }
    if all.is_empty() {
        return Err(fail("the model has no value to turn: name one with --knob PATH=VALUES", Exit::Usage));
    }
    Ok(all)
}

/// Half and double of a knob, or its other words.
fn others(path: &str, known: Option<&Knob>, knobs: &[Knob]) -> Result<Vec<String>, Exit> {
    let why = match known {
        Some(knob) if !knob.others.is_empty() => return Ok(knob.others.clone()),
        Some(knob) => format!(
            "it is {:?}, which has no half and no double: name the values to try, --knob {path}=VALUES",
            knob.value
        ),
        None => {
            let hint = model::did_you_mean(path, knobs.iter().map(|knob| &knob.path));
            let none = "this model has no such value".to_string();
            if hint.is_empty() {
                format!("{none}; `capsim levers` without --knob finds those that it has")
            } else {
                format!("{none}: {hint}")
            }
        }
    };
    Err(fail(&format!("--knob {path}: {why}"), Exit::Usage))
}
