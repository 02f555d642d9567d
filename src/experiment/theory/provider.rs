//! One thing that stands around the attempts at a provider: a limit, slots, a breaker, a budget of retries. Plans are
//! one attempt each that waits in no queue, and all traffic is Poisson; then each of these has a formula of its own.

use super::{Formula, invocations_limit, is_plain};
use crate::model::{Arrivals, Class, Limit, Model, Provider, Server, Step};
use crate::policy::{Breaker, Fault, FaultSet, RetryBudget, Trip};
use crate::streams::Law;
use crate::theory::breaker::open_fraction;
use crate::theory::bucket;
use crate::theory::erlang::erlang_b;
use crate::theory::queues::sharing_slowdown;

/// What a class brings.
struct Attempts<'m> {
    class: &'m Class,
    /// Plans a second.
    rate: f64,
    /// How long an attempt takes that nobody disturbs.
    law: Law,
}

/// What the one thing does that a model has beside a plain provider.
pub(super) fn formulas(model: &Model) -> Vec<Formula> {
    let [provider] = &model.providers[..] else { return Vec::new() };
    let mut bare = model.clone();
    let plain = &mut bare.providers[0];
    (plain.server, plain.breaker, plain.budget) = (None, None, None);
    let in_the_way = !model.logging.ops.is_empty() || !model.reads.is_empty() || invocations_limit(model);
    let customers: Option<Vec<Attempts>> = model.classes.iter().map(|class| attempts(model, class)).collect();
    let (true, false, Some(customers)) = (is_plain(&bare), in_the_way, customers) else { return Vec::new() };
    match (&provider.server, provider.breaker, provider.budget) {
        (Some(server), None, None) => of_server(&bare, provider, server, &customers),
        (None, Some(rules), None) => of_breaker(model, provider, rules, &customers),
        (None, None, Some(rules)) => of_budget(model, provider, rules, &customers),
        _ => Vec::new(),
    }
}

fn attempts<'m>(model: &'m Model, class: &'m Class) -> Option<Attempts<'m>> {
    let [step @ Step { queue: None, calls: 1, .. }] = &model.workflows[class.workflow.index()].steps[..] else {
        return None;
    };
    let (Arrivals::Poisson(rate), true) = (&class.arrivals, class.spikes.is_empty()) else { return None };
    let provider = &model.providers[step.provider()?.index()];
    let law = step.latency.as_ref().unwrap_or(&provider.latency).formulas().ok()?;
    Some(Attempts { class, rate: rate.per_second(), law })
}

