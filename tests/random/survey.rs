//! A long look: `RANDOM_MODELS=10000 cargo test --test all random::survey -- --ignored --nocapture` tries so many models, and
//! shows of each kind of fault one that is as small as it gets. `RANDOM_SEED` begins elsewhere, `RANDOM_WITH` names sections
//! that all of them have, `RANDOM_WITHOUT` sections that none has.

use super::laws::{RAN, holds};
use super::{Tree, Wish, from_seed};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestCaseError;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;

fn number(name: &str, absent: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(absent)
}

/// What is wrong with a model, if anything; a model that is too large to run is in order.
fn wrong(text: &str) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| holds(text))) {
        Ok(Ok(whole)) => {
            RAN[usize::from(!whole)].fetch_add(1, Relaxed);
            None
        }
        Ok(Err(TestCaseError::Reject(_))) => None,
        Ok(Err(TestCaseError::Fail(why))) => Some(why.message().to_string()),
        Err(panic) => {
            let why = panic.downcast_ref::<String>().cloned();
            let why = why.or_else(|| panic.downcast_ref::<&str>().map(|why| (*why).to_string()));
            Some(format!("panic: {}", why.unwrap_or_default()))
        }
    }
}

/// What kind of fault this is: its words without numbers, names without their part.
fn kind(why: &str) -> String {
    let words = why.split_whitespace().take(14).map(|word| word.trim_matches(|c: char| !c.is_alphabetic()));
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .collect()
}

/// The smallest model with the same kind of fault.
fn smallest(root: toml::Table, of: &str) -> (String, String) {
    let mut tree = Tree { root, before: None, next: 0, has_shrunk: false };
    let mut best = (tree.current().to_string(), of.to_string());
    let mut goes_on = tree.simplify();
    for _ in 0..400 {
        if !goes_on {
            break;
        }
        let text = tree.current();
        goes_on = match wrong(&text).filter(|why| kind(why) == kind(of)) {
            Some(why) => {
                best = (text.to_string(), why);
                tree.simplify()
            }
            None => tree.complicate(),
        };
    }
    best
}

#[test]
#[ignore = "takes minutes"]
fn many_models() {
    let (many, mut seed) = (number("RANDOM_MODELS", 1_000), number("RANDOM_SEED", 1));
    let mut faults: BTreeMap<String, u64> = BTreeMap::new();
    std::panic::set_hook(Box::new(|_| ())); // what panics is shown with its model
    let section = |name: &str| -> Vec<&'static str> {
        std::env::var(name).map_or(Vec::new(), |text| text.split(',').map(|word| &*String::from(word).leak()).collect())
    };
    let (with, without) = (section("RANDOM_WITH"), section("RANDOM_WITHOUT"));
    let wish = Wish { with, without, low_load: number("RANDOM_LOW", 0) > 0 };
    let mut tried = 0;
    while tried < many {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let Some(root) = from_seed(seed, &wish) else { continue };
        tried += 1;
        let began = std::time::Instant::now();
        let found = wrong(&super::text(&root));
        if began.elapsed().as_secs() > 20 {
            eprintln!("\n==== seed {seed}: takes {:?}\n{}", began.elapsed(), super::text(&root));
        }
        let Some(why) = found else { continue };
        let count = faults.entry(kind(&why)).or_default();
        *count += 1;
        if *count == 1 {
            let (text, why) = smallest(root, &why);
            eprintln!("\n==== seed {seed}: {}\n{text}", why.chars().take(600).collect::<String>());
        }
    }
    let [ran, ended] = RAN.each_ref().map(|count| count.load(Relaxed));
    eprintln!("{tried} tried: {ran} ran, {ended} were ended by a limit");
    assert!(faults.is_empty(), "of {tried} models: {faults:#?}");
}
