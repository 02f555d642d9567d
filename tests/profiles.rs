//! Weekly profiles live by the clock of a named zone, daylight saving included.

use crate::common::{answer, mean, model};

/// Plans in `horizon` from `start`, where all 2,400 a day come in one hour of the day in Sofia.
fn plans(hour: usize, start: &str, horizon: &str) -> f64 {
    let hours: Vec<&str> = (0..24).map(|h| if h == hour { "1" } else { "0" }).collect();
    let text = format!(
        r#"
[run]
horizon = "{horizon}"
start = "{start}"
replications = 20
[traffic.user.arrivals]
process = "profile"
per_day = 2400
timezone = "Europe/Sofia"
hours = [{}]
[workflow.plan]
steps = [{{ name = "call" }}]
[provider.p]
latency = "1s"
"#,
        hours.join(", ")
    );
    mean(&answer(&model(&text)), "plans.offered")
}

/// Twenty Poisson counts of mean 2,400 a time: a standard error of 11; 40 is beyond 3.6 of them.
fn about(found: f64, times: f64) {
    assert!((found - 2400.0 * times).abs() <= 40.0 * times.max(1.0), "{found} instead of {times} times 2,400");
}

#[test]
fn nine_o_clock_in_sofia_is_an_hour_earlier_in_summer() {
    // Summer time begins on Sunday, 29 March 2026, at 01:00 UTC.
    about(plans(9, "2026-03-27T07:00:00Z", "1h"), 1.0);
    assert_eq!(plans(9, "2026-03-27T06:00:00Z", "1h"), 0.0);
    about(plans(9, "2026-03-30T06:00:00Z", "1h"), 1.0);
    assert_eq!(plans(9, "2026-03-30T07:00:00Z", "1h"), 0.0);
}

#[test]
fn an_hour_that_does_not_exist_has_no_plans_and_one_that_comes_twice_has_twice_as_many() {
    // 03:00 to 04:00 is left out on 29 March 2026, and comes twice on 25 October.
    assert_eq!(plans(3, "2026-03-28T22:00:00Z", "23h"), 0.0);
    about(plans(3, "2026-03-27T22:00:00Z", "24h"), 1.0);
    about(plans(3, "2026-10-24T21:00:00Z", "25h"), 2.0);
}
