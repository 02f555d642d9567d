//! The battery of laws, in its short version; that it is the one the page lists; and that it can fail.

use crate::common::{answer, model};
use capsim::experiment::Options;
use capsim::experiment::verify::{Selection, Verification, laws, run};
use capsim::report;
use std::num::NonZeroUsize;
use std::path::Path;

fn quick(law: Option<&str>, jobs: usize) -> Verification {
    let selection = Selection { quick: true, law: law.map(str::to_string), seed: 1 };
    run(&selection, &Options { jobs: NonZeroUsize::new(jobs).unwrap() }, &|_, _| true).unwrap()
}

#[test]
fn every_law_holds_and_is_sharp() {
    let verified = quick(None, 2);
    assert!(verified.all_hold(), "{}", report::Report::Verification(&verified).text(report::Screen::PLAIN));
    // The short version; the full one has about ten times the customers, and a third of the width.
    for finding in &verified.findings {
        let sharpness = finding.sharpness().unwrap_or(0.0);
        assert!(sharpness < 0.3, "{} is only within {sharpness}", finding.law);
    }
}

#[test]
fn the_pages_do_not_depend_on_the_threads() {
    let [one, three] = [1, 3].map(|jobs| report::Report::Verification(&quick(Some("mm1."), jobs)).json());
    assert_eq!(one, three);
}

/// An exact value that is off by a tenth is noticed, in every form of the answer.
#[test]
fn a_law_that_does_not_hold_is_seen() {
    let mut verified = quick(Some("mm1.utilisation"), 2);
    verified.findings[0].exact *= 1.1;
    assert!(!verified.all_hold());
    let text = report::Report::Verification(&verified).text(report::Screen::PLAIN);
    assert!(text.contains("1 does not hold") && text.contains("capsim run verify/queue.toml"), "{text}");
    assert!(report::Report::Verification(&verified).json().contains("\"all_hold\": false"));
    assert!(report::Report::Verification(&verified).csv().unwrap().contains(",false\r\n"));
    assert!(report::Report::Verification(&verified).markdown().contains("❌ broken"));
}

/// `run` lays the same formulas beside its metrics, where the model qualifies, and says where they differ.
#[test]
fn run_shows_theory_beside_the_simulation() {
    let text = include_str!("../verify/queue.toml").replace("horizon = \"2d\"", "horizon = \"6h\"");
    let mut answer = answer(&model(&text));
    let shown: Vec<&str> = answer.theory.iter().map(|line| line.metric.as_str()).collect();
    assert_eq!(shown, ["queue.q.wait.mean", "queue.q.wait.p95", "queue.q.queued.mean", "queue.q.utilisation"]);
    assert!(answer.theory.iter().all(|line| line.agrees() == Some(true)), "{:?}", answer.theory);
    let page = report::Report::of(&answer).text(report::Screen::PLAIN);
    assert!(page.contains("Theory beside the simulation") && page.contains("M/M/1"), "{page}");
    assert!(!page.contains("is not what theory says"), "{page}");
    // A formula that is off by a tenth, as of another model.
    answer.theory[0].value *= 1.1;
    for page in [
        report::Report::of(&answer).text(report::Screen::PLAIN),
        report::Report::of(&answer).markdown(),
        report::Report::of(&answer).html(),
    ] {
        assert!(page.contains("queue.q.wait.mean is not what theory says"), "{page}");
    }
    assert!(report::Report::of(&answer).json().contains("\"agrees\": false"));
}

/// The table of `docs/verify.md`; `CAPSIM_BLESS=1` writes it anew.
#[test]
fn the_page_lists_the_battery() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let all = laws();
    let mut topics: Vec<&str> = all.iter().map(|law| law.topic).collect();
    let mut table = String::from("| topic | law | model | it says |\n| --- | --- | --- | --- |\n");
    for law in &all {
        table += &format!("| {} | `{}` | `{}` | {} |\n", law.topic, law.law, law.base, law.says);
    }
    topics.sort_unstable();
    topics.dedup();
    assert!(all.len() >= 100 && topics.len() >= 35, "{} laws over {} topics", all.len(), topics.len());
    let mut names: Vec<&str> = all.iter().map(|law| law.law.as_str()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two laws of one name");
    let (before, rest) = page.split_once("<!-- laws:").unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of laws -->").unwrap();
    let summary = format!("{} laws over {} topics.\n\n", all.len(), topics.len());
    let wanted = format!("{before}<!-- laws:{mark}-->\n\n{summary}{table}\n<!-- end of laws -->{after}");
    if std::env::var_os("CAPSIM_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(page.replace("\r\n", "\n"), wanted, "run CAPSIM_BLESS=1 cargo test --test all verify twice");
}
