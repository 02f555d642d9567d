//! `errors.plan_error` of a provider: operators know the share of plans that end in an error, the model has chances of
//! attempts.

use crate::math;
use crate::model::language::*;
use crate::model::section::provider::Provider;
use crate::model::section::step::Step;
use crate::model::section::workflow::Workflow;
use crate::policy::Fault;
use crate::units::Probability;

/// Turns `errors.plan_error` into the chance of each call: 1 − (1 − p)^(1/n) of n calls, so that together they fail in a
/// share p of the plans.
pub(in crate::model) fn spread(
    input: &mut Input<'_>,
    root: &Cursor<'_>,
    workflows: &[Workflow],
    providers: &mut [Provider],
) {
    for (at, provider) in providers.iter_mut().enumerate() {
        let tables = root.named("provider");
        let errors =
            tables.iter().find(|(name, _)| *name == provider.name).and_then(|(_, table)| table.table("errors"));
        let Some(errors) = errors else { continue };
        let chance = errors.number("plan_error").unwrap_or_default();
        if chance == 0.0 {
            continue;
        }
        let asks = |step: &&Step| step.shares().iter().any(|(id, _)| id.index() == at);
        let is_one_of_several =
            workflows.iter().flat_map(|workflow| &workflow.steps).any(|step| step.pool.is_some() && asks(&step));
        let calls = |workflow: &Workflow| workflow.steps.iter().filter(asks).map(|step| step.calls).sum::<u32>();
        let mut calls: Vec<u32> = workflows.iter().map(calls).filter(|calls| *calls > 0).collect();
        calls.sort_unstable();
        calls.dedup();
        let complaint = match calls[..] {
            _ if provider.retry.max > 0 && provider.retry.on.contains(Fault::BadRequest) => {
                Complaint::new("the calls that fail are `bad_request`, which is retried here")
                    .cure("take \"bad_request\" out of `on` of its retries, or write chances of attempts instead")
            }
            _ if is_one_of_several => Complaint::new("which calls go to this provider is chosen among several")
                .cure("write chances of attempts instead, such as `bad_request`"),
            [] => continue,
            [calls] => {
                let each = 1.0 - math::pow(1.0 - chance, 1.0 / f64::from(calls));
                add_error(&mut provider.errors, Fault::BadRequest, each);
                continue;
            }
            [few, .., many] => Complaint::new("workflows make different numbers of calls at this provider")
                .found(format!("{few} and {many} calls a plan"))
                .cure("write chances of attempts instead, such as `bad_request`"),
        };
        input.problems.report_once(errors.at("plan_error"), &errors.key("plan_error"), complaint);
    }
}

/// Adds to the chance of a fault, in the order of all faults.
fn add_error(errors: &mut Vec<(Fault, Probability)>, fault: Fault, more: f64) {
    let has = errors.iter().filter(|(other, _)| *other == fault).map(|(_, chance)| chance.value()).sum::<f64>();
    errors.retain(|(other, _)| *other != fault);
    let chance = Probability::new((has + more).min(1.0)).unwrap_or_default();
    errors.extend((chance.value() > 0.0).then_some((fault, chance)));
    errors.sort_by_key(|(fault, _)| Fault::ALL.iter().position(|other| other == fault));
}
