//! Stories of calls and their plans, each told by hand.

use crate::common::{answer, answer_on, holds, mean, model};

/// One plan an hour for an hour, so that it is alone.
fn once(steps: &str, rest: &str) -> String {
    format!(
        "[run]\nhorizon = \"1h\"\nreplications = 1\n[traffic.user]\narrivals = {{ process = \"deterministic\", per_hour = 1 }}\n\
         [workflow.plan]\nsteps = [{steps}]\n{rest}"
    )
}

/// A step waits for all that it stands after: 1 s, then 2 s and 5 s beside each other, then 3 s.
#[test]
fn a_step_waits_for_all_its_predecessors() {
    let step = |name: &str, latency: u32, after: &str| {
        format!("{{ name = \"{name}\", latency = \"{latency}s\", after = [{after}] }}")
    };
    let steps =
        [step("a", 1, ""), step("b", 2, "\"a\""), step("c", 5, "\"a\""), step("d", 3, "\"b\", \"c\"")].join(", ");
    let text = once(&steps, "[provider.p]\nlatency = \"9s\"\n");
    assert_eq!(mean(&answer_on(&model(&text), 1), "plan.latency.max"), 9.0);
}

/// The waits of decorrelated backoff are a chain, each uniform from 1 s to three times the one before: 2, 3.5 and 5.75 s
/// on average, with answers that take no time. The same inside a deadline, where policies keep the chain.
#[test]
fn decorrelated_waits_are_a_chain() {
    for deadline in ["", "deadline = \"2h\""] {
        let text = format!(
            "[run]\nhorizon = \"20000m\"\nreplications = 8\n[traffic.user]\narrivals = {{ process = \"deterministic\", per_minute = 1 }}\n\
             [workflow.plan]\non_call_error = \"continue\"\nsteps = [{{ name = \"a\" }}]\n\
             [provider.p]\nlatency = \"0s\"\nerrors = {{ server_error = 1.0 }}\n\
             [retry.p]\nmax = 3\n{deadline}\nbackoff = {{ kind = \"decorrelated\", base = \"1s\", cap = \"1h\" }}\n"
        );
        holds("a chain", &answer(&model(&text)), "plan.latency.mean", 2.0 + 3.5 + 5.75, 0.0);
    }
}

/// Each attempt takes 4 s and fails, 3 s apart, with 5 s from the arrival in the queue. Who keeps its slot has not waited,
/// and has the whole time again.
#[test]
fn a_held_slot_is_no_wait() {
    let rest = "[provider.p]\nlatency = \"4s\"\nerrors = { server_error = 1.0 }\nrequest_timeout = \"5s\"\ntimeout_from = \"arrival\"\n\
                [queue.q]\nmax_concurrency = 1\n\
                [retry.p]\nmax = 1\nbackoff = { kind = \"constant\", base = \"3s\", jitter = \"none\" }\n";
    for more in ["", "deadline = \"1h\"\n"] {
        let text = once("{ name = \"a\", queue = \"q\" }", &format!("{rest}{more}"));
        let answer = answer_on(&model(&text), 1);
        assert_eq!(
            ["attempts.errored", "attempts.timed_out"].map(|metric| mean(&answer, metric)),
            [2.0, 0.0],
            "{more}"
        );
    }
}

/// `hold_slot` is of the outermost layer: inside it an SDK keeps the slot of its call while it waits. The first call tries
/// from 0 to 1 and from 3 to 4; the second comes to the queue at 1.5 s.
#[test]
fn an_inner_layer_keeps_the_slot() {
    let text = |layers: &str| {
        format!(
            "[run]\nhorizon = \"1h\"\nreplications = 1\n[traffic.a]\nworkflow = \"at_once\"\narrivals = {{ process = \"deterministic\", per_hour = 1 }}\n\
             [traffic.b]\nworkflow = \"later\"\narrivals = {{ process = \"deterministic\", per_hour = 1 }}\n\
             [workflow.at_once]\nsteps = [{{ name = \"ask\", provider = \"p\", queue = \"q\" }}]\n\
             [workflow.later]\nsteps = [{{ name = \"first\", provider = \"z\" }}, {{ name = \"ask\", provider = \"z\", queue = \"q\", after = [\"first\"] }}]\n\
             [provider.p]\nlatency = \"1s\"\nerrors = {{ server_error = 1.0 }}\n[provider.z]\nlatency = \"1500ms\"\n\
             [queue.q]\nmax_concurrency = 1\n[retry.p]\nhold_slot = false\n{layers}\n"
        )
    };
    let wait = "backoff = { kind = \"constant\", base = \"2s\", jitter = \"none\" }";
    let of = |layers: &str| mean(&answer_on(&model(&text(layers)), 1), "queue.q.wait.max");
    assert_eq!(of(&format!("max = 0\nsdk = {{ max = 1, {wait} }}")), 2.5);
    assert_eq!(of(&format!("max = 0\nproxy = {{ max = 1, {wait} }}")), 2.5);
    // The outermost gives it back, and queues again: free when the second comes, and taken until 3.
    assert_eq!(of(&format!("max = 1\n{wait}")), 0.0);
}

/// One rule for each way in which a call does not succeed: with `continue` its plan goes on and is completed.
#[test]
fn a_call_that_does_not_succeed_lets_its_plan_go_on() {
    let two = |rule: &str, provider: &str, queue: &str, more: &str| {
        format!(
            "[run]\nhorizon = \"100s\"\nreplications = 1\n{more}\
             [traffic.a]\narrivals = {{ process = \"deterministic\", per_hour = 1 }}\n[traffic.b]\narrivals = {{ process = \"deterministic\", per_hour = 1 }}\n\
             [workflow.plan]\non_call_error = \"{rule}\"\nsteps = [{{ name = \"one\", queue = \"q\" }}, {{ name = \"two\", after = [\"one\"] }}]\n\
             [provider.p]\nlatency = \"10s\"\n{provider}\n[queue.q]\nmax_concurrency = 1\n{queue}\n"
        )
    };
    let denied = "[platform]\nsubrequests_external = 1\n";
    for (name, provider, queue, more, ends) in [
        ("out of patience", "", "patience = \"1s\"", "", ["plans.abandoned", "calls.abandoned"]),
        ("refused", "", "max_queue = 0", "", ["plans.overloaded", "calls.refused"]),
        ("failed", "errors = { server_error = 1.0 }", "", "", ["plans.failed_fraction", "calls.failed"]),
        ("timed out", "request_timeout = \"5s\"", "", "", ["plans.failed_fraction", "calls.failed"]),
        ("denied", "", "", denied, ["plans.failed_fraction", "calls.failed"]),
        (
            "kept back",
            "errors = { server_error = 1.0 }\n[breaker.p]\nfail_max = 1",
            "",
            "",
            ["plans.failed_fraction", "calls.failed"],
        ),
    ] {
        let [aborts, goes_on] =
            ["abort", "continue"].map(|rule| answer_on(&model(&two(rule, provider, queue, more)), 1));
        assert_eq!(mean(&goes_on, "plans.completed"), 2.0, "{name}");
        assert!(mean(&aborts, "plans.completed") < 2.0, "{name}");
        for metric in ends {
            assert!(mean(&aborts, metric) > 0.0, "{name}: {metric}");
        }
        assert!(mean(&goes_on, ends[1]) > 0.0, "{name}");
    }
}
