//! Nonsense as input: whatever a model, its data or the command line says, the answer is a model or a list of problems,
//! and a model that is taken runs to an end with its ledger balanced and finite numbers.
//!
//! `PROPTEST_CASES=50000 cargo test --test all nonsense` looks harder than CI does.

mod data;
pub mod twist;

use crate::random::laws::is_possible;
use capsim::experiment::{Failure, Options, explain, metrics, run};
use capsim::model::{Model, Problems, Source, load};
use capsim::report;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A model to begin with: its text, and the directory that its files are looked for in.
#[derive(Clone, Debug)]
pub struct Whole {
    pub name: String,
    pub text: String,
    pub directory: PathBuf,
}

/// Every model that is shipped, here or for `verify`, and those that use every key.
pub fn corpus() -> Vec<Whole> {
    let mut all = Vec::new();
    for directory in ["models", "models/base", "verify", "benches/models", "tests/changes"] {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml")) {
            let text = std::fs::read_to_string(&path).unwrap();
            all.push(Whole { name: path.display().to_string(), text, directory: directory.into() });
        }
    }
    all
}

/// The same cases each time, as many as `PROPTEST_CASES` says, or `cases`.
pub fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let rng_seed = RngSeed::Fixed(20_260_216);
    ProptestConfig { cases, failure_persistence: None, rng_seed, max_shrink_iters: 300, ..ProptestConfig::default() }
}

fn read(whole: &Whole, text: &[u8], overrides: &[&str]) -> Result<Model, Problems> {
    let source = Source { name: "m.toml".into(), bytes: text.to_vec(), directory: whole.directory.clone() };
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_string()).collect();
    load(source, &overrides, &|path| {
        let here = path.starts_with(&whole.directory) && path.components().all(|part| part.as_os_str() != "..");
        if here { std::fs::read(path) } else { Err(std::io::ErrorKind::NotFound.into()) }
    })
}

/// What a person reads: one clear message for each problem, and never one that only says that something is amiss.
fn are_clear(problems: &Problems) {
    assert!(!problems.list().is_empty());
    for problem in problems.list() {
        assert!(!problem.what.contains("defect of capsim"), "{problem}");
        assert!(problem.to_string().lines().count() < 40 && problem.to_string().len() < 5_000, "{problem}");
    }
    let text = problems.render(true);
    assert!(!text.is_empty() && text.len() < 2_000_000);
}

/// The shortest form of a run that ends soon whatever the model says.
const GUARD: [&str; 4] =
    ["run.max_events=12000", "run.max_plans_alive=4000", "run.max_records=8000", "run.replications=1"];

/// Numbers that no answer may have; a name may.
fn is_finite(what: &str) -> bool {
    ["NaN", "inf"].iter().all(|word| {
        what.match_indices(word).all(|(at, _)| {
            let before = what[..at].trim_end_matches('-').chars().next_back();
            let after = what[at + word.len()..].chars().next();
            !(matches!(before, Some(' ' | '(' | '[')) && matches!(after, Some(',' | ')' | ']' | ' ' | '\n')))
        })
    })
}

fn runs(model: &Model) {
    let arithmetic = explain(model);
    assert!(is_finite(&format!("{arithmetic:?}")), "{arithmetic:?}");
    report::Report::Arithmetic(&model.name, &model.description, &arithmetic).text(report::Screen::PLAIN);
    let one = Options { jobs: NonZeroUsize::MIN };
    match run(model, &one, &|_, _| true) {
        Err(Failure::Limit(_)) => {}
        Err(failure) => panic!("{failure:?}"),
        Ok(answer) => {
            let mut names = metrics(model).unwrap();
            names.sort();
            assert!(answer.metrics.iter().map(|metric| &metric.name).eq(&names), "a metric exists by the data");
            for metric in &answer.metrics {
                let (low, high) = metric.ci95.unwrap_or_default();
                for value in [metric.mean, metric.min, metric.max, Some(low), Some(high)].into_iter().flatten() {
                    assert!(value.is_finite(), "{metric:?}");
                }
                is_possible(metric).unwrap_or_else(|why| panic!("{why}: {metric:?}"));
            }
            assert!(is_finite(&format!("{:?}", answer.theory)), "{:?}", answer.theory);
            let json: serde_json::Value = serde_json::from_str(&report::Report::of(&answer).json()).unwrap();
            describes(&json);
            for text in [
                report::Report::of(&answer).text(report::Screen::PLAIN),
                report::Report::of(&answer).markdown(),
                report::Report::of(&answer).csv().unwrap(),
            ] {
                assert!(!text.is_empty());
            }
        }
    }
}

/// Holds a report against its schema.
fn describes(json: &serde_json::Value) {
    thread_local! {
        static SCHEMA: (boon::Schemas, boon::SchemaIndex) = {
            let mut schemas = boon::Schemas::new();
            let mut compiler = boon::Compiler::new();
            compiler.add_resource("it.json", serde_json::from_str(report::SCHEMA).unwrap()).unwrap();
            let schema = compiler.compile("it.json", &mut schemas).unwrap();
            (schemas, schema)
        };
    }
    SCHEMA.with(|(schemas, schema)| {
        schemas.validate(json, *schema).unwrap_or_else(|error| panic!("{error:#}"));
    });
}

/// A case may take so long; a hang takes longer.
const LONGEST: Duration = Duration::from_secs(20);

/// Loads a text, and runs what is taken; says what the text was if anything goes wrong.
fn survives(whole: &Whole, text: &[u8], short: bool) {
    let began = Instant::now();
    let tried = std::panic::catch_unwind(|| match read(whole, text, &[]) {
        Err(problems) => are_clear(&problems),
        Ok(_) => {
            let mut guard = GUARD.to_vec();
            if short {
                guard.extend(["run.horizon=5h", "run.warmup=0s"]);
            }
            match read(whole, text, &guard) {
                Ok(model) => runs(&model),
                Err(problems) => are_clear(&problems),
            }
        }
    });
    let took = began.elapsed();
    assert!(
        tried.is_ok(),
        "from {}: {}",
        whole.name,
        String::from_utf8_lossy(text).chars().take(20_000).collect::<String>()
    );
    assert!(took < LONGEST, "{took:?}: {}", String::from_utf8_lossy(text));
}

proptest! {
    #![proptest_config(config(400))]

    /// A shipped model with a few values, keys or sections made nonsense of.
    #[test]
    fn a_twisted_model_is_refused_or_runs(
        whole in prop::sample::select(corpus()),
        twists in prop::collection::vec(any::<u64>(), 1..4),
        short in any::<bool>(),
    ) {
        let text = twist::twisted(&whole.text, &twists);
        survives(&whole, text.as_bytes(), short);
    }
}

/// What the twists have found once.
#[test]
fn sums_beyond_any_size_do_not_overflow() {
    let minimal = corpus().into_iter().find(|whole| whole.name.ends_with("models/minimal.toml")).unwrap();
    let cpu = minimal.text.replace("queue = \"ai\", calls = 7", "queue = \"ai\", calls = 7, cpu = \"30d\"");
    survives(&minimal, format!("{cpu}[platform]\ncpu.limit = \"1s\"\n").as_bytes(), true);
    let logs =
        "[platform]\npreset = \"cloudflare-paid\"\n[logging]\nstrategy = \"kv-only\"\nrecord_bytes = \"8000TB\"\n";
    survives(&minimal, format!("{}{logs}", minimal.text).as_bytes(), true);
}
