//! One small file of each format, made by hand. All tell the same story: ten answers of 1.0 to 5.5 s, one request that
//! somebody gave up on after 3 s, one failure after 4 ms; or the percentiles of a thousand requests.

use capsim::experiment;
use capsim::model::{Measured, Problems, Reading, Source, measurements, measurements_from};
use capsim::policy::Fault;
use capsim::records::{Asked, Record, Role, read};
use capsim::units::Span;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs").join(name)).unwrap()
}

fn measured(bytes: Vec<u8>, reading: &Reading) -> Result<Measured, Problems> {
    measurements(&Source { name: "log".into(), bytes, directory: "".into() }, reading)
}

fn said(bytes: Vec<u8>, reading: &Reading) -> String {
    match measured(bytes, reading) {
        Ok(measured) => panic!("an answer: {measured:?}"),
        Err(problems) => problems.to_string(),
    }
}

fn with(columns: &[(Role, &str)]) -> Reading {
    let columns = columns.iter().map(|(role, name)| (*role, (*name).to_string())).collect();
    Reading { asked: Asked { columns, ..Asked::latencies() }, ..Reading::default() }
}

fn seconds(x: f64) -> Span {
    Span::from_secs_f64(x).unwrap()
}

/// File, format, the column of the latency, and the failure; none where the form cannot say how a request ended.
const FORMATS: [(&str, &str, &str, Option<Fault>); 39] = [
    ("ab.tsv", "ab -g (TSV)", "ttime", None),
    ("analytics-engine.json", "JSON objects one after another", "latency_ms", Some(Fault::Overloaded)),
    ("apache.log", "lines of a web server", "time_behind", Some(Fault::Overloaded)),
    ("array.json", "a JSON array", "latencyMs", Some(Fault::Overloaded)),
    (
        "balancer.log",
        "a load balancer of AWS (lines of a web server)",
        "target_processing_time",
        Some(Fault::Overloaded),
    ),
    ("bom.csv", "CSV", "Latency (ms)", Some(Fault::Overloaded)),
    ("browser.har", "HAR", "time", Some(Fault::Overloaded)),
    ("camel.jsonl", "JSON Lines", "durationMs", Some(Fault::Overloaded)),
    ("camel.jsonl.gz", "JSON Lines in gzip", "durationMs", Some(Fault::Overloaded)),
    ("camel.jsonl.zst", "JSON Lines in zstd", "durationMs", Some(Fault::Overloaded)),
    ("cloudfront.log", "CloudFront (W3C)", "time-taken", Some(Fault::Overloaded)),
    ("hey.csv", "hey CSV", "response-time", Some(Fault::Overloaded)),
    ("iis.log", "IIS (W3C)", "time-taken", Some(Fault::Overloaded)),
    ("jaeger.json", "Jaeger JSON", "duration", Some(Fault::Overloaded)),
    ("jmeter.jtl", "JMeter JTL (CSV)", "elapsed", Some(Fault::Overloaded)),
    ("jmeter.xml", "JMeter JTL (JMeter XML)", "elapsed", Some(Fault::Overloaded)),
    ("k6.csv", "k6 CSV", "metric_value", Some(Fault::Overloaded)),
    ("k6.jsonl", "k6 JSON", "data.value", Some(Fault::Overloaded)),
    ("langfuse.json", "Langfuse (JSON objects one after another)", "startTime", Some(Fault::Overloaded)),
    ("litellm.csv", "LiteLLM (CSV)", "startTime", Some(Fault::ServerError)),
    ("logfmt.log", "lines of key=value", "duration", Some(Fault::Overloaded)),
    ("logpush.jsonl", "Logpush HTTP requests (JSON Lines)", "EdgeStartTimestamp", Some(Fault::Overloaded)),
    ("nginx.log", "lines of a web server", "time_behind", Some(Fault::Overloaded)),
    ("nginx-rt.log", "lines of a web server", "rt", Some(Fault::Overloaded)),
    ("nginx.jsonl", "a log of nginx (JSON Lines)", "request_time", Some(Fault::Overloaded)),
    ("oha.csv", "oha CSV", "request-duration", Some(Fault::Overloaded)),
    ("otlp.json", "OTLP JSON", "startTimeUnixNano", Some(Fault::Overloaded)),
    ("pretty.json", "pino (JSON objects one after another)", "responseTime", Some(Fault::Overloaded)),
    ("semicolons.csv", "CSV with semicolons", "Latency (s)", Some(Fault::Overloaded)),
    ("sentry.csv", "Sentry (CSV)", "transaction.duration", Some(Fault::Overloaded)),
    ("sentry-events.jsonl", "Sentry events (JSON Lines)", "start_timestamp", Some(Fault::ServerError)),
    ("suffix.txt", "a number a line", "value", None),
    ("thousands.csv", "CSV", "Latency (ms)", Some(Fault::Overloaded)),
    ("trace.jsonl", "a trace of capsim", "latency_s", Some(Fault::Overloaded)),
    ("traefik.jsonl", "Traefik (JSON Lines)", "Duration", Some(Fault::Overloaded)),
    ("utf16.csv", "CSV in UTF-16", "Latency (ms)", Some(Fault::Overloaded)),
    ("vegeta.csv", "vegeta (CSV without a header)", "latency", Some(Fault::Overloaded)),
    ("vegeta.jsonl", "vegeta (JSON Lines)", "latency", Some(Fault::Overloaded)),
    ("wrangler-tail.json", "wrangler tail (JSON objects one after another)", "wallTime", Some(Fault::Overloaded)),
];

