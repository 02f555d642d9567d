//! What always holds, for models made at random. The ledger, the quotas and the queues are balanced inside every run
//! (a run that does not balance fails), so running is half of the check.

use crate::common::{answer_on, in_range, mean, model};
use capsim::experiment::Answer;
use capsim::report;
use proptest::prelude::*;

/// A model with a bit of everything.
#[derive(Clone, Debug)]
struct Any {
    per_hour: f64,
    steps: Vec<(u32, u32)>,
    branching: bool,
    slots: u32,
    places: u32,
    discipline: &'static str,
    patience_s: Option<u32>,
    timeout_s: Option<u32>,
    error: f64,
    request_error: f64,
    retries: u32,
    hold_slot: bool,
    jitter: &'static str,
    strategy: &'static str,
    level: &'static str,
    on_error: &'static str,
    on_call_error: &'static str,
    invocation: &'static str,
    isolates: u32,
    second_class: bool,
    writes: u32,
    seed: u32,
}

fn any_model() -> impl Strategy<Value = Any> {
    let steps = prop::collection::vec((1_u32..5, 1_u32..5), 1..4);
    let queue =
        (1_u32..6, 0_u32..12, prop::sample::select(vec!["fifo", "lifo", "priority"]), prop::option::of(1_u32..60));
    let calls = (prop::option::of(1_u32..20), 0.0_f64..0.4, 0.0_f64..0.2, 0_u32..4, any::<bool>());
    let logs = (
        prop::sample::select(vec!["none", "kv-only", "cache-only", "hybrid", "conditional"]),
        prop::sample::select(vec!["all", "errors_only", "none"]),
        prop::sample::select(vec!["swallow", "fail_plan"]),
        prop::sample::select(vec!["abort", "continue"]),
        prop::sample::select(vec!["plan", "step", "call"]),
    );
    let rest = (1_u32..4, any::<bool>(), 0_u32..300, any::<u32>(), prop::sample::select(vec!["none", "equal", "full"]));
    (5.0_f64..400.0, steps, any::<bool>(), queue, calls, logs, rest).prop_map(
        |(per_hour, steps, branching, queue, calls, logs, rest)| Any {
            per_hour,
            steps,
            branching,
            slots: queue.0,
            places: queue.1,
            discipline: queue.2,
            patience_s: queue.3,
            timeout_s: calls.0,
            error: calls.1,
            request_error: calls.2,
            retries: calls.3,
            hold_slot: calls.4,
            strategy: logs.0,
            level: logs.1,
            on_error: logs.2,
            on_call_error: logs.3,
            invocation: logs.4,
            isolates: rest.0,
            second_class: rest.1,
            writes: rest.2,
            seed: rest.3,
            jitter: rest.4,
        },
    )
}

impl Any {
    fn toml(&self) -> String {
        let step = |(number, (calls, parallel)): (usize, &(u32, u32))| {
            let after = match number {
                0 => String::new(),
                _ if self.branching => ", after = [\"s0\"]".into(),
                _ => format!(", after = [\"s{}\"]", number - 1),
            };
            let parallel = parallel.min(calls);
            format!(
                "{{ name = \"s{number}\", provider = \"p\", queue = \"q\", calls = {calls}, parallel = {parallel}{after} }}"
            )
        };
        let steps: Vec<String> = self.steps.iter().enumerate().map(step).collect();
        let timeout = self.timeout_s.map(|t| format!("request_timeout = \"{t}s\"")).unwrap_or_default();
        let patience = match self.patience_s {
            None => String::new(),
            Some(odd) if odd % 2 == 1 => format!("patience = {{ dist = \"exponential\", mean = \"{odd}s\" }}"),
            Some(t) => format!("patience = \"{t}s\""),
        };
        let second = if self.second_class {
            "[traffic.admin]\npriority = 3\narrivals = { process = \"poisson\", per_hour = 20 }"
        } else {
            ""
        };
        format!(
            r#"
name = "any"
[run]
horizon = "30h"
warmup = "1h"
replications = 3
seed = {}
[platform]
preset = "cloudflare-free"
isolates = {}
[store.kv.quota.writes]
limit = {}
[traffic.user]
arrivals = {{ process = "poisson", per_hour = {} }}
{second}
[workflow.plan]
steps = [{}]
on_call_error = "{}"
invocation = "{}"
[provider.p]
latency = {{ dist = "lognormal", mean = "4s", cv = 0.8 }}
errors = {{ server_error = {}, request_error = {} }}
{timeout}
[retry.p]
max = {}
on = ["timeout", "server_error"]
hold_slot = {}
backoff = {{ kind = "exponential", base = "1s", factor = 2.0, jitter = "{}" }}
[queue.q]
max_concurrency = {}
max_queue = {}
discipline = "{}"
{patience}
[reads.lists]
store = "kv"
per_call = 2
memory_ttl = "1m"
[logging]
strategy = "{}"
level = "{}"
on_error = "{}"
"#,
            self.seed,
            self.isolates,
            self.writes,
            self.per_hour,
            steps.join(", "),
            self.on_call_error,
            self.invocation,
            self.error,
            self.request_error,
            self.retries,
            self.hold_slot,
            self.jitter,
            self.slots,
            self.places,
            self.discipline,
            self.strategy,
            self.level,
            self.on_error,
        )
    }
}

