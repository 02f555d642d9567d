//! Stores, quotas and retention against closed forms, and each of their keys by what it does.

use crate::common::{ONE_CALL, answer, free_with_service, holds, logged, mean, model, model_with, shipped};
use capsim::experiment::Answer;
use capsim::theory::{bucket, cache, counting, spacing};

/// Plans of one call, with these keys of the store and these rows.
fn text(arrivals: &str, horizon: &str, replications: u32, store: &str, rows: &str) -> String {
    logged(&format!("horizon = \"{horizon}\"\nreplications = {replications}"), ONE_CALL, arrivals, store, rows)
}

const RECORD: &str = r#"{ on = "request", store = "kv", op = "put", key = "log:{log}", role = "record" }"#;
/// The request's record and the response's: every event is logged.
const BOTH: &str = r#"{ on = "request", store = "kv", op = "put", key = "log:{log}", role = "record" },
  { on = "response", store = "kv", op = "put", key = "log:{log}_response", role = "record" }"#;
const SHARED: &str = r#"{ on = "request", store = "kv", op = "put", key = "index" }"#;

fn run(arrivals: &str, horizon: &str, replications: u32, store: &str, rows: &str) -> Answer {
    answer(&model(&text(arrivals, horizon, replications, store, rows)))
}

#[test]
fn writes_to_one_key_lose_what_the_theory_of_dead_time_says() {
    let answer = run("process = \"poisson\", per_second = 2", "1h", 30, "kind = \"kv\"\nkey_spacing = \"1s\"", SHARED);
    holds("key spacing", &answer, "kv.writes", spacing::accepted(2.0, 1.0) * 3600.0, 1.0);
    let attempted = mean(&answer, "kv.writes_attempted");
    let lost = mean(&answer, "kv.writes_rejected_key") / attempted;
    assert!((lost - spacing::refused(2.0, 1.0)).abs() < 0.01, "{lost}");
}

#[test]
fn the_last_write_wins_where_the_store_says_so() {
    let store = "kind = \"kv\"\nkey_spacing = \"1s\"\non_key_exceed = \"overwrite\"";
    let answer = run("process = \"deterministic\", per_second = 4", "10s", 1, store, SHARED);
    assert_eq!(mean(&answer, "kv.writes"), 40.0);
    assert_eq!(mean(&answer, "kv.writes_rejected_key"), 0.0);
    assert_eq!(mean(&answer, "kv.writes_overwriting"), 39.0);
}

#[test]
fn a_bucket_of_tokens_loses_what_a_queue_without_room_does() {
    let store = "kind = \"kv\"\nquota.writes = { kind = \"bucket\", limit = 1, window = \"2s\", burst = 3 }";
    let answer = run("process = \"poisson\", per_second = 0.6", "2h", 30, store, RECORD);
    let accepted = 0.6 * 7200.0 * (1.0 - bucket::refused(0.6, 0.5, 3));
    holds("token bucket", &answer, "kv.writes", accepted, 3.0);
}

#[test]
fn days_that_reach_the_quota_are_as_many_as_the_poisson_law_says() {
    let store = "kind = \"kv\"\nquota.writes = { limit = 100 }";
    let answer = run("process = \"poisson\", per_day = 95", "30d", 40, store, RECORD);
    let reached = 1.0 - counting::poisson_at_most(95.0, 99);
    holds("exhausted days", &answer, "kv.quota.writes.exhausted_days_fraction", reached, 0.0);
    assert!((reached - counting::day_exceeds(95.0, 1.0, 1, 99)).abs() < 1e-9, "the compound form agrees");
}

#[test]
fn other_programs_use_the_same_quota() {
    let store = "kind = \"kv\"\nquota.writes = { limit = 1000 }\nbackground = { writes_per_day = 900 }";
    let answer = run("process = \"poisson\", per_day = 90", "30d", 40, store, RECORD);
    let reached = 1.0 - counting::poisson_at_most(990.0, 999);
    holds("shared quota", &answer, "kv.quota.writes.exhausted_days_fraction", reached, 0.0);
    assert!(mean(&answer, "kv.background.writes") > 26_000.0);
}

#[test]
fn a_record_survives_ttl_pressure_and_restarts_as_the_closed_form_says() {
    let store = "kind = \"cache\"\nttl = \"10h\"\nevictions_per_hour = 0.3\nrestarts_per_day = 4";
    let rows = BOTH.replace("role =", "ttl = \"10h\", role =");
    let survives = answer(&model(&text("process = \"poisson\", per_hour = 60", "20d", 30, store, &rows)));
    let theory = |hours: f64| cache::record_survives(hours * 3600.0, 36_000.0, 0.3 / 3600.0, 4.0 / 86_400.0);
    holds("survival", &survives, "logs.normal.retrievable.1h", theory(1.0), 0.0);
    assert_eq!(mean(&survives, "logs.normal.retrievable.24h"), 0.0);
}

