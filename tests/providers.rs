//! Providers and the policies around an attempt, held against closed forms and against stories worked out by hand.

use crate::common::{answer, holds, in_range, mean, model, shipped};
use capsim::theory::{breaker, bucket, erlang, retry};
use proptest::prelude::*;

/// One call a plan, at a provider whose keys (and other sections) the test writes.
fn calls(arrivals: &str, days: f64, provider: &str) -> String {
    format!(
        r#"
name = "provider"
[run]
horizon = "{}s"
replications = 20
seed = 4
[traffic.user]
arrivals = {{ {arrivals} }}
[workflow.plan]
steps = [{{ name = "call" }}]
[logging]
strategy = "none"
[provider.p]
{provider}
"#,
        (days * 86_400.0) as u64
    )
}

/// Poisson calls that fail by chance and take next to no time: the renewal argument of `theory::breaker` is exact.
#[test]
fn a_breaker_is_open_as_long_as_renewals_say() {
    let of = |rate: f64, p: f64, rules: &str| {
        let provider = format!("latency = \"1us\"\nerrors = {{ server_error = {p} }}\n[breaker.p]\n{rules}");
        answer(&model(&calls(&format!("process = \"poisson\", per_second = {rate}"), 1.0, &provider)))
    };
    for (rate, p, rules, m, reset) in [
        (1.0, 0.4, "fail_max = 3\nreset_timeout = \"20s\"", 3, 20.0),
        (0.5, 0.7, "", 5, 60.0),
        (2.0, 0.2, "fail_max = 1", 1, 60.0),
    ] {
        let answer = of(rate, p, rules);
        let exact = breaker::open_fraction(rate, p, m, reset);
        holds("breaker", &answer, "breaker.p.open_fraction", exact, 0.0);
        // By Poisson arrivals, the share of time it is open is the share of calls that it refuses.
        let (sent, refused) = (mean(&answer, "attempts.made"), mean(&answer, "breaker.p.refused"));
        assert_eq!(mean(&answer, "attempts.kept_back"), refused);
        let share = refused / (sent + refused);
        assert!((share - exact).abs() < 0.01, "{share} refused, {exact} open");
        assert!((mean(&answer, "attempts.errored") / sent - p).abs() < 0.01, "those sent fail as ever");
        let trips = mean(&answer, "breaker.p.trips") * reset / 86_400.0;
        assert!((trips / exact - 1.0).abs() < 0.01, "each trip opens it for the whole reset timeout");
    }
}

/// One call a second, all of which fail. By hand: calls 1 to 5 fail, the breaker opens at 5 s for 10 s; at 15 s the
/// call is the probe, fails, and so on every 10 s.
#[test]
fn a_breaker_lets_a_probe_go_once_the_reset_timeout_has_fully_passed() {
    let provider = "latency = \"0s\"\nerrors = { network = 1.0 }\n[breaker.p]\nreset_timeout = \"10s\"";
    let text = calls("process = \"deterministic\", per_second = 1", 100.0 / 86_400.0, provider);
    let story = answer(&model(&text));
    // The first comes at 0 s, so the trip is at 4 s, and the probes are at 14, 24, … 94 s.
    assert_eq!(mean(&story, "breaker.p.trips"), 10.0);
    assert_eq!(mean(&story, "breaker.p.refused"), 100.0 - 5.0 - 9.0);
    assert_eq!(mean(&story, "breaker.p.open_fraction"), 0.96);
    assert_eq!(mean(&story, "attempts.kept_back"), 86.0);
    assert_eq!([mean(&story, "attempts.made"), mean(&story, "attempts.errored")], [14.0, 14.0], "those sent");
    assert_eq!(mean(&story, "plans.call_failed"), 100.0, "a call that is kept back has failed");
    // Faults that are none of the breaker's failures never open it.
    let auth = answer(&model(&text.replace("network =", "auth =")));
    assert_eq!(mean(&auth, "breaker.p.trips"), 0.0);
    // In each isolate its own; with two, plans land at random, so together they need 5 failures each.
    let two = answer(&model(&format!("{text}\n[platform]\nisolates = 2")));
    assert!(mean(&two, "breaker.p.refused") < mean(&story, "breaker.p.refused"));
}

