//! A page for the summary of a CI job, a pull request or a document: GitHub-flavoured Markdown.

use super::page::{Holds, Page, Part, Says, Statement, Table, tone};
use super::words;
use crate::experiment::Verdict;
use crate::units::{inert, inert_lines};

/// Sets a page as Markdown.
pub(super) fn render(page: &Page) -> String {
    let mut out = format!("## {}\n", escape(&page.title));
    let has_topics = page.answer.iter().any(|statement| !statement.topic.is_empty());
    if has_topics {
        out.push('\n');
    }
    page.answer.iter().for_each(|said| out += &statement(said));
    if !page.run.is_empty() {
        let run = escape(&page.run);
        out += &if has_topics { format!("- **Run**: {run}\n") } else { format!("\n{run}\n") };
    }
    for part in page.parts() {
        out += &match part {
            Part::List(title, items) => {
                let items: String = items.iter().map(|item| format!("- {}\n", escape(item))).collect();
                format!("\n### {}\n\n{items}", escape(title))
            }
            Part::Table(of) => under_title(of),
            Part::Lines(title, lines) => {
                let fence = fence(lines);
                // Lines of a model, or a picture of letters.
                let language = if lines.contains(" = ") { "toml" } else { "text" };
                format!("\n### {}\n\n{fence}{language}\n{lines}{fence}\n", escape(title))
            }
            Part::Picture(..) => continue,
        };
    }
    inert_lines(&out)
}

fn statement(statement: &Statement) -> String {
    match (&statement.says, statement.topic) {
        (Says::Sentence(sentence), "") => format!("\n{}\n", escape(sentence)),
        (Says::Sentence(sentence), topic) => format!("- **{topic}**: {}\n", escape(sentence)),
        (Says::Verdicts(judged), topic) => {
            let lines =
                judged.iter().map(|(word, what)| format!("  - {} {word}: {}\n", mark(tone(word)), escape(what)));
            format!("- **{topic}**:\n{}", lines.collect::<String>())
        }
    }
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "✅",
        Verdict::Broken => "❌",
        Verdict::Undecided => "❔",
    }
}

fn under_title(of: &Table) -> String {
    let notes: String = of.notes.iter().map(|note| format!("\n{}\n", escape(note))).collect();
    if of.folded {
        let rows = words::things(of.rows.len() as f64, "row", "rows");
        let title = escape(&of.title);
        return format!("\n<details><summary>{title}: {rows}</summary>\n\n{}{notes}\n</details>\n", table(of));
    }
    format!("\n### {}\n\n{}{notes}", escape(&of.title), table(of))
}

fn table(table: &Table) -> String {
    let columns: Vec<(&str, Holds)> = table.columns().collect();
    let names: Vec<String> = columns.iter().map(|(name, _)| escape(name)).collect();
    let rule = |holds: Holds| if holds == Holds::Numbers { " ---: |" } else { " --- |" };
    let rules: String = columns.iter().map(|(_, holds)| rule(*holds)).collect();
    let mut out = format!("| {} |\n|{rules}\n", names.join(" | "));
    for row in &table.rows {
        let cells = row.iter().zip(&columns).map(|(cell, (_, holds))| match holds {
            Holds::Names => code(cell),
            Holds::Verdicts => format!("{} {}", mark(tone(cell)), escape(cell)),
            Holds::Words | Holds::Numbers => escape(cell),
        });
        out += &format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    }
    out
}

/// Text from a model must not become markup, and its lines no paragraphs.
fn escape(text: &str) -> String {
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
fn code(text: &str) -> String {
    format!("`{}`", inert(text).replace('`', "'").replace('|', "\\|"))
}

/// What fences lines off that have fences themselves.
fn fence(lines: &str) -> String {
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
