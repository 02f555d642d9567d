//! `capsim run`: simulates a model and reports.

use crate::args::Run;
use crate::console;
use crate::exit::Exit;
use crate::output::{Directory, Target};
use crate::progress::Progress;
use crate::work::{self, failed};
use capsim::experiment;
use capsim::model::Model;
use capsim::report::{self, Form, Report};
use capsim::units::Instant;

pub fn run(args: &Run) -> Exit {
    match try_run(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_run(args: &Run) -> Result<Exit, Exit> {
    let model = super::load(&args.model, args.trials.overrides())?;
    super::warn_of_objectives(&model);
    for precision in &args.precision.precision {
        super::is_known("--precision", &precision.metric, [&model].into_iter())?;
    }
    let shown = super::shown(&args.shown, args.format, &[&model])?;
    let out = Directory::out(args.out.as_deref(), "run", "report")?;
    let timeline = args.trace.as_deref().map(|path| Target::of("--trace", path, Form::Timeline)).transpose()?;
    if let Some(timeline) = &timeline {
        trace(&model, timeline)?; // first: if it cannot be written, nobody waits for that
    }
    let options = work::options(args.trials.jobs);
    let precisions = &args.precision.precision;
    let progress = Progress::new(args.trials.quiet);
    let show = |done, of| progress.show(done, of);
    let found = if precisions.is_empty() {
        experiment::run(&model, &options, &show).map(|answer| (answer, Vec::new()))
    } else {
        experiment::run_until(&model, precisions, args.precision.max_replications, &options, &show)
    };
    progress.clear();
    let (answer, missed) = found.map_err(failed)?;
    if answer.replications == 0 {
        return Err(work::nothing_done());
    }
    for missed in &missed {
        console::complain(&report::missed(
            missed,
            answer.metric(&missed.precision.metric).is_some(),
            answer.replications,
        ));
    }
    if let Some(out) = out {
        out.write(Report::of(&answer))?;
    }
    let printed = work::deliver(Report::Run(&answer, &shown), args.format.into(), None);
    Ok(if answer.replications < answer.asked { work::partial() } else { printed })
}

/// Slices, moments and levels that a timeline has at most: what a viewer opens without waiting.
const ENTRIES: usize = 200_000;

fn trace(model: &Model, target: &Target) -> Result<(), Exit> {
    let timeline = experiment::timeline(model, ENTRIES).map_err(failed)?;
    target.write(report::timeline(&model.name, &timeline).as_bytes())?;
    if timeline.is_cut {
        let until = timeline.until.since(Instant::START);
        console::complain(&format!("the timeline is full at {until} of simulated time, and ends there"));
    }
    Ok(())
}
