//! Causes and advice: whatever does not end well has one cause, and every sentence of advice is rebuilt from the counts.

use crate::common::{answer, mean, model, model_with, shipped};
use capsim::experiment::Answer;
use capsim::report::{Advice, CauseCount};
use proptest::prelude::*;

/// The sum of the metrics `ACCOUNT.CAUSE`.
fn sum(answer: &Answer, account: &str) -> f64 {
    let of = |name: &str| {
        name.strip_prefix(account).and_then(|rest| rest.strip_prefix('.')).is_some_and(|c| !c.contains('.'))
    };
    answer.metrics.iter().filter(|metric| of(&metric.name)).filter_map(|metric| metric.mean).sum()
}

fn some(answer: &Answer, metric: &str) -> f64 {
    answer.mean(metric).unwrap_or(0.0)
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

/// Every account of causes sums to what did not end well in it.
fn balances(answer: &Answer) -> Result<(), String> {
    let of = |names: &[&str]| names.iter().map(|name| some(answer, name)).sum::<f64>();
    let plans = ["call_failed", "overloaded", "abandoned", "crashed", "left"].map(|end| format!("plans.{end}"));
    let calls = ["failed", "refused", "abandoned", "crashed", "cancelled"].map(|end| format!("calls.{end}"));
    let attempts = ["timed_out", "errored", "rate_limited", "kept_back", "lost"].map(|end| format!("attempts.{end}"));
    let mut all = vec![];
    for (account, ends) in [("plans", plans), ("calls", calls), ("attempts", attempts)] {
        all.push((format!("{account}.ended_by"), of(&ends.iter().map(String::as_str).collect::<Vec<_>>())));
    }
    for kind in ["normal", "error"] {
        all.push((format!("logs.{kind}.lost_by"), of(&[&format!("logs.{kind}.lost")])));
    }
    for metric in &answer.metrics {
        let (Some(mean), name) = (metric.mean, metric.name.as_str()) else { continue };
        let is_op = |op: &&str| !op.starts_with("d1.");
        if let Some(op) = name.strip_suffix("_attempted").filter(is_op) {
            all.push((format!("{op}.refused_by"), mean - of(&[op])));
        }
        if name.starts_with("provider.") && name.ends_with(".attempts.refused") && !name.contains(".quota.") {
            all.push((format!("{name}_by"), mean));
        }
    }
    match all.into_iter().find(|(account, ended)| !near(sum(answer, account), *ended)) {
        Some((account, ended)) => Err(format!("{account} is {}, and {ended} did not end well", sum(answer, &account))),
        None => Ok(()),
    }
}

/// Whether these causes are those of the account, as they were counted, the most frequent first.
fn are_counted(answer: &Answer, account: &str, by: &[CauseCount]) -> bool {
    let counted =
        by.iter().all(|one| one.count > 0.0 && some(answer, &format!("{account}.{}", one.cause)) == one.count);
    counted && !by.is_empty() && by.is_sorted_by(|a, b| a.count >= b.count)
}

/// The claim of a piece of advice, rebuilt from the metrics.
fn is_true(answer: &Answer, advice: &Advice) -> bool {
    let of = |metric: &str| some(answer, metric);
    match advice {
        Advice::RetriesAmplify { per_call, attempts, retries, succeeded, by, .. } => {
            let ended = of("attempts.made") - of("attempts.in_flight");
            let calls = ended + of("attempts.kept_back") - of("attempts.retried");
            near(*attempts, ended)
                && near(*per_call, ended / calls)
                && *per_call >= 2.0
                && (*retries, *succeeded) == (of("attempts.retried"), of("attempts.succeeded"))
                && by.as_ref().is_none_or(|by| are_counted(answer, "attempts.ended_by", std::slice::from_ref(by)))
        }
        Advice::ObjectiveBroken { bound, found, of, by, .. } => {
            let metric = bound.split(' ').find(|word| word.contains('.') && word.parse::<f64>().is_err()).unwrap();
            let account = match of.as_str() {
                "plans" | "calls" | "attempts" => format!("{of}.ended_by"),
                store => format!("{}.refused_by", store.replace(' ', ".")),
            };
            answer.mean(metric) == Some(*found) && are_counted(answer, &account, by)
        }
        Advice::ProviderRefuses { provider, sent, by, .. } => {
            let prefix = format!("provider.{provider}.attempts");
            *sent == of(&format!("{prefix}.sent")) && are_counted(answer, &format!("{prefix}.refused_by"), by)
        }
        Advice::TimedOut { attempts, by, .. } => {
            near(*attempts, of("attempts.made") - of("attempts.in_flight"))
                && are_counted(answer, "attempts.ended_by", by)
        }
        Advice::QuotaRunsOut { refused, delayed, windows_fraction, counts_refused, .. } => {
            let quotas = answer.facts.quotas.iter();
            let has = |metric: &str| {
                of(&format!("{metric}.refused")) == *refused
                    && of(&format!("{metric}.exhausted_days_fraction")) == *windows_fraction
            };
            (*refused > 0.0 || *windows_fraction > 0.0 || delayed.is_some())
                && (!counts_refused || *refused > 0.0)
                && quotas.clone().any(|quota| has(&quota.metric))
        }
        Advice::JobStops { reader, job, begun, stopped, skipped, by, .. } => {
            let metric = |what: &str| of(&format!("reader.{reader}.{job}s{what}"));
            (*begun, *stopped, *skipped) == (metric(""), metric("_stopped"), metric("_skipped"))
                && near(by.iter().map(|one| one.count).sum(), *stopped)
        }
        Advice::ArithmeticDiffers { what, arithmetic, simulated, reason } => {
            let counts = ["ended_by", "refused_by"]
                .map(|by| answer.metrics.iter().filter(|m| m.name.contains(by)).filter_map(|m| m.mean).sum::<f64>());
            let is_counted = counts.iter().sum::<f64>() + of("plans.in_flight") > 0.0;
            let differs = (simulated - arithmetic).abs() > 0.05 * arithmetic;
            differs && (reason.is_none() || is_counted) && !what.is_empty()
        }
        Advice::KeyTooHot { store, rejected, .. } => *rejected == of(&format!("{store}.writes.refused_by.key_spacing")),
        Advice::CutOff { cut, .. } => *cut == of("invocation.wait_until.cut"),
        Advice::ProcessorTime { exceeded } => *exceeded == of("invocation.cpu.exceeded"),
        Advice::IndexContended { lost } => *lost == of("logs.index.lost_updates"),
        _ => true,
    }
}

/// The command that a piece of advice ends with, as a value to set.
fn value_to_try(text: &str) -> Option<&str> {
    let command = text.split("Try: capsim compare MODEL --with ").nth(1)?;
    command.split_once(':').map(|(_, value)| value)
}

fn check(answer: &Answer, loads: impl Fn(&str) -> bool) -> Result<(), String> {
    balances(answer)?;
    for advice in Advice::of(answer) {
        let text = advice.text();
        if !is_true(answer, &advice) {
            return Err(format!("not what was counted: {text}"));
        }
        if let Some(value) = value_to_try(&text).filter(|value| !loads(value)) {
            return Err(format!("{value} is no change of the model: {text}"));
        }
        if [
            " 1 plans ",
            " 1 attempts ",
            " 1 calls",
            " 1 entries",
            " 1 records",
            " 1 kv writes",
            " 1 operations ",
            "NaN",
            " inf",
        ]
        .iter()
        .any(|odd| text.contains(odd))
        {
            return Err(format!("reads odd: {text}"));
        }
    }
    Ok(())
}

#[test]
fn advice_about_the_shipped_models_is_true_of_their_counts() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".toml") {
            continue;
        }
        let answer = answer(&shipped(&name, &["run.replications=2"]));
        let loads = |value: &str| capsim::model::load_file(&folder.join(&name), &[value.to_string()]).is_ok();
        check(&answer, loads).unwrap_or_else(|odd| panic!("{name}: {odd}"));
    }
}

