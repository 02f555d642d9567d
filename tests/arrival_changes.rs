//! Arrivals whose law changes in mid-run: each era has the counts of its own law, and the process goes on across.

use crate::common::{ONE_CALL, answer, holds, logged, mean, model};
use capsim::math::special::student_quantile;
use capsim::model::{Source, load, read_file};
use capsim::world::{Blueprint, run};

/// Plans of one class that take no time, from `from` to `to`, in minutes: what comes before is the warm-up, and changes
/// that come after are left out.
fn text(arrivals: &str, changes: &str, (from, to): (f64, f64), more: &str) -> String {
    let is_in_time = |change: &&str| {
        let at = change.split("at = \"").nth(1).and_then(|rest| rest.split("ms\"").next()?.parse::<f64>().ok());
        at.is_some_and(|at| at < (to * 60_000.0).round())
    };
    let mut parts = changes.split("[[change]]");
    let first = parts.next().unwrap_or_default().to_string();
    let changes = parts.filter(is_in_time).fold(first, |all, change| all + "[[change]]" + change);
    format!(
        r#"
[run]
warmup = "{}ms"
horizon = "{}ms"
seed = 11
{more}
[traffic.user]
arrivals = {{ {arrivals} }}
[workflow.plan]
steps = [{{ name = "call" }}]
[provider.p]
latency = "0s"
{changes}
"#,
        (from * 60_000.0).round(),
        (to * 60_000.0).round()
    )
}

/// From `at` minutes on these are the arrivals.
fn from(at: f64, arrivals: &str) -> String {
    format!("[[change]]\nat = \"{}ms\"\nset = {{ \"traffic.user.arrivals\" = {{ {arrivals} }} }}\n", at * 60_000.0)
}

/// Plans offered in each of so many replications.
fn counts(text: &str, replications: u64) -> Vec<f64> {
    let blueprint = Blueprint::new(&model(text)).unwrap();
    let offered = |number| {
        let measures = run(&blueprint, number).unwrap().measures;
        measures.iter().find(|measure| measure.name == "plans.offered").and_then(|measure| measure.value).unwrap()
    };
    (0..replications).map(offered).collect()
}

/// Holds the mean of independent values against the exact one, inside their 99.9 % interval (Student t).
fn about(what: &str, values: &[f64], exact: f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    let half = student_quantile(0.9995, n - 1.0) * (variance / n).sqrt();
    assert!((mean - exact).abs() <= half, "{what}: {mean} ± {half}, exactly {exact}");
}

/// The same of the mean and of the index of dispersion, the mean of `(N − m)²/m`.
fn counts_are(what: &str, counts: &[f64], mean: f64, dispersion: f64) {
    about(&format!("{what}, mean"), counts, mean);
    let squares: Vec<f64> = counts.iter().map(|n| (n - mean) * (n - mean) / mean).collect();
    about(&format!("{what}, dispersion"), &squares, dispersion);
}

#[test]
fn poisson_counts_have_the_rate_of_their_era() {
    let changes =
        from(120.0, "process = \"poisson\", per_minute = 3") + &from(330.5, "process = \"poisson\", per_day = 480");
    let eras =
        [((0.0, 120.0), 120.0), ((120.0, 330.5), 631.5), ((330.5, 600.0), 89.833_333), ((100.0, 340.0), 654.667)];
    for (window, mean) in eras {
        let counts = counts(&text("process = \"poisson\", per_minute = 1", &changes, window, ""), 400);
        counts_are(&format!("{window:?}"), &counts, mean, 1.0);
    }
}

