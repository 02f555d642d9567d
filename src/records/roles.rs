//! Which column is what: as the user says, as the program that wrote the file does, by names, and by values.

use super::account::{Role, Taken};
use super::asked::Asked;
use super::clock;
use super::latency::{self, Latency};
use super::name::{Name, snake};
use super::outcome::{Tells, Verdict, by_word, is_status};
use super::row::{Column, Kept, Place};
use super::sample::Sample;
use super::wrong::Wrong;

/// What is read of a row. Columns are named by their position among all.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles {
    pub latency: Option<Latency>,
    /// The columns of a moment (a date and a time may be apart), and the unit of its numbers.
    pub time: Option<(Vec<usize>, Option<f64>)>,
    pub outcomes: Vec<(usize, Tells)>,
    pub group: Option<usize>,
    pub tokens: [Option<usize>; 2],
    pub cost: Option<usize>,
    /// The column that chooses among rows, and the value that it must have.
    pub chosen: Vec<(usize, String)>,
    /// What was taken and why.
    pub taken: Vec<Taken>,
    /// What else should be said.
    pub notes: Vec<String>,
}

/// Decides on all columns.
///
/// # Errors
/// A name that is not there; no column of latencies where they are wanted.
pub(super) fn choose(sample: &Sample<'_>, asked: &Asked) -> Result<Roles, Wrong> {
    let mut roles = Roles::default();
    for (role, name) in &asked.columns {
        let at = sample.named(name)?;
        match role {
            Role::Time => roles.time = Some((vec![at], Name::of(&sample.columns[at].name).unit)),
            Role::Outcome => roles.outcomes.push((at, tells_as_asked(sample, at))),
            Role::Group => roles.group = Some(at),
            Role::TokensIn => roles.tokens[0] = Some(at),
            Role::TokensOut => roles.tokens[1] = Some(at),
            Role::Cost => roles.cost = Some(at),
            Role::Latency | Role::Start | Role::End => continue,
        }
        roles.take(sample, *role, at, "asked for");
    }
    for (name, value) in &asked.chosen {
        roles.chosen.push((sample.named(name)?, value.clone()));
    }
    choice(sample, &mut roles);
    if let Some(at) = sample.by_snake("sample_interval")
        && sample.values(at).iter().any(|text| text.parse::<f64>().is_ok_and(|n| n > 1.0))
    {
        let name = &sample.columns[at].name;
        roles.notes.push(format!("Rows stand for several requests each ({name}): what is counted are rows."));
    }
    if asked.wants_latencies {
        let found = latency::choose(sample, asked)?;
        roles.notes.extend(found.note);
        roles.taken.extend(found.taken);
        roles.latency = Some(found.latency);
    }
    let of_latency = roles.latency.as_ref().map(Latency::columns).unwrap_or_default();
    // When requests came does not depend on how they ended.
    if roles.outcomes.is_empty() && asked.wants_latencies {
        outcomes(sample, &mut roles, &of_latency);
    }
    if asked.wants_times {
        others(sample, &mut roles)?;
    }
    Ok(roles)
}

impl Roles {
    fn take(&mut self, sample: &Sample<'_>, role: Role, at: usize, why: &str) {
        self.taken.push(Taken { role, column: sample.columns[at].name.trim().into(), why: why.into() });
    }
}

/// Rows of several kinds in one file: those with latencies, and which.
fn choice(sample: &Sample<'_>, roles: &mut Roles) {
    let Some((column, wanted)) = sample.dialect.and_then(|dialect| dialect.choice) else {
        return spans(sample, roles);
    };
    let Some(at) = sample.by_snake(column).filter(|at| !roles.chosen.iter().any(|(chosen, _)| chosen == at)) else {
        return;
    };
    let values = sample.values(at);
    let found = wanted.iter().find(|wanted| values.iter().any(|value| value == *wanted)).or(wanted.first());
    if let Some(value) = found {
        roles.chosen.push((at, (*value).into()));
        let name = &sample.columns[at].name;
        let mut note = format!("Of all metrics those of {value} are taken (--where {name}=NAME for others).");
        if !values.iter().any(|known| known == value) {
            let mut seen = values;
            seen.sort();
            seen.dedup();
            seen.truncate(12);
            note += &format!(" There are {}.", seen.join(", "));
        }
        roles.notes.push(note);
    }
}

