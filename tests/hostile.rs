//! Text that somebody has written into a model, a file's name or an option does nothing in any form of any command: no
//! control character, no mark of direction, nothing of no width, no formula, no markup.

use capsim::units::is_hidden;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What acts on a terminal, turns the direction, has no width, is markup or a formula.
const HOSTILE: &str = "=1+1<b>&amp;\"'`|[x](y)\u{1b}[31m\u{1b}]0;t\u{7}\u{8}\u{9b}5m\u{202e}\u{2066}\u{200b}\u{feff}\u{ad}\u{2028}\u{e0041}\r\n\n# two\t-->]]></svg></title>```";

/// The same as TOML writes it.
fn quoted(text: &str) -> String {
    let letter = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if is_hidden(c) => format!("\\U{:08x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(letter).collect::<String>())
}

fn model(name: &str) -> String {
    format!(
        r#"
name = {name}
description = {name}
[run]
horizon = "2h"
replications = 3
[platform]
preset = "cloudflare-free"
[traffic.user]
arrivals = {{ process = "poisson", per_hour = 60 }}
[workflow.plan]
steps = [{{ name = "call", queue = "ai", calls = 2 }}]
[provider.openai]
latency = {{ dist = "lognormal", median = "4s", p95 = "11s" }}
request_timeout = "12s"
[retry.openai]
max = 2
[queue.ai]
max_concurrency = 4
[logging]
strategy = "hybrid"
[objectives]
"plans.failed_fraction" = {{ max = 0.9 }}
[[change]]
at = "1h"
set = {{ "queue.ai.max_concurrency" = 3 }}
"#
    )
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capsim"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Nothing in it acts on a terminal or a reader; ends of lines are left.
fn is_inert(text: &str, what: &str) {
    let found = text.replace("\r\n", "\n").chars().find(|c| *c != '\n' && is_hidden(*c));
    assert_eq!(found, None, "{what}:\n{text}");
}

fn is_json(text: &str, what: &str) {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}\n{text}"));
    // It is all there, letter by letter.
    if what.contains("run ") {
        assert_eq!(value["model"], HOSTILE, "{what}");
    }
}

fn is_csv(text: &str, what: &str) {
    let rows = csv_rows(text);
    for row in &rows {
        assert_eq!(row.len(), rows[0].len(), "{what}: {row:?}");
        for cell in row {
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
            assert!(!formula, "{what}: {cell:?}");
        }
    }
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut cell, mut quotes) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quotes && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quotes = !quotes,
            ',' if !quotes => row.push(std::mem::take(&mut cell)),
            '\n' if !quotes => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quotes => {}
            letter => cell.push(letter),
        }
    }
    assert!(!quotes && cell.is_empty(), "an open cell: {text}");
    rows
}

/// Tags are closed in order, attributes are quoted, entities are known.
fn is_well_formed(text: &str, what: &str) {
    let mut rest = text.strip_prefix("<!DOCTYPE html>").unwrap_or(text);
    let mut open: Vec<&str> = Vec::new();
    while let Some(at) = rest.find('<') {
        let words = &rest[..at];
        if open.last() != Some(&"style") {
            entities(words, what);
        }
        let end = end_of_tag(&rest[at..]).unwrap_or_else(|| panic!("{what}: an open tag: {}", &rest[at..]));
        let tag = &rest[at + 1..at + end];
        rest = &rest[at + end + 1..];
        if tag.starts_with('?') || tag.starts_with("!--") {
            continue;
        }
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{what}: <{tag}>");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{what}: <{tag}>");
        } else {
            assert!(!tag.contains('<') && tag.matches('"').count().is_multiple_of(2), "{what}: <{tag}>");
            entities(tag, what);
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty() && !rest.contains('<'), "{what}: {open:?}");
}

fn end_of_tag(text: &str) -> Option<usize> {
    let mut quotes = false;
    text.char_indices().find_map(|(at, letter)| {
        quotes ^= letter == '"';
        (letter == '>' && !quotes).then_some(at)
    })
}

fn entities(text: &str, what: &str) {
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#39;", "&#x27;"];
        assert!(known.iter().any(|entity| text[at..].starts_with(entity)), "{what}: {}", &text[at..]);
    }
}

