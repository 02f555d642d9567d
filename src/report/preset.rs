//! The pages of `presets` and `strategies`: what there is, and where each value comes from.

use super::page::{Page, Part, Table};
use super::text::{self, Screen};
use super::words;
use std::collections::BTreeMap;

/// Operations by store and kind.
pub type Ops = BTreeMap<(String, String), u32>;

/// The calls of the plan that strategies are compared on.
const CALLS: u32 = 9;

/// A strategy as the list shows it: its name; ops of a call that succeeds, of one that fails, of a plan's end and of a
/// day; what it does.
pub type StrategyRow<'a> = (&'a str, [&'a Ops; 4], &'a str);

/// Renders the strategies: name, ops of a plan, of a call that fails and of a day, description.
pub fn strategy_list(strategies: &[StrategyRow<'_>], screen: Screen) -> String {
    let in_words = |ops: &Ops| {
        let one = |((store, op), n): (&(String, String), &u32)| format!("{n} {store} {op}");
        let all: Vec<String> = ops.iter().map(one).collect();
        if all.is_empty() { "none".into() } else { all.join(", ") }
    };
    let row = |(name, [call, error, plan, day], what): &StrategyRow<'_>| {
        let mut whole: Ops = call.iter().map(|(op, n)| (op.clone(), n * CALLS)).collect();
        plan.iter().for_each(|(op, n)| *whole.entry(op.clone()).or_default() += n);
        [name.to_string(), in_words(&whole), in_words(error), in_words(day), what.to_string()]
    };
    let rows = strategies.iter().map(row).map(Vec::from);
    let header = ["strategy", "a plan of 9 calls", "a faulty, failed call", "a day", "what it does"];
    text::table(&Table::new("", &header, rows), screen)
}

/// The file of a strategy as the rows of a `custom` one: without the description, which `[logging]` does not have,
/// and without the switches, which are named in words.
pub fn strategy_as_custom(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("description")).map(|line| format!("{line}\n")).collect()
}

/// Renders a list of presets: name and description.
pub fn preset_list(presets: &[(&str, &str)], screen: Screen) -> String {
    let rows = presets.iter().map(|(name, description)| vec![name.to_string(), description.to_string()]);
    text::table(&Table::new("", &["preset", "what it describes"], rows), screen)
}

/// Renders one preset: the key, value, unit, date and source of everything that it sets.
pub fn preset(name: &str, description: &str, values: Vec<[&str; 5]>, screen: Screen) -> String {
    let rows = values.into_iter().map(|value| value.map(String::from).to_vec());
    let table: Part = Table::part("Values", &["key", "value", "unit", "date", "source"], rows);
    text::render(&Page::new(words::title(name, description), Vec::new(), "", vec![table]), screen)
}
