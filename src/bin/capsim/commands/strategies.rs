//! `capsim strategies`: the logging strategies that are built in, what each costs, and its table to copy.

use crate::args::Strategies;
use crate::console;
use crate::exit::Exit;
use capsim::{model, report};

pub fn strategies(args: &Strategies) -> Exit {
    let all = model::strategies();
    let Some(name) = &args.show else {
        let rows: Vec<_> = all
            .iter()
            .map(|s| (s.name, [&s.per_call, &s.per_error, &s.per_plan, &s.per_day], s.description.as_str()))
            .collect();
        return console::print(&report::strategy_list(&rows));
    };
    let Some(strategy) = all.iter().find(|strategy| strategy.name == *name) else {
        let names: Vec<&str> = all.iter().map(|strategy| strategy.name).collect();
        console::complain(&format!("error: no strategy is called {name:?}: there are {}", names.join(", ")));
        return Exit::Usage;
    };
    console::print(&format!("[logging]\nstrategy = \"custom\"\n\n{}", report::strategy_as_custom(strategy.text)))
}
