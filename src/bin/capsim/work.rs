//! What every command that takes long has in common: threads, and how a failure ends.

use crate::console;
use crate::exit::Exit;
use crate::output::Target;
use capsim::experiment::{Failure, NoCapacity, Options};
use capsim::report::{Form, Report, Screen};
use std::num::NonZeroUsize;

/// As many threads as asked for, or one for each processor.
pub fn options(jobs: Option<NonZeroUsize>) -> Options {
    let jobs = jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    Options { jobs }
}

/// A simulation that was stopped before it had anything to say.
pub fn nothing_done() -> Exit {
    fail("interrupted before the first replication was done: there is nothing to report", Exit::Interrupted)
}

/// An answer that was given, of what was done when a signal came.
pub fn partial() -> Exit {
    console::complain("interrupted: the answer covers what was done by then");
    Exit::Interrupted
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
        Failure::Stopped => nothing_done(),
    }
}

/// A question that has no capacity for an answer.
pub fn no_capacity(why: NoCapacity) -> Exit {
    match why {
        NoCapacity::Refused(why) => fail(&why, Exit::Invalid),
        NoCapacity::Failed(failure) => failed(failure),
    }
}

/// An answer to standard output in the form of `--format`, or to the file that `--out` names. The command has offered
/// none but the forms that the answer has.
pub fn deliver(answer: Report<'_>, format: Form, out: Option<(Target, Form)>) -> Exit {
    let (form, screen) = out.as_ref().map_or((format, console::screen()), |(_, form)| (*form, Screen::PLAIN));
    let Some(bytes) = answer.render(form, screen) else {
        return fail("there is nothing to draw, so no file is written", Exit::Io);
    };
    match out {
        None => console::print(&String::from_utf8_lossy(&bytes)),
        Some((target, _)) => target.write(&bytes).map_or_else(|exit| exit, |()| Exit::Done),
    }
}
