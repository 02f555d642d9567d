//! `capsim`: reads arguments, asks the library, prints what it says.

#![deny(unsafe_code)] // but for one line of `closed`

mod args;
mod closed;
mod commands;
mod console;
mod disk;
mod exit;
mod inputs;
mod output;
mod progress;
mod signals;
mod work;

use args::{Args, Command};
use capsim::units::is_hidden;
use clap::Parser;
use exit::Exit;
use std::panic;
use std::process::ExitCode;

fn main() -> ExitCode {
    panic::set_hook(Box::new(console::internal_error));
    let exit = panic::catch_unwind(|| match Args::try_parse() {
        Ok(args) => dispatch(args),
        Err(error) => usage(&error),
    });
    exit.unwrap_or(Exit::Internal).into()
}

fn dispatch(args: Args) -> Exit {
    signals::listen();
    match args.command {
        Command::Run(args) => commands::run::run(&args),
        Command::Compare(args) => commands::compare::compare(&args),
        Command::Capacity(args) => commands::capacity::capacity(&args),
        Command::Sweep(args) => commands::sweep::sweep(&args),
        Command::Tune(args) => commands::tune::tune(&args),
        Command::Levers(args) => commands::levers::levers(&args),
        Command::Check(args) => commands::check::check(&args),
        Command::Explain(args) => commands::explain::explain(&args),
        Command::Fit(args) => commands::fit::fit(&args),
        Command::Verify(args) => commands::verify::verify(&args),
        Command::Init(args) => commands::init::init(&args),
        Command::Validate(args) => commands::validate::validate(&args),
        Command::Metrics(args) => commands::metrics::metrics(&args),
        Command::Presets(args) => commands::presets::presets(&args),
        Command::Strategies(args) => commands::strategies::strategies(&args),
        Command::Schema(args) => commands::schema::schema(&args),
        Command::Completions(args) => commands::completions::completions(&args),
    }
}

/// Prints help, the version, or what is wrong with the arguments.
fn usage(error: &clap::Error) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        // What was typed stands in it: with colours of its own there are none of ours.
        let is_plain = std::env::args_os().all(|text| !text.to_string_lossy().chars().any(is_hidden));
        match is_plain && console::colour(&std::io::stderr()) {
            true => console::complain_painted(text.ansi().to_string().trim_end()),
            false => console::complain(text.to_string().trim_end()),
        }
        return Exit::Usage;
    }
    let text = if console::colour(&std::io::stdout()) { text.ansi().to_string() } else { text.to_string() };
    console::print(&text)
}
