//! Names of columns: many spellings, one name, and the unit that it says.

/// A name in small letters with `_` between its words, and without its unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    /// With the unit: `duration_ms`.
    pub whole: String,
    /// Without: `duration`.
    pub stem: String,
    /// What one stands for, in seconds.
    pub unit: Option<f64>,
}

/// The words for a unit of time, and the seconds in one.
const UNITS: [(&[&str], f64); 4] = [
    (&["ns", "nano", "nanos", "nanosecond", "nanoseconds"], 1e-9),
    (&["us", "usec", "usecs", "µs", "μs", "micro", "micros", "microsecond", "microseconds"], 1e-6),
    (&["ms", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds"], 1e-3),
    (&["s", "sec", "secs", "second", "seconds"], 1.0),
];

/// `durationMs`, `Duration (ms)` and `duration-ms` are one name.
pub(super) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() && letter != '%' {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if begins && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

impl Name {
    /// Reads a name.
    pub fn of(name: &str) -> Name {
        let whole = snake(name);
        let (head, last) = whole.rsplit_once('_').unwrap_or(("", &whole));
        let unit = UNITS.iter().find(|(words, _)| words.contains(&last)).map(|(_, unit)| *unit);
        // A column of seconds may have no other name; `s` alone says nothing.
        let unit = unit.filter(|_| !head.is_empty() || last.len() > 1);
        let stem = match unit {
            Some(_) if !head.is_empty() => head.strip_suffix("_in").unwrap_or(head).to_string(),
            _ => whole.clone(),
        };
        Name { whole, stem, unit }
    }

    /// Whether it is one of some names, or ends in one of them after a word more.
    pub fn ends_in(&self, stems: &[&str]) -> bool {
        stems.iter().any(|stem| self.stem.strip_suffix(stem).is_some_and(|head| head.is_empty() || head.ends_with('_')))
    }

    /// Whether one of these is a word of it.
    pub fn has_word(&self, words: &[&str]) -> bool {
        self.whole.split('_').any(|word| words.contains(&word))
    }
}

/// How a unit is written.
pub(super) fn unit_name(unit: f64) -> &'static str {
    match unit {
        unit if unit < 5e-9 => "ns",
        unit if unit < 5e-6 => "µs",
        unit if unit < 5e-3 => "ms",
        _ => "s",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_many_spellings() {
        for name in ["durationMs", "duration_ms", "duration-ms", "Duration (ms)", "DURATION_MS", "Duration in ms"] {
            let read = Name::of(name);
            assert_eq!((read.stem.as_str(), read.unit), ("duration", Some(1e-3)), "{name}");
        }
        assert_eq!(snake("HTTPStatusCode"), "http_status_code");
        assert_eq!(snake("http.status_code"), "http_status_code");
        assert_eq!(snake("startTimeUnixNano"), "start_time_unix_nano");
        assert_eq!(Name::of("startTimeUnixNano").unit, Some(1e-9));
        assert_eq!(Name::of("seconds").stem, "seconds");
        assert_eq!(Name::of("s").unit, None);
        assert_eq!(Name::of("status").unit, None);
    }
}
