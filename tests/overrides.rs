//! An override whose path is misspelt changes nothing, so it is refused; one that makes a part and uses it is not.

use crate::common::shipped;
use capsim::model::load_file;
use std::path::PathBuf;

fn refusal(overrides: &[&str]) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/hybrid.toml");
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_string()).collect();
    load_file(&path, &overrides).err().map(|problems| problems.render(false))
}

#[test]
fn a_part_that_nothing_refers_to_is_refused_with_the_near_one() {
    for (set, near) in [
        ("queue.al.max_concurrency=3", "did you mean `queue.ai`?"),
        ("queue.al={ max_concurrency = 3 }", "did you mean `queue.ai`?"),
        ("provider.openi.request_timeout=\"3s\"", "did you mean `provider.openai`?"),
        ("traffic.usr.priority=3", "did you mean `traffic.user`?"),
        ("traffic.usr.arrivals.per_day=3", "did you mean `traffic.user`?"),
        ("workflow.pln.invocation=\"call\"", "did you mean `workflow.plan`?"),
        ("store.kvv.ttl=\"1h\"", "did you mean `store.kv`?"),
        ("queue.another.max_concurrency=3", "refer to it with `queue`"),
        ("limiter.daily.per_day=3", "refer to it with `limiter`"),
        ("d1.main.max_wait=\"3s\"", "refer to it with `d1`"),
    ] {
        let said = refusal(&[set]).unwrap_or_else(|| panic!("{set} is taken"));
        assert!(said.contains(near) && said.contains("--set:1:"), "{set}: {said}");
    }
}

#[test]
fn a_part_that_is_used_may_be_made() {
    for sets in [
        &["retry.openai.max=3"][..],
        &["breaker.openai.fail_max=3"],
        &["hedge.openai.after=\"3s\""],
        &["queue.second.max_concurrency=3", "workflow.plan.steps.meal_day.queue=second"],
        &["workflow.plan.steps.meal_day.semaphore=gate", "queue.gate.max_concurrency=9"],
        &["store.kv.key_spacing=\"2s\""],
        &["store.external.preset=sentry-developer"],
        &["logfile.app.rotate_at=\"1MB\""],
        &["traffic.admin.arrivals={ process = \"poisson\", per_day = 3 }"],
        &["platform.preset=cloudflare-paid", "store.cache.ttl=\"1h\""],
    ] {
        if let Some(said) = refusal(sets) {
            assert!(!said.contains("that nothing uses"), "{sets:?}: {said}");
        }
    }
    assert_eq!(shipped("hybrid.toml", &["queue.ai.max_concurrency=3"]).queues[0].max_concurrency, 3);
}
