//! JSON documents that hold many records: traces of OpenTelemetry and Jaeger, HAR, hyperfine, pages of an API. Each is
//! taken apart into rows of plain names.

use serde_json::{Map, Value};

/// A row of a document.
pub(super) type Object = Map<String, Value>;

/// Keys under which an API puts the rows of a page.
const LISTS: [&str; 13] = [
    "data", "rows", "records", "Records", "items", "entries", "results", "result", "spans", "traces", "events", "logs",
    "value",
];

/// The rows in a value, and what the document is, where it is one that has a name. A value that is itself a row is given
/// back.
pub(super) fn rows(value: Value) -> (Option<&'static str>, Vec<Object>) {
    let Value::Object(mut map) = value else { return (None, Vec::new()) };
    if let Some(Value::Array(list)) = map.remove("resourceSpans").or_else(|| map.remove("resource_spans")) {
        return (Some("OTLP JSON"), list.into_iter().flat_map(spans_of).collect());
    }
    if let Some(Value::Object(log)) = map.get_mut("log")
        && let Some(Value::Array(entries)) = log.remove("entries")
    {
        return (Some("HAR"), objects(entries).map(har).collect());
    }
    if map.get("results").and_then(|list| list.get(0)).is_some_and(|one| one.get("times").is_some()) {
        let Some(Value::Array(list)) = map.remove("results") else { return (None, Vec::new()) };
        return (Some("hyperfine JSON"), objects(list).flat_map(hyperfine).collect());
    }
    if let Some(Value::Array(list)) = map.get_mut("data").and_then(|data| data.get_mut("result")) {
        let list = std::mem::take(list);
        return (Some("Prometheus JSON"), objects(list).map(prometheus).collect());
    }
    if let Some(Value::Array(calls)) = map.get("calls") {
        let attempts = calls.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_object).cloned();
        return (Some("a trace of capsim"), attempts.collect());
    }
    let is_page = map.len() <= 8 && !map.contains_key("outcome");
    let list = LISTS.iter().find(|key| is_page && map.get(**key).is_some_and(is_list));
    match list.and_then(|key| map.remove(*key)) {
        Some(Value::Array(list)) => {
            let mut all = Vec::new();
            for object in objects(list) {
                all.extend(of_page(object));
            }
            let is_jaeger = all.first().is_some_and(|row: &Object| row.contains_key("operationName"));
            (is_jaeger.then_some("Jaeger JSON"), all)
        }
        _ => (None, vec![map]),
    }
}

fn is_list(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.first().is_none_or(Value::is_object))
}

fn objects(list: Vec<Value>) -> impl Iterator<Item = Object> {
    list.into_iter().filter_map(|value| match value {
        Value::Object(map) => Some(map),
        _ => None,
    })
}

/// A trace of Jaeger holds spans, a bucket of an account holds results; another object is a row.
fn of_page(mut object: Object) -> Vec<Object> {
    if let Some(Value::Array(spans)) = object.remove("spans") {
        return objects(spans).map(jaeger).collect();
    }
    match object.get("results") {
        Some(Value::Array(list)) if object.contains_key("start_time") => {
            let list = list.clone();
            object.remove("results");
            objects(list).map(|result| object.clone().into_iter().chain(result).collect()).collect()
        }
        _ => vec![object],
    }
}

