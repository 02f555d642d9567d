//! The same of data: traces, measured latencies, stored baselines and points; and of the command line.

use super::twist::{DURATIONS, Dice, NUMBERS, STRINGS};
use super::{GUARD, are_clear, config, runs};
use capsim::experiment::{self, Options};
use capsim::model::{Model, Reading, Source, load, measurements};
use capsim::report;
use capsim::units::Span;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A model whose traffic and latencies are files.
const RECORDED: &str = r#"
name = "recorded"
[run]
horizon = "2h"
[platform]
preset = "cloudflare-free"
isolates = 3
[traffic.user]
workflow = "plan"
arrivals = { process = "trace", file = "t.jsonl" }
[traffic.admin]
workflow = "other"
arrivals = { process = "trace", file = "t.jsonl" }
[workflow.plan]
steps = [{ name = "first", queue = "q" }, { name = "rest", queue = "q", after = ["first"], calls = 2 }]
[workflow.other]
steps = [{ name = "ask", queue = "q", latency = { dist = "empirical", file = "l.txt" } }]
[provider.p]
latency = "4s"
request_timeout = "12s"
[retry.p]
max = 2
[queue.q]
max_concurrency = 2
max_queue = 1
[logging]
strategy = "hybrid"
[objectives]
"plans.failed_fraction" = { max = 0.5 }
"#;

const TRACE: &str = r#"{"at_s": 0, "class": "user", "isolate": 0, "calls": [[{"latency_s": 6.12, "outcome": "ok"}], [{"latency_s": 13.5, "outcome": "ok"}, {"latency_s": 0.7, "outcome": "server_error"}], [{"latency_s": 2.6, "outcome": "ok", "request_error": true}]]}
{"at_s": 12.5, "class": "user", "calls": [[{"latency_s": 1, "outcome": "rate_limited"}], [{"latency_s": 1, "outcome": "ok"}], [{"latency_s": 1, "outcome": "ok"}]]}
{"at_s": 100, "class": "admin", "isolate": 2, "calls": [[{"latency_s": 3, "outcome": "parse_failure"}]]}
"#;

const LATENCIES: &str = "1.5\n2.25\n3\n4\n11.75\n";

fn recorded(trace: &[u8], latencies: &[u8], overrides: &[&str]) -> Result<Model, capsim::model::Problems> {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_string()).collect();
    let source = Source { name: "m.toml".into(), bytes: RECORDED.as_bytes().to_vec(), directory: "".into() };
    load(source, &overrides, &|path| match path.file_name().and_then(|name| name.to_str()) {
        Some("t.jsonl") => Ok(trace.to_vec()),
        Some("l.txt") => Ok(latencies.to_vec()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    })
}

/// Replaces, removes or repeats a piece of a text; pieces end where a line, a word or a value does.
fn smudged(text: &str, twists: &[u64]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for &twist in twists {
        let mut dice = Dice(twist);
        let ends: Vec<usize> = (0..=bytes.len())
            .filter(|&at| at == 0 || at == bytes.len() || b" \n,:[]{}\"".contains(&bytes[at]) || dice.up_to(12) == 0)
            .collect();
        let (one, two) = (*dice.one(&ends), *dice.one(&ends));
        let (from, to) = (one.min(two), one.max(two).min(one.min(two) + [1, 8, 400][dice.up_to(3)]));
        let piece = bytes[from..to].to_vec();
        let new: Vec<u8> = match dice.up_to(9) {
            0 => Vec::new(),
            1 => piece.repeat([2, 3, 200][dice.up_to(3)]),
            2 => format!("\"{}\"", dice.word(&STRINGS)).into_bytes(),
            3 => dice.word(&STRINGS).as_bytes().to_vec(),
            4 => dice.word(&DURATIONS).as_bytes().to_vec(),
            5 => dice.word(&["null", "true", "[]", "{}", "[[]]", "\n", "\r\n", "\u{feff}", ",", "}"]).into(),
            6 => vec![[0, 0xff, 0xc3, 0x80, b'\t'][dice.up_to(5)]; 1 + dice.up_to(3)],
            _ => dice.word(&NUMBERS).as_bytes().to_vec(),
        };
        bytes.splice(from..to, new);
    }
    bytes
}

/// A JSON text with values changed to nonsense of the kinds that a reader may take for numbers.
fn jumbled(text: &str, twists: &[u64]) -> String {
    let mut root: Value = serde_json::from_str(text).unwrap();
    twists.iter().for_each(|&twist| jumble(&mut root, &mut Dice(twist)));
    format!("{root:#}\n")
}

