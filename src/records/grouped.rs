//! Latencies of which only percentiles or the counts of a histogram are known.

use super::account::{Account, Role, Taken};
use super::asked::Asked;
use super::name::{Name, snake, unit_name};
use super::number::{Comma, number, with_unit};
use super::row::Kept;
use super::sample::{Sample, is_empty};
use super::wrong::Wrong;
use crate::units::Span;

/// What is known of many latencies together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grouped {
    /// Shares, and the durations that so many did not exceed: both rising, at least two.
    pub points: Vec<(f64, Span)>,
    /// How many latencies there were, where it is said.
    pub count: Option<u64>,
    /// How many of them were failures, where it is said.
    pub failed: u64,
    /// Whether the durations are the bounds of a histogram: then what lies between two of them is not known.
    pub are_bounds: bool,
}

/// How the rows of a file hold it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// A column for each percentile: their positions and shares.
    Wide(Vec<(usize, f64)>),
    /// A row for each percentile: the column of the share, and that of the duration.
    Long(usize, usize),
    /// A row for each bucket: the column of its bound, and that of its count.
    Buckets(usize, usize),
}

/// The form of a file; none where it has rows of single requests.
pub(super) fn form(sample: &Sample<'_>, asked: &Asked) -> Option<Form> {
    let named = asked.columns.iter().any(|(role, _)| matches!(role, Role::Latency | Role::Start));
    let find = |names: &[&str]| names.iter().find_map(|name| sample.by_snake(name));
    if let Some((le, value)) = find(&["le", "metric_le"]).zip(find(&["value", "count", "bucket", "cumulative_count"])) {
        return Some(Form::Buckets(le, value));
    }
    if named {
        return None;
    }
    let share = find(&["quantile", "percentile", "percentage_served", "pct", "percent"]);
    let mut others = (0..sample.columns.len()).filter(|at| Some(*at) != share);
    let value = match find(&["value", "time_in_ms"]) {
        None if sample.columns.len() == 2 => others.next(),
        None => others.find(|at| Name::of(&sample.columns[*at].name).unit.is_some()),
        found => found,
    };
    if let Some((share, value)) = share.zip(value) {
        return Some(Form::Long(share, value));
    }
    wide(sample, asked).map(Form::Wide)
}

/// Columns of percentiles that have one parent: of several parents the one that is called a latency.
fn wide(sample: &Sample<'_>, asked: &Asked) -> Option<Vec<(usize, f64)>> {
    let mut parents: Vec<(&str, Vec<(usize, f64)>)> = Vec::new();
    for (at, column) in sample.columns.iter().enumerate() {
        let Some((parent, share)) = percentile(&column.name) else { continue };
        match parents.iter_mut().find(|(known, _)| *known == parent) {
            Some((_, points)) => points.push((at, share)),
            None => parents.push((parent, vec![(at, share)])),
        }
    }
    parents.retain(|(_, points)| points.iter().filter(|(_, share)| *share < 1.0).count() >= 2);
    let wanted = asked.column(Role::Latency);
    let known =
        ["metrics.http_req_duration.values", "metrics.http_req_duration", "latencies", "latencyPercentiles", ""];
    let best = known.iter().find_map(|known| parents.iter().position(|(parent, _)| parent == known)).unwrap_or(0);
    let at = wanted.map_or(Some(best), |wanted| parents.iter().position(|(parent, _)| *parent == wanted))?;
    (at < parents.len()).then(|| parents.swap_remove(at).1)
}

