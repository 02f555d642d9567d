//! The timeline of a replication: told by hand where little happens, and the counts of the run where much does.

use crate::common::{answer_on, mean, model};
use capsim::experiment::{Slice, Timeline, timeline};
use capsim::report;
use capsim::units::Instant;
use serde_json::Value;

/// One slot, one place, an arrival a second from the start on, and two tries that are cut after 2 s.
const THREE: &str = r#"
name = "three"
[run]
horizon = "20s"
replications = 2
[traffic.user]
arrivals = { process = "deterministic", per_minute = 60 }
[workflow.plan]
steps = [{ name = "ask", queue = "q" }]
[provider.p]
latency = "2500ms"
request_timeout = "2s"
[retry.p]
max = 1
backoff = { kind = "constant", base = "1s", jitter = "none" }
[queue.q]
max_concurrency = 1
max_queue = 1
"#;

fn at(seconds: f64) -> Instant {
    Instant::from_nanos((seconds * 1e9) as u64)
}

fn of<'a>(timeline: &'a Timeline, what: &str) -> Vec<&'a Slice> {
    timeline.slices.iter().filter(|slice| slice.what == what).collect()
}

#[test]
fn a_timeline_tells_what_happened_when() {
    let found = timeline(&model(THREE), 10_000).unwrap();
    assert!(!found.is_cut && found.until == at(20.0));
    // The first tries until 2 s, backs off, tries from 3 s to 5 s and fails; the second waits from 1 s to 5 s; those of 2,
    // 3 and 4 s find no place. At 5 s the first goes, the second has the slot, and the arrival of that instant waits.
    let told: Vec<_> = found.slices.iter().take(6).map(|s| (s.plan, s.what, s.attempt, s.end, s.from, s.to)).collect();
    assert_eq!(
        told,
        [
            (0, "attempt", 1, "timeout", at(0.0), at(2.0)),
            (0, "backs off", 0, "", at(2.0), at(3.0)),
            (0, "attempt", 2, "timeout", at(3.0), at(5.0)),
            (1, "waits in the queue", 0, "", at(1.0), at(5.0)),
            (0, "plan", 0, "failed", at(0.0), at(5.0)),
            (1, "attempt", 1, "timeout", at(5.0), at(7.0)),
        ]
    );
    let moments: Vec<_> = found.moments.iter().take(3).map(|moment| (moment.end, moment.at)).collect();
    assert_eq!(moments, [("overloaded", at(2.0)), ("overloaded", at(3.0)), ("overloaded", at(4.0))]);
    let queued: Vec<_> = found.levels.iter().filter(|level| level.of == "queue.q.queued").take(3).collect();
    let queued: Vec<_> = queued.into_iter().map(|level| (level.at, level.value)).collect();
    assert_eq!(queued, [(at(0.0), 0), (at(1.0), 1), (at(5.0), 0)]);
    let cut = timeline(&model(THREE), 12).unwrap();
    assert!(cut.is_cut && cut.until < at(20.0));
    assert!(cut.slices.iter().all(|slice| slice.to <= cut.until));
}