/// Markdown with no markup of the model's own: neither its heading, nor its tag, nor its link.
fn is_markdown(text: &str, what: &str) {
    let mut fence = None;
    for line in text.lines() {
        // Inside a fence nothing is markup.
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            Some(open) if ticks >= open => fence = None,
            _ => {}
        }
        if fence.is_some() {
            continue;
        }
        assert!(!line.starts_with("# two"), "{what}: {line}");
        let plain = line.replace("\\[", "").replace("\\]", "");
        assert!(!plain.contains("[x]"), "{what}: {line}");
        assert!(!plain.contains("<b>") && !plain.contains("</svg>"), "{what}: {line}");
    }
    assert_eq!(fence, None, "{what}: an open fence");
}

fn holds(text: &str, form: &str, what: &str) {
    is_inert(text, what);
    match form {
        "json" => is_json(text, what),
        "csv" => is_csv(text, what),
        "html" | "svg" | "junit" | "xml" => is_well_formed(text, what),
        "markdown" | "md" => is_markdown(text, what),
        _ => {}
    }
}

#[test]
fn every_form_of_every_command_is_inert() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // As far as a file system takes it.
    let file = &format!("m{}.toml", HOSTILE.replace('/', "_"));
    std::fs::write(folder.join(file), model(&quoted(HOSTILE))).unwrap();
    let description = &format!("description={}", quoted(HOSTILE));
    let with = &format!("={HOSTILE}x:queue.ai.max_concurrency=2").replacen("==", "", 1);
    let with = &with.replace('=', "").replacen("max_concurrency2", "max_concurrency=2", 1).replace(':', " ").replacen(
        " queue.ai",
        ":queue.ai",
        1,
    );
    let vary = &format!("name={}", HOSTILE.replace(',', ""));
    let what_if: [(&[&str], &[&str]); 10] = [
        (&["run", file, "--set", description], &["text", "json", "csv", "markdown"]),
        (&["compare", file, "--with", with], &["text", "json", "csv", "markdown"]),
        (&["capacity", file, "--budget", "1"], &["text", "json", "csv", "markdown"]),
        (
            &["sweep", file, "--vary", vary, "--vary", "queue.ai.max_concurrency=1,2"],
            &["text", "json", "csv", "markdown"],
        ),
        (
            &[
                "tune",
                file,
                "--knob",
                vary,
                "--knob",
                "queue.ai.max_concurrency=1,2",
                "--minimise",
                "plan.latency.p95",
                "--budget",
                "20",
            ],
            &["text", "json", "csv", "markdown"],
        ),
        (
            &[
                "levers",
                file,
                "--set",
                description,
                "--knob",
                "queue.ai.max_concurrency",
                "--knob",
                vary,
                "--of",
                "plan.latency.p95",
                "--budget",
                "40",
            ],
            &["text", "json", "csv", "markdown"],
        ),
        (&["check", file], &["text", "json", "markdown", "junit"]),
        (&["check", file, "--baseline", &HOSTILE.replace('/', "_")], &["text", "json", "markdown", "junit"]),
        (&["explain", file], &["text", "json"]),
        (&["validate", file], &[""]),
    ];
    for (arguments, forms) in what_if {
        for form in forms {
            let format = ["--format", form];
            let arguments = [arguments, if form.is_empty() { &[] } else { &format }].concat();
            let output = run(folder, &arguments);
            let what = format!("{} {} {form}", arguments[0], arguments.len());
            let (stdout, stderr) =
                (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
            assert!(matches!(output.status.code(), Some(0 | 10..=13)), "{what}: {stdout}{stderr}");
            assert!(!stdout.is_empty(), "{what}: {stderr}");
            is_inert(&stderr, &what);
            holds(&stdout, form, &what);
        }
        if matches!(arguments[0], "run" | "compare" | "capacity" | "sweep" | "tune" | "levers") {
            let out = format!("out-{}", arguments[0]);
            let output = run(folder, &[arguments, &["--out", &out]].concat());
            assert_eq!(output.status.code(), Some(0), "{arguments:?}");
            let mut seen = 0;
            for entry in std::fs::read_dir(folder.join(&out)).unwrap() {
                let path = entry.unwrap().path();
                let ending = path.extension().map(|ending| ending.to_str().unwrap().to_string()).unwrap_or_default();
                if let (true, Ok(text)) = (path.is_file() && ending != "png", std::fs::read_to_string(&path)) {
                    holds(&text, &ending, &format!("{} --out {}", arguments[0], path.display()));
                    seen += 1;
                }
            }
            assert!(seen >= 5, "{arguments:?} wrote {seen} files");
        }
    }
    let output = run(folder, &["run", file, "--trace", "trace.json", "--quiet"]);
    assert_eq!(output.status.code(), Some(0));
    let trace = std::fs::read_to_string(folder.join("trace.json")).unwrap();
    is_inert(&trace, "--trace");
    is_json(&trace, "--trace");
}

