//! Ctrl-C, SIGTERM and SIGHUP, with real processes: every command ends within a second, with what is done.
#![cfg(unix)]

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A model of few plans in many replications, or of one replication that takes hours.
fn model(folder: &std::path::Path, replications: u32, run: &str, per_second: &str) -> PathBuf {
    let path = folder.join("slow.toml");
    let text = format!(
        r#"
[run]
replications = {replications}
{run}
[traffic.user]
arrivals = {{ process = "poisson", per_second = {per_second} }}
[workflow.plan]
steps = [{{ name = "call", queue = "ai" }}]
[provider.openai]
latency = {{ dist = "exponential", mean = "100ms" }}
request_timeout = "60s"
[queue.ai]
max_concurrency = 4
[objectives]
"plan.latency.p95" = {{ max = 5 }}
"#
    );
    std::fs::write(&path, text).unwrap();
    path
}

fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capsim"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(child: &Child, signal: &str) {
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
}

/// Waits until it has ended, at most so long; what it said, and how long it took.
fn ended(mut child: Child, within: Duration, what: &str) -> (Output, Duration) {
    let began = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if began.elapsed() > within => {
                child.kill().unwrap();
                panic!("{what} goes on {within:?} after a signal");
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let took = began.elapsed();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    (Output { status, stdout, stderr }, took)
}

fn stopped(arguments: &[&str], signal: &str, after: Duration) -> (String, String) {
    let child = start(arguments);
    std::thread::sleep(after);
    send(&child, signal);
    // A second, and what a busy machine takes to notice.
    let (output, _) = ended(child, Duration::from_secs(4), &arguments.join(" "));
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(130), "{arguments:?}: {stdout}{stderr}");
    (stdout, stderr)
}

const SOON: Duration = Duration::from_millis(700);

#[test]
fn every_command_ends_inside_one_long_replication() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 1, "horizon = \"3000d\"\nmax_events = 100000000000", "10");
    let path = path.to_str().unwrap();
    for arguments in [
        &["run", path][..],
        &["run", path, "--precision", "plan.latency.p95=1%"],
        &["compare", path, "--with", "two:queue.ai.max_concurrency=2"],
        &["capacity", path],
        &["sweep", path, "--vary", "queue.ai.max_concurrency=1,2"],
        &["tune", path, "--knob", "queue.ai.max_concurrency=3,4", "--minimise", "plan.latency.p95"],
        &["tune", path, "--knob", "queue.ai.max_concurrency=3,4", "--maximise", "capacity"],
        &["levers", path],
        &["check", path],
    ] {
        let (stdout, stderr) = stopped(arguments, "INT", SOON);
        assert_eq!(stdout, "", "{arguments:?}");
        assert!(stderr.contains("interrupted"), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("internal") && stderr.lines().count() == 1, "{arguments:?}: {stderr}");
    }
}

#[test]
fn what_is_done_is_reported_as_partial() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 1_000_000, "horizon = \"1h\"", "2");
    let path = path.to_str().unwrap();
    for (arguments, signal, says) in [
        (&["run", path, "--format", "json"][..], "TERM", "\"partial\": true"),
        (&["run", path], "HUP", "Interrupted: this is what"),
        (&["compare", path, "--with", "two:queue.ai.max_concurrency=2"], "TERM", "Partial: "),
        (
            &[
                "tune",
                path,
                "--knob",
                "queue.ai.max_concurrency=1..40",
                "--set",
                "run.horizon=200h",
                "--budget",
                "1000000",
                "--minimise",
                "plan.latency.p95",
            ],
            "INT",
            "Interrupted: ",
        ),
        (&["levers", path, "--budget", "1000000"], "INT", "Interrupted: "),
        (
            &["capacity", path, "--set", "run.horizon=2000h", "--budget", "100000", "--format", "json"],
            "INT",
            "\"partial\": true",
        ),
        (&["verify", "--seed", "2"], "HUP", "no verdict"),
    ] {
        let (stdout, stderr) = stopped(arguments, signal, SOON);
        // A machine may be so busy that not one replication was done.
        let nothing = stdout.is_empty() && stderr.contains("nothing to report");
        assert!(nothing || stdout.contains(says), "{arguments:?}: {stdout}{stderr}");
        assert!(nothing || stderr.contains("interrupted"), "{arguments:?}: {stderr}");
    }
    let (stdout, stderr) = stopped(&["check", path], "INT", SOON);
    assert!(stdout.is_empty() && stderr.contains("no verdict"), "{stdout}{stderr}");
}

