//! `check`: what is wanted, what was observed, and what was there before.

use crate::common::answer;
use crate::outputs::{capsim, inputs, stderr};
use capsim::experiment::Verdict;
use std::fs;

/// Half of the calls fail, one call a plan.
const HALF: &str = "name = \"half\"\n[run]\nhorizon = \"10d\"\nreplications = 4\n[traffic.user]\n\
    arrivals = { process = \"poisson\", per_day = 400 }\n[workflow.w]\nsteps = [{ name = \"s\" }]\n[provider.p]\n\
    latency = \"1s\"\nerrors = { bad_request = 0.5 }\n";

fn half(more: &str) -> tempfile::TempDir {
    let folder = inputs();
    fs::write(folder.path().join("half.toml"), HALF.to_string() + more).unwrap();
    folder
}

#[test]
fn a_model_that_is_unlike_what_was_observed_is_told_from_one_that_breaks_an_objective() {
    for (bounds, code, verdict) in [
        ("{ min = 0.4, max = 0.6 }", 0, "pass"),
        ("{ max = 0.4 }", 14, "differs"),
        ("{ min = 0.6 }", 14, "differs"),
        ("{ min = 0.5, max = 0.6 }", 12, "not enough evidence"),
    ] {
        let folder = half(&format!("[observed]\n\"plans.failed_fraction\" = {bounds}\n"));
        let output = capsim(folder.path(), "check half.toml --format json");
        assert_eq!(output.status.code(), Some(code), "{bounds}: {}", stderr(&output));
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found["checks"][0]["against"], "observation");
        assert_eq!(found["checks"][0]["verdict"], verdict);
    }
    let folder = half(
        "[observed]\n\"plans.failed_fraction\" = { max = 0.4 }\n[objectives]\n\"plans.per_day\" = { min = 300 }\n",
    );
    assert_eq!(capsim(folder.path(), "check half.toml").status.code(), Some(10), "the objective first");
    let shown = String::from_utf8(capsim(folder.path(), "run half.toml").stdout).unwrap();
    assert!(shown.contains("Observed     differs    plans.failed_fraction <= 40 %"), "{shown}");
}

/// A search for something better is not held to what is there.
#[test]
fn what_was_observed_binds_no_search() {
    let folder = half("[observed]\n\"plans.failed_fraction\" = { min = 0.4 }\n");
    let output = capsim(
        folder.path(),
        "tune half.toml --knob provider.p.errors.bad_request=0.1,0.5 --minimise plans.failed_fraction --format json",
    );
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["best"][0]["set"]["provider.p.errors.bad_request"], "0.1", "{}", stderr(&output));
    assert_eq!(found["verdict"], "found");
}

#[test]
fn a_broken_model_can_be_kept_from_getting_worse() {
    let folder = half("[objectives]\n\"plans.failed_fraction\" = { max = 0.1 }\n");
    let code = |arguments: &str| capsim(folder.path(), arguments).status.code();
    assert_eq!(code("check half.toml --baseline b.json --bless"), Some(0));
    assert_eq!(code("check half.toml --baseline b.json"), Some(10));
    assert_eq!(code("check half.toml --baseline b.json --regressions-only"), Some(0));
    let set = "--set provider.p.errors.bad_request";
    assert_eq!(code(&format!("check half.toml --baseline b.json --regressions-only {set}=0.4")), Some(0));
    assert_eq!(code(&format!("check half.toml --baseline b.json --regressions-only {set}=0.6")), Some(11));
    assert_eq!(code("check half.toml --regressions-only"), Some(64), "worse than what?");
}

/// 1 − (1 − p)^(1/n) a call makes p a plan: within the interval at 99 %, of some 60,000 plans.
#[test]
fn an_error_rate_of_plans_is_spread_over_their_calls() {
    for calls in [1, 3, 9] {
        let text = HALF
            .replace("name = \"s\"", &format!("name = \"s\", calls = {calls}"))
            .replace("bad_request = 0.5", "plan_error = 0.05")
            .replace("replications = 4", "replications = 15");
        let answer = answer(&crate::common::model(&text));
        crate::common::holds("plan_error", &answer, "plans.failed_fraction", 0.05, 0.0);
    }
}

/// The model of what was seen on two days agrees with it.
#[test]
fn soft_failures_agree_with_what_was_seen() {
    let answer = answer(&crate::common::shipped("soft-failures.toml", &[]));
    assert!(answer.observed.len() == 2 && answer.observed.iter().all(|(_, verdict)| *verdict == Verdict::Met));
}
