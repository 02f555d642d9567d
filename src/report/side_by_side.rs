//! The logging strategies side by side, on the same draws: `docs/strategies.md` is this page in Markdown.

use super::encode::{SCHEMA_VERSION, csv_field, csv_number, nullable, pretty};
use super::page::{Page, Part, Table};
use super::words::{self, NOTHING};
use crate::experiment::Answer;
use crate::math;
use crate::units::{count, number, percent};
use serde_json::{Map, Value, json};

/// The ages of the columns.
const AGES: [&str; 5] = ["1h", "24h", "3d", "7d", "30d"];
/// What is asked of records at an age, as it is called, and the word of its metric.
const ASKED: [(&str, &str); 2] = [("that can be retrieved", "retrievable"), ("found", "reachable")];

/// What the columns mean.
const READING: [&str; 4] = [
    "KV writes, external calls: of a plan, by arithmetic, the writes expected, and the external subrequests of the busiest \
     invocation of a plan without failures.",
    "Breaks first: the limit that binds first by arithmetic, and at how many plans a day; what is billed does not bind.",
    "Completed: the share of simulated plans, which the user sees; lost: the share of log records that were \
     refused or dropped, which nobody sees until later.",
    "Can be retrieved at an age: the record exists for a reader who knows its key. Found: through the index, or in the \
     search of a log service.",
];

/// Every strategy on every platform, on the draws of one model.
#[derive(Clone, Debug)]
pub struct Strategies {
    /// The model's file, as it was named.
    pub model: String,
    /// Each platform, and on it each strategy with its answer.
    pub platforms: Vec<(String, Vec<(&'static str, Answer)>)>,
}

/// What strategies are chosen by.
struct Row<'a> {
    name: &'a str,
    answer: &'a Answer,
}

impl<'a> Row<'a> {
    fn all(answers: &'a [(&'static str, Answer)]) -> impl Iterator<Item = Row<'a>> {
        answers.iter().map(|(name, answer)| Row { name, answer })
    }

    fn kv_writes(&self) -> f64 {
        let writes = self.answer.arithmetic.per_plan.iter().filter(|row| row.store == "kv" && row.op == "writes");
        writes.map(|row| row.share * row.expected).sum()
    }

    /// External subrequests of the busiest invocation: needed, and allowed.
    fn external(&self) -> Option<(u64, u64)> {
        let needs = self.answer.arithmetic.invocations.iter();
        let external = needs.filter(|need| need.limit == "invocation.subrequests.external");
        external.map(|need| (need.needed.into(), need.allowed.into())).next_back()
    }

    /// What binds first, and at how many whole plans a day.
    fn first(&self) -> Option<(&'a str, f64)> {
        let first = self.answer.arithmetic.binding()?;
        Some((&first.limit, math::floor(first.binds_at() + 1e-9)))
    }

    fn completed(&self) -> Option<f64> {
        ratio(self.answer.mean("plans.completed"), self.answer.mean("plans.offered"))
    }

    fn lost(&self) -> Option<f64> {
        let sum = |what: &str| {
            let of = |kind: &str| self.answer.mean(&format!("logs.{kind}.{what}"));
            Some(of("normal")? + of("error")?)
        };
        ratio(sum("lost"), sum("offered"))
    }

    /// The share of the records of a kind at an age.
    fn kept(&self, kind: &str, what: &str, age: &str) -> Option<f64> {
        self.answer.mean(&format!("logs.{kind}.{what}.{age}"))
    }
}

fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    part.zip(whole).map(|(part, whole)| part / whole)
}

fn share(value: Option<f64>) -> String {
    value.map_or(NOTHING.into(), percent)
}

