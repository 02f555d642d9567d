//! Every key of the language is in some random model, but for those of which it is said here why not.

use super::dice::Dice;
use super::make::{definition, schema};
use super::{MADE, Wish, from_seed};
use serde_json::Value as Schema;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;
use toml::Value;

/// Keys that no random model has, and why.
const ABSENT: [(&str, &str); 4] = [
    (".extends", "a base is another file"),
    ("arrivals.file", "a trace is another file"),
    ("a-distribution.file", "measured latencies are another file"),
    ("a-part-of-a-mixture.file", "measured latencies are another file"),
];

/// The keys of a table and what it says of each; of those whose keys depend on one of them, all.
fn keys(of: &'static Schema) -> Vec<(&'static String, &'static Schema)> {
    let variants = of["oneOf"].as_array().or(of["anyOf"].as_array()).into_iter().flatten();
    let own = of["properties"].as_object().into_iter().flatten();
    own.chain(variants.flat_map(|of| of["properties"].as_object().into_iter().flatten())).collect()
}

/// Counts the keys in a value.
fn count(node: &Value, of: &'static Schema, table: &str, counts: &mut BTreeMap<String, u64>) {
    let (name, of) = definition(of);
    let table = name.unwrap_or(table);
    let choices: Vec<&Schema> = of["anyOf"].as_array().map_or(vec![of], |all| all.iter().collect());
    match node {
        Value::Table(entries) => {
            for of in choices {
                let (name, of) = definition(of);
                let (table, all) = (name.unwrap_or(table), keys(of));
                for (key, value) in entries {
                    if let Some((_, next)) = all.iter().find(|(other, _)| *other == key) {
                        *counts.entry(format!("{table}.{key}")).or_default() += 1;
                        count(value, next, table, counts);
                    } else if of["additionalProperties"].is_object() {
                        count(value, &of["additionalProperties"], table, counts);
                    }
                }
            }
        }
        Value::Array(list) => {
            for of in choices.iter().filter(|of| of["items"].is_object()) {
                list.iter().for_each(|item| count(item, &of["items"], table, counts));
            }
        }
        _ => {}
    }
}

#[test]
fn every_key_of_the_language_is_in_some_model() {
    let mut counts = BTreeMap::new();
    let mut dice = Dice(7);
    for _ in 0..800 {
        let seed = dice.up_to(usize::MAX) as u64;
        if let Some(root) = from_seed(seed, &Wish::default()) {
            count(&Value::Table(root), schema(), "", &mut counts);
        }
    }
    let mut declared: BTreeSet<String> = keys(schema()).into_iter().map(|(key, _)| format!(".{key}")).collect();
    for (table, of) in schema()["$defs"].as_object().unwrap() {
        declared.extend(keys(of).into_iter().map(|(key, _)| format!("{table}.{key}")));
    }
    let absent: BTreeSet<String> = ABSENT.iter().map(|(key, _)| (*key).to_string()).collect();
    let missing: Vec<&String> =
        declared.iter().filter(|key| !counts.contains_key(*key) && !absent.contains(*key)).collect();
    assert!(missing.is_empty(), "no random model has {missing:?}: say in sense.rs how they can");
    let there: Vec<&String> =
        absent.iter().filter(|key| counts.contains_key(*key) || !declared.contains(*key)).collect();
    assert!(there.is_empty(), "are in random models, or no keys at all: {there:?}");
    let [made, at_once, rejected] = MADE.each_ref().map(|count| count.load(Relaxed));
    assert!(rejected * 20 < made, "{rejected} of {made} made were no models");
    assert!(at_once * 5 > made, "only {at_once} of {made} were models before they were mended");
    println!("{made} made, {at_once} at once, {rejected} rejected; the rarest: {:?}", rarest(&counts));
}

/// The keys that are in the fewest models.
fn rarest(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut all: Vec<(&str, u64)> = counts.iter().map(|(key, count)| (key.as_str(), *count)).collect();
    all.sort_by_key(|(_, count)| *count);
    all.truncate(12);
    all
}

#[test]
#[ignore = "for whoever tunes the making"]
fn what_is_complained_about() {
    let mut whys: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let mut dice = Dice(7);
    for _ in 0..400 {
        let seed = dice.up_to(usize::MAX) as u64;
        let root = super::make::make(seed, &Wish::default());
        let rejected = from_seed(seed, &Wish::default()).is_none();
        if let Err(problems) = super::read(&super::text(&root)) {
            for problem in problems.list() {
                let last = problem.key.rsplit('.').next().unwrap_or_default();
                let entry = whys.entry(format!("{rejected} {last}: {}", problem.what)).or_default();
                entry.0 += 1;
                entry.1 = format!("{} / {}", problem.found, problem.key);
            }
        }
    }
    let mut all: Vec<_> = whys.into_iter().collect();
    all.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    all.iter().take(45).for_each(|(why, (count, found))| println!("{count} {why} ({found})"));
}
