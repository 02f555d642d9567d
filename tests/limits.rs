//! Limits at their edges, what they include, and what counts against them, by hand.

use crate::common::{ONE_CALL, TWO_BILLED_CALLS, answer, logged, mean, model};
use capsim::experiment::Answer;

const RECORD: &str = r#"{ on = "request", store = "kv", op = "put", key = "log:{log}", role = "record" }"#;
const SHARED: &str = r#"{ on = "request", store = "kv", op = "put", key = "index" }"#;

/// Plans of one call, evenly spaced.
fn spaced(per: &str, horizon: &str, store: &str, row: &str) -> Answer {
    let run = format!("horizon = \"{horizon}\"\nreplications = 1");
    let store = format!("kind = \"kv\"\n{store}");
    answer(&model(&logged(&run, ONE_CALL, &format!("process = \"deterministic\", {per}"), &store, row)))
}

#[test]
fn a_key_takes_a_write_at_exactly_its_spacing() {
    let of = |spacing: &str| {
        let answer = spaced("per_second = 1", "10s", &format!("key_spacing = \"{spacing}\""), SHARED);
        mean(&answer, "kv.writes")
    };
    assert_eq!(of("1s"), 10.0);
    assert_eq!(of("1000000001ns"), 5.0);
    let lax = spaced("per_second = 1", "10s", "key_spacing = \"1s\"\non_key_exceed = \"overwrite\"", SHARED);
    assert_eq!(mean(&lax, "kv.writes_overwriting"), 0.0);
}

#[test]
fn a_window_admits_again_at_exactly_its_end() {
    for quota in [
        r#"{ limit = 1, window = "10s" }"#,
        r#"{ limit = 1, kind = "rolling", window = "10s" }"#,
        r#"{ limit = 1, kind = "bucket", window = "10s", burst = 1 }"#,
    ] {
        let answer = spaced("per_minute = 6", "60s", &format!("quota.writes = {quota}"), RECORD);
        assert_eq!((mean(&answer, "kv.writes"), mean(&answer, "kv.writes_rejected")), (6.0, 0.0), "{quota}");
    }
    // One an hour, from midnight: the one at midnight is the first of the next day.
    let days = spaced("per_hour = 1", "49h", "quota.writes = { limit = 1 }", RECORD);
    assert_eq!((mean(&days, "kv.writes"), mean(&days, "kv.quota.writes.exhausted_days_fraction")), (3.0, 1.0));
}

/// 300 writes a month, of which 100 are included: 200 at a dollar each. Of a day's quota, those over it as they come.
#[test]
fn what_a_month_includes_costs_nothing() {
    let cost = |quota: &str| {
        let quota = format!("quota.writes = {{ {quota}, on_exceed = \"bill\", price_per_million = 1e6 }}");
        let run = "horizon = \"30d\"\nreplications = 1";
        let store = format!("kind = \"kv\"\n{quota}");
        let arrivals = "process = \"deterministic\", per_day = 10";
        let toml = logged(run, ONE_CALL, arrivals, &store, RECORD);
        mean(&answer(&model(&format!("{toml}[platform]\nbase_price = 5\n"))), "cost.month")
    };
    let close = |found: f64, exact: f64| assert!((found - exact).abs() < 1e-9, "{found} dollars, {exact} by hand");
    close(cost("limit = 100, window = \"month\""), 5.0 + 200.0);
    close(cost("limit = 299, window = \"month\""), 5.0 + 1.0);
    close(cost("limit = 1000, window = \"month\""), 5.0);
    close(cost("limit = 4, window = \"day\""), 5.0 + 30.0 * 6.0);
}

/// Two plans come together, and of their second calls one finds no slot: its first call was answered for nobody.
#[test]
fn what_was_answered_for_a_plan_that_was_turned_away_is_wasted() {
    let toml = format!(
        "[run]\nhorizon = \"10d\"\nreplications = 1\n[traffic.user]\n\
         arrivals = {{ process = \"batch\", size = 2, per_day = 48 }}\n[queue.q]\nmax_concurrency = 1\nmax_queue = 0\n{}",
        TWO_BILLED_CALLS.replace(
            "steps = [{ name = \"call\", calls = 2 }]",
            "steps = [{ name = \"first\" }, { name = \"second\", after = [\"first\"], queue = \"q\" }]"
        )
    );
    let answer = answer(&model(&toml));
    let overloaded = mean(&answer, "plans.overloaded");
    assert!(overloaded > 200.0 && mean(&answer, "plans.call_failed") == 0.0);
    let wasted = mean(&answer, "cost.waste.failed_plans.month") / 0.002 / 3.0;
    assert!((wasted - overloaded).abs() < 1e-6, "{wasted} of {overloaded}");
}

