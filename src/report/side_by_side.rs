//! The page that lays the logging strategies side by side, on the same draws: `docs/strategies.md`.

use super::words;
use crate::experiment::Answer;
use crate::units::{count, number, percent};

/// One platform: its name, and each strategy with its answer.
pub type Platform<'a> = (&'a str, Vec<(&'a str, Answer)>);

/// The ages of the columns.
const AGES: [&str; 5] = ["1h", "24h", "3d", "7d", "30d"];

/// Renders the page; `command` made it, from the model `model`.
pub fn strategies_side_by_side(command: &str, model: &str, platforms: &[Platform<'_>]) -> String {
    let mut out = format!(
        "# Logging strategies side by side\n\n\
         <!-- Made by `{command}`: change the model or the strategies, and make it anew. -->\n\n\
         Every strategy logs the same plans, with the same answers of the provider, drawn once for all: `{model}`. A \
         column differs by the strategy alone.\n\n\
         - **KV writes a plan**, **external calls**: by arithmetic, the expected writes, and the external subrequests of \
         the busiest invocation of a plan without failures.\n\
         - **Breaks first**: the limit that binds first by arithmetic, at so many plans a day; what is billed does not \
         bind.\n\
         - **Completed**: the share of simulated plans, which the user sees; **lost**: the share of log records that \
         were refused or dropped, which nobody sees until later.\n\
         - **Retrievable** at an age: the record exists for a reader who knows its key. **Found**: through the index, \
         or in the search of a log service.\n"
    );
    for (platform, answers) in platforms {
        out += &format!("\n## On `{platform}`\n\n{}\n", limits(answers));
        let of = |kind| format!("### Of {kind} records\n\n{}", retention(kind, answers));
        out += &[of("normal"), of("error")].join("\n");
    }
    out
}

fn table(header: &str, columns: usize, rows: impl Iterator<Item = String>) -> String {
    format!("{header}\n| ---{} |\n", " | ---:".repeat(columns - 1)) + &rows.map(|row| row + "\n").collect::<String>()
}

fn share(value: Option<f64>) -> String {
    value.map_or(words::NOTHING.into(), percent)
}

fn limits(answers: &[(&str, Answer)]) -> String {
    let header = "| strategy | KV writes a plan | external calls | breaks first | at plans a day | completed | \
                  records lost | USD a month |";
    let row = |(name, answer): &(&str, Answer)| {
        let arithmetic = &answer.arithmetic;
        let writes = arithmetic.per_plan.iter().filter(|row| row.store == "kv" && row.op == "writes");
        let writes: f64 = writes.map(|row| row.share * row.expected).sum();
        let external = arithmetic.invocations.iter().filter(|need| need.limit == "invocation.subrequests.external");
        let mut external =
            external.map(|need| format!("{} of {}", count(need.needed.into()), count(need.allowed.into())));
        let binding = arithmetic.binding();
        let nothing = || words::NOTHING.to_string();
        let metric = |name: &str| answer.mean(name);
        let ratio = |part: Option<f64>, whole: Option<f64>| part.zip(whole).map(|(part, whole)| part / whole);
        let sum = |what: &str| Some(metric(&format!("logs.normal.{what}"))? + metric(&format!("logs.error.{what}"))?);
        format!(
            "| `{name}` | {} | {} | {} | {} | {} | {} | {} |",
            number(writes),
            external.next_back().unwrap_or_else(nothing),
            binding.map_or_else(nothing, |ceiling| format!("`{}`", ceiling.limit)),
            binding.map_or_else(nothing, |ceiling| number(crate::math::floor(ceiling.binds_at() + 1e-9))),
            share(ratio(metric("plans.completed"), metric("plans.offered"))),
            share(ratio(sum("lost"), sum("offered"))),
            metric("cost.month").map_or_else(nothing, number),
        )
    };
    table(header, 8, answers.iter().map(row))
}

fn retention(kind: &str, answers: &[(&str, Answer)]) -> String {
    let header = |what: &str| AGES.map(|age| format!(" {what} {age} |")).concat();
    let header = format!("| strategy |{}{}", header("retrievable"), header("found"));
    let row = |(name, answer): &(&str, Answer)| {
        let cells = |what: &str| {
            AGES.map(|age| format!(" {} |", share(answer.mean(&format!("logs.{kind}.{what}.{age}"))))).concat()
        };
        format!("| `{name}` |{}{}", cells("retrievable"), cells("reachable"))
    };
    table(&header, 11, answers.iter().map(row))
}
