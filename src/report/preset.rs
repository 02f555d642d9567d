//! The pages of `presets`: what there is, and where each value comes from.

use super::text::{heading, plain_table};
use super::words::Paint;

/// Renders a list of presets: name and description.
pub fn preset_list(presets: &[(&str, &str)]) -> String {
    let rows = presets.iter().map(|(name, description)| [name.to_string(), description.to_string()]).collect();
    lines(plain_table(["preset", "what it describes"], [false; 2], rows))
}

/// Renders one preset: the key, value, unit, date and source of everything that it sets.
pub fn preset(name: &str, description: &str, values: Vec<[&str; 5]>, paint: Paint) -> String {
    let rows = values.into_iter().map(|value| value.map(String::from)).collect();
    let header = ["key", "value", "unit", "date", "source"];
    heading(name, description, paint) + &lines(plain_table(header, [false; 5], rows))
}

fn lines(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}