/// Two retries, no wait: a call makes three attempts. Around the retries, five calls fail before the breaker opens;
/// inside them it opens within the second call.
#[test]
fn a_breaker_counts_attempts_or_calls() {
    let provider =
        "latency = \"0s\"\nerrors = { network = 1.0 }\n[retry.p]\nbackoff = { kind = \"none\" }\n[breaker.p]\n";
    let of = |rules: &str| {
        let text = calls("process = \"deterministic\", per_second = 1", 20.0 / 86_400.0, &format!("{provider}{rules}"));
        let answer = answer(&model(&text));
        let kept_back = mean(&answer, "attempts.kept_back");
        assert_eq!(kept_back, mean(&answer, "breaker.p.refused"));
        (mean(&answer, "attempts.made") + kept_back, kept_back)
    };
    // Inside: call 1 makes 3 attempts; call 2 makes 2, and its third is refused; then each is refused at once.
    assert_eq!(of(""), (3.0 + 3.0 + 18.0, 19.0));
    assert_eq!(of("counts = \"calls\""), (15.0 + 15.0, 15.0));
    // A window of the latest ten attempts needs ten to begin with: the first of call 4 opens it, its second is refused.
    assert_eq!(of("window = { size = 10 }"), (9.0 + 2.0 + 16.0, 17.0));
}

const STEADY: &str = "process = \"deterministic\", per_second = 1";

fn poisson(per_second: f64) -> String {
    format!("process = \"poisson\", per_second = {per_second}")
}

fn seconds(n: f64) -> f64 {
    n / 86_400.0
}

/// A bucket of 5 that refills by one a second, under Poisson attempts: the loss of M/D/1/5.
#[test]
fn a_rate_limit_refuses_as_a_token_bucket_does() {
    for (rate, size, keys) in [
        (1.2, 5, "requests_per_minute = 60\nlimit_burst = \"5s\""),
        (0.8, 1, "requests_per_minute = 60\nlimit_burst = \"1s\""),
        (1.2, 5, "tokens_per_minute = 6000\ntokens = 100\nlimit_burst = \"5s\""),
    ] {
        let answer = answer(&model(&calls(&poisson(rate), 0.5, &format!("latency = \"1us\"\n{keys}"))));
        let exact = bucket::refused(rate, 1.0, size);
        holds("token bucket", &answer, "plans.failed_fraction", exact, 0.0);
        assert_eq!(mean(&answer, "attempts.rate_limited"), mean(&answer, "plans.call_failed"));
        assert_eq!(mean(&answer, "provider.p.attempts.counted"), mean(&answer, "plans.completed"));
    }
}

/// Two calls at once, one token, and another after a second: the second call is told to come back then.
#[test]
fn a_retry_waits_as_long_as_the_refusal_says() {
    let of = |retry: &str| {
        let provider = format!(
            "latency = \"100ms\"\nrequests_per_minute = 60\nlimit_burst = \"1s\"\nrefusal_latency = \"200ms\"\n\
             [retry.p]\nmax = 1\nbackoff = {{ kind = \"constant\", base = \"300ms\", jitter = \"none\" }}\n{retry}"
        );
        let text = calls("process = \"deterministic\", per_minute = 1", seconds(60.0), &provider)
            .replace("\"call\"", "\"call\", calls = 2, parallel = 2");
        let answer = answer(&model(&text));
        (mean(&answer, "attempts.rate_limited"), mean(&answer, "plans.completed"), answer.mean("plan.latency.max"))
    };
    // Refused at 0 s for a second, told so at 0.2 s: it waits 1 s and is answered at 1.3 s.
    assert_eq!(of(""), (1.0, 1.0, Some(1.3)));
    // Left to its own wait it comes back at 0.5 s, too early.
    assert_eq!(of("retry_after = \"ignore\""), (2.0, 0.0, None));
    assert_eq!(of("retry_after_max = \"900ms\""), (2.0, 0.0, None));
}

/// An alternating renewal process seen by Poisson arrivals: down for a third of the time.
#[test]
fn outages_that_come_and_go() {
    let provider = "latency = \"1us\"\noutage = { mean_up = \"100s\", mean_down = \"50s\" }";
    let answer = answer(&model(&calls(&poisson(0.5), 1.0, provider)));
    // It starts up: the mean over a day is under 1/3 by 1/3 × 33 s / 86,400 s.
    holds("outages", &answer, "plans.failed_fraction", 1.0 / 3.0, 1.3e-4);
}

