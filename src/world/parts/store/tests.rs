//! No quota of any set of them is exceeded in any window, whatever comes and whoever else uses them. The checker
//! knows only when operations took place, and when the clocks of two cities strike midnight.

use super::*;
use crate::policy::{Quota, Window};
use crate::units::{Money, Zone};
use proptest::prelude::*;

/// Two hours before midnight UTC, at midnight in Sofia, of the last but one Saturday night in March: Sunday has 23
/// hours there.
const START: &str = "2026-03-28T22:00:00Z";
/// Hours from then to the first days of the two cities. All that follow have 24 hours, until October.
const SOFIA: [u64; 2] = [0, 23];
const UTC: [u64; 2] = [2, 26];
/// Hours from one first of the month to the next, from April on.
const MONTHS: [u64; 6] = [720, 744, 720, 744, 744, 720];

/// What is written at the instant of a restart is written after it, and lives until the next.
#[test]
fn a_restart_comes_before_what_is_written_at_its_instant() {
    let at = Instant::from_nanos;
    let gaps = Draws::new(1, 0).stream("kv", Purpose::Restart, 0);
    let mut restarts = Poisson { mean_gap: Span::from_secs(1), gaps, next: at(10), drawn: 1 };
    restarts.catch_up(at(9));
    assert_eq!(restarts.next, at(10));
    restarts.catch_up(at(10));
    assert!(restarts.next > at(10) && restarts.drawn == 2);
}

fn any_quota() -> impl Strategy<Value = Quota> {
    let length = || prop_oneof![1_u64..5, 3600_u64..100_000].prop_map(Span::from_secs);
    let window = prop_oneof![
        Just(Window::Day),
        Just(Window::Month),
        length().prop_map(Window::Fixed),
        length().prop_map(Window::Rolling),
        (1_u64..6, length()).prop_map(|(burst, length)| Window::Bucket(burst, length)),
    ];
    let on_exceed = prop_oneof![Just(OnExceed::Reject), Just(OnExceed::Wait), Just(OnExceed::Drop)];
    (1_u64..12, window, on_exceed, any::<bool>(), any::<bool>()).prop_map(
        |(limit, window, on_exceed, counts_rejected, is_sofia)| Quota {
            window,
            zone: Zone::parse(if is_sofia { "Europe/Sofia" } else { "UTC" }).unwrap(),
            // A queue for months would outlast the table above.
            on_exceed: if window == Window::Month { OnExceed::Reject } else { on_exceed },
            counts_rejected,
            ..Quota::daily(limit)
        },
    )
}

/// The most operations in any window between these hours, the times before and after them included.
fn most_between(hours: &[u64], times: &[u64]) -> usize {
    let window = |t: &u64| hours.iter().filter(|&&hour| hour * 3_600_000_000_000 <= *t).count();
    (0..=hours.len()).map(|n| times.iter().filter(|t| window(t) == n).count()).max().unwrap()
}

fn is_kept(quota: &Quota, times: &[u64]) -> bool {
    let limit = quota.limit as usize;
    let [first, second] = if quota.zone == Zone::UTC { UTC } else { SOFIA };
    let midnights: Vec<u64> = [first].into_iter().chain((0..200).map(|day| second + 24 * day)).collect();
    let april = midnights[3];
    let firsts: Vec<u64> = (0..=MONTHS.len()).map(|n| april + MONTHS[..n].iter().sum::<u64>()).collect();
    match quota.window {
        Window::Day => most_between(&midnights, times) <= limit,
        Window::Month => most_between(&firsts, times) <= limit,
        Window::Fixed(w) => times.iter().all(|t| {
            let same = times.iter().filter(|u| *u / w.nanos() == t / w.nanos());
            same.count() <= limit
        }),
        Window::Rolling(w) => {
            times.iter().all(|t| times.iter().filter(|u| (*t..t + w.nanos()).contains(*u)).count() <= limit)
        }
        // From any operation to any later one: the burst, and what flows in meanwhile.
        Window::Bucket(burst, w) => times.iter().enumerate().all(|(i, t)| {
            times[i..].iter().enumerate().all(|(n, u)| {
                (n as u128 + 1) * u128::from(w.nanos())
                    <= u128::from(burst) * u128::from(w.nanos()) + u128::from(u - t) * u128::from(quota.limit)
            })
        }),
    }
}

proptest! {
    #[test]
    fn no_quota_of_a_set_is_exceeded(
        quotas in prop::collection::vec(any_quota(), 1..4),
        gaps in prop::collection::vec(prop_oneof![Just(0_u64), 1_u64..3_000_000_000, 1_u64..7_200_000_000_000], 1..80),
    ) {
        let start = Timestamp::parse(START).unwrap();
        let mut meters: Vec<Meter> = quotas.iter().map(|quota| Meter::new(quota, start)).collect();
        let (mut now, mut times) = (0, Vec::new());
        for gap in gaps {
            now += gap;
            let at = Instant::from_nanos(now);
            match judge(&mut meters, at).0 {
                Verdict::At(later) => {
                    prop_assert!(later >= at);
                    meters.iter_mut().for_each(|meter| meter.take(at, later));
                    times.push(later.nanos());
                }
                Verdict::Refused | Verdict::Dropped => meters.iter_mut().for_each(|meter| meter.refused(at)),
            }
        }
        prop_assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "those that wait keep their order");
        for (quota, meter) in quotas.iter().zip(&meters) {
            prop_assert!(is_kept(quota, &times), "{quota:?}: {times:?}");
            prop_assert!(meter.is_sound(), "{quota:?}");
        }
    }
}

/// Two operations wait for midnight because of one quota; a third is refused by another, where refusals count. It must
/// not push the one that waits out of the rolling window's memory.
#[test]
fn a_refusal_that_counts_forgets_nobody_who_waits() {
    let quota = |limit, window, on_exceed, counts_rejected| Quota {
        limit,
        window,
        zone: Zone::UTC,
        on_exceed,
        price_per_million: Money::ZERO,
        counts_rejected,
        enforcement_lag: 0.0,
    };
    let quotas =
        [quota(2, Window::Day, OnExceed::Wait, false), quota(1, Window::Rolling(Span::SECOND), OnExceed::Drop, true)];
    let start = Timestamp::parse(START).unwrap();
    let mut meters: Vec<Meter> = quotas.iter().map(|quota| Meter::new(quota, start)).collect();
    let mut done = Vec::new();
    for second in [0, 1, 2, 2, 3] {
        let now = Instant::from_nanos(second * 1_000_000_000);
        match judge(&mut meters, now).0 {
            Verdict::At(at) => {
                meters.iter_mut().for_each(|meter| meter.take(now, at));
                done.push(at.nanos() / 1_000_000_000);
            }
            _ => meters.iter_mut().for_each(|meter| meter.refused(now)),
        }
    }
    assert_eq!(done, [0, 1, 7200]);
    assert!(meters.iter().all(Meter::is_sound));
}
