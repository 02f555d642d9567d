//! `capsim completions`: a script that teaches a shell the command line.

use crate::args::{Args, Completions};
use crate::console;
use crate::exit::Exit;
use clap::CommandFactory;

pub fn completions(args: &Completions) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "capsim", &mut script);
    console::print(&String::from_utf8_lossy(&script))
}