/// The mean and the variance of the count of a burst process of two states, from its first state at 0, that is counted
/// from `window.0` to `window.1`, where each era has its rates and mean stays (minutes).
///
/// With `Λ` the integral of the rate in the window and `p`, `m`, `s` the chances, means and squares of `Λ` by state:
/// `p' = pQ`, `m' = mQ + λp`, `s' = sQ + 2λm`, and `Var N = E N + Var Λ`. In steps of a hundredth of a minute, by Heun.
fn bursts(eras: &[(f64, [(f64, f64); 2])], window: (f64, f64)) -> (f64, f64) {
    const STEP: f64 = 0.01;
    let mut at = [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]];
    for step in 0..(window.1 / STEP).round() as usize {
        let middle = (step as f64 + 0.5) * STEP;
        let states = eras.iter().rev().find(|(from, _)| *from < middle).unwrap().1;
        let counted = f64::from(u8::from(middle > window.0));
        let slope = |at: [[f64; 2]; 3]| {
            let mut slope = [[0.0; 2]; 3];
            for (moment, slope) in slope.iter_mut().enumerate() {
                for (i, slope) in slope.iter_mut().enumerate() {
                    *slope = at[moment][1 - i] / states[1 - i].1 - at[moment][i] / states[i].1;
                    *slope += if moment > 0 { counted * moment as f64 * states[i].0 * at[moment - 1][i] } else { 0.0 };
                }
            }
            slope
        };
        let add = |at: [[f64; 2]; 3], slope: [[f64; 2]; 3], by: f64| {
            std::array::from_fn(|m| std::array::from_fn(|i| at[m][i] + by * slope[m][i]))
        };
        let first = slope(at);
        let second = slope(add(at, first, STEP));
        at = add(add(at, first, STEP / 2.0), second, STEP / 2.0);
    }
    let [mean, square] = [1, 2].map(|moment: usize| at[moment][0] + at[moment][1]);
    (mean, mean + square - mean * mean)
}

#[test]
fn the_state_of_a_burst_carries_over_into_the_next_era() {
    let arrivals = |[(calm, stay), (busy, rest)]: [(f64, f64); 2]| {
        format!(
            "process = \"mmpp\", states = [{{ per_minute = {calm}, stay = \"{stay}m\" }}, {{ per_minute = {busy}, stay = \"{rest}m\" }}]"
        )
    };
    let eras =
        [(0.0, [(0.5, 30.0), (3.0, 10.0)]), (60.0, [(0.0, 300.0), (6.0, 200.0)]), (100.0, [(2.0, 1.0), (12.0, 5.0)])];
    let changes = from(60.0, &arrivals(eras[1].1)) + &from(100.0, &arrivals(eras[2].1));
    // The second era is shorter than its stays: what is counted there is the state that it began in. Across the second
    // change the dispersion is that of one state that goes on, and not of two that know nothing of each other.
    for window in [(0.0, 60.0), (60.0, 70.0), (60.0, 100.0), (50.0, 75.0), (95.0, 105.0), (100.0, 130.0)] {
        let (mean, variance) = bursts(&eras, window);
        let counts = counts(&text(&arrivals(eras[0].1), &changes, window, ""), 1_000);
        counts_are(&format!("{window:?}"), &counts, mean, variance / mean);
    }
}

/// Time that runs twice as fast from an instant on brings the same arrivals in half the time, to the plan: the same
/// draws, whatever was left of a gap, a batch or a stay when the era began.
#[test]
fn twice_as_fast_is_the_same_in_half_the_time() {
    let mmpp = |calm: f64, busy: f64, stay: f64| {
        format!(
            "process = \"mmpp\", states = [{{ per_minute = {calm}, stay = \"{stay}s\" }}, {{ per_minute = {busy}, stay = \"{stay}s\" }}]"
        )
    };
    let two = |process: &str| [2, 4].map(|rate| format!("process = \"{process}\", per_minute = {rate}"));
    for [slow, fast] in [
        two("poisson"),
        two("deterministic"),
        two("profile"),
        two("batch").map(|text| text + ", size = 3"),
        [mmpp(1.0, 5.0, 200.0), mmpp(2.0, 10.0, 100.0)],
    ] {
        let change = from(60.25, &fast);
        let before =
            [counts(&text(&slow, &change, (0.0, 60.25), ""), 20), counts(&text(&slow, "", (0.0, 60.25), ""), 20)];
        assert_eq!(before[0], before[1], "{slow}: nothing changes before");
        for minutes in [0.4, 7.1, 30.0, 211.7] {
            let half = counts(&text(&slow, &change, (60.25, 60.25 + minutes), ""), 20);
            let whole = counts(&text(&slow, "", (60.25, 60.25 + 2.0 * minutes), ""), 20);
            assert_eq!(half, whole, "{slow}: {minutes} minutes");
        }
    }
}

