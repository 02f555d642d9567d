//! Presets: the limits and prices of a platform, as a fragment of a model in which each value has its source.

use super::input::Input;
use super::problems::Collector;
use super::tree::{Node, Value, parse};
use std::path::Path;

/// A first model, with what each part of it means.
pub const STARTER: &str = include_str!("../../presets/starter.toml");

/// The presets that a model may name.
pub(super) const NAMES: &[&str] = &["cloudflare-free", "cloudflare-paid"];

/// Their texts, in the same order.
const TEXTS: [&str; 2] =
    [include_str!("../../presets/cloudflare-free.toml"), include_str!("../../presets/cloudflare-paid.toml")];

/// The presets that a store may name.
pub(super) const STORES: &[&str] = &["sentry-developer", "analytics-engine", "d1", "queues"];

/// Their texts, in the same order.
const STORE_TEXTS: [&str; 4] = [
    include_str!("../../presets/stores/sentry-developer.toml"),
    include_str!("../../presets/stores/analytics-engine.toml"),
    include_str!("../../presets/stores/d1.toml"),
    include_str!("../../presets/stores/queues.toml"),
];

/// The presets that retries, and layers of them, may name.
pub(super) const RETRIES: &[&str] = &["openai-sdk", "anthropic-sdk", "published-client"];

/// Their texts, in the same order.
const RETRY_TEXTS: [&str; 3] = [
    include_str!("../../presets/retries/openai-sdk.toml"),
    include_str!("../../presets/retries/anthropic-sdk.toml"),
    include_str!("../../presets/retries/published-client.toml"),
];

/// A preset, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What `platform.preset` calls it.
    pub name: String,
    /// What it describes, in a line.
    pub description: String,
    /// Its values, by key.
    pub values: Vec<PresetValue>,
    /// The file itself: a fragment of a model.
    pub text: &'static str,
}

/// A value of a preset and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresetValue {
    /// Its key, as `--set` takes it.
    pub key: String,
    /// The value, in short: of a quota its limit, of a law its parameters.
    pub value: String,
    /// The unit of the value; may be empty.
    pub unit: String,
    /// The public page or measurement that it comes from.
    pub source: String,
    /// The date of that page, `YYYY-MM-DD`.
    pub date: String,
    /// What else there is to know; may be empty.
    pub note: String,
}

/// The fragment of a preset, without the table of sources; its text is added to those of the input.
pub(super) fn fragment(input: &mut Input<'_>, name: &str) -> Option<Node> {
    let position = NAMES.iter().position(|other| *other == name)?;
    let source = input.add(&format!("<preset {name}>"), TEXTS[position], Path::new(""));
    let mut node = parse(source, TEXTS[position], &mut input.problems)?;
    if let Value::Table(table) = &mut node.value {
        table.remove("source");
        table.remove("description");
    }
    Some(node)
}

/// Lays the presets that stores name under them.
pub(super) fn under_stores(input: &mut Input<'_>, root: &mut Node) {
    let Value::Table(table) = &mut root.value else { return };
    let Some(Node { value: Value::Table(stores), .. }) = table.get_mut("store") else { return };
    for store in stores.values_mut() {
        let named = store.get("preset").and_then(Node::text).and_then(|n| STORES.iter().position(|other| *other == n));
        let Some(at) = named else { continue };
        let source = input.add(&format!("<preset {}>", STORES[at]), STORE_TEXTS[at], Path::new(""));
        let Some(mut under) = parse(source, STORE_TEXTS[at], &mut input.problems) else { continue };
        if let Value::Table(table) = &mut under.value {
            table.remove("source");
            table.remove("description");
        }
        let over = std::mem::replace(store, Node::empty(store.at));
        *store = super::overlay::merge(under, over);
    }
}

/// The names of the platforms' presets.
pub fn platforms() -> &'static [&'static str] {
    NAMES
}

