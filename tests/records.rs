//! What becomes of records: one key holds one record, whatever its form, and what is there, what can be read and what is
//! stored never contradict each other. Stories by hand, and models at random.

use crate::common::{answer, answer_on, logged, mean, model};
use crate::random::config;
use capsim::experiment::Answer;
use proptest::prelude::*;

/// Two calls, one after the other, of a plan every hour of a day; each takes `latency`, and fails if it `fails`.
fn day(latency: &str, fails: bool, store: &str, rows: &str) -> Answer {
    day_with(latency, fails, store, rows, "")
}

fn day_with(latency: &str, fails: bool, store: &str, rows: &str, more: &str) -> Answer {
    let provider = format!("latency = \"{latency}\"\nerrors = {{ parse_failure = {} }}", u8::from(fails));
    let workflow = "steps = [{ name = \"call\", calls = 2 }]\non_call_error = \"continue\"";
    let arrivals = "process = \"deterministic\", per_hour = 1";
    let toml = logged("horizon = \"1d\"\nreplications = 1", workflow, arrivals, store, rows)
        .replace("latency = \"0s\"", &provider);
    answer(&model(&format!("{toml}{more}")))
}

/// The record of a response under this key.
fn response(key: &str, more: &str) -> String {
    format!("{{ on = \"response\", store = \"kv\", op = \"put\", key = \"{key}\", role = \"record\"{more} }}")
}

const KV: &str = "kind = \"kv\"\nstorage = { limit = \"1GB\", on_exceed = \"bill\" }";

fn counts(answer: &Answer, kind: &str) -> [f64; 5] {
    ["written", "alive", "expired", "evicted", "overwritten"]
        .map(|end| answer.mean(&format!("logs.{kind}.{end}")).unwrap_or(0.0))
}

#[test]
fn a_key_holds_one_record_whatever_its_form() {
    for (key, counted, stored) in [
        ("log:{log}", [48.0, 48.0, 0.0, 0.0, 0.0], 48.0),
        ("log:{session}", [48.0, 24.0, 0.0, 0.0, 24.0], 24.0),
        ("log:null_response", [48.0, 1.0, 0.0, 0.0, 47.0], 1.0),
    ] {
        let answer = day("0s", true, KV, &response(key, ""));
        assert_eq!(counts(&answer, "error"), counted, "{key}");
        assert_eq!(mean(&answer, "kv.stored.end"), stored * 1000.0, "{key}");
        assert_eq!(mean(&answer, "kv.stored.max"), stored * 1000.0, "{key}");
        assert_eq!(mean(&answer, "logs.alive.end"), stored, "{key}");
        assert_eq!(mean(&answer, "logs.alive.max"), stored, "{key}");
    }
    // Half of the records are replaced at once; the others after an hour, but for the last of them.
    let fixed = day("0s", true, KV, &response("log", ""));
    assert_eq!(mean(&fixed, "logs.error.retrievable.1h"), 1.0 / 48.0);
    let session = day("0s", true, KV, &response("log:{session}", ""));
    assert_eq!(mean(&session, "logs.error.retrievable.30d"), 0.5);
    assert!(day("0s", true, KV, &response("log:{log}", "")).mean("logs.error.overwritten").is_none());
}

#[test]
fn a_response_under_its_requests_key_replaces_the_request() {
    let request = response("log:{log}", "").replace("response", "request");
    let answer = day("10s", false, KV, &format!("{request}, {}", response("log:{log}", "")));
    assert_eq!(counts(&answer, "normal"), [96.0, 48.0, 0.0, 0.0, 48.0]);
    assert_eq!(mean(&answer, "logs.normal.retrievable.1h"), 0.5);
    assert_eq!(mean(&answer, "logs.alive.end"), 48.0);
    assert_eq!(mean(&answer, "kv.stored.end"), 48_000.0);
}

