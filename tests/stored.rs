//! What is stored between runs, baselines and points of a sweep, is believed only where it is what capsim has written
//! for the same question.

use crate::outputs::{capsim, contents, inputs, stderr};
use capsim::report;
use serde_json::Value;
use std::fs;
use std::path::Path;

const SWEEP: &str = "sweep m.toml --vary queue.ai.max_concurrency=1,2,3 --out s --format json";

fn blessed(here: &Path, more: &str) -> String {
    let output = capsim(here, &format!("check m.toml --baseline b.json --bless {more}"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    fs::read_to_string(here.join("b.json")).unwrap()
}

/// A bit of every byte; the form itself is tested with every bit.
#[test]
fn a_flipped_bit_of_a_baseline_is_noticed() {
    let folder = inputs();
    let text = blessed(folder.path(), "");
    assert!(report::read_baseline(&text).is_ok());
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1 << (at % 8);
        assert!(report::read_baseline(&String::from_utf8_lossy(&bytes)).is_err(), "byte {at}");
    }
    assert!((0..text.len()).step_by(7).all(|end| report::read_baseline(&text[..end]).is_err()), "cut off");
}

/// The verdict, and why.
#[test]
fn a_baseline_of_something_else_is_refused_by_name() {
    let folder = inputs();
    let here = folder.path();
    let text = blessed(here, "");
    let judged = |more: &str| {
        let output = capsim(here, &format!("check m.toml --baseline b.json --format json {more}"));
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), verdict["no_baseline"].as_str().unwrap_or_default().to_string())
    };
    assert_eq!(judged(""), (0, String::new()));
    for (more, why) in [
        ("--seed 7", "the seed is 1 there and 7 here"),
        ("--replications 3", "the replications are 2 there and 3 here"),
        ("--set run.horizon=13h", "the horizon is 12h there and 13h here"),
        ("--set run.warmup=1h", "the warm-up is 0s there and 1h here"),
        ("--set run.start=2026-02-16T00:00:00Z", "it starts at 2026-01-01T00:00:00Z there"),
        ("--set name=other", "the model is m there and other here"),
        ("--set traffic.user.arrivals.per_day=901", "the traffic differs"),
        ("--set objectives.\"plans.failed_fraction\".max=0.4", "the objectives differ"),
        (
            "--set platform.requests={limit=9000,window=\"day\",zone=\"Europe/Sofia\"}",
            "the version of the time zones is none there",
        ),
    ] {
        let (code, found) = judged(more);
        assert!(code == 13 && found.contains(why), "{more}: {code} {found}");
    }
    // A model that has changed in anything else is what a baseline is for.
    assert_eq!(judged("--set queue.ai.max_queue=50").1, "");
    for (stored, why) in [
        (String::new(), "it is empty"),
        ("{}".into(), "it is not a baseline"),
        ("name = \"m\"".into(), "it is not a baseline"),
        (text[..text.len() - 1].into(), "it is damaged"),
        (text[..300].into(), "it is damaged"),
        (text.replacen("\"seed\": 1,", "\"seed\": 2,", 1), "it is damaged"),
        (text.replacen("\"capsim_baseline\": 2", "\"capsim_baseline\": 1", 1), "it has format 1"),
        (text.replace("\n", "\r\n"), ""),
    ] {
        fs::write(here.join("b.json"), &stored).unwrap();
        let (code, found) = judged("");
        let expected = if why.is_empty() { 0 } else { 13 };
        assert!(code == expected && found.contains(why), "{code} {found}: {stored}");
    }
}

#[test]
fn a_stored_point_that_is_not_the_point_is_simulated_anew() {
    let folder = inputs();
    let here = folder.path();
    let whole = capsim(here, SWEEP);
    assert_eq!(whole.status.code(), Some(0), "{}", stderr(&whole));
    let stored = contents(&here.join("s/points"));
    assert_eq!(stored.len(), 3);
    let put = |name: &str, bytes: &[u8]| fs::write(here.join("s/points").join(name), bytes).unwrap();
    let resumed = |warned: usize, why: &str| {
        let output = capsim(here, &format!("{SWEEP} --resume"));
        let (code, said) = (output.status.code(), stderr(&output));
        assert_eq!((code, said.matches("is not used").count()), (Some(0), warned), "{why}: {said}");
        assert!(said.contains(why), "{why}: {said}");
        assert!(output.stdout == whole.stdout, "{why}: other results");
        assert!(contents(&here.join("s/points")) == stored, "{why}: the point is stored again");
    };
    resumed(0, "");
    let [(a, one), (b, two), _] = &stored[..] else { unreachable!() };
    let text = String::from_utf8(one.clone()).unwrap();
    for (bytes, why) in [
        (&b""[..], "it is empty"),
        (b"{}", "it is not a point of a sweep"),
        (&one[..one.len() / 2], "it is damaged"),
        (two, "it is of another digest"),
        (text.replacen("\"seed\": 1,", "\"seed\": 2,", 1).as_bytes(), "it is damaged"),
    ] {
        put(a, bytes);
        resumed(1, why);
    }
    put(a, two);
    put(b, one);
    resumed(2, "it is of another digest");
    // A bit in every byte, through the door that `--resume` takes.
    let json: Value = serde_json::from_slice(one).unwrap();
    let set = json["set"].as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().into())).collect();
    let digest = json["digest"].as_str().unwrap().to_string();
    let of = report::PointOf { digest, seed: 1, replications: 2, zone_data: None, set };
    assert!(of.read(&text).is_ok());
    for at in 0..one.len() {
        let mut bytes = one.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(of.read(&String::from_utf8_lossy(&bytes)).is_err(), "byte {at}");
    }
    // The same point of another sweep.
    for other in [
        report::PointOf { seed: 2, ..of.clone() },
        report::PointOf { replications: 3, ..of.clone() },
        report::PointOf { digest: "x".into(), ..of.clone() },
        report::PointOf { zone_data: Some("2025a".into()), ..of.clone() },
        report::PointOf { set: vec![("queue.ai.max_concurrency".into(), "9".into())], ..of.clone() },
    ] {
        assert!(other.read(&text).unwrap_err().starts_with("it is of another "));
    }
}

/// A newer table of time zones may move a midnight: the report says which one it was, where the model names a zone.
#[test]
fn the_version_of_the_time_zones_is_in_the_report() {
    let folder = inputs();
    let report = |more: &str| -> Value {
        serde_json::from_slice(&capsim(folder.path(), &format!("run m.toml --format json {more}")).stdout).unwrap()
    };
    let sofia = report("--set platform.requests={limit=9000,window=\"day\",zone=\"Europe/Sofia\"}");
    assert!(sofia["zone_data"].as_str().is_some_and(|version| version.len() == 5), "{}", sofia["zone_data"]);
    assert!(report("")["zone_data"].is_null());
}
