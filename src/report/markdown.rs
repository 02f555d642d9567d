//! The report for the summary page of a CI job: the same statements, with the long table folded away.

use super::page::Table;
use super::words::{self, range, value_or_dash};
use super::{Advice, settings, summary, theory};
use crate::experiment::{Answer, Verdict};
use crate::units::{inert, inert_lines, number};

/// Renders an answer as GitHub-flavoured Markdown.
pub fn markdown(answer: &Answer) -> String {
    let mut out = format!("## {}\n\n", escape(&answer.model));
    if !answer.description.is_empty() {
        out += &format!("{}\n\n", escape(&answer.description));
    }
    for statement in summary::statements(answer) {
        out += &format!("- **{}**: {}\n", statement.topic, escape(&statement.text));
    }
    let changed = settings::rows(answer);
    if !changed.is_empty() {
        out += "\n| setting | value | from | in force |\n| --- | --- | --- | --- |\n";
        for [path, value, source, when] in changed {
            let (path, cells) = (code(&path), [value, source, when].map(|cell| escape(&cell)));
            out += &format!("| {path} | {} |\n", cells.join(" | "));
        }
    }
    if !answer.objectives.is_empty() {
        out += "\n| objective | verdict | mean | 95 % interval |\n| --- | --- | ---: | ---: |\n";
        answer.objectives.iter().for_each(|(objective, verdict)| {
            let metric = answer.metric(&objective.metric);
            let mean = metric.and_then(|metric| metric.mean).map_or(words::NOTHING.into(), number);
            let interval = metric.and_then(|metric| metric.ci95);
            let interval = interval.map_or(words::NOTHING.into(), |(low, high)| range(low, high, ""));
            let mark = match verdict {
                Verdict::Met => "✅",
                Verdict::Broken => "❌",
                Verdict::Undecided => "❔",
            };
            let bound = words::bound(objective);
            out += &format!("| {} | {mark} {} | {mean} | {interval} |\n", code(&bound), words::verdict(*verdict));
        });
    }
    let advice = Advice::of(answer);
    if !advice.is_empty() {
        out += "\n### Advice\n\n";
        out.extend(advice.iter().map(|advice| format!("- {}\n", escape(&advice.text()))));
    }
    inert_lines(&(out + &beside(answer) + &ceilings(answer) + &metrics(answer)))
}

fn beside(answer: &Answer) -> String {
    if answer.theory.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "\n### Theory beside the simulation\n\n| metric | simulated | theory | law |\n| --- | ---: | ---: | --- |\n",
    );
    for line in &answer.theory {
        let [metric, simulated, value, law] = theory::cells(line);
        out += &format!("| {} | {simulated} | {value} | {} |\n", code(&metric), escape(&law));
    }
    let warnings: String = theory::warnings(answer).iter().map(|warning| format!("- {}\n", escape(warning))).collect();
    if warnings.is_empty() { out } else { format!("{out}\n{warnings}") }
}

fn ceilings(answer: &Answer) -> String {
    if answer.arithmetic.ceilings.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n### Ceilings\n\n| limit | plans a day | because |\n| --- | ---: | --- |\n");
    for ceiling in &answer.arithmetic.ceilings {
        let plans = number(ceiling.plans_per_day);
        out += &format!("| {} | {plans} | {} |\n", code(&ceiling.limit), escape(&ceiling.because));
    }
    out
}

fn metrics(answer: &Answer) -> String {
    let metrics = words::reading_order(answer);
    if metrics.is_empty() {
        return String::new();
    }
    let mut out =
        format!("\n<details><summary>{}</summary>\n\n", words::things(metrics.len() as f64, "metric", "metrics"));
    out += "| metric | mean | 95 % interval | min to max | unit |\n| --- | ---: | ---: | ---: | --- |\n";
    for metric in &metrics {
        let pair = |pair: Option<(f64, f64)>| pair.map_or(words::NOTHING.into(), |(a, b)| range(a, b, metric.unit));
        out += &format!(
            "| {} | {} | {} | {} | {} |\n",
            code(&metric.name),
            value_or_dash(metric.mean, metric.unit),
            pair(metric.ci95),
            pair(metric.min.zip(metric.max)),
            words::unit(metric.unit)
        );
    }
    let left_out = words::left_out(answer, metrics.len()).map(|sentence| format!("\n{sentence}\n"));
    out + &left_out.unwrap_or_default() + "\n</details>\n"
}

/// A table of a page; its first column is code.
pub(super) fn table(table: &Table) -> String {
    let names: Vec<String> = table.columns().map(|(name, _)| escape(name)).collect();
    let rules: String = table.columns().map(|(_, number)| if number { " ---: |" } else { " --- |" }).collect();
    let mut out = format!("| {} |\n|{rules}\n", names.join(" | "));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
        out += &format!("| {} |\n", cells.join(" | "));
    }
    out
}

/// Text from a model must not become markup, and its lines no paragraphs.
pub(super) fn escape(text: &str) -> String {
    let text = inert(text);
    let mut out = String::new();
    // What opens a heading, a list, a quotation, a rule or a fence where it stands first.
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let mut after = text[digits..].chars();
    let opens = match (after.next(), after.next()) {
        (Some('.' | ')'), next) => digits > 0 && next.is_none_or(|next| next == ' '),
        (Some(sign @ ('-' | '+')), next) => digits == 0 && next.is_none_or(|next| next == ' ' || next == sign),
        (Some('#' | '>' | '=' | '~' | '`'), _) => digits == 0,
        _ => false,
    };
    for (at, letter) in text.chars().enumerate() {
        match letter {
            '<' => out += "&lt;",
            '&' => out += "&amp;",
            '|' | '*' | '[' | ']' | '\\' | '~' => out.extend(['\\', letter]),
            _ if opens && at == digits => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
    }
    out
}

/// A name as code in a table.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", inert(text).replace('`', "'").replace('|', "\\|"))
}

/// What fences lines off that have fences themselves.
pub(super) fn fence(lines: &str) -> String {
    let runs = lines.split(|letter| letter != '`').map(str::len);
    "`".repeat(runs.max().unwrap_or(0).max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_written_becomes_markup() {
        for (text, safe) in [
            ("# no heading", "\\# no heading"),
            ("1. no list", "1\\. no list"),
            ("1.5 is a number", "1.5 is a number"),
            ("-0.5 is one too", "-0.5 is one too"),
            ("- no item", "\\- no item"),
            ("--- no rule", "\\--- no rule"),
            ("a - b, plans.failed_fraction", "a - b, plans.failed_fraction"),
            ("<b>&lt;", "&lt;b>&amp;lt;"),
            ("two\n\n## lines", "two  ## lines"),
            ("a | b \\| c", "a \\| b \\\\\\| c"),
            ("[x](y)", "\\[x\\](y)"),
        ] {
            assert_eq!(escape(text), safe);
        }
        assert_eq!(code("a`b|c"), "`a'b\\|c`");
        assert_eq!(fence("a\n```\nb"), "````");
        assert_eq!(fence("a"), "```");
    }
}
