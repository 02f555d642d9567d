//! Customers or plans per CPU second in the steady state: the slope between n and 11 n, so that start-up cancels.
//!
//! `cargo bench --bench throughput` prints a table; `-- --test` runs everything once, briefly.
#![allow(clippy::print_stdout, reason = "prints a table")]
#![allow(clippy::disallowed_methods, reason = "written by hand, on the platform's own functions; looks at a clock")]

mod hand;

use hand::candidates::Quad;
use hand::clock::cpu_nanos;
use hand::{Summary, Winner, mm1, mmck, nine, public};

/// A program, and how many customers are a round.
type Program = (&'static str, fn(u64, u64) -> Summary, u64);

const PROGRAMS: [Program; 11] = [
    ("M/M/1, 4-ary heap", mm1::run_on::<Quad>, 100_000),
    ("M/M/1, tournament", mm1::run_on::<Winner>, 100_000),
    ("M/M/1, no calendar", mm1::run_bare, 100_000),
    ("M/M/1, capsim", public::mm1, 100_000),
    ("M/M/4/68, 4-ary heap", mmck::run_on::<Quad>, 100_000),
    ("M/M/4/68, tournament", mmck::run_on::<Winner>, 100_000),
    ("M/M/4/68, no calendar", mmck::run_bare, 100_000),
    ("M/M/4/68, capsim", public::mmck, 100_000),
    ("nine calls, 4-ary heap", nine::run_on::<Quad>, 10_000),
    ("nine calls, tournament", nine::run_on::<Winner>, 10_000),
    ("nine calls, capsim", public::nine, 10_000),
];

/// Nanoseconds and events of a run.
fn time(program: fn(u64, u64) -> Summary, n: u64) -> (f64, f64) {
    let start = cpu_nanos();
    let summary = std::hint::black_box(program(std::hint::black_box(1), n));
    ((cpu_nanos() - start) as f64, summary.events as f64)
}

fn main() {
    let quick = std::env::args().any(|a| a == "--test");
    let rounds = if quick { 1 } else { 15 };
    println!("| program | million a CPU second | ns each | ns an event |\n|---|---:|---:|---:|");
    let mut best = [(f64::INFINITY, f64::INFINITY, 0.0); PROGRAMS.len()];
    // Round by round, so that a slow minute of the machine hits all of them alike.
    for _ in 0..rounds {
        for ((_, program, n), best) in PROGRAMS.iter().zip(&mut best) {
            let n = if quick { n / 100 } else { *n };
            let ((short, few), (long, many)) = (time(*program, n), time(*program, 11 * n));
            *best = (best.0.min(short), best.1.min(long), (many - few) / (10 * n) as f64);
        }
    }
    for ((name, _, n), (short, long, events)) in PROGRAMS.iter().zip(best) {
        let n = if quick { n / 100 } else { *n };
        let each = (long - short) / (10 * n) as f64;
        println!("| {name} | {:.2} | {each:.1} | {:.1} |", 1e3 / each, each / events);
    }
}
