//! Recognises a file in another format than the expected one, so that the message names the format and not the first
//! character that does not fit.

use super::problems::Complaint;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON value over the whole file.
    Json,
    /// A JSON array, over one line or several.
    JsonArray,
    /// A JSON object a line.
    JsonLines,
    Toml,
    Yaml,
    Csv,
    Html,
    Xml,
    /// Not text.
    Binary,
}

impl Format {
    /// Its title.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "JSON",
            Format::JsonArray => "a JSON array",
            Format::JsonLines => "JSON Lines",
            Format::Toml => "TOML",
            Format::Yaml => "YAML",
            Format::Csv => "CSV",
            Format::Html => "HTML",
            Format::Xml => "XML",
            Format::Binary => "binary data",
        }
    }

    /// The format that a text seems to have; none if unclear.
    pub fn of(text: &str) -> Option<Format> {
        if text.contains('\0') {
            return Some(Format::Binary);
        }
        let is_said = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let lines: Vec<&str> = text.lines().map(str::trim).filter(is_said).take(40).collect();
        let first = *lines.first()?;
        let lower = first.to_lowercase();
        match first.chars().next()? {
            '{' => match lines.get(1) {
                Some(second) if !second.starts_with(['"', '}', ']']) => Some(Format::JsonLines),
                _ => Some(Format::Json),
            },
            '[' if is_header(first) => Some(Format::Toml),
            '[' => {
                let opens = |c: char| "{[\"-]".contains(c) || c.is_ascii_digit();
                let rest = first[1..].trim_start();
                (rest.is_empty() || rest.starts_with(opens)).then_some(Format::JsonArray)
            }
            '<' if lower.starts_with("<!doctype html") || lower.starts_with("<html") => Some(Format::Html),
            '<' => Some(Format::Xml),
            _ if first == "---" || first.starts_with("%YAML") || lines.iter().all(|line| is_yaml(line)) => {
                Some(Format::Yaml)
            }
            _ if lines.iter().any(|line| is_header(line)) || is_assignment(first) => Some(Format::Toml),
            _ if is_csv(&lines) => Some(Format::Csv),
            _ => None,
        }
    }
}

/// `[section]` or `[[section]]`, as TOML has them.
fn is_header(line: &str) -> bool {
    let inner = line.split('#').next().unwrap_or(line).trim();
    let inner = inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.map(|name| name.trim_start_matches('[').trim_end_matches(']'));
    let good = |c: char| c.is_ascii_alphanumeric() || "_-.\"' ".contains(c);
    inner.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(good))
}

fn is_assignment(line: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| is_key(key.trim()))
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.\"'".contains(c))
}

/// `key: value`, `key:` or `- item`.
fn is_yaml(line: &str) -> bool {
    let pair = line.trim_start_matches("- ");
    let pair =
        pair.split_once(':').is_some_and(|(key, rest)| is_key(key) && (rest.is_empty() || rest.starts_with(' ')));
    pair || line.starts_with("- ") || line.starts_with('-') && line.len() > 1 && line.parse::<f64>().is_err()
}

/// Several lines, each with as many separators as the first, at least one.
fn is_csv(lines: &[&str]) -> bool {
    [',', ';', '\t'].into_iter().any(|by| {
        let count = |line: &str| line.matches(by).count();
        lines.len() > 1 && count(lines[0]) > 0 && lines.iter().all(|line| count(line) == count(lines[0]))
    })
}

/// The complaint about a text in another format than `wanted` says; none if it has no other known format.
pub(super) fn complaint(text: &str, wanted: &str, fits: &[Format]) -> Option<Complaint> {
    let format = Format::of(text).filter(|format| !fits.contains(format))?;
    // One object in one line is both.
    if format == Format::Json && fits.contains(&Format::JsonLines) && text.trim().lines().count() == 1 {
        return None;
    }
    let cure = match (format, wanted.starts_with("a trace")) {
        (Format::JsonArray, true) => "write one object per line, for example with jq -c '.[]' FILE",
        (Format::Json, true) => "write one plan per line, for example with jq -c . FILE",
        (_, true) => "a line looks like {\"at_s\": 12.5, \"calls\": [[{\"latency_s\": 6.1, \"outcome\": \"ok\"}]]}",
        (Format::Json | Format::Yaml, false) if wanted.starts_with("a model") => {
            "a section is [queue.ai], a value is max_concurrency = 4; `capsim init` writes a model to start from"
        }
        (Format::Csv | Format::JsonLines | Format::JsonArray, false) if wanted.starts_with("a model") => {
            "`capsim fit` reads measured latencies; a class reads a trace: arrivals = { process = \"trace\", file = … }"
        }
        _ => "",
    };
    Some(Complaint::new(format!("this looks like {}, but {wanted}", format.name())).cure(cure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        for (text, format) in [
            ("{\"a\": 1}\n{\"a\": 2}\n", Some(Format::JsonLines)),
            ("{\n  \"a\": 1\n}\n", Some(Format::Json)),
            ("{\"a\": 1}", Some(Format::Json)),
            ("[\n {\"a\": 1}\n]", Some(Format::JsonArray)),
            ("[1, 2]", Some(Format::JsonArray)),
            ("# a comment\n[run]\nseed = 1\n", Some(Format::Toml)),
            ("name = \"x\"\n", Some(Format::Toml)),
            ("[[change]] # and so on\nat = \"1d\"\n", Some(Format::Toml)),
            ("---\nname: x\n", Some(Format::Yaml)),
            ("run:\n  seed: 1\n  steps:\n    - name: a\n", Some(Format::Yaml)),
            ("at,latency\n1,2\n3,4\n", Some(Format::Csv)),
            ("at;latency\n1;2\n", Some(Format::Csv)),
            ("<!DOCTYPE html><html>", Some(Format::Html)),
            ("<?xml version=\"1.0\"?>", Some(Format::Xml)),
            ("a\0b", Some(Format::Binary)),
            ("1.5\n2.5\n", None),
            ("-1.5\n2.5\n", None),
            ("latency\n1.5\n", None),
            ("[a\nb = 1\n", None),
            ("", None),
        ] {
            assert_eq!(Format::of(text), format, "{text:?}");
        }
    }
}
