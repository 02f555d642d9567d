//! Numbers as people read them.

use crate::math;

/// A whole number with a comma every three digits: `1,000`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A real number with four significant digits, and commas where it is large: `0.03125`, `97.31`, `6,666`.
pub fn number(x: f64) -> String {
    if !x.is_finite() {
        return "–".into();
    }
    let size = x.abs();
    if size >= 1000.0 {
        let sign = if x < 0.0 { "-" } else { "" };
        return format!("{sign}{}", count(math::round(size) as u64));
    }
    let decimals = match size {
        s if s >= 100.0 => 1,
        s if s >= 10.0 => 2,
        s if s >= 1.0 => 3,
        s if s >= 0.1 => 4,
        s if s >= 0.01 => 5,
        _ => 6,
    };
    let text = format!("{x:.decimals$}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" || short.is_empty() { "0".into() } else { short.into() }
}

/// The words that go with a number as it is shown: `one` where that reads 1.
pub fn agree<'a>(n: f64, one: &'a str, many: &'a str) -> &'a str {
    if number(n) == "1" { one } else { many }
}

/// A number and what goes with it: `1 plan fails`, `0 plans fail`, `1,003 plans fail`.
pub fn things(n: f64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), agree(n, one, many))
}

/// A fraction as a percentage: `0.0123` is `1.23 %`.
pub fn percent(fraction: f64) -> String {
    format!("{} %", number(fraction * 100.0))
}

/// "did you mean …?" for the nearest of some words, or nothing where none is near.
pub fn did_you_mean<S: AsRef<str>>(word: &str, words: impl IntoIterator<Item = S>) -> String {
    let mut best: Option<(f64, String)> = None;
    let lower = word.to_lowercase().replace('-', "_");
    for candidate in words {
        let candidate = candidate.as_ref();
        let likeness = strsim::jaro_winkler(&lower, &candidate.to_lowercase().replace('-', "_"));
        if likeness >= 0.8 && best.as_ref().is_none_or(|(most, _)| likeness > *most) {
            best = Some((likeness, candidate.to_string()));
        }
    }
    best.map_or_else(String::new, |(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_grouped() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(number(27.0), "27");
        assert_eq!(number(6666.4), "6,666");
        assert_eq!(number(0.03125), "0.03125");
        assert_eq!(number(-0.0), "0");
        assert_eq!(number(f64::NAN), "–");
        assert_eq!(percent(0.0123), "1.23 %");
    }

    #[test]
    fn words_go_with_the_number_that_is_shown() {
        let shown =
            [0.0, 0.4, 0.999_999, 1.0, 1.000_01, 1.5, 2.0, 1003.0].map(|n| things(n, "plan fails", "plans fail"));
        let says = ["0 plans fail", "0.4 plans fail", "1 plan fails", "1 plan fails", "1 plan fails"];
        assert_eq!(shown[..5], says);
        assert_eq!(shown[5..], ["1.5 plans fail", "2 plans fail", "1,003 plans fail"]);
    }
}