#[test]
fn pressure_rises_while_a_spike_lasts() {
    let store = "kind = \"cache\"\nevictions_per_hour = 0.1\nevictions_spike_factor = 10";
    let calm = text("process = \"poisson\", per_hour = 60", "10d", 20, store, BOTH);
    let spiked = format!("{calm}[[traffic.user.spike]]\nat = \"0s\"\nfor = \"10d\"\nfactor = 1\n");
    holds("calm", &answer(&model(&calm)), "logs.normal.retrievable.1h", (-0.1_f64).exp(), 0.0);
    // Within the last hour the spike is over for nobody: it lasts as long as the run.
    holds("spike", &answer(&model(&spiked)), "logs.normal.retrievable.1h", (-1.0_f64).exp(), 0.002);
}

#[test]
fn a_full_store_refuses() {
    let store = "kind = \"kv\"\nstorage = { limit = \"10KB\" }";
    let filled = run("process = \"deterministic\", per_hour = 1", "1d", 1, store, RECORD);
    assert_eq!(mean(&filled, "kv.writes"), 10.0);
    assert_eq!(mean(&filled, "kv.writes_rejected_full"), 14.0);
    assert_eq!(mean(&filled, "kv.stored.end"), 10_000.0);
    // An hour's records make room for the next: at most five are there.
    let store = format!("{store}\nttl = \"5h\"");
    let short = run("process = \"deterministic\", per_hour = 1", "1d", 1, &store, RECORD);
    assert_eq!(mean(&short, "kv.writes"), 24.0);
    assert_eq!(mean(&short, "kv.stored.max"), 5_000.0);
    // A key that is written again takes no more room.
    let shared = run(
        "process = \"deterministic\", per_hour = 1",
        "1d",
        1,
        "kind = \"kv\"\nstorage = { limit = \"1KB\" }",
        SHARED,
    );
    assert_eq!(mean(&shared, "kv.writes"), 24.0);
}

#[test]
fn stored_bytes_over_the_included_are_billed_by_the_month() {
    let store = "kind = \"kv\"\nstorage = { limit = \"1KB\", on_exceed = \"bill\", price_per_gb = 1e9 }";
    let toml = text("process = \"deterministic\", per_hour = 1", "1d", 1, store, RECORD);
    let answer = answer(&model_with(&toml, &["platform.base_price=5"]));
    // 1, 2, … 24 KB, an hour each: 12.5 KB on average, 11.5 over, at 1 dollar a byte.
    assert!((mean(&answer, "cost.month") - 11_505.0).abs() < 1e-6, "{}", mean(&answer, "cost.month"));
}

#[test]
fn what_is_dropped_is_answered_and_not_there() {
    let store = "kind = \"kv\"\nquota.writes = { limit = 4, on_exceed = \"drop\" }";
    let toml = text("process = \"deterministic\", per_day = 10", "2d", 1, store, RECORD);
    let answer = answer(&model_with(&toml, &["logging.on_error=fail_plan"]));
    assert_eq!(mean(&answer, "plans.completed"), 20.0);
    assert_eq!((mean(&answer, "kv.writes"), mean(&answer, "kv.writes_dropped")), (8.0, 12.0));
    assert_eq!((mean(&answer, "logs.normal.written"), mean(&answer, "logs.normal.dropped")), (8.0, 12.0));
    assert_eq!(mean(&answer, "logs.normal.retrievable.1h"), 0.2, "8 of 20 requests and no response");
}

#[test]
fn a_write_that_waits_comes_later() {
    let store =
        "kind = \"kv\"\nquota.writes = { limit = 1, kind = \"rolling\", window = \"10s\", on_exceed = \"wait\" }";
    // Two plans come together: the second waits 10 s for its write.
    let answer = run("process = \"deterministic\", per_second = 0.2", "20s", 1, store, RECORD);
    assert_eq!(mean(&answer, "kv.writes_delayed"), 3.0);
    assert_eq!(mean(&answer, "kv.writes_rejected"), 0.0);
    // Plans at 0, 5, 10, 15 s write at 0, 10, 20, 30 s: one is over by 20 s after a wait of 5 s.
    assert_eq!(mean(&answer, "plan.latency.max"), 5.0);
}

