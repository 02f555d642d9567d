//! How the keys of one table are made to agree with each other: those that exclude each other, those that need another.

use super::make::Making;
use super::sense::{duration, quantiles, rate_of, text, whole};
use toml::{Table, Value};

/// Keeps one of the keys that exclude each other; where there is none, and one is needed, makes none up.
fn only_one(making: &mut Making, table: &mut Table, keys: &[&str]) {
    let there: Vec<&str> = keys.iter().copied().filter(|key| table.contains_key(*key)).collect();
    if there.len() > 1 {
        let kept = making.dice.one(&there);
        there.into_iter().filter(|key| *key != kept).for_each(|key| drop(table.remove(key)));
    }
}

fn all_of(making: &mut Making, table: &mut Table, name: &str, keys: &[&str]) {
    for key in keys {
        if !table.contains_key(*key) {
            let of = &super::make::schema()["$defs"][name]["properties"][*key];
            if let Some(value) = super::make::value(making, of, name, key) {
                table.insert((*key).into(), value);
            }
        }
    }
}

const RATES: [&str; 4] = ["per_second", "per_minute", "per_hour", "per_day"];

/// Takes out of a store what none of its kind can do.
fn what_its_kind_can(table: &mut Table, kind: &str) {
    if kind == "cache" {
        let lists = [("quota", "lists"), ("background", "lists_per_day")];
        for (key, lists) in lists {
            table.get_mut(key).and_then(Value::as_table_mut).map(|inner| inner.remove(lists));
        }
        ["searchable", "staleness"].iter().for_each(|key| drop(table.remove(*key)));
    }
    if kind != "log-service" {
        ["retry_after", "network_errors"].iter().for_each(|key| drop(table.remove(*key)));
    }
}

