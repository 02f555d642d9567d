//! Random bursts of plans for a queue of a given size, and what must hold of any of them.

use super::{Attempt, Plan, Rules, SECOND, replay};
use proptest::prelude::*;

/// Everything lies on a grid of quarter seconds, so that much happens at one instant.
const GRID: u64 = SECOND / 4;
const TIMEOUT: u64 = 12 * SECOND;

fn attempt() -> impl Strategy<Value = Attempt> {
    let latency = prop_oneof![
        12 => (1_u64..32).prop_map(|quarters| quarters * GRID),
        1 => Just(0),
        2 => Just(TIMEOUT),
        1 => Just(TIMEOUT + 1),
        2 => Just(TIMEOUT + SECOND),
    ];
    let fault = prop_oneof![
        6 => Just(None),
        1 => Just(Some("server_error")),
        1 => Just(Some("rate_limited")),
        1 => Just(Some("parse_failure")),
    ];
    (latency, fault).prop_map(|(latency, fault)| Attempt { latency, fault, faulty: false })
}

/// Up to twice as many plans as the queue has room for, within `window` seconds, all of as many calls.
fn plans(room: usize) -> impl Strategy<Value = Vec<Plan>> {
    (1_usize..=3, prop_oneof![Just(1_u64), Just(8), Just(120)]).prop_flat_map(move |(calls, window)| {
        let attempts = prop::collection::vec(attempt(), 1..=3);
        let plan = (0..4 * window, prop::collection::vec(attempts, calls), 0_usize..3, any::<bool>());
        let plan = plan.prop_map(|(at, calls, isolate, admin)| Plan { at: at * GRID, calls, isolate, admin });
        prop::collection::vec(plan, 1..=2 * room).prop_map(|mut plans| {
            plans.sort_by_key(|plan| (plan.at, !plan.admin));
            plans
        })
    })
}

/// Plans and rules for a queue of so many slots and places.
pub fn burst(slots: usize, places: usize) -> impl Strategy<Value = (Vec<Plan>, Rules)> {
    let retried = prop::sample::subsequence(vec!["timeout", "server_error", "rate_limited"], 0..=3);
    let backoff = (1_u64..8, 1_u64..=3, 1_u64..20, any::<bool>());
    let discipline = prop_oneof![3 => Just("fifo"), 1 => Just("lifo"), 1 => Just("priority")];
    let patience = prop_oneof![2 => Just(None), 1 => (1_u64..60).prop_map(|quarters| Some(quarters * GRID))];
    let line = (discipline, patience, prop_oneof![2 => Just(1_usize), 1 => Just(3)]);
    let rules = (prop::bool::weighted(0.8), 0_usize..=3, retried, backoff, line).prop_map(
        move |(cut, retries, retried, (base, factor, cap, hold_slot), (discipline, patience, isolates))| Rules {
            slots,
            places,
            timeout: cut.then_some(TIMEOUT),
            retries,
            retried,
            base: base * GRID,
            factor,
            cap: cap.max(base) * GRID,
            hold_slot,
            discipline,
            patience,
            isolates,
        },
    );
    (plans(slots + places), rules).prop_map(|(mut plans, rules)| {
        plans.iter_mut().for_each(|plan| plan.isolate %= rules.isolates);
        (plans, rules)
    })
}

/// A burst for one of the sizes that the shipped models have: 4/64, 3/25, 8/128.
pub fn any_burst() -> impl Strategy<Value = (Vec<Plan>, Rules)> {
    prop_oneof![burst(4, 64), burst(3, 25), burst(8, 128)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_second_opinion_keeps_its_own_accounts((plans, rules) in any_burst()) {
        let o = replay(&plans, &rules);
        prop_assert_eq!(o.plans_offered, plans.len() as u64);
        prop_assert_eq!(o.plans_offered, o.plans_completed + o.plans_failed + o.plans_overloaded + o.plans_abandoned);
        prop_assert_eq!(o.calls_made, o.calls_succeeded + o.calls_failed + o.calls_refused + o.plans_abandoned);
        // Every attempt that did not fail was a call's last.
        prop_assert_eq!(o.attempts_made, o.calls_succeeded + o.attempts_timed_out + o.attempts_errored);
        // A first attempt or a retry, unless the queue refused it or it left the queue.
        prop_assert_eq!(o.attempts_made + o.calls_refused + o.plans_abandoned, o.calls_made + o.attempts_retried);
        prop_assert!(o.active_max <= rules.slots as u64 && o.queued_max <= rules.places as u64);
        prop_assert_eq!(o.latencies.len() as u64, o.plans_completed);
        // Nobody waits while a slot is idle.
        prop_assert!(o.queued_max == 0 || o.active_max == rules.slots as u64);
    }
}