#[test]
fn outages_by_the_clock() {
    let of = |provider: &str| answer(&model(&calls(STEADY, seconds(100.0), provider)));
    let refused = of(
        "latency = \"1s\"\noutage = [{ at = \"10s\", for = \"5s\" }, { at = \"20s\", for = \"1s\", fault = \"network\" }]",
    );
    assert_eq!(mean(&refused, "attempts.errored"), 6.0, "at 10 to 14 s, and at 20 s");
    let silent =
        of("latency = \"1s\"\nrequest_timeout = \"2s\"\noutage = { at = \"10s\", for = \"5s\", fault = \"timeout\" }");
    assert_eq!(mean(&silent, "attempts.timed_out"), 5.0);
    // 94 answered within a second each (the last, sent at 99 s, at the horizon), 5 held for the whole timeout.
    assert_eq!(mean(&silent, "provider.p.in_flight.mean"), (95.0 + 5.0 * 2.0) / 100.0);
}

/// M/G/∞ at the provider: what is there is the rate times the mean time, whatever the client does with it.
#[test]
fn the_server_outlives_its_client() {
    let of = |outlives: bool| {
        let provider = format!(
            "latency = {{ dist = \"exponential\", mean = \"1s\" }}\nrequest_timeout = \"1s\"\noutlives_client = {outlives}"
        );
        answer(&model(&calls(&poisson(2.0), 0.25, &provider)))
    };
    let late = (-1.0_f64).exp();
    let (goes_on, stops) = (of(true), of(false));
    // Empty at the start: the first second or two of 21,600 are missing.
    holds("M/G/∞", &goes_on, "provider.p.in_flight.mean", 2.0, 2e-4);
    holds("M/G/∞, given up", &goes_on, "provider.p.in_flight.abandoned", 2.0 * late, 2e-4);
    holds("M/G/∞, cut", &stops, "provider.p.in_flight.mean", 2.0 * (1.0 - late), 2e-4);
    for answer in [&goes_on, &stops] {
        holds("timeouts", answer, "plans.failed_fraction", late, 0.0);
        assert_eq!(mean(answer, "provider.p.attempts.useful"), mean(answer, "plans.completed"));
    }
    assert_eq!(mean(&goes_on, "provider.p.attempts.billed"), mean(&goes_on, "provider.p.attempts.sent"));
    // Cut short, what is in flight at the horizon will be billed or not: at most a handful of 43,200.
    let billed = mean(&stops, "provider.p.attempts.billed") - mean(&stops, "provider.p.attempts.useful");
    assert!((0.0..5.0).contains(&billed), "{billed}");
}

#[test]
fn slots_of_the_provider() {
    let exponential = "latency = { dist = \"exponential\", mean = \"1s\" }\n";
    let lost = answer(&model(&calls(&poisson(3.0), 0.25, &format!("{exponential}max_concurrency = 4"))));
    holds("Erlang B over there", &lost, "plans.failed_fraction", erlang::erlang_b(4, 3.0), 0.0);
    let queued = format!("{exponential}max_concurrency = 1\nmax_queue = \"unlimited\"");
    let queued = answer(&model(&calls(&poisson(0.5), 1.0, &queued)));
    holds("M/M/1 over there", &queued, "plan.latency.mean", 2.0, 0.0);
}

/// By hand, one a second that needs 1.5 s, and a provider that does one at a time.
#[test]
fn a_provider_that_shares_itself() {
    let of = |seconds: u32, more: &str| {
        let provider = format!("latency = \"1500ms\"\ncapacity = 1\n{more}");
        let answer = answer(&model(&calls(STEADY, f64::from(seconds) / 86_400.0, &provider)));
        let of = |metric: &str| answer.mean(metric).unwrap_or(-1.0);
        ["plans.completed", "attempts.timed_out", "provider.p.attempts.billed", "provider.p.in_flight.abandoned"]
            .map(of)
    };
    // At 0: 1 s alone, then half speed: 0.5 left, done at 2 s. The second has done 0.5 by then, the third comes: the
    // second has 1 left at half speed and is done at 4 s if nobody came; but at 3 s a fourth comes.
    assert_eq!(of(2, "")[..3], [0.0, 0.0, 0.0], "the end at 2 s is beyond the horizon");
    assert_eq!(of(3, "")[0], 1.0);
    // Who gives up after 2 s: the first is answered at the very end of it. The second has done 0.5 by 2 s, and 0.5 more
    // by 3 s, when it is cut with 0.5 to do. Going on or gone, that is what the third sees.
    let goes_on = of(4, "request_timeout = \"2s\"");
    assert_eq!(goes_on[..3], [1.0, 1.0, 1.0]);
    // Abandoned at 3 s, with three there: 0.5 need 1.5 s, so it is there for the last second of 4.
    assert_eq!(goes_on[3], 0.25);
    assert_eq!(of(4, "request_timeout = \"2s\"\noutlives_client = false"), [1.0, 1.0, 1.0, 0.0]);
    // Gone, it leaves the third and the fourth to themselves: the third has done 0.5 by 3 s, and is cut at 4 s with 0.5
    // to do, as the second was.
    assert_eq!(of(5, "request_timeout = \"2s\"\noutlives_client = false")[1], 2.0);
}