fn limits(platform: &str, answers: &[(&'static str, Answer)]) -> Part {
    let header = [
        "`strategy",
        "#KV writes",
        "external calls",
        "`breaks first",
        "#plans a day",
        "#completed",
        "#lost",
        "#USD a month",
    ];
    let nothing = || NOTHING.to_string();
    let rows = Row::all(answers).map(|row| {
        let external = row.external().map(|(needed, allowed)| format!("{} of {}", count(needed), count(allowed)));
        let (first, at) = row.first().unzip();
        vec![
            row.name.into(),
            number(row.kv_writes()),
            external.unwrap_or_else(nothing),
            first.map_or_else(nothing, Into::into),
            at.map_or_else(nothing, number),
            share(row.completed()),
            share(row.lost()),
            row.answer.mean("cost.month").map_or_else(nothing, number),
        ]
    });
    Part::Table(Table { spare: Some(2), ..Table::new(format!("On {platform}"), &header, rows) })
}

/// The records of a kind by their age, where anything of it is kept.
fn retention(platform: &str, kind: &str, (called, what): (&str, &str), answers: &[(&'static str, Answer)]) -> Part {
    let header: Vec<String> = std::iter::once("`strategy".into()).chain(AGES.map(|age| format!("#{age}"))).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let rows = Row::all(answers).map(|row| {
        let cells = AGES.map(|age| share(row.kept(kind, what, age)));
        std::iter::once(row.name.into()).chain(cells).collect()
    });
    let kind = if kind == "error" { "Error records" } else { "Normal records" };
    Table::part(format!("{kind} {called} after, on {platform}"), &header, rows)
}

/// Who keeps all error logs for three days, loses none and carries the most, in a sentence.
fn best(platform: &str, answers: &[(&'static str, Answer)]) -> String {
    let keeps = |row: &Row<'_>| {
        row.kept("error", "retrievable", "3d") == Some(1.0) && row.lost() == Some(0.0) && row.completed() > Some(0.0)
    };
    let keepers = Row::all(answers).filter(keeps).filter_map(|row| Some((row.name, row.first()?)));
    let mut keepers: Vec<(&str, (&str, f64))> = keepers.collect();
    let most = keepers.iter().map(|(_, (_, at))| *at).fold(0.0, f64::max);
    keepers.retain(|(_, (_, at))| *at == most);
    let Some((_, (limit, _))) = keepers.first() else {
        return format!("On {platform} no strategy keeps all error logs for three days and loses no record.");
    };
    let names: Vec<&str> = keepers.iter().map(|(name, _)| *name).collect();
    let many = names.len() as f64;
    format!(
        "On {platform} {} {} all error logs for three days, {} no record and {} the most: {} ({limit}).",
        words::enumerated(&names),
        words::agree(many, "keeps", "keep"),
        words::agree(many, "loses", "lose"),
        words::agree(many, "carries", "carry"),
        words::plans_a_day(most),
    )
}

/// The page of all strategies.
pub(super) fn page(found: &Strategies) -> Page {
    let answer = found.platforms.iter().map(|(platform, answers)| best(platform, answers)).collect();
    let mut parts = Vec::new();
    for (platform, answers) in &found.platforms {
        parts.push(limits(platform, answers));
        for kind in ["error", "normal"] {
            parts.extend(ASKED.map(|asked| retention(platform, kind, asked, answers)));
        }
    }
    parts.push(Part::List("How to read this".into(), READING.map(String::from).to_vec()));
    Page::new(
        "Logging strategies side by side",
        answer,
        format!(
            "Every strategy logs the plans of {}, with the same answers of the provider: a column differs by the strategy \
             alone.",
            found.model
        ),
        parts,
    )
}

/// The numbers of one strategy by their names.
fn numbers(row: &Row<'_>) -> Vec<(String, Option<f64>)> {
    let (_, at) = row.first().unzip();
    let external = row.external();
    let mut all = vec![
        ("kv_writes_per_plan".to_string(), Some(row.kv_writes())),
        ("external_calls".into(), external.map(|(needed, _)| needed as f64)),
        ("external_calls_allowed".into(), external.map(|(_, allowed)| allowed as f64)),
        ("binds_at_plans_per_day".into(), at),
        ("completed".into(), row.completed()),
        ("records_lost".into(), row.lost()),
        ("cost_month_usd".into(), row.answer.mean("cost.month")),
    ];
    for kind in ["error", "normal"] {
        for (_, what) in ASKED {
            all.extend(AGES.map(|age| (format!("{kind}.{what}.{age}"), row.kept(kind, what, age))));
        }
    }
    all
}

/// A line for each strategy on each platform.
pub(super) fn csv(found: &Strategies) -> String {
    let mut out = String::new();
    for (platform, answers) in &found.platforms {
        for row in Row::all(answers) {
            let numbers = numbers(&row);
            if out.is_empty() {
                let names = numbers.iter().map(|(name, _)| csv_field(name));
                let names: Vec<String> =
                    ["platform", "strategy", "breaks_first"].map(String::from).into_iter().chain(names).collect();
                out = names.join(",") + "\r\n";
            }
            let first = row.first().map_or("", |(limit, _)| limit);
            let line = [platform.as_str(), row.name, first].map(csv_field).into_iter();
            let line: Vec<String> = line.chain(numbers.into_iter().map(|(_, value)| csv_number(value))).collect();
            out += &(line.join(",") + "\r\n");
        }
    }
    out
}

/// For programs.
pub(super) fn json(found: &Strategies) -> String {
    let strategy = |row: Row<'_>| {
        let numbers = numbers(&row).into_iter().map(|(name, value)| (name, nullable(value)));
        let first = row.first().map_or(Value::Null, |(limit, _)| limit.into());
        let all: Map<String, Value> = std::iter::once(("breaks_first".into(), first)).chain(numbers).collect();
        (row.name.to_string(), Value::Object(all))
    };
    let platforms = found
        .platforms
        .iter()
        .map(|(platform, answers)| (platform.clone(), Value::Object(Row::all(answers).map(strategy).collect())));
    pretty(&json!({
        "schema_version": SCHEMA_VERSION,
        "capsim_version": env!("CARGO_PKG_VERSION"),
        "model": found.model,
        "platforms": platforms.collect::<Map<_, _>>(),
    }))
}
