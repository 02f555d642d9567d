//! What an invocation has to itself, worked out by hand: connections, the time after the response, processor time.

use crate::common::{answer, mean, model, model_with, shipped};
use capsim::experiment::Answer;
use proptest::prelude::*;

/// A plan an hour for a day. `more` comes last.
fn text(workflow: &str, more: &str) -> String {
    format!(
        r#"
name = "invocation"
[run]
horizon = "24h"
replications = 1
[traffic.user]
arrivals = {{ process = "deterministic", per_hour = 1 }}
[workflow.plan]
{workflow}
[provider.ai]
latency = "10s"
{more}
"#
    )
}

fn steps(calls: u32, parallel: u32) -> String {
    format!("steps = [{{ name = \"day\", calls = {calls}, parallel = {parallel} }}]")
}

const SIX: &str = "platform.connections=6";

/// Nine calls at once run as 6 + 3, so they take twice as long; any number as many waves as six at a time make.
#[test]
fn calls_at_once_run_six_at_a_time() {
    for calls in 1..=20_u32 {
        for parallel in 1..=calls {
            let found = answer(&model_with(&text(&steps(calls, parallel), ""), &[SIX]));
            let waves = calls.div_ceil(parallel.min(6));
            assert_eq!(mean(&found, "plan.latency.max"), f64::from(waves) * 10.0, "{calls} calls, {parallel} at once");
            if parallel <= 6 {
                assert_eq!(found.mean("invocation.connections.waited"), None, "nobody can wait");
                continue;
            }
            assert_eq!(mean(&found, "invocation.connections.max"), 6.0);
            if calls == parallel {
                assert_eq!(mean(&found, "invocation.connections.waited"), f64::from(calls - 6) * 24.0);
            }
        }
    }
}

#[test]
fn nine_calls_at_once_wait_unless_each_has_an_invocation_or_a_stream() {
    let of = |workflow: &str, sets: &[&str]| answer(&model_with(&text(workflow, ""), &[&[SIX], sets].concat()));
    let nine = of(&steps(9, 9), &[]);
    assert_eq!(mean(&nine, "plan.latency.mean"), 20.0);
    // Three of nine wait for 10 s.
    assert!((mean(&nine, "invocation.connections.wait.mean") - 30.0 / 9.0).abs() < 1e-9);
    assert_eq!(mean(&nine, "invocation.connections.wait.max"), 10.0);
    for free in ["workflow.plan.invocation=call", "platform.connections=9", "provider.ai.headers_after=0s"] {
        assert_eq!(mean(&of(&steps(9, 9), &[free]), "plan.latency.mean"), 10.0, "{free}");
    }
    // Headers after 4 s: the last three begin then.
    assert_eq!(mean(&of(&steps(9, 9), &["provider.ai.headers_after=4s"]), "plan.latency.mean"), 14.0);
    assert_eq!(mean(&of(&steps(9, 9), &["provider.ai.headers_after=40s"]), "plan.latency.mean"), 20.0);
    // Steps that do not wait for each other are at once too; those that do are not.
    let two = |after: &str| {
        format!(
            "steps = [{{ name = \"a\", calls = 5, parallel = 5 }}, {{ name = \"b\", calls = 4, parallel = 4{after} }}]"
        )
    };
    assert_eq!(mean(&of(&two(""), &[]), "plan.latency.mean"), 20.0);
    assert_eq!(of(&two(", after = [\"a\"]"), &[]).mean("invocation.connections.waited"), None);
}

/// Behind a breaker, and with a deadline that never comes, everything is as without.
#[test]
fn connections_are_the_same_with_policies() {
    for more in ["[breaker.ai]\n", "[retry.ai]\ndeadline = \"10h\"\n", "[hedge.ai]\nafter = \"9s\"\n"] {
        let found = answer(&model_with(&text(&steps(9, 9), more), &[SIX]));
        assert_eq!(mean(&found, "plan.latency.mean"), 20.0, "{more}");
    }
}

