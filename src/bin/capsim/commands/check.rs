//! `capsim check`: a model against its objectives and a baseline.

use crate::args::{Check, VerdictForm};
use crate::console;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::work::{self, fail, failed, io};
use capsim::experiment::{self, Baseline, Outcome};
use capsim::report::{self, Paint};
use capsim::units::inert;
use std::io::ErrorKind;
use std::path::Path;

pub fn check(args: &Check) -> Exit {
    match try_check(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_check(args: &Check) -> Result<Exit, Exit> {
    let model = super::load(&args.model, args.trials.overrides())?;
    let before = match &args.baseline {
        Some(path) if !args.bless => Some(read(path)?),
        _ => None,
    };
    for tolerance in &args.tolerance {
        super::is_known("--tolerance", &tolerance.metric, [&model].into_iter())?;
    }
    super::warn_of_objectives(&model);
    let options = work::options(args.trials.jobs);
    let progress = Progress::new(args.trials.quiet);
    let measured =
        experiment::measure(&model, env!("CARGO_PKG_VERSION"), &options, &|done, of| progress.show(done, of));
    progress.clear();
    let (answer, now) = measured.map_err(failed)?;
    if answer.replications < answer.asked {
        let why =
            format!("interrupted after {} of {} replications: that is no verdict", answer.replications, answer.asked);
        return Err(fail(&why, Exit::Interrupted));
    }
    if let (true, Some(path)) = (args.bless, &args.baseline) {
        crate::output::write_file(path, report::baseline_json(&now).as_bytes()).map_err(io)?;
        return Ok(console::print(
            &(inert(&format!("{} is the baseline of {} now.", path.display(), answer.model)) + "\n"),
        ));
    }
    let before = before.as_ref().map(|before| before.as_ref().map_err(Clone::clone));
    let judgement = experiment::check((answer, &now), before, &args.tolerance);
    let paint = if args.out.is_some() { Paint::Plain } else { console::paint() };
    let delivered = work::deliver(
        &match args.format {
            VerdictForm::Text => report::judgement_text(&judgement, paint),
            VerdictForm::Json => report::judgement_json(&judgement),
            VerdictForm::Markdown => report::judgement_markdown(&judgement),
            VerdictForm::Junit => report::judgement_junit(&judgement),
        },
        args.out.as_deref(),
    );
    Ok(if delivered == Exit::Done { exit(judgement.outcome()) } else { delivered })
}

fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Passed => Exit::Done,
        Outcome::Broken => Exit::ObjectiveBroken,
        Outcome::Regression => Exit::Regression,
        Outcome::NotEnough => Exit::NotEnoughEvidence,
        Outcome::NoBaseline => Exit::NoBaseline,
    }
}

/// The stored baseline, or why there is none; a file that is there and cannot be read ends the command.
fn read(path: &Path) -> Result<Result<Baseline, String>, Exit> {
    match capsim::model::read_file(path) {
        Ok(bytes) => Ok(report::read_baseline(&String::from_utf8_lossy(&bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Err(format!("{} does not exist", path.display()))),
        Err(error) => Err(io(format!("cannot read {}: {error}", path.display()))),
    }
}