/// What a random model may have, one of each row.
const PARTS: [&[&str]; 12] = [
    &[
        "",
        "request_timeout = \"2s\"",
        "request_timeout = \"2s\"\ntimeout_from = \"arrival\"",
        "request_timeout = \"400ms\"",
    ],
    &["", "errors = { server_error = 0.2 }", "errors = { rate_limited = 0.1, parse_failure = 0.1, timeout = 0.05 }"],
    &[
        "",
        "requests_per_minute = 30",
        "tokens_per_minute = 3000\ntokens = 100",
        "requests_per_minute = 20\ncounts_refused = true",
    ],
    &["", "max_concurrency = 1\nmax_queue = \"unlimited\"", "max_concurrency = 2\nmax_queue = 1"],
    &[
        "",
        "outage = { at = \"5m\", for = \"4m\", fault = \"timeout\" }",
        "outage = { at = \"2m\", for = \"9m\", fault = \"server_error\" }",
        "hang = 0.1",
    ],
    &[
        "",
        "quota = { limit = 10, window = \"60s\", kind = \"rolling\", counts_rejected = true }",
        "quota = { limit = 100, window = \"10m\", kind = \"fixed\" }",
        "quota = [{ limit = 9, window = \"30s\", kind = \"fixed\" }, { limit = 300, window = \"day\" }]",
    ],
    &[
        "",
        "[retry.p]\nmax = 2\n",
        "[retry.p]\nmax = 4\nhold_slot = false\nbudget = { ratio = 0.1 }\n",
        "[retry.p]\nmax = 3\ndeadline = \"5s\"\non = [\"timeout\", \"rate_limited\", \"server_error\", \"breaker_open\"]\n",
        "[retry.p]\nmax = 2\nsdk = { max = 2 }\n",
    ],
    &["", "[breaker.p]\nfail_max = 3\nreset_timeout = \"20s\"\n", "[hedge.p]\nafter = \"500ms\"\nmax = 1\n"],
    &[
        "max_concurrency = 2",
        "max_concurrency = 1\nmax_queue = 2",
        "max_concurrency = 2\nmax_queue = 4\npatience = \"3s\"",
        "max_concurrency = 8\nmax_queue = 0\nadaptive = { kind = \"aimd\" }",
    ],
    &[
        "",
        "[platform]\nsubrequests_external = 6\nsubrequests_internal = 9\n",
        "[platform]\nrequests = { limit = 200 }\n",
        "[isolates]\nmin = 1\nmax = 3\nper_isolate = 4\ndeploys = { every = \"6m\" }\ndrain_timeout = \"1s\"\n",
    ],
    &[
        "strategy = \"none\"",
        "strategy = \"kv-only\"",
        "strategy = \"kv-only\"\non_error = \"fail_plan\"",
        "strategy = \"hybrid\"",
        "strategy = \"cache-only\"\non_error = \"fail_plan\"",
    ],
    &[
        "",
        "leaves_after = \"8s\"\non_leave = \"cancel\"",
        "leaves_after = \"20s\"",
        "retry = { chance = 0.5, after = \"10s\", max = 2 }",
    ],
];