/// Waiting for a connection spends the time limit of an attempt. The last three have 5 s left when they get one.
#[test]
fn waiting_for_a_connection_spends_the_timeout() {
    let workflow = format!("{}\non_call_error = \"continue\"", steps(9, 9));
    for more in ["", "[breaker.ai]\n"] {
        let found = answer(&model_with(&text(&workflow, more), &[SIX, "provider.ai.request_timeout=15s"]));
        assert_eq!(mean(&found, "plan.latency.mean"), 15.0);
        assert_eq!(mean(&found, "attempts.timed_out"), 3.0 * 24.0);
        assert_eq!(mean(&found, "invocation.connections.given_up"), 0.0, "they had been sent");
    }
}

/// An attempt that is given up before it had a connection was never sent, and nobody bills it.
#[test]
fn an_attempt_without_a_connection_never_reaches_its_provider() {
    let workflow = "steps = [{ name = \"slow\", calls = 6, parallel = 6, provider = \"ai\" }, { name = \"fast\", provider = \"fast\" }]\n\
                    on_call_error = \"continue\"";
    let fast = "[provider.fast]\nlatency = \"1s\"\nrequest_timeout = \"4s\"\nusage = { input = 1 }\nprices = { input_per_million = 1 }\n";
    for more in ["", "[breaker.fast]\n"] {
        let found = answer(&model_with(&text(workflow, &format!("{fast}{more}")), &[SIX]));
        assert_eq!(mean(&found, "invocation.connections.given_up"), 24.0);
        assert_eq!(mean(&found, "attempts.kept_back"), 24.0);
        assert_eq!(mean(&found, "attempts.timed_out"), 0.0);
        assert_eq!(mean(&found, "attempts.made"), 6.0 * 24.0);
        assert_eq!(mean(&found, "provider.fast.tokens.input"), 0.0);
        assert_eq!(mean(&found, "plan.latency.mean"), 10.0);
    }
}

/// A plan of calls of 1 s, each of whose responses is put into KV; `kv` are keys of the store.
fn logged(calls: u32, parallel: u32, kv: &str, rows: &str) -> String {
    let more = format!(
        "[store.kv]\nkind = \"kv\"\nawaited = false\n{kv}\n[logging]\nstrategy = \"custom\"\nops = [{rows}]\n[platform]\nwait_until = \"30s\"\n"
    );
    text(&steps(calls, parallel), &more).replace("latency = \"10s\"", "latency = \"1s\"")
}

const RECORD: &str = r#"{ on = "response", store = "kv", op = "put", key = "log:{log}", role = "record" }"#;
const OTHER: &str = r#"{ on = "response", store = "kv", op = "put", key = "other:{log}" }"#;

/// Records written, unfinished, and background operations cut off, in a plan.
fn left_behind(answer: &Answer) -> [f64; 3] {
    ["logs.normal.written", "logs.normal.unfinished", "invocation.wait_until.cut"]
        .map(|metric| mean(answer, metric) / 24.0)
}

#[test]
fn what_is_not_done_thirty_seconds_after_the_response_is_lost() {
    let of = |toml: &str, sets: &[&str]| {
        let answer = answer(&model_with(toml, sets));
        assert_eq!(mean(&answer, "plan.latency.max"), 1.0, "nobody waits for it");
        left_behind(&answer)
    };
    let one = |takes: &str| logged(1, 1, &format!("latency.put = \"{takes}\""), RECORD);
    assert_eq!(of(&one("30s"), &[]), [1.0, 0.0, 0.0], "an answer in the last instant is one");
    assert_eq!(of(&one("31s"), &[]), [0.0, 1.0, 1.0]);
    assert_eq!(of(&one("31s"), &["platform.wait_until=40s"]), [1.0, 0.0, 0.0]);
    assert_eq!(of(&one("31s").replace("wait_until = \"30s\"", ""), &[]), [1.0, 0.0, 0.0], "no limit");
    let twenty = "latency.put = \"20s\"";
    assert_eq!(of(&logged(2, 2, twenty, RECORD), &[]), [2.0, 0.0, 0.0], "beside each other");
    // Ops of one event are made one after the other.
    assert_eq!(of(&logged(1, 1, twenty, &format!("{OTHER}, {RECORD}")), &[]), [0.0, 1.0, 1.0]);
    assert_eq!(of(&logged(1, 1, twenty, &format!("{RECORD}, {OTHER}")), &[]), [1.0, 0.0, 1.0]);
    let both = answer(&model(&logged(1, 1, twenty, &format!("{RECORD}, {OTHER}"))));
    assert_eq!(mean(&both, "kv.writes"), 48.0, "the second was accepted, and then nobody was there");
}