fn sum(answer: &Answer, metrics: &str) -> f64 {
    metrics.split_whitespace().map(|metric| mean(answer, metric)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn everything_ends_in_one_bucket_and_no_limit_is_passed(any in any_model()) {
        let answer = answer_on(&model(&any.toml()), 1);
        in_range(&answer);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * a.abs().max(1.0);
        // Conservation, on the means of the replications and so on each of them (the run balances each by itself).
        let plans = "plans.completed plans.call_failed plans.overloaded plans.abandoned plans.crashed plans.in_flight";
        prop_assert!(close(mean(&answer, "plans.offered"), sum(&answer, plans)));
        let calls = "calls.succeeded calls.failed calls.refused calls.abandoned calls.crashed calls.in_flight";
        prop_assert!(close(mean(&answer, "calls.made"), sum(&answer, calls)));
        let attempts = "attempts.succeeded attempts.timed_out attempts.errored attempts.rate_limited attempts.in_flight";
        prop_assert!(close(mean(&answer, "attempts.made"), sum(&answer, attempts)));
        for ops in ["kv.writes", "kv.reads"] {
            let parts = format!("{ops} {ops}_rejected_quota {ops}_rejected_key {ops}_rejected_invocation");
            prop_assert!(close(mean(&answer, &format!("{ops}_attempted")), sum(&answer, &parts)), "{}", ops);
        }
        for kind in ["normal", "error"] {
            let parts = format!("logs.{kind}.written logs.{kind}.lost logs.{kind}.unlogged");
            let offered = mean(&answer, &format!("logs.{kind}.offered"));
            prop_assert!(close(offered, sum(&answer, &parts)));
            let ends = ["alive", "expired", "evicted", "lost_at_restart"].map(|end| format!("logs.{kind}.{end}")).join(" ");
            let written = mean(&answer, &format!("logs.{kind}.written"));
            prop_assert!(close(written, sum(&answer, &ends)));
        }
        // Quotas and queues.
        prop_assert!(answer.metric("kv.writes_per_day.max").unwrap().max.unwrap() <= f64::from(any.writes));
        prop_assert!(answer.metric("invocation.subrequests.max").unwrap().max.unwrap() <= 50.0);
        let isolates = f64::from(any.isolates);
        prop_assert!(mean(&answer, "queue.q.active.mean") <= f64::from(any.slots) * isolates);
        prop_assert!(answer.metric("queue.q.queued.max").unwrap().max.unwrap() <= f64::from(any.places));
        prop_assert!(mean(&answer, "queue.q.utilisation") <= 1.0);
    }

    #[test]
    fn the_report_does_not_depend_on_the_threads(any in any_model()) {
        let model = model(&any.toml());
        prop_assert_eq!(report::Report::of(&answer_on(&model, 1)).json(), report::Report::of(&answer_on(&model, 3)).json());
    }

    /// Little's law on the sample path: an empty queue at both ends, so the area under the number waiting is the sum
    /// of the waits, to the rounding of a double.
    #[test]
    fn littles_law_holds_on_every_path(slots in 1_u32..5, load in 0.3_f64..1.5, seed in any::<u32>()) {
        let text = format!(
            r#"
[run]
horizon = "40h"
replications = 1
seed = {seed}
[traffic.user]
arrivals = {{ process = "poisson", per_second = {} }}
[[traffic.user.spike]]
at = "20h"
for = "20h"
factor = 0
[workflow.plan]
steps = [{{ name = "call", provider = "p", queue = "q" }}]
[provider.p]
latency = {{ dist = "exponential", mean = "10s" }}
[queue.q]
max_concurrency = {slots}
max_queue = 200
"#,
            load * f64::from(slots) / 10.0
        );
        let answer = answer_on(&model(&text), 1);
        prop_assert_eq!(mean(&answer, "plans.in_flight"), 0.0);
        let waited = mean(&answer, "queue.q.wait.mean") * mean(&answer, "queue.q.admitted");
        let area = mean(&answer, "queue.q.queued.mean") * 40.0 * 3600.0;
        prop_assert!((waited - area).abs() <= 1e-9 * area.max(1.0), "{waited} and {area}");
    }
}

/// More slots never drop more, where nobody waits and nobody retries. With the same draws the larger system always
/// serves whom the smaller serves, and at most one more: it admits one that the smaller refuses only when it serves
/// nobody else besides, and whenever the smaller has a free slot of c, the larger serves at most c of its c + 1. So
/// whom the larger refuses, the smaller refuses too.
#[test]
fn more_slots_drop_less() {
    let dropped = |slots: u32| {
        let text = format!(
            "[run]\nhorizon = \"2d\"\nreplications = 4\n[traffic.user]\narrivals = {{ process = \"poisson\", per_second = 1 }}\n\
             [workflow.plan]\nsteps = [{{ name = \"call\", provider = \"p\", queue = \"q\" }}]\n[provider.p]\n\
             latency = {{ dist = \"lognormal\", mean = \"4s\", cv = 0.8 }}\n[queue.q]\nmax_concurrency = {slots}\nmax_queue = 0\n"
        );
        mean(&answer_on(&model(&text), 2), "queue.q.dropped")
    };
    let drops: Vec<f64> = (1..9).map(dropped).collect();
    assert!(drops.windows(2).all(|pair| pair[1] < pair[0]), "{drops:?}");
}

/// A longer timeout never times out more attempts: without retries each attempt has one draw, and is cut or not by it.
#[test]
fn a_longer_timeout_cuts_less_and_scaling_time_scales_latencies() {
    let run = |timeout: u32, scale: u32| {
        let text = format!(
            "[run]\nhorizon = \"{}h\"\nreplications = 2\n[traffic.user]\narrivals = {{ process = \"poisson\", per_hour = {} }}\n\
             [workflow.plan]\nsteps = [{{ name = \"call\", provider = \"p\", queue = \"q\" }}]\n[provider.p]\n\
             latency = {{ dist = \"lognormal\", mean = \"{}s\", cv = 0.8 }}\nrequest_timeout = \"{}s\"\n[queue.q]\n\
             max_concurrency = 4\nmax_queue = 10\n",
            48 * scale,
            3000.0 / f64::from(scale),
            4 * scale,
            timeout * scale,
        );
        answer_on(&model(&text), 2)
    };
    let cut: Vec<f64> = [2, 4, 8, 12, 30].map(|timeout| mean(&run(timeout, 1), "attempts.timed_out")).to_vec();
    assert!(cut.windows(2).all(|pair| pair[1] <= pair[0]), "{cut:?}");
    let (one, three) = (run(12, 1), run(12, 3));
    for count in ["plans.offered", "plans.completed", "attempts.timed_out", "queue.q.dropped"] {
        // Rounding to whole nanoseconds may reorder a pair of events in some millions; none here.
        assert_eq!(mean(&one, count), mean(&three, count), "{count}");
    }
    let ratio = mean(&three, "plan.latency.mean") / mean(&one, "plan.latency.mean");
    assert!((ratio - 3.0).abs() < 1e-6, "{ratio}");
}

/// Where nothing contends, jitter changes no count. Without a queue a call goes its own way: which attempts it makes
/// follows from its own latencies and outcomes, each drawn at its own address, and the jitter has an address of its
/// own. So only the times differ. (The last hour is quiet, so that every call has ended in either run.)
#[test]
fn jitter_changes_no_count_when_nothing_contends() {
    let run = |jitter: &str| {
        let text = format!(
            "[run]\nhorizon = \"2d\"\nreplications = 2\n[traffic.user]\narrivals = {{ process = \"poisson\", per_hour = 600 }}\n\
             spike = [{{ at = \"47h\", for = \"1h\", factor = 0 }}]\n[workflow.plan]\n\
             steps = [{{ name = \"call\", provider = \"p\", calls = 3 }}]\n[provider.p]\n\
             latency = {{ dist = \"lognormal\", mean = \"4s\", cv = 0.8 }}\nrequest_timeout = \"8s\"\n\
             errors = {{ server_error = 0.2, parse_failure = 0.05 }}\n[retry.p]\nmax = 3\n\
             backoff = {{ kind = \"exponential\", base = \"4s\", jitter = \"{jitter}\" }}\n"
        );
        answer_on(&model(&text), 2)
    };
    let plain = run("none");
    for jitter in ["equal", "full"] {
        let other = run(jitter);
        for metric in &plain.metrics {
            let is_time = metric.unit == "s";
            let same = other.metric(&metric.name).is_some_and(|m| m.mean == metric.mean);
            assert!(same || is_time, "{} with {jitter} jitter", metric.name);
        }
        assert!(mean(&other, "plan.latency.mean") < mean(&plain, "plan.latency.mean"), "but it is shorter");
    }
    assert!(mean(&plain, "attempts.retried") > 1000.0 && mean(&plain, "attempts.timed_out") > 1000.0);
}

/// Where all services take the same time, the order of service changes no count: a slot falls free at the same
/// instants whoever had it, so the number waiting is the same path, and so is who is refused.
#[test]
fn the_order_of_service_changes_no_count() {
    let run = |discipline: &str| {
        let text = format!(
            "[run]\nhorizon = \"1d\"\nreplications = 2\n[traffic.user]\narrivals = {{ process = \"poisson\", per_second = 1 }}\n\
             [traffic.admin]\npriority = 1\narrivals = {{ process = \"poisson\", per_second = 0.3 }}\n[workflow.plan]\n\
             steps = [{{ name = \"call\", provider = \"p\", queue = \"q\" }}]\n[provider.p]\nlatency = \"3s\"\n\
             [queue.q]\nmax_concurrency = 4\nmax_queue = 6\ndiscipline = \"{discipline}\"\n"
        );
        answer_on(&model(&text), 2)
    };
    let fifo = run("fifo");
    for discipline in ["lifo", "priority"] {
        let other = run(discipline);
        for count in ["plans.offered", "plans.completed", "queue.q.dropped", "queue.q.admitted", "queue.q.queued.max"] {
            assert_eq!(mean(&fifo, count), mean(&other, count), "{count} with {discipline}");
        }
        for level in ["queue.q.active.mean", "queue.q.queued.mean"] {
            assert_eq!(mean(&fifo, level), mean(&other, level), "{level} with {discipline}");
        }
        assert!(mean(&other, "queue.q.wait.max") > mean(&fifo, "queue.q.wait.max"), "somebody waits longer");
    }
    assert!(mean(&fifo, "queue.q.dropped") > 100.0);
}

/// What shares nothing changes nothing: a class with a workflow, a provider and a queue of its own moves no number of
/// another, because every draw is addressed by what it is for.
#[test]
fn a_class_that_shares_nothing_changes_nothing() {
    let alone = "[run]\nhorizon = \"1d\"\nreplications = 2\n[traffic.user]\nworkflow = \"plan\"\n\
                 arrivals = { process = \"poisson\", per_second = 0.5 }\n\
                 [traffic.other]\nworkflow = \"other\"\narrivals = { process = \"deterministic\", per_day = 1 }\n\
                 [workflow.plan]\nsteps = [{ name = \"call\", provider = \"p\", queue = \"q\" }]\n\
                 [workflow.other]\nsteps = [{ name = \"call\", provider = \"o\", queue = \"r\" }]\n\
                 [provider.p]\nlatency = { dist = \"gamma\", mean = \"3s\", cv = 0.7 }\nerrors = { server_error = 0.1 }\n\
                 [provider.o]\nlatency = { dist = \"gamma\", mean = \"3s\", cv = 0.7 }\n\
                 [queue.q]\nmax_concurrency = 2\nmax_queue = 5\n[queue.r]\nmax_concurrency = 1\n";
    let busy =
        alone.replace("{ process = \"deterministic\", per_day = 1 }", "{ process = \"poisson\", per_second = 0.2 }");
    let [quiet, busy] = [alone, busy.as_str()].map(|text| answer_on(&model(text), 2));
    for metric in quiet.metrics.iter().filter(|m| m.name.starts_with("class.user.") || m.name.starts_with("queue.q.")) {
        assert_eq!(busy.metric(&metric.name), Some(metric), "{}", metric.name);
    }
    assert!(mean(&busy, "queue.r.admitted") > 10_000.0);
}
