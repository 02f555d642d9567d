//! Quotas to the nanosecond, and the property that none is ever exceeded.

use super::*;
use crate::units::{Span, Zone};
use proptest::prelude::*;

const START: &str = "2026-03-28T22:00:00Z";

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

fn meter(quota: &Quota) -> Meter {
    Meter::new(quota, Timestamp::parse(START).unwrap())
}

fn quota(limit: u64, window: Window) -> Quota {
    Quota { window, ..Quota::daily(limit) }
}

/// Asks for an operation, and takes it if it may happen.
fn go(meter: &mut Meter, now: Instant) -> Verdict {
    let verdict = meter.ask(now);
    match verdict {
        Verdict::At(at) => meter.take(now, at),
        Verdict::Refused | Verdict::Dropped => meter.refused(now),
    }
    verdict
}

#[test]
fn a_day_ends_to_the_nanosecond_also_when_it_has_23_or_25_hours() {
    let sofia = Zone::parse("Europe/Sofia").unwrap();
    for (start, zone, hours) in [
        (START, Zone::UTC, 2),
        (START, sofia.clone(), 23),
        ("2026-10-24T21:00:00Z", sofia, 25),
        ("2026-11-01T07:00:00Z", Zone::parse("America/Los_Angeles").unwrap(), 25),
    ] {
        let quota = Quota { zone, ..Quota::daily(1) };
        let mut meter = Meter::new(&quota, Timestamp::parse(start).unwrap());
        let midnight = hours * Span::HOUR.nanos();
        assert_eq!(go(&mut meter, at(0)), Verdict::At(at(0)));
        assert_eq!(go(&mut meter, at(midnight - 1)), Verdict::Refused, "{start}");
        assert_eq!(go(&mut meter, at(midnight)), Verdict::At(at(midnight)), "{start}");
        assert_eq!(go(&mut meter, at(midnight + 1)), Verdict::Refused);
    }
    let mut month = meter(&quota(1, Window::Month));
    go(&mut month, at(0));
    let april = (2 + 3 * 24) * Span::HOUR.nanos();
    assert_eq!(go(&mut month, at(april - 1)), Verdict::Refused);
    assert_eq!(go(&mut month, at(april)), Verdict::At(at(april)));
}

#[test]
fn a_window_that_rolls_frees_a_place_exactly_so_long_after_it_was_taken() {
    let mut rolling = meter(&quota(2, Window::Rolling(Span::from_nanos(10))));
    let verdicts: Vec<Verdict> = [0, 3, 9, 10, 12, 13].map(|t| go(&mut rolling, at(t))).into();
    let yes = |t| Verdict::At(at(t));
    assert_eq!(verdicts, [yes(0), yes(3), Verdict::Refused, yes(10), Verdict::Refused, yes(13)]);
    let mut counting = meter(&Quota { counts_rejected: true, ..quota(2, Window::Rolling(Span::from_nanos(10))) });
    let verdicts: Vec<Verdict> = [0, 3, 9, 10, 20].map(|t| go(&mut counting, at(t))).into();
    assert_eq!(verdicts, [yes(0), yes(3), Verdict::Refused, Verdict::Refused, yes(20)], "those refused count too");
}

#[test]
fn a_bucket_refills_continuously() {
    // 3 tokens in 10 ns, 2 fit: empty at 0, a whole token again after 3⅓ ns, that is at 4.
    let mut bucket = meter(&quota(3, Window::Bucket(2, Span::from_nanos(10))));
    let yes = |t| Verdict::At(at(t));
    let verdicts: Vec<Verdict> = [0, 0, 3, 4, 6, 7, 1000, 1000, 1000].map(|t| go(&mut bucket, at(t))).into();
    let no = Verdict::Refused;
    assert_eq!(verdicts, [yes(0), yes(0), no, yes(4), no, yes(7), yes(1000), yes(1000), no]);
}

#[test]
fn who_must_wait_gets_the_next_place_in_order() {
    let wait = |window| meter(&Quota { on_exceed: OnExceed::Wait, ..quota(2, window) });
    let times = |mut meter: Meter| -> Vec<Verdict> { (0..5).map(|_| go(&mut meter, at(1))).collect() };
    let expected = |times: [u64; 5]| times.map(|t| Verdict::At(at(t))).to_vec();
    assert_eq!(times(wait(Window::Fixed(Span::from_nanos(10)))), expected([1, 1, 10, 10, 20]));
    assert_eq!(times(wait(Window::Rolling(Span::from_nanos(10)))), expected([1, 1, 11, 11, 21]));
    assert_eq!(times(wait(Window::Bucket(2, Span::from_nanos(10)))), expected([1, 1, 6, 11, 16]));
}

