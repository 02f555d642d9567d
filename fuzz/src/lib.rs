//! What each target does with the bytes it is given. A target answers with nothing and must not panic, hang or report an
//! internal error. The battery of tests includes this file and calls the same bodies on the seed corpus and on simple
//! changes of it, on stable Rust and without libFuzzer (`tests/fuzzing.rs`).

use capsim::experiment::{Axis, Failure, Options, Precision, explain, fit_file, run};
use capsim::model::{Model, Reading, Source, load, measurements};
use capsim::report;
use capsim::units::{Bytes, Span, Timestamp, Zone};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// A target: its name, which is that of its corpus, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("model", model),
    ("model_run", model_run),
    ("trace", trace),
    ("fit", latencies),
    ("baseline", baseline),
    ("point", point),
    ("overrides", overrides),
    ("units", units),
];

/// What keeps a run short whatever a model says.
const SHORT: [&str; 4] =
    ["run.max_events=3000", "run.max_plans_alive=500", "run.max_records=1000", "run.replications=2"];

/// A model whose traffic is a file, and to which `--set` adds.
const RECORDED: &str = r#"
[run]
horizon = "2h"
[traffic.user]
arrivals = { process = "trace", file = "t.jsonl" }
[workflow.plan]
steps = [{ name = "first", queue = "q" }, { name = "rest", queue = "q", after = ["first"], calls = 2 }]
[provider.p]
latency = "4s"
request_timeout = "12s"
[retry.p]
max = 2
[queue.q]
max_concurrency = 2
max_queue = 1
"#;

fn read(text: &[u8], set: &[String], trace: &[u8]) -> Option<Model> {
    let source = Source { name: "m.toml".into(), bytes: text.to_vec(), directory: "".into() };
    let files = |path: &std::path::Path| match path.to_str() {
        Some("t.jsonl") => Ok(trace.to_vec()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    match load(source, set, &files) {
        Ok(model) => Some(model),
        Err(problems) => {
            assert!(!problems.list().is_empty() && !problems.render(false).is_empty());
            assert!(!problems.list().iter().any(|problem| problem.what.contains("defect of capsim")));
            None
        }
    }
}

fn simulate(model: &Model) {
    let answer = |jobs: usize| match run(model, &Options { jobs: NonZeroUsize::new(jobs).unwrap() }, &|_, _| true) {
        Ok(answer) => Some(report::Report::of(&answer).json()),
        Err(Failure::Internal(why)) => panic!("{why}"),
        Err(_) => None,
    };
    assert_eq!(answer(1), answer(2), "one thread and two");
}

/// The text of a model: a model or a list of problems.
pub fn model(data: &[u8]) {
    if let Some(model) = read(data, &[], &[]) {
        let arithmetic = explain(&model);
        report::Report::Arithmetic(&model.name, &model.description, &arithmetic).text(report::Screen::PLAIN);
    }
}

/// The text of a model, and a short run of two replications.
pub fn model_run(data: &[u8]) {
    if let Some(model) = read(data, &SHORT.map(String::from), &[]) {
        simulate(&model);
    }
}

/// A recorded file, replayed.
pub fn trace(data: &[u8]) {
    if let Some(model) = read(RECORDED.as_bytes(), &SHORT.map(String::from), data) {
        simulate(&model);
    }
}

/// Measured latencies, and the laws that fit them.
pub fn latencies(data: &[u8]) {
    let data = &data[..data.len().min(4_000)]; // estimating takes its time
    let source = Source { name: "l.csv".into(), bytes: data.to_vec(), directory: "".into() };
    if let Ok(Ok(found)) = measurements(&source, &Reading::default()).map(fit_file) {
        assert!(!report::Report::Fit("l", &found).text(report::Screen::PLAIN).contains("NaN"));
    }
}

/// A stored baseline.
pub fn baseline(data: &[u8]) {
    if let Ok(baseline) = report::read_baseline(&String::from_utf8_lossy(data)) {
        assert!(baseline.values.values().flatten().flatten().all(|value| value.is_finite()));
    }
}

/// A stored point of a sweep: none but the one that was asked for, and not that either with a bit flipped, which the
/// first three bytes choose.
pub fn point(data: &[u8]) {
    let asked = report::PointOf {
        digest: "0".into(),
        seed: 1,
        replications: 2,
        zone_data: None,
        set: vec![("queue.q.max_concurrency".into(), "3".into())],
    };
    assert!(asked.read(&String::from_utf8_lossy(data)).is_err());
    let number = data.get(3..11).map_or(0.25, |bytes| f64::from_le_bytes(bytes.try_into().unwrap_or_default()));
    let mean = Some(number).filter(|number| number.is_finite());
    let cell = report::Cell { unit: "s".into(), mean, ci95: mean.map(|mean| (mean, mean)) };
    let cells = BTreeMap::from([("a.b".to_string(), cell)]);
    let text = asked.json(&cells);
    assert_eq!(asked.read(&text), Ok(cells));
    if let [place, high, bit, ..] = *data {
        let mut bytes = text.into_bytes();
        let at = (usize::from(place) + 256 * usize::from(high)) % bytes.len();
        bytes[at] ^= 1 << (bit % 8);
        if let Ok(flipped) = String::from_utf8(bytes) {
            assert!(asked.read(&flipped).is_err(), "{flipped}");
        }
    }
}

/// What stands after `--set`, `--vary` and `--precision`.
pub fn overrides(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let set: Vec<String> = text.lines().take(8).map(String::from).collect();
    let trace = br#"{"at_s": 1, "calls": [[{"latency_s": 2, "outcome": "ok"}], [{"latency_s": 2, "outcome": "ok"}], [{"latency_s": 2, "outcome": "ok"}]]}"#;
    read(RECORDED.as_bytes(), &set, trace);
    for line in &set {
        let _ = Axis::parse(line);
        let _ = Precision::share(line);
    }
}

/// Numbers with a unit: what is read is written so that it reads the same.
pub fn units(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(span) = Span::parse(&text) {
        assert_eq!(Span::parse(&span.to_string()), Ok(span), "{text:?}");
    }
    if let Ok(bytes) = Bytes::parse(&text) {
        assert!(Bytes::parse(&bytes.to_string()).is_ok(), "{text:?}: {bytes}");
    }
    let _ = Timestamp::parse(&text).map(|date| date.to_string());
    let _ = Zone::parse(&text).map(|zone| zone.name().to_string());
}
