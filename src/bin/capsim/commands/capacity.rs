//! `capsim capacity`: the largest demand at which every objective holds.

use crate::args::Capacity;
use crate::exit::Exit;
use crate::output::Out;
use crate::progress::Progress;
use crate::work::{self, fail};
use capsim::experiment::{self, Demand};
use capsim::report::Report;

pub fn capacity(args: &Capacity) -> Exit {
    match try_capacity(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_capacity(args: &Capacity) -> Result<Exit, Exit> {
    let model = super::load(&args.model, args.trials.overrides())?;
    let of = args.of.as_deref().map_or(Ok(Demand::All), |path| Demand::at(&model, path));
    let of = of.map_err(|why| fail(&format!("--of {why}"), Exit::Usage))?;
    let options = work::options(args.trials.jobs);
    super::warn_of_objectives(&model);
    experiment::demand(&model, of).map_err(work::no_capacity)?;
    let out = Out::open(args.out.as_deref(), args.format, true, "capacity")?;
    let progress = Progress::new(args.trials.quiet);
    let show = |done, of| progress.show(done, of);
    let found = experiment::capacity(&model, of, args.budget.saturating_mul(1_000_000), &options, &show);
    progress.clear();
    let found = found.map_err(work::no_capacity)?;
    if found.probes.is_empty() {
        return Err(work::nothing_done());
    }
    let delivered = out.deliver(Report::Capacity(&found), args.format);
    Ok(if found.partial { work::partial() } else { delivered })
}