#[test]
fn the_report_says_what_sharing_makes_of_a_latency() {
    let text = calls(&poisson(0.6), 1.0, "latency = { dist = \"lognormal\", mean = \"1s\", cv = 2 }\ncapacity = 1");
    let shown = |text: &str| {
        let answer = answer(&model(text));
        assert!(answer.theory.iter().all(|line| line.agrees() == Some(true)), "{:?}", answer.theory);
        answer.theory.iter().map(|line| (line.metric.clone(), (line.value * 1e9).round() / 1e9)).collect::<Vec<_>>()
    };
    let lines = [("provider.p.in_flight.mean".into(), 1.5), ("plan.latency.mean".into(), 2.5)];
    assert_eq!(shown(&text), lines);
    // What else is in the way is another matter.
    for more in ["max_concurrency = 9", "request_timeout = \"9s\"", "errors = { server_error = 0.1 }"] {
        let held = answer(&model(&format!("{text}\n{more}"))).theory;
        assert!(held.iter().all(|line| line.law != "processor sharing"), "{more}: {held:?}");
    }
}

/// Attempts that share are lost with their isolates like any other, and what goes on over there goes on.
#[test]
fn sharing_outlives_isolates_and_retries() {
    for outlives in [true, false] {
        let text = calls(
            "process = \"poisson\", per_second = 0.5",
            0.1,
            &format!(
                "latency = {{ dist = \"exponential\", mean = \"3s\" }}\ncapacity = 2\nmax_concurrency = 6\nrequest_timeout = \"8s\"\n\
                 outlives_client = {outlives}\nerrors = {{ server_error = 0.1 }}\n\
                 [retry.p]\n[isolates]\nmin = 1\nmax = 3\nper_isolate = 2\nlifetime = {{ dist = \"exponential\", mean = \"30s\" }}"
            ),
        );
        let answer = answer(&model(&text));
        assert!(mean(&answer, "plans.crashed") > 100.0 && mean(&answer, "attempts.timed_out") > 100.0);
        assert!(answer.metric("provider.p.in_flight.max").unwrap().max.unwrap() <= 6.0);
        let abandoned = mean(&answer, "provider.p.in_flight.abandoned");
        assert_eq!(abandoned > 0.01, outlives, "{abandoned}");
    }
}

#[test]
fn hangs_are_timeouts() {
    let provider = "latency = \"1ms\"\nrequest_timeout = \"1s\"\nhang = 0.25";
    let answer = answer(&model(&calls(&poisson(1.0), 0.25, provider)));
    holds("hangs", &answer, "plans.failed_fraction", 0.25, 0.0);
}

/// Layers multiply: an SDK of 3 attempts, each failing with p, is one try that fails with p³; three of those.
#[test]
fn layers_of_retries_multiply() {
    let none = "backoff = { kind = \"none\" }";
    let of = |p: f64, more: &str| {
        let provider = format!(
            "latency = \"1us\"\noutlives_client = true\nerrors = {{ server_error = {p} }}\n[retry.p]\n{none}\nsdk = {{ {none} }}\n{more}"
        );
        answer(&model(&calls(STEADY, seconds(20_000.0), &provider)))
    };
    let p: f64 = 0.5;
    let some = of(p, "");
    let exact = retry::attempts(p, 2) * retry::attempts(p.powi(3), 2);
    holds("two layers", &some, "attempts.made", 20_000.0 * exact, 0.0);
    holds("two layers", &some, "plans.failed_fraction", p.powi(9), 0.0);
    holds("two layers", &some, "retry.p.application.tries", 20_000.0 * retry::attempts(p.powi(3), 2), 0.0);
    assert_eq!(mean(&some, "retry.p.sdk.tries"), mean(&some, "attempts.made"));
    let all = of(1.0, &format!("proxy = {{ {none} }}"));
    assert_eq!(mean(&all, "attempts.made"), 27.0 * 20_000.0);
    assert_eq!(mean(&all, "retry.p.sdk.tries"), 9.0 * 20_000.0);
}

