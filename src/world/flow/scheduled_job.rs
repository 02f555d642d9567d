//! The admin page as a reader: single records looked up, all of them exported, the old ones deleted, each at an
//! interval. Every run is a task in an invocation of its own, one op after the other; a refused op ends it.

use crate::model::{Chore, OpKind};
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::Cause;
use crate::world::state::{OpRequest, Requester, Task, TaskOf, World, Writer};

/// Keys that one list names.
const KEYS_A_LIST: u64 = 1_000;

impl World<'_> {
    /// The first run of each job comes after one interval.
    pub(crate) fn schedule_jobs(&mut self) {
        for job in 0..self.blueprint.jobs.len() {
            self.schedule_job(job);
        }
    }

    fn schedule_job(&mut self, job: usize) {
        let at = self.now.saturating_add(self.blueprint.jobs[job].every);
        self.calendar.push(at, order(Rank::Admin, (job as u64 + 1) << 8, 0), Event::Job(job as u16));
    }

    /// It is time for a job.
    pub(crate) fn begin_job(&mut self, job: usize) {
        self.schedule_job(job);
        let spec = self.blueprint.jobs[job];
        let recorded = self.now >= self.blueprint.recording_from;
        let state = &mut self.parts.jobs[job];
        if state.busy {
            state.skipped += u64::from(recorded);
            return;
        }
        state.begun += u64::from(recorded);
        // The admin page is a request of the account like any other.
        if self.parts.requests.as_mut().is_some_and(|requests| !requests.admits(self.now, recorded)) {
            state.stopped.count(Cause::RequestQuota, recorded);
            return;
        }
        state.busy = true;
        self.forget_gone(spec.store as usize);
        let records = self.records.shelf(spec.store as usize).copies;
        let lists = records.div_ceil(KEYS_A_LIST).max(1);
        let left = match spec.what {
            Chore::Get => [0, 1],
            Chore::Export => [lists, records],
            Chore::Cleanup => [lists, 0],
        };
        let mut task = Task::new(TaskOf::Job(job as u16), job as u64, recorded);
        task.left = left;
        self.run_task(task);
    }

    /// Runs a job until it must wait.
    pub(crate) fn go_on_job(&mut self, id: u32, job: usize) {
        loop {
            let task = &mut self.tasks.list[id as usize];
            if std::mem::take(&mut task.ops.open) {
                if let Some(why) = task.ops.refused {
                    self.parts.jobs[job].stopped.count(why, task.recorded);
                    break;
                }
                if task.left == [0, 0] && self.blueprint.jobs[job].what == Chore::Cleanup && task.ops.cursor > 0 {
                    self.delete_oldest(job);
                }
            }
            let Some(op) = self.next_job_op(id, job) else { break };
            if self.start_job_op(id, job, op) {
                return;
            }
        }
        self.parts.jobs[job].busy = false;
        self.end_task(id);
    }

    /// Lists first, then reads, then deletes while there is something old; `cursor` counts those.
    fn next_job_op(&mut self, id: u32, job: usize) -> Option<OpKind> {
        let spec = self.blueprint.jobs[job];
        let old = spec.what == Chore::Cleanup && self.oldest_of_age(spec.store as usize, spec.age).is_some();
        let task = &mut self.tasks.list[id as usize];
        for (left, op) in task.left.iter_mut().zip([OpKind::List, OpKind::Get]) {
            if *left > 0 {
                *left -= 1;
                return Some(op);
            }
        }
        task.ops.cursor = task.ops.cursor.saturating_add(u16::from(old));
        old.then_some(OpKind::Delete)
    }

    /// Asks for an op; whether it takes time.
    fn start_job_op(&mut self, id: u32, job: usize, op: OpKind) -> bool {
        let (spec, state) = (self.blueprint.jobs[job], &mut self.parts.jobs[job]);
        let position = state.ops;
        state.ops += 1;
        let requester = Requester {
            recorded: self.tasks.list[id as usize].recorded,
            who: Writer::Task(id),
            invocation: self.parts.invocations.of_task(id),
            latency: state.draws.at(0, position).next(),
            network: state.draws.at(1, position).next(),
        };
        let (store, external) = (spec.store as usize, spec.external);
        let op = OpRequest { store, op, external, cold: None, key: None, bytes: 0 };
        self.operate(&requester, &op)
    }

    fn delete_oldest(&mut self, job: usize) {
        let spec = self.blueprint.jobs[job];
        if let Some(oldest) = self.oldest_of_age(spec.store as usize, spec.age)
            && self.clean(oldest)
        {
            self.parts.jobs[job].deleted += u64::from(self.now >= self.blueprint.recording_from);
        }
    }

    /// The replication ends: what is still there and should not be.
    pub(crate) fn finish_jobs(&mut self) {
        for (job, spec) in self.blueprint.jobs.iter().enumerate() {
            self.parts.jobs[job].overdue = self.overdue(spec.store as usize, spec.age);
        }
    }
}
