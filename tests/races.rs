//! Hedges: the first success counts, and what becomes of the others.

use crate::common::{answer, answer_on, holds, in_range, mean, model};
use capsim::experiment::Answer;
use proptest::prelude::*;

/// Exponential answers of 8 s, a hedge at once, one call a second.
fn race(provider: &str) -> String {
    format!(
        "[run]\nhorizon = \"20500s\"\nwarmup = \"500s\"\nreplications = 8\n\
         [traffic.user]\narrivals = {{ process = \"poisson\", per_second = 1.0 }}\n\
         [workflow.plan]\nsteps = [{{ name = \"s\" }}]\n\
         [provider.p]\nlatency = {{ dist = \"exponential\", mean = \"8s\" }}\n{provider}\n[hedge.p]\nafter = \"1ns\"\n"
    )
}

/// Both run for the shorter of two times of 8 s, 4 s on average; who does not stop runs for 8 s, whoever waits for it.
#[test]
fn a_loser_stops_or_goes_on_for_nobody() {
    for slots in ["", "max_concurrency = 1000000"] {
        let stops = answer(&model(&race(&format!("{slots}\noutlives_client = false"))));
        holds("stops", &stops, "provider.p.in_flight.mean", 8.0, 0.0);
        assert_eq!(mean(&stops, "provider.p.in_flight.abandoned"), 0.0);
        assert_eq!(mean(&stops, "provider.p.attempts.billed"), mean(&stops, "calls.succeeded"));
        let outlives = answer(&model(&race(&format!("{slots}\noutlives_client = true"))));
        holds("outlives", &outlives, "provider.p.in_flight.mean", 16.0, 0.0);
        holds("outlives", &outlives, "provider.p.in_flight.abandoned", 8.0, 0.0);
        for answer in [&stops, &outlives] {
            in_range(answer);
            holds("the first of two", answer, "plan.latency.mean", 4.0, 0.0);
            holds("either", answer, "hedge.p.won", 10_000.0, 0.0);
        }
        let [sent, abandoned, billed] =
            ["sent", "abandoned", "billed"].map(|what| mean(&outlives, &format!("provider.p.attempts.{what}")));
        assert!((abandoned - sent / 2.0).abs() < 20.0, "{abandoned} of {sent}");
        assert!((sent - billed).abs() < 30.0, "all are worked on to the end, but for the last");
    }
}

/// A provider of two slots, hedges after a second, and what each call should make of it, by hand.
fn story(provider: &str, latencies: &[(f64, f64)], more: &str) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.jsonl");
    let lines: Vec<String> = latencies
        .iter()
        .map(|(at, latency)| {
            format!("{{\"at_s\": {at}, \"calls\": [[{{\"latency_s\": {latency}, \"outcome\": \"ok\"}}]]}}")
        })
        .collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let text = format!(
        "[run]\nhorizon = \"100s\"\nreplications = 1\n[traffic.user]\narrivals = {{ process = \"trace\", file = {file:?} }}\n\
         [workflow.plan]\nsteps = [{{ name = \"s\" }}]\n[provider.p]\nlatency = \"1s\"\n{provider}\n[hedge.p]\nafter = \"1s\"\n{more}"
    );
    answer_on(&model(&text), 1)
}

/// Slots are given in the order of arrival. The first call has one slot from 0 to 5, and its hedge the other from 1; the
/// second call waits, and its hedge behind it. At 5 the first is answered: its hedge stops, and both slots are free, so
/// that the second and its hedge begin; the second is answered at 7.
#[test]
fn what_a_loser_leaves_is_for_who_waits() {
    let slots = "max_concurrency = 2\nmax_queue = 9";
    let stops = story(&format!("{slots}\noutlives_client = false"), &[(0.0, 5.0), (2.0, 2.0)], "");
    assert_eq!(mean(&stops, "plan.latency.max"), 5.0);
    assert_eq!(mean(&stops, "plan.latency.mean"), f64::midpoint(5.0, 7.0 - 2.0));
    // From 0 on there is one, from 1 two, from 2 three, from 3 four, from 5 to 7 two.
    let attempt_seconds = |answer: &Answer| mean(answer, "provider.p.in_flight.mean") * 100.0;
    assert!((attempt_seconds(&stops) - (1.0 + 2.0 + 3.0 + 4.0 * 2.0 + 2.0 * 2.0)).abs() < 1e-9);
    // A hedge that goes on has its slot until 6: the second has the one that is free at 5, its hedge the other.
    let outlives = story(&format!("{slots}\noutlives_client = true"), &[(0.0, 5.0), (2.0, 2.0)], "");
    assert_eq!(mean(&outlives, "plan.latency.mean"), f64::midpoint(5.0, 7.0 - 2.0));
    // The first hedge goes on for nobody from 5 to 6, the second from 7 to 8.
    assert!((mean(&outlives, "provider.p.in_flight.abandoned") * 100.0 - 2.0).abs() < 1e-9);
    assert_eq!(mean(&outlives, "provider.p.attempts.abandoned"), 2.0);
    assert_eq!(mean(&outlives, "provider.p.attempts.billed"), 4.0);
    assert_eq!(mean(&stops, "provider.p.attempts.billed"), 2.0);
}

