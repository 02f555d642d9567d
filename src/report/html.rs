//! The report as one page that needs nothing else: no script, no network, the pictures inside.

use super::plots::Plot;
use super::words::{self, range, value_or_dash};
use super::{Advice, settings, summary, theory};
use crate::experiment::Answer;
use crate::units::{count, inert, inert_lines, number};

const STYLE: &str = include_str!("html.css");

/// Renders an answer as a self-contained HTML page.
pub fn html(answer: &Answer) -> String {
    let mut out = format!(
        "<h1>{}</h1>\n<p class=\"question\">{}</p>\n<dl class=\"answer\">\n",
        escape(&answer.model),
        escape(&answer.description)
    );
    for statement in summary::statements(answer) {
        out += &format!("<dt>{}</dt><dd>{}</dd>\n", statement.topic, escape(&statement.text));
    }
    if !answer.overrides.is_empty() {
        out += &format!("<dt>With</dt><dd><code>{}</code></dd>\n", escape(&answer.overrides.join(", ")));
    }
    out += "</dl>\n";
    if !answer.settings.is_empty() {
        let rows = settings::rows(answer).into_iter().map(|row| row.iter().map(|cell| escape(cell)).collect());
        out += &table("Settings", &settings::HEADER, rows);
    }
    out += &objectives(answer);
    out += &advice(answer);
    for plot in Plot::ALL {
        out += &plot.svg(answer).map_or(String::new(), |svg| figure(&svg, plot.describe()));
    }
    out += &beside(answer);
    out += &ceilings(answer);
    out += &metrics(answer);
    document(&answer.model, &out, &format!("Seed {}, model {}.", answer.seed, answer.digest))
}

/// A whole page around what it says, which is markup already; `from` says what it is an answer to.
pub(super) fn document(title: &str, body: &str, from: &str) -> String {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\" />\n<title>{}: capsim report</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n{body}</main>\n<footer>capsim {}. {}</footer>\n</body>\n</html>\n",
        escape(title),
        env!("CARGO_PKG_VERSION"),
        escape(from)
    );
    inert_lines(&page)
}

pub(super) fn figure(svg: &str, describe: &str) -> String {
    let described = format!("<svg role=\"img\" aria-label=\"{}\" ", escape(describe));
    format!("<figure>\n{}\n</figure>\n", svg.replacen("<svg ", &described, 1).trim_end())
}

/// A table under a heading: the columns whose name begins with `#` hold numbers.
pub(super) fn table(title: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let class = |name: &str| if name.starts_with('#') { " class=\"n\"" } else { "" };
    let mut out = format!("<section>\n<h2>{title}</h2>\n<div class=\"scroll\"><table>\n<thead><tr>");
    for name in header {
        out += &format!("<th scope=\"col\"{}>{}</th>", class(name), name.trim_start_matches('#'));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        out += "<tr>";
        for (at, (cell, name)) in row.iter().zip(header).enumerate() {
            out += &match at {
                0 => format!("<th scope=\"row\"{}><code>{cell}</code></th>", class(name)),
                _ => format!("<td{}>{cell}</td>", class(name)),
            };
        }
        out += "</tr>\n";
    }
    out + "</tbody></table></div>\n</section>\n"
}

fn objectives(answer: &Answer) -> String {
    if answer.objectives.is_empty() {
        return String::new();
    }
    let rows = answer.objectives.iter().map(|(objective, verdict)| {
        let metric = answer.metric(&objective.metric);
        let word = words::verdict(*verdict);
        vec![
            escape(&words::bound(objective)),
            format!("<span class=\"{word}\">{word}</span>"),
            metric.and_then(|metric| metric.mean).map_or(words::NOTHING.into(), number),
            metric.and_then(|m| m.ci95).map_or(words::NOTHING.into(), |(low, high)| range(low, high, "")),
        ]
    });
    table("Objectives", &["objective", "verdict", "#mean", "#95 % interval"], rows)
}

fn advice(answer: &Answer) -> String {
    let all = Advice::of(answer);
    if all.is_empty() {
        return String::new();
    }
    let items: String = all.iter().map(|advice| format!("<li>{}</li>\n", escape(&advice.text()))).collect();
    format!("<section>\n<h2>Advice</h2>\n<ul>\n{items}</ul>\n</section>\n")
}

fn beside(answer: &Answer) -> String {
    if answer.theory.is_empty() {
        return String::new();
    }
    let rows = answer.theory.iter().map(|line| theory::cells(line).map(|cell| escape(&cell)).to_vec());
    let out = table("Theory beside the simulation", &["metric", "#simulated", "#theory", "law"], rows);
    let warnings: String = theory::warnings(answer).iter().map(|w| format!("<p>{}</p>\n", escape(w))).collect();
    out + &warnings
}

fn ceilings(answer: &Answer) -> String {
    if answer.arithmetic.ceilings.is_empty() {
        return String::new();
    }
    let rows = answer.arithmetic.ceilings.iter().map(|ceiling| {
        vec![
            escape(&ceiling.limit),
            ceiling.over.to_string(),
            number(ceiling.plans_per_day),
            count(ceiling.whole_plans()),
            ceiling.at_peak.map_or(String::new(), number),
            escape(&ceiling.because),
        ]
    });
    let mut out =
        table("Ceilings", &["limit", "over", "#plans a day", "#whole plans", "#at the peak", "because"], rows);
    let left: String =
        answer.arithmetic.leaves_out.iter().map(|sentence| format!("<li>{}</li>\n", escape(sentence))).collect();
    if !left.is_empty() {
        out += &format!("<section>\n<h2>What the ceilings leave out</h2>\n<ul>\n{left}</ul>\n</section>\n");
    }
    out
}

fn metrics(answer: &Answer) -> String {
    let metrics = words::reading_order(answer);
    if metrics.is_empty() {
        return String::new();
    }
    let rows = metrics.iter().map(|metric| {
        let pair = |pair: Option<(f64, f64)>| pair.map_or(words::NOTHING.into(), |(a, b)| range(a, b, metric.unit));
        vec![
            escape(&metric.name),
            value_or_dash(metric.mean, metric.unit),
            pair(metric.ci95),
            pair(metric.min.zip(metric.max)),
            words::unit(metric.unit).into(),
        ]
    });
    let out = table("Metrics", &["metric", "#mean", "#95 % interval", "#min to max", "unit"], rows);
    let left_out = words::left_out(answer, metrics.len())
        .map(|sentence| format!("<p class=\"quiet\">{}</p>\n", escape(&sentence)));
    out + &left_out.unwrap_or_default()
}

/// Text as HTML and XML have it, between tags and in quotes: no markup, nothing that acts on what stands around it.
pub(super) fn escape(text: &str) -> String {
    let text = inert(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
