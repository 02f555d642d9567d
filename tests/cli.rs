//! The program as a shell sees it: exit codes, streams, files.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A model that answers at once.
const QUICK: &str = r#"
[run]
horizon = "2d"
replications = 3
[traffic.user]
arrivals = { process = "poisson", per_day = 200 }
[workflow.plan]
steps = [{ name = "call", queue = "ai", calls = 2 }]
[provider.openai]
latency = { dist = "lognormal", median = "4s", p95 = "11s" }
[queue.ai]
max_concurrency = 4
"#;

/// Time stands still: users who neither think nor wait.
const ENDLESS: &str = r#"
[run]
replications = 1
[traffic.user]
arrivals = { process = "closed", users = 1, think = "0s" }
[workflow.plan]
steps = [{ name = "call" }]
[provider.openai]
latency = "0s"
"#;

/// More work than one slot can do, and places without end.
const UNSTABLE: &str = r#"
[run]
replications = 1
max_plans_alive = 500
[traffic.user]
arrivals = { process = "poisson", per_second = 2 }
[workflow.plan]
steps = [{ name = "call", queue = "ai" }]
[provider.openai]
latency = "1s"
[queue.ai]
max_concurrency = 1
"#;

fn capsim() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capsim"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("NO_COLOR");
    command
}

