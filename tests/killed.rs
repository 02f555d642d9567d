//! Whenever a command that writes is killed, what it writes is the old or the new, never a part of either, and the next
//! run is as if nothing had been.

use crate::outputs::{capsim, command, contents, inputs, stderr};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

type Files = Vec<(String, Vec<u8>)>;

/// Each command that writes, with `AT` for its place.
const WRITERS: [(&str, &str); 9] = [
    ("run m.toml --out AT", "out"),
    ("run m.toml --trace AT", "t.json"),
    ("check m.toml --baseline AT --bless", "b.json"),
    ("check m.toml --out AT", "v.json"),
    ("capacity c.toml --budget 1 --out AT", "c.json"),
    ("compare m.toml --with b:queue.ai.max_concurrency=3 --out AT", "compare"),
    ("tune m.toml --knob queue.ai.max_concurrency=1,2 --minimise plan.latency.p95 --budget 16 --out AT", "tune"),
    ("levers m.toml --of plan.latency.p95 --knob queue.ai.max_concurrency --budget 20 --out AT", "l.html"),
    ("sweep m.toml --vary queue.ai.max_concurrency=1,2,3,4 --resume --out AT", "sweep"),
];
/// How often each is killed.
const KILLS: u32 = 6;

/// What is at a place: a file or the files of a directory, the points of a sweep apart.
fn at(here: &Path, place: &str) -> Files {
    let below = format!("{place}/");
    let mine = |name: &str| name == place || name.starts_with(&below) && !name.contains("/points/");
    contents(here).into_iter().filter(|(name, _)| mine(name)).collect()
}

/// A number from 0 to 1, the same in every run of the test.
fn dice(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

/// The commands are killed at instants over their whole length, half of them near the end, where files are written.
#[test]
#[cfg(unix)]
fn killed_at_any_time_it_is_old_or_new() {
    let mut state = 20_260_216;
    for (writer, place) in WRITERS {
        let folder = inputs();
        let here = folder.path();
        let run = |seed: u32| format!("{} --seed {seed}", writer.replace("AT", place));
        let whole = |seed: u32| {
            let begun = Instant::now();
            let output = capsim(here, &run(seed));
            assert_eq!(output.status.code(), Some(0), "{writer}: {}", stderr(&output));
            (at(here, place), begun.elapsed())
        };
        let (new, _) = whole(2);
        let (old, length) = whole(1);
        assert!(old != new && !old.is_empty(), "{writer}");
        for kill in 0..KILLS {
            let share = if kill % 2 == 0 { dice(&mut state) } else { 0.8 + 0.3 * dice(&mut state) };
            // From nothing every other time.
            let before = if kill % 3 == 2 { Files::new() } else { old.clone() };
            if before.is_empty() {
                let _ = fs::remove_file(here.join(place)).or_else(|_| fs::remove_dir_all(here.join(place)));
            } else {
                whole(1);
            }
            let mut child = command(here, &run(2)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_secs_f64(length.as_secs_f64() * share));
            child.kill().unwrap();
            child.wait().unwrap();
            let found = at(here, place);
            let names =
                |files: &Files| files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect::<Vec<_>>();
            assert!(found == before || found == new, "{writer}, kill {kill}: {:?}", names(&found));
        }
        // The next run ends well, and leaves no litter.
        assert!(whole(2).0 == new, "{writer}");
        let litter: Vec<String> =
            contents(here).into_iter().map(|(name, _)| name).filter(|name| name.contains(".capsim-")).collect();
        assert!(litter.is_empty(), "{writer}: {litter:?}");
        assert!(
            !fs::read_dir(here)
                .unwrap()
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with(".capsim-"))
        );
    }
}

/// `init` writes what is not there yet: nothing, or all of it.
#[test]
#[cfg(unix)]
fn a_killed_init_leaves_nothing_or_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let starter = capsim(here, "init -").stdout;
    let mut state = 7;
    for at in 0..20 {
        let name = format!("m{at}.toml");
        let mut child = command(here, &format!("init {name}")).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(0.02 * dice(&mut state)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!here.join(&name).exists() || fs::read(here.join(&name)).unwrap() == starter, "{name}");
    }
    assert_eq!(capsim(here, "init last.toml").status.code(), Some(0));
    assert!(contents(here).iter().all(|(name, _)| !name.starts_with(".capsim-")));
}
