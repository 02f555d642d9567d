//! `capsim explain`: the arithmetic of a model, without simulation.

use crate::args::Explain;
use crate::exit::Exit;
use crate::work;
use capsim::experiment;
use capsim::report::Report;

pub fn explain(args: &Explain) -> Exit {
    let model = match super::load(&args.model, []) {
        Ok(model) => model,
        Err(exit) => return exit,
    };
    let arithmetic = experiment::explain(&model);
    work::deliver(Report::Arithmetic(&model.name, &model.description, &arithmetic), args.format.into(), None)
}
