//! Models made at random from the language's own declaration, all sections of it: [`any_model`], and [`low_load`] for
//! what arithmetic can foresee. A failing one shrinks key by key, as long as what is left is a model.
//!
//! `RANDOM_MODELS=10000 cargo test --test all random` looks harder than CI does.

mod agree;
mod changes;
mod dice;
mod keys;
pub mod laws;
mod make;
mod sense;
mod survey;

use capsim::model::{Model, Problems, Source, load};
use make::Wish;
use proptest::prelude::any;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use toml::{Table, Value};

/// The text of a model that is one.
#[derive(Clone)]
pub struct Text(String);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.0)
    }
}

/// The texts of models; see [`any_model`].
#[derive(Clone, Debug, Default)]
pub struct Models(Wish);

/// Any model, of any sections.
pub fn any_model() -> Models {
    Models::default()
}

/// Models with little to do, so that what arithmetic expects is what happens.
pub fn low_load() -> Models {
    Models(Wish { low_load: true, ..Wish::default() })
}

impl Models {
    /// Only those that have this section.
    pub fn with(mut self, section: &'static str) -> Models {
        self.0.with.push(section);
        self
    }

    /// Only those that do not have this section.
    pub fn without(mut self, section: &'static str) -> Models {
        self.0.without.push(section);
        self
    }
}

/// So many cases, always the same; or as many as `RANDOM_MODELS` says.
pub fn config(cases: u32) -> Config {
    let asked = std::env::var("RANDOM_MODELS").ok().and_then(|text| text.parse().ok());
    let rng_seed = RngSeed::Fixed(std::env::var("RANDOM_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1));
    Config {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        rng_seed,
        max_shrink_iters: 2_000,
        max_shrink_time: 20_000, // milliseconds: a failure is to be shown, not to take the battery's time
        ..Config::default()
    }
}

/// The model that a text describes.
pub fn read(text: &str) -> Result<Model, Problems> {
    let source = Source { name: "random.toml".into(), bytes: text.as_bytes().to_vec(), directory: PathBuf::new() };
    load(source, &[], &|_| Err(std::io::ErrorKind::NotFound.into()))
}

/// How many were made, how many of them were models as they were made, and how many were none after all.
static MADE: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// A model from a number, mended where two keys do not agree: what is complained about goes. None where that does not
/// help.
fn from_seed(seed: u64, wish: &Wish) -> Option<Table> {
    let mut root = make::make(seed, wish);
    MADE[0].fetch_add(1, Relaxed);
    for round in 0..12 {
        match read(&text(&root)) {
            Ok(_) => {
                MADE[1].fetch_add(u64::from(round == 0), Relaxed);
                return Some(root);
            }
            Err(problems) => {
                for problem in problems.list() {
                    if unchange(&mut root, &problem.key) {
                        continue;
                    }
                    let mut path: Vec<&str> = problem.key.split('.').collect();
                    while path.len() > 1 && !remove(&mut root, &path) {
                        path.pop();
                    }
                    if let [section] = path[..]
                        && !["traffic", "workflow", "run"].contains(&section)
                    {
                        root.remove(section);
                    }
                }
            }
        }
    }
    MADE[2].fetch_add(1, Relaxed);
    None
}

/// Takes a path out of what changes; whether any change set it.
fn unchange(root: &mut Table, key: &str) -> bool {
    let Some(Value::Array(changes)) = root.get_mut("change") else { return false };
    let mut sets = changes.iter_mut().filter_map(|change| change.get_mut("set").and_then(Value::as_table_mut));
    let was_there = sets.any(|set| set.remove(key).is_some());
    changes.retain(|change| change.get("set").and_then(Value::as_table).is_some_and(|set| !set.is_empty()));
    was_there
}

/// Takes out what is at a path; whether it was there.
fn remove(root: &mut Table, path: &[&str]) -> bool {
    let Some((last, above)) = path.split_last() else { return false };
    let Some((first, inner)) = above.split_first() else { return root.remove(*last).is_some() };
    let mut here = match root.get_mut(*first) {
        Some(here) => here,
        None => return false,
    };
    for key in inner {
        match step(here, key) {
            Some(next) => here = next,
            None => return false,
        }
    }
    match here {
        Value::Table(table) => table.remove(*last).is_some(),
        Value::Array(list) => match entry(list, last) {
            Some(at) => {
                list.remove(at);
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn step<'a>(here: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match here {
        Value::Table(table) => table.get_mut(key),
        Value::Array(list) => entry(list, key).and_then(|at| list.get_mut(at)),
        _ => None,
    }
}

/// Where an entry stands that is called by its name, or by its place.
fn entry(list: &[Value], key: &str) -> Option<usize> {
    let named = list.iter().position(|item| item.get("name").and_then(Value::as_str) == Some(key));
    named.or_else(|| key.parse().ok().filter(|at| *at < list.len()))
}

fn text(root: &Table) -> String {
    toml::to_string(root).unwrap_or_default()
}

impl Strategy for Models {
    type Tree = Tree;
    type Value = Text;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Models> {
        for _ in 0..50 {
            if let Some(root) = from_seed(any::<u64>().new_tree(runner)?.current(), &self.0) {
                return Ok(Tree { root, before: None, next: 0, has_shrunk: false });
            }
        }
        Err("no model could be made".into())
    }
}

/// A model that shrinks: one part of it after the other is left out, the largest first.
pub struct Tree {
    root: Table,
    /// As it was before the last part was left out.
    before: Option<Table>,
    /// Which part is tried next.
    next: usize,
    /// Whether any part was left out since the first of them was tried.
    has_shrunk: bool,
}

impl Tree {
    /// The paths of all parts, the outermost first.
    fn parts(&self) -> Vec<Vec<String>> {
        let mut parts = Vec::new();
        let mut level: Vec<(Vec<String>, &Value)> =
            self.root.iter().map(|(key, value)| (vec![key.clone()], value)).collect();
        while !level.is_empty() {
            parts.extend(level.iter().map(|(path, _)| path.clone()));
            let below = level.iter().flat_map(|(path, value)| {
                let longer = |key: String| path.iter().cloned().chain([key]).collect::<Vec<_>>();
                match value {
                    Value::Table(table) => table.iter().map(|(key, value)| (longer(key.clone()), value)).collect(),
                    Value::Array(list) => {
                        list.iter().enumerate().map(|(at, value)| (longer(at.to_string()), value)).collect()
                    }
                    _ => Vec::new(),
                }
            });
            level = below.collect();
        }
        parts
    }
}

impl ValueTree for Tree {
    type Value = Text;

    fn current(&self) -> Text {
        Text(text(&self.root))
    }

    fn simplify(&mut self) -> bool {
        loop {
            let parts = self.parts();
            let Some(part) = parts.get(self.next) else {
                if !std::mem::take(&mut self.has_shrunk) {
                    return false;
                }
                self.next = 0;
                continue;
            };
            let path: Vec<&str> = part.iter().map(String::as_str).collect();
            let mut smaller = self.root.clone();
            // What keeps the run short stays.
            let stays = path[0] == "run" && path.len() < 2 || path[..] == ["run", "max_events"];
            if !stays && remove(&mut smaller, &path) && read(&text(&smaller)).is_ok() {
                self.before = Some(std::mem::replace(&mut self.root, smaller));
                self.has_shrunk = true;
                return true;
            }
            self.next += 1;
        }
    }

    fn complicate(&mut self) -> bool {
        let Some(before) = self.before.take() else { return false };
        self.root = before;
        self.next += 1;
        self.simplify()
    }
}
