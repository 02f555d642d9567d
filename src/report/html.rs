//! A page for a browser that needs nothing else: no script, no network, the pictures inside.

use super::page::{Holds, Page, Part, Says, Statement, Table, tone};
use super::{markup::escape, words};
use crate::units::inert_lines;

const STYLE: &str = include_str!("html.css");

/// Sets a page as a self-contained HTML document.
pub(super) fn render(page: &Page) -> String {
    let mut body = format!("<h1>{}</h1>\n{}", escape(&page.title), answer(&page.answer));
    for part in page.parts() {
        body += &match part {
            Part::List(title, items) => {
                let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escape(item))).collect();
                section(title, &format!("<ul>\n{items}</ul>\n"))
            }
            Part::Table(of) => under_title(of),
            Part::Lines(title, lines) => {
                let lines: Vec<String> = lines.lines().map(escape).collect();
                section(title, &format!("<pre>{}</pre>\n", lines.join("\n")))
            }
            Part::Picture(describe, svg) => figure(svg, describe),
        };
    }
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\" />\n<title>{}: capsim report</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n{body}</main>\n<footer>capsim {}. {}</footer>\n</body>\n</html>\n",
        escape(&page.title),
        env!("CARGO_PKG_VERSION"),
        escape(&page.run)
    );
    inert_lines(&page)
}

fn answer(statements: &[Statement]) -> String {
    let has_topics = statements.iter().any(|statement| !statement.topic.is_empty());
    let all: String = statements.iter().map(|statement| one(statement, has_topics)).collect();
    match has_topics {
        true => format!("<dl class=\"answer\">\n{all}</dl>\n"),
        false => format!("<div class=\"says\">\n{all}</div>\n"),
    }
}

fn one(statement: &Statement, has_topics: bool) -> String {
    let says = match &statement.says {
        Says::Sentence(sentence) => escape(sentence),
        Says::Verdicts(judged) => {
            let line = |(word, what): &(&str, String)| {
                format!("<span class=\"{}\">{word}</span> {}", words::verdict(tone(word)), escape(what))
            };
            judged.iter().map(line).collect::<Vec<_>>().join("<br />\n")
        }
    };
    match has_topics {
        true => format!("<dt>{}</dt><dd>{says}</dd>\n", statement.topic),
        false => format!("<p>{says}</p>\n"),
    }
}

fn section(title: &str, body: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{body}</section>\n", escape(title))
}

fn figure(svg: &str, describe: &str) -> String {
    let described = format!("<svg role=\"img\" aria-label=\"{}\" ", escape(describe));
    format!("<figure>\n{}\n</figure>\n", svg.replacen("<svg ", &described, 1).trim_end())
}

fn under_title(of: &Table) -> String {
    let notes: String = of.notes.iter().map(|note| format!("<p class=\"quiet\">{}</p>\n", escape(note))).collect();
    section(&of.title, &(table(of) + &notes))
}

fn table(table: &Table) -> String {
    let columns: Vec<(&str, Holds)> = table.columns().collect();
    let class = |holds: Holds| if holds == Holds::Numbers { " class=\"n\"" } else { "" };
    let mut out = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for (name, holds) in &columns {
        out += &format!("<th scope=\"col\"{}>{}</th>", class(*holds), escape(name));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        out += "<tr>";
        for (at, (cell, (_, holds))) in row.iter().zip(&columns).enumerate() {
            let shown = match holds {
                Holds::Names => format!("<code>{}</code>", escape(cell)),
                Holds::Verdicts => {
                    format!("<span class=\"{}\">{}</span>", words::verdict(tone(cell)), escape(cell))
                }
                Holds::Words | Holds::Numbers => escape(cell),
            };
            out += &match at {
                0 => format!("<th scope=\"row\"{}>{shown}</th>", class(*holds)),
                _ => format!("<td{}>{shown}</td>", class(*holds)),
            };
        }
        out += "</tr>\n";
    }
    out + "</tbody></table></div>\n"
}