/// Of the spans of a trace those that ask a model, or else those that ask another service: what encloses them is not a
/// latency of the same thing.
fn spans(sample: &Sample<'_>, roles: &mut Roles) {
    if sample.by_snake("span_id").is_none() || !roles.chosen.is_empty() || roles.group.is_some() {
        return;
    }
    let asks_model = |name: &str| {
        name.starts_with("gen_ai_operation")
            || name.starts_with("gen_ai_request_model")
            || name.starts_with("gen_ai_system")
    };
    let model = sample.columns.iter().position(|column| asks_model(&snake(&column.name)));
    let kinds = sample.by_snake("kind");
    let values = kinds.map(|at| sample.values(at)).unwrap_or_default();
    let is_mixed = values.iter().any(|kind| kind == "client") && values.iter().any(|kind| kind != "client");
    if let Some(at) = model
        && sample.values(at).len() < sample.rows.len()
    {
        roles.chosen.push((at, "*".into()));
        roles.notes.push(
            "Only the spans that ask a model are taken, those with gen_ai.* (--where name=NAME for others).".into(),
        );
    } else if let Some(at) = kinds.filter(|_| is_mixed && model.is_none()) {
        roles.chosen.push((at, "client".into()));
        roles.notes.push("Only the spans of the kind client are taken (--where kind=server for others).".into());
    } else if let Some(at) = sample.by_snake("name").or_else(|| sample.by_snake("operation_name")) {
        let mut names = sample.values(at);
        names.sort();
        names.dedup();
        if names.len() > 1 {
            let some = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            roles.notes.push(format!(
                "Spans of {} names are taken together ({some}): --where name=NAME takes one.",
                names.len()
            ));
        }
    }
}

/// Words of names that are of something else than the request itself.
const ASIDE: [&str; 12] = [
    "upstream",
    "origin",
    "cache",
    "cached",
    "parent",
    "previous",
    "win32",
    "zip",
    "postal",
    "country",
    "lang",
    "substatus",
];

/// How the values of a column of outcomes are to be read, by its name.
fn tells(name: &Name) -> Option<(Tells, bool)> {
    let is = |stems: &[&str]| stems.contains(&name.stem.as_str());
    let last_but = |head: &str| name.stem.rsplit('_').next().is_some_and(|last| last == head);
    if name.has_word(&ASIDE) {
        return None;
    }
    if name.has_word(&["grpc"]) && name.ends_in(&["status", "status_code", "code"]) {
        return Some((Tells::Grpc, true));
    }
    if is(&["success", "succeeded", "is_success", "is_ok", "ok", "passed", "expected_response"]) {
        return Some((Tells::Success, true));
    }
    if is(&["failed", "is_error", "is_failed", "has_error", "failure", "http_req_failed", "errored"]) {
        return Some((Tells::Failure, true));
    }
    if is(&["cancelled", "canceled", "is_cancelled", "is_canceled", "aborted", "timed_out", "is_timeout", "timeout"]) {
        return Some((Tells::GivenUp, true));
    }
    let messages = [
        "error",
        "err",
        "exception",
        "error_message",
        "error_msg",
        "failure_message",
        "errors",
        "error_type",
        "exception_type",
        "exception_message",
    ];
    if is(&messages) {
        return Some((Tells::Message, true));
    }
    if is(&["error_code", "errno", "exit_code", "exitcode"]) {
        return Some((Tells::Code, true));
    }
    let exact = [
        "outcome",
        "status",
        "status_code",
        "result",
        "code",
        "response_code",
        "http_status",
        "http_code",
        "http_status_code",
        "http_response_status_code",
        "response_status",
        "response_status_code",
        "statuscode",
        "responsecode",
        "sc_status",
    ];
    if is(&exact) {
        return Some((Tells::Status, true));
    }
    let is_like = name.ends_in(&["outcome", "status", "status_code", "response_code", "result"]) || last_but("state");
    is_like.then_some((Tells::Status, false))
}

fn tells_as_asked(sample: &Sample<'_>, at: usize) -> Tells {
    tells(&Name::of(&sample.columns[at].name)).map_or(Tells::Status, |(tells, _)| tells)
}

