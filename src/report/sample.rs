//! Answers made by hand, for the tests of the renderings.

use crate::experiment::{Answer, Metric, Objective, Verdict, explain, facts, sample};

/// An answer about a reference model, with these metrics: name, unit, mean, half width of the interval.
pub(super) fn answer(strategy: &str, metrics: &[(&str, &'static str, f64, f64)]) -> Answer {
    let model = sample::model(strategy);
    let metric = |&(name, unit, mean, half): &(&str, &'static str, f64, f64)| Metric {
        name: name.into(),
        unit,
        mean: Some(mean),
        ci95: Some((mean - half, mean + half)),
        min: Some(mean - 2.0 * half),
        max: Some(mean + 2.0 * half),
    };
    let mut metrics: Vec<Metric> = metrics.iter().map(metric).collect();
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    let mut answer = Answer {
        model: model.name.clone(),
        description: model.description.clone(),
        digest: model.digest.clone(),
        zone_data: model.zone_data,
        overrides: vec![],
        seed: model.run.seed,
        replications: 30,
        asked: 30,
        horizon: model.run.horizon,
        warmup: model.run.warmup,
        start: model.run.start,
        metrics,
        objectives: vec![],
        observed: vec![],
        settings: vec![],
        facts: facts(&model),
        arithmetic: explain(&model),
        theory: Vec::new(),
    };
    answer.objectives = model.objectives.iter().map(|o| (o.clone(), judge(&answer, o))).collect();
    answer
}

fn judge(answer: &Answer, objective: &Objective) -> Verdict {
    let Some((low, high)) = answer.metric(&objective.metric).and_then(|metric| metric.ci95) else {
        return Verdict::Undecided;
    };
    let (min, max) = (objective.min.unwrap_or(f64::NEG_INFINITY), objective.max.unwrap_or(f64::INFINITY));
    match (min <= low && high <= max, high < min || low > max) {
        (true, _) => Verdict::Met,
        (_, true) => Verdict::Broken,
        _ => Verdict::Undecided,
    }
}

/// kv-only at 100 plans a day: the quota runs out, the index key is hot, the index is short.
pub(super) fn kv_only() -> Answer {
    answer(
        "kv-only",
        &[
            ("attempts.made", "count", 27_160.0, 42.0),
            ("calls.made", "count", 26_985.0, 41.0),
            ("kv.quota.writes.exhausted_at_hour", "h", 6.52, 0.11),
            ("kv.quota.writes.refused", "ops", 40_938.0, 600.0),
            ("kv.writes.refused_by.daily_quota", "ops", 40_938.0, 600.0),
            ("plans.offered", "plans", 3_000.0, 20.0),
            ("kv.quota.writes.exhausted_days_fraction", "1", 1.0, 0.0),
            ("kv.deletes", "ops", 0.0, 0.0),
            ("kv.writes", "ops", 30_000.0, 0.0),
            ("kv.writes.family.ai_communication_session_index", "ops", 7_400.0, 21.0),
            ("kv.writes_attempted", "ops", 71_350.0, 160.0),
            ("kv.writes_per_plan", "ops", 9.98, 0.05),
            ("kv.writes_rejected", "ops", 41_350.0, 155.0),
            ("kv.writes_rejected_key", "ops", 412.0, 9.0),
            ("kv.writes_rejected_quota", "ops", 40_938.0, 151.0),
            ("logs.error.reachable.1h", "1", 0.21, 0.02),
            ("logs.error.reachable.3d", "1", 0.031, 0.004),
            ("logs.error.retrievable.1h", "1", 0.271, 0.02),
            ("logs.error.retrievable.24h", "1", 0.271, 0.02),
            ("logs.error.retrievable.30d", "1", 0.271, 0.02),
            ("logs.error.retrievable.3d", "1", 0.271, 0.02),
            ("logs.error.retrievable.7d", "1", 0.271, 0.02),
            ("plan.latency.mean", "s", 42.7, 0.3),
            ("plan.latency.p95", "s", 68.31, 0.8),
            ("plans.completed", "plans", 2_850.0, 11.0),
            ("plans.call_failed", "plans", 151.0, 4.0),
            ("plans.failed_fraction", "1", 0.0503, 0.0013),
            ("plans.offered_per_day", "plans/day", 100.0, 0.33),
            ("plans.per_day", "plans/day", 95.0, 0.37),
            ("queue.ai.drop_fraction", "1", 0.0, 0.0),
            ("queue.ai.utilisation", "1", 0.0124, 0.0002),
            ("queue.ai.wait.mean", "s", 0.0213, 0.003),
        ],
    )
}

/// hybrid: nothing binds, but the request that led to an error is gone after a day.
pub(super) fn hybrid() -> Answer {
    answer(
        "hybrid",
        &[
            ("kv.writes_per_plan", "ops", 0.0517, 0.002),
            ("kv.writes_rejected", "ops", 0.0, 0.0),
            ("logs.error.context.3d", "1", 0.0, 0.0),
            ("logs.error.retrievable.1h", "1", 1.0, 0.0),
            ("logs.error.retrievable.24h", "1", 0.999, 0.0005),
            ("logs.error.retrievable.30d", "1", 0.997, 0.0008),
            ("logs.error.retrievable.3d", "1", 0.998, 0.0005),
            ("logs.error.retrievable.7d", "1", 0.998, 0.0006),
            ("logs.normal.retrievable.1h", "1", 0.95, 0.004),
            ("logs.normal.retrievable.24h", "1", 0.41, 0.01),
            ("logs.normal.retrievable.30d", "1", 0.0, 0.0),
            ("logs.normal.retrievable.3d", "1", 0.0, 0.0),
            ("logs.normal.retrievable.7d", "1", 0.0, 0.0),
            ("plans.failed_fraction", "1", 0.0097, 0.0008),
            ("plans.offered_per_day", "plans/day", 100.0, 0.33),
            ("plans.per_day", "plans/day", 94.0, 14.0),
        ],
    )
}

/// An interrupted run of cache-only that observed nothing.
pub(super) fn empty() -> Answer {
    let mut answer = answer("cache-only", &[]);
    answer.replications = 0;
    answer.overrides = vec!["queue.ai.max_concurrency=8".into()];
    answer.metrics.push(Metric {
        name: "plans.per_day".into(),
        unit: "plans/day",
        mean: None,
        ci95: None,
        min: None,
        max: None,
    });
    answer
}
