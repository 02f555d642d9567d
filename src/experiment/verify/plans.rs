//! How long plans take: steps one after the other and side by side, and the laws of latency.

use super::case::{Case, stable};
use crate::math::special::normal_quantile;
use crate::math::{exp, ln, pow};
use crate::theory::plan::{parallel_exponentials, sum_quantile};
use crate::theory::queues::mm1_wait;

const MEAN: &str = "plan.latency.mean";

pub(super) fn cases() -> Vec<Case> {
    [steps(), laws(), networks()].into_iter().flatten().collect()
}

fn plan(topic: &'static str, name: &'static str, set: &[&str]) -> Case {
    Case::new(topic, name, "plan", set).quick(&["run.replications=20", "run.horizon=3h"])
}

fn steps() -> Vec<Case> {
    let constant = "workflow.plan.steps=[{name=\"a\",latency=\"1s\"},\
         {name=\"b\",after=[\"a\"],latency=\"2500ms\",calls=2},{name=\"c\",after=[\"a\"],latency=\"4s\"}]";
    let chain = "workflow.plan.steps=[{name=\"a\"},{name=\"b\",after=[\"a\"],latency={dist=\"lognormal\",mean=\"2s\",cv=1.2}},\
         {name=\"c\",after=[\"b\"],latency={dist=\"uniform\",min=\"1s\",max=\"4s\"}}]";
    vec![
        plan("Steps", "steps_constant", &[constant])
            .law("mean", "1 s, then the longer of 2 × 2.5 s and 4 s", MEAN, 6.0)
            .law("max", "no plan takes longer", "plan.latency.max", 6.0),
        plan("Steps", "steps_chain", &[chain]).law("mean", "the means of a chain add up", MEAN, 1.0 + 2.0 + 2.5),
        plan("Steps", "steps_sum", &["workflow.plan.steps.call.calls=3"]).law("mean", "3s", MEAN, 3.0).quantile(
            "p95",
            "Erlang's law of three stages",
            "plan.latency.p95",
            sum_quantile(3, 1.0, 0.95),
        ),
        plan("Fork and join", "fork_all", &["workflow.plan.steps.call.calls=7", "workflow.plan.steps.call.parallel=7"])
            .law("mean", "s(1 + 1/2 + … + 1/7)", MEAN, parallel_exponentials(7, 7, 1.0))
            .quantile("p50", "all seven by then: F(t)⁷ = 1/2", "plan.latency.p50", -ln(1.0 - pow(0.5, 1.0 / 7.0))),
        plan("Fork and join", "fork_two", &["workflow.plan.steps.call.calls=7", "workflow.plan.steps.call.parallel=2"])
            .law("mean", "five end at twice the rate, then the last two", MEAN, parallel_exponentials(7, 2, 1.0)),
        plan(
            "Fork and join",
            "fork_uniform",
            &[
                "workflow.plan.steps.call.calls=4",
                "workflow.plan.steps.call.parallel=4",
                "provider.p.latency={dist=\"uniform\",min=\"1s\",max=\"3s\"}",
            ],
        )
        .law("mean", "the largest of n uniforms: a + (b − a)n/(n + 1)", MEAN, 1.0 + 2.0 * 4.0 / 5.0),
    ]
}

fn laws() -> Vec<Case> {
    let sigma = ln(11.0 / 4.0) / normal_quantile(0.95);
    let lognormal = |p: f64| 4.0 * exp(sigma * normal_quantile(p));
    // F(4) = 1/2 and F(11) = 0.95 for 1 − exp(−(x/scale)^shape).
    let shape = ln(ln(20.0) / ln(2.0)) / ln(11.0 / 4.0);
    let weibull = |p: f64| 4.0 * pow(-ln(1.0 - p) / ln(2.0), 1.0 / shape);
    vec![
        plan("Laws of latency", "lognormal", &["provider.p.latency={dist=\"lognormal\",median=\"4s\",p95=\"11s\"}"])
            .quantile("p50", "as the model says", "plan.latency.p50", 4.0)
            .quantile("p95", "as the model says", "plan.latency.p95", 11.0)
            .quantile("p99", "4 s × exp(σz), σ from the two", "plan.latency.p99", lognormal(0.99))
            .law("mean", "4 s × exp(σ²/2)", MEAN, 4.0 * exp(0.5 * sigma * sigma)),
        plan(
            "Laws of latency",
            "lognormal_five",
            &[
                "provider.p.latency={dist=\"lognormal\",median=\"4s\",p95=\"11s\"}",
                "workflow.plan.steps.call.calls=5",
                "workflow.plan.steps.call.parallel=5",
            ],
        )
        .quantile("p95", "the slowest of five: Q(0.95^(1/5))", "plan.latency.p95", lognormal(pow(0.95, 0.2))),
        plan("Laws of latency", "weibull", &["provider.p.latency={dist=\"weibull\",median=\"4s\",p95=\"11s\"}"])
            .quantile("p90", "by two quantiles", "plan.latency.p90", weibull(0.9)),
        plan(
            "Laws of latency",
            "empirical",
            &["provider.p.latency={dist=\"empirical\",quantiles=[[0.0,\"1s\"],[0.5,\"2s\"],[1.0,\"5s\"]]}"],
        )
        .law("mean", "straight lines between quantiles: (1.5 + 3.5)/2", MEAN, 2.5)
        .quantile("p90", "on the second line", "plan.latency.p90", 4.4),
    ]
}

fn networks() -> Vec<Case> {
    let tandem = Case::new("Burke and Jackson", "tandem", "tandem", &[])
        .quick(&["run.replications=20", "run.horizon=6h", "run.warmup=30m"])
        .law("first", "M/M/1", "queue.a.wait.mean", stable(mm1_wait(0.6, 1.0)))
        .law("second", "what leaves M/M/1 is Poisson again", "queue.b.wait.mean", stable(mm1_wait(0.6, 0.8)))
        .law("sojourn", "s₁/(1 − ρ₁) + s₂/(1 − ρ₂)", MEAN, 1.0 / 0.4 + 0.8 / (1.0 - 0.48));
    let isolates =
        Case::new("Isolates", "isolates", "queue", &["platform.isolates=4", "traffic.user.arrivals.per_second=2.4"])
            .quick(&["run.replications=20", "run.horizon=6h", "run.warmup=30m"])
            .law(
                "wait",
                "a Poisson stream split at random: four M/M/1",
                "queue.q.wait.mean",
                stable(mm1_wait(0.6, 1.0)),
            )
            .law("utilisation", "λs/4", "queue.q.utilisation", 0.6);
    vec![tandem, isolates]
}
