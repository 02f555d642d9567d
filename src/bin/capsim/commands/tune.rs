//! `capsim tune`: the values of named knobs that do best under the objectives.

use crate::args::Tune;
use crate::exit::Exit;
use crate::output::Out;
use crate::progress::Progress;
use crate::work::{self, fail};
use capsim::experiment::{self, Axis, Better, Goal, Search};
use capsim::model::Model;
use capsim::report::Report;
use std::path::Path;

pub fn tune(args: &Tune) -> Exit {
    match try_tune(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_tune(args: &Tune) -> Result<Exit, Exit> {
    if args.model.model == Path::new("-") {
        return Err(fail("tune reads the model for each point, which standard input does not allow", Exit::Usage));
    }
    let base = super::load(&args.model, args.trials.overrides())?;
    let search = Search { goal: goal(args), budget: args.budget, best: args.best };
    let points = experiment::candidates(&args.knob, &search, base.run.seed);
    let load = |at: Vec<usize>| model_at(args, &args.knob, &at).map(|model| (at, model));
    let candidates = points.into_iter().map(load).collect::<Result<Vec<_>, _>>()?;
    if let Goal::Metric(metric, way) = &search.goal {
        let option = if *way == Better::More { "--maximise" } else { "--minimise" };
        super::is_known(option, metric, [&base].into_iter().chain(candidates.iter().map(|(_, model)| model)))?;
    }
    let out = Out::open(args.answer.out.as_deref(), args.answer.format, false, "tune")?;
    let options = work::options(args.trials.jobs);
    let progress = Progress::new(args.trials.quiet);
    let show = |done, of| progress.show(done, of);
    let found = experiment::tune(&base, args.knob.clone(), candidates, search, &options, &show);
    progress.clear();
    let found = found.map_err(work::no_capacity)?;
    if found.best.iter().all(|candidate| candidate.replications == 0) && found.partial {
        return Err(work::nothing_done());
    }
    let delivered = out.deliver(Report::Tuned(&found), args.answer.format);
    Ok(if found.partial { work::partial() } else { delivered })
}

/// `cost` is short for the bill of a month.
fn goal(args: &Tune) -> Goal {
    let metric = |name: &str| if name == "cost" { "cost.month".into() } else { name.to_string() };
    match (&args.maximise, &args.minimise) {
        (Some(name), _) if name == "capacity" => Goal::Capacity,
        (Some(name), _) => Goal::Metric(metric(name), Better::More),
        (_, Some(name)) => Goal::Metric(metric(name), Better::Less),
        (None, None) => Goal::Capacity,
    }
}

fn model_at(args: &Tune, axes: &[Axis], at: &[usize]) -> Result<Model, Exit> {
    let values = axes.iter().zip(at).map(|(axis, &at)| format!("{}={}", axis.path, axis.values[at]));
    super::load(&args.model, args.trials.overrides().into_iter().chain(values))
}
