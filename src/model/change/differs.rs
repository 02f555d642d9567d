//! Whether a change leaves the parts of a model as they are.

use crate::model::keep::keep_all;
use crate::model::section::{
    d1, diagnostics, isolates, limiter, logfile, logging, platform, provider, queue, reader, reads, store, tiers,
    traffic, workflow,
};
use crate::model::whole::Model;

/// The part in which two models differ in more than the values that may change.
pub(super) fn differs(base: &Model, stage: &Model) -> Option<&'static str> {
    let mut stage = stage.clone();
    keep_all(&mut stage.classes, &base.classes, traffic::keep);
    keep_all(&mut stage.workflows, &base.workflows, workflow::keep);
    keep_all(&mut stage.providers, &base.providers, provider::keep);
    keep_all(&mut stage.queues, &base.queues, queue::keep);
    keep_all(&mut stage.stores, &base.stores, store::keep);
    keep_all(&mut stage.tiers, &base.tiers, tiers::keep);
    keep_all(&mut stage.d1, &base.d1, d1::keep);
    keep_all(&mut stage.limiters, &base.limiters, limiter::keep);
    keep_all(&mut stage.reads, &base.reads, reads::keep);
    keep_all(&mut stage.readers, &base.readers, reader::keep);
    keep_all(&mut stage.logfiles, &base.logfiles, logfile::keep);
    keep_all(stage.isolates.as_mut_slice(), base.isolates.as_slice(), isolates::keep);
    keep_all(stage.diagnostics.as_mut_slice(), base.diagnostics.as_slice(), diagnostics::keep);
    logging::keep(&mut stage.logging, &base.logging);
    platform::keep(&mut stage.platform, &base.platform);
    [
        ("platform", stage.platform != base.platform),
        ("traffic", stage.classes != base.classes),
        ("workflow", stage.workflows != base.workflows),
        ("provider", stage.providers != base.providers),
        ("queue", stage.queues != base.queues),
        ("store", stage.stores != base.stores),
        ("tiers", stage.tiers != base.tiers),
        ("d1", stage.d1 != base.d1),
        ("limiter", stage.limiters != base.limiters),
        ("reads", stage.reads != base.reads),
        ("logging", stage.logging != base.logging),
        ("reader", stage.readers != base.readers),
        ("logfile", stage.logfiles != base.logfiles),
        ("isolates", stage.isolates != base.isolates),
        ("diagnostics", stage.diagnostics != base.diagnostics),
        ("cost", stage.cost != base.cost),
        ("run", stage.run != base.run),
    ]
    .into_iter()
    .find_map(|(part, differs)| differs.then_some(part))
}
