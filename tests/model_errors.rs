//! Bad models, each with the message that its writer gets.
//!
//! Every `tests/bad-models/NAME.toml` has its golden in `NAME.snap` beside it. After a change of a message, look at
//! the new texts and keep them with `INSTA_UPDATE=always cargo test --test model_errors`.

use capsim::model::{Model, Problems, Source, load, load_file};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn problems(result: Result<Model, Problems>) -> Problems {
    result.map(|model| model.name).expect_err("a bad model was taken")
}

fn golden(name: &str, problems: &Problems) {
    insta::with_settings!({
        snapshot_path => "bad-models",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, problems.render(false));
    });
}

/// Paths with `/` on every system, so that the goldens hold.
fn bad(name: &str) -> PathBuf {
    PathBuf::from(format!("tests/bad-models/{name}.toml"))
}

#[test]
fn every_bad_model_has_its_message() {
    let mut names: Vec<String> = std::fs::read_dir("tests/bad-models")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_string())
        .collect();
    names.sort();
    assert!(names.len() >= 45, "{} bad models", names.len());
    // What concerns a whole file has no key, and an empty one no line.
    let keyless = ["empty", "only-a-comment", "not-toml", "not-utf8", "open-string", "duplicate-class"];
    let mut wrong = Vec::new();
    for name in &names {
        let problems = problems(load_file(&bad(name), &[]));
        golden(name, &problems);
        for problem in problems.list() {
            let text = problem.to_string();
            let place = format!("{}:{}:{}: ", problem.file, problem.line, problem.column);
            let keyed = !problem.key.is_empty() && text.contains(&problem.key) || problem.file.contains("traces/");
            if !(text.starts_with(&place) || name == "empty") || !(keyed || keyless.contains(&name.as_str())) {
                wrong.push(text);
            }
        }
    }
    assert!(wrong.is_empty(), "without file, line or key: {wrong:#?}");
}

