//! The targets of `fuzz/` on stable Rust: each over its seed corpus, and over simple changes of it, always the same.
//! `FUZZ_CHANGES=1000 cargo test --test all fuzzing` makes more of them; `fuzz/run` lets libFuzzer do it.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use crate::nonsense::twist::Dice;
use std::panic::catch_unwind;
use std::path::PathBuf;

/// Bytes that a format may stumble over.
const PIECES: [&[u8]; 16] = [
    b"",
    b"\n",
    b"\"",
    b"[",
    b"]",
    b"{",
    b"}",
    b"0",
    b"-1",
    b"18446744073709551615",
    b"1e308",
    b"\xff\xfe",
    "\u{202e}".as_bytes(),
    b"null",
    b"0s",
    b"=",
];

/// The seeds of a target, in the order of their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let own = PathBuf::from("fuzz/corpus").join(target);
    let mut paths: Vec<PathBuf> = own.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    if target.starts_with("model") {
        for directory in ["models", "verify", "tests/changes", "benches/models"] {
            paths.extend(PathBuf::from(directory).read_dir().unwrap().map(|entry| entry.unwrap().path()));
        }
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    }
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A seed with pieces left out, repeated, replaced by those of another seed, or by what a format may stumble over.
fn changed(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.one(seeds).clone();
    for _ in 0..=dice.up_to(3) {
        let from = dice.up_to(bytes.len() + 1);
        let most = *dice.one(&[2, 12, 200]);
        let to = (from + dice.up_to(most)).min(bytes.len());
        let new: Vec<u8> = match dice.up_to(4) {
            0 => bytes[from..to].repeat(2),
            1 => {
                let other = dice.one(seeds);
                let at = dice.up_to(other.len() + 1);
                other[at..(at + dice.up_to(120)).min(other.len())].to_vec()
            }
            2 => vec![(dice.up_to(256)) as u8],
            _ => dice.one(&PIECES).to_vec(),
        };
        bytes.splice(from..to, new);
    }
    bytes
}

#[test]
fn every_target_stands_its_corpus_and_changes_of_it() {
    let many: u64 = std::env::var("FUZZ_CHANGES").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    for (name, target) in targets::TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "no seeds of {name}");
        let changes = (0..many).map(|number| changed(&seeds, &mut Dice(number)));
        let whole = seeds.iter().filter(|_| name != "model_run").cloned(); // the shipped models run elsewhere
        for data in whole.chain(changes) {
            let survives = catch_unwind(|| target(&data)).is_ok();
            assert!(survives, "{name}: {}", String::from_utf8_lossy(&data));
        }
    }
}

/// Whoever adds a target gives it seeds, a program for libFuzzer, and a place in the list.
#[test]
fn every_target_has_a_program_and_a_corpus() {
    let names: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
    for directory in ["fuzz/fuzz_targets", "fuzz/corpus"] {
        let mut found: Vec<String> = PathBuf::from(directory)
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        found.sort();
        let mut expected = names.clone();
        expected.sort_unstable();
        assert_eq!(found, expected, "{directory}");
    }
}
