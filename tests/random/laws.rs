//! What holds of every model: it runs, in the same way on any number of threads, and its numbers can be what they say
//! they are.

use super::{any_model, config, low_load, read};
use capsim::experiment::{Answer, Failure, Metric, Options, explain, metrics, run};
use capsim::report;
use proptest::prelude::*;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The answer on so many threads; none where a limit of the run ended it.
pub fn answer_of(text: &str, jobs: usize) -> Result<Option<Answer>, TestCaseError> {
    let model = read(text).map_err(|problems| TestCaseError::fail(problems.render(false)))?;
    match run(&model, &Options { jobs: NonZeroUsize::new(jobs).unwrap() }, &|_, _| true) {
        Ok(answer) => Ok(Some(answer)),
        Err(Failure::Limit(_) | Failure::Stopped) => Ok(None),
        Err(Failure::Internal(why)) => Err(TestCaseError::fail(why)),
    }
}

/// A share of a whole, by its unit and its name.
fn is_fraction(metric: &Metric) -> bool {
    let name = metric.name.as_str();
    let last = name.rsplit('.').next().unwrap_or_default();
    metric.unit == "1" && !last.starts_with("used_fraction")
}

/// What a metric says can be so.
pub fn is_possible(metric: &Metric) -> Result<(), String> {
    let (Some(mean), Some(min), Some(max)) = (metric.mean, metric.min, metric.max) else {
        return if metric.mean.is_none() && metric.min.is_none() && metric.max.is_none() {
            Ok(())
        } else {
            Err("observed in part".into())
        };
    };
    let slack = 1e-9 * (1.0 + mean.abs());
    if !(min - slack <= mean && mean <= max + slack) {
        return Err("a mean outside of what was seen".into());
    }
    if min < 0.0 {
        return Err("less than nothing".into());
    }
    if is_fraction(metric) && max > 1.0 + 1e-9 {
        return Err("more than the whole".into());
    }
    let (low, high) = metric.ci95.unwrap_or((mean, mean));
    if low < 0.0 || is_fraction(metric) && high > 1.0 + 1e-9 {
        return Err("an interval beyond what can be".into());
    }
    match metric.ci95 {
        Some((low, high)) if !(low - slack <= mean && mean <= high + slack) => {
            Err("a mean outside its interval".into())
        }
        _ => Ok(()),
    }
}

/// Sums that come out: a whole, and its parts. A name that no metric has counts nothing.
fn sums(answer: &Answer) -> Result<(), String> {
    let sum = |prefix: &str, parts: &str| -> f64 {
        parts.split_whitespace().filter_map(|part| answer.mean(&format!("{prefix}{part}"))).sum()
    };
    let holds = |prefix: &str, whole: &str, parts: &str| {
        let Some(all) = answer.mean(&format!("{prefix}{whole}")) else { return Ok(()) };
        let parted = sum(prefix, parts);
        let close = (all - parted).abs() < 1e-6 * all.max(1.0);
        if close { Ok(()) } else { Err(format!("{prefix}{whole} is {all}, its parts are {parted}: {parts}")) }
    };
    let at_most = |prefix: &str, whole: &str, parts: &str| {
        let (all, parted) = (sum(prefix, whole), sum(prefix, parts));
        if parted <= all + 1e-6 * all.max(1.0) {
            Ok(())
        } else {
            Err(format!("{prefix}{whole} is {all}, its parts are more: {parted}: {parts}"))
        }
    };
    let ends = |answer: &Answer, prefix: &str| -> Result<(), String> {
        let plans = if answer.metric("plans.call_failed").is_some() { "plans.call_failed" } else { "plans.failed" };
        let plans = format!(
            "plans.completed {plans} plans.overloaded plans.abandoned plans.crashed plans.left plans.in_flight"
        );
        holds(prefix, "plans.offered", &plans)?;
        let calls =
            "calls.succeeded calls.failed calls.refused calls.abandoned calls.crashed calls.cancelled calls.in_flight";
        holds(prefix, "calls.made", calls)?;
        let attempts = "attempts.succeeded attempts.timed_out attempts.errored attempts.rate_limited attempts.lost \
                        attempts.cancelled attempts.abandoned attempts.in_flight";
        holds(prefix, "attempts.made", attempts)
    };
    ends(answer, "")?;
    let names = || answer.metrics.iter().map(|metric| metric.name.as_str());
    for class in names().filter_map(|name| name.strip_suffix("plans.offered")).filter(|prefix| !prefix.is_empty()) {
        ends(answer, class)?;
    }
    for whole in names().filter(|name| name.starts_with("logs.") && name.ends_with(".offered")) {
        let prefix = whole.trim_end_matches("offered");
        holds(prefix, "offered", "written lost unlogged")?;
        holds(prefix, "written", "alive expired evicted lost_at_restart cleaned overwritten")?;
    }
    for there in names().filter(|name| name.contains(".retrievable.")) {
        let found = there.replace(".retrievable.", ".reachable.");
        if answer.metric(&found).is_some() {
            at_most("", there, &found)?;
        }
    }
    at_most("", "logs.alive.max", "logs.alive.end")?;
    at_most("", "logs.alive.max", "logs.alive.mean")?;
    for tiers in names().filter_map(|name| name.strip_suffix(".lookups")).filter(|name| name.starts_with("tiers.")) {
        let hits: f64 = names()
            .filter(|name| name.starts_with(&format!("{tiers}.")) && name.ends_with(".hits"))
            .filter_map(|name| answer.mean(name))
            .sum();
        let lookups = answer.mean(&format!("{tiers}.lookups")).unwrap_or_default();
        if hits > lookups + 1e-6 {
            return Err(format!("{tiers}: {hits} hits of {lookups} lookups"));
        }
    }
    for limiter in names().filter_map(|name| name.strip_suffix("checked")) {
        at_most(limiter, "checked", "admitted refused")?; // the others wait for their answer
    }
    for queue in names().filter_map(|name| name.strip_suffix("drop_fraction")) {
        at_most(queue, "offered", "admitted dropped abandoned cancelled lost")?;
    }
    for whole in names().filter(|name| name.ends_with("s_attempted")) {
        let ops = whole.trim_end_matches("_attempted");
        let parts = " _rejected_quota _rejected_key _rejected_invocation _rejected_full _failed_network _dropped";
        let known: f64 = parts.split(' ').filter_map(|part| answer.mean(&format!("{ops}{part}"))).sum();
        let all = answer.mean(whole).unwrap_or_default();
        if !ops.starts_with("d1.") && (known - all).abs() > 1e-6 * all.max(1.0) {
            return Err(format!("{whole} is {all}, its parts are {known}"));
        }
    }
    for database in names().filter(|name| name.starts_with("d1.")).filter_map(|name| name.strip_suffix("ops_accepted"))
    {
        at_most(database, "ops_attempted", "ops_accepted")?;
        at_most(database, "ops_attempted", "ops ops_overloaded")?;
    }
    Ok(())
}

