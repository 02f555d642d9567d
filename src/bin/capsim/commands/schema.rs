//! `capsim schema`: a JSON Schema, for editors and for those who read the report by program.

use crate::args::{Described, Schema};
use crate::console;
use crate::exit::Exit;

pub fn schema(args: &Schema) -> Exit {
    match args.of {
        Described::Model => console::print(&format!("{:#}\n", capsim::model::schema())),
        Described::Report => console::print(capsim::report::SCHEMA),
        Described::Tune => console::print(capsim::report::TUNE_SCHEMA),
    }
}