/// An attempt every 5 s at a provider that takes one in 10 s: every other one, unless those that it keeps back count too.
#[test]
fn attempts_that_a_provider_keeps_back_count_where_it_says_so() {
    let of = |limit: &str| {
        let toml = format!(
            "[run]\nhorizon = \"60s\"\nreplications = 1\n[traffic.user]\n\
             arrivals = {{ process = \"deterministic\", per_minute = 12 }}\n[workflow.plan]\n\
             steps = [{{ name = \"call\" }}]\n[provider.ai]\nlatency = \"0s\"\n{limit}\n"
        );
        let answer = answer(&model(&toml));
        assert_eq!(mean(&answer, "attempts.succeeded") + mean(&answer, "attempts.rate_limited"), 12.0, "{limit}");
        mean(&answer, "attempts.succeeded")
    };
    let rolling = "quota = { limit = 1, kind = \"rolling\", window = \"10s\"";
    assert_eq!(of(&format!("{rolling} }}")), 6.0);
    assert_eq!(of(&format!("{rolling}, counts_rejected = true }}")), 1.0);
    let bucket = "requests_per_minute = 6\nlimit_burst = \"10s\"";
    assert_eq!(of(bucket), 6.0);
    assert_eq!(of(&format!("{bucket}\ncounts_refused = true")), 1.0);
}

/// A record of two hours in a store that restarts six times a day: exp(-1/2) of them come to their end.
#[test]
fn what_a_restart_takes_is_not_what_expires() {
    let run = "horizon = \"40d\"\nreplications = 10";
    let store = "kind = \"cache\"\nttl = \"2h\"\nrestarts_per_day = 6";
    let row = RECORD.replace("role", "ttl = \"2h\", role");
    let answer = answer(&model(&logged(run, ONE_CALL, "process = \"poisson\", per_hour = 20", store, &row)));
    let count = |end: &str| mean(&answer, &format!("logs.normal.{end}"));
    let lost = count("lost_at_restart") / (count("lost_at_restart") + count("expired"));
    // Some 2,400 restarts: the share is off by one in fifty or so.
    assert!((lost - (1.0 - (-0.5_f64).exp())).abs() < 0.025, "{lost}");
    assert_eq!(count("evicted"), 0.0);
    assert_eq!(mean(&answer, "kv.lost_at_restart"), count("lost_at_restart"));
    assert_eq!(mean(&answer, "kv.expired"), count("expired"));
}

/// A record with two copies is found by a search until the last that a search finds has gone, and seen elsewhere until
/// the last that is seen there has, in whichever order they are written.
#[test]
fn of_two_copies_the_later_one_counts_if_it_is_found_or_seen_at_all() {
    let copy = |store: &str, ttl: &str| {
        format!(
            "{{ on = \"request\", store = \"{store}\", op = \"put\", key = \"{ttl}:{{log}}\", ttl = \"{ttl}\", role = \"record\" }}"
        )
    };
    let of = |rows: [String; 2], searchable: bool| {
        let run = "horizon = \"2d\"\nreplications = 1";
        let store = format!("kind = \"kv\"\nsearchable = {searchable}");
        let toml = logged(run, ONE_CALL, "process = \"deterministic\", per_hour = 1", &store, &rows.join(", "));
        let more = "[store.cache]\nkind = \"cache\"\n[reader.far]\nregion = \"far\"\n";
        answer(&model(
            &format!("{toml}{more}").replace("strategy = \"custom\"", "strategy = \"custom\"\nlevel = \"all\""),
        ))
    };
    // Of two events a call only the request is logged.
    for rows in [[copy("kv", "2h"), copy("kv", "30m")], [copy("kv", "30m"), copy("kv", "2h")]] {
        let answer = of(rows, true);
        for metric in ["logs.normal.retrievable", "logs.normal.reachable", "reader.far.logs.normal.retrievable"] {
            let at = |age: &str| mean(&answer, &format!("{metric}.{age}"));
            assert_eq!((at("1h"), at("24h")), (0.5, 0.0), "{metric}");
        }
    }
    for rows in [[copy("kv", "30m"), copy("cache", "5h")], [copy("cache", "5h"), copy("kv", "30m")]] {
        let answer = of(rows, true);
        let at = |metric: &str| mean(&answer, &format!("{metric}.1h"));
        assert_eq!(at("logs.normal.retrievable"), 0.5, "the cache has it");
        assert_eq!(at("logs.normal.reachable"), 0.0, "and no search looks there");
        assert_eq!(at("reader.far.logs.normal.retrievable"), 0.0, "nor anybody elsewhere");
    }
    let unsearched = of([copy("kv", "2h"), copy("kv", "30m")], false);
    assert_eq!(mean(&unsearched, "logs.normal.reachable.1h"), 0.0);
}