/// Lays the presets that retries name under them, and the time limits of those under their providers.
pub(super) fn under_retries(input: &mut Input<'_>, root: &mut Node) {
    let Value::Table(table) = &mut root.value else { return };
    let Some(Node { value: Value::Table(retries), .. }) = table.get_mut("retry") else { return };
    let mut timeouts = Vec::new();
    for (name, retry) in retries {
        for layer in ["proxy", "sdk"] {
            let Value::Table(keys) = &mut retry.value else { continue };
            let Some(inner) = keys.get_mut(layer) else { continue };
            let timeout = under_layer(input, inner, &["request_timeout", "retry_after", "retry_after_max"]);
            timeouts.extend(timeout.map(|timeout| (name.clone(), timeout)));
        }
        let timeout = under_layer(input, retry, &["request_timeout"]);
        timeouts.extend(timeout.map(|timeout| (name.clone(), timeout)));
    }
    let Some(Node { value: Value::Table(providers), .. }) = table.get_mut("provider") else { return };
    for (name, timeout) in timeouts {
        if let Some(Node { value: Value::Table(provider), .. }) = providers.get_mut(&name) {
            provider.entry("request_timeout".into()).or_insert(timeout);
        }
    }
}

/// Lays the preset that a layer names under it, without the keys that a layer does not have; the answer is the time
/// limit of an attempt.
fn under_layer(input: &mut Input<'_>, layer: &mut Node, without: &[&str]) -> Option<Node> {
    let named = layer.get("preset").and_then(Node::text)?;
    let at = RETRIES.iter().position(|other| *other == named)?;
    let source = input.add(&format!("<preset {}>", RETRIES[at]), RETRY_TEXTS[at], Path::new(""));
    let mut under = parse(source, RETRY_TEXTS[at], &mut input.problems)?;
    let timeout = under.get("request_timeout").cloned();
    if let Value::Table(table) = &mut under.value {
        table.retain(|key, _| !["source", "description"].contains(&key.as_str()) && !without.contains(&key.as_str()));
    }
    let over = std::mem::replace(layer, Node::empty(layer.at));
    *layer = super::overlay::merge(under, over);
    timeout
}

/// Every preset: of platforms, stores and retries.
pub fn presets() -> Vec<Preset> {
    let all = NAMES.iter().zip(TEXTS).chain(STORES.iter().zip(STORE_TEXTS)).chain(RETRIES.iter().zip(RETRY_TEXTS));
    all.map(|(name, text)| preset(name, text)).collect()
}

fn preset(name: &str, text: &'static str) -> Preset {
    let mut problems = Collector::default();
    let source = problems.texts.add(name, text);
    let root = parse(source, text, &mut problems).unwrap_or_else(|| Node::empty(super::problems::At::whole(source)));
    let text_of = |node: Option<&Node>| node.and_then(Node::text).unwrap_or_default().to_string();
    let sources = root.get("source").and_then(Node::table).into_iter().flatten();
    let values = sources.map(|(key, entry)| PresetValue {
        key: key.clone(),
        value: key.split('.').try_fold(&root, |node, key| node.get(key)).map(short).unwrap_or_default(),
        unit: text_of(entry.get("unit")),
        source: text_of(entry.get("from")),
        date: text_of(entry.get("date")),
        note: text_of(entry.get("note")),
    });
    Preset { name: name.into(), description: text_of(root.get("description")), values: values.collect(), text }
}

/// A value in a few words.
fn short(node: &Node) -> String {
    match &node.value {
        Value::Table(table) => match table.get("limit") {
            Some(limit) => short(limit),
            None => {
                let pairs: Vec<String> = table.iter().map(|(key, node)| format!("{key} {}", short(node))).collect();
                pairs.join(", ").replacen("dist ", "", 1)
            }
        },
        Value::Text(text) | Value::Date(text) => text.clone(),
        Value::Whole(number) => u64::try_from(*number).map_or_else(|_| number.to_string(), crate::units::count),
        Value::Real(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::List(list) => list.iter().map(short).collect::<Vec<_>>().join(", "),
    }
}
