//! Instructions per plan and per event, counted by callgrind: the slope between n and 2 n plans, so that start-up
//! cancels. Unlike time they are the same on a busy machine, so that CI can hold them to what was recorded.
//!
//! `cargo bench --bench instructions` prints a table and fails where a workload takes 5 % more than
//! `benches/instructions.json` says; `-- --bless` records anew. Without valgrind, or under another compiler than the
//! recorded one, whose code is another, it says so and judges nothing.
#![allow(clippy::print_stdout, reason = "prints a table")]
#![allow(clippy::disallowed_methods, reason = "a bench runs commands and reads its own records")]

mod hand;

use hand::{Summary, public};
use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

/// A workload, and how many plans are enough to tell one per cent.
type Workload = (&'static str, fn(u64, u64) -> Summary, u64);

const WORKLOADS: [Workload; 4] = [
    ("mm1", public::mm1, 20_000),
    ("mmck", public::mmck, 20_000),
    ("nine", public::nine, 3_000),
    ("hybrid", hybrid, 3_000),
];
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.json");
/// How much more than recorded is a failure.
const TOLERANCE: f64 = 1.05;

/// What `benches/instructions.json` holds.
#[derive(serde::Serialize, serde::Deserialize)]
struct Record {
    rustc: String,
    per_plan: BTreeMap<String, u64>,
}

/// `models/hybrid.toml`, one replication over as many days as `n` plans take on average.
fn hybrid(_: u64, n: u64) -> Summary {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/hybrid.toml");
    public::simulate_file(path, &[format!("run.horizon={}d", n / 100), "run.replications=1".into()])
}

/// Instructions of this program running a workload, or why they cannot be counted.
fn instructions(name: &str, n: u64) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args([
        "--one",
        name,
        &n.to_string(),
    ]);
    let output = command.output().map_err(|error| format!("valgrind cannot be started ({error})"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split("Collected :").nth(1));
    let count = collected.and_then(|count| count.trim().parse().ok());
    count.ok_or_else(|| format!("valgrind counted nothing: {}", said.lines().last().unwrap_or("it said nothing")))
}

fn compiler() -> String {
    let said = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_string()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        let (name, n) = (&arguments[at + 1], arguments[at + 2].parse().expect("a number of plans"));
        let (_, program, _) = WORKLOADS.iter().find(|(known, ..)| known == name).expect("a workload");
        std::hint::black_box(program(1, n));
        return ExitCode::SUCCESS;
    }
    let recorded: Option<Record> =
        std::fs::read_to_string(RECORDED).ok().and_then(|text| serde_json::from_str(&text).ok());
    let is_comparable = recorded.as_ref().is_some_and(|record| record.rustc == compiler());
    let mut seen = Record { rustc: compiler(), per_plan: BTreeMap::new() };
    let mut worse = false;
    println!("| workload | instructions a plan | an event | recorded |\n|---|---:|---:|---:|");
    for (name, program, n) in WORKLOADS {
        let counted = instructions(name, n).and_then(|few| Ok(instructions(name, 2 * n)? - few));
        let each = match counted {
            Ok(more) => more / n as f64,
            Err(why) => {
                println!("\nskipped: {why}");
                return ExitCode::SUCCESS;
            }
        };
        let events = (program(1, 2 * n).events - program(1, n).events) as f64 / n as f64;
        let before = recorded.as_ref().and_then(|record| record.per_plan.get(name)).map(|&count| count as f64);
        worse |= before.is_some_and(|before| each > TOLERANCE * before);
        let before = before.map_or("–".into(), |before| format!("{before:.0}"));
        println!("| {name} | {each:.0} | {:.0} | {before} |", each / events);
        seen.per_plan.insert(name.into(), each as u64);
    }
    if arguments.iter().any(|argument| argument == "--bless") {
        let text = serde_json::to_string_pretty(&seen).expect("plain data") + "\n";
        std::fs::write(RECORDED, text).expect("the record can be written");
        return ExitCode::SUCCESS;
    }
    match (is_comparable, worse) {
        (false, _) => println!("\nnot judged: recorded with another compiler, or never"),
        (true, true) => println!("\nmore than 5 % over the record"),
        (true, false) => {}
    }
    if is_comparable && worse { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
