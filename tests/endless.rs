//! Times without end: nothing wraps around where a model names the longest duration that there is, and what would be
//! drawn for ever is refused at once.

use crate::common::{answer_on, in_range, mean, model};
use capsim::experiment::{Answer, Options, run};
use capsim::model::{Source, load};
use std::num::NonZeroUsize;
use std::time::Instant;

/// 292 years, the longest duration: a sum of three of them is past the end of time.
const LONGEST: &str = "9223372036.8s";

fn answer_of(text: &str) -> Answer {
    let answer = answer_on(&model(&text.replace("LONGEST", LONGEST)), 1);
    in_range(&answer);
    answer
}

/// A day of an arrival a minute: `step` is what its plan does, `rest` the other sections.
fn day(step: &str, rest: &str) -> String {
    format!(
        "[run]\nhorizon = \"1d\"\nreplications = 2\n[traffic.user]\narrivals = {{ process = \"poisson\", per_hour = 60 }}\n\
         [workflow.plan]\nsteps = [{{ name = \"a\", {step} }}]\n{rest}"
    )
}

/// An operation of 292 years is not done in a day: the first is at work to the end, and all others wait.
#[test]
fn a_database_does_not_turn_back_time() {
    let answer = answer_of(&day("d1 = \"db\"", "[d1.db]\nlatency = \"LONGEST\"\n"));
    assert_eq!(["plans.completed", "d1.db.ops"].map(|metric| mean(&answer, metric)), [0.0, 0.0]);
    assert!((0.99..=1.0).contains(&mean(&answer, "d1.db.utilisation")));
    assert!((mean(&answer, "plans.offered") - 1440.0).abs() < 200.0);
    assert_eq!(mean(&answer, "d1.db.unfinished.max"), mean(&answer, "plans.offered"));
}

/// Each of these waits for something that takes 292 years, several times over, so that nobody ends.
#[test]
fn nobody_ends_who_takes_three_centuries() {
    let provider = "[provider.p]\nlatency = \"LONGEST\"\n";
    let quick = "[provider.p]\nlatency = \"1s\"\n";
    let failing = "[provider.p]\nlatency = \"1s\"\nerrors = { server_error = 1.0 }\n";
    let store = |more: &str| {
        format!("{quick}[store.kv]\nkind = \"kv\"\nlatency = {{ get = \"LONGEST\", put = \"LONGEST\" }}\n{more}")
    };
    let tiers = |more: &str| {
        format!(
            "[tiers.t]\nkeys = {{ law = \"uniform\", count = 9 }}\ncompute = \"LONGEST\"\ntier = [{{ name = \"m\", {more} }}]\n"
        )
    };
    let backoff = |kind: &str| {
        format!(
            "{failing}[retry.p]\nmax = 90\nbackoff = {{ kind = \"{kind}\", base = \"LONGEST\", cap = \"LONGEST\", factor = 9.0 }}\n"
        )
    };
    for (step, rest) in [
        ("provider = \"p\"", provider.to_string()),
        (
            "provider = \"p\", queue = \"q\"",
            format!("{provider}[queue.q]\nmax_concurrency = 3\npatience = \"LONGEST\"\n"),
        ),
        ("provider = \"p\"", format!("{provider}max_concurrency = 2\nmax_queue = 3000\n")),
        ("provider = \"p\"", format!("{provider}capacity = 2\n")),
        ("provider = \"p\"", format!("{provider}load = {{ per_in_flight = 1000.0 }}\n")),
        ("provider = \"p\"", format!("{provider}outlives_client = false\n[hedge.p]\nafter = \"LONGEST\"\nmax = 8\n")),
        (
            "provider = \"p\"",
            format!("{provider}max_concurrency = 2\nmax_queue = 9\n[hedge.p]\nafter = \"1h\"\nmax = 8\n"),
        ),
        (
            "provider = \"p\"",
            format!("{provider}request_timeout = \"LONGEST\"\n[retry.p]\ndeadline = \"LONGEST\"\nmax = 9\n"),
        ),
        ("provider = \"p\"", backoff("exponential")),
        ("provider = \"p\"", backoff("decorrelated")),
        ("provider = \"p\"", backoff("constant")),
        ("provider = \"p\"", store("[reads.r]\nstore = \"kv\"\nper_call = 5\nmemory_ttl = \"LONGEST\"\n")),
        ("limiter = \"l\"", store("[limiter.l]\npeople = { law = \"same\" }\nper_day = 9\nstore = \"kv\"\n")),
        ("lookup = \"t\"", tiers("latency = \"LONGEST\", miss_latency = \"LONGEST\"")),
        ("lookup = \"t\"", tiers("ttl = \"LONGEST\"")),
    ] {
        let answer = answer_of(&day(step, &rest));
        assert_eq!(mean(&answer, "plans.completed"), 0.0, "{step}\n{rest}");
        assert!(mean(&answer, "plans.in_flight") > 0.0, "{step}\n{rest}");
    }
}