fn jumble(value: &mut Value, dice: &mut Dice) {
    let deeper = dice.up_to(6) > 0;
    match value {
        Value::Object(map) if deeper && !map.is_empty() => {
            let at = dice.up_to(map.len());
            return map.values_mut().skip(at).take(1).for_each(|value| jumble(value, dice));
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = dice.up_to(list.len());
            return jumble(&mut list[at], dice);
        }
        _ => {}
    }
    *value = match dice.up_to(6) {
        0 => Value::Null,
        1 => Value::Array(vec![value.clone(); dice.up_to(4)]),
        2 => Value::from(dice.word(&["NaN", "inf", "-inf", "1e400", "-0", "1e308", "-1e308"])),
        3 => Value::from(dice.word(&NUMBERS)),
        4 => Value::from(dice.word(&STRINGS)),
        _ => serde_json::from_str(dice.word(&NUMBERS)).unwrap_or(Value::Bool(true)),
    };
}

fn one() -> Options {
    Options { jobs: NonZeroUsize::MIN }
}

/// What a small model measures, as it is stored.
fn stored() -> &'static String {
    static STORED: OnceLock<String> = OnceLock::new();
    STORED.get_or_init(|| {
        let model = recorded(TRACE.as_bytes(), LATENCIES.as_bytes(), &["run.replications=3"]).unwrap();
        let (_, baseline) = experiment::measure(&model, &one(), &|_, _| true).unwrap();
        report::baseline_json(&baseline)
    })
}

/// The words of command lines, sensible and not.
const WORDS: [&str; 81] = [
    "run",
    "compare",
    "capacity",
    "sweep",
    "tune",
    "check",
    "explain",
    "verify",
    "validate",
    "presets",
    "strategies",
    "schema",
    "completions",
    "fit",
    "init",
    "m.toml",
    "m.toml",
    "m.toml",
    "m.toml",
    "m.toml",
    "gone.toml",
    "-",
    ".",
    "",
    "é",
    "\u{1b}[31m",
    "--set",
    "--set",
    "queue.q.max_concurrency=3",
    "queue.q.max_concurrency=",
    "=",
    "a.b.c=1",
    "run.seed=x",
    "run.horizon=\"1h\"",
    "--seed",
    "-1",
    "7",
    "--replications",
    "2",
    "0",
    "1e9",
    "18446744073709551616",
    "--jobs",
    "1",
    "--quiet",
    "--format",
    "json",
    "text",
    "csv",
    "markdown",
    "junit",
    "--out",
    "out",
    "m.toml/x",
    "x.html",
    "x.svg",
    "--precision",
    "plans.per_day=1%",
    "plans.per_day=0%",
    "nobody=5%",
    "--max-replications",
    "--with",
    "a:queue.q.max_queue=2",
    "--vary",
    "queue.q.max_concurrency=1..3",
    "queue.q.max_concurrency=3..1",
    "--metric",
    "plans.per_day",
    "--knob",
    "--maximise",
    "--minimise",
    "--budget",
    "8",
    "--baseline",
    "--resume",
    "l.txt",
    "t.jsonl",
    "--column",
    "--unit",
    "ms",
    "--timeout",
];

