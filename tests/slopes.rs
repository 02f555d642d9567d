//! Limits of growth at a provider, against stories worked out by hand.

use crate::common::{answer, mean, model};

/// One call a plan, 60 plans a minute and from minute 20 on 600, evenly spaced, at a provider with these keys.
fn step_of_ten(minutes: u64, provider: &str) -> String {
    format!(
        r#"
[run]
horizon = "{minutes}m"
replications = 1
[traffic.user]
arrivals = {{ process = "deterministic", per_minute = 60 }}
[[traffic.user.spike]]
at = "20m"
for = "10h"
factor = 10
[workflow.plan]
steps = [{{ name = "call", tokens = 100 }}]
[logging]
strategy = "none"
[provider.p]
latency = "0s"
{provider}
"#
    )
}

/// What each minute from minute 20 on admits of the 600 that come: 60 in 15 minutes may become 90, then 135, 202 (of
/// 202.5), 303, 454 (of 454.5), and then 681, which is more than come.
#[test]
fn a_step_is_held_to_its_stairs() {
    let stairs = [90, 135, 202, 303, 454, 600];
    for (of, scale) in [("requests", 1), ("tokens", 100)] {
        let slope = format!("slope = {{ {of}_per_minute = {} }}", 60 * scale);
        for minutes in [15, 20, 21, 34, 35, 36, 50, 94, 95, 200] {
            let story = answer(&model(&step_of_ten(minutes, &slope)));
            // A token of 100 a call: 202.5 calls' worth of tokens are 202 calls, as before.
            let after = (20..minutes).map(|minute| stairs[((minute - 20) / 15).min(5) as usize]);
            let admitted = 60 * minutes.min(20) + after.sum::<u64>();
            assert_eq!(mean(&story, "plans.completed"), admitted as f64, "{of}, {minutes} minutes");
            assert_eq!(mean(&story, "attempts.rate_limited"), mean(&story, "plans.call_failed"));
            assert_eq!(mean(&story, "provider.p.attempts.slowed_down"), mean(&story, "plans.call_failed"));
            assert_eq!(mean(&story, "provider.p.attempts.counted"), admitted as f64);
        }
    }
    let none = answer(&model(&step_of_ten(60, "slope = { requests_per_minute = 600 }")));
    assert_eq!(mean(&none, "plans.call_failed"), 0.0, "what any minute may have is no growth");
}

/// Ten a second from minute 20 on; a bucket holds 60 and gains one a second. It lets the 90th of the minute through at
/// 30 s, and has another token at 31 s: from then on, for 29 s, growth alone is too much. In the next minute it has 30 and
/// gains 59 before the last call, so that the slope has nothing to refuse.
#[test]
fn whom_a_bucket_refuses_too_is_not_refused_for_growth_alone() {
    let slope = "slope = { requests_per_minute = 60 }\nrequests_per_minute = 60";
    let story = answer(&model(&step_of_ten(22, slope)));
    assert_eq!(mean(&story, "plans.completed"), 1200.0 + 90.0 + 89.0);
    assert_eq!(mean(&story, "provider.p.attempts.refused"), 510.0 + 511.0);
    assert_eq!(mean(&story, "provider.p.attempts.slowed_down"), 290.0);
}

/// Who is refused is told to come back when the next minute begins.
#[test]
fn a_retry_comes_back_in_the_next_minute() {
    let slope = "slope = { requests_per_minute = 3, per = \"1m\" }\n[retry.p]\nmax = 1\nbackoff = { kind = \"none\" }";
    let text = step_of_ten(3, slope).replace("per_minute = 60 }", "per_minute = 1 }");
    let text = text.replace("name = \"call\"", "name = \"call\", calls = 5, parallel = 5");
    let story = answer(&model(&text));
    // Five at 0 s, three may: two come back at 60 s, where five more ask after them. 4 of these may (1.5 × 3 = 4.5):
    // backoffs end before arrivals, so two new ones are in and three come back at 120 s, where 6 may (1.5 × 4).
    assert_eq!(mean(&story, "attempts.rate_limited"), 2.0 + 3.0 + 2.0);
    assert_eq!(mean(&story, "plan.latency.max"), 60.0);
}