#[test]
fn a_timeline_counts_what_the_run_counts() {
    let text = r#"
[run]
horizon = "6h"
replications = 1
seed = 3
[platform]
preset = "cloudflare-free"
isolates = 2
[traffic.user]
arrivals = { process = "poisson", per_minute = 6 }
[workflow.plan]
steps = [{ name = "first", queue = "q" }, { name = "rest", queue = "q", after = ["first"], calls = 3, parallel = 2 }]
[provider.p]
latency = { dist = "lognormal", median = "4s", p95 = "11s" }
request_timeout = "12s"
errors = { server_error = 0.05 }
[retry.p]
max = 2
[queue.q]
max_concurrency = 2
max_queue = 4
[logging]
strategy = "hybrid"
"#;
    let (found, answer) = (timeline(&model(text), usize::MAX).unwrap(), answer_on(&model(text), 1));
    let ended = |what: &str, end: &str| of(&found, what).iter().filter(|slice| slice.end == end).count() as f64;
    let cut_short = |what: &str| of(&found, what).iter().filter(|slice| slice.to == found.until).count() as f64;
    assert_eq!(ended("plan", "completed"), mean(&answer, "plans.completed"));
    let at_once = found.moments.iter().filter(|moment| moment.end == "overloaded").count() as f64;
    assert_eq!(ended("plan", "overloaded") + at_once, mean(&answer, "plans.overloaded"));
    assert!(ended("plan", "overloaded") > 0.0);
    let attempts = of(&found, "attempt");
    assert_eq!(attempts.len() as f64, mean(&answer, "attempts.made"));
    let timed_out = ended("attempt", "timeout");
    assert!((timed_out - mean(&answer, "attempts.timed_out")).abs() <= cut_short("attempt"));
    // Little: the time of all who wait is the mean number of them times the horizon.
    let waited: f64 = of(&found, "waits in the queue").iter().map(|slice| slice.to.since(slice.from).secs()).sum();
    assert!((waited / 21_600.0 / mean(&answer, "queue.q.queued.mean") - 1.0).abs() < 1e-9);
    // No lane has two slices at once.
    for is_plan in [true, false] {
        let mut slices: Vec<&Slice> = found.slices.iter().filter(|slice| slice.call.is_none() == is_plan).collect();
        slices.sort_by_key(|slice| (slice.lane, slice.from, slice.to));
        for pair in slices.windows(2).filter(|pair| pair[0].lane == pair[1].lane) {
            assert!(pair[0].to <= pair[1].from, "{pair:?}");
        }
    }
    let json: Value = serde_json::from_str(&report::timeline("m", &found)).unwrap();
    let events = json["traceEvents"].as_array().unwrap();
    let all = |phase: &str| events.iter().filter(|event| event["ph"] == phase).count();
    assert_eq!((all("X"), all("i"), all("C")), (found.slices.len(), found.moments.len(), found.levels.len()));
    let used = found.levels.iter().filter(|level| level.of == "kv.writes used").map(|level| level.value).max();
    assert_eq!(used.unwrap() as f64, mean(&answer, "kv.writes"));
}

/// Nobody waits for a run whose timeline cannot be written.
#[test]
fn a_timeline_that_cannot_be_written_is_told_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = |file: &std::path::Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_capsim"));
        command.args(["run", "models/minimal.toml", "--quiet", "--trace"]).arg(file).output().unwrap()
    };
    let file = folder.path().join("t.json");
    let written = run(&file);
    assert_eq!(written.status.code(), Some(0));
    assert!(!written.stdout.is_empty() && file.exists());
    let below = run(&file.join("t.json"));
    assert_eq!((below.status.code(), below.stdout.len()), (Some(74), 0));
    assert!(String::from_utf8_lossy(&below.stderr).contains("cannot write"));
}

