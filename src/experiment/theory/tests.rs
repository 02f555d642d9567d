//! Which models qualify for which formula, and that a model that does not gets none.

use super::formulas;
use crate::model::{Model, Source, load};
use std::path::PathBuf;

const QUEUE: &str = include_str!("../../../verify/queue.toml");
const PRIORITY: &str = include_str!("../../../verify/priority.toml");
const TANDEM: &str = include_str!("../../../verify/tandem.toml");
const PLAN: &str = include_str!("../../../verify/plan.toml");
const ATTEMPTS: &str = include_str!("../../../verify/attempts.toml");

fn model(text: &str, set: &[&str]) -> Model {
    let source = Source { name: "test.toml".into(), bytes: text.into(), directory: PathBuf::new() };
    let set: Vec<String> = set.iter().map(|set| (*set).to_string()).collect();
    let none = |_: &std::path::Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    load(source, &set, &none).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// The laws of a model: the metric without its queue, and the law; `≈` where it is approximate.
pub(super) fn laws(text: &str, set: &[&str]) -> Vec<String> {
    let all = formulas(&model(text, set));
    let line = |f: &super::Formula| {
        let sign = if f.approximate.is_some() { "≈" } else { "=" };
        format!("{} {sign} {}", f.metric.trim_start_matches("queue.q."), f.law)
    };
    all.iter().map(line).collect()
}

const FLOW: &str = "utilisation = flow balance, λE[T]/c";

#[test]
fn the_queue_of_the_books() {
    assert_eq!(laws(QUEUE, &[]), ["wait.mean = M/M/1", "wait.p95 = M/M/1", "queued.mean = M/M/1", FLOW]);
    assert_eq!(laws(QUEUE, &["queue.q.discipline=lifo"]), ["wait.mean = M/M/1", "queued.mean = M/M/1", FLOW]);
    let mg1 = ["wait.mean = M/G/1 (Pollaczek–Khinchine)", "queued.mean = M/G/1 (Pollaczek–Khinchine)", FLOW];
    assert_eq!(laws(QUEUE, &["provider.p.latency={dist=\"gamma\",mean=\"1s\",cv=0.5}"]), mg1);
    let three = ["queue.q.max_concurrency=3", "traffic.user.arrivals.per_second=2"];
    assert!(laws(QUEUE, &three).contains(&"wait.mean = M/M/c (Erlang C)".to_string()));
    let general = [three[0], three[1], "provider.p.latency={dist=\"gamma\",mean=\"1s\",cv=0.5}"];
    assert_eq!(laws(QUEUE, &general), ["wait.mean ≈ M/G/c (Lee and Longton)", FLOW]);
    assert_eq!(laws(QUEUE, &["queue.q.max_queue=0"])[0], "drop_fraction = Erlang B");
    assert_eq!(laws(QUEUE, &["queue.q.max_queue=9"])[0], "drop_fraction = M/M/c/K");
    assert_eq!(laws(QUEUE, &["queue.q.patience=2s"])[0], "abandon_fraction = M/M/c+D");
    let drawn = "queue.q.patience={dist=\"exponential\",mean=\"2s\"}";
    assert_eq!(laws(QUEUE, &[drawn])[0], "abandon_fraction = Erlang A (M/M/c+M)");
    let closed = "traffic.user.arrivals={process=\"closed\",users=6,think=\"4s\"}";
    assert_eq!(laws(QUEUE, &[closed])[0], "plans.per_day = machine repairman");
    assert_eq!(laws(QUEUE, &[closed, "queue.q.max_queue=0"])[0], "drop_fraction = Engset");
    assert_eq!(laws(PRIORITY, &[])[0], "class.admin.wait.mean = priorities (Cobham)".replace("wait", "queue.q.wait"));
}

#[test]
fn other_arrivals_and_other_paths() {
    let arrivals = |what: &str| laws(QUEUE, &[&format!("traffic.user.arrivals={{{what}}}")])[0].clone();
    assert_eq!(arrivals("process=\"deterministic\",per_second=0.7"), "wait.mean = D/M/1");
    assert_eq!(arrivals("process=\"batch\",per_second=0.6,size=3"), "wait.mean = M[X]/G/1");
    let states = "process=\"mmpp\",states=[{per_second=0.3,stay=\"1m\"},{per_second=1.1,stay=\"30s\"}]";
    assert_eq!(arrivals(states), "wait.mean = MMPP/M/1");
    let tandem = laws(TANDEM, &[]);
    assert!(tandem.contains(&"queue.b.wait.mean = M/M/c at each visit (BCMP)".to_string()), "{tandem:?}");
    assert_eq!(laws(PLAN, &["workflow.plan.steps.call.calls=3"]), ["plan.latency.mean = the sum of the means"]);
    let steady = "traffic.user.spike=[]";
    assert!(laws(ATTEMPTS, &[steady]).contains(&"attempts.per_success = attempts and successes of a plan".to_string()));
}

/// A condition that fails: no formula where it matters, none but the flow balance elsewhere.
#[test]
fn no_formula_without_its_conditions() {
    for set in [
        "traffic.user.spike=[{at=\"1h\",for=\"1h\",factor=2}]",
        "traffic.user.arrivals={process=\"profile\",per_second=0.7}",
        "traffic.user.arrivals.per_second=1.2",
    ] {
        assert!(laws(QUEUE, &[set]).is_empty(), "{set}: {:?}", laws(QUEUE, &[set]));
    }
    for set in [
        "traffic.user.arrivals={process=\"deterministic\",per_second=0.7}",
        "workflow.plan.steps=[{name=\"a\",queue=\"q\",calls=2,parallel=2}]",
        "retry.p={max=1,on=[\"timeout\"]}",
    ] {
        // Constant arrivals to a general service, calls side by side, a service that is cut and tried again.
        let law = "provider.p.latency={dist=\"gamma\",mean=\"400ms\",cv=0.5}";
        let found = laws(QUEUE, &[set, law, "provider.p.request_timeout=2s"]);
        assert!(found.iter().all(|law| !law.starts_with("wait")), "{set}: {found:?}");
    }
    assert!(laws(QUEUE, &["breaker.p.fail_max=3"]).is_empty(), "a breaker refuses attempts");
    let limited = "reads.limiter={store=\"limiter\",per_call=1}";
    let wait = |limit: u32| {
        format!("store.limiter={{kind=\"kv\",quota.reads={{limit={limit},window=\"1m\",on_exceed=\"wait\"}}}}")
    };
    assert!(laws(QUEUE, &[limited, &wait(30)]).is_empty(), "0.7 a second are offered, 0.5 get to the queue");
    assert_eq!(laws(QUEUE, &[limited, &wait(60)]), [FLOW]);
    let logged = ["store.kv.kind=kv", "logging.strategy=kv-only", "store.kv.latency.put=1s"];
    assert_eq!(laws(QUEUE, &logged), [FLOW], "what happens before the queue may change what comes");
}
