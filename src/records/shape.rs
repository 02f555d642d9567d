//! What the text of a file is made of: rows under a header, JSON values, lines of a server. Told by its beginning.

use super::number::{Comma, number, with_unit};
use super::{lines, prometheus, xml};

/// The form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing but space.
    Empty,
    /// Not text, or the text of something else; what it is.
    Foreign(&'static str),
    /// A number or a duration a line.
    List,
    /// Rows of cells, and what stands between them.
    Table(u8),
    /// A JSON value a line.
    JsonLines,
    /// A JSON array.
    JsonArray,
    /// JSON values over several lines, one after another.
    JsonStream,
    /// Lines of a web server: words, quotes and brackets.
    Access,
    /// Lines of `key=value`.
    Logfmt,
    /// A table whose header is a line `#Fields:`.
    W3c,
    /// Metrics as Prometheus writes them.
    Prometheus,
    /// The results of JMeter.
    Xml,
    /// Words under words, apart by spaces.
    Columns,
}

impl Shape {
    /// The form of a text that begins so; `is_whole` says that there is no more of it.
    pub fn of(head: &[u8], is_whole: bool) -> Shape {
        if head.contains(&0) {
            return Shape::Foreign("binary data");
        }
        let text = String::from_utf8_lossy(head);
        let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        // The last line may be cut.
        if !is_whole && lines.len() > 1 {
            lines.pop();
        }
        let is_comment = |line: &&str| line.starts_with('#');
        if lines.iter().take_while(|line| is_comment(line)).any(|line| line.starts_with("#Fields:")) {
            return Shape::W3c;
        }
        if prometheus::is_text(&lines) {
            return Shape::Prometheus;
        }
        lines.retain(|line| !is_comment(line));
        let Some(first) = lines.first().copied() else { return Shape::Empty };
        if let Some(json) = json(first, &text) {
            return json;
        }
        if xml::is_results(&text) {
            return Shape::Xml;
        }
        if let Some(what) = foreign(&lines) {
            return Shape::Foreign(what);
        }
        if number(first, Comma::Thousands).is_some() || with_unit(first, Comma::Thousands).is_some() {
            return Shape::List;
        }
        if lines.iter().take(20).any(|line| lines::is_access(line)) {
            return Shape::Access;
        }
        if lines.iter().take(20).all(|line| lines::pairs(line).is_some()) {
            return Shape::Logfmt;
        }
        match separator(&lines) {
            None if lines::are_columns(&lines) => Shape::Columns,
            separator => Shape::Table(separator.unwrap_or(b',')),
        }
    }
}

fn json(first: &str, text: &str) -> Option<Shape> {
    if first.starts_with('{') {
        let is_whole = serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok();
        return Some(if is_whole { Shape::JsonLines } else { Shape::JsonStream });
    }
    if first.starts_with('[') {
        let inner = text.trim_start()[1..].trim_start();
        let element = inner.split([',', ']', '\n']).next().unwrap_or_default().trim();
        let is_value = inner.starts_with(['{', ']']) || element.parse::<f64>().is_ok() || inner.is_empty();
        return is_value.then_some(Shape::JsonArray);
    }
    None
}

/// What else a text may be.
fn foreign(lines: &[&str]) -> Option<&'static str> {
    let first = lines.first()?;
    let lower = first.to_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Some("HTML");
    }
    if first.starts_with('<') {
        return Some("XML");
    }
    let is_word =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.\"'".contains(c));
    if *first == "---"
        || lines.iter().all(|line| {
            line.split_once(':').is_some_and(|(key, rest)| is_word(key) && (rest.is_empty() || rest.starts_with(' ')))
                || line.starts_with("- ")
        })
    {
        return Some("YAML");
    }
    let is_section = first
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|name| is_word(name.trim_matches(['[', ']'])));
    let is_setting = first.split_once(" = ").is_some_and(|(key, _)| is_word(key));
    (is_section || is_setting).then_some("TOML")
}

/// What stands between cells: what most lines have as often as the first.
fn separator(lines: &[&str]) -> Option<u8> {
    let counts = |by: u8| lines.iter().take(20).map(move |line| quoted_out(line).bytes().filter(|b| *b == by).count());
    let agreeing = |by: &u8| {
        let first = counts(*by).next().unwrap_or_default();
        (if first == 0 { 0 } else { counts(*by).filter(|count| *count == first).count() }, first)
    };
    [b'|', b',', b';', b'\t'].into_iter().max_by_key(agreeing).filter(|by| agreeing(by).0 > 0)
}

/// A line without what stands in quotes.
fn quoted_out(line: &str) -> String {
    line.split('"').step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        for (text, shape) in [
            ("", Shape::Empty),
            ("# nothing\n\n", Shape::Empty),
            ("a\0b", Shape::Foreign("binary data")),
            ("1.5\n2\n", Shape::List),
            ("250ms\n", Shape::List),
            ("id,latency\n1,2\n", Shape::Table(b',')),
            ("id;latency\n1;2,5\n", Shape::Table(b';')),
            ("id\tlatency, s\n", Shape::Table(b'\t')),
            ("latency\n1.5\n", Shape::Table(b',')),
            ("{\"a\": 1}\n{\"a\": 2}\n", Shape::JsonLines),
            ("{\n \"a\": 1\n}\n{\n", Shape::JsonStream),
            ("[\n{\"a\": 1}]", Shape::JsonArray),
            ("[1.5, 2]", Shape::JsonArray),
            ("[section]\na = 1\n", Shape::Foreign("TOML")),
            ("---\na: b\n", Shape::Foreign("YAML")),
            ("<html>", Shape::Foreign("HTML")),
            ("#Version: 1.0\n#Fields: date time time-taken\n", Shape::W3c),
            ("level=info dur=1s\n", Shape::Logfmt),
            ("127.0.0.1 - - [21/Sep/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n", Shape::Access),
            ("<?xml?>\n<testResults version=\"1.2\">\n", Shape::Xml),
            ("Value  Percentile\n\n 2000.0  0.5\n", Shape::Columns),
            ("# HELP x y\n# TYPE x histogram\nx_bucket{le=\"1\"} 5\n", Shape::Prometheus),
        ] {
            assert_eq!(Shape::of(text.as_bytes(), true), shape, "{text:?}");
        }
    }
}