const SMALL: &str = "\
[traffic.user]
arrivals = { process = \"poisson\", per_day = 100 }
[workflow.plan]
steps = [{ name = \"meal_day\", queue = \"ai\" }]
[provider.p]
latency = \"4s\"
[queue.ai]
max_concurrency = 4
";

fn from(name: &str, text: &[u8], overrides: &[&str]) -> Result<Model, Problems> {
    let source = Source { name: name.into(), bytes: text.to_vec(), directory: PathBuf::new() };
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    load(source, &overrides, &|_| Err(std::io::ErrorKind::NotFound.into()))
}

#[test]
fn standard_input_has_a_name() {
    let problems = problems(from("<stdin>", b"[queue.ai]\nmax_queue = -1\n", &[]));
    assert_eq!(problems.list()[0].to_string(), "<stdin>:1:1: traffic: missing in the model");
    let last = problems.list().last().unwrap().to_string();
    assert_eq!(last, "<stdin>:2:13: queue.ai.max_queue: out of range, found the number -1");
}

#[test]
fn overrides_are_shown_as_they_were_given() {
    let bad = [
        "queue.ai.max_concurency=8",
        "queue.ai.max_concurrency=0",
        "queue.al.max_queue=8",
        "workflow.plan.steps.meal_dya.calls=7",
        "workflow.plan.steps.meal_day.parallel=7",
        "provider.p.latency.p95=11s",
        "objectives.\"plns.failed\".max=0.01",
        "extends=other.toml",
        "queue.ai",
        "=8",
        "a..b=8",
        "run.seed",
    ];
    golden("set", &problems(from("m.toml", SMALL.as_bytes(), &bad)));
}

#[test]
fn all_problems_come_at_once_and_in_file_order() {
    let problems = problems(load_file(&bad("everything-at-once"), &[]));
    let lines: Vec<usize> = problems.list().iter().map(|problem| problem.line).collect();
    assert!(lines.len() >= 6 && lines.is_sorted(), "{lines:?}");
}

#[test]
fn what_cannot_be_read_says_why() {
    let directory = problems(load_file(Path::new("tests/bad-models"), &[]));
    golden("a-directory", &directory);
    let missing = problems(load_file(Path::new("tests/bad-models/none.toml"), &[]));
    golden("no-file", &missing);
    assert!(directory.is_unreadable() && missing.is_unreadable());
    assert!(!problems(load_file(&bad("wrong-unit"), &[])).is_unreadable());
}

#[test]
fn a_byte_order_mark_and_crlf_are_no_problem() {
    let text = format!("\u{feff}{}", SMALL.replace('\n', "\r\n").replace(" = ", "\t=\t"));
    assert!(from("m.toml", text.as_bytes(), &[]).is_ok());
}

#[test]
fn colours_are_only_on_request() {
    let problems = problems(from("m.toml", b"run = 1\n", &[]));
    assert!(!problems.render(false).contains('\u{1b}'));
    assert!(problems.render(true).contains('\u{1b}'));
}

/// Models to mangle: those that are shipped, with what they rest on.
fn shipped() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for directory in ["models", "models/base", "presets", "presets/strategies", "tests/bad-models"] {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let texts_of = paths.iter().filter(|path| path.extension().is_some_and(|e| e == "toml"));
        texts.extend(texts_of.map(|path| std::fs::read(path).unwrap()));
    }
    texts
}

#[derive(Clone, Debug)]
enum Mangle {
    Flip(usize, u8),
    Delete(usize, usize),
    Swap(usize, usize, usize),
    Insert(usize, &'static str),
}

fn mangle(text: &mut Vec<u8>, how: &Mangle) {
    let length = text.len().max(1);
    let clip = |at: usize| (at % length).min(text.len());
    match *how {
        Mangle::Flip(at, bits) => {
            let at = clip(at);
            if let Some(byte) = text.get_mut(at) {
                *byte ^= bits;
            }
        }
        Mangle::Delete(at, count) => {
            let at = clip(at);
            text.drain(at..(at + count % 40).min(text.len()));
        }
        Mangle::Swap(one, two, count) => {
            let (one, two) = (clip(one), clip(two));
            for i in 0..count % 40 {
                if one + i < text.len() && two + i < text.len() {
                    text.swap(one + i, two + i);
                }
            }
        }
        Mangle::Insert(at, what) => {
            let at = clip(at);
            text.splice(at..at, what.bytes());
        }
    }
}

fn mangles() -> impl Strategy<Value = Mangle> {
    let words =
        vec!["\n", "[", "]]", "\"", "{", "}", "=", "nan", "-1", "1e400", "é", "\u{1b}[31m", "\t", "\r", "a.b", "#"];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, bits)| Mangle::Flip(at, bits)),
        (any::<usize>(), any::<usize>()).prop_map(|(at, count)| Mangle::Delete(at, count)),
        (any::<usize>(), any::<usize>(), any::<usize>()).prop_map(|(a, b, n)| Mangle::Swap(a, b, n)),
        (any::<usize>(), prop::sample::select(words)).prop_map(|(at, what)| Mangle::Insert(at, what)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes in, a model or a list of problems comes out.
    #[test]
    fn no_input_is_a_panic(
        text in prop::sample::select(shipped()),
        hows in prop::collection::vec(mangles(), 0..6),
        set in prop::option::of(".{0,30}"),
    ) {
        let mut text = text;
        hows.iter().for_each(|how| mangle(&mut text, how));
        let source = Source { name: "m.toml".into(), bytes: text, directory: PathBuf::from("models") };
        let overrides: Vec<String> = set.into_iter().collect();
        match load(source, &overrides, &|path| std::fs::read(path)) {
            Ok(model) => prop_assert_eq!(model.digest.len(), 64),
            Err(problems) => {
                prop_assert!(!problems.list().is_empty());
                prop_assert!(!problems.render(true).is_empty());
            }
        }
    }

    /// The same for traces.
    #[test]
    fn no_trace_is_a_panic(hows in prop::collection::vec(mangles(), 0..6)) {
        let line = "{\"at_s\": 1.5, \"isolate\": 0, \"calls\": [[{\"latency_s\": 6.12, \"outcome\": \"ok\"}]]}\n";
        let mut trace = line.repeat(3).into_bytes();
        hows.iter().for_each(|how| mangle(&mut trace, how));
        let text = SMALL.replace("process = \"poisson\", per_day = 100", "process = \"trace\", file = \"t.jsonl\"");
        let source = Source { name: "m.toml".into(), bytes: text.into_bytes(), directory: PathBuf::new() };
        if let Err(problems) = load(source, &[], &|_| Ok(trace.clone())) {
            prop_assert!(problems.list().iter().all(|problem| problem.file == "t.jsonl" || problem.key.ends_with("file")));
            prop_assert!(!problems.render(false).is_empty());
        }
    }
}
