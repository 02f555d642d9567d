//! Background tasks, which no call waits for, and the scheduled jobs of the admin page.

use crate::model::Chore;
use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::world::blueprint::{Blueprint, JobSpec};
use crate::world::ledger::{Causes, of_jobs};
use crate::world::measures::sheet::{Sheet, causes};
use crate::world::part::{Ending, Part};
use crate::world::parts::index::VersionId;
use crate::world::state::{InvocationId, LogEvent, LogState, Progress, Wire};

/// What a task is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TaskOf {
    /// The plan in this place has come to its end.
    Plan(u32),
    /// A day has.
    Day,
    /// A call has something to log.
    Log(LogEvent),
    /// The admin page does this job.
    Job(u16),
}

/// A task under way.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) of: TaskOf,
    /// The number of its plan within its class, or of its day: the address of its draws.
    pub(crate) number: u64,
    pub(crate) recorded: bool,
    /// The state of its operations.
    pub(crate) ops: Progress,
    /// What it has read of the index.
    pub(crate) copy: Option<VersionId>,
    pub(crate) log: LogState,
    /// Of a job: lists and reads that are still to be made.
    pub(crate) left: [u64; 2],
    /// The invocation of its plan that it stands in.
    pub(crate) invoked: Option<InvocationId>,
    pub(crate) wire: Wire,
    pub(crate) alive: bool,
    /// An event is still to come for it, also where it was cut off.
    pub(crate) is_awaited: bool,
}

impl Task {
    pub(crate) fn new(of: TaskOf, number: u64, recorded: bool) -> Task {
        Task {
            of,
            number,
            recorded,
            ops: Progress::default(),
            copy: None,
            log: LogState::EMPTY,
            left: [0; 2],
            invoked: None,
            wire: Wire::default(),
            alive: true,
            is_awaited: false,
        }
    }

    /// The plan and the call that it writes for.
    pub(crate) fn call(&self) -> (u32, u16) {
        match self.of {
            TaskOf::Log(event) => (event.plan, event.call),
            TaskOf::Plan(place) => (place, 0),
            TaskOf::Day | TaskOf::Job(_) => (u32::MAX, 0),
        }
    }

    /// The plan that it is for.
    pub(crate) fn plan(&self) -> Option<u32> {
        match self.of {
            TaskOf::Plan(place) => Some(place),
            TaskOf::Log(event) => Some(event.plan),
            TaskOf::Day | TaskOf::Job(_) => None,
        }
    }
}

/// All tasks, and what they draw from.
#[derive(Debug)]
pub(crate) struct Tasks {
    pub(crate) list: Vec<Task>,
    pub(crate) free: Vec<u32>,
    pub(crate) days: u64,
    /// By class, then row.
    pub(crate) of_plans: Vec<Vec<Scatter>>,
    /// By row.
    pub(crate) of_days: Vec<Scatter>,
}

impl Tasks {
    pub(crate) fn new(blueprint: &Blueprint, draws: &Draws) -> Tasks {
        let (plan_ends, day_ends) = blueprint.end_names.split_at(blueprint.plan_ends.len());
        let of = |whose: &str, rows: &[String]| {
            rows.iter().map(|row| draws.scatter(&format!("{whose} {row}"), Purpose::Summary)).collect()
        };
        Tasks {
            list: Vec::new(),
            free: Vec::new(),
            days: 0,
            of_plans: blueprint.model.classes.iter().map(|class| of(&class.name, plan_ends)).collect(),
            of_days: of("", day_ends),
        }
    }

    /// Those that are for plans.
    pub(crate) fn of_plans_alive(&self) -> impl Iterator<Item = &Task> {
        self.list.iter().filter(|task| task.alive && task.plan().is_some())
    }
}

/// A job, and what came of it.
#[derive(Debug)]
pub(crate) struct JobState {
    pub(crate) draws: Scatter,
    /// Ops so far: the address of the draws.
    pub(crate) ops: u64,
    pub(crate) busy: bool,
    pub(crate) begun: u64,
    /// Runs that a refused op has ended, and those that were due while the last was still under way.
    pub(crate) stopped: Causes,
    pub(crate) skipped: u64,
    pub(crate) deleted: u64,
    /// At the end: records that should have been deleted.
    pub(crate) overdue: u64,
}

impl JobState {
    pub(crate) fn new(blueprint: &Blueprint, spec: &JobSpec, draws: &Draws) -> JobState {
        let name = format!("{}/{}", blueprint.model.readers[spec.reader].name, spec.what as usize);
        let draws = draws.scatter(&name, Purpose::Reader);
        JobState { draws, ops: 0, busy: false, begun: 0, stopped: Causes::NONE, skipped: 0, deleted: 0, overdue: 0 }
    }
}

impl Part for JobState {
    fn balance(&self, at: usize, ending: &Ending) -> Result<(), String> {
        let spec = &ending.blueprint.jobs[at];
        self.stopped.check("jobs", of_jobs(&ending.first.model, spec.store.into()))
    }

    fn measures(&self, at: usize, ending: &Ending, sheet: &mut Sheet) {
        let spec = &ending.blueprint.jobs[at];
        let metric = |what: &str| format!("reader.{}.{what}", ending.model().readers[spec.reader].name);
        let what = match spec.what {
            Chore::Get => "gets",
            Chore::Export => "exports",
            Chore::Cleanup => "cleanups",
        };
        sheet.count(&metric(what), "runs", self.begun);
        sheet.count(&metric(&format!("{what}_stopped")), "runs", self.stopped.of_all(|_| true));
        let known = of_jobs(&ending.first.model, spec.store.into());
        causes(sheet, &metric(&format!("{what}_stopped_by")), "runs", (&self.stopped, known));
        sheet.count(&metric(&format!("{what}_skipped")), "runs", self.skipped);
        if spec.what == Chore::Cleanup {
            sheet.count(&metric("deleted"), "records", self.deleted);
            sheet.count(&metric("overdue.end"), "records", self.overdue);
        }
    }
}
