//! What a key means for another: which names are defined, which keys exclude each other, and how often something may
//! happen so that a run ends soon.

use super::make::{Making, by_kind};
use serde_json::Value as Schema;
use toml::{Table, Value};

/// What is known of a key.
pub enum Said {
    /// Its value, or that it has none.
    Value(Option<Value>),
    /// No more than its kind.
    Nothing,
}

pub fn text(text: &str) -> Value {
    Value::String(text.into())
}

pub fn whole(number: usize) -> Value {
    Value::Integer(number as i64)
}

/// How many of a hundred models have a section: some are rich in parts, others have few.
pub fn chance_of(section: &str, richness: usize) -> usize {
    match section {
        // A base is another file; what this adds to it is tested by the loader.
        "extends" => 0,
        "run" | "traffic" | "workflow" => 100,
        "provider" => 92,
        "queue" => 75,
        _ => richness,
    }
}

/// Adds the sections without which others make no sense.
pub fn complete(making: &Making, present: &mut Vec<String>) {
    let mut need = |of: &[&str], section: &str| {
        let is_there = present.iter().any(|other| other == section) || making.wish.without.contains(&section);
        if !is_there && present.iter().any(|other| of.contains(&other.as_str())) {
            present.push(section.into());
        }
    };
    need(&["limiter", "reads", "reader", "logging"], "store");
    need(&["diagnostics"], "queue");
    need(&["retry", "breaker", "hedge"], "provider");
    if !["provider", "d1", "limiter", "tiers"].iter().any(|section| present.iter().any(|other| other == section)) {
        present.push("provider".into());
    }
}

/// Gives the parts their names, before anything refers to them.
pub fn name_parts(making: &mut Making, present: &[String]) {
    for section in present {
        let most = match section.as_str() {
            "provider" | "queue" | "traffic" => 3,
            _ => 2,
        };
        let many = 1 + making.dice.up_to(most);
        let names: Vec<String> = match section.as_str() {
            "store" => ["kv", "cache", "external"].iter().map(|name| (*name).to_string()).collect(),
            _ => (0..many).map(|at| format!("{section}{at}")).collect(),
        };
        making.names.insert(section.clone(), names);
    }
    // Policies stand around a provider; retries around a database too.
    let providers = making.names("provider").to_vec();
    let databases = making.names("d1").to_vec();
    for section in ["retry", "breaker", "hedge"] {
        let mut of = providers.clone();
        if section == "retry" {
            of.extend(databases.clone());
        }
        of.retain(|_| making.dice.percent(70));
        if let Some(names) = making.names.get_mut(section) {
            *names = of;
        }
    }
    if making.wish.low_load {
        making.names.remove("hedge");
    }
}

/// The names in a table that its user names.
pub fn names_of(making: &mut Making, table: &str, key: &str) -> Vec<String> {
    match (table, key) {
        ("queue-name", "reserved") => {
            let classes = making.names("traffic").to_vec();
            making.dice.name(&classes).into_iter().collect()
        }
        ("", "objectives" | "observed") => {
            let metrics = ["plans.failed_fraction", "plan.latency.p95", "plans.per_day", "calls.refused"];
            let many = 1 + making.dice.up_to(2);
            (0..many).map(|_| making.dice.one(&metrics).to_string()).collect()
        }
        ("", section) => making.names(section).to_vec(),
        _ => vec![format!("{key}0")],
    }
}

/// How many entries a list has.
pub fn how_many(making: &mut Making, table: &str, key: &str) -> usize {
    match (table, key) {
        ("workflow-name", "steps") => 1 + making.dice.up_to(4),
        ("tiers-name", "tier") | ("", "change") => 1 + making.dice.up_to(3),
        ("arrivals", "states") => 2 + making.dice.up_to(2),
        _ => 1 + making.dice.up_to(3),
    }
}

/// How often something happens by a clock, or how long a state drawn at random lasts: not too often for a short run.
const PERIODS: [&str; 6] = ["7m", "20m", "1h", "5h", "1d", "40h"];
const MOMENTS: [&str; 8] = ["0s", "1s", "10m", "1h", "90m", "5h", "1d", "30h"];

