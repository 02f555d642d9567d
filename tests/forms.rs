//! The answers of the what-if commands in every form: JSON that its schema describes, tables that are tables, pages
//! that need nothing else, and files that are there whole or not at all.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// One of each command, as short as it gets; each but `sweep` takes `--out` of a file too.
const COMMANDS: [(&str, &str); 6] = [
    ("compare", "compare models/queue-default.toml models/queue-large.toml --set run.horizon=1d --replications 2"),
    ("capacity", "capacity models/queue-default.toml --set run.horizon=12h --budget 1"),
    // Infeasible, and so without a capacity, an aim or a fresh trial.
    (
        "capacity",
        "capacity models/minimal.toml --set run.horizon=1d --set objectives.\"plans.completed\".min=1000000 --budget 1",
    ),
    (
        "sweep",
        "sweep models/queue-default.toml --set run.horizon=6h --replications 2 --vary queue.ai.max_concurrency=3,4",
    ),
    (
        "tune",
        "tune models/queue-default.toml --set run.horizon=6h --knob queue.ai.max_concurrency=3,4 --minimise plan.latency.p95 --budget 16",
    ),
    (
        "levers",
        "levers models/queue-default.toml --set run.horizon=6h --replications 4 --of queue.ai.utilisation --knob queue.ai.max_concurrency --knob queue.ai.max_queue=0,32",
    ),
];

fn capsim(args: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capsim"));
    command.args(args.split_whitespace()).stdin(Stdio::null());
    command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn stdout(args: &str) -> String {
    let output = capsim(args);
    assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `capsim schema NAME` is the file in `docs/`, and describes what the command prints.
#[test]
fn the_json_is_what_the_schema_says() {
    for (name, args) in COMMANDS {
        let shipped = stdout(&format!("schema {name}"));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.schema.json"));
        assert_eq!(shipped.trim_end(), std::fs::read_to_string(file).unwrap().trim_end());
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler.add_resource("it.json", serde_json::from_str(&shipped).unwrap()).unwrap();
        let schema = compiler.compile("it.json", &mut schemas).unwrap();
        let value: Value = serde_json::from_str(&stdout(&format!("{args} --format json"))).unwrap();
        schemas.validate(&value, schema).unwrap_or_else(|error| panic!("{args}: {error:#}"));
        // A schema that allows anything would not have seen this.
        let mut wrong = value.clone();
        wrong["not_in_the_schema"] = 1.into();
        assert!(schemas.validate(&wrong, schema).is_err());
    }
}

/// As many cells in each line as in the first, and nothing that is no number where numbers stand.
#[test]
fn the_csv_and_the_markdown_are_tables() {
    for (_, args) in COMMANDS {
        let csv = stdout(&format!("{args} --format csv"));
        let cells = |line: &str| line.split(',').count();
        let mut lines = csv.split("\r\n").filter(|line| !line.is_empty());
        let header = lines.next().unwrap();
        assert!(lines.clone().count() >= 1, "{args}: {csv}");
        lines.for_each(|line| assert_eq!(cells(line), cells(header), "{args}: {line}"));
        assert!(!csv.contains("NaN") && !csv.contains("inf"), "{args}: {csv}");
        let markdown = stdout(&format!("{args} --format markdown"));
        assert!(markdown.starts_with("## "), "{markdown}");
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        let mut table = 0;
        for line in markdown.lines() {
            match (line.starts_with('|'), table) {
                (true, 0) => table = bars(line),
                (true, wide) => assert_eq!(bars(line), wide, "{args}: {line}"),
                (false, _) => table = 0,
            }
        }
        assert!(markdown.contains("| --- |"), "{markdown}");
    }
}

/// A directory gets every form, and a file the form that its ending says; a page needs no network and no script.
#[test]
fn out_takes_a_directory_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for (at, (name, args)) in COMMANDS.into_iter().enumerate() {
        let out = folder.path().join(format!("{at}"));
        let printed = stdout(&format!("{args} --out {}", out.display()));
        let read = |ending: &str| std::fs::read(out.join(format!("{name}.{ending}")));
        assert_eq!(read("txt").unwrap(), printed.as_bytes(), "{args}");
        for ending in ["json", "csv", "md"] {
            assert!(!read(ending).unwrap().is_empty(), "{args} {ending}");
        }
        let page = String::from_utf8(read("html").unwrap()).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{args}");
        assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("<link"), "{args}");
        assert_eq!(page.matches("<table>").count(), page.matches("</table>").count());
        let has_picture = name == "capacity" || name == "sweep";
        assert_eq!((read("svg").is_ok(), read("png").is_ok()), (has_picture, has_picture), "{args}");
        assert_eq!(page.contains("<svg role=\"img\""), has_picture, "{args}");
        if name == "sweep" {
            continue;
        }
        for ending in ["html", "json", "svg", "png", "txt"] {
            let file = folder.path().join(format!("{at}.{ending}"));
            let format = if ending == "json" { "json" } else { "text" };
            let output = capsim(&format!("{args} --format {format} --out {}", file.display()));
            if ["svg", "png"].contains(&ending) && !has_picture {
                assert_eq!((output.status.code(), file.exists()), (Some(64), false), "{args} {ending}");
                continue;
            }
            assert!(output.status.success() && output.stdout.is_empty(), "{args} {ending}");
            assert_eq!(std::fs::read(file).unwrap(), read(ending).unwrap(), "{args} {ending}");
        }
    }
}

/// A device keeps nothing, and no file may take its place.
#[test]
#[cfg(unix)]
fn a_device_stays_a_device() {
    use std::os::unix::fs::FileTypeExt;
    assert_eq!(capsim(&format!("{} --out /dev/null", COMMANDS[0].1)).status.code(), Some(74));
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn a_fit_can_be_appended_to_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.csv");
    let rows: String =
        (1..60).map(|i| format!("{i},{},{}\n", 500 + 37 * i, if i % 20 == 0 { 500 } else { 200 })).collect();
    std::fs::write(&log, format!("id,latency_ms,status\n{rows}")).unwrap();
    let log = log.to_str().unwrap();
    let fit = |more: &[&str]| {
        let arguments: Vec<&str> = ["fit", log].iter().chain(more).copied().collect();
        Command::new(env!("CARGO_BIN_EXE_capsim")).args(arguments).output().unwrap()
    };
    let lines = fit(&["--timeout", "2s", "--format", "toml"]);
    assert_eq!(lines.status.code(), Some(0));
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert!(lines.contains("request_timeout = \"2s\"") && lines.contains("errors = { server_error = "), "{lines}");
    let text = fit(&[]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("57 answers, 0 cut off, 2 server_error"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100 || line.contains("log.csv")), "{text}");
    let wrong = fit(&["--column", "latency"]);
    assert_eq!(wrong.status.code(), Some(20));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("did you mean `latency_ms`?"));
    assert_eq!(fit(&["--timeout", "0s"]).status.code(), Some(64));
}
