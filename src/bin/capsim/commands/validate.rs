//! `capsim validate`: whether a model is one, in a line.

use crate::args::Model;
use crate::console;
use crate::exit::Exit;
use capsim::units::inert;

pub fn validate(args: &Model) -> Exit {
    let model = match super::load(args, []) {
        Ok(model) => model,
        Err(exit) => return exit,
    };
    super::warn_of_objectives(&model);
    let many = |n: usize, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
    let parts = [
        many(model.classes.len(), "class", "classes"),
        many(model.workflows.len(), "workflow", "workflows"),
        many(model.providers.len(), "provider", "providers"),
        many(model.queues.len(), "queue", "queues"),
        many(model.stores.len(), "store", "stores"),
        many(model.objectives.len(), "objective", "objectives"),
    ];
    let digest = model.digest.get(..12).unwrap_or(&model.digest);
    console::print(&format!(
        "{}: valid (digest {digest}, {})\n",
        inert(&args.model.display().to_string()),
        parts.join(", ")
    ))
}
