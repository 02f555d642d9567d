//! The second opinion on cases small enough to work out by hand.

use super::quotas::{Count, KvRules, LogEvent, kv_only};
use super::{Attempt, Outcome, Plan, Rules, SECOND, replay, trace};

const OK: Option<&str> = None;

fn rules(slots: usize, places: usize) -> Rules {
    Rules {
        slots,
        places,
        timeout: Some(12 * SECOND),
        retries: 2,
        retried: vec!["timeout", "server_error"],
        base: SECOND,
        factor: 2,
        cap: 30 * SECOND,
        hold_slot: true,
        discipline: "fifo",
        patience: None,
        isolates: 1,
    }
}

/// A plan from seconds: when it comes, and by call the attempts.
fn plan(at: u64, calls: &[&[(u64, Option<&'static str>)]]) -> Plan {
    let attempt = |&(latency, fault): &(u64, _)| Attempt { latency: latency * SECOND, fault, faulty: false };
    let calls = calls.iter().map(|call| call.iter().map(attempt).collect()).collect();
    Plan { at: at * SECOND, calls, isolate: 0, admin: false }
}

fn latencies(outcome: &Outcome) -> Vec<(usize, u64)> {
    outcome.latencies.iter().map(|&(plan, nanos)| (plan, nanos / SECOND)).collect()
}

#[test]
fn who_is_next_and_who_leaves() {
    // One slot, busy until 10. User 1 comes at 1, an admin at 2, user 3 at 3; each takes 10 s.
    let mut plans = [0, 1, 2, 3].map(|at| plan(at, &[&[(10, OK)]]));
    plans[2].admin = true;
    let next = |discipline, patience| latencies(&replay(&plans, &Rules { discipline, patience, ..rules(1, 9) }));
    assert_eq!(next("fifo", None), [(0, 10), (1, 19), (2, 28), (3, 37)]);
    assert_eq!(next("lifo", None), [(0, 10), (1, 39), (2, 28), (3, 17)]);
    assert_eq!(next("priority", None), [(0, 10), (1, 29), (2, 18), (3, 37)]);
    // Whose patience of 9 s ends at the instant of an answer is saved by it: user 1 at 10. The others leave.
    assert_eq!(next("fifo", Some(9 * SECOND)), [(0, 10), (1, 19)]);
    // In an isolate of its own nobody waits.
    plans[3].isolate = 1;
    let two = replay(&plans, &Rules { isolates: 2, ..rules(1, 9) });
    assert_eq!(latencies(&two), [(0, 10), (1, 19), (2, 28), (3, 10)]);
}

#[test]
fn two_calls_in_turn_without_a_crowd() {
    // 3 s + 4 s, nobody waits.
    let outcome = replay(&[plan(5, &[&[(3, OK)], &[(4, OK)]])], &rules(1, 0));
    let expected = Outcome {
        plans_offered: 1,
        plans_completed: 1,
        calls_made: 2,
        calls_succeeded: 2,
        attempts_made: 2,
        grants: 2,
        active_max: 1,
        latencies: vec![(0, 7 * SECOND)],
        ..Outcome::default()
    };
    assert_eq!(outcome, expected);
}

#[test]
fn the_third_of_a_burst_finds_one_slot_and_one_place_taken() {
    // Plan 0 has the slot from 0 to 4, plan 1 waits 4 s and ends at 8, plan 2 is refused. Plan 3 comes at 4: the
    // answer of that instant came first, so the place is free; it waits 4 s, ends at 12.
    let plans = [plan(0, &[&[(4, OK)]]), plan(0, &[&[(4, OK)]]), plan(0, &[&[(4, OK)]]), plan(4, &[&[(4, OK)]])];
    let outcome = replay(&plans, &rules(1, 1));
    assert_eq!((outcome.plans_completed, outcome.plans_overloaded, outcome.calls_refused), (3, 1, 1));
    assert_eq!((outcome.attempts_made, outcome.waited, outcome.queued_max), (3, 8 * SECOND, 1));
    assert_eq!(latencies(&outcome), [(0, 4), (1, 8), (3, 8)]);
}

#[test]
fn a_latency_equal_to_the_timeout_is_an_answer() {
    // 12 s is answered. 13 s is cut at 12 s, whatever its outcome: three times, with waits of 1 s and 2 s between,
    // so the plan fails at 12 + 1 + 12 + 2 + 12 = 39 s.
    let exactly = replay(&[plan(0, &[&[(12, OK)]])], &rules(1, 0));
    assert_eq!((exactly.attempts_timed_out, latencies(&exactly)), (0, vec![(0, 12)]));
    // Whoever comes at 39 finds the slot free, at 38 is refused: it is held over attempts and backoffs.
    let plans = [plan(0, &[&[(13, OK)]]), plan(38, &[&[(1, OK)]]), plan(39, &[&[(1, OK)]])];
    let longer = replay(&plans, &rules(1, 0));
    assert_eq!((longer.attempts_made, longer.attempts_timed_out, longer.attempts_retried), (4, 3, 2));
    assert_eq!((longer.plans_failed, longer.calls_failed, longer.plans_overloaded), (1, 1, 1));
    assert_eq!(latencies(&longer), [(2, 1)]);
}

#[test]
fn a_retry_that_gave_its_slot_back_queues_at_the_tail() {
    // One slot. Plan 0 fails at 2, backs off until 3. Plan 1 (came at 0) has the slot from 2 to 7, plan 2 (came at
    // 1) from 7 to 12. Plan 0 joins at 3 behind plan 2 and has the slot from 12 to 15.
    let plans = [plan(0, &[&[(2, Some("server_error")), (3, OK)]]), plan(0, &[&[(5, OK)]]), plan(1, &[&[(5, OK)]])];
    let outcome = replay(&plans, &Rules { hold_slot: false, ..rules(1, 2) });
    assert_eq!(latencies(&outcome), [(0, 15), (1, 7), (2, 11)]);
    // Waits: plan 1 from 0 to 2, plan 2 from 1 to 7, plan 0 from 3 to 12; the first grant waited for nothing.
    assert_eq!((outcome.waited, outcome.grants, outcome.queued_max), ((2 + 6 + 9) * SECOND, 4, 2));
    assert_eq!((outcome.attempts_errored, outcome.attempts_retried), (1, 1));
    // Held, the slot is plan 0's until 2 + 1 + 3 = 6; plan 1 follows until 11, plan 2 until 16.
    let held = replay(&plans, &rules(1, 2));
    assert_eq!(latencies(&held), [(0, 6), (1, 11), (2, 15)]);
    assert_eq!(held.grants, 3);
}

#[test]
fn a_retry_may_find_the_queue_full() {
    // As above with one place: plan 2 is refused at 1 (plan 1 waits), so a plan that comes at 2 takes the place that
    // plan 1 left at that instant, and plan 0 is refused when it comes back at 3.
    let plans = [
        plan(0, &[&[(2, Some("server_error")), (3, OK)]]),
        plan(0, &[&[(5, OK)]]),
        plan(1, &[&[(5, OK)]]),
        plan(2, &[&[(5, OK)]]),
    ];
    let outcome = replay(&plans, &Rules { hold_slot: false, ..rules(1, 1) });
    assert_eq!((outcome.plans_overloaded, outcome.calls_refused, outcome.calls_made), (2, 2, 4));
    assert_eq!((outcome.attempts_retried, outcome.attempts_made), (1, 3));
    assert_eq!(latencies(&outcome), [(1, 7), (3, 10)]);
}

#[test]
fn only_listed_faults_are_retried_and_the_last_entry_repeats() {
    // A parse failure is not listed: one attempt.
    let once = replay(&[plan(0, &[&[(1, Some("parse_failure"))], &[(1, OK)]])], &rules(1, 0));
    assert_eq!((once.attempts_made, once.attempts_errored, once.plans_failed, once.calls_made), (1, 1, 1, 1));
    // One entry stands for all three attempts.
    let thrice = replay(&[plan(0, &[&[(1, Some("server_error"))]])], &rules(1, 0));
    assert_eq!((thrice.attempts_made, thrice.attempts_retried, thrice.plans_failed), (3, 2, 1));
    // The cap: waits of 1, 2, 3, 3 instead of 1, 2, 4, 8; with five attempts of 1 s and the last one good, 14 s.
    let fault = (1, Some("timeout"));
    let capped = Rules { retries: 4, cap: 3 * SECOND, ..rules(1, 0) };
    let outcome = replay(&[plan(0, &[&[fault, fault, fault, fault, (1, OK)]])], &capped);
    assert_eq!(latencies(&outcome), [(0, 14)]);
    assert_eq!(outcome.attempts_timed_out, 4);
}

#[test]
fn at_one_instant_the_plan_decides_who_queues_first() {
    // Two slots, plan 2 waits from 1; both calls end at 3. Plan 0's end gives its slot to plan 2, plan 0 queues; plan
    // 1's end gives its slot to plan 0 at once, plan 1 queues until plan 0 ends at 4. Never two in the queue.
    let plans =
        [plan(0, &[&[(3, OK)], &[(1, OK)]]), plan(0, &[&[(3, OK)], &[(1, OK)]]), plan(1, &[&[(9, OK)], &[(1, OK)]])];
    let outcome = replay(&plans, &rules(2, 2));
    assert_eq!(latencies(&outcome), [(0, 4), (1, 5), (2, 12)]);
    assert_eq!((outcome.waited, outcome.queued_max), ((2 + 1) * SECOND, 1));
}

#[test]
fn the_trace_says_what_the_plans_are() {
    let text = trace(&[plan(1, &[&[(2, OK), (3, Some("timeout"))]])], "user");
    let line = "{\"at_s\": 1.000000000, \"class\": \"user\", \"isolate\": 0, \"calls\": [[{\"latency_s\": \
                2.000000000, \"outcome\": \"ok\"}, {\"latency_s\": 3.000000000, \"outcome\": \"timeout\"}]]}\n";
    assert_eq!(text, line);
}

/// Request and response logs of plans of nine calls, each taking four seconds, one plan after the other.
fn plans_in_turn(plans: u64, apart: u64) -> Vec<LogEvent> {
    let mut events = Vec::new();
    for plan in 0..plans {
        for call in 0..9 {
            let at = (plan * apart + call * 4) * SECOND;
            events.push(LogEvent { at, plan: plan as usize, call: call as usize, response: false });
            events.push(LogEvent { at: at + 4 * SECOND, plan: plan as usize, call: call as usize, response: true });
        }
    }
    events.sort_unstable();
    events
}

fn free_plan(fail_plan: bool) -> KvRules {
    KvRules { writes_a_day: 1_000, reads_a_day: 100_000, spacing: SECOND, fail_plan }
}

#[test]
fn twenty_seven_plans_a_day_are_logged_whole() {
    // 9 calls × 4 writes = 36 a plan; 1,000 ÷ 36 = 27.8. One plan a minute, so none overlap.
    let count = kv_only(&plans_in_turn(27, 60), &free_plan(false));
    let expected = Count { writes: 27 * 36, reads: 27 * 9, ..Count::default() };
    assert_eq!(count, expected);
    // The 28th has 28 writes left, 7 calls. Of the 8th and 9th it makes the first write of the request, and skips
    // the rest of that event after the rejection; then that of the response: 4 rejected in all, and no read.
    let count = kv_only(&plans_in_turn(28, 60), &free_plan(false));
    assert_eq!((count.writes, count.reads, count.rejected_quota), (1_000, 27 * 9 + 7, 4));
    // Where a rejection fails the plan, it is the only one.
    let count = kv_only(&plans_in_turn(28, 60), &free_plan(true));
    assert_eq!((count.writes, count.rejected_quota, count.plans_crashed), (1_000, 1, 1));
    // A plan every 3,200 s is 27 a day, and the 28th begins at midnight to the instant: a new day, a new quota.
    let count = kv_only(&plans_in_turn(54, 3_200), &free_plan(false));
    assert_eq!((count.writes, count.rejected_quota), (54 * 36, 0));
}

#[test]
fn a_shared_key_takes_one_write_a_second() {
    let event = |at, plan| LogEvent { at, plan, call: 0, response: false };
    // At 0 and at exactly 1 s both get through; a nanosecond earlier the index (shared) is refused: its read was
    // made, the write of the session that follows is skipped, the record's own key was written.
    let on_time = kv_only(&[event(0, 0), event(SECOND, 1)], &free_plan(false));
    assert_eq!(on_time, Count { writes: 6, reads: 2, ..Count::default() });
    let early = kv_only(&[event(0, 0), event(SECOND - 1, 1)], &free_plan(false));
    assert_eq!(early, Count { writes: 4, reads: 2, rejected_key: 1, ..Count::default() });
    // A refused write does not start a new second.
    let third = kv_only(&[event(0, 0), event(SECOND - 1, 1), event(SECOND, 2)], &free_plan(false));
    assert_eq!((third.writes, third.rejected_key), (7, 1));
}