/// The share of a column such as `95%`, `p99.9`, `p(90)`, `99th`, `latencies.max`; and what stands before it.
fn percentile(name: &str) -> Option<(&str, f64)> {
    let name = name.trim();
    let (parent, leaf) = match name.rfind('.') {
        // The point of a number parts nothing.
        Some(at)
            if !name[at + 1..].starts_with(|c: char| c.is_ascii_digit())
                || name[..at].ends_with(|c: char| c.is_alphabetic()) =>
        {
            (&name[..at], &name[at + 1..])
        }
        _ => ("", name),
    };
    let whole = snake(leaf);
    if matches!(whole.as_str(), "max" | "p100") {
        return Some((parent, 1.0));
    }
    if matches!(whole.as_str(), "med" | "median") {
        return Some((parent, 0.5));
    }
    let lower = leaf.to_lowercase();
    let lower = ["_ms", "_s", "_us", "_ns"].iter().find_map(|unit| lower.strip_suffix(unit)).unwrap_or(&lower);
    let digits = lower.strip_suffix('%').or_else(|| lower.strip_suffix("th"));
    let digits = digits.or_else(|| lower.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')));
    let digits = digits.or_else(|| lower.strip_prefix('p'))?;
    let percent: f64 = digits.replace('_', ".").parse().ok()?;
    // p999 is 99.9 %.
    let percent = if digits == "999" || digits == "9999" {
        percent / if percent < 1000.0 { 10.0 } else { 100.0 }
    } else {
        percent
    };
    let share = crate::math::round(percent * 1e6) / 1e8;
    (share > 0.0 && share <= 1.0).then_some((parent, share))
}

/// Puts the rows together.
///
/// # Errors
/// What is missing or contradicts itself.
pub(super) fn gather(sample: &Sample<'_>, asked: &Asked, form: &Form, account: &mut Account) -> Result<Grouped, Wrong> {
    let mut rows: Vec<&Kept> = sample.rows.iter().collect();
    for (name, value) in &asked.chosen {
        let place = &sample.columns[sample.named(name)?].place;
        rows.retain(|row| row.row().get(place) == value.as_str());
    }
    let found = match form {
        Form::Wide(points) => across(sample, asked, &rows, points, account),
        Form::Long(share, value) => along(sample, asked, &rows, (*share, *value), account),
        Form::Buckets(bound, count) => buckets(sample, asked, &rows, (*bound, *count), account),
    }?;
    account.rows = 1;
    if found.points.len() < 2 {
        return Err(Wrong::new("fewer than two percentiles can be read"));
    }
    Ok(found)
}

fn across(
    sample: &Sample<'_>,
    asked: &Asked,
    rows: &[&Kept],
    columns: &[(usize, f64)],
    account: &mut Account,
) -> Result<Grouped, Wrong> {
    let get = |row: &Kept, at: usize| row.row().get(&sample.columns[at].place).into_owned();
    let total = |row: &&&Kept| {
        (0..sample.columns.len().min(4)).any(|at| matches!(get(row, at).as_str(), "Aggregated" | "Total" | "All"))
    };
    let row = match rows {
        [one] => *one,
        several => *several.iter().find(total).ok_or_else(|| {
            let at = sample.by_snake("name").unwrap_or(0);
            let names: Vec<String> = several.iter().take(6).map(|row| get(row, at)).collect();
            let name = sample.columns.get(at).map_or("NAME", |column| column.name.trim());
            Wrong::new(format!("{} rows of percentiles, and none of all together", several.len()))
                .found(names.join(", "))
                .cure(format!("choose one with --where {name}=VALUE"))
        })?,
    };
    if rows.len() > 1 {
        account.note("Of several rows the one of all together is taken (--where NAME=VALUE for another).");
    }
    let amount = |names: &[&str]| {
        let at = names.iter().find_map(|name| sample.by_snake(name))?;
        number(&get(row, at), Comma::Thousands).filter(|n| *n >= 0.0).map(|n| n as u64)
    };
    let count =
        amount(&["request_count", "requests", "metrics_http_reqs_count", "metrics_http_reqs_values_count", "count"]);
    let statuses =
        (0..sample.columns.len()).filter(|at| sample.columns[*at].name.starts_with("statusCodeDistribution."));
    let statuses: Vec<u64> =
        statuses.filter_map(|at| number(&get(row, at), Comma::Thousands)).map(|n| n as u64).collect();
    let count = count.or((!statuses.is_empty()).then(|| statuses.iter().sum()));
    let failed = amount(&["failure_count", "failures", "errors"]).unwrap_or(0);
    let name = &sample.columns[columns[0].0].name;
    let known = known_program(sample, name);
    if let Some((_, program)) = known {
        account.format = format!("{program} ({})", account.format);
    }
    let (unit, why) = unit(asked, name, known.map(|(unit, program)| (unit, format!("as {program} has it"))))?;
    let mut points = Vec::new();
    for (at, share) in columns {
        let text = get(row, *at);
        if is_empty(&text) {
            continue;
        }
        let seconds = number(&text, Comma::Thousands).map(|x| x * unit).or_else(|| with_unit(&text, Comma::Thousands));
        let span = seconds.and_then(|seconds| Span::from_secs_f64(seconds).ok());
        points.push((
            *share,
            span.ok_or_else(|| {
                Wrong::new("not a duration").found(format!("{text:?} in {}", sample.columns[*at].name))
            })?,
        ));
    }
    let names: Vec<&str> = columns.iter().map(|(at, _)| sample.columns[*at].name.trim()).collect();
    account.taken.push(Taken { role: Role::Latency, column: names.join(", "), why: format!("percentiles; {why}") });
    Ok(Grouped { points: rising(points, count, account), count, failed, are_bounds: false })
}

fn along(
    sample: &Sample<'_>,
    asked: &Asked,
    rows: &[&Kept],
    (share, value): (usize, usize),
    account: &mut Account,
) -> Result<Grouped, Wrong> {
    let get = |row: &Kept, at: usize| number(&row.row().get(&sample.columns[at].place), Comma::Thousands);
    let name = sample.by_snake("__name__").and_then(|at| sample.values(at).into_iter().next());
    let name = name.unwrap_or_else(|| sample.columns[value].name.clone());
    let (unit, why) = unit(asked, &name, None)?;
    let pairs: Vec<(f64, f64)> = rows.iter().filter_map(|row| get(row, share).zip(get(row, value))).collect();
    let most = pairs.iter().map(|(share, _)| *share).fold(0.0, f64::max);
    let scale = if most > 1.0 { 100.0 } else { 1.0 };
    let points = pairs.iter().filter(|(share, _)| *share > 0.0);
    let points =
        points.filter_map(|(share, value)| Some((share / scale, Span::from_secs_f64(value * unit).ok()?))).collect();
    for at in [share, value] {
        let why = format!("a percentile a row; {why}");
        account.taken.push(Taken { role: Role::Latency, column: sample.columns[at].name.trim().into(), why });
    }
    Ok(Grouped { points: rising(points, None, account), count: None, failed: 0, are_bounds: false })
}

fn buckets(
    sample: &Sample<'_>,
    asked: &Asked,
    rows: &[&Kept],
    (bound, count): (usize, usize),
    account: &mut Account,
) -> Result<Grouped, Wrong> {
    let get = |row: &Kept, at: usize| row.row().get(&sample.columns[at].place).into_owned();
    let names = sample.by_snake("name").filter(|at| sample.columns[*at].name == "__name__");
    let rows: Vec<&&Kept> = rows.iter().filter(|row| !get(row, bound).is_empty()).collect();
    let mut metrics: Vec<String> = names.map(|at| rows.iter().map(|row| get(row, at)).collect()).unwrap_or_default();
    metrics.sort();
    metrics.dedup();
    let wanted = asked.column(Role::Latency);
    let is_time = |name: &&String| ["duration", "latency", "seconds", "time"].iter().any(|word| name.contains(word));
    let of_time: Vec<&String> = metrics.iter().filter(is_time).collect();
    let metric = match (wanted, &metrics[..], &of_time[..]) {
        (Some(name), ..) => metrics.iter().find(|known| *known == name || known.strip_suffix("_bucket") == Some(name)),
        (None, [], _) => None,
        (None, [one], _) => Some(one),
        (None, _, [one]) => Some(*one),
        _ => {
            let cure = "choose one with --columns latency=NAME";
            return Err(Wrong::new("several histograms").found(metrics.join(", ")).cure(cure));
        }
    };
    let name = metric.cloned().unwrap_or_else(|| sample.columns[bound].name.clone());
    let (unit, why) =
        unit(asked, name.strip_suffix("_bucket").unwrap_or(&name), Some((1.0, "as Prometheus counts".into())))?;
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for row in rows.iter().filter(|row| names.zip(metric).is_none_or(|(at, metric)| get(row, at) == *metric)) {
        let text = get(row, bound);
        let le = if text.contains("Inf") || text.contains("inf") {
            Some(f64::INFINITY)
        } else {
            number(&text, Comma::Thousands)
        };
        let Some((le, n)) = le.zip(number(&get(row, count), Comma::Thousands)) else {
            account.broken += 1;
            continue;
        };
        match sums.iter_mut().find(|(known, _)| *known == le) {
            Some((_, sum)) => *sum += n,
            None => sums.push((le, n)),
        }
    }
    sums.sort_by(|a, b| a.0.total_cmp(&b.0));
    if sums.windows(2).any(|pair| pair[1].1 < pair[0].1) {
        return Err(Wrong::new("the counts of a histogram must not fall from one bound to the next")
            .cure("give cumulative counts, as Prometheus exports them"));
    }
    let total = sums.last().map_or(0.0, |(_, n)| *n);
    if total <= 0.0 {
        return Err(Wrong::new("a histogram without a single observation"));
    }
    let mut points: Vec<(f64, Span)> = vec![(0.0, Span::ZERO)];
    for (le, n) in sums.iter().filter(|(le, _)| le.is_finite() && *le > 0.0) {
        let span = Span::from_secs_f64(le * unit).map_err(|error| Wrong::new(error.to_string()))?;
        // An empty bucket at the beginning moves the lower end, one at the end adds nothing.
        if *n <= 0.0 {
            points[0].1 = span;
        } else if points.last().is_none_or(|(share, _)| *share < n / total) {
            points.push((n / total, span));
        }
    }
    account.taken.push(Taken { role: Role::Latency, column: name, why: format!("the bounds of its buckets; {why}") });
    Ok(Grouped { points, count: Some(total as u64), failed: 0, are_bounds: true })
}

/// Percentiles in order. Those that so few requests cannot show, and those that contradict the ones before, are left out.
fn rising(mut points: Vec<(f64, Span)>, count: Option<u64>, account: &mut Account) -> Vec<(f64, Span)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.dedup_by(|b, a| a.0 == b.0);
    let last = points.iter().find(|(share, _)| *share == 1.0).map(|(_, max)| *max);
    let before = points.len();
    let can_show = |share: f64| share == 1.0 || count.is_none_or(|n| (1.0 - share) * n as f64 >= 1.0 - 1e-9);
    points.retain(|(share, value)| can_show(*share) && last.is_none_or(|max| *value <= max));
    let mut most = Span::ZERO;
    points.retain(|(_, value)| {
        let keeps = *value >= most;
        most = most.max(*value);
        keeps
    });
    if points.len() < before {
        let n = before - points.len();
        let which = if n == 1 { "One percentile is" } else { &format!("{n} percentiles are") };
        account.note(format!("{which} left out: so few requests cannot show it, or it is over the largest."));
    }
    points
}