/// A duration for a key.
pub fn duration(making: &mut Making, table: &str, key: &str) -> String {
    let is_period = match (table, key) {
        ("a-state-of-mmpp", "stay") | ("outage", "mean_up" | "mean_down") => true,
        ("a-quota" | "quota-of-a-provider", "window") | ("isolates", "idle") => true,
        (_, "every" | "get_every" | "export_every" | "cleanup_every") => true,
        _ => making.is_in("lifetime") || making.is_in("think"),
    };
    let all: &[&str] = match (table, key) {
        _ if is_period => &PERIODS,
        (_, "at" | "takes") => &MOMENTS,
        ("traffic-name-spike" | "outage", "for") => &["1s", "1m", "20m", "2h"],
        ("slope", "per") => &["1m", "5m", "15m"],
        ("backoff", "cap") => &["5s", "30s", "2m"],
        ("backoff", "base") | ("hedge-provider", "after") => &["100ms", "1s", "3s", "5s"],
        ("provider-name", "request_timeout") => &["1s", "5s", "12s", "30s", "1m"],
        ("cpu-of-the-platform", "limit") => &["1ms", "10ms", "30s"],
        (_, "ttl" | "cache_ttl" | "memory_ttl" | "hot_for" | "cleanup_age" | "incident_gap" | "staleness") => {
            &["1s", "1m", "10m", "1h", "12h", "1d"]
        }
        _ if making.is_in("cpu") => &["1ms", "5ms", "20ms"],
        _ if making.wish.low_load => &["1ms", "50ms", "400ms", "1s", "4s"],
        _ => &["1ns", "1ms", "50ms", "400ms", "1s", "4s", "4s", "12s", "1m", "5m"],
    };
    making.dice.one(all).to_string()
}

fn reference(making: &mut Making, section: &str) -> Said {
    let names = making.names(section).to_vec();
    Said::Value(making.dice.name(&names).map(Value::String))
}

/// What is known of a key beyond its kind.
pub fn special(making: &mut Making, of: &Schema, table: &str, key: &str) -> Said {
    let value = |value: Value| Said::Value(Some(value));
    match (table, key) {
        ("", "name") => value(text("random")),
        ("", "description") => value(text("Made at random.")),
        ("run", _) => run(making, key),
        (_, "zone" | "timezone") => value(text(making.dice.one(&["UTC", "Europe/Sofia", "America/New_York"]))),
        (_, "region") => value(text(making.dice.one(&["home", "home", "usa"]))),
        ("traffic-name", "workflow") => reference(making, "workflow"),
        ("a-step", "name") | ("tiers-name-tier", "name") => value(text(&format!("s{}", nth(making)))),
        ("a-step", "provider" | "fallback") => reference(making, "provider"),
        ("a-step", "weights") => Said::Value(None), // as many as there are providers
        ("a-step", "lookup") => reference(making, "tiers"),
        ("a-step", "d1") => reference(making, "d1"),
        ("a-step", "limiter") => reference(making, "limiter"),
        ("a-step", "queue" | "semaphore") | ("diagnostics", "queue") => reference(making, "queue"),
        ("a-step", "after") => Said::Value(after(making)),
        ("a-step", "calls" | "parallel") => value(whole(1 + making.dice.up_to(4))),
        ("queue-name", "reserved") if making.is_in("reserved") => value(whole(1)),
        ("queue-name", "max_concurrency") => value(whole(making.dice.one(&[1, 2, 2, 3, 5, 20]))),
        ("retry-name", "sdk" | "proxy" | "deadline" | "budget" | "retry_after" | "retry_after_max")
            if making.is_in("d10") || making.is_in("d11") =>
        {
            Said::Value(None)
        }
        ("limiter-name", "store") => Said::Value(known_store(making, &["kv"])),
        ("reads-name", "store") => Said::Value(known_store(making, &["kv", "kv", "cache"])),
        ("reader-name", "store") => Said::Value(known_store(making, &["kv"])),
        ("a-row-of-a-strategy", "store") => Said::Value(known_store(making, &["kv", "cache", "external"])),
        ("a-row-of-a-strategy", "key") => {
            value(text(making.dice.one(&["log:{log}", "log:{log}", "of:{session}", "day:{day}", "index"])))
        }
        ("store-name", "kind") => {
            let name = making.place.iter().find_map(|part| ["cache", "external"].into_iter().find(|name| part == name));
            value(text(match name {
                Some("cache") => "cache",
                Some("external") => "log-service",
                _ => "kv",
            }))
        }
        ("store-name", "restarts_per_day" | "evictions_per_hour") | ("tiers-name", "restarts_per_day") => {
            value(Value::Float(making.dice.one(&[0.0, 0.5, 2.0, 20.0])))
        }
        ("background-of-a-store", _) => value(Value::Float(making.dice.one(&[0.0, 5.0, 100.0, 900.0]))),
        ("a-quota" | "quota-of-a-provider", "limit") => value(whole(making.dice.one(&[0, 1, 2, 10, 60, 300, 5_000]))),
        ("budget-of-retries" | "retry-name" | "a-layer-of-retries", "max" | "burst") => {
            value(whole(making.dice.one(&[1, 1, 2, 3, 5])))
        }
        ("isolates", "min" | "max") => value(whole(making.dice.one(&[1, 1, 2, 5]))),
        ("platform", "isolates") => value(whole(making.dice.one(&[1, 2, 3, 7]))),
        ("platform" | "store-name", "subrequests_external" | "subrequests_internal" | "ops_per_invocation") => {
            value(whole(making.dice.one(&[0, 1, 3, 10, 50])))
        }
        ("arrivals", "users" | "size") => value(whole(making.dice.one(&[1, 2, 5, 20]))),
        ("traffic-name-spike", "factor") => value(Value::Float(making.dice.one(&[0.0, 0.5, 3.0, 20.0]))),
        ("arrivals" | "a-state-of-mmpp", rate) if rate.starts_with("per_") => value(rate_of(making, rate)),
        ("arrivals", "process") if of["const"] == "trace" => value(text("poisson")),
        ("arrivals", "file") | ("a-distribution" | "a-part-of-a-mixture", "file") => Said::Value(None),
        ("a-distribution" | "a-part-of-a-mixture", "quantiles") => value(quantiles(making)),
        ("provider-name", "requests_per_minute") | ("slope", "requests_per_minute") => {
            value(whole(making.dice.one(&[1, 5, 20, 300])))
        }
        (_, "requests_per_day") => value(whole(making.dice.one(&[5, 100, 5_000]))),
        (_, limit) if limit.ends_with("tokens_per_minute") || limit == "tokens_per_day" => {
            value(whole(making.dice.one(&[1_500, 20_000, 100_000, 1_000_000])))
        }
        (_, "tokens" | "max_tokens") => value(whole(making.dice.one(&[0, 100, 2_000]))),
        ("a-step", "units") => value(whole(making.dice.one(&[0, 1, 7]))),
        // What is changed is known when the rest is made.
        ("change", "set") => value(Value::Table(Table::new())),
        ("logging", "strategy") if making.names("store").is_empty() => Said::Value(by_kind_but_custom(making, of)),
        _ => deep(making, of, table, key),
    }
}

