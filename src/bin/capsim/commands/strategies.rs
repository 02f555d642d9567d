//! `capsim strategies`: the logging strategies that are built in, what each costs, and its table to copy.

use crate::args;
use crate::args::{Format, Strategies};
use crate::console;
use crate::exit::Exit;
use crate::output::Out;
use crate::progress::Progress;
use crate::work::{self, fail, failed};
use capsim::experiment::{self, Answer, Work};
use capsim::model;
use capsim::report::{self, Report};
use capsim::units::inert;
use std::path::Path;

/// Replications of each strategy on the page: their means are shown to a tenth of a per cent at most.
const REPLICATIONS: u32 = 4;

pub fn strategies(args: &Strategies) -> Exit {
    if let Some(model) = &args.compare {
        return side_by_side(model, args).unwrap_or_else(|exit| exit);
    }
    if args.answer.format != Format::Text || args.answer.out.is_some() {
        return fail("--format and --out are of --compare MODEL", Exit::Usage);
    }
    let all = model::strategies();
    let Some(name) = &args.show else {
        let rows: Vec<_> = all
            .iter()
            .map(|s| (s.name, [&s.per_call, &s.per_error, &s.per_plan, &s.per_day], s.description.as_str()))
            .collect();
        return console::print(&report::strategy_list(&rows, console::screen()));
    };
    let Some(strategy) = all.iter().find(|strategy| strategy.name == *name) else {
        let names: Vec<&str> = all.iter().map(|strategy| strategy.name).collect();
        console::complain(&format!("error: no strategy is called {name:?}: there are {}", names.join(", ")));
        return Exit::Usage;
    };
    console::print(&format!("[logging]\nstrategy = \"custom\"\n\n{}", report::strategy_as_custom(strategy.text)))
}

/// Every strategy but `none` on every platform, under one seed.
fn side_by_side(path: &Path, args: &Strategies) -> Result<Exit, Exit> {
    let out = Out::open(args.answer.out.as_deref(), args.answer.format, false, "strategies")?;
    let strategies = model::strategies();
    let strategies: Vec<&str> =
        strategies.iter().map(|strategy| strategy.name).filter(|name| *name != "none").collect();
    let progress = Progress::new(args.quiet);
    let all = model::platforms().len() * strategies.len() * REPLICATIONS as usize;
    let mut done = 0.0;
    let mut platforms = Vec::new();
    for platform in model::platforms() {
        let mut answers = Vec::new();
        for strategy in &strategies {
            let goes_on = |more: f64, _: Work| progress.show(done + more, Work::Replications(all as u64));
            answers.push((*strategy, answer(path, platform, strategy, &goes_on)?));
            done += f64::from(REPLICATIONS);
        }
        platforms.push(((*platform).to_string(), answers));
    }
    progress.clear();
    let found = report::Strategies { model: inert(&path.display().to_string()).replace('\\', "/"), platforms };
    Ok(out.deliver(Report::Strategies(&found), args.answer.format))
}

fn answer(path: &Path, platform: &str, strategy: &str, progress: experiment::Progress<'_>) -> Result<Answer, Exit> {
    let load = |more: &[&str]| {
        let sets = [&format!("platform.preset={platform}"), &format!("run.replications={REPLICATIONS}")];
        let model = args::Model { model: path.into(), set: sets.map(String::from).to_vec() };
        super::load(&model, more.iter().map(|text| (*text).to_string()))
    };
    // A model that knows no log service gets one with a free plan.
    let known = load(&["logging.strategy=none"])?.stores.iter().any(|store| store.name == "external");
    let service = if known { vec![] } else { vec!["store.external.preset=sentry-developer"] };
    let strategy = format!("logging.strategy={strategy}");
    let model = load(&[service, vec![strategy.as_str()]].concat())?;
    experiment::run(&model, &work::options(None), progress).map_err(failed)
}