/// Limits, slots and the sharing of the provider's own side, one at a time.
fn of_server(bare: &Model, provider: &Provider, server: &Server, customers: &[Attempts<'_>]) -> Vec<Formula> {
    let never_fails = provider.errors.is_empty() && provider.request_error.value() == 0.0;
    let untouched = never_fails && provider.request_timeout.is_none();
    let alone = Server { outlives_client: server.outlives_client, ..Server::default() };
    let rate: f64 = customers.iter().map(|one| one.rate).sum();
    let load: f64 = customers.iter().map(|one| one.rate * one.law.mean()).sum();
    let refused = |law, value| vec![Formula::exact("plans.failed_fraction".into(), law, value)];
    if *server == alone {
        let mut found = super::formulas(bare);
        found.extend(in_flight(provider, customers));
        return found;
    }
    if !untouched {
        return Vec::new();
    }
    if let Some(capacity) = server.capacity
        && *server == (Server { capacity: Some(capacity), ..alone.clone() })
    {
        return sharing(provider, capacity, load, customers);
    }
    if let Some(slots) = server.max_concurrency
        && *server == (Server { max_concurrency: Some(slots), ..alone.clone() })
        && provider.retry.max == 0
    {
        return refused("Erlang B", erlang_b(slots, load));
    }
    if let Some(limit) = server.limits[Limit::RequestsPerMinute as usize] {
        let mut limits = Server { limit_burst: server.limit_burst, ..alone };
        limits.limits[Limit::RequestsPerMinute as usize] = Some(limit);
        let size = server.holds(Limit::RequestsPerMinute).and_then(|holds| u32::try_from(holds).ok());
        let size = size.filter(|&size| size <= 10_000);
        if let (true, 0, Some(size)) = (*server == limits, provider.retry.max, size) {
            return refused("token bucket (M/D/1/n)", bucket::refused(rate, limit as f64 / 60.0, size));
        }
    }
    Vec::new()
}

/// How many attempts the provider works on: `λE[S]`, whether their clients still wait for them or not.
fn in_flight(provider: &Provider, customers: &[Attempts<'_>]) -> Vec<Formula> {
    if provider.retry.max > 0 || provider.request_error.value() > 0.0 {
        return Vec::new();
    }
    let within = |one: &Attempts<'_>| {
        let mean = one.law.mean();
        (one.rate * mean, one.rate * provider.request_timeout.map_or(mean, |cut| one.law.limited(cut)))
    };
    let (all, waited_for) = customers.iter().map(within).fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let metric = |what: &str| format!("provider.{}.in_flight.{what}", provider.name);
    let law = "M/G/∞";
    if !provider.outlives_client() {
        return vec![Formula::exact(metric("mean"), law, waited_for)];
    }
    vec![
        Formula::exact(metric("mean"), law, all),
        Formula::exact(metric("abandoned"), law, (all - waited_for).max(0.0)),
    ]
}

/// A provider that shares itself: what anybody takes is in proportion to what it needs, whatever the law of that.
fn sharing(provider: &Provider, capacity: u32, load: f64, customers: &[Attempts<'_>]) -> Vec<Formula> {
    let Some(slowdown) = sharing_slowdown(capacity, load) else { return Vec::new() };
    let law = "processor sharing";
    let present = format!("provider.{}.in_flight.mean", provider.name);
    let mut found = vec![Formula::exact(present, law, load * slowdown)];
    for one in customers {
        let of = if customers.len() == 1 { String::new() } else { format!("class.{}.", one.class.name) };
        found.push(Formula::exact(format!("{of}plan.latency.mean"), law, one.law.mean() * slowdown));
    }
    found
}

/// The probability that an attempt ends in one of these faults.
fn fails(provider: &Provider, law: &Law, faults: FaultSet) -> f64 {
    let late = provider.request_timeout.map_or(0.0, |cut| 1.0 - law.cdf(cut.secs()));
    let errors = provider.errors.iter().filter(|(fault, _)| faults.contains(*fault));
    let errors: f64 = errors.map(|(_, chance)| chance.value()).sum();
    (1.0 - late) * errors + if faults.contains(Fault::Timeout) { late } else { 0.0 }
}

/// Whether attempts take so long that others come meanwhile, more than one time in a thousand.
fn overlap(provider: &Provider, one: &Attempts<'_>) -> bool {
    one.rate * provider.request_timeout.map_or(one.law.mean(), |cut| one.law.limited(cut)) > 1e-3
}

/// Failures in a row: how long the breaker is open, and whom it stops.
fn of_breaker(model: &Model, provider: &Provider, rules: Breaker, customers: &[Attempts<'_>]) -> Vec<Formula> {
    let ([one], Trip::InARow(most), 1) = (customers, rules.trip, rules.half_open_probes) else { return Vec::new() };
    if provider.retry.max > 0 || provider.request_error.value() > 0.0 {
        return Vec::new();
    }
    let rate = one.rate / f64::from(model.platform.isolates);
    let p = fails(provider, &one.law, rules.failures);
    let takes_time = overlap(provider, one);
    let open = open_fraction(rate, p, most, rules.reset_timeout.secs());
    vec![Formula {
        metric: format!("breaker.{}.open_fraction", provider.name),
        law: "renewal, from trip to trip",
        approximate: takes_time.then_some("as if an attempt took no time"),
        value: open,
    }]
}

/// Every failed call asks once, and what is saved flows in evenly: how many find nothing.
fn of_budget(model: &Model, provider: &Provider, rules: RetryBudget, customers: &[Attempts<'_>]) -> Vec<Formula> {
    let ([one], 1, true) = (customers, provider.retry.max, rules.ratio == 0.0) else { return Vec::new() };
    if provider.request_error.value() > 0.0 || rules.min_per_second <= 0.0 || rules.burst > 10_000 || rules.burst == 0 {
        return Vec::new();
    }
    let isolates = f64::from(model.platform.isolates);
    let asks = one.rate * fails(provider, &one.law, provider.retry.on);
    let refused = bucket::refused(asks / isolates, rules.min_per_second, rules.burst);
    let recorded = model.run.horizon.secs() - model.run.warmup.secs();
    let takes_time = overlap(provider, one);
    vec![Formula {
        metric: format!("retry.{}.over_budget", provider.name),
        law: "token bucket (M/D/1/n)",
        approximate: takes_time.then_some("as if an attempt took no time"),
        value: asks * recorded * refused,
    }]
}

#[cfg(test)]
mod tests {
    use super::super::tests::laws;

    const PROVIDER: &str = include_str!("../../../verify/provider.toml");

    fn found(set: &[&str]) -> Vec<String> {
        laws(PROVIDER, set)
    }

    #[test]
    fn one_thing_at_a_time() {
        let latency = "provider.p.latency={dist=\"exponential\",mean=\"1s\"}";
        let server = ["provider.p.outlives_client=true", latency, "provider.p.request_timeout=1s"];
        let in_flight = "provider.p.in_flight.mean = M/G/∞".to_string();
        assert!(found(&server).contains(&in_flight), "{:?}", found(&server));
        assert_eq!(found(&["provider.p.max_concurrency=2", latency]), ["plans.failed_fraction = Erlang B"]);
        let bucket = ["provider.p.requests_per_minute=60", "provider.p.limit_burst=5s"];
        assert_eq!(found(&bucket), ["plans.failed_fraction = token bucket (M/D/1/n)"]);
        let errors = "provider.p.errors.server_error=0.4";
        let open = "breaker.p.open_fraction = renewal, from trip to trip";
        assert_eq!(found(&[errors, "breaker.p.fail_max=3"]), [open]);
        assert_eq!(found(&[errors, "breaker.p.fail_max=3", latency]), [open.replace('=', "≈")]);
        let budget =
            "retry.p={max=1,on=[\"server_error\"],backoff={kind=\"none\"},budget={ratio=0,min_per_second=1,burst=5}}";
        assert_eq!(found(&[errors, budget]), ["retry.p.over_budget = token bucket (M/D/1/n)"]);
    }

    /// Two things at once, or retries that come again: no formula.
    #[test]
    fn and_no_more_than_one() {
        let (errors, breaker) = ("provider.p.errors.server_error=0.4", "breaker.p.fail_max=3");
        for set in [
            &[errors, breaker, "provider.p.max_concurrency=2"][..],
            &[errors, breaker, "retry.p.max=1"],
            &["provider.p.requests_per_minute=60", "provider.p.max_concurrency=2"],
            &["provider.p.requests_per_minute=60", errors],
            &[errors, breaker, "traffic.user.arrivals={process=\"deterministic\",per_second=1}"],
        ] {
            assert_eq!(found(set), [""; 0], "{set:?}");
        }
    }
}