fn run(arguments: &[&str]) -> Output {
    capsim().args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs with a model on standard input.
fn feed(arguments: &[&str], model: &str) -> Output {
    let mut command = capsim();
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(model.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// It ended with this code, and said nothing on the other stream.
fn ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(output), stderr(output));
    if code == 0 {
        assert_eq!(stderr(output), "");
    } else {
        assert_eq!(stdout(output), "");
        assert!(!stderr(output).is_empty(), "it ended with {code} without a word");
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_model_on_standard_input_is_answered() {
    let output = feed(&["run", "-"], QUICK);
    ends(&output, 0);
    let text = stdout(&output);
    assert!(text.contains("plans a day are completed") && text.contains("Metrics"), "{text}");
    ends(&feed(&["validate", "-"], QUICK), 0);
    ends(&feed(&["explain", "-"], QUICK), 0);
}

#[test]
fn every_command_has_a_help_page() {
    let top = run(&["--help"]);
    ends(&top, 0);
    let text = stdout(&top);
    let listed = text.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap().to_string();
    let names: Vec<&str> = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.contains(&"run") && names.contains(&"completions"), "{names:?}");
    for name in names {
        let page = run(&[name, "--help"]);
        ends(&page, 0);
        assert!(stdout(&page).contains(&format!("Usage: capsim {name}")), "{name}: {}", stdout(&page));
    }
    ends(&run(&["--version"]), 0);
}

#[test]
fn nonsense_is_wrong_usage() {
    for arguments in [
        &[][..],
        &["fly"],
        &["run"],
        &["run", "models/hybrid.toml", "--seed", "minus-one"],
        &["run", "models/hybrid.toml", "--replications", "0"],
        &["run", "models/hybrid.toml", "--jobs", "0"],
        &["run", "models/hybrid.toml", "--format", "xml"],
        &["run", "models/hybrid.toml", "--set", "no-equals-sign"],
        &["run", "models/hybrid.toml", "--no-such-flag"],
        &["validate", "models/hybrid.toml", "models/kv-only.toml"],
        &["presets", "no-such-preset"],
        &["schema", "no-such-schema"],
        &["completions", "no-such-shell"],
        &["verify", "--law="],
        &["verify", "--law", "no-such-law"],
    ] {
        ends(&run(arguments), 64);
    }
}

#[test]
fn a_bad_model_is_20_with_its_place() {
    let output = run(&["run", "models/hybrid.toml", "--set", "queue.ai.max_concurency=8"]);
    ends(&output, 20);
    assert!(stderr(&output).contains("max_concurrency"), "no suggestion: {}", stderr(&output));
    for command in ["run", "validate", "explain"] {
        let output = feed(&[command, "-"], "[queue.ai]\nmax_concurrency = \"four\"\n");
        ends(&output, 20);
        assert!(stderr(&output).contains("<stdin>:2"), "no place: {}", stderr(&output));
        assert!(!stderr(&output).contains('\u{1b}'), "colour in a pipe");
    }
}

#[test]
fn a_model_that_is_not_there_is_74() {
    for command in ["run", "validate", "explain"] {
        let output = run(&[command, "models/no-such-model.toml"]);
        ends(&output, 74);
        assert!(stderr(&output).contains("no-such-model.toml"));
    }
}

#[test]
fn a_model_without_an_end_is_stopped_with_a_clear_word() {
    let output = feed(&["run", "-"], ENDLESS);
    ends(&output, 20);
    assert!(stderr(&output).contains("simulated time does not advance"), "{}", stderr(&output));
    let output = feed(&["run", "-"], UNSTABLE);
    ends(&output, 20);
    assert!(stderr(&output).contains("max_plans_alive"), "{}", stderr(&output));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = capsim()
        .args(["run", "models/minimal.toml", "--set", "run.horizon=1d", "--replications", "2"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take()); // nobody reads
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_pipe_gets_no_colour_and_no_progress() {
    for (name, value) in [("NO_COLOR", "1"), ("NO_COLOR", ""), ("TERM", "xterm-256color"), ("TERM", "dumb")] {
        let output = capsim()
            .args(["run", "models/hybrid.toml", "--replications", "1"])
            .env(name, value)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        ends(&output, 0);
        assert!(!output.stdout.contains(&0x1b), "{name}={value:?}");
    }
}

#[test]
fn the_report_for_programs_keeps_its_schema() {
    let report = run(&["run", "models/kv-only.toml", "--replications", "2", "--format", "json"]);
    ends(&report, 0);
    let schema = run(&["schema", "report"]);
    ends(&schema, 0);
    let shipped = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json")).unwrap();
    assert_eq!(stdout(&schema).trim_end(), shipped.trim_end());
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("report.json", serde_json::from_str(&shipped).unwrap()).unwrap();
    let schema = compiler.compile("report.json", &mut schemas).unwrap();
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    schemas.validate(&report, schema).unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(report["replications"], 2);
    assert_eq!(report["partial"], false);
    assert!(report["metrics"]["plans.per_day"]["mean"].as_f64().unwrap() > 0.0);
    // The model's schema is JSON too, and `explain` speaks it.
    serde_json::from_slice::<Value>(&run(&["schema"]).stdout).unwrap();
    let explained = run(&["explain", "models/kv-only.toml", "--format", "json"]);
    ends(&explained, 0);
    serde_json::from_slice::<Value>(&explained.stdout).unwrap();
}

/// A metric that the model does not have is told before the long run, with the nearest one; every metric that a run
/// has is known beforehand.
#[test]
fn metrics_are_known_before_the_run() {
    let long = ["--set", "run.horizon=3650d", "--replications", "100000", "--quiet"];
    for (command, option) in [
        (vec!["run"], vec!["--precision", "plans.perday=1%"]),
        (vec!["compare", "--with", "b:queue.ai.max_queue=9"], vec!["--precision", "plans.perday=1%"]),
        (vec!["sweep", "--vary", "queue.ai.max_queue=8,9"], vec!["--metric", "plans.perday"]),
        (vec!["tune", "--knob", "queue.ai.max_queue=8,9"], vec!["--maximise", "plans.perday"]),
        (vec!["levers"], vec!["--of", "plans.perday"]),
    ] {
        let output = run(&[&command[..1], &["models/hybrid.toml"], &command[1..], &option[..], &long[..]].concat());
        ends(&output, 64);
        assert!(stderr(&output).contains("did you mean `plans.per_day`?"), "{}", stderr(&output));
    }
    let warned = run(&["validate", "models/hybrid.toml", "--set", "objectives.\"plans.perday\".min=1"]);
    assert_eq!(warned.status.code(), Some(0));
    assert!(stderr(&warned).contains("warning: objectives.\"plans.perday\""), "{}", stderr(&warned));
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let short = ["run.horizon=2d", "run.warmup=0s", "run.replications=1"].map(String::from);
            let model = capsim::model::load_file(&path, &short).unwrap();
            let mut before = capsim::experiment::metrics(&model).unwrap();
            before.sort();
            let answer = crate::common::answer(&model);
            assert_eq!(before, answer.metrics.iter().map(|m| m.name.clone()).collect::<Vec<_>>(), "{}", path.display());
        }
    }
}

/// What `levers` cannot try is told before the long run.
#[test]
fn levers_that_cannot_be_tried_are_wrong_usage() {
    let long = ["levers", "models/hybrid.toml", "--set", "run.horizon=3650d", "--quiet"];
    for (option, says) in [
        (["--knob", "queue.ai.max_concurency"], "did you mean `queue.ai.max_concurrency`?"),
        (["--knob", "zzz"], "this model has no such value"),
        (["--knob", "run.start"], "no half and no double"),
        (["--knob", "queue.ai"], "this model has no such value"),
        (["--knob", "queue.ai.max_queue="], "an empty value"),
        (["--knob", "="], "write PATH=VALUES"),
        (["--budget", "9"], "two replications of each"),
        (["--budget", "0"], "two replications of each"),
        (["--budget", "some"], "a whole number from 0"),
    ] {
        let output = run(&[&long[..], &option[..]].concat());
        ends(&output, 64);
        assert!(stderr(&output).contains(says), "{option:?}: {}", stderr(&output));
    }
    ends(&run(&["levers", "models/hybrid.toml", "--of", "plans.call_failed", "--maximise", "plans.call_failed"]), 64);
    // The model's own words where all values of a knob are refused; standard input is read once.
    ends(&run(&["levers", "models/hybrid.toml", "--knob", "queue.ai.max_concurrency=none"]), 20);
    ends(&feed(&["levers", "-", "--knob", "queue.ai.max_concurrency"], QUICK), 0);
}

/// What never ends is refused like anything too long, and a question that is refused leaves no directory behind.
#[test]
#[cfg(unix)]
fn nothing_is_read_without_end_or_written_without_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.toml");
    std::fs::write(&model, "extends = \"/dev/zero\"\n").unwrap();
    ends(&run(&["validate", model.to_str().unwrap()]), 74);
    ends(&run(&["validate", "/dev/zero"]), 74);
    let zero = capsim().args(["validate", "-"]).stdin(std::fs::File::open("/dev/zero").unwrap()).output().unwrap();
    ends(&zero, 20);
    std::fs::write(&model, QUICK).unwrap();
    let out = folder.path().join("out");
    ends(&run(&["capacity", model.to_str().unwrap(), "--out", out.to_str().unwrap()]), 20);
    assert!(!out.exists());
}

#[test]
fn the_table_for_spreadsheets_is_a_table() {
    let output = run(&["run", "models/hybrid.toml", "--replications", "2", "--format", "csv"]);
    ends(&output, 0);
    let text = stdout(&output);
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(header[0], "metric");
    let mut rows = 0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), header.len(), "{line}");
        let empty_or_number = |cell: &&str| cell.is_empty() || cell.parse::<f64>().is_ok_and(f64::is_finite);
        let numbers = cells.iter().filter(|cell| empty_or_number(cell)).count();
        assert!(numbers + 2 >= cells.len(), "name and unit are text, the rest numbers: {line}");
        rows += 1;
    }
    assert!(rows > 50);
}

