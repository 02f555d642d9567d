//! Standard output and standard error: answers go to the one, everything else to the other. A reader that has seen
//! enough (`capsim run … | head -1`) is no error.

use crate::exit::Exit;
use capsim::report::{Paint, Screen};
use capsim::units::inert_lines;
use std::io::{ErrorKind, IsTerminal, Write};
use std::panic::PanicHookInfo;

/// Whether a stream is coloured: only a terminal, and only if its user has not said otherwise: `NO_COLOR`, `CLICOLOR=0`,
/// `TERM=dumb`.
#[expect(clippy::disallowed_methods, reason = "these are the terminal's, and colour is no result")]
pub fn colour(stream: &impl IsTerminal) -> bool {
    let is = |name: &str, wanted: &str| std::env::var_os(name).is_some_and(|value| value == wanted);
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || is("CLICOLOR", "0");
    stream.is_terminal() && !refused && !is("TERM", "dumb")
}

/// How standard output is set: coloured and as wide as the terminal where it is one. Prose wider than that of a book is
/// hard to read, and tables narrower than 60 characters are, too.
pub fn screen() -> Screen {
    let paint = if colour(&std::io::stdout()) { Paint::Colour } else { Paint::Plain };
    let size = terminal_size::terminal_size_of(std::io::stdout());
    let width = size.map_or(Screen::PLAIN.width, |(width, _)| usize::from(width.0).clamp(60, 120));
    Screen { paint, width }
}

/// Prints an answer.
pub fn print(text: &str) -> Exit {
    match standard_output().and_then(|mut out| out.write_all(text.as_bytes()).and_then(|()| out.flush())) {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            complain(&format!("error: cannot write to standard output: {error}"));
            Exit::Io
        }
    }
}

/// Standard output as it is: the library's own takes a stream that cannot be written to for one that nobody reads.
#[cfg(unix)]
fn standard_output() -> std::io::Result<impl Write> {
    use std::os::fd::AsFd;
    if crate::closed::was_closed() {
        return Err(std::io::Error::other("it is closed"));
    }
    Ok(std::fs::File::from(std::io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(not(unix))]
fn standard_output() -> std::io::Result<impl Write> {
    Ok(std::io::stdout().lock())
}

/// Says something beside the answer, with nothing in it that acts on a terminal. If nobody can hear it, so be it.
pub fn complain(text: &str) {
    complain_painted(&inert_lines(text));
}

/// The same of what has colours of ours in it, and nothing of others.
pub fn complain_painted(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// One sentence about a bug of ours.
pub fn internal_error(info: &PanicHookInfo) {
    let payload = info.payload();
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    let what = owned.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message").replace('\n', " ");
    let place = info.location().map_or(String::new(), |at| format!(" ({}:{})", at.file(), at.line()));
    complain(&format!("internal error: {what}{place}: this is a bug in capsim, and there is no result"));
}
