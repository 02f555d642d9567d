//! `capsim run`: simulates a model and reports.

use crate::args::{Format, Run};
use crate::console;
use crate::exit::Exit;
use crate::output::Directory;
use capsim::experiment::{self, Answer, Failure, Options};
use capsim::report;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A run that takes less than this shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

pub fn run(args: &Run) -> Exit {
    match try_run(args) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn try_run(args: &Run) -> Result<Exit, Exit> {
    let seed = args.seed.map(|seed| format!("run.seed={seed}"));
    let replications = args.replications.map(|n| format!("run.replications={n}"));
    let model = super::load(&args.model, seed.into_iter().chain(replications))?;
    let out = args.out.as_deref().map(Directory::open).transpose().map_err(io)?;
    let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    listen();
    let progress = Progress::new(args.quiet);
    let answer = experiment::run(&model, &Options { jobs }, &|done, of| {
        progress.show(done, of);
        !INTERRUPTED.load(Ordering::Relaxed)
    });
    progress.clear();
    let answer = answer.map_err(|failure| match failure {
        Failure::Limit(why) => fail(&why, Exit::Invalid),
        Failure::Internal(why) => fail(&format!("internal: {why}"), Exit::Internal),
    })?;
    if let Some(out) = out {
        out.write(&answer).map_err(io)?;
    }
    let printed = console::print(&render(&answer, args.format));
    Ok(if answer.replications < answer.asked { Exit::Interrupted } else { printed })
}

fn fail(why: &str, exit: Exit) -> Exit {
    console::complain(&format!("error: {why}"));
    exit
}

fn io(why: String) -> Exit {
    fail(&why, Exit::Io)
}

fn render(answer: &Answer, format: Format) -> String {
    match format {
        Format::Text => report::text(answer, console::paint()),
        Format::Json => report::json(answer),
        Format::Csv => report::csv(answer),
        Format::Markdown => report::markdown(answer),
    }
}

/// The first Ctrl-C asks the run to stop after the replications under way; the second does not wait.
fn listen() {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
    };
    // Where no handler can be set, Ctrl-C ends the program as it always does.
    let _ = ctrlc::set_handler(handler);
}

/// A bar on standard error, if somebody is looking and the run takes long enough to look at.
struct Progress {
    began: Option<Instant>,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "a progress bar is about the wall clock, and no result sees it")]
    fn new(quiet: bool) -> Progress {
        let shown = !quiet && std::io::stderr().is_terminal();
        Progress { began: shown.then(Instant::now), bar: OnceLock::new() }
    }

    fn show(&self, done: u32, of: u32) {
        if self.began.is_some_and(|began| began.elapsed() > PATIENCE) {
            let bar = self.bar.get_or_init(|| {
                let style = ProgressStyle::with_template("{bar:40} {pos}/{len} replications, {eta} left");
                let bar = ProgressBar::with_draw_target(Some(of.into()), ProgressDrawTarget::stderr());
                style.map_or(bar.clone(), |style| bar.with_style(style))
            });
            bar.set_position(done.into());
        }
    }

    fn clear(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