/// Sofia, from midnight on the day on which three o'clock is left out: an hour of weight 12 is skipped in the first era, and
/// the second begins half past four.
#[test]
fn profiles_integrate_over_the_hours_of_each_era() {
    let weights = |special: &[(usize, f64)]| {
        let of = |hour| special.iter().find(|(at, _)| *at == hour).map_or(1.0, |(_, weight)| *weight).to_string();
        (0..24).map(of).collect::<Vec<_>>().join(", ")
    };
    let profile = |per_hour: u32, special: &[(usize, f64)]| {
        format!(
            "process = \"profile\", per_hour = {per_hour}, timezone = \"Europe/Sofia\", hours = [{}]",
            weights(special)
        )
    };
    let before = profile(35, &[(3, 12.0)]); // a sum of 35 over 24 hours: weight 1 is 24 plans an hour
    let after = profile(27, &[(4, 4.0), (5, 0.0), (6, 2.0)]); // a sum of 27: again 24
    let start = "start = \"2026-03-28T22:00:00Z\"";
    let counted = |window| counts(&text(&before, &from(210.0, &after), window, start), 300);
    // Local hours 0, 1, 2, then 4: minutes 0 to 180 of weight 1, 180 to 210 of 1, 210 to 240 of 4, an hour of 0, one of 2.
    for (window, mean) in [
        ((0.0, 210.0), 84.0),
        ((150.0, 210.0), 24.0),
        ((210.0, 240.0), 48.0),
        ((200.0, 225.0), 4.0 + 24.0),
        ((240.0, 360.0), 48.0),
        ((0.0, 1_380.0), 84.0 + 48.0 + 48.0 + 17.0 * 24.0),
    ] {
        counts_are(&format!("{window:?}"), &counted(window), mean, 1.0);
    }
    assert!(counted((240.0, 300.0)).iter().all(|n| *n == 0.0), "five o'clock has no plans");
}

#[test]
fn batches_have_the_size_of_the_era_in_which_they_come() {
    let batch = |rate: u32, size: u32| format!("process = \"batch\", per_hour = {rate}, size = {size}");
    let changes = from(90.0, &batch(140, 7)) + &from(150.0, &batch(50, 1));
    // Poisson numbers of batches of b: λT plans, b times as dispersed.
    for (window, mean, size) in [((0.0, 90.0), 45.0, 3.0), ((90.0, 150.0), 140.0, 7.0), ((150.0, 210.0), 50.0, 1.0)] {
        let counts = counts(&text(&batch(30, 3), &changes, window, ""), 400);
        assert!(counts.iter().all(|n| n % size == 0.0), "{window:?}");
        counts_are(&format!("{window:?}"), &counts, mean, size);
    }
}

#[test]
fn even_spacing_goes_on_with_what_was_left_of_a_gap() {
    let clock = |rate: u32| format!("process = \"deterministic\", per_hour = {rate}");
    let changes = from(60.5, &clock(180)) + &from(100.0, &clock(6));
    // Plan n comes when n are expected: one a minute up to 60.5, then three a minute up to 179 at 100 minutes, then one in ten.
    let expected = |at: f64| match at {
        at if at < 60.5 => at,
        at if at < 100.0 => 60.5 + 3.0 * (at - 60.5),
        at => 179.0 + 0.1 * (at - 100.0),
    };
    let come_before = |at: f64| (expected(at) - 1e-6).floor() + 1.0;
    for window in [(0.0, 60.4), (60.2, 61.3), (60.5, 99.9), (99.9, 109.0), (99.8, 111.0), (0.0, 200.5), (61.5, 143.7)] {
        let found = counts(&text(&clock(60), &changes, window, ""), 1)[0];
        let exact = come_before(window.1) - if window.0 > 0.0 { come_before(window.0) } else { 0.0 };
        assert_eq!(found, exact, "{window:?}");
    }
}