/// A model of these parts.
fn text(picks: &[prop::sample::Index], seed: u32) -> String {
    let at = |row: usize| PARTS[row][picks[row].index(PARTS[row].len())];
    let provider: Vec<&str> = (0..6).map(at).collect();
    let on_error = if seed.is_multiple_of(2) { "abort" } else { "continue" };
    format!(
        "name = \"any\"\n[run]\nhorizon = \"20m\"\nreplications = 2\nseed = {seed}\nwarmup = \"{}m\"\n\
         [traffic.user]\narrivals = {{ process = \"poisson\", per_minute = {} }}\n{}\n\
         [workflow.plan]\non_call_error = \"{on_error}\"\nsteps = [{{ name = \"a\", queue = \"q\" }}, {{ name = \"b\", queue = \"q\", after = [\"a\"], calls = 3, parallel = 2 }}]\n\
         [provider.p]\nlatency = {{ dist = \"exponential\", mean = \"900ms\" }}\n{}\n{}{}\n[queue.q]\n{}\n{}\n\
         [store.kv]\nkind = \"kv\"\nkey_spacing = \"1s\"\nquota.writes = {{ limit = {} }}\nquota.reads = {{ limit = 300, window = \"5m\", kind = \"rolling\", on_exceed = \"{}\" }}\n\
         [store.cache]\nkind = \"cache\"\n[logging]\n{}\n[objectives]\n\"plans.failed_fraction\" = {{ max = 0.01 }}\n",
        seed % 5,
        10 + seed % 40,
        at(11),
        provider.join("\n"),
        at(6),
        at(7),
        at(8),
        at(9),
        50 + seed % 900,
        ["reject", "drop", "wait"][seed as usize % 3],
        at(10),
    )
}

fn loads(text: &str, set: &[&str]) -> bool {
    let source = capsim::model::Source {
        name: "any.toml".into(),
        bytes: text.as_bytes().to_vec(),
        directory: std::path::PathBuf::from("."),
    };
    let set: Vec<String> = set.iter().map(|value| (*value).to_string()).collect();
    capsim::model::load(source, &set, &|path| std::fs::read(path)).is_ok()
}

