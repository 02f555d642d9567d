//! A provider that shares itself: what anybody takes is in proportion to what it needs, whatever the law of that.

use super::{Formula, invocations_limit, is_plain};
use crate::model::{Arrivals, Class, Model, Server, Step};
use crate::theory::queues::sharing_slowdown;

/// The latency of each class, where all the traffic is Poisson, each plan is one attempt at one such provider, and
/// nothing but its capacity is in the way.
pub(super) fn formulas(model: &Model) -> Vec<Formula> {
    let mut bare = model.clone();
    let servers: Vec<Option<Server>> = bare.providers.iter_mut().map(|provider| provider.server.take()).collect();
    let [Some(server)] = &servers[..] else { return Vec::new() };
    let Some(capacity) = server.capacity else { return Vec::new() };
    let only = Server { capacity: Some(capacity), ..Server::default() };
    if *server != only || !is_plain(&bare) || invocations_limit(model) {
        return Vec::new();
    }
    let in_the_way = !model.logging.ops.is_empty() || !model.reads.is_empty();
    let needs: Option<Vec<(f64, f64)>> = model.classes.iter().map(|class| need(model, class)).collect();
    let (false, Some(needs)) = (in_the_way, needs) else { return Vec::new() };
    let load: f64 = needs.iter().map(|(rate, seconds)| rate * seconds).sum();
    let Some(slowdown) = sharing_slowdown(capacity, load) else { return Vec::new() };
    let law = "processor sharing";
    let of_class = |(class, (_, seconds)): (&Class, &(f64, f64))| {
        Formula::exact(format!("class.{}.plan.latency.mean", class.name), law, seconds * slowdown)
    };
    let present = format!("provider.{}.in_flight.mean", model.providers[0].name);
    let mut found = vec![Formula::exact(present, law, load * slowdown)];
    match (&model.classes[..], &needs[..]) {
        ([_], [(_, seconds)]) => found.push(Formula::exact("plan.latency.mean".into(), law, seconds * slowdown)),
        _ => found.extend(model.classes.iter().zip(&needs).map(of_class)),
    }
    found
}

/// Plans a second, and how long the attempt of one takes that is alone.
fn need(model: &Model, class: &Class) -> Option<(f64, f64)> {
    let [step @ Step { queue: None, calls: 1, .. }] = &model.workflows[class.workflow.index()].steps[..] else {
        return None;
    };
    let Arrivals::Poisson(rate) = &class.arrivals else { return None };
    let provider = &model.providers[step.provider()?.index()];
    let law = step.latency.as_ref().unwrap_or(&provider.latency).compile().ok()?;
    let is_plain = provider.request_timeout.is_none()
        && provider.errors.is_empty()
        && provider.request_error.value() == 0.0
        && class.spikes.is_empty();
    is_plain.then(|| (rate.per_second(), law.mean()))
}