fn outcomes(sample: &Sample<'_>, roles: &mut Roles, of_latency: &[usize]) {
    let is_free = |at: usize| !of_latency.contains(&at) && !roles.chosen.iter().any(|(chosen, _)| *chosen == at);
    let mut found: Vec<(usize, Tells, String)> = Vec::new();
    for (name, tells) in sample.dialect.map_or(&[][..], |dialect| dialect.outcomes) {
        if let Some(at) = sample.by_snake(name).filter(|at| is_free(*at)) {
            found.push((at, *tells, format!("{} has it here", sample.dialect.map_or("", |dialect| dialect.name))));
        }
    }
    for at in (0..sample.columns.len()).filter(|at| is_free(*at)) {
        let name = Name::of(&sample.columns[at].name);
        if found.iter().any(|(known, ..)| *known == at) {
            continue;
        }
        let Some((tells, is_exact)) = tells(&name) else { continue };
        let values = sample.values(at);
        let understood = values.iter().filter(|value| tells.verdict(value).is_some()).count();
        let is_outcome =
            understood > 0 && if is_exact { understood * 2 > values.len() } else { understood == values.len() };
        // A message is there only where something went wrong.
        if is_outcome || values.is_empty() && is_exact {
            found.push((at, tells, "its name".into()));
        } else if is_exact {
            let some: Vec<String> = values.iter().take(3).map(|value| format!("{value:?}")).collect();
            roles.notes.push(format!(
                "The column {} says no outcome that is known ({}): it is not taken.",
                sample.columns[at].name,
                some.join(", ")
            ));
        }
    }
    let seen = |found: &[(usize, Tells, String)], of: &dyn Fn(Tells) -> bool| {
        found.iter().any(|(at, tells, _)| sample.columns[*at].is_seen && of(*tells))
    };
    if !seen(&found, &|tells| matches!(tells, Tells::Status | Tells::ServerStatus | Tells::Grpc)) {
        found.extend(by_values(sample, &|at| is_free(at) && !found.iter().any(|(known, ..)| *known == at)));
    }
    if !seen(&found, &|tells| tells != Tells::Message)
        && let Some(at) =
            ["level", "severity", "severity_text", "log_level"].iter().find_map(|name| sample.by_snake(name))
    {
        found.push((at, Tells::Level, "nothing else says how a request ended".into()));
    }
    // What only refines a failure comes last.
    found.sort_by_key(|(_, tells, _)| *tells == Tells::Detail);
    for (at, tells, why) in found {
        roles.outcomes.push((at, tells));
        if sample.columns[at].is_seen {
            roles.take(sample, Role::Outcome, at, &why);
        }
    }
}

/// The fields in which objects tell of an error, as far as no row has had one: the first may fail later.
pub(super) fn of_errors_to_come(columns: &[Column]) -> Vec<Column> {
    let names = [
        "error",
        "err",
        "exception",
        "errorMessage",
        "error_message",
        "errorCode",
        "error_code",
        "statusCode",
        "status_code",
    ];
    let is_there = |name: &str| {
        columns
            .iter()
            .any(|column| matches!(&column.place, Place::Path(path) if path.first().is_some_and(|first| first == name)))
    };
    let unseen = names.into_iter().filter(|name| !is_there(name));
    unseen.map(|name| Column { name: name.into(), place: Place::Path(vec![name.into()]), is_seen: false }).collect()
}

/// A column whose values are statuses of HTTP, or words of outcomes, whatever it is called.
fn by_values(sample: &Sample<'_>, is_free: &dyn Fn(usize) -> bool) -> Vec<(usize, Tells, String)> {
    let mut found = Vec::new();
    for at in (0..sample.columns.len()).filter(|at| is_free(*at)) {
        let name = Name::of(&sample.columns[at].name);
        let is_amount = [
            "tokens", "token", "bytes", "size", "length", "count", "port", "id", "line", "duration", "latency", "time",
            "ms",
        ];
        if name.has_word(&ASIDE) || name.unit.is_some() || name.has_word(&is_amount) {
            continue;
        }
        let values = sample.values(at);
        let are_statuses = values.len() >= 5
            && values.iter().all(|value| is_status(value))
            && values.iter().any(|value| value.starts_with('2'));
        if are_statuses {
            found.push((at, Tells::Status, "its values are statuses of HTTP".into()));
            continue;
        }
        let flags = ["true", "false", "yes", "no", "done", "complete", "pass", "fine"];
        let word =
            |value: &String| by_word(&value.to_lowercase()).filter(|_| !flags.contains(&value.to_lowercase().as_str()));
        let are_words = values.len() >= 5 && values.iter().all(|value| word(value).is_some());
        if are_words && values.iter().any(|value| word(value) == Some(Verdict::Answered)) {
            found.push((at, Tells::Status, "its values are words of outcomes".into()));
        }
    }
    found
}