#[test]
fn a_budget_bounds_the_retries_of_all_layers() {
    let provider = "latency = \"1us\"\nerrors = { server_error = 1.0 }\n[retry.p]\nbackoff = { kind = \"none\" }\n\
                    sdk = { backoff = { kind = \"none\" } }\nbudget = { ratio = 0.1 }";
    let answer = answer(&model(&calls(STEADY, seconds(1000.0), provider)));
    // Full at 10 when the first call comes; the other 999 add a tenth each.
    assert_eq!(mean(&answer, "attempts.retried"), 10.0 + 99.0);
    assert_eq!(mean(&answer, "attempts.made"), 1000.0 + 109.0);
    assert_eq!(mean(&answer, "retry.p.over_budget"), 1000.0 - 1.0, "all but the first call ran out");
}

#[test]
fn a_deadline_is_shared_by_all_attempts() {
    let of = |latency: &str| {
        let provider = format!(
            "latency = \"{latency}\"\nrequest_timeout = \"8s\"\nerrors = {{ server_error = 1.0 }}\n[retry.p]\nmax = 50\n\
             deadline = \"5s\"\nbackoff = {{ kind = \"constant\", base = \"1s\", jitter = \"none\" }}"
        );
        let answer = answer(&model(&calls("process = \"deterministic\", per_minute = 1", seconds(60.0), &provider)));
        ["made", "timed_out", "errored"].map(|what| mean(&answer, &format!("attempts.{what}")))
    };
    assert_eq!(of("1s"), [3.0, 0.0, 3.0], "at 0, 2 and 4 s; the next would begin at 6 s");
    assert_eq!(of("1500ms"), [2.0, 0.0, 2.0], "at 0 and 2.5 s: the third would begin at the deadline");
    assert_eq!(of("7s"), [1.0, 1.0, 0.0], "cut at 5 s and not at 8 s");
}

/// Exponential latencies forget: after a second the first has as far to go as the hedge, and the first of two is there
/// in half the time.
#[test]
fn a_hedge_races_the_first() {
    let provider =
        "latency = { dist = \"exponential\", mean = \"1s\" }\noutlives_client = true\n[hedge.p]\nafter = \"1s\"";
    let answer = answer(&model(&calls(STEADY, seconds(20_000.0), provider)));
    let late = (-1.0_f64).exp();
    holds("hedge", &answer, "plan.latency.mean", (1.0 - late) + late / 2.0, 0.0);
    holds("hedge", &answer, "hedge.p.sent", 20_000.0 * late, 1.0);
    holds("hedge", &answer, "hedge.p.won", 20_000.0 * late / 2.0, 1.0);
    let extra = mean(&answer, "provider.p.attempts.sent") - mean(&answer, "attempts.made");
    assert!((extra - mean(&answer, "hedge.p.sent")).abs() < 1e-6, "a hedge is no attempt of its own in the ledger");
}

#[test]
fn waiting_spends_the_timeout_of_an_attempt() {
    let of = |from: &str, policy: &str| {
        let provider = "latency = \"3s\"\nrequest_timeout = \"5s\"\n";
        let text = calls(
            "process = \"deterministic\", per_minute = 1",
            seconds(60.0),
            &format!("{provider}timeout_from = \"{from}\"\n{policy}\n[queue.q]\nmax_concurrency = 1"),
        );
        let answer = answer(&model(&text.replace("\"call\"", "\"call\", queue = \"q\", calls = 3, parallel = 3")));
        ["succeeded", "timed_out", "kept_back"].map(|what| mean(&answer, &format!("attempts.{what}")))
    };
    for policy in ["[breaker.p]\nfail_max = 9", ""] {
        assert_eq!(of("grant", policy), [3.0, 0.0, 0.0]);
        // The second begins at 3 s and is cut at 5 s; the third gets its slot then, with nothing left, and is not sent.
        assert_eq!(of("arrival", policy), [1.0, 1.0, 1.0]);
    }
}

/// A provider that always fails after a second, ten calls a second, a breaker that opens after five failures in a row
/// for ten seconds and lets one probe through. The first failure comes at 1 s and the fifth at 1.4 s: the attempts of
/// 0 to 1.3 s have been sent by then, 14 (that of 1.4 s comes after the failure of its instant). A probe goes at
/// 11.4 s, fails at 12.4 s, and so on every 11 s: 54 in ten minutes.
#[test]
fn attempts_made_are_those_that_were_sent() {
    let text = calls(
        "process = \"deterministic\", per_second = 10",
        seconds(600.0),
        "latency = \"1s\"\nerrors = { server_error = 1.0 }\n[breaker.p]\nfail_max = 5\nreset_timeout = \"10s\"\nhalf_open_probes = 1",
    );
    let answer = answer(&model(&text));
    assert_eq!([mean(&answer, "attempts.made"), mean(&answer, "attempts.kept_back")], [68.0, 6000.0 - 68.0]);
    assert_eq!(mean(&answer, "attempts.errored") + mean(&answer, "attempts.in_flight"), 68.0);
    assert_eq!(mean(&answer, "calls.made"), 6000.0);
    assert_eq!(answer.mean("attempts.per_success"), None);
}