/// The time runs from the end of the invocation: a call's own is over sooner than that of its plan.
#[test]
fn the_time_runs_from_the_response_of_the_invocation() {
    let toml = logged(2, 1, "latency.put = \"40s\"", RECORD).replace("latency = \"1s\"", "latency = \"100s\"");
    let of = |scope: &str| left_behind(&answer(&model_with(&toml, &[&format!("workflow.plan.invocation={scope}")])));
    assert_eq!(of("plan"), [1.0, 1.0, 1.0], "that of the first call is done before the second is answered");
    assert_eq!(of("step"), [1.0, 1.0, 1.0], "as the step is the plan");
    assert_eq!(of("call"), [0.0, 2.0, 2.0]);
}

#[test]
fn what_is_awaited_is_waited_for_and_draws_the_same() {
    let toml = logged(3, 1, "latency.put = { dist = \"exponential\", mean = \"500ms\" }", RECORD);
    let (left, awaited) = (answer(&model(&toml)), answer(&model_with(&toml, &["store.kv.awaited=true"])));
    assert_eq!(mean(&left, "plan.latency.mean"), 3.0);
    assert!(mean(&awaited, "plan.latency.mean") > 4.0);
    let general = toml.replace("awaited = false", "").replace("[logging]", "[logging]\nawaited = false");
    assert_eq!(mean(&answer(&model(&general)), "plan.latency.mean"), 3.0);
    for metric in ["kv.writes", "logs.normal.written", "attempts.made"] {
        assert_eq!(mean(&left, metric), mean(&awaited, metric), "{metric}");
    }
}

/// The request is there for 5 h and its response for ever. Written after the response or before, both are known of.
#[test]
fn of_a_failed_call_both_records_are_known_whichever_is_written_last() {
    let request = RECORD.replace("response", "request").replace("key = \"log", "ttl = \"5h\", key = \"request");
    let toml = logged(1, 1, "latency.put = \"20s\"", &format!("{request}, {RECORD}"))
        .replace("latency = \"1s\"", "latency = \"1s\"\nerrors = { parse_failure = 1 }");
    let context = |sets: &[&str]| {
        let answer = answer(&model_with(&toml, sets));
        ["1h", "24h"].map(|age| mean(&answer, &format!("logs.error.context.{age}")))
    };
    assert_eq!(context(&["store.kv.awaited=true"]), [1.0, 0.0]);
    assert_eq!(context(&[]), [1.0, 0.0]);
    let never = toml.replace("\"20s\"", "\"31s\"");
    let answer = answer(&model(&never));
    assert_eq!(mean(&answer, "logs.error.context.1h"), 0.0);
}