#[test]
fn what_a_lag_admits_what_is_billed_and_what_is_dropped() {
    let count = |quota: &Quota, what: fn(Verdict) -> bool| {
        let mut meter = meter(quota);
        (0..2000).filter(|&t| what(go(&mut meter, at(t)))).count()
    };
    let accepted = |verdict| matches!(verdict, Verdict::At(_));
    let lag = Quota { enforcement_lag: 0.37, ..Quota::daily(1000) };
    assert_eq!(count(&lag, accepted), 1370);
    let drop = Quota { on_exceed: OnExceed::Drop, ..Quota::daily(1000) };
    assert_eq!(count(&drop, |verdict| verdict == Verdict::Dropped), 1000);
    let mut billed = meter(&Quota { on_exceed: OnExceed::Bill, ..Quota::daily(1000) });
    (0..2000).for_each(|t| drop_verdict(go(&mut billed, at(t))));
    assert_eq!(billed.billed, 1000);
}

/// Three in 10 ns, at 0, 1 and 2; then it is two, of which those of 1 and 2 are the latest; then one.
#[test]
fn a_rolling_limit_that_is_lowered_counts_the_latest() {
    let of = |limit| quota(limit, Window::Rolling(Span::from_nanos(10)));
    let after = |lowered: &[u64], now: u64| {
        let mut meter = meter(&of(3));
        (0..3).for_each(|t| drop_verdict(go(&mut meter, at(t))));
        lowered.iter().for_each(|&limit| meter.change(&of(limit), at(5)));
        meter.ask(at(now))
    };
    let (yes, no) = (|t| Verdict::At(at(t)), Verdict::Refused);
    assert_eq!([after(&[], 9), after(&[], 10)], [no, yes(10)]);
    assert_eq!([after(&[2], 10), after(&[2], 11)], [no, yes(11)]);
    assert_eq!([after(&[2, 1], 11), after(&[2, 1], 12)], [no, yes(12)]);
    assert_eq!(after(&[4], 5), yes(5), "one that is raised has room at once");
}

/// Five of ten are used when the limit becomes five, at six in the morning: the day is exhausted, once, at that hour.
#[test]
fn a_limit_that_is_lowered_to_what_is_used_exhausts_its_window() {
    let hour = |hour: u64| at(hour * Span::HOUR.nanos());
    let exhausted = |limits: &[u64]| {
        let mut meter = Meter::new(&Quota::daily(10), Timestamp::parse("2026-03-28T00:00:00Z").unwrap());
        (0..5).for_each(|_| drop_verdict(go(&mut meter, hour(1))));
        limits.iter().for_each(|&limit| meter.change(&Quota::daily(limit), hour(6)));
        meter.finish(hour(24));
        (meter.windows, meter.exhausted, meter.exhaustions, meter.exhausted_hours)
    };
    assert_eq!(exhausted(&[]), (1, 0, 0, 0.0));
    assert_eq!(exhausted(&[6]), (1, 0, 0, 0.0), "one is left");
    assert_eq!(exhausted(&[5]), (1, 1, 1, 6.0));
    assert_eq!(exhausted(&[4, 3]), (1, 1, 1, 6.0), "it is exhausted already");
    let mut billed = Meter::new(
        &Quota { on_exceed: OnExceed::Bill, ..Quota::daily(10) },
        Timestamp::parse("2026-03-28T00:00:00Z").unwrap(),
    );
    (0..5).for_each(|_| drop_verdict(go(&mut billed, hour(1))));
    billed.change(&Quota { on_exceed: OnExceed::Bill, ..Quota::daily(3) }, hour(6));
    assert_eq!(billed.exhaustions, 0, "what is billed is never used up");
}

/// A window belongs to its beginning and not to its end, and what is skipped of short ones is counted.
#[test]
fn a_window_is_over_at_its_very_end() {
    let mut fixed = meter(&quota(1, Window::Fixed(Span::from_nanos(10))));
    let verdicts: Vec<Verdict> = [9, 9, 10, 19, 20, 75].map(|t| go(&mut fixed, at(t))).into();
    let (yes, no) = (|t| Verdict::At(at(t)), Verdict::Refused);
    assert_eq!(verdicts, [yes(9), no, yes(10), no, yes(20), yes(75)]);
    fixed.finish(at(90));
    assert_eq!((fixed.windows, fixed.exhausted, fixed.used_sum, fixed.used_max), (9, 4, 4, 1));
}

/// What is included is not billed, to the last operation, and each month includes it anew.
#[test]
fn only_what_is_over_the_included_amount_is_billed_month_by_month() {
    let mut month = meter(&Quota { on_exceed: OnExceed::Bill, ..quota(3, Window::Month) });
    let april = (2 + 3 * 24) * Span::HOUR.nanos();
    let billed = [0, 1, 2, 3, april - 1, april, april + 1, april + 2, april + 3].map(|t| {
        drop_verdict(go(&mut month, at(t)));
        month.billed
    });
    assert_eq!(billed, [0, 0, 0, 1, 2, 2, 2, 2, 3]);
    assert_eq!((month.windows, month.used_sum, month.used_max, month.exhausted), (1, 5, 5, 0));
}