/// A timeout of 3 s cuts each attempt of a race by itself, and the slots of who is cut are free for the rest.
#[test]
fn a_race_is_lost_when_its_last_attempt_is_cut() {
    let provider = "max_concurrency = 9\nrequest_timeout = \"3s\"\noutlives_client = false";
    let answer = story(provider, &[(0.0, 50.0)], "max = 2\n");
    assert_eq!(["attempts.made", "attempts.timed_out", "hedge.p.sent"].map(|m| mean(&answer, m)), [1.0, 1.0, 2.0]);
    // Sent at 0, 1 and 2; cut at 3, 4 and 5.
    assert!((mean(&answer, "provider.p.in_flight.mean") * 100.0 - 9.0).abs() < 1e-9);
    assert_eq!(mean(&answer, "provider.p.in_flight.max"), 3.0);
}

/// A retry is another race, and nothing of the one before goes on in it.
#[test]
fn a_retry_races_anew() {
    let provider = "max_concurrency = 9\nrequest_timeout = \"1500ms\"\noutlives_client = false";
    let retry = "[retry.p]\nmax = 2\nbackoff = { kind = \"constant\", base = \"250ms\", jitter = \"none\" }\n";
    let answer = story(provider, &[(0.0, 50.0)], retry);
    // Races of 2.5 s: one attempt at once, one after 1 s; waits of 250 ms between them.
    assert_eq!(["attempts.made", "attempts.timed_out", "hedge.p.sent"].map(|m| mean(&answer, m)), [3.0, 3.0, 3.0]);
    assert!((mean(&answer, "provider.p.in_flight.mean") * 100.0 - 6.0 * 1.5).abs() < 1e-9);
}

/// With one connection there is no room for a hedge.
#[test]
fn a_hedge_needs_a_connection() {
    let text = race("outlives_client = false").replace("[traffic.user]", "[platform]\nconnections = 1\n[traffic.user]");
    let alone = answer(&model(&text));
    assert_eq!(mean(&alone, "hedge.p.sent"), 0.0);
    holds("alone", &alone, "plan.latency.mean", 8.0, 0.0);
}

/// Two connections: `a` has one from 0 and one for its hedge from 1 on; `z` has one until 0.5; `b` wants one at 2 and gets
/// that of the first attempt, which is cut at 3. The hedge is cut at 4.
#[test]
fn an_attempt_that_is_over_gives_its_connection_back_though_the_race_goes_on() {
    let text = "[run]\nhorizon = \"1h\"\nreplications = 1\n[platform]\nconnections = 2\n\
                [traffic.user]\narrivals = { process = \"deterministic\", per_hour = 1 }\n[workflow.plan]\non_call_error = \"continue\"\n\
                steps = [{ name = \"a\", provider = \"p\", latency = \"50s\" }, { name = \"z\", provider = \"z\", latency = \"500ms\" },\n\
                { name = \"w\", lookup = \"t\", after = [\"z\"] }, { name = \"b\", provider = \"z\", latency = \"1s\", after = [\"w\"] }]\n\
                [provider.p]\nlatency = \"50s\"\nrequest_timeout = \"3s\"\n[provider.z]\nlatency = \"1s\"\n[hedge.p]\nafter = \"1s\"\n\
                [tiers.t]\nkeys = { law = \"same\" }\ncompute = \"1500ms\"\ntier = [{ name = \"m\" }]\n";
    let answer = answer_on(&model(text), 1);
    assert_eq!(mean(&answer, "invocation.connections.wait.max"), 1.0);
    assert_eq!(["plan.latency.max", "hedge.p.sent", "attempts.timed_out"].map(|m| mean(&answer, m)), [4.0, 1.0, 1.0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands around a race: as much is there as has come and not gone, and the conservation of attempts holds.
    #[test]
    fn races_balance(
        slots in 1_u32..6, places in 0_u32..6, outlives in any::<bool>(), after in 1_u32..6, max in 1_u32..9,
        hang in 0_u32..2, retries in 0_u32..3, isolates in any::<bool>(), seed in any::<u32>(),
    ) {
        let isolates = if isolates { "[isolates]\nmin = 1\nmax = 3\nlifetime = \"10m\"\n" } else { "" };
        let text = format!(
            "[run]\nhorizon = \"5h\"\nreplications = 2\nseed = {seed}\n\
             [traffic.user]\narrivals = {{ process = \"poisson\", per_hour = 400 }}\n\
             [workflow.plan]\non_call_error = \"continue\"\nsteps = [{{ name = \"s\", calls = 2, parallel = 2 }}]\n\
             [provider.p]\nlatency = {{ dist = \"exponential\", mean = \"5s\" }}\nerrors = {{ server_error = 0.2 }}\nrequest_timeout = \"9s\"\n\
             max_concurrency = {slots}\nmax_queue = {places}\noutlives_client = {outlives}\nhang = 0.{hang}\n\
             outage = {{ mean_up = \"1h\", mean_down = \"5m\", fault = \"timeout\" }}\n\
             [retry.p]\nmax = {retries}\n[hedge.p]\nafter = \"{after}s\"\nmax = {max}\n{isolates}"
        );
        let answer = answer_on(&model(&text), 1);
        in_range(&answer);
        let sum = |what: &str| what.split(' ').filter_map(|what| answer.mean(&format!("attempts.{what}"))).sum::<f64>();
        prop_assert!((sum("made") - sum("succeeded timed_out errored rate_limited lost in_flight")).abs() < 1e-6);
        let sent = mean(&answer, "provider.p.attempts.sent") - mean(&answer, "hedge.p.sent");
        prop_assert!((sent - sum("made")).abs() < 1e-6, "{sent}");
    }
}