#[test]
fn a_write_of_another_kind_ends_a_record_too() {
    let other = "{ on = \"response\", store = \"kv\", op = \"put\", key = \"log:{log}\" }";
    let answer = day("0s", false, KV, &format!("{}, {other}", response("log:{log}", "")));
    assert_eq!(counts(&answer, "normal"), [48.0, 0.0, 0.0, 0.0, 48.0]);
    assert_eq!(mean(&answer, "kv.stored.end"), 48_000.0, "what replaced them is there");
    let delete = other.replace("put", "delete");
    let answer = day("0s", false, KV, &format!("{}, {delete}", response("log:{log}", "")));
    assert_eq!(mean(&answer, "logs.normal.cleaned"), 48.0);
    assert_eq!((mean(&answer, "logs.alive.end"), mean(&answer, "kv.stored.end")), (0.0, 0.0));
    assert_eq!(mean(&answer, "logs.normal.retrievable.1h"), 0.0);
}

/// A copy under a shared key is replaced after an hour, one of its own is there for `ttl`: the record lives as long as
/// the last of its copies.
#[test]
fn a_record_lives_until_the_last_of_its_copies_goes() {
    let of = |ttl: &str| {
        let own = response("own:{log}", &format!(", ttl = \"{ttl}\"")).replace("\"kv\"", "\"other\"");
        let rows = format!("{}, {own}", response("log:shared", ""));
        day_with("0s", false, KV, &rows, "[store.other]\nkind = \"cache\"\n")
    };
    let long = of("10h");
    // Those of the last ten hours are alive, ten hours old as the day ends, or in both stores.
    assert_eq!(counts(&long, "normal"), [48.0, 20.0, 28.0, 0.0, 0.0]);
    assert_eq!((mean(&long, "logs.alive.end"), mean(&long, "kv.stored.end")), (20.0, 1000.0));
    let short = of("30m");
    // The first call of a plan loses its copy at once, and lives in the cache; the second lives an hour in KV.
    assert_eq!(counts(&short, "normal"), [48.0, 1.0, 24.0, 0.0, 23.0]);
    assert_eq!(mean(&short, "other.expired"), 48.0);
}

/// Three records fit. Of a plan's two, the second replaces the first, and makes no other go.
#[test]
fn in_a_store_of_limited_size_a_replaced_record_takes_no_room() {
    let store = format!("{KV}\ncapacity = \"3KB\"");
    let answer = day("0s", true, &store, &response("log:{session}", ""));
    assert_eq!(counts(&answer, "error"), [48.0, 3.0, 0.0, 21.0, 24.0]);
    assert_eq!((mean(&answer, "kv.stored.end"), mean(&answer, "kv.stored.max")), (3000.0, 3000.0));
    assert_eq!((mean(&answer, "logs.alive.end"), mean(&answer, "logs.alive.max")), (3.0, 3.0));
    // One that is larger than the store is never there.
    let huge = day("0s", true, &store, &response("log:{log}", ", bytes = \"4KB\""));
    assert_eq!(counts(&huge, "error"), [48.0, 0.0, 0.0, 48.0, 0.0]);
    assert_eq!(mean(&huge, "logs.error.retrievable.1h"), 0.0);
    // Two stores of limited size: each counts what it has.
    let both = format!("{}, {}", response("log:{log}", ""), response("log:{log}", "").replace("\"kv\"", "\"small\""));
    let more = "[store.small]\nkind = \"cache\"\ncapacity = \"2KB\"\n";
    let two = day_with("0s", true, &store, &both, more);
    assert_eq!(counts(&two, "error"), [48.0, 3.0, 0.0, 45.0, 0.0]);
    assert_eq!((mean(&two, "small.evicted"), mean(&two, "kv.stored.end")), (46.0, 3000.0));
}

