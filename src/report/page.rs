//! What the answer of a what-if command is made of: sentences, then lists and tables under titles. Each form for
//! people sets the same page.

use super::html::{self, escape};
use super::markdown;
use super::text::{self, WIDTH, section};
use super::words::{Paint, paragraph};
use crate::units::{inert, inert_lines};

/// One page.
pub(super) struct Page {
    /// What is asked of what.
    pub title: String,
    /// The answer, a sentence each.
    pub answer: Vec<String>,
    /// Where the answer comes from: seed, model, work.
    pub run: String,
    /// What stands below.
    pub parts: Vec<Part>,
}

/// A part of a page under its title; an empty one is left out.
pub(super) enum Part {
    /// Sentences.
    List(String, Vec<String>),
    /// Rows.
    Table(Table),
    /// Lines of a model, as they are.
    Lines(String, String),
}

/// Rows under a header; a column whose name begins with `#` holds numbers.
pub(super) struct Table {
    pub title: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn part(title: impl Into<String>, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Part {
        let header = header.iter().map(|name| name.to_string()).collect();
        Part::Table(Table { title: title.into(), header, rows: rows.collect() })
    }

    /// The names of the columns, and which of them hold numbers.
    pub fn columns(&self) -> impl Iterator<Item = (&str, bool)> {
        self.header.iter().map(|name| name.strip_prefix('#').map_or((name.as_str(), false), |name| (name, true)))
    }
}

impl Part {
    fn is_empty(&self) -> bool {
        match self {
            Part::List(_, items) => items.is_empty(),
            Part::Table(table) => table.rows.is_empty(),
            Part::Lines(_, lines) => lines.is_empty(),
        }
    }
}

impl Page {
    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| !part.is_empty())
    }

    /// For a terminal.
    pub fn text(&self, paint: Paint) -> String {
        let mut out = paint.bold(&inert(&self.title)) + "\n\n";
        self.answer.iter().for_each(|sentence| out += &paragraph("  ", &inert(sentence), WIDTH));
        out += &paragraph("  ", &inert(&self.run), WIDTH);
        for part in self.parts() {
            let (title, body) = match part {
                Part::List(title, items) => {
                    (title, items.iter().map(|item| paragraph("  - ", &inert(item), WIDTH)).collect())
                }
                Part::Table(table) => {
                    (&table.title, text::table_of(table).into_iter().map(|line| line + "\n").collect())
                }
                Part::Lines(title, lines) => (title, lines.lines().map(|line| format!("  {line}\n")).collect()),
            };
            section(&mut out, &inert(title), body, paint);
        }
        paint.finish(&out)
    }

    /// GitHub-flavoured Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!("## {}\n", markdown::escape(&self.title));
        self.answer
            .iter()
            .chain([&self.run])
            .for_each(|sentence| out += &format!("\n{}\n", markdown::escape(sentence)));
        for part in self.parts() {
            match part {
                Part::List(title, items) => {
                    out += &format!("\n### {}\n\n", markdown::escape(title));
                    items.iter().for_each(|item| out += &format!("- {}\n", markdown::escape(item)));
                }
                Part::Table(table) => {
                    out += &format!("\n### {}\n\n", markdown::escape(&table.title));
                    out += &markdown::table(table);
                }
                Part::Lines(title, lines) => {
                    let fence = markdown::fence(lines);
                    out += &format!("\n### {}\n\n{fence}toml\n{lines}{fence}\n", markdown::escape(title));
                }
            }
        }
        inert_lines(&out)
    }

    /// A self-contained page with pictures, each described for those who cannot see it.
    pub fn html(&self, pictures: &[(&str, String)]) -> String {
        let answer: String = self.answer.iter().map(|sentence| format!("<p>{}</p>\n", escape(sentence))).collect();
        let mut body = format!("<h1>{}</h1>\n<div class=\"says\">\n{answer}</div>\n", escape(&self.title));
        pictures.iter().for_each(|(described, svg)| body += &html::figure(svg, described));
        for part in self.parts() {
            match part {
                Part::List(title, items) => {
                    let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escape(item))).collect();
                    body += &format!("<section>\n<h2>{}</h2>\n<ul>\n{items}</ul>\n</section>\n", escape(title));
                }
                Part::Table(table) => {
                    let header: Vec<String> = table.header.iter().map(|name| escape(name)).collect();
                    let header: Vec<&str> = header.iter().map(String::as_str).collect();
                    let rows = table.rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect());
                    body += &html::table(&escape(&table.title), &header, rows);
                }
                Part::Lines(title, lines) => {
                    body += &format!(
                        "<section>\n<h2>{}</h2>\n<pre>{}</pre>\n</section>\n",
                        escape(title),
                        lines.lines().map(escape).collect::<Vec<_>>().join("\n")
                    );
                }
            }
        }
        html::document(&self.title, &body, &self.run)
    }
}
