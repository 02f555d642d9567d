//! `capsim capacity`: the largest demand at which every objective holds.

use crate::args::{Capacity, Page};
use crate::console;
use crate::exit::Exit;
use crate::work::{self, Progress, fail, failed};
use capsim::experiment::{self, Demand, NoCapacity};
use capsim::report::{self, Paint};

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
    work::listen();
    let progress = Progress::new(args.trials.quiet);
    let show = |done, of| progress.show(done, of);
    let found = experiment::capacity(&model, of, args.budget.saturating_mul(1_000_000), &options, &show);
    progress.clear();
    let found = found.map_err(|why| match why {
        NoCapacity::Refused(why) => fail(&why, Exit::Invalid),
        NoCapacity::Failed(failure) => failed(failure),
    })?;
    let paint = if args.out.is_some() { Paint::Plain } else { console::paint() };
    let text = match args.format {
        Page::Text => report::capacity_text(&found, paint),
        Page::Json => report::capacity_json(&found),
    };
    let delivered = work::deliver(&text, args.out.as_deref());
    Ok(if found.partial { Exit::Interrupted } else { delivered })
}
