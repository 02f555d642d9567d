//! `capsim schema`: a JSON Schema, for editors and for those who read the report by program.

use crate::args::{Described, Schema};
use crate::console;
use crate::exit::Exit;

pub fn schema(args: &Schema) -> Exit {
    match args.of {
        Described::Model => console::print(&format!("{:#}\n", capsim::model::schema())),
        Described::Report => console::print(capsim::report::SCHEMA),
        Described::Compare => console::print(capsim::report::COMPARE_SCHEMA),
        Described::Capacity => console::print(capsim::report::CAPACITY_SCHEMA),
        Described::Sweep => console::print(capsim::report::SWEEP_SCHEMA),
        Described::Tune => console::print(capsim::report::TUNE_SCHEMA),
        Described::Levers => console::print(capsim::report::LEVERS_SCHEMA),
    }
}
