//! `capsim compare`: several configurations on the same traffic.

use crate::args::{self, Compare};
use crate::console;
use crate::exit::Exit;
use crate::output::Out;
use crate::progress::Progress;
use crate::signals;
use crate::work::{self, fail, failed};
use capsim::experiment;
use capsim::model::Model;
use capsim::report::{self, Report};
use std::path::Path;

pub fn compare(args: &Compare) -> Exit {
    match try_compare(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_compare(args: &Compare) -> Result<Exit, Exit> {
    let configurations = configurations(args)?;
    for precision in &args.precision.precision {
        super::is_known("--precision", &precision.metric, configurations.iter().map(|(_, model)| model))?;
    }
    let models: Vec<&Model> = configurations.iter().map(|(_, model)| model).collect();
    let shown = super::shown(&args.shown, args.answer.format, &models)?;
    let options = work::options(args.trials.jobs);
    let precisions = (&args.precision.precision[..], args.precision.max_replications);
    let out = Out::open(args.answer.out.as_deref(), args.answer.format, false, "compare")?;
    let progress = Progress::new(args.trials.quiet);
    let found = experiment::compare(configurations, precisions, &options, &|done, of| progress.show(done, of));
    progress.clear();
    let found = found.map_err(failed)?;
    if found.answers.iter().any(|answer| answer.replications == 0) {
        return Err(work::nothing_done());
    }
    for (at, missed) in &found.missed {
        let answer = &found.answers[*at];
        let known = answer.metric(&missed.precision.metric).is_some();
        console::complain(&format!("{}: {}", found.names[*at], report::missed(missed, known, answer.replications)));
    }
    let delivered = out.deliver(Report::Comparison(&found, &shown), args.answer.format);
    Ok(if signals::interrupted() { work::partial() } else { delivered })
}

/// Each model under its name, or the one model and its variants.
fn configurations(args: &Compare) -> Result<Vec<(String, Model)>, Exit> {
    let load = |path: &Path, more: Vec<String>| {
        let model = args::Model { model: path.into(), set: args.set.clone() };
        super::load(&model, more.into_iter().chain(args.trials.overrides()))
    };
    let mut all = Vec::new();
    if !args.with.is_empty() {
        let [one] = &args.models[..] else {
            return Err(fail("--with varies one model; several are given", Exit::Usage));
        };
        if one == Path::new("-") {
            return Err(fail("--with reads the model several times, which standard input does not allow", Exit::Usage));
        }
        let model = load(one, Vec::new())?;
        all.push((model.name.clone(), model));
        let mut names: Vec<&String> = Vec::new();
        args.with.iter().map(|(name, _)| name).for_each(|name| {
            if !names.contains(&name) {
                names.push(name)
            }
        });
        for name in names {
            let sets = args.with.iter().filter(|(of, _)| of == name).map(|(_, set)| set.clone()).collect();
            all.push((name.clone(), load(one, sets)?));
        }
    } else {
        for path in &args.models {
            let model = load(path, Vec::new())?;
            all.push((model.name.clone(), model));
        }
    }
    if all.len() < 2 {
        return Err(fail(
            "one configuration has nothing to be compared with: name another model, or a variant with --with NAME:PATH=VALUE",
            Exit::Usage,
        ));
    }
    // Two files may have the same name in them.
    for at in 1..all.len() {
        if all[..at].iter().any(|(name, _)| *name == all[at].0) {
            all[at].0 = format!("{} ({})", all[at].0, at + 1);
        }
    }
    Ok(all)
}
