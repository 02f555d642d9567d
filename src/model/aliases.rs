//! Aliases: what people type instead of a key, by section, with words from other tools and other parts of a model, and
//! the key that is meant. Mere misspellings are found by similarity, in `fields`.

mod calls;
mod others;
mod row;

/// The same in any section.
const ANYWHERE: &[(&str, &str)] = &[
    ("jobs", "the number of threads belongs to the command line: --jobs N"),
    ("rate", "a rate says its unit: per_second, per_minute, per_hour or per_day"),
    (
        "timeout",
        "the time limit of an attempt is `request_timeout` of its provider; timeouts come from it, not from `errors`",
    ),
    ("std", "a spread is given as `cv` (standard deviation over mean), or by two quantiles"),
    ("p50", "the 50 % quantile is called `median`"),
];

/// Every row, in order.
fn rows() -> impl Iterator<Item = &'static row::Row> {
    calls::ROWS.iter().chain(others::ROWS)
}

/// The hint for a key that a section does not have; none if the key is no known alias.
pub(super) fn hint(section: &str, key: &str) -> Option<&'static str> {
    let word = snake(key);
    // The first row is taken that has both the section and the word.
    let here = rows().find(|(titles, words, _)| titles.contains(&section) && words.contains(&word.as_str()));
    here.map(|row| row.2).or_else(|| ANYWHERE.iter().find(|(word, _)| *word == key).map(|(_, hint)| *hint))
}

/// `maxRetries`, `max-retries` and `MAX_RETRIES` are one word.
fn snake(key: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(if letter == '-' { '_' } else { letter.to_ascii_lowercase() });
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests;
