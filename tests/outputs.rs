//! Outputs never take the place of what a command reads, nor of what capsim has not written; they have the ending of
//! their form, and are there whole or not at all.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A model on a base, with a trace and measured latencies: everything that a model may name.
const MODEL: &str = r#"
extends = "base.toml"
[traffic.user]
arrivals = { process = "poisson", per_day = 900 }
[traffic.guest]
workflow = "visit"
arrivals = { process = "trace", file = "t.jsonl" }
[workflow.visit]
steps = [{ name = "see", provider = "p" }]
"#;
const BASE: &str = r#"
[run]
horizon = "12h"
replications = 2
[workflow.plan]
steps = [{ name = "call", provider = "q", queue = "ai" }]
[traffic.user]
workflow = "plan"
[provider.p]
latency = "2s"
[provider.q]
latency = { dist = "empirical", file = "l.txt" }
[queue.ai]
max_concurrency = 2
[objectives]
"plans.failed_fraction" = { max = 0.5 }
"#;
const TRACE: &str = "{\"at_s\": 12.5, \"calls\": [[{\"latency_s\": 6.12, \"outcome\": \"ok\"}]]}\n";

/// What has a capacity: traffic with a rate alone.
const RATES: &str = r#"
extends = "base.toml"
[traffic.user]
arrivals = { process = "poisson", per_day = 900 }
"#;

/// What the tests write from, by name.
pub const INPUTS: [&str; 5] = ["m.toml", "c.toml", "base.toml", "t.jsonl", "l.txt"];

/// The inputs in a directory of their own.
pub fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let latencies: String = (1..40).map(|i| format!("{}\n", 0.5 + f64::from(i) / 8.0)).collect();
    for (name, text) in INPUTS.iter().zip([MODEL, RATES, BASE, TRACE, &latencies]) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The program in a directory, with its arguments separated by spaces.
pub fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capsim"));
    command.current_dir(folder).args(arguments.split_whitespace()).stdin(Stdio::null());
    command
}

pub fn capsim(folder: &Path, arguments: &str) -> Output {
    command(folder, arguments).output().unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn ends(folder: &Path, arguments: &str, code: i32, says: &str) {
    let output = capsim(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments}: {}", stderr(&output));
    assert!(stderr(&output).contains(says), "{arguments}: {}", stderr(&output));
}

/// Every file below a directory, with its bytes.
pub fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let inner = contents(&entry.path());
            all.extend(inner.into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else if entry.path().is_file() {
            all.push((name, fs::read(entry.path()).unwrap()));
        }
    }
    all.sort();
    all
}

/// One command for each option that writes, with `AT` for the place.
const WRITERS: [&str; 9] = [
    "run m.toml --trace AT",
    "run m.toml --out AT",
    "check m.toml --baseline AT --bless",
    "check m.toml --out AT",
    "compare m.toml --with b:queue.ai.max_concurrency=3 --out AT",
    "capacity c.toml --budget 1 --out AT",
    "tune m.toml --knob queue.ai.max_concurrency=1,2 --minimise plan.latency.p95 --budget 16 --out AT",
    "levers m.toml --of plan.latency.p95 --knob queue.ai.max_concurrency --budget 20 --out AT",
    "sweep m.toml --vary queue.ai.max_concurrency=1,2 --out AT",
];

#[test]
fn no_output_takes_the_place_of_an_input() {
    let folder = inputs();
    let here = folder.path();
    let before = contents(here);
    let mut places: Vec<String> = INPUTS.iter().flat_map(|name| [name.to_string(), format!("./{name}")]).collect();
    places.push(here.join("base.toml").display().to_string());
    #[cfg(unix)]
    for (at, name) in INPUTS.iter().enumerate() {
        // Under the ending that each form may have, so that it is not the ending that is refused.
        for ending in ["json", "txt", "md"] {
            std::os::unix::fs::symlink(name, here.join(format!("soft{at}.{ending}"))).unwrap();
            fs::hard_link(here.join(name), here.join(format!("hard{at}.{ending}"))).unwrap();
            places.extend([format!("soft{at}.{ending}"), format!("hard{at}.{ending}")]);
        }
    }
    for writer in WRITERS {
        for place in &places {
            let arguments = writer.replace("AT", place);
            let output = capsim(here, &arguments);
            assert!(matches!(output.status.code(), Some(64 | 74)), "{arguments}: {}", stderr(&output));
            assert!(output.stdout.is_empty(), "{arguments}: refused before the run");
        }
    }
    ends(here, "fit l.txt --unit s --out l.txt", 74, "reads that file");
    ends(here, "init m.toml", 74, "is there already");
    for (name, bytes) in before {
        assert!(fs::read(here.join(&name)).unwrap() == bytes, "{name} has changed");
    }
    // What is read is told from what is foreign.
    ends(here, "run m.toml --trace m.toml", 64, "must end in .json");
    #[cfg(unix)]
    ends(here, "run m.toml --trace hard2.json", 74, "this command reads that file (base.toml)");
    ends(here, "check m.toml --baseline m.toml --bless", 64, "must end in .json");
}

