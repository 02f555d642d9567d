//! Whole runs, the program written by hand for each model beside them.
//!
//! Sizes are small, so that `cargo bench -- --test` is quick; `throughput.rs` has the steady state.

mod hand;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hand::{Summary, mm1, mmck, nine};
use std::hint::black_box;

fn group(criterion: &mut Criterion, name: &str, by_hand: fn(u64, u64) -> Summary, n: u64) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(n));
    group.bench_function(BenchmarkId::new("hand", n), |b| b.iter(|| by_hand(black_box(1), black_box(n))));
    group.finish();
}

fn whole_runs(criterion: &mut Criterion) {
    group(criterion, "mm1", mm1::run, 20_000);
    group(criterion, "mmck", mmck::run, 20_000);
    group(criterion, "nine", nine::run, 2_000);
}

criterion_group!(benches, whole_runs);
criterion_main!(benches);