#[test]
fn a_directory_gets_every_file_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/report");
    let arguments =
        ["run", "models/kv-only.toml", "--replications", "2", "--format", "json", "--out", out.to_str().unwrap()];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let names = files(&out);
    assert_eq!(stderr(&output), format!("wrote {}: {}\n", out.display(), in_order(&names).join(", ")));
    for name in ["report.txt", "report.json", "report.csv", "report.md", "report.html"] {
        assert!(names.iter().any(|found| found == name), "no {name} in {names:?}");
    }
    for name in &names {
        let known = name.starts_with("report.") || name.ends_with(".svg") || name.ends_with(".png");
        assert!(known, "{name} is left over");
        let bytes = std::fs::read(out.join(name)).unwrap();
        let whole = match name.rsplit('.').next().unwrap() {
            "png" => bytes.starts_with(b"\x89PNG") && bytes[..].windows(4).any(|word| word == b"IEND"),
            "svg" => String::from_utf8(bytes).unwrap().trim_end().ends_with("</svg>"),
            "html" => String::from_utf8(bytes).unwrap().trim_end().ends_with("</html>"),
            _ => !bytes.is_empty(),
        };
        assert!(whole, "{name} is not whole");
    }
    assert_eq!(std::fs::read(out.join("report.json")).unwrap(), output.stdout);
    // A directory has what a screen has no room for.
    let text = std::fs::read_to_string(out.join("report.txt")).unwrap();
    assert!(text.contains("\nCeilings: ") && text.contains("\n  plans.offered "), "{text}");
    // Again, over what is there: the same bytes.
    let before: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(out.join(name)).unwrap()).collect();
    assert_eq!(run(&arguments).status.code(), Some(0));
    assert_eq!(names, files(&out));
    let after: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(out.join(name)).unwrap()).collect();
    assert!(before == after, "a second run wrote other bytes");
}

