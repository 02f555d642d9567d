//! Whole runs, the program written by hand for each model beside them.
//!
//! Sizes are small, so that `cargo bench -- --test` is quick; `throughput.rs` has the steady state.

#![allow(clippy::disallowed_methods, reason = "written by hand, on the platform's own functions; looks at a clock")]

mod hand;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hand::{Summary, mm1, mmck, nine, public};
use std::hint::black_box;

/// A program of a seed and a number of arrivals.
type Program = fn(u64, u64) -> Summary;

fn group(criterion: &mut Criterion, name: &str, by_hand: Program, capsim: Program, n: u64) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(n));
    group.bench_function(BenchmarkId::new("hand", n), |b| b.iter(|| by_hand(black_box(1), black_box(n))));
    group.bench_function(BenchmarkId::new("capsim", n), |b| b.iter(|| capsim(black_box(1), black_box(n))));
    group.finish();
}

fn whole_runs(criterion: &mut Criterion) {
    group(criterion, "mm1", mm1::run, public::mm1, 20_000);
    group(criterion, "mmck", mmck::run, public::mmck, 20_000);
    group(criterion, "nine", nine::run, public::nine, 2_000);
}

criterion_group!(benches, whole_runs);
criterion_main!(benches);