proptest! {
    #![proptest_config(config(300))]

    /// A trace and a list of latencies with pieces made nonsense of.
    #[test]
    fn smudged_data_is_refused_or_runs(
        trace in prop::collection::vec(any::<u64>(), 0..4),
        latencies in prop::collection::vec(any::<u64>(), 0..2),
    ) {
        let (trace, latencies) = (smudged(TRACE, &trace), smudged(LATENCIES, &latencies));
        match recorded(&trace, &latencies, &GUARD) {
            Err(problems) => are_clear(&problems),
            Ok(model) => runs(&model),
        }
    }

    /// Measured latencies in each of their forms with pieces made nonsense of.
    #[test]
    fn smudged_measurements_are_refused_or_fitted(form in 0..3_usize, twists in prop::collection::vec(any::<u64>(), 1..5)) {
        let rows: Vec<(f64, &str)> =
            (0..40).map(|i| (0.5 + f64::from(i * i % 37) / 4.0, if i % 9 == 0 { "429" } else { "ok" })).collect();
        let text: String = match form {
            0 => rows.iter().map(|(x, _)| format!("{x}s\n")).collect(),
            1 => "id,latency_s,status\n".to_string()
                + &rows.iter().map(|(x, outcome)| format!("a,{x},{outcome}\n")).collect::<String>(),
            _ => rows.iter().map(|(x, outcome)| format!("{{\"elapsed_ms\": {}, \"outcome\": \"{outcome}\"}}\n", x * 1e3)).collect(),
        };
        let timeout = twists[0].is_multiple_of(3).then(|| Span::from_secs_f64(7.0).unwrap());
        let reading = Reading { timeout, ..Reading::default() };
        let source = Source { name: "l".into(), bytes: smudged(&text, &twists), directory: "".into() };
        match measurements(&source, &reading) {
            Err(problems) => are_clear(&problems),
            Ok(data) => if let Ok(found) = experiment::fit_file(data) {
                let json: Value = serde_json::from_str(&report::Report::Fit("l", &found).json()).unwrap();
                for law in json["laws"].as_array().unwrap() {
                    prop_assert!(law["gap"].is_number() && law["quantiles_s"]["p99"].is_number(), "{law}");
                }
                prop_assert!(!report::Report::Fit("l", &found).text(report::Screen::PLAIN).contains("NaN"));
                let model = format!("{}\n{}", RECORDED.split("[provider.p]").next().unwrap(), "[provider.p]\n")
                    + &String::from_utf8(report::Report::Fit("l", &found).render(report::Form::Toml, report::Screen::PLAIN).unwrap()).unwrap() + "[queue.q]\nmax_concurrency = 2\n";
                let source = Source { name: "m".into(), bytes: model.clone().into_bytes(), directory: "".into() };
                let read = load(source, &[], &|path| Ok(if path.ends_with("l.txt") { LATENCIES } else { TRACE }.into()));
                prop_assert!(read.is_ok(), "{}\n{model}", read.unwrap_err());
            }
        }
    }

    /// A baseline that is not what was stored, to the byte, is none.
    #[test]
    fn a_jumbled_baseline_is_refused(twists in prop::collection::vec(any::<u64>(), 1..4)) {
        let text = stored();
        for changed in [jumbled(text, &twists), String::from_utf8_lossy(&smudged(text, &twists)).into_owned()] {
            prop_assert!(changed == *text || report::read_baseline(&changed).is_err(), "{changed}");
        }
    }

    /// The same for a point of a sweep.
    #[test]
    fn a_jumbled_point_is_refused(twists in prop::collection::vec(any::<u64>(), 1..4)) {
        let cell = |mean: f64| report::Cell { unit: "s".into(), mean: Some(mean), ci95: Some((mean - 1.0, mean + 1.0)) };
        let cells = BTreeMap::from([("a.b".to_string(), cell(3.0)), ("c".to_string(), cell(-0.1))]);
        let set = vec![("queue.q.max_concurrency".to_string(), "3".to_string())];
        let of = report::PointOf { digest: "d".into(), seed: 7, replications: 3, zone_data: None, set };
        let text = of.json(&cells);
        prop_assert_eq!(of.read(&text), Ok(cells));
        for changed in [jumbled(&text, &twists), String::from_utf8_lossy(&smudged(&text, &twists)).into_owned()] {
            prop_assert!(changed == text || of.read(&changed).is_err(), "{changed}");
        }
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// Whatever is typed, the exit code is a documented one, and the message is one for people.
    #[test]
    fn a_jumbled_command_line_ends_as_documented(twists in prop::collection::vec(any::<u64>(), 1..9)) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("m.toml", &RECORDED.replace("horizon = \"2h\"", "horizon = \"10m\"\nreplications = 2\nmax_events = 2000"));
        write("t.jsonl", TRACE);
        write("l.txt", LATENCIES);
        let mut words: Vec<&str> = twists.iter().map(|&twist| Dice(twist).word(&WORDS)).collect();
        if !twists[0].is_multiple_of(4) {
            words[0] = WORDS[(twists[0] >> 8) as usize % 15];
            words.insert(1, "m.toml");
        }
        let output = Command::new(env!("CARGO_BIN_EXE_capsim"))
            .args(&words).current_dir(folder.path()).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        prop_assert!(matches!(code, Some(0 | 10 | 11 | 12 | 13 | 20 | 64 | 74)), "{words:?}: {code:?} {said}");
        prop_assert!(code == Some(0) || !said.is_empty() || !output.stdout.is_empty(), "{words:?} says nothing");
        prop_assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{words:?}: {said}");
        prop_assert!(left_whole(folder.path()), "{words:?}");
    }
}

/// Whether no half-written file is left behind.
fn left_whole(folder: &Path) -> bool {
    std::fs::read_dir(folder)
        .unwrap()
        .all(|entry| !entry.unwrap().file_name().to_string_lossy().starts_with(".capsim-"))
}

/// A quiet day of a class is no fault of its trace.
#[test]
fn a_class_without_a_line_of_a_shared_trace_makes_no_plans() {
    let trace: Vec<&str> = TRACE.lines().take(2).collect();
    let model = recorded(trace.join("\n").as_bytes(), LATENCIES.as_bytes(), &[]).unwrap();
    let answer = experiment::run(&model, &one(), &|_, _| true).unwrap();
    let offered = |class: &str| answer.metric(&format!("class.{class}.plans.offered")).and_then(|metric| metric.mean);
    assert_eq!((offered("user"), offered("admin")), (Some(2.0), Some(0.0)));
}