/// Each preset as its source has it: two retries of half a second and one, ten minutes an attempt.
#[test]
fn presets_of_retries() {
    let text = calls(
        STEADY,
        seconds(10.0),
        "latency = \"1s\"\n[retry.p]\npreset = \"published-client\"\nsdk = { preset = \"openai-sdk\" }",
    );
    let provider = model(&text).providers[0].clone();
    assert_eq!(provider.request_timeout.map(|limit| limit.secs()), Some(600.0), "that of the innermost layer");
    let sdk = provider.inner[0].unwrap();
    assert_eq!((sdk.max, provider.retry.max), (2, 2));
    let alone = capsim::policy::Retry::longest(&[sdk], provider.request_timeout.unwrap());
    assert!((alone.secs() - 1801.5).abs() < 1e-6, "{alone}");
    let given = text.replace("latency = \"1s\"", "latency = \"1s\"\nrequest_timeout = \"20s\"");
    assert_eq!(model(&given).providers[0].request_timeout.map(|limit| limit.secs()), Some(20.0));
    // A client that does not honour the hint, with an SDK inside that does: one rule for all layers, the outer's.
    assert_eq!(model(&text).providers[0].retry_after, capsim::model::RetryAfter::Ignore);
}

/// Each provider with its own retries: p³ fail at the first, and of those q² at the second.
#[test]
fn a_call_falls_back_to_another_provider() {
    let none = "backoff = { kind = \"none\" }";
    let provider = format!(
        "latency = \"1us\"\nerrors = {{ server_error = 0.5 }}\n[retry.p]\n{none}\n\
         [provider.z]\nlatency = \"1us\"\nerrors = {{ network = 0.3 }}\n[retry.z]\nmax = 1\n{none}"
    );
    let text =
        calls(STEADY, seconds(20_000.0), &provider).replace("\"call\"", "\"call\", provider = \"p\", fallback = \"z\"");
    let answer = answer(&model(&text));
    holds("fallback", &answer, "provider.p.fell_back", 20_000.0 * 0.125, 0.0);
    holds("fallback", &answer, "plans.failed_fraction", 0.125 * 0.09, 0.0);
    let made = 20_000.0 * (retry::attempts(0.5, 2) + 0.125 * retry::attempts(0.3, 1));
    holds("fallback", &answer, "attempts.made", made, 0.0);
}

/// Three layers of retries, an outage of five minutes, and what becomes of the load: docs/retry-storm.md.
#[test]
fn a_retry_storm_outlives_its_outage_and_a_budget_ends_it() {
    let budget = "retry.llm.budget.ratio=0.1";
    let outage = ["run.warmup=10m", "run.horizon=15m"];
    let per_plan = |overrides: &[&str]| {
        let answer = answer(&shipped("retry-storm.toml", overrides));
        (
            mean(&answer, "provider.llm.attempts.sent") / mean(&answer, "plans.offered"),
            mean(&answer, "plans.failed_fraction"),
        )
    };
    let (before, failed) = per_plan(&["run.warmup=0s", "run.horizon=10m"]);
    assert!(before < 1.02 && failed < 0.005, "all is well before: {before}, {failed}");
    let (during, _) = per_plan(&outage);
    assert!(during > 5.0, "{during} attempts a plan while it is down");
    let (after, failed) = per_plan(&[]);
    assert!(after > 20.0 && failed > 0.95, "{after} attempts a plan, {failed} fail, up to 45 minutes after it is over");
    let (during, _) = per_plan(&[outage[0], outage[1], budget]);
    assert!(during < 1.3, "with a budget {during} attempts a plan while it is down");
    let (after, failed) = per_plan(&[budget]);
    assert!(after < 1.05 && failed < 0.01, "with a budget {after} attempts a plan, and {failed} fail, after it");
    // The same model under the same load, but for the outage: two ways to go on, and nothing in between.
    let (never, failed) = per_plan(&["provider.llm.outage.at=2h"]);
    assert!(never < 1.02 && failed < 0.005, "{never}, {failed}");
}

