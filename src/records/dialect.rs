//! Who wrote a file, by the columns that it has: what they call things, and in which unit they count.

use super::name::snake;
use super::outcome::Tells;
use super::row::Column;

const S: f64 = 1.0;
const MS: f64 = 1e-3;
const US: f64 = 1e-6;
const NS: f64 = 1e-9;

/// Where a program keeps what is wanted. Names are as [`snake`] has them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// What the files are called.
    pub name: &'static str,
    /// A file is of this dialect if it has all of these columns.
    needs: &'static [&'static str],
    /// The latency, and the seconds that one stands for; none of it where the values say their unit.
    pub latency: Option<(&'static str, f64)>,
    /// The beginning and the end of a request.
    pub ends: Option<(&'static str, &'static str)>,
    /// When a record was made.
    pub time: Option<&'static str>,
    /// Columns that say how a request ended.
    pub outcomes: &'static [(&'static str, Tells)],
    /// The column that chooses among rows of several kinds, and what it holds for latencies, the best first.
    pub choice: Option<(&'static str, &'static [&'static str])>,
    /// Why a file of this dialect has no latencies at all.
    pub has_none: Option<&'static str>,
}

const NONE: Dialect = Dialect {
    name: "",
    needs: &[],
    latency: None,
    ends: None,
    time: None,
    outcomes: &[],
    choice: None,
    has_none: None,
};

/// k6 keeps all metrics in one file.
const K6: &[&str] = &["http_req_duration", "grpc_req_duration", "ws_session_duration", "iteration_duration"];
const REPLAY: &str = "it has arrivals and tokens, and no latencies. A class can replay it: \
    arrivals = { process = \"trace\", file = … }";
const COUNTS: &str = "it counts requests and tokens by the day or the hour, and has no latencies";
const MEANS: &str = "it has the means of runs, and not each run: use the export of every run, hyperfine --export-json";

const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "k6 CSV",
        needs: &["metric_name", "timestamp", "metric_value"],
        latency: Some(("metric_value", MS)),
        time: Some("timestamp"),
        outcomes: &[("status", Tells::Status), ("error_code", Tells::Code), ("expected_response", Tells::Success)],
        choice: Some(("metric_name", K6)),
        ..NONE
    },
    Dialect {
        name: "k6 JSON",
        needs: &["metric", "type", "data_value"],
        latency: Some(("data_value", MS)),
        time: Some("data_time"),
        outcomes: &[
            ("data_tags_status", Tells::Status),
            ("data_tags_error_code", Tells::Code),
            ("data_tags_expected_response", Tells::Success),
        ],
        choice: Some(("metric", K6)),
        ..NONE
    },
    Dialect {
        name: "JMeter JTL",
        needs: &["time_stamp", "elapsed", "success"],
        latency: Some(("elapsed", MS)),
        time: Some("time_stamp"),
        outcomes: &[
            ("response_code", Tells::Status),
            ("success", Tells::Success),
            ("failure_message", Tells::Message),
            ("response_message", Tells::Detail),
        ],
        ..NONE
    },
    Dialect {
        name: "ab -g",
        needs: &["starttime", "seconds", "ctime", "dtime", "ttime"],
        latency: Some(("ttime", MS)),
        time: Some("seconds"),
        ..NONE
    },
    Dialect {
        name: "hey CSV",
        needs: &["response_time", "dns_dialup", "response_delay"],
        latency: Some(("response_time", S)),
        time: Some("offset"),
        outcomes: &[("status_code", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "oha CSV",
        needs: &["request_start", "request_duration"],
        latency: Some(("request_duration", S)),
        time: Some("request_start"),
        outcomes: &[("status", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "vegeta",
        needs: &["latency", "timestamp", "code", "bytes_in"],
        latency: Some(("latency", NS)),
        time: Some("timestamp"),
        outcomes: &[("code", Tells::Status), ("error", Tells::Message)],
        ..NONE
    },
    Dialect {
        name: "wrangler tail",
        needs: &["wall_time", "outcome"],
        latency: Some(("wall_time", MS)),
        time: Some("event_timestamp"),
        outcomes: &[("outcome", Tells::Status), ("event_response_status", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "Workers trace events",
        needs: &["wall_time_ms", "outcome"],
        latency: Some(("wall_time_ms", MS)),
        time: Some("event_timestamp_ms"),
        outcomes: &[("outcome", Tells::Status), ("event_response_status", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "Logpush HTTP requests",
        needs: &["edge_start_timestamp", "edge_end_timestamp"],
        ends: Some(("edge_start_timestamp", "edge_end_timestamp")),
        outcomes: &[("edge_response_status", Tells::ServerStatus)],
        ..NONE
    },
    Dialect {
        name: "CloudFront",
        needs: &["x_edge_location", "time_taken"],
        latency: Some(("time_taken", S)),
        outcomes: &[("sc_status", Tells::ServerStatus)],
        ..NONE
    },
    Dialect {
        name: "IIS",
        needs: &["sc_win32_status", "time_taken"],
        latency: Some(("time_taken", MS)),
        outcomes: &[("sc_status", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "OTLP JSON",
        needs: &["start_time_unix_nano", "end_time_unix_nano", "span_id"],
        ends: Some(("start_time_unix_nano", "end_time_unix_nano")),
        outcomes: &[
            ("status", Tells::Status),
            ("http_status_code", Tells::Status),
            ("http_response_status_code", Tells::Status),
            ("rpc_grpc_status_code", Tells::Grpc),
            ("error_type", Tells::Message),
            ("status_message", Tells::Detail),
        ],
        ..NONE
    },
    Dialect {
        name: "Jaeger JSON",
        needs: &["operation_name", "start_time", "duration", "span_id"],
        latency: Some(("duration", US)),
        time: Some("start_time"),
        outcomes: &[("error", Tells::Failure), ("http_status_code", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "Zipkin JSON",
        needs: &["trace_id", "id", "timestamp", "duration"],
        latency: Some(("duration", US)),
        time: Some("timestamp"),
        outcomes: &[("tags_error", Tells::Message), ("tags_http_status_code", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "HAR",
        needs: &["started_date_time", "time", "url"],
        latency: Some(("time", MS)),
        time: Some("started_date_time"),
        outcomes: &[("status", Tells::Status), ("error", Tells::Message)],
        ..NONE
    },
    Dialect {
        name: "hyperfine JSON",
        needs: &["command", "time_s", "outcome"],
        latency: Some(("time_s", S)),
        outcomes: &[("outcome", Tells::Status)],
        ..NONE
    },
    Dialect { name: "hyperfine CSV", needs: &["command", "mean", "stddev", "median"], has_none: Some(MEANS), ..NONE },
    Dialect {
        name: "Sentry",
        needs: &["transaction_duration"],
        latency: Some(("transaction_duration", MS)),
        time: Some("timestamp"),
        outcomes: &[("transaction_status", Tells::Status), ("http_status_code", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "Sentry spans",
        needs: &["span_duration"],
        latency: Some(("span_duration", MS)),
        time: Some("timestamp"),
        outcomes: &[("span_status", Tells::Status), ("span_status_code", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "Sentry events",
        needs: &["start_timestamp", "timestamp"],
        ends: Some(("start_timestamp", "timestamp")),
        outcomes: &[("contexts_trace_status", Tells::Status), ("status", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "Langfuse",
        needs: &["start_time", "end_time", "level", "model"],
        ends: Some(("start_time", "end_time")),
        outcomes: &[("level", Tells::Level), ("status_message", Tells::Detail)],
        ..NONE
    },
    Dialect {
        name: "LiteLLM",
        needs: &["request_id", "start_time", "end_time", "prompt_tokens"],
        ends: Some(("start_time", "end_time")),
        outcomes: &[("status", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "Traefik",
        needs: &["duration", "downstream_status"],
        latency: Some(("duration", NS)),
        outcomes: &[("downstream_status", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "Caddy",
        needs: &["duration", "status", "bytes_read"],
        latency: Some(("duration", S)),
        time: Some("ts"),
        outcomes: &[("status", Tells::ServerStatus)],
        ..NONE
    },
    Dialect {
        name: "Envoy",
        needs: &["duration", "response_code", "response_flags"],
        latency: Some(("duration", MS)),
        outcomes: &[("response_code", Tells::ServerStatus)],
        ..NONE
    },
    Dialect {
        name: "pino",
        needs: &["response_time", "res_status_code"],
        latency: Some(("response_time", MS)),
        outcomes: &[("res_status_code", Tells::Status)],
        ..NONE
    },
    Dialect {
        name: "a log of nginx",
        needs: &["request_time", "status"],
        latency: Some(("request_time", S)),
        outcomes: &[("status", Tells::ServerStatus)],
        ..NONE
    },
    Dialect {
        name: "a load balancer of AWS",
        needs: &["elb", "target_processing_time", "elb_status_code"],
        latency: Some(("target_processing_time", S)),
        time: Some("time"),
        outcomes: &[("elb_status_code", Tells::ServerStatus)],
        ..NONE
    },
    Dialect {
        name: "BurstGPT",
        needs: &["timestamp", "request_tokens", "response_tokens", "log_type"],
        has_none: Some(REPLAY),
        ..NONE
    },
    Dialect {
        name: "Azure LLM inference",
        needs: &["timestamp", "context_tokens", "generated_tokens"],
        has_none: Some(REPLAY),
        ..NONE
    },
    Dialect { name: "OpenAI usage", needs: &["input_tokens", "num_model_requests"], has_none: Some(COUNTS), ..NONE },
    Dialect { name: "OpenAI usage", needs: &["n_requests", "n_context_tokens_total"], has_none: Some(COUNTS), ..NONE },
    Dialect {
        name: "a history of Locust",
        needs: &["user_count", "requests_s", "name"],
        has_none: Some("its percentiles are of moments of a test: use the file whose name ends in _stats.csv"),
        ..NONE
    },
];

impl Dialect {
    /// The dialect of a file with these columns.
    pub fn of(columns: &[Column]) -> Option<&'static Dialect> {
        let names: Vec<String> = columns.iter().map(|column| snake(&column.name)).collect();
        DIALECTS.iter().find(|dialect| dialect.needs.iter().all(|need| names.iter().any(|name| name == need)))
    }
}
