//! The verdict of `check` in its forms, and the baseline as it is stored.

use super::encode::{SCHEMA_VERSION, exact, interval, nullable, pretty, read_exact};
use super::markup::escape;
use super::page::{Page, Table};
use super::sealed::Kind;
use super::words::{NOTHING, range, replications, short, things};
use crate::experiment::{Against, Asked, Baseline, Check, Judgement, Outcome, Ruling};
use crate::units::number;
use serde_json::{Map, Value, json};

/// What a baseline is called in messages, and how its file begins.
const BASELINE: Kind = Kind { name: "a baseline", key: "capsim_baseline", format: 2 };

/// A baseline as it is stored.
pub fn baseline_json(baseline: &Baseline) -> String {
    let Asked { model, seed, replications, start, horizon, warmup, traffic, objectives, zone_data } =
        &baseline.question;
    let values = baseline
        .values
        .iter()
        .map(|(name, values)| (name.clone(), values.iter().map(|x| exact(*x)).collect::<Vec<Value>>().into()));
    let body = [
        ("command", "check".into()),
        ("model", model.as_str().into()),
        ("digest", baseline.digest.as_str().into()),
        ("seed", (*seed).into()),
        ("replications", (*replications).into()),
        ("start", start.as_str().into()),
        ("horizon", horizon.as_str().into()),
        ("warmup", warmup.as_str().into()),
        ("traffic", traffic.as_str().into()),
        ("objectives", objectives.as_str().into()),
        ("zone_data", zone_data.as_deref().into()),
        ("values", values.collect::<Map<_, Value>>().into()),
    ];
    BASELINE.seal(body.map(|(key, value): (&str, Value)| (key.into(), value)).into_iter().collect())
}

/// Reads a stored baseline.
///
/// # Errors
/// Why the text cannot be relied on, a clause about "it".
pub fn read_baseline(text: &str) -> Result<Baseline, String> {
    let all = BASELINE.open(text)?;
    body(&all).ok_or_else(|| "it does not say what a baseline says".into())
}

/// Whether a text begins as a baseline does, of whatever format, whole or not: what `--bless` may replace.
pub(super) fn begins_as_baseline(text: &str) -> bool {
    BASELINE.begins(text)
}

fn body(all: &Map<String, Value>) -> Option<Baseline> {
    let word = |key: &str| all.get(key)?.as_str().map(String::from);
    let whole = |key: &str| all.get(key)?.as_u64();
    let question = Asked {
        model: word("model")?,
        seed: whole("seed")?,
        replications: u32::try_from(whole("replications")?).ok()?,
        start: word("start")?,
        horizon: word("horizon")?,
        warmup: word("warmup")?,
        traffic: word("traffic")?,
        objectives: word("objectives")?,
        zone_data: word("zone_data"),
    };
    let list = |values: &Value| values.as_array()?.iter().map(read_exact).collect::<Option<Vec<_>>>();
    let values = all.get("values")?.as_object()?.iter();
    let values = values.map(|(name, value)| Some((name.clone(), list(value)?))).collect::<Option<_>>()?;
    Some(Baseline { question, digest: word("digest")?, values })
}

fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Pass => "pass",
        Ruling::Broken => "broken",
        Ruling::Unlike => "differs",
        Ruling::Regression => "regression",
        Ruling::NotEnough => "not enough evidence",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Broken => "objective broken",
        Outcome::Unlike => "unlike what was observed",
        Outcome::Regression => "regression",
        Outcome::NotEnough => "not enough evidence",
        Outcome::NoBaseline => "no baseline",
    }
}

fn answer(judgement: &Judgement) -> String {
    let checks = &judgement.checks;
    let passed = checks.iter().filter(|check| check.ruling == Ruling::Pass).count();
    let mut text = format!(
        "{}: {passed} of {}.",
        outcome(judgement.outcome()),
        things(checks.len() as f64, "check passes", "checks pass")
    );
    if checks.is_empty() {
        text +=
            " Nothing was checked, which is a failure: give the model [objectives] or [observed], or --baseline FILE.";
    }
    if let Some(why) = &judgement.no_baseline {
        text += &format!(" There is no baseline to compare with: {why}. `--bless` writes one.");
    }
    text
}

fn cells(check: &Check) -> [String; 5] {
    let interval = check.ci95.map_or(NOTHING.into(), |(low, high)| range(low, high, ""));
    let (what, must) = match check.against {
        Against::Objective => ("", check.must.clone()),
        Against::Observation => ("", format!("{}, as observed", check.must)),
        Against::Baseline => ("change ", check.must.clone()),
    };
    let found = check.found.map_or(NOTHING.into(), |found| format!("{what}{}", number(found)));
    [check.metric.clone(), must, found, interval, ruling(check.ruling).into()]
}

/// The page of a verdict.
pub(super) fn page(judgement: &Judgement) -> Page {
    let run = &judgement.answer;
    let digest = short(&run.digest);
    let header = ["`metric", "must be", "#found", "#95 % interval", "!verdict"];
    let rows = judgement.checks.iter().map(|check| cells(check).to_vec());
    Page::new(
        format!("{}: {}", run.model, outcome(judgement.outcome())),
        vec![answer(judgement)],
        format!("Seed {}, model {digest}, {}.", run.seed, replications(run.replications)),
        vec![Table::part("Checks", &header, rows)],
    )
}

/// A verdict as JSON.
pub(super) fn json(judgement: &Judgement) -> String {
    let checks = judgement.checks.iter().map(|check| {
        json!({
            "metric": check.metric,
            "against": match check.against {
                Against::Objective => "objective",
                Against::Observation => "observation",
                Against::Baseline => "baseline",
            },
            "must_be": check.must,
            "found": nullable(check.found),
            "ci95": interval(check.ci95),
            "verdict": ruling(check.ruling),
        })
    });
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "model": judgement.answer.model,
        "digest": judgement.answer.digest,
        "seed": judgement.answer.seed,
        "replications": judgement.answer.replications,
        "verdict": outcome(judgement.outcome()),
        "checks_evaluated": judgement.checks.len(),
        "no_baseline": judgement.no_baseline,
        "checks": checks.collect::<Vec<_>>(),
    }))
}

/// A verdict as JUnit XML: a test case for each check.
pub(super) fn junit(judgement: &Judgement) -> String {
    let mut cases = String::new();
    let mut failures = 0;
    let mut case = |name: String, trouble: Option<String>| {
        cases += &format!("  <testcase classname=\"capsim\" name=\"{}\"", escape(&name));
        match trouble {
            None => cases += "/>\n",
            Some(why) => {
                failures += 1;
                cases += &format!("><failure message=\"{}\"/></testcase>\n", escape(&why));
            }
        }
    };
    for check in &judgement.checks {
        let [metric, must, found, interval, verdict] = cells(check);
        let trouble = (check.ruling != Ruling::Pass).then(|| format!("{verdict}: found {found} ({interval})"));
        case(format!("{metric} {must}"), trouble);
    }
    if judgement.checks.is_empty() || judgement.no_baseline.is_some() {
        case("baseline and objectives".into(), Some(answer(judgement)));
    }
    let total = cases.lines().count();
    let model = escape(&judgement.answer.model);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{model}\" tests=\"{total}\" failures=\"{failures}\">\n{cases}</testsuite>\n"
    )
}