/// The ten answers.
fn answers() -> Vec<Span> {
    (2..=11).map(|half| seconds(f64::from(half) / 2.0)).collect()
}

#[test]
fn every_format_tells_the_same_story() {
    for (file, format, column, fault) in FORMATS {
        let found = measured(bytes(file), &Reading::default()).unwrap_or_else(|problems| panic!("{file}: {problems}"));
        let account = &found.account;
        assert_eq!(account.format, format, "{file}");
        assert_eq!(account.taken[0].column, column, "{file}: {account:?}");
        let answered: Vec<Span> = found.all.answered.counts().iter().map(|(span, _)| *span).collect();
        assert_eq!((found.all.answered.len(), answered), (10, answers()), "{file}");
        let cut: Vec<(Span, u64)> = fault.iter().map(|_| (seconds(3.0), 1)).collect();
        assert_eq!(found.all.cut.counts(), cut, "{file}");
        assert_eq!(found.all.faults, fault.map(|fault| (fault, 1)).into_iter().collect::<Vec<_>>(), "{file}");
        assert_eq!((account.rows, account.broken), (if fault.is_some() { 12 } else { 10 }, 0), "{file}");
    }
}

#[test]
fn formats_with_peculiarities() {
    let of =
        |file: &str, reading: &Reading| measured(bytes(file), reading).unwrap_or_else(|why| panic!("{file}: {why}"));
    // No unit anywhere: it is asked for.
    let unit = Reading { asked: Asked { unit: Some(1.0), ..Asked::latencies() }, ..Reading::default() };
    assert_eq!(of("plain.txt", &unit).all.answered.len(), 10);
    assert!(said(bytes("plain.txt"), &Reading::default()).contains("add --unit s"));
    let milliseconds = Reading { asked: Asked { unit: Some(1e-3), ..Asked::latencies() }, ..Reading::default() };
    let known = of("hdr.hgrm", &milliseconds).all.grouped.unwrap();
    assert_eq!(known.points[2], (0.95, seconds(5.0)));
    // A benchmark has no timeouts.
    let runs = of("hyperfine.json", &Reading::default());
    assert_eq!((runs.account.format.as_str(), runs.all.answered.len()), ("hyperfine JSON", 10));
    assert_eq!(runs.all.faults, [(Fault::ServerError, 1)]);
    // An invocation that the platform ended is a failure, one that the client left is none.
    let workers = of("workers-trace-events.jsonl", &Reading::default());
    assert_eq!((workers.all.cut.len(), &workers.all.faults[..]), (1, &[(Fault::ServerError, 1)][..]));
    assert_eq!(of("nginx.jsonl", &Reading::default()).account.taken.len(), 2, "what is upstream is aside");
    // What encloses the calls of a model is not taken for one; it can be asked for.
    let spans = of("otlp.json", &Reading::default());
    assert_eq!(spans.account.left_out, [("of another gen_ai.operation.name".to_string(), 12)]);
    let asked = Asked { chosen: vec![("name".into(), "POST /plan".into())], ..Asked::latencies() };
    let outer = of("otlp.json", &Reading { asked, ..Reading::default() });
    assert_eq!(outer.all.answered.counts()[0].0, seconds(0.204), "without a status it is no failure");
}