/// As many as `CAPSIM_CASES` says, or some.
fn cases() -> u32 {
    std::env::var("CAPSIM_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1_000_000, ..ProptestConfig::with_cases(cases()) })]

    /// Whatever a model has: each account of causes balances, each sentence of advice is true, and what it says to try is a
    /// change of the model.
    #[test]
    fn causes_balance_and_advice_is_true_of_any_model(
        picks in prop::collection::vec(any::<prop::sample::Index>(), PARTS.len()), seed in 0_u32..10_000,
    ) {
        let text = text(&picks, seed);
        prop_assume!(loads(&text, &[]));
        let answer = answer(&model(&text));
        if let Err(odd) = check(&answer, |value| loads(&text, &[value])) {
            panic!("{odd}\n{text}");
        }
    }
}

fn said(answer: &Answer) -> String {
    Advice::of(answer).iter().map(|advice| advice.text() + "\n").collect()
}

#[test]
fn the_first_thing_to_say_of_a_retry_storm_is_its_retries() {
    let storm = answer(&shipped("retry-storm.toml", &["run.replications=2"]));
    let first = Advice::of(&storm)[0].text();
    assert!(first.starts_with("Retries multiply the load: 29 attempts for each call."), "{first}");
    assert!(first.ends_with("capsim compare MODEL --with budget:retry.llm.budget.ratio=0.1"), "{first}");
    // And it is the cure.
    let cured = answer(&shipped("retry-storm.toml", &["run.replications=2", "retry.llm.budget.ratio=0.1"]));
    assert!(mean(&storm, "plans.completed") == 0.0 && mean(&cured, "plans.failed_fraction") < 0.01);
}

/// Twelve a minute against ten in any minute, where what is refused counts too: ten pass, and never again one.
const SLIDING: &str = r#"
[run]
horizon = "1h"
replications = 2
[traffic.client]
arrivals = { process = "deterministic", per_minute = 12 }
[workflow.request]
steps = [{ name = "upstream" }]
[provider.upstream]
latency = "100ms"
quota = { limit = 10, window = "60s", kind = "rolling", counts_rejected = true }
"#;

#[test]
fn a_window_is_named_as_it_is() {
    let rolling = answer(&model(SLIDING));
    assert_eq!(mean(&rolling, "plans.ended_by.provider_rolling_quota"), 710.0);
    assert_eq!(mean(&rolling, "provider.upstream.quota.attempts.refused"), 710.0);
    let text = said(&rolling);
    assert!(text.contains("The limit of 10 in any minute (attempts at upstream)"), "{text}");
    assert!(text.contains("for the first time 50s after the start") && text.contains("counts too"), "{text}");
    assert!(!text.contains("daily") && !text.contains("UTC"), "{text}");
    let fixed = said(&answer(&model_with(SLIDING, &["provider.upstream.quota.kind=fixed"])));
    assert!(fixed.contains("The limit of 10 in a minute (attempts at upstream)"), "{fixed}");
}

#[test]
fn a_month_is_used_up_on_a_day_at_an_hour() {
    // 100 a day from midnight of the 1st, one each 14.4 min; the 1,148th is asked for at 11:30:48 on the 12th.
    let monthly = r#"
        [run]
        horizon = "28d"
        replications = 1
        start = "2026-02-01T00:00:00Z"
        [traffic.client]
        arrivals = { process = "deterministic", per_day = 100 }
        [workflow.request]
        steps = [{ name = "upstream" }]
        [provider.upstream]
        latency = "100ms"
        quota = { limit = 1148, window = "month" }
    "#;
    let found = answer(&model(monthly));
    let text = said(&found);
    assert!(
        text.contains("The monthly quota of 1,148 (attempts at upstream) is used up on day 12 at 11:17 UTC"),
        "{text}"
    );
    assert_eq!(mean(&found, "plans.ended_by.provider_monthly_quota"), 1_652.0);
}

#[test]
fn a_timeout_says_whether_the_wait_or_the_service_took_the_time() {
    // One slot, 1 s a call, a call each 700 ms, and 3 s from arrival: no attempt itself takes too long.
    let waits = r#"
        [run]
        horizon = "10m"
        replications = 1
        [traffic.u]
        arrivals = { process = "deterministic", per_minute = 86 }
        [workflow.w]
        steps = [{ name = "s", queue = "q" }]
        [queue.q]
        max_concurrency = 1
        [provider.p]
        latency = "1s"
        request_timeout = "3s"
        timeout_from = "arrival"
    "#;
    let found = answer(&model(waits));
    assert!(mean(&found, "attempts.ended_by.timeout_waiting") > 100.0);
    assert_eq!(mean(&found, "attempts.ended_by.timeout_served"), 0.0);
    let slow = answer(&model_with(waits, &["provider.p.latency=4s", "provider.p.timeout_from=grant"]));
    assert!(mean(&slow, "attempts.ended_by.timeout_served") > 100.0);
    assert!(
        slow.mean("attempts.ended_by.timeout_waiting").is_none(),
        "a model whose waits cost no time has no such cause"
    );
}