/// A provider that refuses at once, a breaker that opens after two, and plans that end as they come: every attempt is
/// there with how it ended, and how long it took, if only for nothing.
#[test]
fn attempts_that_take_no_time_are_shown() {
    let text = r#"
[run]
horizon = "4s"
replications = 1
[traffic.user]
arrivals = { process = "deterministic", per_minute = 60 }
[workflow.plan]
steps = [{ name = "ask" }]
[provider.p]
latency = "1500ms"
max_concurrency = 1
max_queue = 0
[retry.p]
max = 1
backoff = { kind = "none" }
[breaker.p]
fail_max = 3
reset_timeout = "1h"
"#;
    let (found, answer) = (timeline(&model(text), 10_000).unwrap(), answer_on(&model(text), 1));
    let told: Vec<_> = of(&found, "attempt").iter().map(|s| (s.plan, s.attempt, s.end, s.from, s.to)).collect();
    // The first has the slot until 1.5 s, so that the second is refused twice at 1 s. The third has it from 2 s, and a
    // refusal of the fourth is the third in a row but for that success: two at 3 s.
    assert_eq!(
        told,
        [
            (1, 1, "rate_limited", at(1.0), at(1.0)),
            (1, 2, "rate_limited", at(1.0), at(1.0)),
            (0, 1, "ok", at(0.0), at(1.5)),
            (3, 1, "rate_limited", at(3.0), at(3.0)),
            (3, 2, "rate_limited", at(3.0), at(3.0)),
            (2, 1, "ok", at(2.0), at(3.5)),
        ]
    );
    assert_eq!(told.len() as f64, mean(&answer, "attempts.made"));
    let moments: Vec<_> = found.moments.iter().map(|moment| (moment.end, moment.at)).collect();
    assert_eq!(moments, [("failed", at(1.0)), ("failed", at(3.0))]);
    // What a breaker keeps back is shown too, and so is an operation that a database refuses.
    let kept = text
        .replace("fail_max = 3", "fail_max = 1")
        .replace("[retry.p]\nmax = 1\n", "[retry.p]\nmax = 1\non = [\"rate_limited\", \"breaker_open\"]\n");
    let ends: Vec<_> = of(&timeline(&model(&kept), 10_000).unwrap(), "attempt").iter().map(|s| s.end).collect();
    assert_eq!(
        ends,
        ["rate_limited", "breaker_open", "ok", "breaker_open", "breaker_open", "breaker_open", "breaker_open"]
    );
    let asks =
        text.replace("name = \"ask\"", "name = \"ask\", d1 = \"x\"") + "[d1.x]\nlatency = \"1500ms\"\nmax_queue = 1\n";
    let found = timeline(&model(&asks), 10_000).unwrap();
    let told: Vec<_> = of(&found, "asks the database").iter().map(|s| (s.plan, s.end, s.from, s.to)).collect();
    assert_eq!(told[..2], [(1, "overloaded", at(1.0), at(1.0)), (0, "", at(0.0), at(1.5))]);
}

/// Hedges and attempts at a provider that shares itself end in a way that is not known as they begin.
#[test]
fn the_ends_of_attempts_are_those_that_were() {
    for provider in ["capacity = 2", "max_concurrency = 3\nmax_queue = 2\n[hedge.p]\nafter = \"2s\""] {
        let text = format!(
            "[run]\nhorizon = \"3h\"\nreplications = 1\n[traffic.user]\narrivals = {{ process = \"poisson\", per_minute = 12 }}\n\
             [workflow.plan]\nsteps = [{{ name = \"ask\", calls = 2, parallel = 2 }}]\n\
             [provider.p]\nlatency = {{ dist = \"exponential\", mean = \"4s\" }}\nerrors = {{ server_error = 0.2 }}\nrequest_timeout = \"8s\"\n{provider}\n\
             [isolates]\nmin = 1\nmax = 2\nlifetime = {{ dist = \"exponential\", mean = \"5m\" }}\n"
        );
        let (found, answer) = (timeline(&model(&text), usize::MAX).unwrap(), answer_on(&model(&text), 1));
        let attempts = of(&found, "attempt");
        assert_eq!(attempts.len() as f64, mean(&answer, "attempts.made"));
        for (end, metric) in [
            ("ok", "succeeded"),
            ("timeout", "timed_out"),
            ("rate_limited", "rate_limited"),
            ("lost", "lost"),
            ("", "in_flight"),
        ] {
            let count = attempts.iter().filter(|slice| slice.end == end).count() as f64;
            assert_eq!(count, mean(&answer, &format!("attempts.{metric}")), "{provider}: {end}");
        }
        let plans = |end: &str| {
            let slices = of(&found, "plan").iter().filter(|slice| slice.end == end).count();
            (slices + found.moments.iter().filter(|moment| moment.end == end).count()) as f64
        };
        for (end, metric) in [("completed", "completed"), ("failed", "call_failed"), ("crashed", "crashed")] {
            assert_eq!(plans(end), mean(&answer, &format!("plans.{metric}")), "{provider}: {end}");
        }
    }
}