/// The percentiles are those of a thousand requests: 2 s and 5 s at 50 and 95 %.
#[test]
fn percentiles_and_histograms_are_laws() {
    for (file, format, count) in [
        ("ab-percentiles.csv", "CSV", None),
        ("k6-summary.json", "the summary of k6 (JSON objects one after another)", Some(1000)),
        ("locust_stats.csv", "Locust (CSV)", Some(1000)),
        ("oha.json", "oha JSON (JSON objects one after another)", Some(1000)),
        ("prometheus.json", "Prometheus JSON", Some(1000)),
        ("prometheus.txt", "metrics of Prometheus", Some(1000)),
        ("vegeta-report.json", "the report of vegeta (JSON Lines)", Some(1000)),
    ] {
        let found = measured(bytes(file), &Reading::default()).unwrap_or_else(|problems| panic!("{file}: {problems}"));
        assert_eq!(found.account.format, format, "{file}");
        let known = found.all.grouped.clone().unwrap();
        assert_eq!(known.count, count, "{file}");
        let at = |share: f64| known.points.iter().find(|(p, _)| (p - share).abs() < 1e-9).map(|(_, at)| at.secs());
        assert_eq!(at(0.95), Some(5.0), "{file}: {known:?}");
        assert_eq!(at(0.5), Some(2.0).filter(|_| !known.are_bounds), "{file}: {known:?}");
        let fit = experiment::fit(found.all).unwrap();
        let (p95, ci95) = fit.observed[2].unwrap();
        assert!((p95 - 5.0).abs() < 1e-9, "{file}: {p95}");
        if let Some((low, high)) = ci95 {
            assert!(low <= p95 && p95 <= high, "{file}");
        }
        // 60 % of the histogram are within 2.5 s, 10 % within 1 s: straight between them.
        let p50 = if known.are_bounds { 1.0 + 1.5 * 0.8 } else { 2.0 };
        assert!((fit.observed[0].unwrap().0 - p50).abs() < 1e-9, "{file}");
    }
}

#[test]
fn what_has_no_latencies_says_what_it_has() {
    for (file, words) in [
        ("burstgpt.csv", "this is BurstGPT, and it has arrivals and tokens"),
        ("azure.csv", "this is Azure LLM inference, and it has arrivals and tokens"),
        ("openai-usage.json", "it counts requests and tokens by the day or the hour"),
    ] {
        let said = said(bytes(file), &Reading::default());
        assert!(said.contains(words), "{file}: {said}");
    }
    let mut found: Vec<Record> = Vec::new();
    read(&bytes("azure.csv")[..], &Asked::arrivals(), &mut |record| found.push(record)).unwrap();
    let since = |n: usize| found[n].at.unwrap() - found[0].at.unwrap();
    assert_eq!((since(1), since(2)), (4_314_579_000, 4_541_977_000));
    assert_eq!(found[1].tokens, [Some(396), Some(109)]);
    found.clear();
    read(&bytes("burstgpt.csv")[..], &Asked::arrivals(), &mut |record| found.push(record)).unwrap();
    assert_eq!(
        found.iter().map(|record| record.at.unwrap()).collect::<Vec<_>>(),
        [5, 45, 118].map(|s| s * 1_000_000_000)
    );
    assert_eq!(found[2].tokens, [Some(417), Some(276)]);
}

