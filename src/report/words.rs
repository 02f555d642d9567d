//! Pieces of text that several renderings share: values with their unit, intervals, paragraphs, colour.

use crate::experiment::{Answer, Metric, Objective, Standing, Verdict, Wave};
use crate::math;
use crate::metrics;
use crate::units::{Span, count, inert_lines, number, percent};
pub(super) use crate::units::{agree, things};

/// Shown where nothing was observed.
pub(super) const NOTHING: &str = "–";

/// What stands for the codes of colours until the end: of no character, so that no text has them.
const MARKS: [(char, &str); 5] =
    [('\u{fdd1}', "1"), ('\u{fdd2}', "2"), ('\u{fdd3}', "32"), ('\u{fdd4}', "1;31"), ('\u{fdd5}', "33")];
const END: char = '\u{fdd0}';

/// Whether text is coloured for a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Plain text.
    Plain,
    /// With ANSI colours.
    Colour,
}

impl Paint {
    pub(super) fn bold(self, text: &str) -> String {
        self.with(0, text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with(1, text)
    }

    pub(super) fn verdict(self, verdict: Verdict, text: &str) -> String {
        match verdict {
            Verdict::Met => self.with(2, text),
            Verdict::Broken => self.with(3, text),
            Verdict::Undecided => self.with(4, text),
        }
    }

    /// Text between two marks that [`Paint::finish`] turns into colour: so that it can tell our codes from those that
    /// somebody has written into a model.
    fn with(self, code: usize, text: &str) -> String {
        match self {
            Paint::Plain => text.into(),
            Paint::Colour => format!("{}{text}{END}", MARKS[code].0),
        }
    }

    /// The text as a terminal gets it: in colour where it is painted, and with nothing in it that acts on the terminal.
    pub(super) fn finish(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for piece in text.split_inclusive(|letter| letter == END || MARKS.iter().any(|(mark, _)| *mark == letter)) {
            let mark = piece.chars().next_back().filter(|_| self == Paint::Colour);
            let code = match mark {
                Some(END) => Some("0"),
                mark => MARKS.iter().find(|(of, _)| Some(*of) == mark).map(|(_, code)| *code),
            };
            match code {
                Some(code) => {
                    let words = &piece[..piece.len() - END.len_utf8()];
                    out += &format!("{}\u{1b}[{code}m", inert_lines(words));
                }
                None => out += &inert_lines(piece),
            }
        }
        out
    }
}

/// A value as people read it: fractions as percentages, the rest as numbers.
pub(super) fn value(x: f64, unit: &str) -> String {
    if unit == "1" { percent(x) } else { number(x) }
}

/// The same, or a dash.
pub(super) fn value_or_dash(x: Option<f64>, unit: &str) -> String {
    x.map_or(NOTHING.into(), |x| value(x, unit))
}

/// `low to high`, or the one where both read the same.
pub(super) fn range(low: f64, high: f64, unit: &str) -> String {
    let (percent, sign) = if unit == "1" { (100.0, " %") } else { (1.0, "") };
    let (low, high) = (number(low * percent), number(high * percent));
    if low == high { format!("{low}{sign}") } else { format!("{low} to {high}{sign}") }
}

/// The unit as a column shows it: percentages carry theirs.
pub(super) fn unit(unit: &str) -> &str {
    if unit == "1" { "" } else { unit }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn enumerated<T: AsRef<str>>(all: &[T]) -> String {
    let all: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
    match all.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => all.concat(),
    }
}

/// `1 plan a day`, `8,028 plans a day`.
pub(super) fn plans_a_day(n: f64) -> String {
    things(n, "plan a day", "plans a day")
}

/// `1 replication`, `30 replications`.
pub(super) fn replications(n: u32) -> String {
    things(n.into(), "replication", "replications")
}

/// `97.3 (95 % interval 96.1 to 98.5)`.
pub(super) fn with_interval(metric: &Metric) -> Option<String> {
    let mean = value(metric.mean?, metric.unit);
    Some(match metric.ci95 {
        Some((low, high)) if low == high => format!("{mean} (in every replication)"),
        Some((low, high)) => format!("{mean} (95 % interval {})", range(low, high, metric.unit)),
        None => format!("{mean} (one replication, no interval)"),
    })
}

/// `plans.failed_fraction <= 1 %`.
pub(super) fn bound(objective: &Objective) -> String {
    bounds(&objective.metric, (objective.min, objective.max))
}

/// A metric between its bounds.
pub(super) fn bounds(name: &str, ends: (Option<f64>, Option<f64>)) -> String {
    let unit = metrics::of(name).map_or("", |metric| metric.unit);
    match ends {
        (Some(min), Some(max)) => format!("{} <= {name} <= {}", value(min, unit), value(max, unit)),
        (Some(min), None) => format!("{name} >= {}", value(min, unit)),
        (None, Some(max)) => format!("{name} <= {}", value(max, unit)),
        (None, None) => name.into(),
    }
}

/// Whether the model agrees with what was observed.
pub(super) fn agreement(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "agrees",
        Verdict::Broken => "differs",
        Verdict::Undecided => "undecided",
    }
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Broken => "broken",
        Verdict::Undecided => "undecided",
    }
}

pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Better => "better",
        Standing::Worse => "worse",
        Standing::More => "more",
        Standing::Less => "less",
        Standing::Same => "the same",
        Standing::CannotTell => "cannot tell",
        Standing::OnlyFirst => "only in the first",
        Standing::OnlyOther => "only in the other",
    }
}