#[test]
fn what_capsim_has_not_written_stays() {
    let folder = inputs();
    let here = folder.path();
    for writer in WRITERS.iter().chain(&["fit l.txt --unit s --out AT", "verify --quick --law mm1.wait --out AT"]) {
        for ending in ["txt", "json", "csv", "md", "html", "svg", "png", "xml", "toml", "none"] {
            let name = format!("mine.{ending}");
            fs::write(here.join(&name), "## my own notes\n{\"a\": 1}\n").unwrap();
            let arguments = writer.replace("AT", &name);
            let output = capsim(here, &arguments);
            assert!(matches!(output.status.code(), Some(64 | 74)), "{arguments}: {}", stderr(&output));
            assert_eq!(fs::read_to_string(here.join(&name)).unwrap(), "## my own notes\n{\"a\": 1}\n", "{arguments}");
        }
    }
    // A file in a directory of results, and a baseline in the place of a report.
    fs::create_dir(here.join("out")).unwrap();
    fs::write(here.join("out/report.md"), "# Ours").unwrap();
    ends(here, "run m.toml --out out", 74, "report.md: capsim has not written what is there");
    assert_eq!(contents(&here.join("out")).len(), 1);
    ends(here, "check m.toml --baseline b.json --bless", 0, "wrote b.json");
    ends(here, "check m.toml --out b.json --format json", 74, "capsim has not written");
    ends(here, "run m.toml --trace b.json", 74, "capsim has not written");
    ends(here, "check m.toml --baseline b.json --out b.json", 74, "reads that file");
    ends(here, "check m.toml --baseline b.json --bless --out b.json", 74, "writes something else there");
    ends(here, "check m.toml --baseline b.json", 0, "");
    ends(here, "run m.toml --out new --trace new/report.json", 74, "writes something else there");
}

/// Each form is known again, so that the same command may be repeated; an empty file is anybody's.
#[test]
fn its_own_kind_is_replaced() {
    let folder = inputs();
    let here = folder.path();
    let what_if = ["txt", "json", "csv", "md", "html"];
    for (writer, endings) in [
        (WRITERS[0], &["json"][..]),
        (WRITERS[2], &["json"]),
        (WRITERS[3], &["txt", "json", "md", "xml"]),
        (WRITERS[4], &what_if),
        (WRITERS[5], &["txt", "json", "csv", "md", "html", "svg", "png"]),
        (WRITERS[6], &what_if),
        (WRITERS[7], &what_if),
        ("fit l.txt --unit s --out AT", &["txt", "json", "toml", "md"]),
        ("verify --quick --law mm1.wait --out AT", &["txt", "json", "csv", "md", "html"]),
    ] {
        for ending in endings {
            let name = format!("again.{ending}");
            fs::write(here.join(&name), "").unwrap();
            let arguments = writer.replace("AT", &name);
            for _ in 0..2 {
                let output = capsim(here, &arguments);
                assert_eq!(output.status.code(), Some(0), "{arguments}: {}", stderr(&output));
                assert!(stderr(&output).contains(&format!("wrote {name}")), "{arguments}: {}", stderr(&output));
            }
            fs::remove_file(here.join(&name)).unwrap();
        }
    }
    for writer in [WRITERS[1], WRITERS[4], WRITERS[5], WRITERS[6], WRITERS[7], WRITERS[8]] {
        let arguments = writer.replace("AT", "all");
        for _ in 0..2 {
            let output = capsim(here, &arguments);
            assert_eq!(output.status.code(), Some(0), "{arguments}: {}", stderr(&output));
            assert!(stderr(&output).contains("wrote all: "), "{arguments}: {}", stderr(&output));
        }
    }
    // All answers in one directory, each still there.
    let names: Vec<String> = contents(&here.join("all")).into_iter().map(|(name, _)| name).collect();
    for name in ["report", "compare", "capacity", "tune", "levers", "sweep"] {
        assert!(names.contains(&format!("{name}.json")), "{names:?}");
    }
    ends(here, "run m.toml --out all/points", 74, "stored points");
    ends(here, "run m.toml --trace all/points/t.json", 74, "stored points");
}

