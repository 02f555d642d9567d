//! Shares and averages over what comes and goes: at most 1, and of those that were there.

use crate::common::{answer, answer_on, in_range, mean, model};
use proptest::prelude::*;

fn breakers(isolates: &str, latency: &str, more: &str) -> String {
    format!(
        "[run]\nhorizon = \"2h\"\nreplications = 2\n[traffic.user]\narrivals = {{ process = \"poisson\", per_second = 2 }}\n\
         [workflow.plan]\nsteps = [{{ name = \"a\" }}]\n[provider.p]\nlatency = \"{latency}\"\nerrors = {{ server_error = 1.0 }}\n\
         [breaker.p]\nfail_max = 1\nreset_timeout = \"10m\"\n{isolates}\n{more}"
    )
}

/// Four isolates, each with a breaker that is open but for the second of a probe every ten minutes or so.
#[test]
fn a_breaker_is_open_for_a_share_of_the_time_of_its_isolates() {
    let come_and_go = answer(&model(&breakers("[isolates]\nmin = 4\nmax = 6", "1s", "")));
    let fixed = answer(&model(&breakers("[platform]\nisolates = 4", "1s", "")));
    for answer in [come_and_go, fixed] {
        in_range(&answer);
        let open = mean(&answer, "breaker.p.open_fraction");
        assert!((0.99..1.0).contains(&open), "{open}");
    }
}

/// What an isolate takes with it was open until then, and not to the end of its `reset_timeout`: here it goes after five
/// of the ten minutes, so that half of the time is counted, with half a second on average until the first attempt.
#[test]
fn a_breaker_goes_with_its_isolate() {
    let deploys = "[isolates.deploys]\nevery = \"5m\"";
    let answer = answer(&model(&breakers("[isolates]\nmin = 1\nmax = 1", "0s", deploys)));
    in_range(&answer);
    let open = mean(&answer, "breaker.p.open_fraction");
    assert!((0.99..=1.0).contains(&open), "{open}");
    assert_eq!(mean(&answer, "breaker.p.trips"), 24.0);
    assert_eq!(mean(&answer, "isolates.alive.mean"), 1.0);
}

/// Eight calls of an hour hold eight slots when all but one are taken away: none of them is over 1.
#[test]
fn fewer_slots_are_not_used_more_than_wholly() {
    let text = "[run]\nhorizon = \"2h\"\nreplications = 1\n[traffic.user]\narrivals = { process = \"deterministic\", per_second = 1 }\n\
                [workflow.plan]\nsteps = [{ name = \"a\", queue = \"q\" }]\n[provider.p]\nlatency = \"1h\"\n\
                [queue.q]\nmax_concurrency = 8\nmax_queue = 0\n\
                [[change]]\nat = \"1m\"\nset = { \"queue.q.max_concurrency\" = 1 }\n";
    let answer = answer_on(&model(text), 1);
    in_range(&answer);
    // All eight come within 7 s and leave an hour later; then one more, for good.
    let utilisation = mean(&answer, "queue.q.utilisation");
    assert!((0.98..=1.0).contains(&utilisation), "{utilisation}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes and goes beside each other.
    #[test]
    fn nothing_that_comes_and_goes_is_over_one(
        min in 1_u32..4, more in 0_u32..4, idle in 1_u32..30, lifetime in 1_u32..60, drain in 0_u32..20, per in 1_u32..6,
        slots in 1_u32..5, fewer in 1_u32..5, adaptive in any::<bool>(), warmup in 0_u32..30, seed in any::<u32>(),
    ) {
        let max = min + more;
        let adaptive = if adaptive { "adaptive = { min = 1 }" } else { "" };
        let change = format!("[[change]]\nat = \"61m\"\nset = {{ \"queue.q.max_concurrency\" = {fewer} }}\n");
        let change = if adaptive.is_empty() { &change } else { "" };
        let text = format!(
            "[run]\nhorizon = \"3h\"\nwarmup = \"{warmup}m\"\nreplications = 2\nseed = {seed}\n\
             [traffic.user]\narrivals = {{ process = \"poisson\", per_hour = 500 }}\n\
             [workflow.plan]\nsteps = [{{ name = \"a\", provider = \"p\", queue = \"q\", lookup = \"t\" }}]\n\
             [provider.p]\nlatency = {{ dist = \"exponential\", mean = \"20s\" }}\nerrors = {{ server_error = 0.3 }}\nrequest_timeout = \"30s\"\n\
             [breaker.p]\nfail_max = 2\nreset_timeout = \"7m\"\n[queue.q]\nmax_concurrency = {slots}\nmax_queue = 5\n{adaptive}\n\
             [tiers.t]\nkeys = {{ law = \"zipf\", count = 50 }}\nrestarts_per_day = 20\ntier = [{{ name = \"m\", ttl = \"2m\", entries = 20 }}]\n\
             [isolates]\nmin = {min}\nmax = {max}\nper_isolate = {per}\nidle = \"{idle}m\"\nlifetime = {{ dist = \"exponential\", mean = \"{lifetime}m\" }}\n\
             drain_timeout = \"{drain}s\"\n{change}"
        );
        in_range(&answer_on(&model(&text), 1));
    }
}
