//! Lines of servers: words apart by spaces, some of them in quotes or brackets, some of them `key=value`.

use super::name::snake;
use serde_json::{Map, Value};

/// The words of a line. What stands in quotes or brackets is one word, without them.
pub(super) fn words(line: &str) -> Vec<&str> {
    let bytes = line.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if matches!(bytes[at], b' ' | b'\t') {
            at += 1;
            continue;
        }
        let (from, to, next) = match bytes[at] {
            b'[' => until(bytes, at + 1, b']'),
            b'"' => until(bytes, at + 1, b'"'),
            _ => {
                let mut end = at;
                while end < bytes.len() && !matches!(bytes[end], b' ' | b'\t') {
                    // A quote in the middle begins the value of a key.
                    end = if bytes[end] == b'"' { until(bytes, end + 1, b'"').2 } else { end + 1 };
                }
                (at, end, end)
            }
        };
        out.push(line.get(from..to).unwrap_or_default());
        at = next;
    }
    out
}

/// From one place to the closing sign: where the inside begins and ends, and where the line goes on.
fn until(bytes: &[u8], from: usize, close: u8) -> (usize, usize, usize) {
    let mut at = from;
    while at < bytes.len() && bytes[at] != close {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (from, at.min(bytes.len()), (at + 1).min(bytes.len()))
}

const METHODS: [&str; 9] = ["GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "PATCH ", "OPTIONS ", "CONNECT ", "TRACE "];

fn is_request(word: &str) -> bool {
    METHODS.iter().any(|method| word.starts_with(method))
}

fn is_status(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a line is of a web server: a request, and a status right behind it.
pub(super) fn is_access(line: &str) -> bool {
    let words = words(line);
    is_balancer(&words) || words.windows(2).any(|pair| is_request(pair[0]) && is_status(pair[1]))
}

/// The names of the words of a line of a web server, by what they look like.
pub(super) fn access_header(line: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let (mut quoted, mut numbers) = (0, 0);
    let all = words(line);
    if is_balancer(&all) {
        return (0..all.len())
            .map(|at| BALANCER.get(at).map_or(format!("field_{}", at + 1), |name| (*name).into()))
            .collect();
    }
    let request = all.iter().position(|word| is_request(word));
    for (at, word) in all.iter().enumerate() {
        let behind = request.and_then(|request| at.checked_sub(request));
        let name = match behind {
            _ if pair(word).is_some() => pair(word).map(|(key, _)| snake(key)).unwrap_or_default(),
            None if word.contains('/') && word.contains(':') => "time".into(),
            None if at == 0 => "client".into(),
            None => format!("field_{}", at + 1),
            Some(0) => "request".into(),
            Some(1) => "status".into(),
            Some(2) => "bytes".into(),
            Some(_) if word.parse::<f64>().is_ok() || numbers > 0 && *word == "-" => {
                numbers += 1;
                if numbers == 1 { "time_behind".into() } else { format!("time_behind_{numbers}") }
            }
            Some(_) => {
                quoted += 1;
                ["referer", "user_agent"].get(quoted - 1).map_or(format!("field_{}", at + 1), |name| (*name).into())
            }
        };
        names.push(name);
    }
    names
}

/// The names of the words of a line of a load balancer of AWS.
const BALANCER: [&str; 14] = [
    "type",
    "time",
    "elb",
    "client",
    "target",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request",
    "user_agent",
];

/// Whether a line is of a load balancer of AWS: a kind, a time, and the name of the balancer.
fn is_balancer(words: &[&str]) -> bool {
    words.len() >= BALANCER.len()
        && words[1].contains('T')
        && (words[2].starts_with("app/") || words[2].starts_with("net/"))
}

/// Whether lines are a table whose columns are apart by spaces: words above, mostly numbers below, as many of each.
pub(super) fn are_columns(all: &[&str]) -> bool {
    let Some((first, rest)) = all.split_first() else { return false };
    let names = words(first);
    let are_names = names.len() > 1
        && names.iter().all(|name| !name.starts_with(|c: char| c.is_ascii_digit()) || name.contains('('));
    let is_row = |line: &&str| {
        let cells = words(line);
        let numbers = cells.iter().filter(|cell| cell.parse::<f64>().is_ok()).count();
        cells.len() == names.len() && numbers * 2 > cells.len()
    };
    are_names && !rest.is_empty() && rest.iter().take(20).all(is_row)
}

/// `key=value` or `key="value"`.
pub(super) fn pair(word: &str) -> Option<(&str, &str)> {
    let (key, value) = word.split_once('=')?;
    let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && key.len() <= 40;
    let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    (is_key && is_plain).then(|| (key, value.trim_matches('"')))
}

/// The pairs of a line that has nothing else but perhaps a time before them; at least two.
pub(super) fn pairs(line: &str) -> Option<Map<String, Value>> {
    let words = words(line);
    let first = words.iter().position(|word| pair(word).is_some())?;
    if first > 2 || words.len() - first < 2 {
        return None;
    }
    let mut map = Map::new();
    if first > 0 {
        map.insert("time".into(), words[..first].join(" ").into());
    }
    for word in &words[first..] {
        let (key, value) = pair(word)?;
        map.insert(key.into(), value.into());
    }
    Some(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "10.0.0.1 - bob [21/Sep/2026:12:00:00 +0000] \"POST /plan HTTP/1.1\" 200 812 \"-\" \"a \\\"b\\\" c\" 1.358 rt=1.359 urt=\"0.5\"";

    #[test]
    fn words_know_quotes_and_brackets() {
        let found = words(LINE);
        assert_eq!(found[3..5], ["21/Sep/2026:12:00:00 +0000", "POST /plan HTTP/1.1"]);
        assert_eq!(found[8], "a \\\"b\\\" c");
        assert_eq!(pair(found[11]), Some(("urt", "0.5")));
        assert_eq!(words("\"open [x"), ["open [x"]);
        assert!(is_access(LINE) && !is_access("GET / 200"));
    }

    #[test]
    fn words_have_names_by_what_they_are() {
        let names = [
            "client",
            "field_2",
            "field_3",
            "time",
            "request",
            "status",
            "bytes",
            "referer",
            "user_agent",
            "time_behind",
            "rt",
            "urt",
        ];
        assert_eq!(access_header(LINE), names);
    }

    #[test]
    fn pairs_are_fields() {
        let map = pairs("2026-09-21T12:00:00Z level=info dur=1.5s msg=\"all good\"").unwrap();
        assert_eq!(
            (&map["time"], &map["dur"], &map["msg"]),
            (&"2026-09-21T12:00:00Z".into(), &"1.5s".into(), &"all good".into())
        );
        assert!(pairs("a = b").is_none() && pairs("x=1").is_none() && pairs("some words=1 and more").is_none());
    }
}