/// What always holds, of one model.
pub fn holds(text: &str) -> Result<bool, TestCaseError> {
    let model = read(text).map_err(|problems| TestCaseError::fail(problems.render(false)))?;
    let arithmetic = format!("{:?}", explain(&model));
    prop_assert!(!arithmetic.contains("NaN") && !arithmetic.contains(": inf"), "{}", arithmetic);
    let Some(answer) = answer_of(text, 1)? else { return Ok(false) };
    let again = answer_of(text, 2)?.ok_or_else(|| TestCaseError::fail("a limit on two threads only"))?;
    prop_assert_eq!(report::Report::of(&answer).json(), report::Report::of(&again).json(), "one thread and two");
    prop_assert!(answer.metrics.windows(2).all(|pair| pair[0].name < pair[1].name), "a metric twice");
    let mut names = metrics(&model).map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
    names.sort();
    prop_assert!(answer.metrics.iter().map(|metric| &metric.name).eq(&names), "a metric that exists by the data");
    for metric in &answer.metrics {
        if let Err(why) = is_possible(metric) {
            return Err(TestCaseError::fail(format!("{why}: {metric:?}")));
        }
    }
    sums(&answer).map_err(TestCaseError::fail)?;
    for text in [
        report::Report::of(&answer).text(report::Screen::PLAIN),
        report::Report::of(&answer).markdown(),
        report::Report::of(&answer).csv().unwrap(),
    ] {
        prop_assert!(!text.contains("NaN"), "{}", text);
    }
    Ok(true)
}

/// How many ran, and how many were ended by a limit of the run.
pub static RAN: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn every_model_runs_and_its_numbers_are_possible(text in any_model()) {
        let whole = holds(&text)?;
        RAN[usize::from(!whole)].fetch_add(1, Relaxed);
        let [ran, ended] = RAN.each_ref().map(|count| count.load(Relaxed));
        prop_assert!(ended <= 20 + ran / 10, "{} of {} models were too large to run", ended, ran + ended);
    }

    /// What comes and goes, and so is not there all the time.
    #[test]
    fn isolates_that_come_and_go_have_possible_numbers_too(text in any_model().with("isolates").with("breaker")) {
        holds(&text)?;
    }

    #[test]
    fn a_model_with_little_to_do_runs_too(text in low_load().without("isolates")) {
        prop_assert!(holds(&text)?, "a low load ends by itself");
    }
}