/// A shelf of two: of three records an hour the first goes after 30 minutes by itself, and leaves its place to another.
#[test]
fn what_has_gone_by_itself_takes_no_room() {
    let store = format!("{KV}\ncapacity = \"2KB\"");
    let short = response("short:{log}", ", ttl = \"30m\"")
        .replace("response", "request")
        .replace("kv\", op", "kv\", when = \"always\", op");
    let answer = day("0s", false, &store, &format!("{short}, {}", response("log", "")));
    // Each plan: a short one, a shared one, a short one, and the shared one again.
    let [written, alive, expired, evicted, overwritten] = counts(&answer, "normal");
    assert_eq!(written, 96.0);
    assert_eq!(alive + expired + evicted + overwritten, 96.0);
    assert_eq!((alive, mean(&answer, "kv.stored.end")), (1.0, 1000.0));
    assert!(expired > 0.0);
}

#[test]
fn the_bytes_of_a_key_are_those_of_its_last_write() {
    let other = "{ on = \"response\", store = \"kv\", op = \"put\", key = \"index\", ttl = \"90m\" }";
    let answer = day("0s", false, KV, other);
    assert_eq!((mean(&answer, "kv.stored.mean"), mean(&answer, "kv.stored.end")), (1000.0, 1000.0));
    // A larger value takes the difference, and the limit is that of what is there.
    let grows = "{ on = \"request\", store = \"kv\", op = \"put\", key = \"index\", bytes = \"1KB\" }, \
                 { on = \"response\", store = \"kv\", op = \"put\", key = \"index\", bytes = \"3KB\" }";
    let full = day("0s", false, "kind = \"kv\"\nstorage = { limit = \"2KB\" }", grows);
    assert_eq!((mean(&full, "kv.writes"), mean(&full, "kv.writes_rejected_full")), (48.0, 48.0));
    let fits = day("0s", false, "kind = \"kv\"\nstorage = { limit = \"3KB\" }", grows);
    assert_eq!((mean(&fits, "kv.writes_rejected_full"), mean(&fits, "kv.stored.max")), (0.0, 3000.0));
    // A day's key is written twice, and another one the next day.
    let daily = "{ on = \"day_end\", store = \"kv\", op = \"put\", key = \"sum:{day}\" }";
    let days = day("0s", false, KV, &format!("{daily}, {daily}"));
    assert_eq!((mean(&days, "kv.writes"), mean(&days, "kv.stored.end")), (2.0, 1000.0));
}

#[test]
fn what_a_failed_call_can_tell_ends_with_the_record_that_is_replaced() {
    let request = response("request:{log}", "").replace("response", "request");
    let of = |key: &str| {
        let answer = day("0s", true, KV, &format!("{request}, {}", response(key, "")));
        mean(&answer, "logs.error.context.1h")
    };
    assert_eq!(of("log:{log}"), 1.0);
    assert_eq!(of("log:{session}"), 0.5);
    assert_eq!(of("log"), 1.0 / 48.0);
    let both = format!("{}, {}", response("log:{log}", "").replace("response", "request"), response("log:{log}", ""));
    assert_eq!(mean(&day("1s", true, KV, &both), "logs.error.context.1h"), 0.0, "the request is replaced");
}

/// Nobody comes until twenty minutes before the end of thirty days: what is there then is counted, not sampled.
#[test]
fn what_is_alive_at_the_end_is_counted() {
    let toml = logged(
        "horizon = \"30d\"\nreplications = 3",
        "steps = [{ name = \"call\" }]",
        "process = \"poisson\", per_minute = 1",
        KV,
        &response("log:{log}", ""),
    );
    let answer = answer(&model(&format!("{toml}[[traffic.user.spike]]\nat = \"0s\"\nfor = \"43180m\"\nfactor = 0\n")));
    assert!(mean(&answer, "logs.alive.end") > 10.0);
    for metric in ["logs.alive.max", "logs.normal.alive", "logs.normal.written", "kv.writes"] {
        assert_eq!(mean(&answer, metric), mean(&answer, "logs.alive.end"), "{metric}");
    }
    assert_eq!(mean(&answer, "kv.stored.end"), 1000.0 * mean(&answer, "logs.alive.end"));
    assert!((mean(&answer, "kv.stored.mean") - 1000.0 * mean(&answer, "logs.alive.mean")).abs() < 1e-9);
}

