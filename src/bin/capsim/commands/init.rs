//! `capsim init`: a starter model.

use crate::args::Init;
use crate::console;
use crate::exit::Exit;
use crate::output::new_file;
use capsim::model::STARTER;
use capsim::units::inert;
use std::path::Path;

pub fn init(args: &Init) -> Exit {
    if args.file == Path::new("-") {
        return console::print(STARTER);
    }
    match new_file(&args.file, STARTER.as_bytes()) {
        Ok(()) => {
            let file = inert(&args.file.display().to_string());
            console::print(&format!("{file} is written. Next: capsim run {file}\n"))
        }
        Err(exit) => exit,
    }
}
