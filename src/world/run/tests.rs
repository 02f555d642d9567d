//! Both forms of the loop do the same.

use super::*;
use crate::model::{Source, load};
use proptest::prelude::*;

fn blueprint(text: &str) -> Blueprint {
    let source = Source { name: "test".into(), bytes: text.as_bytes().to_vec(), directory: "models".into() };
    let model =
        load(source, &[], &|path| std::fs::read(path)).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    Blueprint::new(&model).unwrap()
}

fn arrivals() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{ process = 'poisson', per_hour = 300 }",
        "{ process = 'deterministic', per_hour = 600 }",
        "{ process = 'batch', per_hour = 400, size = 30 }",
        "{ process = 'closed', users = 20, think = '30s' }",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_plain_form_of_the_loop_changes_nothing(
        (arrivals, others) in (arrivals(), arrivals()),
        (calls, slots, places) in (1..10_u32, 1..5_u32, 0..12_u32),
        discipline in prop::sample::select(vec!["fifo", "lifo", "priority"]),
        (retries, hold, patience) in (0..3_u32, any::<bool>(), any::<bool>()),
        on_call_error in prop::sample::select(vec!["abort", "continue"]),
        (warmup, seed) in (0..3_u32, 0..1_000_u32),
    ) {
        let patience = if patience { "patience = '9s'" } else { "" };
        let blueprint = blueprint(&format!(r#"
            [run]
            horizon = "3h"
            warmup = "{warmup}h"
            seed = {seed}
            [traffic.user]
            arrivals = {arrivals}
            [traffic.admin]
            arrivals = {others}
            priority = 3
            [workflow.plan]
            on_call_error = "{on_call_error}"
            steps = [{{ name = "day", queue = "ai", calls = {calls} }}, {{ name = "end", after = ["day"] }}]
            [provider.ai]
            latency = {{ dist = "lognormal", mean = "4s", cv = 0.8 }}
            request_timeout = "7s"
            [retry.ai]
            max = {retries}
            on = ["timeout"]
            hold_slot = {hold}
            backoff = {{ kind = "exponential", base = "1s", jitter = "full" }}
            [queue.ai]
            max_concurrency = {slots}
            max_queue = {places}
            discipline = "{discipline}"
            {patience}
        "#));
        prop_assert!(blueprint.is_plain());
        prop_assert_eq!(run_as::<true>(&blueprint, 3, &|_| true), run_as::<false>(&blueprint, 3, &|_| true));
    }
}

/// Whatever asks more of a call than a queue and its attempts must not run in the plain form.
#[test]
fn models_with_logs_or_errors_are_not_plain() {
    let shipped = [
        (include_str!("../../../models/hybrid.toml"), false),
        (include_str!("../../../models/queue-default.toml"), false),
        (include_str!("../../../benches/models/nine.toml"), true),
    ];
    for (text, plain) in shipped {
        assert_eq!(blueprint(text).is_plain(), plain);
    }
}
