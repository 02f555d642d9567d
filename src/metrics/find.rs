//! From a name to what the catalogue says about it.

use super::catalogue::{CATALOGUE, FIRST};
use super::metric::{Better, Metric};

/// The words that a placeholder stands for; none: any name of a part.
fn words(placeholder: &str) -> Option<&'static [&'static str]> {
    Some(match placeholder {
        "OPS" => &["reads", "writes", "deletes", "lists"],
        "KIND" => &["normal", "error"],
        "AGE" => &["10s", "1m", "1h", "24h", "3d", "7d", "30d"],
        "QUANTILE" => &["p05", "p50", "p90", "p95", "p99"],
        "LEVEL" => &["mean", "max"],
        "LAYER" => &["application", "sdk", "proxy"],
        "JOB" => &["gets", "exports", "cleanups"],
        "COUNTED" => &["attempts", "tokens", "input_tokens", "output_tokens", "units"],
        "DIRECTION" => &["input", "output"],
        _ => return None,
    })
}

/// Whether a segment of a name has the form: literal text around at most one placeholder.
fn segment_has(form: &str, segment: &str) -> bool {
    let Some(start) = form.find(|c: char| c.is_ascii_uppercase()) else { return form == segment };
    let end = form.len()
        - form
            .trim_start_matches(|c: char| !c.is_ascii_uppercase())
            .trim_start_matches(|c: char| c.is_ascii_uppercase())
            .len();
    let middle = segment.strip_prefix(&form[..start]).and_then(|rest| rest.strip_suffix(&form[end..]));
    match words(&form[start..end]) {
        Some(words) => middle.is_some_and(|word| words.contains(&word)),
        None => middle.is_some_and(|name| !name.is_empty()),
    }
}

/// Whether a name has the form.
pub fn has_form(form: &str, name: &str) -> bool {
    let mut segments = name.split('.').peekable();
    // `[.N]` may be left out.
    for part in form.split('.').filter(|part| !part.is_empty()) {
        let (part, opens) = match part.strip_suffix('[') {
            Some(part) => (part, true),
            None => (part, false),
        };
        if part == "N]" {
            continue;
        }
        if !segments.next().is_some_and(|segment| segment_has(part, segment)) {
            return false;
        }
        if opens {
            segments.next_if(|next| next.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
    segments.next().is_none()
}

/// The name of a metric without the class that it is of.
pub(super) fn of_all_classes(name: &str) -> &str {
    match name.strip_prefix("class.") {
        Some(rest) => rest.split_once('.').map_or(rest, |(_, name)| name),
        None => name,
    }
}

/// What the catalogue says about the metric of this name; none where there can be no such metric.
pub fn of(name: &str) -> Option<&'static Metric> {
    let name = of_all_classes(name);
    // A store may have any name, other parts come after a word of their own.
    let all = CATALOGUE.iter().flat_map(|(_, metrics)| metrics.iter());
    all.filter(|metric| has_form(metric.form, name)).min_by_key(|metric| metric.form.starts_with("S."))
}

/// The place of the metric of this name among those that people ask for first; none where it is not one of them.
pub fn rank(name: &str) -> Option<usize> {
    FIRST.iter().position(|form| has_form(form, name))
}

/// Whether a metric is asked for by a part of its name, in which `*` stands for anything.
pub fn is_asked(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = format!("*{pattern}*").chars().collect();
    is_like(&pattern, &name.chars().collect::<Vec<_>>())
}

/// The better way of the metric of this name; none where neither way is better by itself.
pub fn better(name: &str) -> Option<Better> {
    of(name)?.better
}

/// The metrics whose form has the text in it; else those of which it is, or could be, a name. `*` stands for anything.
pub fn like(text: &str) -> Vec<&'static Metric> {
    let wanted: Vec<char> = text.to_lowercase().chars().collect();
    let within: Vec<char> = [&['*'], &wanted[..], &['*']].concat();
    let search = |pattern: &[char], name: fn(&str) -> Vec<Vec<char>>| -> Vec<&'static Metric> {
        let has = |metric: &&Metric| name(metric.form).iter().any(|name| is_like(pattern, name));
        CATALOGUE.iter().flat_map(|(_, metrics)| metrics.iter()).filter(has).collect()
    };
    let found = search(&within, |form| vec![form.to_lowercase().chars().collect()]);
    if found.is_empty() {
        search(&of_all_classes(text).to_lowercase().chars().collect::<Vec<_>>(), names)
    } else {
        found
    }
}

