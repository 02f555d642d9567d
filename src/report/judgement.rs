//! The verdict of `check` in its forms, and the baseline as it is stored.

use super::html::escape;
use super::json::{exact, interval, nullable, pretty, read_exact};
use super::page::{Page, Table};
use super::words::{NOTHING, Paint, range, replications, short, things};
use crate::experiment::{Baseline, Check, Judgement, Outcome, Ruling};
use crate::units::number;
use serde_json::{Map, Value, json};

/// A baseline as it is stored.
pub fn baseline_json(baseline: &Baseline) -> String {
    let values = baseline
        .values
        .iter()
        .map(|(name, values)| (name.clone(), values.iter().map(|x| exact(*x)).collect::<Vec<Value>>().into()));
    pretty(&json!({
        "capsim_baseline": 1,
        "capsim_version": baseline.version,
        "question": baseline.question,
        "digest": baseline.digest,
        "values": values.collect::<Map<_, Value>>(),
    }))
}

/// Reads a stored baseline.
///
/// # Errors
/// Why the text is none.
pub fn read_baseline(text: &str) -> Result<Baseline, String> {
    let wrong = || "the file is not a baseline of this program".to_string();
    let all: Value = serde_json::from_str(text).map_err(|_| wrong())?;
    let word = |key: &str| all.get(key).and_then(Value::as_str).map(String::from);
    let list = |values: &Value| values.as_array()?.iter().map(read_exact).collect::<Option<Vec<_>>>();
    let values = all.get("values").and_then(Value::as_object);
    let values =
        values.and_then(|values| values.iter().map(|(name, value)| Some((name.clone(), list(value)?))).collect());
    match (word("question"), word("digest"), word("capsim_version"), values) {
        (Some(question), Some(digest), Some(version), Some(values))
            if all.get("capsim_baseline") == Some(&Value::from(1)) =>
        {
            Ok(Baseline { question, digest, version, values })
        }
        _ => Err(wrong()),
    }
}

fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Pass => "pass",
        Ruling::Broken => "broken",
        Ruling::Regression => "regression",
        Ruling::NotEnough => "not enough evidence",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Broken => "objective broken",
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
        text += " Nothing was checked, which is a failure: give the model [objectives], or --baseline FILE.";
    }
    if let Some(why) = &judgement.no_baseline {
        text += &format!(" No baseline: {why}. `--bless` writes one.");
    }
    text
}

fn cells(check: &Check) -> [String; 5] {
    let interval = check.ci95.map_or(NOTHING.into(), |(low, high)| range(low, high, ""));
    let what = if check.baseline { "change " } else { "" };
    let found = check.found.map_or(NOTHING.into(), |found| format!("{what}{}", number(found)));
    [check.metric.clone(), check.must.clone(), found, interval, ruling(check.ruling).into()]
}

fn page(judgement: &Judgement) -> Page {
    let run = &judgement.answer;
    let digest = short(&run.digest);
    let header = ["metric", "must be", "#found", "#95 % interval", "verdict"];
    let rows = judgement.checks.iter().map(|check| cells(check).to_vec());
    Page {
        title: format!("{}: {}", run.model, outcome(judgement.outcome())),
        answer: vec![answer(judgement)],
        run: format!("Seed {}, model {digest}, {}.", run.seed, replications(run.replications)),
        parts: vec![Table::part("Checks", &header, rows)],
    }
}

/// Renders a verdict as text.
pub fn judgement_text(judgement: &Judgement, paint: Paint) -> String {
    page(judgement).text(paint)
}

/// Renders a verdict as GitHub-flavoured Markdown.
pub fn judgement_markdown(judgement: &Judgement) -> String {
    page(judgement).markdown()
}

/// Renders a verdict as JSON.
pub fn judgement_json(judgement: &Judgement) -> String {
    let checks = judgement.checks.iter().map(|check| {
        json!({
            "metric": check.metric,
            "against": if check.baseline { "baseline" } else { "objective" },
            "must_be": check.must,
            "found": nullable(check.found),
            "ci95": interval(check.ci95),
            "verdict": ruling(check.ruling),
        })
    });
    pretty(&json!({
        "schema_version": super::SCHEMA_VERSION,
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

/// Renders a verdict as JUnit XML: a test case for each check.
pub fn judgement_junit(judgement: &Judgement) -> String {
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
