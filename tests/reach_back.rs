//! How far back logs reach, against closed forms and counts by hand.

use crate::common::{answer, holds, mean, model, model_with, shipped};

/// Plans of one call that fails at once; only the response is logged, as an error.
fn failing(arrivals: &str, horizon: &str, store: &str, rows: &str) -> String {
    format!(
        r#"
name = "reach"
[run]
horizon = "{horizon}"
warmup = "2d"
start = "2026-02-16T00:00:00Z"
replications = 20
[traffic.user]
arrivals = {{ {arrivals} }}
[workflow.plan]
steps = [{{ name = "call" }}]
[provider.ai]
latency = "0s"
errors = {{ parse_failure = 1 }}
[store.kv]
kind = "kv"
{store}
[logging]
strategy = "custom"
ops = [{rows}]
"#
    )
}

const RECORD: &str = r#"{ on = "response", store = "kv", op = "put", key = "log:{log}", role = "record" }"#;
const INDEX: &str = r#"{ on = "response", store = "kv", op = "get", key = "index", role = "index" },
  { on = "response", store = "kv", op = "put", key = "index", role = "index" }"#;

/// Of errors at a Poisson rate of one an hour, kept for `ttl` hours, the oldest there is older than `x` with chance
/// 1 - exp(-(ttl - x)): some error came in the first `ttl - x` of them. So the p-quantile is `ttl + ln p`.
#[test]
fn a_log_of_poisson_errors_reaches_back_as_far_as_its_oldest() {
    let toml = failing("process = \"poisson\", per_hour = 1", "62d", "ttl = \"10h\"", RECORD);
    let answer = answer(&model(&toml));
    // 60 days hold some 140 independent reaches of ten hours, whose 5 % quantile is off by a few hundredths.
    for (quantile, p) in [("p50", 0.5_f64), ("p05", 0.05)] {
        holds("reach", &answer, &format!("logs.error.reach_back.{quantile}"), 10.0 + p.ln(), 0.1);
    }
    holds("growth", &answer, "logs.alive.mean", 10.0, 0.0);
}

#[test]
fn an_index_of_ten_sessions_reaches_back_ten_hours_at_one_an_hour() {
    let toml = failing("process = \"deterministic\", per_hour = 1", "12d", "", &format!("{RECORD}, {INDEX}"));
    let answer = answer(&model_with(&toml, &["run.replications=1"]));
    // The oldest of ten is nine hours old as it becomes the tenth, and ten as it is pushed out.
    let reach = |quantile: &str| mean(&answer, &format!("logs.error.reach_back.index.{quantile}"));
    assert!(
        (reach("p50") - 9.5).abs() < 0.02 && (reach("p05") - 9.05).abs() < 0.02,
        "{} {}",
        reach("p50"),
        reach("p05")
    );
    assert!(mean(&answer, "logs.error.reach_back.p05") > 48.0, "the records themselves stay");
    assert_eq!(mean(&answer, "logs.alive.end"), 12.0 * 24.0);
}

#[test]
fn records_that_live_ten_hours_are_ten_at_one_an_hour() {
    let toml = failing("process = \"deterministic\", per_hour = 1", "12d", "ttl = \"10h\"", RECORD);
    let answer = answer(&model_with(&toml, &["run.replications=1"]));
    for what in ["mean", "max", "end"] {
        assert_eq!(mean(&answer, &format!("logs.alive.{what}")), 10.0, "{what}");
    }
}

/// Six failures in the first six hours of each of three days, and a quota of two writes a day.
#[test]
fn the_first_error_of_an_incident_has_a_lifetime_of_its_own() {
    let quiet =
        |day: u32| format!("[[traffic.user.spike]]\nat = \"{}m\"\nfor = \"1080m\"\nfactor = 0\n", day * 1440 + 360);
    let text = |store: &str| {
        let toml = failing("process = \"poisson\", per_hour = 20", "3d", store, RECORD);
        toml + &[0, 1, 2].map(quiet).concat()
    };
    let few = ["run.warmup=0s", "run.replications=3", "logging.incident_gap=6h"];
    let scarce = answer(&model_with(&text("quota.writes = { limit = 2 }"), &few));
    assert_eq!(mean(&scarce, "logs.incidents"), 3.0);
    assert_eq!(mean(&scarce, "logs.error.first.retrievable.24h"), 1.0, "the quota still holds for it");
    let all = mean(&scarce, "logs.error.written") / mean(&scarce, "logs.error.offered");
    assert_eq!(mean(&scarce, "logs.error.written"), 6.0);
    assert!((mean(&scarce, "logs.error.retrievable.24h") - all).abs() < 0.01);
    let none = answer(&model_with(&text("quota.writes = { limit = 0 }"), &few));
    assert_eq!(mean(&none, "logs.error.first.retrievable.1h"), 0.0);
    assert_eq!(mean(&none, "logs.error.reach_back.p50"), 0.0);
    let short = answer(&model_with(&text("ttl = \"3h\""), &few));
    assert_eq!(mean(&short, "logs.error.first.retrievable.1h"), 1.0);
    assert_eq!(mean(&short, "logs.error.first.retrievable.24h"), 0.0);
    let often = answer(&model_with(&text(""), &["run.warmup=0s", "run.replications=3", "logging.incident_gap=1ns"]));
    assert_eq!(mean(&often, "logs.incidents"), mean(&often, "logs.error.offered"), "each is one");
}

/// One call a minute: two lines of 100 bytes, so a file of just over 10,000 bytes lasts 50 minutes.
#[test]
fn files_of_a_size_reach_back_between_five_and_six_of_them() {
    let toml = failing("process = \"deterministic\", per_minute = 1", "12d", "", RECORD)
        + "[logfile.text]\ntext_bytes = \"100B\"\nmax_size = \"10001B\"\n\
           [logfile.json]\nformat = \"json\"\njson_bytes = \"200B\"\nmax_size = \"10001B\"\n\
           [logfile.daily]\nrotate = \"date\"\nbackups = 2\n";
    let answer = answer(&model_with(&toml, &["run.replications=1"]));
    let near = |metric: &str, hours: f64, slack: f64| {
        let found = mean(&answer, metric);
        assert!((found - hours).abs() <= slack, "{metric} is {found}, by hand {hours}");
    };
    // 1,024 looks fall almost evenly over the 50 minutes of a saw's tooth.
    near("logfile.text.reach_back.min", 250.0 / 60.0, 0.03);
    near("logfile.text.reach_back.p05", 252.5 / 60.0, 0.02);
    near("logfile.text.reach_back.p50", 275.0 / 60.0, 0.02);
    near("logfile.json.reach_back.p50", 137.5 / 60.0, 0.02);
    near("logfile.daily.reach_back.min", 48.0, 0.2);
    near("logfile.daily.reach_back.p50", 60.0, 0.2);
    near("logfile.text.lines", 10.0 * 1440.0 * 2.0, 0.0);
    near("logfile.json.bytes", 10.0 * 1440.0 * 2.0 * 200.0, 0.0);
}

#[test]
fn an_incident_shortens_the_log_files() {
    let answer = answer(&shipped("log-files.toml", &["run.replications=2"]));
    let hours = |metric: &str| mean(&answer, &format!("logfile.{metric}"));
    assert!(hours("text.reach_back.spike.min") < 0.5 * hours("text.reach_back.p50"));
    assert!(hours("json.reach_back.p50") < hours("text.reach_back.p50"));
    assert!(hours("daily.reach_back.min") > 6.5 * 24.0, "a day is a day; each begins with its first line");
}
