//! What every command that takes long has in common: threads, a progress bar, Ctrl-C, and how a failure ends.

use crate::console;
use crate::exit::Exit;
use capsim::experiment::{Failure, NoCapacity, Options};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A run that takes less than this shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// As many threads as asked for, or one for each processor.
pub fn options(jobs: Option<NonZeroUsize>) -> Options {
    let jobs = jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    Options { jobs }
}

/// Whether Ctrl-C was pressed.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Says why, and ends so.
pub fn fail(why: &str, exit: Exit) -> Exit {
    console::complain(&format!("error: {why}"));
    exit
}

/// A file that cannot be read or written.
pub fn io(why: String) -> Exit {
    fail(&why, Exit::Io)
}

/// A replication that did not come to its end.
pub fn failed(failure: Failure) -> Exit {
    match failure {
        Failure::Limit(why) => fail(&why, Exit::Invalid),
        Failure::Internal(why) => fail(&format!("internal: {why}"), Exit::Internal),
    }
}

/// A question that has no capacity for an answer.
pub fn no_capacity(why: NoCapacity) -> Exit {
    match why {
        NoCapacity::Refused(why) => fail(&why, Exit::Invalid),
        NoCapacity::Failed(failure) => failed(failure),
    }
}

/// An answer to standard output, or to a file that is there whole or not at all.
pub fn deliver(text: &str, out: Option<&std::path::Path>) -> Exit {
    match out {
        None => console::print(text),
        Some(path) => match crate::output::write_file(path, text.as_bytes()) {
            Ok(()) => Exit::Done,
            Err(why) => io(why),
        },
    }
}

/// The first Ctrl-C asks the run to stop after the replications under way; the second does not wait.
pub fn listen() {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
    };
    // Where no handler can be set, Ctrl-C ends the program as it always does.
    let _ = ctrlc::set_handler(handler);
}

/// A bar on standard error, if somebody is looking and the run takes long enough to look at.
pub struct Progress {
    began: Option<Instant>,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "a progress bar is about the wall clock, and no result sees it")]
    pub fn new(quiet: bool) -> Progress {
        let shown = !quiet && std::io::stderr().is_terminal();
        Progress { began: shown.then(Instant::now), bar: OnceLock::new() }
    }

    /// Shows how far the work is, and says whether to go on with it.
    pub fn show(&self, done: u32, of: u32) -> bool {
        if self.began.is_some_and(|began| began.elapsed() > PATIENCE) {
            let bar = self.bar.get_or_init(|| {
                let style = ProgressStyle::with_template("{bar:40} {pos}/{len} replications, {eta} left");
                let bar = ProgressBar::with_draw_target(Some(of.into()), ProgressDrawTarget::stderr());
                style.map_or(bar.clone(), |style| bar.with_style(style))
            });
            bar.set_length(of.into());
            bar.set_position(done.into());
        }
        !INTERRUPTED.load(Ordering::Relaxed)
    }

    pub fn clear(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