/// A record of an hour lives for its hour: at every age, in the mean, and at the end.
#[test]
fn what_is_alive_is_exact_between_two_looks() {
    let answer = day("0s", false, &format!("{KV}\nttl = \"90s\""), &response("log:{log}", ""));
    assert_eq!(mean(&answer, "logs.alive.mean"), 2.0 * 90.0 / 3600.0);
    assert_eq!((mean(&answer, "logs.alive.max"), mean(&answer, "logs.alive.end")), (2.0, 0.0));
}

/// A model with logs of every kind.
#[derive(Clone, Debug)]
struct Logged {
    per_hour: f64,
    error: f64,
    calls: u32,
    rows: Vec<(usize, usize, usize, usize, usize)>,
    delete: bool,
    index: bool,
    awaited: bool,
    ttl: &'static str,
    capacity: &'static str,
    forgets: &'static str,
    limit: u32,
    cleans: bool,
    isolates: bool,
    put: &'static str,
    seed: u32,
}

const KEYS: [&str; 4] = ["a:{log}", "b:{session}", "c", "d:{session}:{log}"];
const LEAST: &str = "kind = \"kv\"\nstorage = { limit = \"1GB\", on_exceed = \"bill\" }\n";

fn any_logged() -> impl Strategy<Value = Logged> {
    let rows = prop::collection::vec((0_usize..2, 0_usize..4, 0_usize..2, 0_usize..3, 0_usize..4), 1..5);
    let kinds = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let words = (
        prop::sample::select(vec!["", "ttl = \"3h\"", "ttl = \"40m\""]),
        prop::sample::select(vec!["", "capacity = \"20KB\"", "capacity = \"3KB\""]),
        prop::sample::select(vec!["", "evictions_per_hour = 0.4", "restarts_per_day = 6"]),
        prop::sample::select(vec!["0s", "3s", "90s"]),
    );
    (2.0_f64..40.0, 0.0_f64..0.6, 1_u32..4, rows, kinds, words, 10_u32..2000, any::<u32>()).prop_map(
        |(per_hour, error, calls, rows, kinds, words, limit, seed)| Logged {
            per_hour,
            error,
            calls,
            rows,
            delete: kinds.0,
            index: kinds.1,
            awaited: kinds.2,
            cleans: kinds.3,
            isolates: kinds.4,
            ttl: words.0,
            capacity: words.1,
            forgets: words.2,
            put: words.3,
            limit,
            seed,
        },
    )
}

impl Logged {
    /// Whether each record has one key in one store, and nothing else is there.
    fn is_single(&self) -> bool {
        let own = |row: &(usize, usize, usize, usize, usize)| row.2 == 0;
        let each = [0, 1].iter().all(|on| self.rows.iter().filter(|row| row.0 == *on).count() <= 1);
        each && !self.index && self.rows.iter().all(own)
    }

