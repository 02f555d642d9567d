//! What a trace says of a call is used or refused, whoever does its work.

use crate::common::{answer_on, mean};
use capsim::model::{Arrivals, Model, Problems, Source, load};

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

/// A model whose plans come at the times of a file, and whose calls take what its laws say.
fn timed(file: &str, bytes: Vec<u8>) -> Result<Model, Problems> {
    let text = format!(
        "[run]\nhorizon = \"1h\"\nreplications = 2\n[traffic.user]\narrivals = {{ process = \"trace\", file = \"{file}\" }}\n\
         [workflow.plan]\nsteps = [{{ name = \"chat\", calls = 2 }}]\n[provider.p]\nlatency = \"3s\"\nerrors = {{ server_error = 1 }}\n"
    );
    load(Source { name: "m.toml".into(), bytes: text.into(), directory: ".".into() }, &[], &move |_| Ok(bytes.clone()))
}

/// When the plans of the first class come, in nanoseconds.
fn times(model: &Model) -> Vec<u64> {
    let Arrivals::Trace { plans } = &model.classes[0].arrivals else { panic!("a trace") };
    plans.iter().map(|plan| plan.at.nanos()).collect()
}

#[test]
fn a_log_of_arrivals_is_replayed_with_the_laws_of_the_model() {
    let log = |name: &str| std::fs::read(format!("{}/tests/logs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for (file, bytes, at) in [
        ("burstgpt.csv", log("burstgpt.csv"), vec![5_000_000_000, 45_000_000_000, 118_000_000_000]),
        // Dates count from the first.
        ("azure.csv", log("azure.csv"), vec![0, 4_314_579_000, 4_541_977_000]),
        ("own.jsonl", b"{\"at_s\": 12.5}\n{\"at_s\": 3}\n".to_vec(), vec![3_000_000_000, 12_500_000_000]),
        ("packed.gz", log("camel.jsonl.gz"), (0..12).map(|i| i * 1_000_000_000).chain([100_000_000_000]).collect()),
    ] {
        let model = timed(file, bytes).unwrap_or_else(|problems| panic!("{file}: {problems}"));
        assert_eq!(times(&model), at, "{file}");
        let answer = answer_on(&model, 1);
        assert_eq!(mean(&answer, "plans.offered"), at.len() as f64, "{file}");
        // Every call fails after the 3 s of the law: the log says nothing of that.
        assert_eq!(mean(&answer, "plans.failed_fraction"), 1.0, "{file}");
        assert_eq!(mean(&answer, "attempts.errored"), at.len() as f64, "{file}");
    }
}

#[test]
fn a_log_without_times_is_refused_kindly() {
    let refused = |bytes: &str| timed("l.csv", bytes.into()).map(|model| model.name).expect_err(bytes).render(false);
    let said = refused("user,tokens\na,5\nb,6\n");
    assert!(
        said.contains("unclear which column says when requests came") && said.contains("call the column `timestamp`"),
        "{said}"
    );
    let said = refused("timestamp,tokens\n5,1\nsoon,6\n");
    assert!(said.contains("l.csv:3") && said.contains("not a time") && said.contains("soon"), "{said}");
    let said = refused("[{\"at_s\": 1, \"calls\": []}]");
    assert!(said.contains("this looks like a JSON array, but a trace is JSON Lines"), "{said}");
}
