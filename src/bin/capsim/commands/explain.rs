//! `capsim explain`: the arithmetic of a model, without simulation.

use crate::args::{Explain, Page};
use crate::console;
use crate::exit::Exit;
use capsim::{experiment, report};

pub fn explain(args: &Explain) -> Exit {
    let model = match super::load(&args.model, []) {
        Ok(model) => model,
        Err(exit) => return exit,
    };
    let arithmetic = experiment::explain(&model);
    console::print(&match args.format {
        Page::Text => report::arithmetic_text(&model.name, &model.description, &arithmetic, console::paint()),
        Page::Json => report::arithmetic_json(&model.name, &model.description, &arithmetic),
    })
}