/// Whatever is cut off a file: either it is said, or what is missing is whole rows of a form without an end.
#[test]
fn a_cut_file_gives_no_silent_answer() {
    for (file, ..) in FORMATS {
        let whole = bytes(file);
        let all = measured(whole.clone(), &Reading::default()).unwrap();
        for share in 1..20 {
            let cut = whole[..whole.len() * share / 20].to_vec();
            let ends_a_row = cut.ends_with(b"\n") || file == "utf16.csv" && cut.ends_with(b"\n\0");
            match measured(cut, &Reading::default()) {
                Err(_) => {}
                Ok(found) => {
                    let packed = file.ends_with(".gz")
                        || file.ends_with(".zst")
                        || file.ends_with(".har")
                        || file.ends_with(".xml");
                    let has_an_end = packed
                        || matches!(
                            file,
                            "array.json" | "otlp.json" | "jaeger.json" | "langfuse.json" | "analytics-engine.json"
                        );
                    assert!(!has_an_end, "{file} cut to {share}/20 gives an answer");
                    let is_less = found.account.rows < all.account.rows;
                    assert!(is_less || found.account.broken > 0 || ends_a_row, "{file} cut to {share}/20");
                }
            }
        }
    }
}

/// A line that is cut off is counted and shown, and fatal where there are too many such.
#[test]
fn broken_rows_are_counted_and_the_first_are_shown() {
    let rows = |bad: usize| {
        let good: String = (0..100).map(|i| format!("{{\"ms\": {}, \"status\": 200}}\n", 1000 + i)).collect();
        (good + &"{\"ms\": 12, \"stat\n".repeat(bad)).into_bytes()
    };
    let found = measured(rows(3), &Reading::default()).unwrap();
    assert_eq!((found.account.rows, found.account.broken, found.account.first_broken.len()), (100, 3, 3));
    assert_eq!(
        (found.account.first_broken[0].line, found.account.first_broken[0].shown.as_str()),
        (101, "{\"ms\": 12, \"stat")
    );
    let said = said(rows(6), &Reading::default());
    assert!(said.contains("6 of 106 rows cannot be read (5.66 %, and 5 % may be: --broken SHARE)"), "{said}");
    assert!(said.contains("{\"ms\": 12, \"stat") && said.contains("the line ends inside its JSON"), "{said}");
    let more = Reading { asked: Asked { broken: 0.1, ..Asked::latencies() }, ..Reading::default() };
    assert_eq!(measured(rows(6), &more).unwrap().account.broken, 6);
}

#[test]
fn damage_is_said() {
    for (file, at) in [("camel.jsonl.gz", 60), ("camel.jsonl.zst", 60)] {
        let mut damaged = bytes(file);
        let middle = damaged.len() * at / 100;
        damaged[middle] ^= 0x10;
        let said = said(damaged, &Reading::default());
        assert!(
            said.contains("damaged") || said.contains("cut off") || said.contains("rows cannot be read"),
            "{file}: {said}"
        );
    }
    // An array that ends between two of its elements.
    let rows: String = (0..30).map(|i| format!("{{\"ms\": {}}},\n", 1000 + i)).collect();
    let cut = self::said(format!("[{rows}").into_bytes(), &Reading::default());
    assert!(cut.contains("the file ends inside its JSON array: it was cut off"), "{cut}");
    // Two packed files one after another are one.
    let twice = [bytes("camel.jsonl.zst"), bytes("camel.jsonl.zst")].concat();
    assert_eq!(measured(twice, &Reading::default()).unwrap().account.rows, 24);
    let said = said(b"PK\x03\x04 and so on".to_vec(), &Reading::default());
    assert!(said.contains("a ZIP archive or a spreadsheet: unpack or export it first"), "{said}");
    // A quote that is never closed would swallow the rest.
    let mut rows = String::from("id,ms\n1,\"200\n");
    (0..400).for_each(|i| rows += &format!("{i},{}\n", 300 + i));
    assert!(self::said(rows.into_bytes(), &Reading::default()).contains("a quote is opened on this line"));
}