/// A difference with its interval: `-3.1 (-3.4 to -2.8)`; of fractions in percentage points.
pub(super) fn difference(mean: f64, interval: Option<(f64, f64)>, unit: &str) -> String {
    let (scale, sign) = if unit == "1" { (100.0, " pp") } else { (1.0, "") };
    let mean = number(mean * scale);
    match interval {
        Some((low, high)) if low < high => format!("{mean} ({}){sign}", range(low * scale, high * scale, "")),
        _ => format!("{mean}{sign}"),
    }
}

/// `hybrid: what it is`; the name alone where nothing describes it.
pub(super) fn title(name: &str, description: &str) -> String {
    if description.is_empty() { name.into() } else { format!("{name}: {description}") }
}

/// Enough of a digest to tell models apart.
pub(super) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// A fraction in prose, where three digits say enough.
pub(super) fn about(fraction: f64) -> String {
    let percent = fraction * 100.0;
    if percent == 0.0 || !percent.is_finite() {
        return format!("{} %", number(percent));
    }
    let digits = math::pow(10.0, 2.0 - math::floor(math::log10(percent.abs())));
    format!("{} %", number(math::round(percent * digits) / digits))
}

/// The metrics that say something, in the order in which people read them: what users see first, classes last,
/// ages by their length. What was 0 or never observed says nothing, except of plans and logs, and where an
/// objective asks for it.
pub(super) fn reading_order(answer: &Answer) -> Vec<&Metric> {
    let judged = |metric: &Metric| answer.is_judged(&metric.name);
    let telling = |metric: &Metric| {
        let name = metric.name.as_str();
        (name.starts_with("plans.") && !name.contains("ended_by."))
            || (name.starts_with("logs.") && metric.unit == "1" && metric.mean.is_some())
    };
    let silent = |metric: &Metric| metric.mean.is_none() || (metric.min, metric.max) == (Some(0.0), Some(0.0));
    let by_hour = |metric: &Metric| metric.name.contains(".refused_at.");
    let says_something = |metric: &&Metric| !silent(metric) && !by_hour(metric) || telling(metric) || judged(metric);
    in_reading_order(answer.metrics.iter().filter(says_something).collect())
}

/// What users see first, classes last, ages by their length.
pub(super) fn in_reading_order(mut metrics: Vec<&Metric>) -> Vec<&Metric> {
    const FIRST: [&str; 4] = ["plans", "plan", "calls", "attempts"];
    let rank = |name: &str| {
        let head = name.split('.').next().unwrap_or(name);
        match FIRST.iter().position(|first| *first == head) {
            Some(at) => at,
            None if head == "class" => FIRST.len() + 1,
            None => FIRST.len(),
        }
    };
    metrics.sort_by_key(|metric| {
        let (stem, last) = metric.name.rsplit_once('.').unwrap_or(("", &metric.name));
        let age = Span::parse(last).ok();
        let stem = if age.is_some() { stem } else { &metric.name };
        (rank(&metric.name), stem, age)
    });
    metrics
}

/// How many metrics the reading order leaves out, in a sentence.
pub(super) fn left_out(answer: &Answer, shown: usize) -> Option<String> {
    let left = answer.metrics.len() - shown;
    let more = if left == 1 { "1 more metric was" } else { &format!("{left} more metrics were") };
    let by_hour = |metric: &Metric| metric.name.contains(".refused_at.") && metric.mean.is_some_and(|n| n > 0.0);
    let what = if answer.metrics.iter().any(by_hour) { "0, not observed or by the hour" } else { "0 or not observed" };
    (left > 0).then(|| format!("{more} {what}; JSON and CSV have them."))
}

/// The part of the world that a metric belongs to: `plans`, `queue.ai`, `class.user`.
pub(super) fn group(name: &str) -> &str {
    let parts =
        if name.starts_with("queue.") || name.starts_with("class.") || name.starts_with("breaker.") { 2 } else { 1 };
    name.match_indices('.').nth(parts - 1).map_or(name, |(at, _)| &name[..at])
}

/// The text in lines of at most `width` characters, the first after `first`, the others after as many spaces.
pub(super) fn paragraph(first: &str, text: &str, width: usize) -> String {
    let indent = first.chars().count();
    let mut out = String::from(first);
    let mut column = indent;
    // A number stays with its per cent.
    let glued = text.replace(" %", "\u{a0}%");
    for word in glued.split(' ') {
        let word = word.replace('\u{a0}', " ");
        let length = word.chars().count();
        if column > indent {
            if column + 1 + length > width {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(&word);
        column += length;
    }
    out.push('\n');
    out
}

/// How the calls of a step run for which an invocation has too few connections.
pub(super) fn wave(wave: &Wave) -> String {
    let [calls, parallel, connections] = [wave.calls, wave.parallel, wave.connections].map(|n| count(n.into()));
    let open = things(wave.connections.into(), "connection", "connections");
    let why = format!("an invocation has {open} open at once");
    if wave.calls > wave.parallel {
        let run = things(wave.connections.into(), "runs", "run");
        return format!("Of {parallel} calls of {} at once {run}, and the others wait: {why}.", wave.step);
    }
    let mut waves = vec![connections; (wave.calls / wave.connections) as usize];
    waves.extend(Some(wave.calls % wave.connections).filter(|&rest| rest > 0).map(|rest| count(rest.into())));
    format!("The {calls} calls of {} run as {}: {why}.", wave.step, waves.join(" + "))
}

/// Values that are set, as `--set` takes them: `queue.ai.max_concurrency=8 queue.ai.max_queue=64`.
pub(super) fn assignments<'a>(set: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    set.map(|(path, value)| format!("{path}={value}")).collect::<Vec<_>>().join(" ")
}