/// Makes the keys of one table agree with each other.
pub fn agree(making: &mut Making, name: &str, table: &mut Table) {
    let word = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
    match name {
        // Whatever the rest says, a run ends soon.
        "run" => {
            all_of(making, table, name, &["horizon", "replications", "max_events", "max_plans_alive", "max_records"])
        }
        "traffic-name" => {
            all_of(making, table, name, &["workflow"]);
            let process = table.get("arrivals").and_then(|arrivals| arrivals.get("process"));
            if process.and_then(Value::as_str) == Some("closed") {
                table.remove("spike");
            }
            spikes(table);
            if making.wish.low_load {
                table.remove("spike");
            }
        }
        "diagnostics" => {
            all_of(making, table, name, &["queue"]);
            one_of(making, table, name, &["every", "at"]);
        }
        "provider-name" => provider(making, table),
        "store-name" => {
            what_its_kind_can(table, &word(table, "kind"));
            table.remove("hot_for");
            if table.get("latency").is_some_and(|latency| latency.get("cold").is_some()) {
                all_of(making, table, name, &["hot_for"]);
            }
        }
        "a-row-of-a-strategy" if word(table, "store") == "cache" && word(table, "op") == "list" => {
            table.insert("op".into(), text("get"));
        }
        "adaptive-of-a-queue" => {
            let gone: &[&str] = match word(table, "kind").as_str() {
                "gradient" => &["increase", "decrease"],
                _ => &["allowance", "tolerance", "smoothing", "window"],
            };
            gone.iter().for_each(|key| drop(table.remove(*key)));
            table.remove("min");
        }
        "queue-name" => queue(making, table),
        // With little to do nobody comes in bursts, and who has been served does not come again at once.
        "arrivals" if making.wish.low_load => {
            let rate = rate_of(making, "per_day");
            let process = making.dice.one(&["poisson", "deterministic", "profile"]);
            *table = Table::from_iter([("process".into(), text(process)), ("per_day".into(), rate)]);
        }
        "arrivals" if ["mmpp", "closed", "trace"].contains(&word(table, "process").as_str()) => {}
        "arrivals" | "a-state-of-mmpp" => {
            only_one(making, table, &RATES);
            if !RATES.iter().any(|key| table.contains_key(*key)) {
                let rate = rate_of(making, "per_hour");
                table.insert("per_hour".into(), rate);
            }
        }
        "a-distribution" | "a-part-of-a-mixture" => law(making, table),
        "a-step" => step(making, table),
        "a-quota" | "quota-of-a-provider" => quota(making, table),
        "outage" => {
            let once = making.dice.percent(50);
            let (kept, gone) = if once {
                (["at", "for"], ["mean_up", "mean_down"])
            } else {
                (["mean_up", "mean_down"], ["at", "for"])
            };
            gone.iter().for_each(|key| drop(table.remove(*key)));
            all_of(making, table, name, &kept);
        }
        "isolates" => {
            if let (Some(min), Some(max)) = (table.get("min"), table.get("max"))
                && min.as_integer() > max.as_integer()
            {
                table.insert("max".into(), min.clone());
            }
        }
        "deploys" => one_of(making, table, name, &["every", "at"]),
        "reads-name" => {
            one_of(making, table, name, &["per_plan", "per_call"]);
            for (key, value) in table.iter_mut().filter(|(key, _)| key.starts_with("per_")) {
                *value = Value::Integer(making.dice.one(if key == "per_plan" { &[1, 5, 18] } else { &[1, 2, 3] }));
            }
        }
        "an-objective" if table.is_empty() => all_of(making, table, name, &["max"]),
        "an-objective" => only_one(making, table, &["min", "max"]),
        "breaker-provider" => {
            only_one(making, table, &["fail_max", "window"]);
            // One that counts calls stands around a provider that is asked alone.
            if making.names("provider").len() > 1 && making.names("hedge").is_empty() {
                table.remove("counts");
            }
        }
        "window-of-a-breaker" => {
            one_of(making, table, name, &["size", "length"]);
            let size = table.get("size").and_then(Value::as_integer);
            if table.contains_key("failures") && making.dice.percent(50) {
                ["failure_rate", "min_calls"].iter().for_each(|key| drop(table.remove(*key)));
                table.insert("failures".into(), Value::Integer(size.unwrap_or(3).min(3)));
            } else {
                table.remove("failures");
                size.map(|size| table.insert("min_calls".into(), Value::Integer(size.min(5))));
            }
        }
        "limiter-name" => {
            one_of(making, table, name, &["per_day", "limit"]);
            if table.contains_key("limit") {
                all_of(making, table, name, &["window"]);
            } else {
                table.remove("window");
            }
        }
        "backoff" => backoff(making, table),
        "slope" if !table.contains_key("requests_per_minute") => all_of(making, table, name, &["tokens_per_minute"]),
        "errors" => {
            let most = table.len().max(1) as f64;
            for (_, value) in table.iter_mut() {
                *value = Value::Float(value.as_float().unwrap_or(0.0) / most);
            }
        }
        "logging" if word(table, "strategy") == "custom" => all_of(making, table, name, &["ops"]),
        "logging" => drop(table.remove("ops")),
        _ => {}
    }
}