    fn toml(&self) -> String {
        let row = |&(on, key, store, when, ttl): &(usize, usize, usize, usize, usize)| {
            let (on, store) = (["request", "response"][on], ["kv", "cache"][store]);
            let when = ["always", "error", "normal"][when];
            let ttl = ["", "", ", ttl = \"1h\"", ", ttl = \"10m\""][ttl];
            let key = KEYS[key];
            format!(
                "{{ on = \"{on}\", when = \"{when}\", store = \"{store}\", op = \"put\", key = \"{key}\", role = \"record\"{ttl} }}"
            )
        };
        let mut rows: Vec<String> = self.rows.iter().map(row).collect();
        if self.index {
            let index = |on: &str, op: &str| {
                format!("{{ on = \"{on}\", store = \"kv\", op = \"{op}\", key = \"index\", role = \"index\" }}")
            };
            rows.extend([index("response", "get"), index("response", "put")]);
        }
        if self.delete {
            let key = KEYS[self.rows[0].1];
            rows.push(format!(
                "{{ on = \"response\", when = \"normal\", store = \"kv\", op = \"delete\", key = \"{key}\" }}"
            ));
        }
        let cleans = self.cleans && self.capacity.is_empty();
        let reader = if cleans { "[reader.admin]\ncleanup_every = \"2h\"\ncleanup_age = \"3h\"\n" } else { "" };
        let isolates = if self.isolates { "[isolates]\nmax = 5\nper_isolate = 2\nlifetime = \"35m\"\n" } else { "" };
        let plan = format!("steps = [{{ name = \"call\", calls = {} }}]\non_call_error = \"continue\"", self.calls);
        let store = format!(
            "{LEAST}{}\n{}\nlatency.put = \"{}\"\nquota.writes = {{ limit = {}, window = \"2h\" }}",
            self.ttl, self.capacity, self.put, self.limit
        );
        let text = logged(
            &format!("horizon = \"30h\"\nreplications = 2\nseed = {}", self.seed),
            &plan,
            &format!("process = \"poisson\", per_hour = {}", self.per_hour),
            &store,
            &rows.join(", "),
        );
        let provider = format!("latency = \"20s\"\nerrors = {{ parse_failure = {} }}", self.error);
        let text = text.replace("latency = \"0s\"", &provider);
        let text = text.replace("strategy = \"custom\"", &format!("strategy = \"custom\"\nawaited = {}", self.awaited));
        format!("{text}{reader}{isolates}[store.cache]\nkind = \"cache\"\n{}\n{}\n", self.capacity, self.forgets)
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn records_balance_and_never_contradict_each_other(any in any_logged()) {
        let answer = answer_on(&model(&any.toml()), 1);
        let of = |metric: String| answer.mean(&metric);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9 * a.abs().max(1.0);
        let mut alive = 0.0;
        for kind in ["normal", "error"] {
            let ended = |end: &str| of(format!("logs.{kind}.{end}")).unwrap_or(0.0);
            let ends = ["alive", "expired", "evicted", "lost_at_restart", "cleaned", "overwritten"];
            prop_assert!(close(ended("written"), ends.map(ended).iter().sum()), "{}", any.toml());
            alive += ended("alive");
            let mut before = [f64::INFINITY; 2];
            for age in ["1h", "24h", "3d", "7d", "30d"] {
                let shares = ["retrievable", "reachable"].map(|what| of(format!("logs.{kind}.{what}.{age}")));
                let [Some(there), Some(found)] = shares else { continue };
                // Each replication has a share of its own, and their means need not keep the order of sums.
                prop_assert!((0.0..=1.0).contains(&there) && found <= there + 1e-12, "{kind} {age}: {found} of {there}");
                prop_assert!(there <= before[0] + 1e-12 && found <= before[1] + 1e-12, "{kind} {age}");
                before = [there, found];
            }
        }
        let level = |what: &str| of(format!("logs.alive.{what}")).unwrap();
        prop_assert!(close(level("end"), alive), "{} at the end, {alive} by their ends: {}", level("end"), any.toml());
        prop_assert!(level("end") <= level("max") && level("mean") <= level("max"));
        if any.is_single() {
            prop_assert!(close(1000.0 * level("end"), mean(&answer, "kv.stored.end")), "{}", any.toml());
            prop_assert!(close(1000.0 * level("mean"), mean(&answer, "kv.stored.mean")), "{}", any.toml());
            prop_assert!(close(1000.0 * level("max"), mean(&answer, "kv.stored.max")), "{}", any.toml());
        }
    }

    /// One replication, so that the shares are those of its own records.
    #[test]
    fn no_more_can_be_read_than_was_written(any in any_logged()) {
        let answer = answer_on(&model(&any.toml().replace("replications = 2", "replications = 1")), 1);
        for kind in ["normal", "error"] {
            let count = |what: &str| mean(&answer, &format!("logs.{kind}.{what}"));
            let Some(there) = answer.mean(&format!("logs.{kind}.retrievable.1h")) else { continue };
            prop_assert!(there <= count("written") / count("offered") + 1e-12, "{kind}: {there}");
        }
    }
}
