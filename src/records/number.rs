//! Numbers and durations as logs write them: with decimal commas, with commas between thousands, with a unit or without.

use crate::units::Span;

/// What a comma in a number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Comma {
    /// Between thousands, or absent.
    #[default]
    Thousands,
    /// Before the decimals.
    Decimal,
}

/// A finite number.
pub(super) fn number(text: &str, comma: Comma) -> Option<f64> {
    let first = text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.' | b',')) {
        return None;
    }
    if let Ok(value) = text.parse::<f64>() {
        return Some(value).filter(|value| value.is_finite());
    }
    let is_gap = |c: &char| matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' | '_');
    let mut plain: String = text.chars().filter(|c| !is_gap(c)).collect();
    match (plain.rfind(','), plain.rfind('.')) {
        // The last of two kinds is the decimal one.
        (Some(comma), Some(point)) if comma > point => plain = plain.replace('.', "").replace(',', "."),
        (Some(_), None) if comma == Comma::Decimal => plain = plain.replace(',', "."),
        _ => plain = plain.replace(',', ""),
    }
    plain.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// What the commas of a column are: between thousands if every one has three digits behind it and none a zero alone
/// before it. In a file of semicolons or tabs a comma is a decimal one.
pub(super) fn comma<'a>(mut values: impl Iterator<Item = &'a str>, separator: Option<u8>) -> Comma {
    if matches!(separator, Some(b';' | b'\t')) {
        return Comma::Decimal;
    }
    let is_thousands = |text: &str| {
        let whole = text.split('.').next().unwrap_or(text).trim_start_matches(['-', '+']);
        let mut groups = whole.split(',');
        let first = groups.next().unwrap_or_default();
        (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3)
    };
    if values.all(|text| !text.contains(',') || is_thousands(text)) { Comma::Thousands } else { Comma::Decimal }
}

/// Seconds in a duration that says its own unit: `1.358s`, `250 ms`, `1m2.5s`, `00:00:01.5`, `PT1.5S`.
pub(super) fn with_unit(text: &str, comma: Comma) -> Option<f64> {
    let split = text.find(|c: char| c.is_alphabetic() || c == 'µ' || c == 'μ').unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let factor = match unit {
        "ns" => Some(1e-9),
        "us" | "µs" | "μs" => Some(1e-6),
        "ms" => Some(1e-3),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    if let Some(factor) = factor {
        return number(digits.trim_end(), comma).map(|value| value * factor);
    }
    if split == text.len() {
        return clock(text);
    }
    Span::parse(text).ok().map(Span::secs)
}

/// `[D.]HH:MM:SS[.fff]`.
fn clock(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else { return None };
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let whole = |text: &str| text.parse::<u32>().ok().map(f64::from);
    let seconds = number(seconds, Comma::Decimal).filter(|seconds| (0.0..60.0).contains(seconds))?;
    Some(((whole(days)? * 24.0 + whole(hours)?) * 60.0 + whole(minutes)?) * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_country() {
        let cases = [
            ("1358.5", Comma::Thousands, 1358.5),
            ("1,358.5", Comma::Thousands, 1358.5),
            ("1.358,5", Comma::Thousands, 1358.5),
            ("1,358", Comma::Thousands, 1358.0),
            ("1,358", Comma::Decimal, 1.358),
            ("1 358,5".replace(' ', "\u{a0}").leak(), Comma::Decimal, 1358.5),
            ("1'358.5", Comma::Thousands, 1358.5),
            ("1.5e3", Comma::Thousands, 1500.0),
        ];
        for (text, comma, value) in cases {
            assert_eq!(number(text, comma), Some(value), "{text}");
        }
        for text in ["", "-", "NaN", "inf", "1s", "true", "1.2.3"] {
            assert_eq!(number(text, Comma::Thousands), None, "{text}");
        }
    }

    #[test]
    fn a_column_says_what_its_commas_are() {
        let of = |values: &[&'static str], separator| comma(values.iter().copied(), separator);
        assert_eq!(of(&["1,358", "12,000.5"], Some(b',')), Comma::Thousands);
        assert_eq!(of(&["1,358", "0,250"], Some(b',')), Comma::Decimal);
        assert_eq!(of(&["1,35"], Some(b',')), Comma::Decimal);
        assert_eq!(of(&["1,358"], Some(b';')), Comma::Decimal);
    }

    #[test]
    fn durations_say_their_unit() {
        for (text, seconds) in [
            ("1.5s", 1.5),
            ("250ms", 0.25),
            ("250 ms", 0.25),
            ("3µs", 3e-6),
            ("1m2.5s", 62.5),
            ("00:01:02.5", 62.5),
            ("PT1.5S", 1.5),
            ("1,5 s", 1.5),
        ] {
            assert_eq!(with_unit(text, Comma::Decimal), Some(seconds), "{text}");
        }
        for text in ["", "12", "s", "12 parsecs", "12:00", "2026-09-21"] {
            assert_eq!(with_unit(text, Comma::Decimal), None, "{text}");
        }
    }
}