/// A limit that a change puts at or under what is used is used up then and there, and once.
#[test]
fn a_lower_limit_is_used_up_at_its_change() {
    let hour = |hours: u64| at(hours * Span::HOUR.nanos());
    let story = |limit: u64| {
        let mut meter = meter(&Quota::daily(5));
        (0..3).for_each(|_| drop_verdict(go(&mut meter, hour(0))));
        meter.change(&Quota::daily(limit), hour(1));
        meter.change(&Quota::daily(limit), hour(1));
        (go(&mut meter, hour(1)), meter.exhaustions, meter.exhausted_hours)
    };
    assert_eq!(story(2), (Verdict::Refused, 1, 23.0));
    assert_eq!(story(3), (Verdict::Refused, 1, 23.0));
    assert_eq!(story(4), (Verdict::At(hour(1)), 1, 23.0), "with the fourth");
    assert_eq!(story(6), (Verdict::At(hour(1)), 0, 0.0));
}

/// Three of four places were taken at 0, 1 and 2. With two places from 5 on there is room when only one of the three
/// lies in the stretch of ten: at 11.
#[test]
fn a_rolling_limit_that_is_lowered_counts_what_was_taken() {
    let rolling = |limit| quota(limit, Window::Rolling(Span::from_nanos(10)));
    let mut meter = meter(&rolling(4));
    (0..3).for_each(|t| drop_verdict(go(&mut meter, at(t))));
    meter.change(&rolling(2), at(5));
    let seen = [5, 10, 11, 11, 12].map(|t| matches!(go(&mut meter, at(t)), Verdict::At(_)));
    assert_eq!(seen, [false, false, true, false, true]);
}

/// Refused operations count where the quota says so: of a window they use what is left, of a bucket the part of a token
/// that has flowed in.
#[test]
fn refused_operations_that_count_keep_a_bucket_empty() {
    let bucket = |counts_rejected| {
        let one_in_ten = quota(1, Window::Bucket(1, Span::from_nanos(10)));
        meter(&Quota { counts_rejected, ..one_in_ten })
    };
    let admitted = |mut meter: Meter| (0..100).filter(|&t| matches!(go(&mut meter, at(t)), Verdict::At(_))).count();
    assert_eq!([admitted(bucket(false)), admitted(bucket(true))], [10, 1]);
}

fn drop_verdict(verdict: Verdict) {
    assert!(matches!(verdict, Verdict::At(_)));
}

/// Whether more operations than a window admits lie in any stretch of it, counted plainly.
fn exceeds(quota: &Quota, times: &[u64]) -> bool {
    let most = quota.admitted() as usize;
    let day =
        |t: u64| t.saturating_sub(2 * Span::HOUR.nanos()) / Span::DAY.nanos() + u64::from(t >= 2 * Span::HOUR.nanos());
    match quota.window {
        Window::Day => times.iter().any(|&t| times.iter().filter(|&&u| day(u) == day(t)).count() > most),
        Window::Month => times.len() > most,
        Window::Fixed(w) => {
            times.iter().any(|&t| times.iter().filter(|&&u| u / w.nanos() == t / w.nanos()).count() > most)
        }
        Window::Rolling(w) => {
            times.iter().any(|&t| times.iter().filter(|&&u| u >= t && u < t + w.nanos()).count() > most)
        }
        // In any stretch from t to u: no more than the burst and what flows in meanwhile.
        Window::Bucket(_, w) => times.iter().enumerate().any(|(i, &t)| {
            times[i..].iter().enumerate().any(|(n, &u)| {
                (n as u128 + 1) * u128::from(w.nanos())
                    > most as u128 * u128::from(w.nanos()) + u128::from(u - t) * u128::from(quota.limit)
            })
        }),
    }
}

fn any_quota() -> impl Strategy<Value = Quota> {
    let length =
        || prop_oneof![1_u64..50, Just(Span::HOUR.nanos()), Just(Span::DAY.nanos())].prop_map(Span::from_nanos);
    let window = prop_oneof![
        Just(Window::Day),
        length().prop_map(Window::Fixed),
        length().prop_map(Window::Rolling),
        (1_u64..6, length()).prop_map(|(burst, length)| Window::Bucket(burst, length)),
    ];
    let on_exceed = prop_oneof![Just(OnExceed::Reject), Just(OnExceed::Wait), Just(OnExceed::Drop)];
    (1_u64..8, window, on_exceed, any::<bool>(), prop_oneof![Just(0.0), Just(0.37)]).prop_map(
        |(limit, window, on_exceed, counts_rejected, enforcement_lag)| Quota {
            on_exceed,
            counts_rejected,
            enforcement_lag,
            ..quota(limit, window)
        },
    )
}

proptest! {
    #[test]
    fn no_quota_is_exceeded_in_any_window(
        quota in any_quota(),
        gaps in prop::collection::vec(prop_oneof![0_u64..20, 0_u64..Span::HOUR.nanos()], 1..150),
    ) {
        let mut meter = meter(&quota);
        let (mut now, mut times) = (0, Vec::new());
        for gap in gaps {
            now += gap;
            if let Verdict::At(at) = go(&mut meter, at(now)) {
                prop_assert!(at.nanos() >= now);
                times.push(at.nanos());
            }
        }
        prop_assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "those that wait keep their order");
        prop_assert!(!exceeds(&quota, &times), "{times:?}");
        prop_assert!(meter.is_sound());
    }
}