/// The unit of a name, and why.
fn unit(asked: &Asked, name: &str, known: Option<(f64, String)>) -> Result<(f64, String), Wrong> {
    let because = |unit: f64, why: &str| (unit, format!("in {}, {why}", unit_name(unit)));
    match (asked.unit, Name::of(name).unit, known) {
        (Some(unit), ..) => Ok(because(unit, "as asked for")),
        (None, Some(unit), _) => Ok(because(unit, "by its name")),
        (None, None, Some((unit, why))) => Ok(because(unit, &why)),
        (None, None, None) => Err(Wrong::new("durations without a unit").cure("add --unit s, or ms, us, ns")),
    }
}

/// Programs that write percentiles, by the names of the columns, and their units.
fn known_program(sample: &Sample<'_>, name: &str) -> Option<(f64, &'static str)> {
    let is_locust = (sample.by_snake("request_count").is_some() || sample.by_snake("requests").is_some())
        && sample.by_snake("type").is_some()
        && name.ends_with('%');
    match name.rsplit_once('.').map_or("", |(parent, _)| parent) {
        _ if is_locust => Some((1e-3, "Locust")),
        parent if parent.starts_with("metrics.") => Some((1e-3, "the summary of k6")),
        "latencies" => Some((1e-9, "the report of vegeta")),
        "latencyPercentiles" => Some((1.0, "oha JSON")),
        _ => None,
    }
}
