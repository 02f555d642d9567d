//! `capsim sweep`: a grid of configurations.

use crate::args::Sweep;
use crate::console;
use crate::exit::Exit;
use crate::output::{Directory, Out};
use crate::progress::Progress;
use crate::work::{self, fail, failed, io};
use capsim::experiment::{self, Answer};
use capsim::model::Model;
use capsim::report::{self, Cell, PointOf, Report};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Mutex;

pub fn sweep(args: &Sweep) -> Exit {
    match try_sweep(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_sweep(args: &Sweep) -> Result<Exit, Exit> {
    if args.model.model == Path::new("-") {
        return Err(fail("a sweep reads the model for each point, which standard input does not allow", Exit::Usage));
    }
    let base = super::load(&args.model, args.trials.overrides())?;
    let points = match args.sample {
        Some(0) => return Err(fail("--sample 0: a sweep of no points", Exit::Usage)),
        Some(count) => experiment::latin(&args.vary, count, base.run.seed),
        None => experiment::grid(&args.vary).map_err(|why| fail(&why, Exit::Usage))?,
    };
    let models = points.iter().map(|at| model_at(args, at)).collect::<Result<Vec<_>, _>>()?;
    for metric in &args.metric {
        super::is_known("--metric", metric, [&base].into_iter().chain(&models))?;
    }
    let out = Directory::out(args.out.as_deref(), "sweep", "sweep")?;
    let stored: Vec<(String, PointOf)> =
        models.iter().zip(&points).map(|(model, at)| point_of(args, model, at)).collect();
    let mut found = resumed(args, out.as_ref(), &stored);
    let missing = models.into_iter().zip(&found).map(|(model, found)| found.is_none().then_some(model)).collect();
    let options = work::options(args.trials.jobs);
    let progress = Progress::new(args.trials.quiet);
    let trouble = Mutex::new(None);
    let finished = |at: usize, answer: &Answer| {
        let (file, of) = &stored[at];
        let json = of.json(&report::point(answer));
        let written = out.as_ref().map_or(Ok(()), |out| out.store(file, json.as_bytes()));
        if let (Err(why), Ok(mut trouble)) = (written, trouble.lock()) {
            trouble.get_or_insert(why);
        }
    };
    let answers = experiment::sweep(missing, &options, &finished, &|done, of| progress.show(done, of));
    progress.clear();
    let answers = answers.map_err(failed)?;
    if let Some(why) = trouble.into_inner().unwrap_or_default() {
        return Err(io(why));
    }
    for (found, answer) in found.iter_mut().zip(&answers) {
        *found = found.take().or_else(|| answer.as_ref().map(report::point));
    }
    let asked = points.len();
    let done: Vec<_> = points.into_iter().zip(found).filter_map(|(at, cells)| Some((at, cells?))).collect();
    if done.is_empty() {
        return Err(fail("interrupted before the first point was done: there is nothing to report", Exit::Interrupted));
    }
    let metrics = metrics(args, &base);
    let (model, seed, replications, axes) = (base.name, base.run.seed, base.run.replications, args.vary.clone());
    let sweep = report::Sweep { model, seed, replications, axes, metrics, points: done, asked };
    let out = out.map_or(Out::Standard, Out::Directory);
    let printed = out.deliver(Report::Sweep(&sweep), args.format);
    Ok(if sweep.points.len() < sweep.asked { work::partial() } else { printed })
}

fn model_at(args: &Sweep, at: &[usize]) -> Result<Model, Exit> {
    let values = args.vary.iter().zip(at).map(|(axis, &at)| format!("{}={}", axis.path, axis.values[at]));
    super::load(&args.model, args.trials.overrides().into_iter().chain(values))
}

/// Where a point is stored, and what it is the point of.
fn point_of(args: &Sweep, model: &Model, at: &[usize]) -> (String, PointOf) {
    let (digest, seed, replications) = (model.digest.clone(), model.run.seed, model.run.replications);
    let file = format!("points/{digest}-{seed}-{replications}-{}.json", env!("CARGO_PKG_VERSION"));
    let set = args.vary.iter().zip(at).map(|(axis, &at)| (axis.path.clone(), axis.values[at].clone())).collect();
    (file, PointOf { digest, seed, replications, zone_data: model.zone_data.map(String::from), set })
}

/// How many stored points that cannot be used are named.
const NAMED: usize = 5;

/// The points that an earlier sweep has stored. One that is not what was asked for is simulated anew, with a word.
fn resumed(args: &Sweep, out: Option<&Directory>, stored: &[(String, PointOf)]) -> Vec<Option<BTreeMap<String, Cell>>> {
    let Some(out) = out.filter(|_| args.resume) else { return vec![None; stored.len()] };
    let mut refused = 0;
    let mut read = |(file, of): &(String, PointOf)| {
        let text = match capsim::model::read_file(&out.path(file)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => Err(capsim::model::reason(&error)),
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        };
        let point = text.and_then(|text| of.read(&text));
        if let Err(why) = &point {
            refused += 1;
            if refused <= NAMED {
                console::complain(&format!("warning: {file} is not used: {why}; the point is simulated anew"));
            }
        }
        point.ok()
    };
    let found = stored.iter().map(&mut read).collect();
    if refused > NAMED {
        console::complain(&format!("warning: {} more stored points are not used", refused - NAMED));
    }
    found
}

/// The metrics asked for, those of the objectives, or those that every model has.
fn metrics(args: &Sweep, base: &Model) -> Vec<String> {
    if !args.metric.is_empty() {
        return args.metric.clone();
    }
    let objectives: Vec<String> = base.objectives.iter().map(|objective| objective.metric.clone()).collect();
    let usual = || ["plans.per_day", "plans.failed_fraction", "plan.latency.p95"].map(String::from).to_vec();
    if objectives.is_empty() { usual() } else { objectives }
}