/// Nine calls of 1 s, one after the other, whose logs take 10 s: when the seventh begins at 6 s six logs are under way,
/// the first of them until 11 s. Then one is done each second.
#[test]
fn logs_that_nobody_awaits_take_the_connections_of_attempts() {
    let toml = logged(9, 1, "latency.put = \"10s\"", RECORD);
    assert_eq!(mean(&answer(&model(&toml)), "plan.latency.mean"), 9.0);
    let six = answer(&model_with(&toml, &[SIX]));
    assert_eq!(mean(&six, "plan.latency.mean"), 14.0);
    assert_eq!(mean(&six, "invocation.connections.wait.max"), 5.0);
    assert_eq!(left_behind(&six), [9.0, 0.0, 0.0]);
    // What is no subrequest needs no connection.
    let point = toml.replace("kind = \"kv\"", "kind = \"log-service\"\nsubrequest = false");
    assert_eq!(mean(&answer(&model_with(&point, &[SIX])), "plan.latency.mean"), 9.0);
}

#[test]
fn an_invocation_over_its_processor_time_is_killed() {
    let toml = text("steps = [{ name = \"day\", calls = 9, cpu = \"2ms\" }]", RECORDS);
    const RECORDS: &str = "[store.kv]\nkind = \"kv\"\n[logging]\nstrategy = \"custom\"\n\
        ops = [{ on = \"response\", store = \"kv\", op = \"put\", key = \"log:{log}\", role = \"record\" }]\n";
    let of = |sets: &[&str]| answer(&model_with(&toml, sets));
    let killed = of(&["platform.cpu.limit=10ms"]);
    // Five calls take 10 ms, which is not over 10; the sixth is answered, but not logged.
    let found = ["plans.crashed", "calls.succeeded", "calls.crashed", "invocation.cpu.exceeded", "kv.writes"];
    assert_eq!(found.map(|metric| mean(&killed, metric) / 24.0), [1.0, 5.0, 1.0, 1.0, 5.0]);
    assert!((mean(&killed, "invocation.cpu.per_plan") - 0.012).abs() < 1e-12);
    for fine in [&["platform.cpu.limit=18ms"][..], &["platform.cpu.limit=2ms", "workflow.plan.invocation=call"], &[]] {
        assert_eq!(mean(&of(fine), "plans.completed"), 24.0, "{fine:?}");
    }
    // 24 plans a day for 30 days take 12.96 s; 2.96 s are over, at a dollar a millisecond.
    let billed = of(&["platform.cpu={ included = \"10s\", price_per_million_ms = 1e6 }", "platform.base_price=5"]);
    assert!((mean(&billed, "cost.month") - 2_965.0).abs() < 1e-6, "{}", mean(&billed, "cost.month"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    /// Every plan, call, attempt, op, record, connection and background operation is in one bucket (a run fails that finds
    /// one that is not), and no invocation has more open than it may.
    #[test]
    fn no_invocation_has_more_connections_than_it_may(
        widths in prop::collection::vec((1..12_u32, 1..12_u32, any::<bool>()), 1..4),
        connections in 1..8_u32,
        scope in prop::sample::select(vec!["plan", "step", "call"]),
        awaited in any::<[bool; 2]>(),
        policies in prop::sample::select(vec![
            "", "[breaker.ai]\nfail_max = 3\nreset_timeout = \"20s\"\n", "[hedge.ai]\nafter = \"4s\"\nmax = 2\n",
            "[isolates]\nmin = 1\nmax = 4\nper_isolate = 3\nlifetime = { dist = \"exponential\", mean = \"3m\" }\ndrain_timeout = \"10s\"\n",
        ]),
        keys in prop::sample::select(vec!["", "timeout_from = \"arrival\"", "headers_after = \"1s\"", "headers_after = \"0s\""]),
        ends in any::<bool>(),
        seed in 0..1000_u64,
    ) {
        let step = |(nth, (calls, parallel, follows)): (usize, &(u32, u32, bool))| {
            let after = if *follows && nth > 0 { format!(", after = [\"s{}\"]", nth - 1) } else { String::new() };
            format!("{{ name = \"s{nth}\", calls = {calls}, parallel = {}, queue = \"q\", cpu = {{ dist = \"exponential\", mean = \"1ms\" }}{after} }}", parallel.min(calls))
        };
        let steps: Vec<String> = widths.iter().enumerate().map(step).collect();
        let end = if ends { ", { on = \"plan_end\", store = \"kv\", op = \"put\", key = \"end:{session}\" }" } else { "" };
        let toml = format!(r#"
[run]
horizon = "1h"
replications = 1
seed = {seed}
[platform]
connections = {connections}
wait_until = "5s"
cpu = {{ limit = "20ms" }}
subrequests_external = 60
[traffic.user]
arrivals = {{ process = "poisson", per_minute = 2 }}
[workflow.plan]
steps = [{}]
invocation = "{scope}"
[queue.q]
max_concurrency = 20
patience = "30s"
[provider.ai]
latency = {{ dist = "exponential", mean = "4s" }}
request_timeout = "9s"
errors = {{ server_error = 0.1, request_error = 0.1 }}
{keys}
[retry.ai]
max = 2
[store.kv]
kind = "kv"
awaited = {}
latency.put = {{ dist = "exponential", mean = "3s" }}
latency.get = "1s"
quota.writes = {{ limit = 300, window = "10m" }}
[store.service]
kind = "log-service"
awaited = {}
latency.put = "2s"
network_errors = 0.2
[reads.lists]
store = "kv"
per_call = 2
memory_ttl = "20s"
[logging]
strategy = "custom"
ops = [
  {{ on = "request", store = "kv", op = "put", key = "log:{{log}}", role = "record" }},
  {{ on = "response", when = "error", store = "service", op = "put", key = "log:{{log}}", role = "record" }},
  {{ on = "response", store = "kv", op = "get", key = "index", role = "index" }},
  {{ on = "response", store = "kv", op = "put", key = "index", role = "index" }}{end}
]
{policies}"#, steps.join(", "), awaited[0], awaited[1]);
        let model = model(&toml);
        let found = answer(&model);
        if let Some(most) = found.mean("invocation.connections.max") {
            prop_assert!(most <= f64::from(connections));
        }
        prop_assert_eq!(found.mean("invocation.connections.max").is_some(), model.connections_bind());
        prop_assert!(mean(&found, "plans.offered") > 60.0);
    }
}

/// Without its queue a plan waits for the slowest of seven days, of which the seventh begins when the first is answered.
#[test]
fn days_at_once_are_sooner_there() {
    let few = "run.replications=3";
    let wide = answer(&shipped("parallel-days.toml", &[few]));
    let narrow = answer(&shipped("parallel-days.toml", &[few, "workflow.plan.steps.meal_day.parallel=1"]));
    let latency = |answer: &Answer| mean(answer, "plan.latency.mean");
    assert!(latency(&wide) < 0.6 * latency(&narrow), "{} {}", latency(&wide), latency(&narrow));
    assert_eq!(mean(&wide, "invocation.connections.max"), 6.0);
    assert!(mean(&wide, "invocation.connections.waited") >= mean(&wide, "plans.completed"));
    assert_eq!((mean(&wide, "plans.crashed"), mean(&wide, "logs.error.unfinished")), (0.0, 0.0));
    let text = capsim::report::Report::of(&wide).text(capsim::report::Screen::PLAIN);
    let text: Vec<&str> = text.split_whitespace().collect();
    assert!(
        text.join(" ").contains("The 7 calls of meal_day run as 6 + 1: an invocation has 6 connections open at once.")
    );
    // A call that takes twice as much is over the 10 ms by the ninth of its plan.
    let heavy = ["analysis", "strategy", "meal_day"].map(|step| format!("workflow.plan.steps.{step}.cpu=1.2ms"));
    let sets: Vec<&str> = [few].into_iter().chain(heavy.iter().map(String::as_str)).collect();
    let killed = answer(&shipped("parallel-days.toml", &sets));
    assert_eq!(mean(&killed, "plans.completed"), 0.0);
    assert!(mean(&killed, "plans.crashed") > 0.9 * mean(&killed, "plans.offered"), "but for those that fail before");
}
