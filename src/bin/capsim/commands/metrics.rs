//! `capsim metrics`: what each metric means.

use crate::args::Metrics;
use crate::console;
use crate::exit::Exit;
use capsim::{metrics, report};

pub fn metrics(args: &Metrics) -> Exit {
    let pattern = args.pattern.as_deref().unwrap_or_default();
    let found = metrics::like(pattern);
    if found.is_empty() {
        console::complain(&format!("error: no metric is like {pattern:?}\n  help: capsim metrics lists them all"));
        return Exit::Usage;
    }
    console::print(&report::metrics(&found))
}