#[test]
fn what_is_refused_is_shown_and_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let name = &HOSTILE.replace('/', "_");
    let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).unwrap();
    write("good.toml", &model("\"good\""));
    write("bad.toml", &format!("{} = 1\nname = 3 # {}\n", quoted(HOSTILE), HOSTILE.replace(['\n', '\r'], "")));
    write("raw.toml", &format!("name = {HOSTILE}\n"));
    write(
        "trace.toml",
        &model("\"t\"").replace("process = \"poisson\", per_hour = 60", "process = \"trace\", file = \"t.jsonl\""),
    );
    write("t.jsonl", &format!("{{\"at_s\": 1, \"{}\": []}}\n", HOSTILE.replace(['\n', '\r', '"'], "")));
    write(name, HOSTILE);
    write("fit.csv", &format!("{},b\n1,2\n", HOSTILE.replace(['\n', '\r', '"', ','], "")));
    let set = &format!("queue.ai.{}=1", quoted(HOSTILE));
    let value = &format!("queue.ai.max_concurrency={HOSTILE}");
    let new = &format!("queue.{}.max_concurrency=1", quoted("a\u{202e}\u{1b}"));
    for arguments in [
        &["run", "bad.toml"][..],
        &["run", "raw.toml"],
        &["validate", "trace.toml"],
        &["run", name],
        &["run", &format!("no{name}")],
        &["run", "good.toml", "--set", set],
        &["run", "good.toml", "--set", value],
        &["run", "good.toml", "--set", new],
        &["run", "good.toml", "--set", &HOSTILE.replace('=', "")],
        &["run", "good.toml", "--seed", name],
        &["run", "good.toml", name],
        &[name],
        &["run", "good.toml", "--precision", &format!("{HOSTILE}=1%")],
        &["run", "good.toml", "--out", &format!("good.toml/{HOSTILE}")],
        &["run", "good.toml", "--trace", &format!("good.toml/{HOSTILE}")],
        &["compare", "good.toml", "--with", name],
        &["compare", "good.toml", "--with", &format!("x:{value}")],
        &["capacity", "good.toml", "--of", name],
        &["sweep", "good.toml", "--vary", &value.replace(',', "")],
        &["sweep", "good.toml", "--vary", "queue.ai.max_concurrency=1,2", "--metric", name],
        &["tune", "good.toml", "--knob", "queue.ai.max_concurrency=1,2", "--minimise", name],
        &["levers", "good.toml", "--knob", name],
        &["fit", "fit.csv", "--column", name],
        &["fit", name],
        &["fit", &format!("no{name}")],
        &["verify", "--law", name],
        &["presets", name],
        &["strategies", "--show", name],
        &["init", name],
        &["check", "good.toml", "--tolerance", name],
    ] {
        let output = run(folder, arguments);
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(matches!(output.status.code(), Some(13 | 20 | 64 | 74)), "{arguments:?}: {stdout}{stderr}");
        assert_eq!(stdout, "", "{arguments:?}");
        is_inert(&stderr, &format!("{arguments:?}"));
        // Nothing of ours either.
        for word in ["struct ", "f64", "u32", "u64", ".tmp", "serde", "panicked", "src/"] {
            assert!(!stderr.contains(word), "{arguments:?}: {stderr}");
        }
        assert!(stderr.lines().all(|line| line.len() < 1500), "{arguments:?}: {stderr}");
    }
}

/// A measured file with such a name fits, and what is to be pasted stays one comment.
#[test]
fn a_file_of_measurements_may_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    let name = &HOSTILE.replace('/', "_");
    let latencies: String = (1..200).map(|n| format!("{}\n", f64::from(n) / 10.0)).collect();
    std::fs::write(folder.path().join(name), latencies).unwrap();
    for form in ["text", "json", "toml", "markdown"] {
        let output = run(folder.path(), &["fit", name, "--unit", "s", "--format", form]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        holds(&text, form, &format!("fit {form}"));
        let comments = text.lines().filter(|line| line.trim_start().starts_with("# ")).count();
        assert!(form != "toml" || comments == 1, "{text}");
    }
}
