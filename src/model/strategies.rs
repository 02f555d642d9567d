//! The built-in strategies for display: what each does, and what it costs in operations.

use super::problems::{At, Collector};
use super::section::strategy::STRATEGIES;
use super::tree::{Node, Value, parse};
use std::collections::BTreeMap;

/// A built-in strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// What `logging.strategy` calls it.
    pub name: &'static str,
    /// What it does, in a line.
    pub description: String,
    /// By store and operation: how many a call makes that succeeds and is not critical, with the switches of
    /// `[logging]` as they are by default.
    pub per_call: BTreeMap<(String, String), u32>,
    /// The same for a call whose request is faulty and that fails.
    pub per_error: BTreeMap<(String, String), u32>,
    /// At the end of a completed plan, in addition to those of its calls.
    pub per_plan: BTreeMap<(String, String), u32>,
    /// At the end of a day.
    pub per_day: BTreeMap<(String, String), u32>,
    /// Its file: ready to be copied into `[logging]` with `strategy = "custom"`.
    pub text: &'static str,
}

/// Every built-in strategy.
pub fn strategies() -> Vec<Strategy> {
    STRATEGIES.into_iter().map(|(name, text)| strategy(name, text)).collect()
}

fn strategy(name: &'static str, text: &'static str) -> Strategy {
    let mut problems = Collector::default();
    let source = problems.texts.add(name, text);
    let root = parse(source, text, &mut problems).unwrap_or_else(|| Node::empty(At::whole(source)));
    let word = |node: &Node, key: &str| node.get(key).and_then(Node::text).unwrap_or_default().to_string();
    let rows = match root.get("ops").map(|node| &node.value) {
        Some(Value::List(rows)) => &rows[..],
        _ => &[],
    };
    let errors_only = word(&root, "level") == "errors_only";
    let count = |of: &[&str], error: bool| {
        let mut ops = BTreeMap::new();
        let happens = |row: &&Node| {
            let when = word(row, "when");
            let applies =
                if error { when != "normal" && when != "critical" } else { when.is_empty() || when == "normal" };
            of.contains(&word(row, "on").as_str())
                && applies
                && (error || !errors_only || of == ["day_end"])
                && word(row, "only_if") != "index"
        };
        for row in rows.iter().filter(happens) {
            *ops.entry((word(row, "store"), word(row, "op"))).or_default() += 1;
        }
        ops
    };
    Strategy {
        name,
        description: word(&root, "description"),
        per_call: count(&["request", "response"], false),
        per_error: count(&["request", "response"], true),
        per_plan: count(&["plan_end"], false),
        per_day: count(&["day_end"], false),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_costs_what_its_table_says() {
        let of = |name: &str| strategies().into_iter().find(|strategy| strategy.name == name).unwrap();
        let ops = |map: &BTreeMap<(String, String), u32>, store: &str, op: &str| {
            map.get(&(store.to_string(), op.to_string())).copied().unwrap_or(0)
        };
        assert_eq!((ops(&of("kv-only").per_call, "kv", "put"), ops(&of("kv-only").per_call, "kv", "get")), (4, 1));
        assert_eq!(ops(&of("hybrid").per_call, "cache", "put"), 2);
        assert_eq!((ops(&of("hybrid").per_call, "kv", "put"), ops(&of("hybrid").per_error, "kv", "put")), (0, 2));
        assert!(of("conditional").per_call.is_empty());
        assert_eq!(ops(&of("conditional").per_error, "kv", "put"), 4);
        assert_eq!(ops(&of("external").per_call, "external", "put"), 2);
        let combination = of("combination");
        assert_eq!((ops(&combination.per_call, "cache", "put"), ops(&combination.per_error, "cache", "put")), (2, 0));
        assert_eq!((ops(&combination.per_call, "kv", "put"), ops(&combination.per_error, "kv", "put")), (0, 2));
        assert_eq!((ops(&combination.per_call, "external", "put"), ops(&combination.per_day, "kv", "put")), (1, 1));
        assert!(strategies().iter().all(|strategy| !strategy.description.is_empty()));
    }
}
