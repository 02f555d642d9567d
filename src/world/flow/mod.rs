//! What a plan and a call do next: arrive, read, look up, log, queue, attempt, end.

pub(crate) mod adaptive_limit;
pub(crate) mod attempt;
pub(crate) mod background;
pub(crate) mod call;
pub(crate) mod failure;
pub(crate) mod invocation;
pub(crate) mod limiter_check;
pub(crate) mod log;
pub(crate) mod lookup;
pub(crate) mod notes;
pub(crate) mod plan;
pub(crate) mod policies;
pub(crate) mod queue;
pub(crate) mod scheduled_job;
pub(crate) mod semaphore;
pub(crate) mod work;