#[test]
fn an_unknown_ending_is_refused_with_those_that_may_stand() {
    let folder = inputs();
    let here = folder.path();
    let before = contents(here);
    for (arguments, says) in [
        ("capacity c.toml --out ladder.pdf", ".txt, .json, .csv, .md, .html, .svg or .png"),
        ("compare m.toml m.toml --out c.svg", ".txt, .json, .csv, .md or .html;"),
        ("tune m.toml --knob queue.ai.max_concurrency=1,2 --minimise plan.latency.p95 --out t.xlsx", ".html;"),
        ("levers m.toml --out l.yaml", ".html;"),
        ("check m.toml --out v.html", ".txt, .json, .md or .xml"),
        ("fit l.txt --unit s --out law.csv", ".txt, .json, .toml or .md"),
        ("verify --quick --law mm1.wait --out v.xml", ".txt, .json, .csv, .md or .html"),
        ("run m.toml --trace t.pftrace", ".json"),
        ("check m.toml --baseline b.toml --bless", ".json"),
        ("init model.json", ".toml"),
        ("run m.toml --out report.json", "`run` writes a directory"),
        ("sweep m.toml --vary queue.ai.max_concurrency=1,2 --out s.csv", "`sweep` writes a directory"),
        ("capacity c.toml --format json --out c.csv", "two forms"),
        ("run m.toml --trace -", "this goes to a file"),
        ("check m.toml --baseline -", "a baseline is a file"),
        ("check m.toml --baseline - --bless", "this goes to a file"),
    ] {
        ends(here, arguments, 64, says);
    }
    assert!(contents(here) == before);
    // `-` is standard output, as if there were no --out.
    for writer in [WRITERS[1], WRITERS[3], WRITERS[5], "fit l.txt --unit s --out AT"] {
        let (with, without) = (writer.replace("AT", "-"), writer.replace(" --out AT", ""));
        assert_eq!(capsim(here, &with).stdout, capsim(here, &without).stdout, "{with}");
    }
    assert!(contents(here) == before);
    // An ending says the form, in capitals too.
    ends(here, "capacity c.toml --budget 1 --out C.JSON", 0, "wrote C.JSON");
    assert!(fs::read_to_string(here.join("C.JSON")).unwrap().starts_with("{\n"));
}

/// A link is followed, and what it leads to is written; one that leads nowhere is refused.
#[test]
#[cfg(unix)]
fn a_link_stays_a_link() {
    let folder = inputs();
    let here = folder.path();
    fs::create_dir(here.join("deep")).unwrap();
    ends(here, "check m.toml --baseline deep/b.json --bless", 0, "");
    fs::write(here.join("deep/b.json"), &fs::read_to_string(here.join("deep/b.json")).unwrap()[..90]).unwrap();
    std::os::unix::fs::symlink("deep/b.json", here.join("link.json")).unwrap();
    ends(here, "check m.toml --baseline link.json --bless", 0, "");
    assert!(here.join("link.json").is_symlink());
    ends(here, "check m.toml --baseline deep/b.json", 0, "");
    std::os::unix::fs::symlink("nowhere/b.json", here.join("lost.json")).unwrap();
    ends(here, "check m.toml --baseline lost.json --bless", 74, "leads nowhere");
}