/// A hundred thousand calls wait behind one that opens the breaker: each is refused as its turn comes, at one instant
/// and not on one stack.
#[test]
fn an_open_breaker_empties_a_long_queue() {
    let provider =
        "latency = \"3h\"\nerrors = { network = 1.0 }\n[queue.q]\nmax_concurrency = 1\n[breaker.p]\nfail_max = 1";
    let text = calls("process = \"deterministic\", per_second = 10", seconds(4.0 * 3600.0), provider)
        .replace("\"call\"", "\"call\", queue = \"q\"")
        .replace("replications = 20", "replications = 2");
    let answer = answer(&model(&text));
    // At 3 h the first ends; the next 107,999 are refused, and those of the minute that it stays open. Then a probe.
    assert_eq!(mean(&answer, "breaker.p.refused"), 107_999.0 + 600.0);
}

/// Any policies at all, beside each other, on a model with a queue in two isolates.
fn any_policies() -> impl Strategy<Value = String> {
    let one_of = |texts: &[&'static str]| prop::sample::select(texts.to_vec());
    let server = (
        one_of(&[
            "",
            "requests_per_minute = 20",
            "requests_per_minute = 40\nlimit_burst = \"1s\"\ncounts_refused = true",
        ]),
        one_of(&[
            "",
            "max_concurrency = 3",
            "max_concurrency = 3\nmax_queue = 2",
            "max_concurrency = 2\nmax_queue = \"unlimited\"",
            "capacity = 2",
            "capacity = 2\nmax_concurrency = 5",
        ]),
        one_of(&["", "outlives_client = true", "outlives_client = false"]),
        one_of(&["", "load = { per_in_flight = 0.2, from = 1 }", "hang = 0.1"]),
        one_of(&[
            "",
            "outage = { mean_up = \"1h\", mean_down = \"10m\" }",
            "outage = [{ at = \"1h\", for = \"30m\", fault = \"timeout\" }, { at = \"3h\", for = \"10m\", latency = \"1s\" }]",
        ]),
    );
    let retries = (
        one_of(&["", "sdk = {}", "proxy = { max = 1 }", "sdk = { preset = \"openai-sdk\" }\nproxy = {}"]),
        one_of(&["", "deadline = \"20s\""]),
        one_of(&["", "budget = { ratio = 0.2, burst = 3 }"]),
        one_of(&["hold_slot = true", "hold_slot = false", "retry_after = \"ignore\""]),
    );
    let around = (
        one_of(&[
            "",
            "[breaker.p]\nfail_max = 2",
            "[breaker.p]\ncounts = \"calls\"\nhalf_open_probes = 2",
            "[breaker.p]\nwindow = { length = \"5m\", min_calls = 5 }\nfailures = [\"breaker_open\", \"timeout\"]",
        ]),
        one_of(&["", "[hedge.p]\nafter = \"3s\"\nmax = 2"]),
        one_of(&["", "patience = \"10s\""]),
        one_of(&["", ", fallback = \"z\"", ", semaphore = \"s\""]),
        one_of(&["", "subrequests_external = 5"]),
        any::<u32>(),
    );
    (server, retries, around).prop_map(|(server, retries, around)| {
        // Who shares itself slows down by itself, never hangs, and is not hedged.
        let shares = server.1.starts_with("capacity");
        let [load, hedge] = [server.3, around.1].map(|text| if shares { "" } else { text });
        let (server, retries) = (
            [server.0, server.1, server.2, load, server.4].join("\n"),
            [retries.0, retries.1, retries.2, retries.3].join("\n"),
        );
        format!(
            "[run]\nhorizon = \"8h\"\nwarmup = \"30m\"\nreplications = 2\nseed = {}\n[platform]\nisolates = 2\n{}\n\
             [traffic.user]\narrivals = {{ process = \"poisson\", per_hour = 300 }}\n\
             [workflow.plan]\non_call_error = \"continue\"\n\
             steps = [{{ name = \"a\", provider = \"p\", queue = \"q\", calls = 3, parallel = 2{} }}]\n\
             [provider.p]\nlatency = {{ dist = \"lognormal\", mean = \"4s\", cv = 0.8 }}\nrequest_timeout = \"8s\"\n\
             errors = {{ server_error = 0.2, rate_limited = 0.05, parse_failure = 0.05 }}\n{server}\n\
             [provider.z]\nlatency = \"2s\"\nerrors = {{ network = 0.1 }}\n\
             [retry.p]\n{retries}\n{}\n{}\n[queue.s]\nmax_concurrency = 4\nmax_queue = 5\npatience = \"30s\"\n[queue.q]\nmax_concurrency = 3\nmax_queue = 20\n{}\n",
            around.5, around.4, around.3, around.0, hedge, around.2
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each run balances its ledger by itself, and fails if it does not; what a report can show of it is shown here.
    #[test]
    fn any_policies_balance(text in any_policies()) {
        let answer = answer(&model(&text));
        in_range(&answer);
        let ends = ["succeeded", "timed_out", "errored", "rate_limited", "in_flight"];
        let ended: f64 = ends.iter().map(|end| mean(&answer, &format!("attempts.{end}"))).sum();
        prop_assert!((mean(&answer, "attempts.made") - ended).abs() < 1e-6);
        if text.contains("budget") {
            // Recorded calls and the 450 or so before; full at the start in both isolates. A fallback is none of them.
            let retried = mean(&answer, "attempts.retried") - answer.mean("provider.p.fell_back").unwrap_or(0.0);
            prop_assert!(retried <= 0.2 * (mean(&answer, "calls.made") + 700.0) + 6.0, "{retried}");
        }
        if text.contains("[breaker.p]") {
            prop_assert!((0.0..=1.0).contains(&mean(&answer, "breaker.p.open_fraction")));
        }
        if text.contains("max_concurrency = 3\nmax_queue = 2\n") && !text.contains("fault") {
            prop_assert!(answer.metric("provider.p.in_flight.max").unwrap().max.unwrap() <= 5.0);
        }
    }
}

/// A provider that admits 30 attempts a day and 10 in any six hours, asked every half hour: of each six hours the first
/// ten are admitted, until at 18:00 the day is used up.
#[test]
fn quotas_of_a_provider() {
    let toml = r#"
[run]
horizon = "2d"
replications = 1
start = "2026-02-16T00:00:00Z"
[traffic.user]
arrivals = { process = "deterministic", per_hour = 2 }
[workflow.plan]
steps = [{ name = "call" }]
[provider.p]
latency = "0s"
quota = [{ limit = 30 }, { limit = 10, window = "6h" }]
"#;
    let found = answer(&model(toml));
    assert_eq!((mean(&found, "plans.completed"), mean(&found, "attempts.rate_limited")), (60.0, 36.0));
    assert_eq!(mean(&found, "provider.p.quota.attempts.exhausted_days_fraction"), 1.0);
    // 30 attempts: 10 from 00:00, 10 from 06:00, and the tenth from 12:00 comes at 16:30.
    assert_eq!(mean(&found, "provider.p.quota.attempts.exhausted_at_hour"), 16.5);
    assert_eq!(mean(&found, "provider.p.quota.attempts.2.exhausted_days_fraction"), 0.75);
    let ceilings = capsim::experiment::explain(&model(toml)).ceilings;
    let of = |limit: &str| ceilings.iter().find(|ceiling| ceiling.limit == limit).unwrap().plans_per_day;
    assert_eq!((of("provider.p.quota.attempts"), of("provider.p.quota.attempts.2")), (30.0, 40.0));
}

/// One call in fifty fails, one comes every three seconds: in 20 minutes there are eight failures, in one minute 0.4. A
/// share of 2 % would open neither.
#[test]
fn a_breaker_counts_the_failures_of_a_window() {
    let trips = |window: &str| {
        let text = format!(
            "[run]\nhorizon = \"1d\"\nreplications = 3\n[traffic.api]\narrivals = {{ process = \"poisson\", per_minute = 20 }}\n\
             [workflow.ask]\nsteps = [{{ name = \"ask\" }}]\n[provider.p]\nlatency = \"2s\"\n\
             errors = {{ server_error = 0.02 }}\n[breaker.p]\nwindow = {window}\nreset_timeout = \"5m\"\n"
        );
        mean(&answer(&model(&text)), "breaker.p.trips")
    };
    // The fifth failure comes after 12.5 minutes on average where the window forgets nothing; then it is shut for 5, so
    // that there are at most 1,440 ÷ 17.5 = 82.3 a day, give or take a few; with the last 20 minutes somewhat fewer.
    let found = trips("{ length = \"20m\", failures = 5 }");
    assert!((70.0..87.0).contains(&found), "{found}");
    assert!(trips("{ length = \"1m\", failures = 5 }") < 0.5);
    assert_eq!(trips("{ length = \"20m\", failure_rate = 0.5, min_calls = 5 }"), 0.0);
}
