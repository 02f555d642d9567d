//! The architecture is a test: which room may use which, what no file may hold, and how long one may be.

use std::path::{Path, PathBuf};

/// Each room and the rooms above it that it may use, as in the crate documentation.
const ROOMS: [(&str, &[&str]); 12] = [
    ("math", &[]),
    ("units", &["math"]),
    ("stats", &["math"]),
    ("streams", &["math", "units"]),
    ("calendar", &["units"]),
    ("policy", &["math", "units", "streams"]),
    ("theory", &["math", "units", "stats"]),
    ("metrics", &["stats"]),
    ("model", &["math", "units", "stats", "streams", "calendar", "policy", "theory"]),
    ("world", &["math", "units", "stats", "streams", "calendar", "policy", "theory", "model"]),
    ("experiment", &["math", "units", "stats", "streams", "calendar", "policy", "theory", "metrics", "model", "world"]),
    ("report", &["math", "units", "stats", "metrics", "experiment"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A file's text up to its unit tests: those may use what they like to check it.
fn program(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_string()
}

fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "tests") || path.components().any(|part| part.as_os_str() == "tests")
}

#[test]
fn arrows_point_only_to_rooms_above() {
    for (room, allowed) in ROOMS {
        let mut files = sources(&src().join(room));
        files.extend(Some(src().join(format!("{room}.rs"))).filter(|file| file.exists()));
        for file in files.into_iter().filter(|file| !is_test(file)) {
            for line in program(&file).lines().filter(|line| !line.trim_start().starts_with("//")) {
                for used in line.split("crate::").skip(1) {
                    let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    let is_room = ROOMS.iter().any(|(name, _)| *name == used);
                    assert!(
                        !is_room || used == room || allowed.contains(&used.as_str()),
                        "{room} uses {used}: {}: {line}",
                        file.display()
                    );
                }
            }
        }
    }
}

#[test]
fn no_part_of_the_world_knows_another() {
    for file in sources(&src().join("world/parts")).into_iter().filter(|file| !is_test(file)) {
        let text = program(&file);
        assert!(!text.contains("super::") || file.ends_with("mod.rs"), "{} looks at its neighbours", file.display());
        assert!(!text.contains("world::parts::"), "{} looks at its neighbours", file.display());
    }
}

#[test]
fn libm_is_named_in_one_file_and_threads_in_one() {
    for file in sources(&src()).into_iter().filter(|file| !is_test(file)) {
        let text = program(&file);
        let name = file.strip_prefix(src()).unwrap().to_string_lossy().replace('\\', "/");
        assert!(!text.contains("libm::") || name == "math.rs", "{name} names libm");
        assert!(
            !text.contains("std::thread") || name == "experiment/pool.rs" || name.starts_with("bin/"),
            "{name} names threads"
        );
        assert!(!text.contains("std::time") || name.starts_with("bin/"), "{name} looks at a clock");
        assert!(!text.contains("HashMap") && !text.contains("HashSet"), "{name} has an order that changes");
        for marker in ["TODO", "FIXME", "XXX", "todo!", "unimplemented!", "dbg!"] {
            assert!(!text.contains(marker), "{name} has a {marker}");
        }
    }
}

#[test]
fn every_file_opens_with_what_it_is_for_and_is_short() {
    for file in sources(&src()).into_iter().filter(|file| !is_test(file)) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} does not say what it is for", file.display());
        let lines = text.lines().count();
        assert!(lines <= 560, "{} has {lines} lines", file.display());
    }
}
