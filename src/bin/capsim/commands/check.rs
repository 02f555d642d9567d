//! `capsim check`: a model against its objectives and a baseline.

use crate::args::{Check, VerdictForm};
use crate::console;
use crate::exit::Exit;
use crate::inputs;
use crate::output::Target;
use crate::progress::Progress;
use crate::work::{self, fail, failed, io};
use capsim::experiment::{self, Baseline, Outcome, Scope};
use capsim::report::{self, Form, Report};
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
    let bless = args.baseline.as_deref().filter(|_| args.bless);
    let bless = bless.map(|path| Target::of("--baseline", path, Form::Baseline)).transpose()?;
    let format = match args.format {
        VerdictForm::Text => Form::Text,
        VerdictForm::Json => Form::Json,
        VerdictForm::Markdown => Form::Markdown,
        VerdictForm::Junit => Form::Junit,
    };
    let forms = [Form::Text, Form::Json, Form::Markdown, Form::Junit];
    let out = Target::out(args.out.as_deref(), format, &forms)?;
    super::warn_of_objectives(&model);
    let options = work::options(args.trials.jobs);
    let progress = Progress::new(args.trials.quiet);
    let measured = experiment::measure(&model, &options, &|done, of| progress.show(done, of));
    progress.clear();
    let (answer, now) = measured.map_err(failed)?;
    if answer.replications < answer.asked {
        let why =
            format!("interrupted after {} of {} replications: that is no verdict", answer.replications, answer.asked);
        return Err(fail(&why, Exit::Interrupted));
    }
    if let (Some(target), Some(path)) = (&bless, &args.baseline) {
        target.write(report::baseline_json(&now).as_bytes())?;
        let done = format!("{} is the baseline of {} now.", path.display(), answer.model);
        return Ok(console::print(&(inert(&done) + "\n")));
    }
    let before = before.as_ref().map(|before| before.as_ref().map_err(Clone::clone));
    let scope = if args.regressions_only { Scope::Regressions } else { Scope::All };
    let judgement = experiment::check((answer, &now), scope, before, &args.tolerance);
    let delivered = work::deliver(Report::Judgement(&judgement), format, out);
    Ok(if delivered == Exit::Done { exit(judgement.outcome()) } else { delivered })
}

fn exit(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Passed => Exit::Done,
        Outcome::Broken => Exit::ObjectiveBroken,
        Outcome::Unlike => Exit::Unlike,
        Outcome::Regression => Exit::Regression,
        Outcome::NotEnough => Exit::NotEnoughEvidence,
        Outcome::NoBaseline => Exit::NoBaseline,
    }
}

/// The stored baseline, or why there is none; a file that is there and cannot be read ends the command.
fn read(path: &Path) -> Result<Result<Baseline, String>, Exit> {
    if path == Path::new("-") {
        return Err(fail("--baseline -: a baseline is a file", Exit::Usage));
    }
    match inputs::read(path) {
        Ok(bytes) => Ok(report::read_baseline(&String::from_utf8_lossy(&bytes))
            .map_err(|why| format!("{} cannot be relied on: {why}", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Err(format!("{} does not exist", path.display()))),
        Err(error) => Err(io(format!("cannot read {}: {}", path.display(), capsim::model::reason(&error)))),
    }
}