#[test]
fn a_quota_that_lags_admits_more_and_one_that_counts_refusals_less() {
    let lag = "kind = \"kv\"\nquota.writes = { limit = 100, enforcement_lag = 0.37 }";
    let lagging = run("process = \"deterministic\", per_day = 400", "2d", 1, lag, RECORD);
    assert_eq!(mean(&lagging, "kv.writes"), 274.0);
    // Every write but the first comes too soon; those refused are charged to the quota too, and use it up.
    let count = "kind = \"kv\"\nkey_spacing = \"1d\"\nquota.writes = { limit = 5, counts_rejected = true }";
    let counting = run("process = \"deterministic\", per_day = 24", "1d", 1, count, SHARED);
    assert_eq!(mean(&counting, "kv.writes"), 1.0);
    assert_eq!(mean(&counting, "kv.writes_rejected_key"), 4.0);
    assert_eq!(mean(&counting, "kv.writes_rejected_quota"), 19.0);
}

#[test]
fn all_quotas_of_a_list_hold_in_their_own_zones() {
    let store = "kind = \"kv\"\nquota.writes = [{ limit = 10 }, { limit = 3, window = \"12h\" }, \
                 { limit = 5, zone = \"America/Los_Angeles\" }]";
    // One an hour from 2026-01-01 00:00 UTC: 3 in each half day; of the Pacific day, that begins at 08:00 UTC, 5.
    let answer = run("process = \"deterministic\", per_hour = 1", "1d", 1, store, RECORD);
    assert_eq!(mean(&answer, "kv.writes"), 6.0);
    let only = run(
        "process = \"deterministic\", per_hour = 1",
        "1d",
        1,
        "kind = \"kv\"\nquota.writes = { limit = 5, zone = \"America/Los_Angeles\" }",
        RECORD,
    );
    assert_eq!(mean(&only, "kv.writes"), 10.0, "five before 08:00 UTC and five after");
}

#[test]
fn a_put_that_keeps_nothing_is_accepted_and_lost() {
    let store = "kind = \"cache\"\nput_stores_nothing = 0.3";
    let answer = run("process = \"poisson\", per_hour = 60", "5d", 20, store, BOTH);
    assert_eq!(mean(&answer, "kv.writes_rejected"), 0.0);
    holds("put", &answer, "logs.normal.retrievable.1h", 0.7, 0.0);
    assert_eq!(mean(&answer, "kv.puts_kept_nothing"), mean(&answer, "logs.normal.dropped"));
}

#[test]
fn a_log_service_is_silent_for_a_minute_after_a_refusal() {
    // One post every 20 s, ten admitted: the next is refused and opens a minute in which two more are dropped
    // unseen (those that come 20 and 40 s later; the one after exactly a minute is sent again).
    let store = "kind = \"log-service\"\nquota.writes = { limit = 10, window = \"30d\" }";
    let toml = text("process = \"deterministic\", per_minute = 3", "10m", 1, store, RECORD);
    let answer = answer(&model_with(&toml, &["logging.on_error=fail_plan"]));
    assert_eq!(mean(&answer, "plans.completed"), 30.0, "nobody notices");
    assert_eq!(mean(&answer, "kv.writes"), 10.0);
    assert_eq!(mean(&answer, "kv.writes_rejected_quota"), 7.0);
    assert_eq!(mean(&answer, "kv.writes_dropped"), 13.0);
    assert_eq!(mean(&answer, "logs.normal.dropped"), 20.0);
    assert_eq!(
        mean(&answer, "logs.normal.reachable.1h"),
        mean(&answer, "logs.normal.retrievable.1h"),
        "it has a search"
    );
}

#[test]
fn what_the_network_loses_is_lost() {
    let store = "kind = \"log-service\"\nnetwork_errors = 0.2";
    let answer = run("process = \"poisson\", per_hour = 60", "5d", 20, store, BOTH);
    holds("network", &answer, "logs.normal.reachable.1h", 0.8, 0.0);
    assert_eq!(mean(&answer, "kv.writes_failed_network"), mean(&answer, "logs.normal.dropped"));
}

#[test]
fn external_logs_are_found_until_the_month_is_used_up() {
    let toml = &free_with_service("external", 200, 2);
    let sentry = answer(&model(toml));
    assert_eq!(mean(&sentry, "external.writes"), 5_000.0, "277 plans of 18 events, and 14 of the next");
    assert_eq!(mean(&sentry, "invocation.subrequests.max"), 27.0);
    assert_eq!(mean(&sentry, "plans.completed"), 400.0);
    let engine = answer(&model_with(toml, &["store.external.preset=analytics-engine"]));
    assert_eq!(mean(&engine, "external.writes"), 400.0 * 18.0);
    assert_eq!(mean(&engine, "invocation.subrequests.max"), 9.0, "a data point is no subrequest");
}

