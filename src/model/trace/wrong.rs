//! Problems of a line of a trace, in terms of the file.

use crate::model::fields::did_you_mean;
use crate::model::problems::Complaint;
use serde_json::{Error, Map, Value, error::Category};

/// What a key holds.
#[derive(Clone, Copy)]
enum Holds {
    Number,
    Text,
    Whole,
    Truth,
    Calls,
}

/// The keys of a line, and whether each is required.
const LINE: [(&str, Holds, bool); 4] = [
    ("at_s", Holds::Number, true),
    ("class", Holds::Text, false),
    ("isolate", Holds::Whole, false),
    ("calls", Holds::Calls, false),
];

/// The same of an attempt.
const ATTEMPT: [(&str, Holds, bool); 3] =
    [("latency_s", Holds::Number, true), ("outcome", Holds::Text, true), ("request_error", Holds::Truth, false)];

/// The byte in the line where it is wrong, and the complaint.
pub(super) fn explain(text: &str, error: &Error) -> (usize, Complaint) {
    let at = error.column().saturating_sub(1);
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(line)) => match line_of(&line) {
            Err(complaint) => (place(text, &complaint.what), complaint),
            // A number that JSON can say and no trace has.
            Ok(()) => (at, Complaint::new("a duplicate key, or a number out of range")),
        },
        Ok(other) => (0, Complaint::new("not a JSON object").found(describe(&other)).allowed(EXAMPLE)),
        Err(broken) => {
            let what = match broken.classify() {
                Category::Eof => "the line ends inside its JSON",
                _ if broken.to_string().starts_with("trailing characters") => "more than one JSON object in a line",
                _ if broken.to_string().starts_with("number out of range") => "a number out of range",
                _ => "not valid JSON from here on",
            };
            (broken.column().saturating_sub(1), Complaint::new(what).allowed(EXAMPLE))
        }
    }
}

/// The byte at which the key of a clause stands; 0 if the line does not contain it.
fn place(text: &str, what: &str) -> usize {
    let path = what.split(": ").next().unwrap_or_default();
    let key = path.rsplit('.').next().unwrap_or_default();
    text.find(&format!("\"{key}\"")).unwrap_or(0)
}

const EXAMPLE: &str = "a line such as {\"at_s\": 12.5, \"calls\": [[{\"latency_s\": 6.1, \"outcome\": \"ok\"}]]}";

fn line_of(line: &Map<String, Value>) -> Result<(), Complaint> {
    keys("", line, &LINE)?;
    let calls = line["calls"].as_array().into_iter().flatten();
    for (position, call) in calls.enumerate() {
        let attempts = call.as_array().ok_or_else(|| {
            Complaint::new(format!("calls[{position}]: not a list of attempts")).found(describe(call)).allowed(EXAMPLE)
        })?;
        for (n, attempt) in attempts.iter().enumerate() {
            let path = format!("calls[{position}][{n}]");
            let object = attempt.as_object().ok_or_else(|| {
                Complaint::new(format!("{path}: not an attempt")).found(describe(attempt)).allowed(EXAMPLE)
            })?;
            keys(&format!("{path}."), object, &ATTEMPT)?;
        }
    }
    Ok(())
}

fn keys(path: &str, object: &Map<String, Value>, known: &[(&str, Holds, bool)]) -> Result<(), Complaint> {
    let names: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
    for (key, value) in object {
        let Some((_, holds, must)) = known.iter().find(|(name, ..)| name == key) else {
            return Err(Complaint::new(format!("{path}{key}: not a key of a trace"))
                .allowed(names.join(", "))
                .cure(meant(key).map_or_else(|| did_you_mean(key, &names), |meant| format!("write `{meant}`"))));
        };
        let fits = match holds {
            Holds::Number => value.is_number(),
            Holds::Text => value.is_string(),
            Holds::Whole => value.as_u64().is_some_and(|n| u32::try_from(n).is_ok()),
            Holds::Truth => value.is_boolean(),
            Holds::Calls => value.is_array(),
        };
        if !fits && (*must || !value.is_null()) {
            let allowed = match holds {
                Holds::Number => "a number of seconds, without quotes, such as 12.5",
                Holds::Text => "a word in quotes",
                Holds::Whole => "a whole number from 0",
                Holds::Truth => "true or false",
                Holds::Calls => "a list of calls, each a list of attempts",
            };
            let wrong = Complaint::new(format!("{path}{key}: wrong type"));
            return Err(wrong.found(describe(value)).allowed(allowed));
        }
    }
    match known.iter().find(|(name, _, must)| *must && !object.contains_key(*name)) {
        Some((name, ..)) => Err(Complaint::new(format!("{path}{name}: missing")).allowed(EXAMPLE)),
        None => Ok(()),
    }
}

/// The key that an alias stands for.
fn meant(key: &str) -> Option<&'static str> {
    Some(match key {
        "at" | "time" | "ts" | "timestamp" | "t" | "start" | "at_ms" | "arrival" => "at_s",
        "latency" | "latency_ms" | "duration" | "duration_s" | "duration_ms" | "elapsed" | "time_s" => "latency_s",
        "status" | "result" | "error" | "state" => "outcome",
        "user" | "kind" | "type" => "class",
        "attempts" | "requests" | "steps" => "calls",
        _ => return None,
    })
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) if !number.is_f64() => format!("the number {number}"),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            format!("the number {}", crate::model::tree::plain(number))
        }
        Value::String(text) => format!("the text {:?}", text.chars().take(60).collect::<String>()),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(_) => "an object".into(),
    }
}