/// Here the longest duration is how long something lasts that does not keep plans from ending.
#[test]
fn three_centuries_of_grace_change_nothing() {
    let quick = "[provider.p]\nlatency = \"1s\"\n";
    let rests = [
        format!("{quick}request_timeout = \"LONGEST\"\n[retry.p]\ndeadline = \"LONGEST\"\n"),
        format!(
            "{quick}[isolates]\nmin = 2\nmax = 4\nidle = \"LONGEST\"\nlifetime = \"LONGEST\"\ndrain_timeout = \"LONGEST\"\n"
        ),
        format!(
            "{quick}[store.kv]\nkind = \"kv\"\nttl = \"LONGEST\"\nstaleness = \"LONGEST\"\nkey_spacing = \"LONGEST\"\n[logging]\nstrategy = \"kv-only\"\n"
        ),
        format!(
            "{quick}[store.cache]\nkind = \"cache\"\n[logging]\nstrategy = \"cache-only\"\ncache_ttl = \"LONGEST\"\n"
        ),
        format!("{quick}outage = {{ mean_up = \"LONGEST\", mean_down = \"LONGEST\" }}\n"),
        format!("{quick}outage = {{ at = \"LONGEST\", for = \"LONGEST\" }}\n"),
        format!("{quick}[breaker.p]\nwindow = {{ length = \"LONGEST\" }}\nreset_timeout = \"LONGEST\"\n"),
    ];
    for rest in rests {
        let answer = answer_of(&day("provider = \"p\"", &rest));
        let ended = mean(&answer, "plans.offered") - mean(&answer, "plans.in_flight");
        assert_eq!(mean(&answer, "plans.completed"), ended, "{rest}");
        assert!(ended > 1000.0, "{rest}");
    }
    // A breaker that is open for so long is open to the end, and one that is asked again has not turned back time.
    let failing = "[provider.p]\nlatency = \"1s\"\nerrors = { server_error = 1.0 }\n[breaker.p]\nfail_max = 1\nreset_timeout = \"LONGEST\"\n";
    let answer = answer_of(&day("provider = \"p\"", failing));
    assert_eq!(mean(&answer, "breaker.p.trips"), 1.0);
    assert!((0.99..=1.0).contains(&mean(&answer, "breaker.p.open_fraction")));
    // Users who think for so long, come back after it, or leave after it.
    let closed = day("provider = \"p\"", quick)
        .replace("process = \"poisson\", per_hour = 60", "process = \"closed\", users = 9, think = \"LONGEST\"");
    assert_eq!(mean(&answer_of(&closed), "plans.offered"), 0.0);
    let leaves = day(
        "provider = \"p\", queue = \"q\"",
        "[provider.p]\nlatency = \"5m\"\n[queue.q]\nmax_concurrency = 1\nmax_queue = 0\n",
    )
    .replace(
        "[traffic.user]\n",
        "[traffic.user]\nleaves_after = \"LONGEST\"\nretry = { chance = 1.0, after = \"LONGEST\", max = 9 }\n",
    );
    let answer = answer_of(&leaves);
    assert_eq!(["plans.left", "plans.returned"].map(|metric| mean(&answer, metric)), [0.0, 0.0]);
}

fn refusal(text: &str) -> String {
    let began = Instant::now();
    let source = Source { name: "m.toml".into(), bytes: text.into(), directory: ".".into() };
    let problems = load(source, &[], &|path| std::fs::read(path)).map(|model| model.name).expect_err("it was taken");
    assert!(began.elapsed().as_secs_f64() < 1.0, "a word within a second");
    problems.render(false)
}

const ARRIVALS: &str = "process = \"poisson\", per_hour = 60";

/// What comes and goes by itself at every nanosecond or so would be drawn for ever, and mostly without an event.
#[test]
fn what_would_be_drawn_for_ever_is_refused() {
    let quick = "[provider.p]\nlatency = \"1s\"\n";
    let bursts = "process = \"mmpp\", states = [{ per_day = 1, stay = \"1ns\" }, { per_day = 2, stay = \"1ns\" }]";
    let of = |rest: &str| day("provider = \"p\"", &format!("{quick}{rest}"));
    for (what, key, text) in [
        ("changes of state", "traffic.user.arrivals.states", of("").replace(ARRIVALS, bursts)),
        ("outages", "provider.p.outage", of("outage = { mean_up = \"1ns\", mean_down = \"1ns\" }\n")),
        (
            "deploys",
            "isolates.deploys.every",
            of("[isolates]\nmin = 1\nmax = 1\n[isolates.deploys]\nevery = \"1ns\"\n"),
        ),
        (
            "visits",
            "diagnostics.every",
            of("[queue.q]\nmax_concurrency = 1\n[diagnostics]\nqueue = \"q\"\nevery = \"1ns\"\n"),
        ),
        (
            "restarts",
            "store.c.restarts_per_day",
            of("[store.c]\nkind = \"cache\"\nrestarts_per_day = 1e6\n").replace("1d", "36000d"),
        ),
    ] {
        let message = refusal(&text);
        assert!(message.contains(&format!("too many {what} for the event limit of a replication")), "{message}");
        assert!(message.contains(key), "{message}");
    }
}

