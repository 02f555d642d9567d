//! `capsim presets`: the platforms that a model can stand on, and where each of their values comes from.

use crate::args::Presets;
use crate::console;
use crate::exit::Exit;
use capsim::{model, report};

pub fn presets(args: &Presets) -> Exit {
    let all = model::presets();
    let Some(name) = &args.name else {
        let rows: Vec<_> = all.iter().map(|preset| (preset.name.as_str(), preset.description.as_str())).collect();
        return console::print(&report::preset_list(&rows, console::screen()));
    };
    let Some(preset) = all.iter().find(|preset| preset.name == *name) else {
        let names: Vec<&str> = all.iter().map(|preset| preset.name.as_str()).collect();
        console::complain(&format!("error: no preset is called {name:?}: there are {}", names.join(", ")));
        return Exit::Usage;
    };
    let values = preset.values.iter();
    let rows = values.map(|v| [&v.key, &v.value, &v.unit, &v.date, &v.source].map(String::as_str)).collect();
    console::print(&report::preset(&preset.name, &preset.description, rows, console::screen()))
}