#[test]
fn columns_are_as_asked() {
    let rows: String =
        (1..40).map(|i| format!("{i},{},{}\n", i * 100, if i % 10 == 0 { "gone" } else { "fine" })).collect();
    let text = format!("id,took_ms,how\n{rows}").into_bytes();
    let found = measured(text.clone(), &with(&[(Role::Latency, "id")])).map(|_| ());
    assert!(found.unwrap_err().to_string().contains("a number without a unit"), "1 to 39 of what?");
    let wrong = said(text.clone(), &with(&[(Role::Latency, "tok_ms")]));
    assert!(wrong.contains("no column is named \"tok_ms\"") && wrong.contains("did you mean `took_ms`?"), "{wrong}");
    assert!(wrong.contains("id, took_ms, how"), "{wrong}");
    let wrong = said(text.clone(), &with(&[(Role::Outcome, "how")]));
    assert!(wrong.contains("unknown outcome"), "gone is no word of outcomes: {wrong}");
    let found = measured(text, &with(&[(Role::Latency, "2")])).unwrap();
    assert_eq!(found.account.taken[0].why, "asked for; in ms, by its name");
    // Between two columns.
    let spans = "a,b\n2026-09-21T12:00:00Z,2026-09-21T12:00:01.5Z\n".to_string();
    let found = measured(spans.into_bytes(), &with(&[(Role::Start, "a"), (Role::End, "b")])).unwrap();
    assert_eq!(found.all.answered.counts(), [(seconds(1.5), 1)]);
}

/// Outcomes are known by what they are, whatever the column is called.
#[test]
fn failures_are_found_under_any_name() {
    for (name, good, bad) in [
        ("antwort", "200", "503"),
        ("x", "ok", "overloaded"),
        ("upshot", "success", "service_unavailable"),
        ("http.response.status_code", "200", "529"),
        ("grpc-status", "0", "14"),
        ("error", "", "503 Service Unavailable"),
    ] {
        let rows: String = (0..40).map(|i| format!("{},{}\n", 1000 + i, if i % 4 == 0 { bad } else { good })).collect();
        let found = measured(format!("latency_ms,{name}\n{rows}").into_bytes(), &Reading::default()).unwrap();
        assert_eq!((found.all.answered.len(), &found.all.faults[..]), (30, &[(Fault::Overloaded, 10)][..]), "{name}");
    }
    // An error that comes when the columns have long been decided on.
    let row = |i: u32| {
        if i < 3000 {
            format!("{{\"ms\": {}}}\n", 1000 + i)
        } else {
            "{\"ms\": 4, \"error\": {\"message\": \"overloaded\"}}\n".into()
        }
    };
    let found = measured((0..3010).map(row).collect::<String>().into_bytes(), &Reading::default()).unwrap();
    assert_eq!((found.all.answered.len(), &found.all.faults[..]), (3000, &[(Fault::Overloaded, 10)][..]));
    assert_eq!(found.account.taken.len(), 1, "what no row had is no column");
    // A column of something else is none.
    for (name, value) in
        [("tokens", "200"), ("plan", "gold"), ("cache", "hit"), ("country_code", "200"), ("paid", "true")]
    {
        let rows: String = (0..40).map(|i| format!("{},{value}\n", 1000 + i)).collect();
        let found = measured(format!("latency_ms,{name}\n{rows}").into_bytes(), &Reading::default()).unwrap();
        assert_eq!((found.all.answered.len(), found.account.taken.len()), (40, 1), "{name}");
    }
}