/// The spans of one resource.
fn spans_of(resource: Value) -> Vec<Object> {
    let Value::Object(mut resource) = resource else { return Vec::new() };
    let mut service = Object::new();
    if let Some(Value::Object(mut about)) = resource.remove("resource") {
        attributes(about.remove("attributes"), &mut service);
        service.retain(|name, _| name == "service.name");
    }
    let scopes =
        ["scopeSpans", "scope_spans", "instrumentationLibrarySpans"].into_iter().find_map(|key| resource.remove(key));
    let Some(Value::Array(scopes)) = scopes else { return Vec::new() };
    let spans = objects(scopes).flat_map(|mut scope| match scope.remove("spans") {
        Some(Value::Array(spans)) => objects(spans).collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    spans.map(|span| otlp(span, &service)).collect()
}

fn otlp(mut span: Object, service: &Object) -> Object {
    let mut row = service.clone();
    let mut take = |names: [&str; 2], to: &str| {
        if let Some(value) = names.into_iter().find_map(|name| span.remove(name)) {
            row.insert(to.into(), value);
        }
    };
    take(["name", "name"], "name");
    take(["kind", "kind"], "kind");
    take(["traceId", "trace_id"], "traceId");
    take(["spanId", "span_id"], "spanId");
    take(["parentSpanId", "parent_span_id"], "parentSpanId");
    take(["startTimeUnixNano", "start_time_unix_nano"], "startTimeUnixNano");
    take(["endTimeUnixNano", "end_time_unix_nano"], "endTimeUnixNano");
    let status = span.remove("status").unwrap_or_default();
    let code = match status.get("code") {
        Some(Value::Number(code)) if code.as_u64() == Some(2) => "error".into(),
        Some(Value::Number(code)) if code.as_u64() == Some(1) => "ok".into(),
        Some(Value::String(code)) => code.clone(),
        _ => String::new(),
    };
    row.insert("status".into(), Value::String(code));
    if let Some(message) = status.get("message") {
        row.insert("status.message".into(), message.clone());
    }
    if let Some(Value::Number(kind)) = row.get("kind") {
        let kinds = ["", "internal", "server", "client", "producer", "consumer"];
        let kind = kind.as_u64().and_then(|kind| kinds.get(kind as usize)).copied().unwrap_or_default();
        row.insert("kind".into(), kind.into());
    } else if let Some(Value::String(kind)) = row.get_mut("kind") {
        *kind = kind.trim_start_matches("SPAN_KIND_").to_lowercase();
    }
    attributes(span.remove("attributes"), &mut row);
    row
}

/// `[{"key": "http.route", "value": {"stringValue": "/plan"}}]` as names and values; a plain object as it is.
fn attributes(list: Option<Value>, row: &mut Object) {
    match list {
        Some(Value::Array(list)) => {
            for mut pair in objects(list) {
                let Some(Value::String(key)) = pair.remove("key") else { continue };
                let value = match pair.remove("value") {
                    Some(Value::Object(typed)) => typed.into_iter().next().map(|(_, value)| value),
                    other => other,
                };
                row.entry(key).or_insert(value.unwrap_or_default());
            }
        }
        Some(Value::Object(map)) => {
            for (key, value) in map {
                row.entry(key).or_insert(value);
            }
        }
        _ => {}
    }
}

/// A series: its labels and its last value.
fn prometheus(mut series: Object) -> Object {
    let last = series.remove("value").or_else(|| series.remove("values")?.as_array()?.last().cloned());
    let mut row = match series.remove("metric") {
        Some(Value::Object(labels)) => labels,
        _ => Object::new(),
    };
    row.insert("value".into(), last.and_then(|pair| pair.get(1).cloned()).unwrap_or_default());
    row
}

fn jaeger(mut span: Object) -> Object {
    attributes(span.remove("tags"), &mut span);
    span.retain(|name, _| !matches!(name.as_str(), "logs" | "references" | "process" | "warnings"));
    span
}

/// An entry of a browser's log: its time in milliseconds, and the status.
fn har(entry: Object) -> Object {
    let mut row = Object::new();
    for (from, to) in [("startedDateTime", "startedDateTime"), ("time", "time"), ("_resourceType", "type")] {
        if let Some(value) = entry.get(from) {
            row.insert(to.into(), value.clone());
        }
    }
    let of = |object: &str, key: &str| entry.get(object).and_then(|object| object.get(key)).cloned();
    row.insert("status".into(), of("response", "status").unwrap_or_default());
    row.insert("error".into(), of("response", "_error").unwrap_or_default());
    row.insert("url".into(), of("request", "url").unwrap_or_default());
    row.insert("method".into(), of("request", "method").unwrap_or_default());
    row
}

/// A benchmark: each of its runs is a row.
fn hyperfine(mut result: Object) -> Vec<Object> {
    let command = result.remove("command").unwrap_or_default();
    let codes = result.remove("exit_codes");
    let Some(Value::Array(times)) = result.remove("times") else { return Vec::new() };
    let row = |(at, time): (usize, Value)| {
        let code = codes.as_ref().and_then(|codes| codes.get(at)).and_then(Value::as_i64);
        let outcome = if code.is_none_or(|code| code == 0) { "ok" } else { "failed" };
        let fields = [("command", command.clone()), ("time_s", time), ("outcome", outcome.into())];
        fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    };
    times.into_iter().enumerate().map(row).collect()
}