#[test]
fn a_bug_reported_three_days_later() {
    let few = "run.replications=4";
    let hybrid = answer(&shipped("bug-after-three-days.toml", &[few]));
    assert_eq!(mean(&hybrid, "logs.error.retrievable.3d"), 1.0);
    assert_eq!(mean(&hybrid, "logs.error.context.3d"), 0.0, "the request was in the cache for a day");
    let kv = answer(&shipped("bug-after-three-days.toml", &[few, "logging.strategy=kv-only"]));
    let (error, context) = (mean(&kv, "logs.error.retrievable.3d"), mean(&kv, "logs.error.context.3d"));
    assert!(error < 0.5 && context > 0.1, "the quota is used up before most errors: {error}, {context}");
}

#[test]
fn quality_assurance_wants_seven_days() {
    let few = "run.replications=3";
    let long = answer(&shipped("qa-seven-days.toml", &[few]));
    assert_eq!(mean(&long, "logs.normal.retrievable.24h"), mean(&long, "logs.normal.retrievable.7d"));
    assert!(mean(&long, "logs.normal.reachable.7d") > 0.9, "{}", mean(&long, "logs.normal.reachable.7d"));
    let short = answer(&shipped("qa-seven-days.toml", &[few, "logging.max_log_entries=10"]));
    assert!(mean(&short, "logs.normal.reachable.7d") < 0.01);
    assert_eq!(mean(&short, "logs.normal.retrievable.7d"), mean(&long, "logs.normal.retrievable.7d"));
}

#[test]
fn a_spike_with_cache_pressure() {
    let few = "run.replications=4";
    let at = |set: &str| mean(&answer(&shipped("spike-pressure.toml", &[few, set])), "logs.normal.retrievable.1h");
    let (calm, pressed) = (at("store.cache.evictions_spike_factor=1"), at("store.cache.evictions_spike_factor=30"));
    assert!(calm > 0.97 && pressed < calm - 0.1, "{calm} {pressed}");
}

#[test]
fn a_report_says_that_no_error_is_logged_and_nothing_of_logs_where_there_are_none() {
    let run = |rows: &str| {
        model_with(&text("process = \"deterministic\", per_hour = 1", "1d", 1, "kind = \"kv\"", rows), FAIL)
    };
    const FAIL: &[&str] = &["provider.ai.errors.parse_failure=1"];
    let said = |rows: &str| capsim::report::Report::of(&answer(&run(rows))).text(capsim::report::Screen::PLAIN);
    assert!(!said("").contains("Error logs"), "{}", said(""));
    assert!(!said(BOTH).contains("none is logged"), "{}", said(BOTH));
}

/// 200 plans of 18 records a day. An insert into D1 with one index writes two of 100,000 rows; a message takes three of
/// 10,000 operations, so 3,333 a day get through, and are gone after a day.
#[test]
fn a_database_and_a_queue_as_log_stores() {
    let of = |preset: &str| {
        let model = model_with(&free_with_service("external", 200, 3), &[&format!("store.external.preset={preset}")]);
        let found = answer(&model);
        let share = |age: &str| mean(&found, &format!("logs.normal.reachable.{age}"));
        assert_eq!(share("1h"), mean(&found, "logs.normal.retrievable.1h"), "both are searched");
        (mean(&found, "external.writes"), share("24h"))
    };
    assert_eq!(of("d1"), (3.0 * 3_600.0, 1.0));
    assert_eq!(of("queues"), (3.0 * 3_333.0, 0.0));
}

/// A key is fetched once it has not been for a minute: one read in 1 + λT is cold. A key of its own always is, and each
/// region has its own.
#[test]
fn a_read_is_cold_where_nobody_has_fetched_the_key() {
    let store = "kind = \"kv\"\nhot_for = \"60s\"\nlatency.cold = \"1s\"\n[reads.list]\nstore = \"kv\"\nper_plan = 1";
    let toml = text("process = \"poisson\", per_hour = 120", "1d", 30, store, "");
    holds("cold", &answer(&model(&toml)), "plan.latency.mean", 1.0 / (1.0 + 2.0), 0.0);
    let row = |key: &str| format!("{{ on = \"request\", store = \"kv\", op = \"get\", key = \"{key}\" }}");
    let of =
        |row: &str| mean(&run("process = \"deterministic\", per_minute = 2", "1h", 1, store, row), "plan.latency.mean");
    // Every other plan reads its list cold; one that reads the index too finds both hot, or both cold.
    assert_eq!((of(""), of(&row("index"))), (0.5, 1.0));
    assert_eq!(of(&row("log:{log}")), 1.5);
    let regions = toml.replace("poisson", "deterministic").replace(
        "[traffic.user]",
        "[traffic.far]\nregion = \"far\"\narrivals = { process = \"deterministic\", per_hour = 1 }\n[traffic.user]",
    );
    assert_eq!(mean(&answer(&model(&regions)), "class.far.plan.latency.mean"), 1.0);
}
