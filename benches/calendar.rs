//! Which event calendar is fastest, by the number of events pending: a table of nanoseconds per hold.
//!
//! `cargo bench --bench calendar` prints it; `-- --test` runs every structure once, briefly.
#![allow(clippy::print_stdout, reason = "prints a table")]
#![allow(clippy::disallowed_methods, reason = "written by hand, on the platform's own functions; looks at a clock")]

mod hand;

use hand::Winner;
use hand::candidates::{Binary, Calendar, Hybrid, Quad, QuadOpen, Sorted, SortedFlat, Split, Unsorted};
use hand::clock::cpu_nanos;
use hand::tournament::Tournament;

const PENDING: [usize; 9] = [2, 4, 8, 16, 64, 256, 1024, 4096, 65536];

/// How events come and go.
#[derive(Clone, Copy)]
enum Pattern {
    /// Each pop is followed by one push.
    Hold,
    /// Each pop is followed by none, one or two pushes, at random, one on average; the count stays near where it
    /// began. A structure that only shines when a push follows every pop is found out here.
    Wander,
}

/// Increments with the shape of an exponential, mean 2^20. So many that a branch predictor cannot learn them.
fn increments() -> Vec<u32> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..1 << 17)
        .map(|_| {
            let unit = ((next() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
            // The two lowest bits choose the number of pushes in the wandering pattern.
            ((-libm::log(unit) * f64::from(1 << 20)) as u32) << 2 | (next() >> 62) as u32
        })
        .collect()
}

/// Runs `steps` of the pattern and returns the nanoseconds a step took and a sum that depends on every event.
fn measure<C: Calendar>(pattern: Pattern, pending: usize, steps: usize, increments: &[u32]) -> (f64, u64) {
    let mut calendar = C::new();
    let mask = increments.len() - 1;
    let mut order = 0_u64;
    let mut draw = 0;
    for _ in 0..pending {
        calendar.push(u64::from(increments[draw & mask] >> 2), order, order);
        order += 1;
        draw += 1;
    }
    let mut alive = pending;
    let mut sum = 0_u64;
    // The first round settles the events into their steady state and warms the caches.
    let mut took = 0;
    for round in 0..2 {
        let steps = if round == 0 { (4 * pending).min(steps) } else { steps };
        let start = cpu_nanos();
        for _ in 0..steps {
            let Some((at, rank, payload)) = calendar.pop() else { break };
            sum = sum.wrapping_mul(31).wrapping_add(at ^ rank ^ payload);
            let pushes = match pattern {
                Pattern::Hold => 1,
                // 0, 1, 1, 2 with equal chance, but never to none and never to more than twice the count.
                Pattern::Wander => match increments[draw & mask] & 3 {
                    0 if alive > pending.div_ceil(2).max(1) => 0,
                    3 if alive < 2 * pending => 2,
                    _ => 1,
                },
            };
            alive = alive + pushes - 1;
            for _ in 0..pushes {
                let wait = u64::from(increments[draw & mask] >> 2);
                draw += 1;
                order += 1;
                calendar.push(at + wait, order, payload);
            }
            draw += usize::from(pushes == 0);
        }
        took = cpu_nanos() - start;
    }
    (took as f64 / steps as f64, sum)
}

fn row<C: Calendar>(pattern: Pattern, quick: bool, increments: &[u32], expected: &mut Vec<u64>) {
    print!("| {} ", C::NAME);
    for (column, pending) in PENDING.into_iter().enumerate() {
        // Arrays need quadratic time: beyond this they are out of the question.
        let hopeless = pending > 1024 && (C::NAME.contains("array"));
        if hopeless || (quick && pending > 256) {
            print!("| – ");
            continue;
        }
        let steps = match (quick, C::NAME.contains("array") && pending > 64) {
            (true, _) => 1_000,
            (false, true) => 200_000,
            (false, false) => 500_000,
        };
        let mut best = f64::INFINITY;
        for _ in 0..if quick { 1 } else { 15 } {
            let (nanos, sum) = measure::<C>(pattern, pending, steps, increments);
            best = best.min(nanos);
            // Every structure must serve the same events in the same order; only runs of equal length compare.
            if steps != 200_000 {
                if expected.len() == column {
                    expected.push(sum);
                }
                assert_eq!(expected[column], sum, "{} differs at {pending} pending", C::NAME);
            }
        }
        print!("| {best:.1} ");
    }
    println!("|");
}

fn main() {
    let quick = std::env::args().any(|a| a == "--test");
    let increments = increments();
    for (pattern, title) in [
        (Pattern::Hold, "ns per pop and push, one push after each pop"),
        (Pattern::Wander, "ns per pop, 0 to 2 pushes after each"),
    ] {
        println!("\n{title}\n");
        println!("| pending | {} |", PENDING.map(|p| p.to_string()).join(" | "));
        println!("|---|{}", "---:|".repeat(PENDING.len()));
        let mut expected = Vec::new();
        let (p, q, i, e) = (pattern, quick, &increments[..], &mut expected);
        row::<Binary>(p, q, i, e);
        row::<Quad>(p, q, i, e);
        row::<QuadOpen>(p, q, i, e);
        row::<Split<4>>(p, q, i, e);
        row::<Split<8>>(p, q, i, e);
        row::<Sorted>(p, q, i, e);
        row::<SortedFlat>(p, q, i, e);
        row::<Unsorted>(p, q, i, e);
        row::<Hybrid<16>>(p, q, i, e);
        row::<Winner>(p, q, i, e);
        row::<Tournament<4>>(p, q, i, e);
        row::<Tournament<8>>(p, q, i, e);
    }
}