/// What is drawn without an event counts towards `run.max_events`: here 4,000 plans, and 86,400 changes of state, or
/// about as many outages that nobody sees.
#[test]
fn what_is_drawn_without_an_event_counts() {
    let bursts = "process = \"mmpp\", states = [{ per_day = 4000, stay = \"1s\" }, { per_day = 4000, stay = \"1s\" }]";
    let runs = |text: &str, most: u32| {
        let text = text.replace("horizon = \"1d\"", &format!("horizon = \"1d\"\nmax_events = {most}"));
        run(&model(&text), &Options { jobs: NonZeroUsize::MIN }, &|_, _| true)
    };
    let quick = "[provider.p]\nlatency = \"0s\"\n";
    let outages = format!("{quick}outage = {{ mean_up = \"500ms\", mean_down = \"500ms\" }}\n");
    for text in [
        day("provider = \"p\"", quick).replace(ARRIVALS, bursts),
        day("provider = \"p\"", &outages).replace("per_hour = 60", "per_hour = 160"),
    ] {
        assert!(runs(&text, 110_000).is_ok());
        // About 86,400 are expected, and refused beforehand where they are more; with the events they are more.
        let stopped = format!("{:?}", runs(&text, 88_000).expect_err("it ran on"));
        assert!(stopped.contains("run.max_events = 88,000 is reached"), "{stopped}");
    }
}

/// A model is judged without a draw of its arrivals: ten thousand million changes of state are as quick as none.
#[test]
fn validation_does_not_simulate() {
    let bursts = "process = \"mmpp\", states = [{ per_day = 1, stay = \"1ms\" }, { per_day = 1, stay = \"1ms\" }]";
    let text =
        day("provider = \"p\"", "[provider.p]\nlatency = \"1s\"\n[objectives]\n\"plans.completed\" = { min = 1 }\n");
    let text = text.replace(ARRIVALS, bursts).replace("1d", "100d");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.toml");
    std::fs::write(&file, text).unwrap();
    let began = Instant::now();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_capsim"));
    let output = command.arg("validate").arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(began.elapsed().as_secs_f64() < 5.0);
}

/// A change that holds from the end of the run on, or reaches the program only then, would be ignored.
#[test]
fn a_change_after_the_end_is_refused() {
    let of = |change: &str| {
        let queue = "[provider.p]\nlatency = \"1s\"\n[queue.q]\nmax_concurrency = 3\n";
        day(
            "provider = \"p\", queue = \"q\"",
            &format!("{queue}[[change]]\n{change}\nset = {{ \"queue.q.max_concurrency\" = 2 }}\n"),
        )
    };
    for (change, key) in
        [("at = \"24h\"", "change.at"), ("at = \"40d\"", "change.at"), ("at = \"23h\"\ntakes = \"1h\"", "change.takes")]
    {
        let message = refusal(&of(change));
        assert!(message.contains("the run ends before this change takes effect") && message.contains(key), "{message}");
    }
    model(&of("at = \"23h 59m 59s\""));
    model(&of("at = \"23h\"\ntakes = \"59m\""));
}

/// Each provider's attempts are capped, and so is their sum: draws and events of more would run into those of others.
#[test]
fn a_fallback_adds_up_and_a_change_multiplies() {
    let of = |p: u32, z: u32, more: &str| {
        let rest = format!(
            "[provider.p]\nlatency = \"0s\"\nerrors = {{ server_error = 1.0 }}\n[provider.z]\nlatency = \"0s\"\nerrors = {{ server_error = 1.0 }}\n\
             [retry.p]\nmax = {p}\nsdk = {{ max = 1, backoff = {{ kind = \"none\" }} }}\nbackoff = {{ kind = \"none\" }}\n\
             [retry.z]\nmax = {z}\nsdk = {{ max = 1, backoff = {{ kind = \"none\" }} }}\nbackoff = {{ kind = \"none\" }}\n{more}"
        );
        day("provider = \"p\", fallback = \"z\"", &rest)
    };
    // 2 × 64 and 2 × 63 attempts are 254; with one more of each layer of z there are 256.
    let answer = answer_of(&of(63, 62, ""));
    let [made, calls] = ["attempts.made", "calls.failed"].map(|metric| mean(&answer, metric));
    assert_eq!(made, 254.0 * calls);
    let message = refusal(&of(63, 63, ""));
    assert!(message.contains("256 attempts") && message.contains("at most 255 at all together"), "{message}");
    let change = "[[change]]\nat = \"1h\"\nset = { \"retry.p.max\" = 1, \"retry.p.sdk.max\" = 90 }\n";
    let message = refusal(&of(63, 1, change));
    assert!(message.contains("a call in flight during a change could make too many attempts"), "{message}");
    model(&of(1, 1, "[[change]]\nat = \"1h\"\nset = { \"retry.p.sdk.max\" = 90 }\n"));
}