#[test]
fn a_spike_ends_or_grows_with_the_era() {
    let spike = "[[traffic.user.spike]]\nat = \"30m\"\nfor = \"60m\"\nfactor = 3\n";
    let change = |at: f64, key: &str, value: &str| {
        format!("[[change]]\nat = \"{}ms\"\nset = {{ \"traffic.user.{key}\" = {value} }}\n", at * 60_000.0)
    };
    let changes = spike.to_owned()
        + &change(50.0, "spike.0.factor", "0")
        + &change(70.0, "spike.0.factor", "7")
        + &change(80.0, "spike", "[]")
        + &change(100.0, "spike", "[{ at = \"95m\", for = \"15m\", factor = 2 }]");
    for (window, mean) in [((0.0, 50.0), 90.0), ((70.0, 80.0), 70.0), ((80.0, 100.0), 20.0), ((100.0, 120.0), 30.0)] {
        let counts = counts(&text("process = \"poisson\", per_minute = 1", &changes, window, ""), 300);
        counts_are(&format!("{window:?}"), &counts, mean, 1.0);
    }
    let none = counts(&text("process = \"poisson\", per_minute = 1", &changes, (50.0, 70.0), ""), 20);
    assert_eq!(none, [0.0; 20]);
}

/// A cache under pressure that is six times as high in spikes: those that lie outside their era never come,
/// and of the last of the second era half an hour is left, from 90 to 120 minutes. A record written at minute `k` is evicted
/// by minute 240 with the chance `1 − e^(−H)`, where `H` is the hazard of 0.5 an hour over its time, and five more in a spike.
#[test]
fn spikes_raise_the_pressure_on_a_cache_in_their_own_era() {
    let set = |at: u32, spikes: &str| {
        format!("[[change]]\nat = \"{at}m\"\nset = {{ \"traffic.user.spike\" = [{spikes}] }}\n")
    };
    let text = logged(
        "horizon = \"4h\"\nreplications = 60",
        ONE_CALL,
        "process = \"deterministic\", per_minute = 1",
        "kind = \"cache\"\nevictions_per_hour = 0.5\nevictions_spike_factor = 6",
        "{ on = \"request\", store = \"kv\", op = \"put\", key = \"log:{log}\", role = \"record\" }",
    ) + "spike = [{ at = \"150m\", for = \"1h\", factor = 1 }]\n"
        + &set(60, "{ at = \"10m\", for = \"20m\", factor = 1 }, { at = \"90m\", for = \"1h\", factor = 1 }")
        + &set(120, "");
    let hazard = |k: f64| 0.5 * (240.0 - k) / 60.0 + 2.5 * (120.0 - k.max(90.0)).max(0.0) / 60.0;
    let exact: f64 = (0..240).map(|k| 1.0 - (-hazard(f64::from(k))).exp()).sum();
    holds("evicted", &answer(&model(&text)), "kv.evicted", exact, 0.0);
}

/// Ten million plans a second for a millisecond of thirty days are ten thousand plans, and no fault of the model.
#[test]
fn a_rate_is_judged_over_its_own_era() {
    let text = |back: &str| {
        format!(
            "[run]\nhorizon = \"30d\"\nreplications = 1\n[traffic.u]\n\
             arrivals = {{ process = \"deterministic\", per_second = 0.001 }}\n[workflow.w]\nsteps = [{{ name = \"s\" }}]\n\
             [provider.p]\nlatency = \"1ms\"\n[[change]]\nat = \"1h\"\n\
             set = {{ \"traffic.u.arrivals.per_second\" = 10000000 }}\n{back}"
        )
    };
    let back = "[[change]]\nat = \"1h 1ms\"\nset = { \"traffic.u.arrivals.per_second\" = 0.001 }\n";
    let offered = mean(&answer(&model(&text(back))), "plans.offered");
    assert!((offered - (2592.0 + 10_000.0)).abs() <= 2.0, "{offered}");
    let source = Source { name: "m".into(), bytes: text("").into_bytes(), directory: "".into() };
    let refused = load(source, &[], &read_file).unwrap_err();
    assert!(refused.list()[0].what.starts_with("too many plans for the event limit"), "{refused}");
}
