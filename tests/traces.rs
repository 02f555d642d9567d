//! What a trace says of a call is used or refused, whoever does its work.

use crate::common::{answer_on, mean};
use capsim::model::{Model, Problems, Source, load};

/// A model whose plans do `step`, and a trace of one plan with these attempts of its one call.
fn traced(step: &str, attempts: &str) -> Result<Model, Problems> {
    let text = format!(
        "[run]\nhorizon = \"1h\"\nreplications = 1\n[traffic.user]\narrivals = {{ process = \"trace\", file = \"t.jsonl\" }}\n\
         [workflow.plan]\nsteps = [{{ name = \"only\", {step} }}]\n[provider.p]\nlatency = \"1s\"\n[d1.x]\nlatency = \"10ms\"\n\
         [retry.x]\nmax = 1\n[tiers.t]\nkeys = {{ law = \"same\" }}\ncompute = \"5s\"\ntier = [{{ name = \"m\" }}]\n\
         [store.kv]\nkind = \"kv\"\nlatency = {{ get = \"7ms\", put = \"9ms\" }}\n\
         [limiter.l]\npeople = {{ law = \"same\" }}\nper_day = 5\nstore = \"kv\"\n"
    );
    let line = format!("{{\"at_s\": 1, \"calls\": [[{attempts}]]}}\n");
    let source = Source { name: "m.toml".into(), bytes: text.into(), directory: ".".into() };
    load(source, &[], &move |_| Ok(line.clone().into()))
}

const STEPS: [&str; 4] = ["d1 = \"x\"", "lookup = \"t\"", "limiter = \"l\"", "provider = \"p\""];

#[test]
fn how_a_call_ends_that_asks_no_provider_is_simulated() {
    let entry = |latency: &str, outcome: &str| format!("{{\"latency_s\": {latency}, \"outcome\": \"{outcome}\"}}");
    let faulty = "{\"latency_s\": 0, \"outcome\": \"ok\", \"request_error\": true}";
    let thrice = [entry("0", "ok"), entry("0", "ok"), entry("0", "ok")].join(", ");
    for step in &STEPS[..3] {
        for (attempts, what) in [
            (entry("0", "server_error"), "calls[0].outcome"),
            (entry("0", "timeout"), "calls[0].outcome"),
            (faulty.into(), "calls[0].request_error"),
            (thrice.clone(), "3 attempts"),
        ] {
            let message = traced(step, &attempts).map(|model| model.name).expect_err(step).render(false);
            assert!(message.contains(what) && message.contains("the step \"only\" asks a"), "{message}");
        }
    }
    let late = traced("limiter = \"l\"", &entry("0.003", "ok")).map(|model| model.name).expect_err("ignored");
    assert!(late.render(false).contains("calls[0].latency_s"), "{}", late.render(false));
    // A provider ends as the trace says.
    let failed = answer_on(&traced("provider = \"p\"", &entry("3", "server_error")).unwrap(), 1);
    assert_eq!(["calls.failed", "attempts.errored"].map(|metric| mean(&failed, metric)), [1.0, 1.0]);
}

#[test]
fn the_latency_of_a_trace_is_used() {
    for (step, latency, took) in [
        (STEPS[0], "3", 3.0),
        (STEPS[1], "4", 4.0),
        (STEPS[2], "0", 0.016), // of its store
        (STEPS[3], "2.5", 2.5),
    ] {
        let model = traced(step, &format!("{{\"latency_s\": {latency}, \"outcome\": \"ok\"}}")).unwrap();
        assert_eq!(mean(&answer_on(&model, 1), "plan.latency.max"), took, "{step}");
    }
}
