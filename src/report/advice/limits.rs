//! Limits that refuse, delay or cut: quotas by their windows, limits of providers, timeouts, and jobs of readers that
//! a refusal stops.

use super::causes::{causes, counted, listed, try_it, verb};
use super::{Advice, CauseCount, cure};
use crate::experiment::{Answer, QuotaFact, WindowFact};
use crate::math;
use crate::report::words::about;
use crate::units::{Span, count, number};

/// The share of attempts that may time out without a word.
const FEW: f64 = 0.05;

pub(super) fn quotas(answer: &Answer) -> Vec<Advice> {
    let mut all: Vec<(f64, Advice)> = Vec::new();
    for quota in &answer.facts.quotas {
        let of = |what: &str| answer.mean(&format!("{}.{what}", quota.metric));
        let windows_fraction = of("exhausted_days_fraction").unwrap_or(0.0);
        let refused = of("refused").unwrap_or(0.0);
        let delayed = answer.mean(&format!("{}_delayed", quota.metric.replace(".quota.", "."))).filter(|_| quota.waits);
        let delayed = delayed.filter(|&n| n > 0.0);
        let is_used_up = windows_fraction > 0.0 && !quota.waits;
        if !(is_used_up || refused > 0.0 || delayed.is_some()) {
            continue;
        }
        let advice = Advice::QuotaRunsOut {
            what: quota.what.clone(),
            limit: in_words(quota),
            windows_fraction,
            when: when(answer, quota),
            first: of("first_exhausted").filter(|_| !is_calendar(quota)),
            refused,
            delayed,
            counts_refused: quota.counts_refused && refused > 0.0,
            command: (refused > 0.0 || delayed.is_some())
                .then(|| cure::compare("larger", &quota.path, quota.limit.saturating_mul(2))),
        };
        all.push((refused + delayed.unwrap_or(0.0), advice));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().map(|(_, advice)| advice).collect()
}

fn is_calendar(quota: &QuotaFact) -> bool {
    matches!(quota.window, WindowFact::Day | WindowFact::Month)
}

/// `daily quota of 1,000`, `limit of 10 in any minute`.
fn in_words(quota: &QuotaFact) -> String {
    let limit = count(quota.limit);
    match quota.window {
        WindowFact::Day => format!("daily quota of {limit}"),
        WindowFact::Month => format!("monthly quota of {limit}"),
        WindowFact::Fixed(length) => format!("limit of {limit} in {}", stretch("a", length)),
        WindowFact::Rolling(length) => format!("limit of {limit} in any {}", stretch("", length)),
        WindowFact::Bucket(holds, length) => {
            format!("bucket of {} that refills by {limit} in {}", count(holds), stretch("a", length))
        }
    }
}

/// `a minute`, `an hour`, `10m`.
fn stretch(article: &str, length: Span) -> String {
    let named = [(1.0, "a", "second"), (60.0, "a", "minute"), (3_600.0, "an", "hour"), (86_400.0, "a", "day")];
    match named.into_iter().find(|(secs, ..)| *secs == length.secs()) {
        Some((_, _, name)) if article.is_empty() => name.into(),
        Some((_, article, name)) => format!("{article} {name}"),
        None => length.to_string(),
    }
}

/// When a quota of days or months is used up: `at 15:20 UTC`, `on day 12 at 11:40 UTC`.
fn when(answer: &Answer, quota: &QuotaFact) -> Option<String> {
    let of = |what: &str| answer.mean(&format!("{}.{what}", quota.metric));
    match quota.window {
        WindowFact::Day => Some(format!("at {} {}", clock(of("exhausted_at_hour")?), quota.zone)),
        WindowFact::Month => {
            let day = of("exhausted_on_day")?;
            let hour = (day - math::floor(day)) * 24.0;
            Some(format!("on day {} at {} {}", math::floor(day), clock(hour), quota.zone))
        }
        _ => None,
    }
}

/// An hour of the day as a clock shows it; the last half minute belongs to the minute before.
fn clock(hour: f64) -> String {
    let minutes = (math::round(hour * 60.0) as u64).min(24 * 60 - 1);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

pub(super) fn quota_text(advice: &Advice) -> String {
    let Advice::QuotaRunsOut { what, limit, windows_fraction, when, first, refused, delayed, counts_refused, command } =
        advice
    else {
        return String::new();
    };
    let mut text = match (delayed, when) {
        (Some(delayed), _) => {
            format!("The {limit} ({what}) makes {} of a replication wait.", counted(*delayed, "operation"))
        }
        (None, Some(when)) => {
            let share = about(*windows_fraction);
            let often = match (limit.starts_with("monthly"), *windows_fraction >= 1.0) {
                (true, true) => "every month".into(),
                (true, false) => format!("in {share} of the months"),
                (false, true) => "every day".into(),
                (false, false) => format!("on {share} of the days"),
            };
            format!("The {limit} ({what}) is used up {when} on average, {often}.")
        }
        (None, None) => {
            let first = first.and_then(|first| Span::from_secs_f64(first).ok()).map_or(String::new(), |first| {
                format!(", for the first time {} after the start", Span::from_millis((first.secs() * 1e3) as u64))
            });
            format!("The {limit} ({what}) is reached{first}.")
        }
    };
    if *refused > 0.0 {
        text += &format!(" It refuses {} in a replication.", counted(*refused, "operation"));
    }
    if *counts_refused {
        text += " What it refuses counts too: who comes again too soon keeps it shut.";
    }
    text + &try_it(command.as_ref())
}

/// What each provider refuses by its limits; its quotas speak for themselves.
pub(super) fn providers(answer: &Answer) -> Vec<Advice> {
    let of = |provider: &str| {
        let by = causes(answer, &format!("provider.{provider}.attempts.refused_by"));
        let is_limit = |one: &CauseCount| one.cause != "outage" && !one.cause.ends_with("_quota");
        let by: Vec<CauseCount> = by.into_iter().filter(is_limit).collect();
        let first = by.first()?;
        Some(Advice::ProviderRefuses {
            provider: provider.into(),
            sent: answer.mean(&format!("provider.{provider}.attempts.sent"))?,
            hour: busiest_hour(answer, provider),
            command: cure::against(answer, &first.cause),
            by,
        })
    };
    answer.facts.providers.iter().filter_map(|provider| of(&provider.name)).collect()
}

/// The hour in which most are refused, and its share; none where the run is shorter than a day.
fn busiest_hour(answer: &Answer, provider: &str) -> Option<(u32, f64)> {
    let at = |hour: u32| answer.mean(&format!("provider.{provider}.attempts.refused_at.{hour:02}h")).unwrap_or(0.0);
    let total: f64 = (0..24).map(at).sum();
    let busiest = (0..24).rev().max_by(|a, b| at(*a).total_cmp(&at(*b)))?;
    let is_long = answer.horizon.secs() - answer.warmup.secs() >= Span::DAY.secs();
    (is_long && total > 0.0).then(|| (busiest, at(busiest) / total))
}

/// Attempts that run out of time, where they are more than a few.
pub(super) fn timeouts(answer: &Answer) -> Option<Advice> {
    let attempts = answer.mean("attempts.made")? - answer.mean("attempts.in_flight")?;
    let is_one = |one: &CauseCount| {
        one.cause.starts_with("timeout_") || matches!(one.cause.as_str(), "deadline" | "hang" | "connections")
    };
    let by: Vec<CauseCount> = causes(answer, "attempts.ended_by").into_iter().filter(is_one).collect();
    let all: f64 = by.iter().map(|one| one.count).sum();
    (all > FEW * attempts).then(|| {
        let command = by.first().and_then(|first| cure::against(answer, &first.cause));
        Advice::TimedOut { attempts, by, command }
    })
}

/// Exports and cleanups that end before they are done.
pub(super) fn jobs(answer: &Answer) -> Vec<Advice> {
    let of = |(reader, job, every): &(String, &'static str, Span)| {
        let metric = |what: &str| answer.mean(&format!("reader.{reader}.{job}s{what}"));
        let (begun, stopped, skipped) = (metric("")?, metric("_stopped")?, metric("_skipped")?);
        let rarer = Span::from_secs_f64(every.secs() * 2.0).ok()?;
        (stopped + skipped > 0.0).then(|| Advice::JobStops {
            reader: reader.clone(),
            job: (*job).into(),
            begun,
            stopped,
            skipped,
            command: Some(cure::compare("rarer", &format!("reader.{reader}.{job}_every"), rarer)),
            by: causes(answer, &format!("reader.{reader}.{job}s_stopped_by")),
        })
    };
    answer.facts.chores.iter().filter_map(of).collect()
}

pub(super) fn text(advice: &Advice) -> String {
    match advice {
        Advice::ProviderRefuses { provider, sent, by, hour, command } => {
            let all: f64 = by.iter().map(|one| one.count).sum();
            let hour = hour.map_or(String::new(), |(hour, share)| {
                format!(" Most are refused from {hour:02}:00 to {:02}:00 UTC: {}.", (hour + 1) % 24, about(share))
            });
            format!(
                "{provider} refuses {} of {} in a replication ({}): {}.{hour}{}",
                number(all),
                counted(*sent, "attempt"),
                about(all / sent),
                listed(by),
                try_it(command.as_ref())
            )
        }
        Advice::TimedOut { attempts, by, command } => {
            let all: f64 = by.iter().map(|one| one.count).sum();
            format!(
                "{} of {} in a replication run out of time ({}): {}.{}",
                number(all),
                counted(*attempts, "attempt"),
                about(all / attempts),
                listed(by),
                try_it(command.as_ref())
            )
        }
        Advice::JobStops { reader, job, begun, stopped, skipped, by, command } => {
            let skipped = if *skipped > 0.0 {
                format!(
                    ", and {} more {} left out because the one before has not ended",
                    number(*skipped),
                    verb(*skipped, "is", "are")
                )
            } else {
                String::new()
            };
            let by = if by.is_empty() { String::new() } else { format!(": {}", listed(by)) };
            format!(
                "Of {} of reader {reader} in a replication {} {} stopped before {} done{skipped}{by}.{}",
                counted(*begun, job),
                number(*stopped),
                verb(*stopped, "is", "are"),
                verb(*stopped, "it is", "they are"),
                try_it(command.as_ref())
            )
        }
        _ => String::new(),
    }
}
