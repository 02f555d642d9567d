//! The scheduled jobs of the admin page, and which stores remember their records.

use crate::model::{Chore, Model};
use crate::units::Span;

/// What the admin page does at an interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobSpec {
    pub(crate) reader: usize,
    pub(crate) what: Chore,
    pub(crate) every: Span,
    pub(crate) age: Span,
    pub(crate) store: u16,
    pub(crate) external: bool,
}

/// The jobs of all readers.
pub(crate) fn jobs(model: &Model) -> Vec<JobSpec> {
    let mut jobs = Vec::new();
    for (number, reader) in model.readers.iter().enumerate() {
        let Some(store) = reader.store else { continue };
        let spec = &model.stores[store.index()];
        for (what, every) in Chore::ALL.into_iter().zip(reader.every) {
            let Some(every) = every else { continue };
            jobs.push(JobSpec {
                reader: number,
                what,
                every,
                age: reader.cleanup_age,
                store: store.index() as u16,
                external: spec.is_external(),
            });
        }
    }
    jobs
}

/// Records are remembered where the size of the store pushes them out, or the admin page works on them.
pub(crate) fn remembers(model: &Model, jobs: &[JobSpec]) -> Vec<bool> {
    let works = |at: usize| jobs.iter().any(|job| job.store as usize == at && job.what != Chore::Get);
    (0..model.stores.len()).map(|at| model.stores[at].capacity.is_some() || works(at)).collect()
}