/// When a record was made, by name, the best first.
const TIMES: [&str; 22] = [
    "timestamp",
    "time",
    "datetime",
    "ts",
    "at",
    "event_timestamp",
    "time_stamp",
    "start_time",
    "started_at",
    "start_timestamp",
    "edge_start_timestamp",
    "start_time_unix_nano",
    "started_date_time",
    "created_at",
    "created",
    "start",
    "event_time",
    "time_local",
    "time_iso8601",
    "date",
    "start_utc",
    "logged_at",
];
const TOKENS_IN: [&str; 7] = [
    "prompt_tokens",
    "input_tokens",
    "context_tokens",
    "request_tokens",
    "tokens_in",
    "prompt_token_count",
    "usage_input",
];
const TOKENS_OUT: [&str; 7] = [
    "completion_tokens",
    "output_tokens",
    "generated_tokens",
    "response_tokens",
    "tokens_out",
    "candidates_token_count",
    "usage_output",
];
const COSTS: [&str; 5] = ["cost", "spend", "total_cost", "cost_usd", "calculated_total_cost"];

/// The time, the tokens and the cost.
fn others(sample: &Sample<'_>, roles: &mut Roles) -> Result<(), Wrong> {
    let known: Vec<Name> = sample.columns.iter().map(|column| Name::of(&column.name)).collect();
    let by_name = |stems: &[&str]| {
        let exact =
            stems.iter().find_map(|stem| known.iter().position(|name| name.stem == *stem || name.whole == *stem));
        exact.or_else(|| known.iter().position(|name| name.ends_in(stems)))
    };
    if roles.time.is_none() {
        let date = known.iter().position(|name| name.whole == "date");
        let hours = known.iter().position(|name| name.whole == "time");
        let of_dialect = sample.dialect.and_then(|dialect| dialect.time.or(dialect.ends.map(|ends| ends.0)));
        let found = match (of_dialect.and_then(|name| sample.by_snake(name)), date.zip(hours)) {
            (Some(at), _) => Some(vec![at]),
            (None, Some((date, hours))) => Some(vec![date, hours]),
            _ => by_name(&TIMES).map(|at| vec![at]),
        };
        let found = found.filter(|places| sample.rows.iter().any(|row| moment(sample, row, places).is_some()));
        if let Some(places) = found {
            for at in &places {
                roles.take(sample, Role::Time, *at, "its name");
            }
            let unit = known[places[0]].unit.filter(|_| places.len() == 1);
            roles.time = Some((places, unit));
        }
    }
    for (at, stems, role) in [(0, &TOKENS_IN, Role::TokensIn), (1, &TOKENS_OUT, Role::TokensOut)] {
        if roles.tokens[at].is_none()
            && let Some(column) = by_name(stems)
        {
            roles.tokens[at] = Some(column);
            roles.take(sample, role, column, "its name");
        }
    }
    if roles.cost.is_none()
        && let Some(column) = by_name(&COSTS)
    {
        roles.cost = Some(column);
        roles.take(sample, Role::Cost, column, "its name");
    }
    match (&roles.time, roles.latency.is_some()) {
        (None, false) => Err(Wrong::new("unclear which column says when requests came")
            .found(sample.list())
            .cure("add --columns time=NAME")),
        _ => Ok(()),
    }
}

fn moment(sample: &Sample<'_>, row: &Kept, places: &[usize]) -> Option<clock::Nanos> {
    let text: Vec<_> = places.iter().map(|at| row.row().get(&sample.columns[*at].place)).collect();
    clock::moment(&text.join(" "), None)
}
