//! `capsim strategies`: the logging strategies that are built in, what each costs, and its table to copy.

use crate::args;
use crate::args::Strategies;
use crate::console;
use crate::exit::Exit;
use crate::work::{self, failed};
use capsim::experiment::{self, Answer};
use capsim::units::inert;
use capsim::{model, report};
use std::path::Path;

/// Replications of each strategy on the page: their means are shown to a tenth of a per cent at most.
const REPLICATIONS: u32 = 4;

pub fn strategies(args: &Strategies) -> Exit {
    if let Some(model) = &args.compare {
        return match side_by_side(model) {
            Ok(page) => console::print(&page),
            Err(exit) => exit,
        };
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
fn side_by_side(path: &Path) -> Result<String, Exit> {
    let strategies = model::strategies();
    let mut platforms = Vec::new();
    for platform in model::platforms() {
        let mut answers = Vec::new();
        for strategy in strategies.iter().filter(|strategy| strategy.name != "none") {
            answers.push((strategy.name, answer(path, platform, strategy.name)?));
        }
        platforms.push((*platform, answers));
    }
    let shown = inert(&path.display().to_string()).replace('\\', "/").replace('`', "'");
    let command = format!("capsim strategies --compare {shown}");
    Ok(report::strategies_side_by_side(&command, &shown, &platforms))
}

fn answer(path: &Path, platform: &str, strategy: &str) -> Result<Answer, Exit> {
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
    experiment::run(&model, &work::options(None), &|_, _| true).map_err(failed)
}
