//! Ctrl-C, SIGTERM and SIGHUP. The first ends a simulation where it is, and what is done is reported; the second ends
//! the program at once. Where nothing is being simulated, and so nothing can be reported, so does the first.

use crate::console;
use crate::exit::Exit;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

/// A simulation that has not stopped by then is left.
const GRACE: Duration = Duration::from_millis(800);

/// Nothing is done that could be reported.
const IDLE: u8 = 0;
/// Something is being simulated.
const SIMULATES: u8 = 1;
/// The answer is being written, which takes no time.
const WRITES: u8 = 2;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static DOES: AtomicU8 = AtomicU8::new(IDLE);

/// Whether somebody wants the program to end.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// From here on something is simulated.
pub fn simulates() {
    DOES.store(SIMULATES, Ordering::Relaxed);
}

/// From here on the answer is written.
pub fn writes() {
    DOES.store(WRITES, Ordering::Relaxed);
}

fn caught() {
    match (INTERRUPTED.swap(true, Ordering::Relaxed), DOES.load(Ordering::Relaxed)) {
        (false, SIMULATES) => leave_after_a_while(),
        (false, WRITES) => {}
        (false, _) => leave("interrupted: there is no result yet"),
        (true, _) => leave("interrupted"),
    }
}

fn leave(why: &str) -> ! {
    console::complain(why);
    std::process::exit(Exit::Interrupted as i32)
}

#[expect(clippy::disallowed_methods, reason = "it waits for the wall clock to end the program, which is no result")]
fn leave_after_a_while() {
    let wait = || {
        std::thread::sleep(GRACE);
        if DOES.load(Ordering::Relaxed) == SIMULATES {
            leave("interrupted: the simulation could not be stopped in time, so there is no result");
        }
    };
    std::thread::spawn(wait);
}

/// Listens. Where that is not possible, signals do what they always do.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a thread that waits for signals")]
pub fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || !outlives_its_terminal());
    if let Ok(mut signals) = signal_hook::iterator::Signals::new(heard.collect::<Vec<_>>()) {
        std::thread::spawn(move || signals.forever().for_each(|_| caught()));
    }
}

/// Whether who started the program wants it to go on when the terminal is closed, as `nohup` does.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    match mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
        Some(mask) => mask >> (signal_hook::consts::SIGHUP - 1) & 1 == 1,
        // A system that does not say: what has no terminal does not hang up with it.
        None => !std::io::IsTerminal::is_terminal(&std::io::stderr()),
    }
}

/// Listens. Where that is not possible, Ctrl-C does what it always does.
#[cfg(not(unix))]
pub fn listen() {
    let _ = ctrlc::set_handler(caught);
}