fn by_kind_but_custom(making: &mut Making, of: &Schema) -> Option<Value> {
    by_kind(making, of, "logging", "strategy").filter(|word| word.as_str() != Some("custom"))
}

/// A law within a law, and the keys around a duration that say how short it may be.
fn deep(making: &mut Making, of: &Schema, table: &str, key: &str) -> Said {
    let nested = making.place.iter().filter(|part| *part == "a-part-of-a-mixture").count();
    if nested > 1 && key == "parts" {
        return Said::Value(Some(Value::Array(Vec::new())));
    }
    if !["lifetime", "think", "cpu", "reserved"].contains(&key) || making.is_in(key) {
        return Said::Nothing;
    }
    making.place.push(key.into());
    let value = by_kind(making, of, table, key);
    making.place.pop();
    Said::Value(value)
}

fn run(making: &mut Making, key: &str) -> Said {
    let hours = making.horizon_h;
    Said::Value(Some(match key {
        "horizon" => text(&format!("{hours}h")),
        "warmup" => text(making.dice.one(&["0s", "1s", "30m", "1h"])),
        "replications" => whole(2),
        "seed" => whole(making.dice.up_to(1_000_000)),
        "max_events" => whole(60_000),
        "max_plans_alive" => whole(20_000),
        "max_records" => whole(100_000),
        _ => return Said::Nothing,
    }))
}

/// A store that there is.
fn known_store(making: &mut Making, of: &[&str]) -> Option<Value> {
    let name = making.dice.one(of);
    making.names("store").iter().any(|known| known == name).then(|| text(name))
}

/// Which entry of the innermost list is made.
fn nth(making: &Making) -> usize {
    making.place.iter().rev().find_map(|part| part.parse().ok()).unwrap_or(0)
}

fn after(making: &mut Making) -> Option<Value> {
    let mut before: Vec<Value> = Vec::new();
    for other in 0..nth(making) {
        if making.dice.percent(50) {
            before.push(text(&format!("s{other}")));
        }
    }
    (!before.is_empty()).then_some(Value::Array(before))
}

/// A rate in the unit of its key: so many plans in the whole run that it ends soon.
pub fn rate_of(making: &mut Making, unit: &str) -> Value {
    let plans: f64 = if making.wish.low_load {
        making.dice.one(&[10.0, 30.0, 60.0])
    } else {
        making.dice.one(&[0.5, 5.0, 30.0, 100.0, 250.0])
    };
    let per_hour = plans / making.horizon_h;
    Value::Float(match unit {
        "per_second" => per_hour / 3_600.0,
        "per_minute" => per_hour / 60.0,
        "per_day" => per_hour * 24.0,
        _ => per_hour,
    })
}

pub fn quantiles(making: &mut Making) -> Value {
    let points = [(0.0, "1ms"), (0.3, "50ms"), (0.5, "1s"), (0.9, "4s"), (0.99, "12s"), (1.0, "1m")];
    let mut all: Vec<Value> = Vec::new();
    let inner = 1 + making.dice.up_to(4);
    for (at, (p, value)) in points.iter().enumerate() {
        if at == 0 || at == inner || at == 5 {
            all.push(Value::Array(vec![Value::Float(*p), text(value)]));
        }
    }
    Value::Array(all)
}