/// Just one of two keys, of which a table has one.
fn one_of(making: &mut Making, table: &mut Table, name: &str, keys: &[&'static str]) {
    only_one(making, table, keys);
    if !keys.iter().any(|key| table.contains_key(*key)) {
        let key = making.dice.one(keys);
        all_of(making, table, name, &[key]);
    }
}

/// Spikes one after the other.
fn spikes(table: &mut Table) {
    let Some(Value::Array(spikes)) = table.get_mut("spike") else { return };
    let mut begins = Vec::new();
    spikes.retain(|spike| {
        let at = spike.get("at").and_then(Value::as_str).unwrap_or_default().to_string();
        let is_alone = !begins.contains(&at);
        begins.push(at);
        is_alone
    });
}

/// Waits that grow by a rule, or a list of them.
fn backoff(making: &mut Making, table: &mut Table) {
    if table.contains_key("waits") && making.dice.percent(50) {
        ["base", "factor", "cap"].iter().for_each(|key| drop(table.remove(*key)));
        table.insert("kind".into(), text("list"));
        return;
    }
    table.remove("waits");
    if table.get("kind").and_then(Value::as_str) == Some("list") {
        table.remove("kind");
    }
}

/// A provider's own side.
fn provider(making: &mut Making, table: &mut Table) {
    if table.contains_key("capacity") {
        let gone: &[&str] = if making.dice.percent(40) { &["load", "hang", "max_queue"] } else { &["capacity"] };
        gone.iter().for_each(|key| drop(table.remove(*key)));
    }
    if !table.contains_key("usage") {
        table.remove("prices");
        table.remove("billed_on");
    }
    let is_hedged = making.names("hedge").iter().any(|name| making.is_in(name));
    if is_hedged {
        for key in ["usage", "prices", "billed_on", "capacity"] {
            table.remove(key);
        }
    }
    if table.get("unused_tokens").is_some() && (!table.contains_key("usage") || table.contains_key("capacity")) {
        table.insert("unused_tokens".into(), text("lost"));
    }
    token_by_token(making, table);
    let silent = |table: &Table| format!("{:?}", table.get("outage")).contains("timeout");
    if table.contains_key("hang") || silent(table) {
        all_of(making, table, "provider-name", &["request_timeout"]);
    }
}

/// Answers that come token by token, or all at once.
fn token_by_token(making: &mut Making, table: &mut Table) {
    let is_hedged = making.names("hedge").iter().any(|name| making.is_in(name));
    if is_hedged || table.contains_key("capacity") || !table.contains_key("first_token") {
        for key in ["first_token", "per_token", "first_token_timeout", "idle_timeout"] {
            table.remove(key);
        }
    }
    let writes = table.get("usage").and_then(|usage| usage.get("output")).and_then(Value::as_integer);
    if table.contains_key("per_token") && writes.is_some_and(|tokens| tokens > 0) && making.dice.percent(50) {
        table.remove("latency");
    } else {
        table.remove("per_token");
        all_of(making, table, "provider-name", &["latency"]);
    }
}

/// Fewer reserved slots, and fewer slots at least, than there are.
fn queue(making: &mut Making, table: &mut Table) {
    let is_ranked = table.get("discipline").and_then(Value::as_str) == Some("priority");
    if !is_ranked || table.contains_key("reserved") && making.dice.percent(70) {
        ["aging", "when_full"].iter().for_each(|key| drop(table.remove(*key)));
    } else if table.contains_key("aging") || table.contains_key("when_full") {
        table.remove("reserved");
    }
    let slots = table.get("max_concurrency").and_then(Value::as_integer).unwrap_or(1);
    if slots < 2 {
        table.remove("reserved");
    }
    if let Some(adaptive) = table.get_mut("adaptive").and_then(Value::as_table_mut)
        && making.dice.percent(50)
    {
        adaptive.insert("min".into(), Value::Integer(1 + making.dice.up_to(slots as usize) as i64));
    }
}

fn law(making: &mut Making, table: &mut Table) {
    let word = table.get("dist").and_then(Value::as_str).unwrap_or_default();
    match word {
        "lognormal" | "gamma" | "weibull" => {
            for key in ["mean", "cv", "median", "p90", "p95", "p99"] {
                table.remove(key);
            }
            if making.dice.percent(60) {
                let mean = duration(making, "a-distribution", "mean");
                table.insert("mean".into(), Value::String(mean));
                table.insert("cv".into(), Value::Float(making.dice.one(&[0.1, 0.5, 1.0, 2.0])));
            } else {
                table.insert("median".into(), text(making.dice.one(&["50ms", "1s", "3s"])));
                let high = making.dice.one(&["p90", "p95", "p99"]);
                table.insert(high.into(), text(making.dice.one(&["5s", "12s", "40s"])));
            }
        }
        "uniform" => {
            table.insert("min".into(), text(making.dice.one(&["0s", "1ms", "1s"])));
            table.insert("max".into(), text(making.dice.one(&["2s", "10s", "40s"])));
        }
        "empirical" => drop(table.insert("quantiles".into(), quantiles(making))),
        "mixture" if table.get("parts").and_then(Value::as_array).is_none_or(Vec::is_empty) => {
            table.remove("parts");
            table.insert("dist".into(), text("constant"));
            table.insert("value".into(), text("1s"));
        }
        _ => {}
    }
}

fn quota(making: &mut Making, table: &mut Table) {
    let word = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
    if ["rolling", "bucket"].contains(&word(table, "kind").as_str()) {
        let window = making.dice.one(&["1s", "1m", "1h", "1d"]);
        table.insert("window".into(), text(window));
    }
    if word(table, "kind") != "bucket" {
        table.remove("burst");
    }
    let mut tables = making.place.iter().rev().filter(|part| part.parse::<u64>().is_err());
    let around = tables.nth(1).cloned().unwrap_or_default();
    match around.as_str() {
        "provider-name" => drop(table.insert("on_exceed".into(), text("reject"))),
        "platform" if ["wait", "drop"].contains(&word(table, "on_exceed").as_str()) => drop(table.remove("on_exceed")),
        _ => {}
    }
    if word(table, "on_exceed") != "bill" {
        table.remove("price_per_million");
    }
    if word(table, "on_exceed") == "wait" && table.get("limit").and_then(Value::as_integer) == Some(0) {
        table.insert("limit".into(), whole(1));
    }
}

/// Who does the work of a step, and where its calls wait.
fn step(making: &mut Making, table: &mut Table) {
    for key in ["provider", "lookup", "d1", "limiter", "fallback"] {
        table.remove(key);
    }
    let mut workers: Vec<&str> = Vec::new();
    for (section, key, many) in
        [("provider", "provider", 6), ("tiers", "lookup", 2), ("d1", "d1", 2), ("limiter", "limiter", 1)]
    {
        if !making.names(section).is_empty() {
            workers.extend(std::iter::repeat_n(key, many));
        }
    }
    let worker = making.dice.one(&workers);
    let mut add = |making: &mut Making, key: &str, section: &str| {
        let names = making.names(section).to_vec();
        if let Some(name) = making.dice.name(&names) {
            table.insert(key.into(), Value::String(name));
        }
    };
    match worker {
        "provider" => {
            add(making, "provider", "provider");
            if making.dice.percent(25) {
                add(making, "lookup", "tiers");
            }
            if making.dice.percent(25) {
                add(making, "fallback", "provider");
            }
        }
        "lookup" => add(making, "lookup", "tiers"),
        "d1" => add(making, "d1", "d1"),
        _ => add(making, "limiter", "limiter"),
    }
    if table.get("fallback") == table.get("provider") {
        table.remove("fallback");
    }
    several(making, table);
    // A semaphore is no queue of a step: the last queue, where there are several, is for those.
    let queues = making.names("queue").to_vec();
    match queues.split_last() {
        Some((last, inner)) if !inner.is_empty() => {
            if table.contains_key("semaphore") {
                table.insert("semaphore".into(), Value::String(last.clone()));
            }
            if making.dice.percent(75) {
                let queue = making.dice.name(inner).unwrap_or_default();
                table.insert("queue".into(), Value::String(queue));
            } else {
                table.remove("queue");
            }
        }
        _ => drop(table.remove("semaphore")),
    }
    let calls = table.get("calls").and_then(Value::as_integer).unwrap_or(1);
    if table.get("parallel").and_then(Value::as_integer).is_some_and(|parallel| parallel > calls) {
        table.insert("parallel".into(), Value::Integer(calls));
    }
}

/// Several providers in place of one, and a chain of the others.
fn several(making: &mut Making, table: &mut Table) {
    let mut names: Vec<Value> = making.names("provider").iter().cloned().map(Value::String).collect();
    let is_hedged = !making.names("hedge").is_empty();
    if !table.contains_key("provider")
        || names.len() < 2
        || is_hedged
        || making.wish.low_load
        || making.dice.percent(50)
    {
        ["pick", "cool_down"].iter().for_each(|key| drop(table.remove(*key)));
        return;
    }
    table.remove("fallback");
    let rest = names.split_off(2);
    if making.dice.percent(50) {
        table.insert("pick".into(), text("random"));
        table.insert("weights".into(), Value::Array(vec![whole(3), whole(1)]));
    }
    if !rest.is_empty() {
        table.insert("fallback".into(), Value::Array(rest));
    }
    table.insert("provider".into(), Value::Array(names));
}

/// What can only be said once the whole model is there.
pub fn settle(making: &mut Making, root: &mut Table) {
    if root.contains_key("isolates")
        && let Some(Value::Table(platform)) = root.get_mut("platform")
    {
        platform.remove("isolates");
    }
    super::changes::fill(making, root);
}
