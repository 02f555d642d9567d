//! Everything at once, replayed to the integer: queues, retries, faults of every kind, logs and reads of a key-value store
//! and of a cache with their latencies, quotas of the day, spaced keys, and what an invocation may do.

use crate::common::{ONE_CALL, answer_on, logged, mean, model};
use crate::reference::full::{Counts, Row, Store, Whole, play};
use crate::reference::{Attempt, Plan, Rules, SECOND, trace};
use proptest::prelude::*;

const GRID: u64 = SECOND / 4;
const DAY: u64 = 86_400 * SECOND;
const TIMEOUT: u64 = 3 * SECOND;
const FAULTS: [&str; 9] = [
    "timeout",
    "rate_limited",
    "server_error",
    "overloaded",
    "parse_failure",
    "invalid_response",
    "network",
    "auth",
    "bad_request",
];

fn attempt() -> impl Strategy<Value = Attempt> {
    let latency = prop_oneof![6 => (0_u64..10).prop_map(|n| n * GRID), 1 => Just(TIMEOUT), 1 => Just(TIMEOUT + 1)];
    let fault = prop_oneof![3 => Just(None), 2 => prop::sample::select(FAULTS.to_vec()).prop_map(Some)];
    let faulty = prop::bool::weighted(0.2);
    (latency, fault, faulty).prop_map(|(latency, fault, faulty)| Attempt { latency, fault, faulty })
}

