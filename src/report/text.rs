//! The report for people at a terminal: the answer first, then the table, then advice.

use super::show::Show;
use super::words::{self, Paint, paragraph, range, value_or_dash};
use super::{Advice, page, settings, summary, theory};
use crate::experiment::{Answer, Metric};
use crate::units::{inert, number};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

/// How wide prose is set.
pub(super) const WIDTH: usize = 100;

/// Lines of a short report.
const SCREEN: usize = 40;

/// Renders an answer as text.
pub fn text(answer: &Answer, show: &Show, paint: Paint) -> String {
    let mut out = heading(&answer.model, &answer.description, paint);
    let is_short = *show == Show::Short;
    for statement in summary::statements(answer) {
        match statement.topic {
            // One screen: the list of them says it, and advice where they differ.
            "Objectives" if is_short => out += &objectives(answer, "Objectives", paint),
            "Reads" if is_short => {}
            topic => out += &paragraph(&format!("  {topic:<13}"), &statement.text, WIDTH),
        }
    }
    if !answer.overrides.is_empty() {
        out += &paragraph("  With         ", &inert(&answer.overrides.join(", ")), WIDTH);
    }
    section(&mut out, "Settings", settings(answer), paint);
    if !is_short {
        section(&mut out, "Objectives", objectives(answer, "", paint), paint);
    }
    if *show == Show::All {
        section(&mut out, "Theory beside the simulation", theory::text(answer, paint), paint);
    }
    section(&mut out, "Metrics", metrics(answer, show, paint), paint);
    let said = advice(answer, show, &out);
    section(&mut out, "Advice", said, paint);
    paint.finish(&out)
}

/// The first line of a page.
pub(super) fn heading(name: &str, description: &str, paint: Paint) -> String {
    let colon = if description.is_empty() { "" } else { ": " };
    format!("{}{colon}{}\n\n", paint.bold(&inert(name)), inert(description))
}

/// A part of a page under its title; nothing where it is empty.
pub(super) fn section(out: &mut String, title: &str, body: String, paint: Paint) {
    if !body.is_empty() {
        *out += &format!("\n{}\n\n{body}", paint.bold(title));
    }
}

/// A table without borders, indented by two; `right` says which columns are aligned to the right.
pub(super) fn plain_table<const N: usize>(header: [&str; N], right: [bool; N], rows: Vec<[String; N]>) -> Vec<String> {
    set_table(&header, &right, &rows, false)
}

/// The same, with the last column broken into lines where it is too wide.
pub(super) fn wrapped_table<const N: usize>(
    header: [&str; N],
    right: [bool; N],
    rows: Vec<[String; N]>,
) -> Vec<String> {
    set_table(&header, &right, &rows, true)
}

/// The table of a page.
pub(super) fn table_of(table: &page::Table) -> Vec<String> {
    let (header, right): (Vec<&str>, Vec<bool>) = table.columns().unzip();
    set_table(&header, &right, &table.rows, false)
}

fn set_table(header: &[&str], right: &[bool], rows: &[impl AsRef<[String]>], wrap: bool) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().map(|name| inert(name)));
    table.add_rows(rows.iter().map(|row| row.as_ref().iter().map(|cell| inert(cell))));
    for (column, right) in table.column_iter_mut().zip(right) {
        column.set_padding((0, 2));
        column.set_cell_alignment(if *right { CellAlignment::Right } else { CellAlignment::Left });
        if wrap && column.index + 1 < header.len() {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    if wrap {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    }
    table.lines().map(|line| format!("  {}", line).trim_end().to_string()).collect()
}

fn settings(answer: &Answer) -> String {
    let rows = settings::rows(answer);
    if rows.is_empty() {
        return String::new();
    }
    wrapped_table(settings::HEADER, [false; 4], rows).join("\n") + "\n"
}

/// A line for each, the first after a word for the margin.
fn objectives(answer: &Answer, topic: &str, paint: Paint) -> String {
    let mut out = String::new();
    for (objective, verdict) in &answer.objectives {
        let found = answer.metric(&objective.metric).and_then(|metric| {
            let mean = number(metric.mean?);
            let interval = metric.ci95.filter(|(low, high)| low != high);
            Some(interval.map_or(mean.clone(), |(low, high)| format!("{mean} ({})", range(low, high, ""))))
        });
        let found = found.unwrap_or_else(|| "nothing observed".into());
        let word = paint.verdict(*verdict, &format!("{:<9}", words::verdict(*verdict)));
        let margin = match (topic, out.is_empty()) {
            ("", _) => String::new(),
            (topic, true) => format!("{topic:<13}"),
            (_, false) => " ".repeat(13),
        };
        out += &format!("  {margin}{word}  {}: {found}\n", words::bound(objective));
    }
    out
}

fn metrics(answer: &Answer, show: &Show, paint: Paint) -> String {
    let metrics = show.metrics(answer);
    let Some(first) = metrics.first() else { return String::new() };
    let lines = metric_lines(&metrics, *show != Show::Short);
    let mut out = paint.dim(&lines[0]) + "\n";
    let mut group = words::group(&first.name);
    for (metric, line) in metrics.iter().zip(&lines[1..]) {
        if words::group(&metric.name) != group && *show != Show::Short {
            group = words::group(&metric.name);
            out.push('\n');
        }
        out += line;
        out.push('\n');
    }
    if let Some(left_out) = show.left_out(answer, metrics.len()) {
        let between = if *show == Show::Short { "" } else { "\n" };
        out += &format!("{between}  {}\n", paint.dim(&left_out));
    }
    out
}

/// The header and a line for each metric. Long names leave no room for the extremes, which the other forms have.
fn metric_lines(metrics: &[&Metric], has_extremes: bool) -> Vec<String> {
    let cells = metrics.iter().map(|metric| {
        let pair = |pair: Option<(f64, f64)>| pair.map_or(words::NOTHING.into(), |(a, b)| range(a, b, metric.unit));
        [
            metric.name.clone(),
            value_or_dash(metric.mean, metric.unit),
            pair(metric.ci95),
            pair(metric.min.zip(metric.max)),
            words::unit(metric.unit).into(),
        ]
    });
    let rows: Vec<[String; 5]> = cells.collect();
    let header = ["metric", "mean", "95 % interval", "min to max", "unit"];
    let lines = plain_table(header, [false, true, true, true, false], rows.clone());
    if has_extremes && lines.iter().all(|line| line.chars().count() <= WIDTH) {
        return lines;
    }
    let rows = rows.into_iter().map(|[name, mean, interval, _, unit]| [name, mean, interval, unit]).collect();
    plain_table(["metric", "mean", "95 % interval", "unit"], [false, true, true, false], rows)
}

fn advice(answer: &Answer, show: &Show, before: &str) -> String {
    let mut all: Vec<String> = Advice::of(answer).iter().map(Advice::text).collect();
    if *show == Show::All {
        return all.iter().map(|advice| paragraph("  - ", advice, WIDTH)).collect();
    }
    all.extend(theory::warnings(answer));
    let mut out = String::new();
    for (at, advice) in all.iter().enumerate() {
        let next = paragraph("  - ", advice, WIDTH);
        // Of the title and its blank lines, and of the word about the others.
        let lines = before.lines().count() + 5 + out.lines().count() + next.lines().count();
        if at > 0 && lines > SCREEN {
            let more = words::things((all.len() - at) as f64, "more piece", "more pieces");
            return format!("{out}  - {more} of advice: --all.\n");
        }
        out += &next;
    }
    out
}