#[test]
fn units_come_from_names_values_and_sizes() {
    let middle = |header: &str, value: &dyn Fn(u32) -> String| {
        let rows: String = (0..21).map(|i| format!("{},200\n", value(i))).collect();
        let found = measured(format!("{header},status\n{rows}").into_bytes(), &Reading::default())?;
        let all: Vec<Span> = found.all.answered.counts().iter().map(|(span, _)| *span).collect();
        Ok::<_, Problems>((all[all.len() / 2].secs(), found.account.notes))
    };
    for (header, scale) in [
        ("duration_ms", 1e3),
        ("durationMillis", 1e3),
        ("Duration (s)", 1.0),
        ("elapsed_seconds", 1.0),
        ("latency_us", 1e6),
        ("duration_nano", 1e9),
    ] {
        let (found, notes) = middle(header, &|i| format!("{}", (1.0 + f64::from(i) / 10.0) * scale)).unwrap();
        assert!((found - 2.0).abs() < 1e-9 && notes.is_empty(), "{header}: {found} {notes:?}");
    }
    for (value, seconds) in [("ms", 0.011), ("s", 11.0), (" µs", 1.1e-5), ("m", 660.0)] {
        assert_eq!(middle("duration", &|i| format!("{i}{value}", i = i + 1)).unwrap().0, seconds, "{value}");
    }
    // By size, and then it is said.
    for (value, seconds) in [(1e3, 2.0), (1e6, 2.0), (1e9, 2.0)] {
        let (found, notes) = middle("duration", &|i| format!("{}", (1.0 + f64::from(i) / 10.0) * value)).unwrap();
        assert!(
            (found - seconds).abs() < 1e-9 && notes[0].contains("The unit of duration is not said"),
            "{found} {notes:?}"
        );
    }
    // 12 may be seconds of a model, or milliseconds of a cache.
    let refused = middle("duration", &|i| format!("{}", 2 + i)).unwrap_err().to_string();
    assert!(refused.contains("a number without a unit") && refused.contains("add --unit s"), "{refused}");
}

/// A log that does not end in memory: rows are made as they are read, and none is kept.
#[test]
fn a_long_log_streams() {
    struct Rows(u32, Vec<u8>);
    impl Read for Rows {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            if self.1.is_empty() && self.0 < 200_000 {
                self.0 += 1;
                writeln!(
                    self.1,
                    "{{\"ts\": 1790000000000, \"durationMs\": {}, \"status\": 200}}",
                    1000 + self.0 % 500
                )?;
            }
            let n = self.1.len().min(out.len());
            out[..n].copy_from_slice(&self.1[..n]);
            self.1.drain(..n);
            Ok(n)
        }
    }
    let found = measurements_from("log", Rows(0, Vec::new()), &Reading::default()).unwrap();
    assert_eq!((found.account.rows, found.all.answered.counts().len()), (200_000, 500));
}

fn capsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_capsim")).current_dir(folder).args(arguments).output().unwrap()
}

#[test]
fn the_answer_says_how_the_file_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..60)
        .map(|i| format!("{},{},{},{}\n", if i % 2 == 0 { "a" } else { "b" }, 500 + 37 * i, [200, 200, 499][i % 3], i))
        .collect();
    std::fs::write(folder.path().join("l.csv"), format!("model,latency_ms,code,n\n{rows}x,y\n")).unwrap();
    let run = |more: &[&str]| {
        let output = capsim(folder.path(), &[&["fit", "l.csv"], more].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text, _) = run(&["--by", "model"]);
    assert_eq!(code, Some(0));
    for words in [
        "40 answers, 20 cut off, no errors. 1 row cannot be read.",
        "Format: CSV.",
        "1 row cannot be read: line 62, this row and the header have different numbers of columns, found",
        "latency  latency_ms  its name; in ms, by its name",
        "outcome  code        its name",
        "By group",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let (_, json, _) = run(&["--by", "model", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["reading"]["rows"], 60);
    assert_eq!((&json["groups"]["a"]["answers"], &json["groups"]["b"]["answers"]), (&20.into(), &20.into()));
    let (_, text, _) = run(&["--where", "model=a"]);
    assert!(text.contains("20 answers, 10 cut off") && text.contains("30 of another model"), "{text}");
    let (code, _, wrong) = run(&["--columns", "latency=latency_ms,outcome=cod"]);
    assert!(code == Some(20) && wrong.contains("did you mean `code`?"), "{code:?} {wrong}");
    let (code, _, wrong) = run(&["--columns", "speed=latency_ms"]);
    assert!(code == Some(64) && wrong.contains("a role is one of time, latency"), "{code:?} {wrong}");
    let (code, _, wrong) = run(&["--broken", "0"]);
    assert!(code == Some(20) && wrong.contains("1 of 61 rows cannot be read"), "{code:?} {wrong}");
}
