//! How numbers and words are written for programs, in JSON and in CSV, whatever the answer.

use crate::units::{inert, is_hidden};
use serde_json::{Value, json};

/// Changes when a name is removed or changes its meaning, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

pub(super) fn pretty(value: &Value) -> String {
    written(&format!("{value:#}\n"))
}

/// The text of a value with all that is hidden in its words written as JSON writes it. Outside of words there is
/// nothing of the kind but ends of lines.
pub(super) fn written(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter != '\n' && is_hidden(letter) {
            let mut units = [0; 2];
            letter.encode_utf16(&mut units).iter().for_each(|unit| out += &format!("\\u{unit:04x}"));
        } else {
            out.push(letter);
        }
    }
    out
}

/// A number that JSON can say; whole ones without a fraction, and no negative zero.
pub(super) fn finite(x: f64) -> Value {
    let whole = x as i64;
    if whole as f64 == x && whole.unsigned_abs() < 1 << 53 { Value::from(whole) } else { Value::from(x) }
}

/// A number, or null where there is none or it is not finite.
pub(super) fn nullable(x: Option<f64>) -> Value {
    x.filter(|x| x.is_finite()).map_or(Value::Null, finite)
}

/// A number as text, so that what is read back is the same to the last bit; null where there is none.
pub(super) fn exact(x: Option<f64>) -> Value {
    x.map_or(Value::Null, |x| x.to_string().into())
}

/// What [`exact`] has written; none where it is something else.
pub(super) fn read_exact(value: &Value) -> Option<Option<f64>> {
    match value {
        Value::Null => Some(None),
        value => value.as_str()?.parse().ok().filter(|x: &f64| x.is_finite()).map(Some),
    }
}

/// Both ends of an interval, or null where there is none.
pub(super) fn interval(ends: Option<(f64, f64)>) -> Value {
    ends.map_or(Value::Null, |(low, high)| json!([finite(low), nullable(Some(high))]))
}

/// A number of a table; empty where there is none or it is not finite.
pub(super) fn csv_number(x: Option<f64>) -> String {
    x.filter(|x| x.is_finite()).map_or(String::new(), |x| (x + 0.0).to_string())
}

/// A cell: quoted where that is needed, in one line, and no formula in any spreadsheet.
pub(super) fn csv_field(text: &str) -> String {
    const OPENS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let text = inert(text);
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let guard = if text.trim_start().starts_with(OPENS) && !is_number { "'" } else { "" };
    let text = format!("{guard}{text}");
    if text.contains([',', '"', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("plans.per_day", "plans.per_day"),
            ("-12.5", "-12.5"),
            ("+3", "+3"),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("\t=1", "' =1"),
            ("\r-2+3", "' -2+3"),
            ("-inf", "'-inf"),
            ("\u{200b}=1", "\\u{200b}=1"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(csv_field(text), cell);
        }
    }
}