/// Plans of as many calls, about midnight.
fn plans(isolates: usize) -> impl Strategy<Value = Vec<Plan>> {
    (1_usize..=4).prop_flat_map(move |calls| {
        let attempts = prop::collection::vec(attempt(), 1..=3);
        let plan = (0_u64..60, prop::collection::vec(attempts, calls), 0..isolates, any::<bool>());
        let plan = plan.prop_map(|(at, calls, isolate, admin)| Plan {
            at: DAY - 10 * SECOND + at * GRID,
            calls,
            isolate,
            admin,
        });
        prop::collection::vec(plan, 1..=12).prop_map(|mut plans| {
            plans.sort_by_key(|plan| (plan.at, !plan.admin));
            plans
        })
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let mut retried = FAULTS.to_vec();
    retried.push("subrequest_limit");
    let most = retried.len();
    let queue = (1_usize..=3, 0_usize..=6, prop::sample::select(vec!["fifo", "lifo", "priority"]));
    let patience = prop::option::of((1_u64..20).prop_map(|n| n * GRID));
    let retry =
        (0_usize..=3, prop::sample::subsequence(retried, 0..=most), 1_u64..6, 1_u64..=3, 6_u64..20, any::<bool>());
    (queue, patience, retry, prop::option::of(Just(TIMEOUT)), 1_usize..=3).prop_map(
        |(
            (slots, places, discipline),
            patience,
            (retries, retried, base, factor, cap, hold_slot),
            timeout,
            isolates,
        )| {
            Rules {
                slots,
                places,
                timeout,
                retries,
                retried,
                base: base * GRID,
                factor,
                cap: cap * GRID,
                hold_slot,
                discipline,
                patience,
                isolates,
            }
        },
    )
}

fn store(external: bool) -> impl Strategy<Value = Store> {
    let daily = || prop::option::of(0_u64..12);
    let takes = || prop_oneof![2 => Just(0_u64), 1 => Just(GRID), 1 => Just(SECOND), 1 => Just(7)];
    let spacing = prop::option::of(prop_oneof![Just(SECOND), Just(2 * SECOND)]);
    let of_all = ([daily(), daily(), daily()], [takes(), takes(), takes()], spacing, prop::option::of(0_u64..6));
    of_all.prop_map(move |(daily, takes, spacing, per_invocation)| Store {
        daily,
        takes,
        spacing,
        per_invocation,
        external,
    })
}

fn row() -> impl Strategy<Value = Row> {
    let key = prop::sample::select(vec!["a:{log}", "b:{log}", "list:{session}", "index"]);
    let when = prop::sample::select(vec!["always", "always", "error", "normal"]);
    (any::<bool>(), when, 0_usize..2, prop_oneof![1 => Just(0_usize), 3 => Just(1), 1 => Just(2)], key)
        .prop_map(|(response, when, store, op, key)| Row { response, when, store, op, key })
}

fn everything() -> impl Strategy<Value = (Vec<Plan>, Whole)> {
    let limits = (prop::option::of(0_u64..10), prop::option::of(0_u64..10));
    let level = prop::sample::select(vec!["all", "all", "errors_only", "none"]);
    let logs = (prop::collection::vec(row(), 0..6), level, any::<bool>(), (0_usize..3, 0_usize..3));
    let flow = (any::<bool>(), 1_usize..=2, any::<bool>(), any::<bool>());
    (rules(), flow, limits, (store(false), store(true)), logs).prop_flat_map(|(rules, flow, limits, stores, logs)| {
        let (constant_backoff, parallel, goes_on, by_call) = flow;
        let whole = Whole {
            constant_backoff,
            parallel,
            goes_on,
            by_call,
            external: limits.0,
            internal: limits.1,
            stores: [stores.0, stores.1],
            rows: logs.0,
            level: logs.1,
            fail_plan: logs.2,
            reads: logs.3,
            rules,
        };
        (plans(whole.rules.isolates), Just(whole))
    })
}

fn nanos(key: &str, value: Option<u64>) -> String {
    value.map(|value| format!("{key} = \"{value}ns\"\n")).unwrap_or_default()
}

fn whole_number(key: &str, value: Option<u64>) -> String {
    value.map(|value| format!("{key} = {value}\n")).unwrap_or_default()
}

fn store_text(name: &str, store: &Store) -> String {
    let mut text = format!("[store.{name}]\nkind = \"{name}\"\n{}", nanos("key_spacing", store.spacing));
    text += &whole_number("ops_per_invocation", store.per_invocation);
    for (at, (op, plural)) in [("get", "reads"), ("put", "writes"), ("delete", "deletes")].into_iter().enumerate() {
        text += &nanos(&format!("latency.{op}"), Some(store.takes[at]));
        text += &whole_number(&format!("quota.{plural}.limit"), store.daily[at]);
    }
    text
}

fn text(file: &std::path::Path, plans: &[Plan], whole: &Whole) -> String {
    let rules = &whole.rules;
    let class = |name: &str, admin: bool| {
        let any = plans.iter().any(|plan| plan.admin == admin);
        let priority = i32::from(admin);
        let text =
            format!("[traffic.{name}]\narrivals = {{ process = \"trace\", file = {file:?} }}\npriority = {priority}\n");
        if any { text } else { String::new() }
    };
    let calls = plans[0].calls.len();
    let row = |row: &Row| {
        format!(
            "{{ on = \"{}\", when = \"{}\", store = \"{}\", op = \"{}\", key = \"{}\" }}",
            ["request", "response"][usize::from(row.response)],
            row.when,
            ["kv", "cache"][row.store],
            ["get", "put", "delete"][row.op],
            row.key
        )
    };
    let rows: Vec<String> = whole.rows.iter().map(row).collect();
    let logging = if rows.is_empty() { "none" } else { "custom" };
    let ops = if rows.is_empty() { String::new() } else { format!("ops = [{}]", rows.join(", ")) };
    let read = |name: &str, when: &str, count: usize| {
        if count == 0 { String::new() } else { format!("[reads.{name}]\nstore = \"kv\"\n{when} = {count}\n") }
    };
    format!(
        "[run]\nhorizon = \"5d\"\nreplications = 1\n[platform]\nisolates = {}\n{}{}{}{}\
         [workflow.plan]\ninvocation = \"{}\"\non_call_error = \"{}\"\n\
         steps = [{{ name = \"call\", provider = \"p\", queue = \"q\", calls = {calls}, parallel = {} }}]\n\
         [provider.p]\nlatency = \"1s\"\n{}\
         [retry.p]\nmax = {}\non = {:?}\nhold_slot = {}\n\
         backoff = {{ kind = \"{}\", base = \"{}ns\", factor = {}.0, cap = \"{}ns\", jitter = \"none\" }}\n\
         [queue.q]\nmax_concurrency = {}\nmax_queue = {}\ndiscipline = \"{}\"\n{}{}{}{}{}\
         [logging]\nstrategy = \"{logging}\"\nlevel = \"{}\"\non_error = \"{}\"\n{ops}\n",
        rules.isolates,
        whole_number("subrequests_external", whole.external),
        whole_number("subrequests_internal", whole.internal),
        class("admin", true),
        class("user", false),
        if whole.by_call { "call" } else { "plan" },
        if whole.goes_on { "continue" } else { "abort" },
        whole.parallel.min(calls),
        nanos("request_timeout", rules.timeout),
        rules.retries,
        rules.retried,
        rules.hold_slot,
        if whole.constant_backoff { "constant" } else { "exponential" },
        rules.base,
        rules.factor,
        rules.cap,
        rules.slots,
        rules.places,
        rules.discipline,
        nanos("patience", rules.patience),
        store_text("kv", &whole.stores[0]),
        store_text("cache", &whole.stores[1]),
        read("lists", "per_plan", whole.reads.0) + &read("prompt", "per_call", whole.reads.1),
        "",
        whole.level,
        if whole.fail_plan { "fail_plan" } else { "swallow" },
    )
}

fn compare(plans: &[Plan], whole: &Whole) {
    let name = format!("capsim-whole-{}-{:?}.jsonl", std::process::id(), std::thread::current().id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, trace(plans, "user")).unwrap();
    let text = text(&file, plans, whole);
    let answer = answer_on(&model(&text), 1);
    std::fs::remove_file(&file).unwrap();
    let exact = play(plans, whole);
    let of = |counts: &Counts, name: &str| counts.get(name).copied().unwrap_or_default() as f64;
    let mut names = Vec::new();
    for end in ["offered", "completed", "call_failed", "overloaded", "abandoned", "crashed"] {
        names.push(format!("plans.{end}"));
    }
    for end in ["made", "succeeded", "failed", "refused", "abandoned", "crashed"] {
        names.push(format!("calls.{end}"));
    }
    for end in ["made", "timed_out", "rate_limited", "errored", "retried", "subrequest_limited"] {
        names.push(format!("attempts.{end}"));
    }
    for store in ["kv", "cache"] {
        for op in ["reads", "writes", "deletes"] {
            for end in ["", "_attempted", "_rejected_quota", "_rejected_key", "_rejected_invocation"] {
                names.push(format!("{store}.{op}{end}"));
            }
        }
    }
    names.push("queue.q.admitted".into());
    for name in names {
        // The third program counts every try, and those that were kept back as errors; here they were not sent.
        let kept_back = if ["attempts.made", "attempts.errored"].contains(&name.as_str()) {
            mean(&answer, "attempts.kept_back")
        } else {
            0.0
        };
        let found = mean(&answer, &name) + kept_back;
        assert_eq!(found, of(&exact, &name), "{name} of\n{text}\n{}", trace(plans, "user"));
    }
    let close = |metric: &str, sum: &str, over: &str| {
        let exact = of(&exact, sum) / of(&exact, over) / SECOND as f64;
        let found = answer.mean(metric).unwrap_or(f64::NAN);
        assert!(
            exact.is_nan() || (found - exact).abs() < 1e-9 * exact.max(1.0),
            "{metric}: {found}, {exact}\n{text}\n{}",
            trace(plans, "user")
        );
    };
    close("queue.q.wait.mean", "waited", "queue.q.admitted");
    close("plan.latency.mean", "latency", "plans.completed");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_trace_gives_the_counts_of_a_third_program((plans, whole) in everything()) {
        compare(&plans, &whole);
    }
}

/// Reads as a plan begins are those of its first call; the other calls log from the first row on.
#[test]
fn who_does_not_read_logs_all_the_same() {
    let row = |key: &str| format!("{{ on = \"request\", store = \"kv\", op = \"put\", key = \"{key}:{{log}}\" }}");
    let rows = [row("a"), row("b")].join(", ");
    let steps = "steps = [{ name = \"call\", calls = 3 }]";
    let text = logged("horizon = \"1d\"", steps, "process = \"deterministic\", per_day = 1", "kind = \"kv\"", &rows);
    let answer = answer_on(&model(&format!("{text}[reads.lists]\nstore = \"kv\"\nper_plan = 2\n")), 1);
    assert_eq!((mean(&answer, "kv.reads"), mean(&answer, "kv.writes")), (2.0, 6.0));
}

/// The key of a call is one key, whichever rows write it: a second write within its second is refused.
#[test]
fn two_rows_that_write_one_key_are_held_to_its_spacing() {
    let row = |on: &str| format!("{{ on = \"{on}\", store = \"kv\", op = \"put\", key = \"a:{{log}}\" }}");
    let rows = [row("request"), row("response")].join(", ");
    let of = |latency: &str| {
        let store = "kind = \"kv\"\nkey_spacing = \"1s\"";
        let text = logged("horizon = \"1d\"", ONE_CALL, "process = \"deterministic\", per_day = 1", store, &rows);
        let answer = answer_on(&model(&text.replace("latency = \"0s\"", &format!("latency = \"{latency}\""))), 1);
        (mean(&answer, "kv.writes"), mean(&answer, "kv.writes_rejected_key"))
    };
    assert_eq!((of("999ms"), of("1s")), ((1.0, 1.0), (2.0, 0.0)));
}