/// A capacity that was not found is not said to be infeasible or without bound.
#[test]
fn an_open_search_says_that_it_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 4, "horizon = \"400d\"\nmax_events = 100000000000", "0.1");
    let (stdout, stderr) =
        stopped(&["capacity", path.to_str().unwrap(), "--budget", "100000"], "INT", Duration::from_millis(2500));
    let open = stdout.contains("No capacity yet") || stderr.contains("nothing to report");
    assert!(open && !stdout.contains("Infeasible") && !stdout.contains("Unbounded"), "{stdout}{stderr}");
}

#[test]
fn points_that_are_done_stay_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 2000, "horizon = \"1h\"", "2");
    let out = folder.path().join("out");
    let values = format!("run.max_records={}", (1..400).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
    let arguments = ["sweep", path.to_str().unwrap(), "--vary", &values, "--out", out.to_str().unwrap()];
    let (stdout, stderr) = stopped(&arguments, "TERM", Duration::from_secs(3));
    assert!(stdout.contains("artial") || stderr.contains("nothing to report"), "{stdout}{stderr}");
}

/// Where nothing is simulated there is nothing to wait for.
#[test]
fn a_command_that_waits_for_its_model_ends() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capsim"));
    let pipes = command.args(["run", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let input = child.stdin.take();
    std::thread::sleep(SOON);
    send(&child, "TERM");
    let (output, _) = ended(child, Duration::from_secs(4), "run -");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(130), 0));
    drop(input);
}

/// `nohup` keeps what it started from a closed terminal.
#[test]
fn nohup_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 1, "horizon = \"3000d\"\nmax_events = 100000000000", "10");
    let script = format!("trap '' HUP; exec '{}' run '{}'", env!("CARGO_BIN_EXE_capsim"), path.display());
    let mut command = Command::new("sh");
    let pipes = command.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    std::thread::sleep(SOON);
    send(&child, "HUP");
    std::thread::sleep(SOON);
    assert!(child.try_wait().unwrap().is_none(), "it does not outlive its terminal");
    send(&child, "INT");
    assert_eq!(ended(child, Duration::from_secs(4), "run").0.status.code(), Some(130));
}

/// Off a terminal long work says how far it is, unless it is to be quiet.
#[test]
fn long_work_says_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 4, "horizon = \"3000d\"\nmax_events = 100000000000", "10");
    let path = path.to_str().unwrap();
    let all = [&["run", path][..], &["run", path, "--quiet"], &["capacity", path, "--budget", "1000000"]];
    let children: Vec<Child> = all.into_iter().map(start).collect();
    std::thread::sleep(Duration::from_secs(13));
    children.iter().for_each(|child| send(child, "INT"));
    let said = children.into_iter().map(|child| ended(child, Duration::from_secs(4), "it").0.stderr);
    let said: Vec<String> = said.map(|stderr| String::from_utf8(stderr).unwrap()).collect();
    assert!(said[0].contains("capsim: 0 of 4 replications, ") && said[0].contains("left"), "{said:?}");
    assert!(!said[1].contains("capsim:") && !said[0].contains("0 s left"), "{said:?}");
    assert!(said[2].contains("tried") && !said[2].contains("left"), "{said:?}");
}
