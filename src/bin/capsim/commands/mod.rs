//! One file per command.

pub mod capacity;
pub mod check;
pub mod compare;
pub mod completions;
pub mod explain;
pub mod presets;
pub mod run;
pub mod schema;
pub mod strategies;
pub mod sweep;
pub mod tune;
pub mod validate;
pub mod verify;

use crate::args;
use crate::console;
use crate::exit::Exit;
use capsim::model::{self, Model, Source};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads and checks the model of a command line, with `more` overrides after its own.
fn load(args: &args::Model, more: impl IntoIterator<Item = String>) -> Result<Model, Exit> {
    let overrides: Vec<String> = args.set.iter().cloned().chain(more).collect();
    let loaded = if args.model == Path::new("-") {
        model::load(standard_input()?, &overrides, &|path| std::fs::read(path))
    } else {
        model::load_file(&args.model, &overrides)
    };
    loaded.map_err(|problems| {
        console::complain(problems.render(console::colour(&io::stderr())).trim_end());
        if problems.is_unreadable() { Exit::Io } else { Exit::Invalid }
    })
}

/// A model on standard input; the files that it names are looked for where the program was started.
fn standard_input() -> Result<Source, Exit> {
    let mut bytes = Vec::new();
    if let Err(error) = io::stdin().lock().read_to_end(&mut bytes) {
        console::complain(&format!("error: cannot read standard input: {error}"));
        return Err(Exit::Io);
    }
    Ok(Source { name: "<stdin>".into(), bytes, directory: PathBuf::new() })
}