/// Names in the order in which they are said: the report's forms, then the pictures.
fn in_order(names: &[String]) -> Vec<String> {
    let all = ["report.txt", "report.json", "report.csv", "report.md", "report.html"];
    let pictures = ["retention.svg", "retention.png", "ceilings.svg", "ceilings.png"];
    all.into_iter().chain(pictures).map(String::from).filter(|name| names.contains(name)).collect()
}

#[test]
fn without_an_answer_no_file_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report");
    let bad = file(folder.path(), "bad.toml", "[run]\nhorizon = 3\n");
    ends(&run(&["run", bad.to_str().unwrap(), "--out", out.to_str().unwrap()]), 20);
    assert!(!out.exists());
    ends(&feed(&["run", "-", "--out", out.to_str().unwrap()], UNSTABLE), 20);
    assert!(!out.exists(), "a directory without an answer");
}

#[test]
fn a_directory_that_cannot_be_written_fails_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let plain = file(folder.path(), "plain", "a file, and no directory");
    // This model does not end well; that the directory is what is complained of shows which came first.
    let output = feed(&["run", "-", "--out", plain.join("report").to_str().unwrap()], UNSTABLE);
    ends(&output, 74);
    assert!(stderr(&output).contains("plain"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn an_interruption_reports_what_is_done() {
    let child = capsim()
        .args(["run", "models/hybrid.toml", "--replications", "1000000", "--jobs", "1", "--format", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["partial"], true);
    assert!(report["replications"].as_u64().unwrap() >= 1);
}

/// The README's ten lines are the model in the file.
#[test]
fn the_readme_shows_the_minimal_model() {
    let read = |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let (readme, model) = (read("README.md"), read("models/minimal.toml"));
    assert!(readme.contains(&format!("```toml\n{}\n```", model.trim_end())), "README.md has another minimal model");
}

/// What these pages show is what the program says, line by line.
#[test]
fn the_readme_shows_real_output() {
    let levers = "levers models/soft-failures.toml --of class.user.plans.overloaded_fraction";
    for (page, commands) in [
        ("README.md", &["run models/hybrid.toml", "run models/kv-only.toml", levers][..]),
        ("docs/levers.md", &[levers]),
    ] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        let shown: Vec<&str> = text.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(shown.len(), commands.len(), "{page}: one block for each of these");
        for (block, command) in shown.iter().zip(commands) {
            let said = stdout(&run(&command.split(' ').collect::<Vec<_>>()));
            let lines = block.lines().filter(|line| !line.is_empty() && *line != "[…]" && !line.starts_with("$ "));
            for line in lines {
                assert!(said.lines().any(|real| real == line), "{page} shows {line:?}");
            }
        }
    }
}

/// Each model of the page, with what is shown after it.
#[test]
fn the_page_of_parts_shows_real_output() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/parts.md")).unwrap();
    let sections: Vec<&str> = text.split("\n## ").skip(1).collect();
    assert!(sections.len() >= 4);
    for section in sections {
        let block =
            |kind: &str| section.split(&format!("```{kind}\n")).nth(1).and_then(|rest| rest.split("```").next());
        let (model, shown) = (block("toml").unwrap(), block("text").unwrap());
        let answer = feed(&["run", "-"], model);
        ends(&answer, 0);
        let said = stdout(&answer);
        for line in shown.lines().filter(|line| !line.is_empty() && *line != "[…]") {
            assert!(said.lines().any(|real| real == line), "docs/parts.md shows {line:?}, and there is {said}");
        }
    }
}

#[test]
fn a_first_model_is_written_once_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let init = |file: &str| capsim().args(["init", file]).current_dir(folder.path()).output().unwrap();
    let written = init("mine.toml");
    ends(&written, 0);
    assert_eq!(stdout(&written), "mine.toml is written. Next: capsim run mine.toml\n");
    let path = folder.path().join("mine.toml");
    let model = std::fs::read_to_string(&path).unwrap();
    assert_eq!(stdout(&init("-")), model);
    std::fs::write(&path, "# mine").unwrap();
    let again = init("mine.toml");
    ends(&again, 74);
    assert!(stderr(&again).contains("mine.toml is there already"), "{}", stderr(&again));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "# mine");
    let answer = feed(&["run", "-", "--set", "run.horizon=1d", "--replications", "2"], &model);
    ends(&answer, 0);
    assert!(stdout(&answer).contains("starter: A first model"), "{}", stdout(&answer));
}