/// Stands for the name of a part in the names of a form.
const ANY: char = '\0';

/// The names of a form, with each word that a placeholder may stand for.
fn names(form: &str) -> Vec<Vec<char>> {
    let forms = if form.contains("[.N]") {
        vec![form.replace("[.N]", ""), form.replace("[.N]", ".N")]
    } else {
        vec![form.into()]
    };
    forms.iter().flat_map(|form| spelled_out(form)).map(|name| name.chars().collect()).collect()
}

fn spelled_out(form: &str) -> Vec<String> {
    let Some(start) = form.find(|c: char| c.is_ascii_uppercase()) else { return vec![form.into()] };
    let length = form[start..].find(|c: char| !c.is_ascii_uppercase()).unwrap_or(form.len() - start);
    let (before, placeholder, after) = (&form[..start], &form[start..start + length], &form[start + length..]);
    let any = ANY.to_string();
    let stands = words(placeholder).map_or_else(|| vec![any.as_str()], <[&str]>::to_vec);
    let rest = spelled_out(after);
    stands.iter().flat_map(|word| rest.iter().map(move |rest| format!("{before}{word}{rest}"))).collect()
}

/// Whether a pattern with `*` could be a name.
fn is_like(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        (['*', rest @ ..], _) => is_like(rest, name) || !name.is_empty() && is_like(pattern, &name[1..]),
        ([first, rest @ ..], [ANY, after @ ..]) => *first != '.' && (is_like(rest, after) || is_like(rest, name)),
        ([first, rest @ ..], [same, after @ ..]) => first == same && is_like(rest, after),
        (rest, after) => rest.is_empty() && after.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_form() {
        let form = |name: &str| of(name).map(|metric| metric.form);
        assert_eq!(form("plans.per_day"), Some("plans.per_day"));
        assert_eq!(form("class.admin.plan.latency.p95"), Some("plan.latency.QUANTILE"));
        assert_eq!(form("queue.ai.wait.mean"), Some("queue.Q.wait.mean"));
        assert_eq!(form("kv.writes_rejected"), Some("S.OPS_rejected"));
        assert_eq!(form("kv.quota.writes.used_fraction"), Some("S.quota.OPS[.N].used_fraction"));
        assert_eq!(form("kv.quota.writes.2.used_fraction"), Some("S.quota.OPS[.N].used_fraction"));
        assert_eq!(form("kv.quota.writes.x.used_fraction"), None);
        assert_eq!(form("provider.p.attempts.refused_at.07h"), Some("provider.P.attempts.refused_at.HOUR"));
        assert_eq!(form("isolates.evicted"), Some("isolates.evicted"));
        for nonsense in ["plans.perday", "kv", "kv.writes_", "queue..wait.mean", "logs.error.retrievable.2d", ""] {
            assert_eq!(form(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_better_way_is_known() {
        assert_eq!(better("plans.failed_fraction"), Some(Better::Less));
        assert_eq!(better("logs.error.retrievable.3d"), Some(Better::More));
        assert_eq!(better("cost.per_useful_plan"), Some(Better::Less));
        assert_eq!((better("kv.writes"), better("diagnostics.wait.mean")), (None, None));
    }

    #[test]
    fn a_search_takes_pieces_or_a_name() {
        let forms = |text: &str| like(text).iter().map(|metric| metric.form).collect::<Vec<_>>();
        assert_eq!(forms("cost.per"), ["cost.per_plan", "cost.per_useful_plan"]);
        assert_eq!(forms("queue*fraction"), ["queue.Q.drop_fraction", "queue.Q.abandon_fraction"]);
        assert_eq!(forms("queue.ai.wait.mean"), ["queue.Q.wait.mean"]);
        assert_eq!(forms("kv.writes_per*"), ["S.OPS_per_plan", "S.OPS_per_day.mean", "S.OPS_per_day.max"]);
        assert_eq!(forms("class.admin.plans.off*"), ["plans.offered", "plans.offered_per_day"]);
        assert_eq!(forms("no such metric"), [""; 0]);
    }

    #[test]
    fn no_form_stands_twice() {
        let mut forms: Vec<&str> = CATALOGUE.iter().flat_map(|(_, all)| all.iter()).map(|metric| metric.form).collect();
        let count = forms.len();
        forms.sort_unstable();
        forms.dedup();
        assert_eq!(forms.len(), count);
    }
}