/// Pipes, devices and directories, wherever a file may stand: a word, and no waiting.
#[test]
#[cfg(unix)]
fn what_is_no_file_is_refused() {
    let folder = inputs();
    let here = folder.path();
    assert!(Command::new("mkfifo").arg(here.join("pipe")).status().unwrap().success());
    fs::create_dir(here.join("folder")).unwrap();
    std::os::unix::fs::symlink("pipe", here.join("pipe.json")).unwrap();
    let other = |key: &str, place: &str| {
        let text = match key {
            "base" => MODEL.replace("base.toml", place),
            "trace" => MODEL.replace("t.jsonl", place),
            _ => format!("{MODEL}[provider.q]\nlatency = {{ dist = \"empirical\", file = \"{place}\" }}\n"),
        };
        fs::write(here.join("other.toml"), text).unwrap();
    };
    let huge = fs::File::create(here.join("huge")).unwrap();
    huge.set_len(8 << 30).unwrap();
    for place in ["pipe", "folder", "/dev/zero", "/dev/null", "/dev/tty", "huge"] {
        for arguments in ["validate AT", "run AT", "fit AT", "check m.toml --baseline AT"] {
            // A log may be of any length; this one has nothing in it.
            let is_log = place == "huge" && arguments.starts_with("fit");
            let (code, says) = if is_log { (20, "binary data") } else { (74, "cannot read") };
            ends(here, &arguments.replace("AT", place), code, says);
        }
        for key in ["base", "trace", "law"] {
            other(key, place);
            ends(here, "validate other.toml", 74, "cannot read");
        }
        for writer in WRITERS {
            // A directory may take a set of files; everything else is no place for any.
            if place != "huge" && (place != "folder" || writer.starts_with("check") || writer.contains("--trace")) {
                ends(here, &writer.replace("AT", place), 74, place);
            }
        }
    }
    ends(here, "run m.toml --trace pipe.json", 74, "a pipe or a device");
    fs::create_dir_all(here.join("s/points")).unwrap();
    let sweep = WRITERS[8].replace("AT", "s");
    ends(here, &sweep, 0, "");
    let (point, _) = contents(&here.join("s/points")).remove(0);
    let point = here.join("s/points").join(point);
    fs::remove_file(&point).unwrap();
    assert!(Command::new("mkfifo").arg(&point).status().unwrap().success());
    ends(here, &format!("{sweep} --resume"), 0, "is not used: it is a pipe or a device");
}

/// A file that does not stop growing, and one that may not be read.
#[test]
#[cfg(unix)]
fn what_cannot_be_read_whole_is_refused() {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    let folder = inputs();
    let here = folder.path();
    let path = here.join("grows");
    fs::write(&path, "1.5\n".repeat(1 << 20)).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            while !stop.load(std::sync::atomic::Ordering::Relaxed) && file.metadata().unwrap().len() < 64 << 20 {
                file.write_all(b"1.5\n").unwrap();
            }
        });
        let output = capsim(here, "fit grows --unit s");
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        // Where the machine is slow it may not have grown while it was read; it never waits for the end of it.
        assert!(matches!(output.status.code(), Some(74 | 20 | 0)), "{}", stderr(&output));
    });
    fs::set_permissions(here.join("base.toml"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(here.join("base.toml")).is_err() {
        ends(here, "run m.toml", 74, "permission denied");
    }
    fs::set_permissions(here.join("base.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    ends(here, "check m.toml --baseline b.json --bless", 0, "");
    fs::set_permissions(here.join("b.json"), fs::Permissions::from_mode(0o444)).unwrap();
    ends(here, "check m.toml --baseline b.json --bless", 74, "it may only be read");
}

/// Nobody hears an answer whose standard output is closed; who stops reading has heard enough.
#[test]
#[cfg(unix)]
fn standard_output_that_takes_nothing_is_an_error() {
    let folder = inputs();
    let sh = |script: &str| {
        let script = script.replace("capsim", env!("CARGO_BIN_EXE_capsim"));
        Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap()
    };
    let closed = ["capsim run m.toml >&-", "capsim schema >&-", "capsim --help >&-", "capsim init - >&-"];
    let closed = closed.into_iter().filter(|_| cfg!(target_os = "linux"));
    for script in ["capsim run m.toml 1</dev/null", "capsim explain m.toml 1</dev/null"].into_iter().chain(closed) {
        let output = sh(script);
        assert_eq!(output.status.code(), Some(74), "{script}: {}", stderr(&output));
    }
    for script in ["capsim run m.toml --format csv | head -n 1", "capsim run m.toml >/dev/null"] {
        let output = sh(script);
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{script}");
    }
    if Path::new("/dev/full").exists() {
        assert_eq!(sh("capsim run m.toml >/dev/full").status.code(), Some(74));
    }
}
