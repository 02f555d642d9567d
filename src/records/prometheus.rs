//! The lines in which Prometheus writes metrics, as rows: the labels, `__name__` and `value`.

use serde_json::{Map, Value};

/// Whether a text is of this form, by its first lines.
pub(super) fn is_text(lines: &[&str]) -> bool {
    let says = |line: &&&str| line.starts_with("# HELP ") || line.starts_with("# TYPE ");
    let has_labels = |line: &&&str| line.contains("{") && row(line).is_some();
    lines.iter().take(20).any(|line| says(&line)) || lines.first().is_some_and(|line| has_labels(&line))
}

/// A line `name{label="value", …} number [time]`.
pub(super) fn row(line: &str) -> Option<Map<String, Value>> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))?;
    let (name, rest) = line.split_at(end);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let mut row = Map::new();
    row.insert("__name__".into(), name.into());
    let mut rest = rest.trim_start();
    if let Some(labels) = rest.strip_prefix('{') {
        rest = labels.trim_start();
        while !rest.starts_with('}') {
            let (label, value) = rest.split_once("=\"")?;
            let close = closing(value)?;
            row.insert(label.trim().into(), value[..close].replace("\\\"", "\"").into());
            rest = value[close + 1..].trim_start().trim_start_matches(',').trim_start();
        }
        rest = &rest[1..];
    }
    let number = rest.split_whitespace().next()?;
    number.parse::<f64>().ok()?;
    row.insert("value".into(), number.into());
    Some(row)
}

/// The quote that closes a value.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, letter)| {
        let closes = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        closes.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_row() {
        let found = row("http_seconds_bucket{path=\"/a \\\"b\\\"\",le=\"0.5\"} 12 1790000000000").unwrap();
        assert_eq!(found["__name__"], "http_seconds_bucket");
        assert_eq!((&found["le"], &found["value"], &found["path"]), (&"0.5".into(), &"12".into(), &"/a \"b\"".into()));
        assert_eq!(row("up 1").unwrap()["value"], "1");
        for line in ["", "# HELP a b", "x{le=\"1\"", "x{le=1} 2", "x y", "1.5", "a,b"] {
            assert!(row(line).is_none(), "{line}");
        }
    }
}
