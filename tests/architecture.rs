//! The architecture is a test: which room may use which, what no file may hold, and how long one may be.

use std::path::{Path, PathBuf};

/// Each room and the rooms above it that it may use, as in the crate documentation.
const ROOMS: [(&str, &[&str]); 13] = [
    ("math", &[]),
    ("units", &["math"]),
    ("stats", &["math"]),
    ("streams", &["math", "units"]),
    ("calendar", &["units"]),
    ("policy", &["math", "units", "streams"]),
    ("records", &["math", "units", "policy"]),
    ("theory", &["math", "units", "stats"]),
    ("metrics", &["stats"]),
    ("model", &["math", "units", "stats", "streams", "calendar", "policy", "records", "theory"]),
    ("world", &["math", "units", "stats", "streams", "calendar", "policy", "theory", "model"]),
    (
        "experiment",
        &["math", "units", "stats", "streams", "calendar", "policy", "records", "theory", "metrics", "model", "world"],
    ),
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
    let parts = src().join("world/parts");
    for file in sources(&parts).into_iter().filter(|file| !is_test(file)) {
        let text = program(&file);
        let own: Vec<_> = file.strip_prefix(&parts).unwrap().with_extension("").iter().map(PathBuf::from).collect();
        // A part of several files is a folder.
        let is_inside = own.len() > 1;
        let own = format!("world::parts::{}::", own[0].display());
        let others = text.replace(&own, "");
        assert!(!others.contains("world::parts::"), "{} looks at its neighbours", file.display());
        assert!(is_inside || !text.contains("super::"), "{} looks at its neighbours", file.display());
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

/// The largest circle of files that import one another, by room: 1 is none. Rooms that are not listed have none.
const CIRCLES: [(&str, usize); 2] = [("experiment", 12), ("report", 16)];

#[test]
fn circles_of_imports_are_no_larger_than_they_were() {
    let imports = imports::of(&src());
    for (room, _) in ROOMS {
        let most = CIRCLES.iter().find(|(name, _)| *name == room).map_or(1, |(_, most)| *most);
        let circle = imports.largest_circle(room);
        assert!(circle.len() <= most, "{} files of {room} import one another: {}", circle.len(), circle.join(", "));
    }
}

/// Which file imports which: every path that a file names, followed through re-exports to the file that has the item.
mod imports {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    type Module = Vec<String>;

    pub struct Imports(BTreeMap<Module, BTreeSet<Module>>);

    struct Sources {
        /// By module: the paths that it names, and the names under which it imports paths.
        paths: BTreeMap<Module, Vec<Module>>,
        names: BTreeMap<Module, Vec<(String, Module)>>,
    }

    pub fn of(src: &Path) -> Imports {
        let mut sources = Sources { paths: BTreeMap::new(), names: BTreeMap::new() };
        for file in super::sources(src).into_iter().filter(|file| !super::is_test(file)) {
            let text: String = super::program(&file)
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                // A path that says who may see an item imports nothing.
                .map(|line| format!("{}\n", line.replace("pub(in crate::", "pub(")))
                .collect();
            let module: Module = file
                .with_extension("")
                .strip_prefix(src)
                .unwrap()
                .iter()
                .map(|part| part.to_string_lossy().into_owned())
                .filter(|part| part != "mod" && part != "lib")
                .collect();
            if module.first().is_some_and(|first| first == "bin") {
                continue;
            }
            let (uses, rest) = uses(&text);
            let mut names: Vec<(String, Module)> = Vec::new();
            uses.iter().for_each(|tree| expand(tree, &[], &mut names));
            let inline = rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let inline = inline.filter(|path| path.contains("::"));
            let split = |path: &str| path.split("::").filter(|part| !part.is_empty()).map(String::from).collect();
            let paths = names.iter().map(|(_, path)| path.clone()).chain(inline.map(split)).collect();
            sources.paths.insert(module.clone(), paths);
            sources.names.insert(module, names);
        }
        let edges = sources.paths.iter().map(|(module, paths)| {
            let used = paths.iter().filter_map(|path| sources.absolute(module, path));
            let used = used.map(|path| sources.home(&path, 0)).filter(|home| home != module);
            (module.clone(), used.collect())
        });
        Imports(edges.collect())
    }

    /// The trees of `use` declarations, and the text without them.
    fn uses(text: &str) -> (Vec<String>, String) {
        let (mut trees, mut rest, mut open) = (Vec::new(), String::new(), None::<String>);
        for line in text.lines() {
            let begins = line.trim_start().split("use ").next().is_some_and(|before| {
                before.is_empty() || before.starts_with("pub") && before.ends_with(' ') && !before.contains("fn ")
            }) && line.contains("use ");
            match &mut open {
                Some(tree) => tree.push_str(line),
                None if begins => open = line.split_once("use ").map(|(_, tree)| tree.to_string()),
                None => rest.push_str(&format!("{line}\n")),
            }
            if line.trim_end().ends_with(';') {
                trees.extend(open.take().map(|tree| tree.trim_end_matches(';').to_string()));
            }
        }
        (trees, rest)
    }

    /// Every path of a tree, with the name that it has here.
    fn expand(tree: &str, before: &[String], all: &mut Vec<(String, Module)>) {
        let tree = tree.trim();
        let Some((stem, inner)) = tree.split_once('{') else {
            let (path, name) = tree.split_once(" as ").unwrap_or((tree, ""));
            let mut whole = before.to_vec();
            whole.extend(path.split("::").map(|part| part.trim().to_string()));
            if whole.last().is_some_and(|last| last == "self") {
                whole.pop();
            }
            let name = if name.is_empty() { whole.last().cloned().unwrap_or_default() } else { name.trim().into() };
            return all.push((name, whole));
        };
        let mut stem_path = before.to_vec();
        stem_path.extend(stem.split("::").map(str::trim).filter(|part| !part.is_empty()).map(String::from));
        let (mut depth, mut from) = (0, 0);
        let inner = &inner[..inner.rfind('}').unwrap_or(inner.len())];
        for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !inner[from..at].trim().is_empty() {
                        expand(&inner[from..at], &stem_path, all);
                    }
                    from = at + 1;
                }
                _ => {}
            }
        }
    }

    impl Sources {
        /// A path from the root of the crate; none where it leads out of it.
        fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
            let supers = path.iter().take_while(|part| *part == "super").count();
            let mut base = module.clone();
            match path.first()?.as_str() {
                "crate" => return Some(path[1..].to_vec()),
                "super" => base.truncate(base.len().saturating_sub(supers)),
                "self" => return Some(base.into_iter().chain(path[1..].iter().cloned()).collect()),
                first => {
                    base.push(first.to_string());
                    let is_child = self.paths.contains_key(&base);
                    base.pop();
                    if !is_child {
                        return None;
                    }
                }
            }
            Some(base.into_iter().chain(path[supers..].iter().cloned()).collect())
        }

        /// The module that has what a path names.
        fn home(&self, path: &[String], depth: usize) -> Module {
            let mut length = 0;
            while length < path.len() && self.paths.contains_key(&path[..=length]) {
                length += 1;
            }
            let module = path[..length].to_vec();
            let name = path.get(length);
            let imported = self.names.get(&module).into_iter().flatten().find(|(known, _)| Some(known) == name);
            match imported.and_then(|(_, path)| self.absolute(&module, path)).filter(|_| depth < 8) {
                Some(path) => self.home(&path, depth + 1),
                None => module,
            }
        }
    }

    impl Imports {
        fn reached(&self, from: &Module) -> BTreeSet<Module> {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(module) = next.pop() {
                for used in self.0.get(&module).into_iter().flatten().filter(|used| used.first() == from.first()) {
                    if seen.insert(used.clone()) {
                        next.push(used.clone());
                    }
                }
            }
            seen
        }

        /// The files of the largest circle of a room; the first file where there is none.
        pub fn largest_circle(&self, room: &str) -> Vec<String> {
            let modules = || self.0.keys().filter(|module| module.first().is_some_and(|first| first == room));
            let reached: BTreeMap<&Module, BTreeSet<Module>> = modules().map(|m| (m, self.reached(m))).collect();
            let circle = |module: &Module| -> Vec<String> {
                let back = modules().filter(|&other| {
                    other == module || reached[module].contains(other) && reached[other].contains(module)
                });
                back.map(|module| module.join("/")).collect()
            };
            modules().map(circle).max_by_key(Vec::len).unwrap_or_default()
        }
    }

    #[test]
    fn a_tree_is_all_its_paths() {
        let mut all = Vec::new();
        expand("crate::a::{self, b::{C, D as E}, f}", &[], &mut all);
        let all: Vec<String> = all.into_iter().map(|(name, path)| format!("{name}={}", path.join("::"))).collect();
        assert_eq!(all, ["a=crate::a", "C=crate::a::b::C", "E=crate::a::b::D", "f=crate::a::f"]);
    }
}
