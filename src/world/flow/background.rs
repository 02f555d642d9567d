//! Background tasks: the rows of a strategy at the end of a plan and at the end of a day, and those of a log event that
//! is not awaited. `scheduled_job` has the last kind, the jobs of the admin page.
//!
//! A task does its rows one after the other, no call waits for it, and a refused op skips the rest. The end of a plan
//! stands in the plan's invocation where the whole plan is one, and a log event in that of its call: what is left of
//! those when their time is over is cut off. Other tasks have an invocation of their own.

use crate::model::Level;
use crate::units::{CalendarStart, Instant, Span, Zone};
use crate::world::blueprint::{Blueprint, Row};
use crate::world::event::{Event, Rank, order};
use crate::world::ledger::Cause;
use crate::world::operation::drive::Rows;
use crate::world::state::{LogEvent, LogState, Task, TaskOf, World, Writer};

impl<'b> World<'b> {
    /// The first midnight UTC, if anything is done then.
    pub(crate) fn schedule_day_end(&mut self) {
        if self.blueprint.day_ends.is_empty() {
            return;
        }
        let calendar = CalendarStart::new(self.blueprint.model.run.start, &Zone::UTC);
        let is_midnight = calendar.hour_of_day(Instant::START) == 0.0;
        let first = if is_midnight { Instant::START } else { calendar.next_day(Instant::START) };
        self.calendar.push(first, order(Rank::Admin, 0, 0), Event::DayEnd);
    }

    /// It is midnight UTC.
    pub(crate) fn end_day(&mut self) {
        self.calendar.push(self.now + Span::DAY, order(Rank::Admin, 0, 0), Event::DayEnd);
        self.release_day_keys();
        let number = self.tasks.days;
        self.tasks.days += 1;
        self.run_task(Task::new(TaskOf::Day, number, self.now >= self.blueprint.recording_from));
    }

    /// What a call logs and does not wait for.
    pub(crate) fn log_task(&mut self, event: LogEvent, log: LogState) {
        let invoked = Some(self.invocation_of(event.plan, event.call));
        let number = self.plans[event.plan as usize].number;
        self.run_task(Task { invoked, log, ..Task::new(TaskOf::Log(event), number, event.recorded) });
    }

    pub(crate) fn run_task(&mut self, task: Task) {
        let (plan, invoked, recorded) = (task.plan(), task.invoked, task.recorded);
        let id = match self.tasks.free.pop() {
            Some(id) => {
                self.tasks.list[id as usize] = task;
                id
            }
            None => {
                self.tasks.list.push(task);
                self.tasks.list.len() as u32 - 1
            }
        };
        self.parts.invocations.begin_task(id);
        if let Some(place) = plan {
            self.task_begins(place, invoked, recorded);
        }
        self.go_on_task(id);
    }

    /// Runs a task until it must wait.
    pub(crate) fn go_on_task(&mut self, id: u32) {
        let program = self.program_behind(id);
        let rows = match self.tasks.list[id as usize].of {
            TaskOf::Plan(_) => &program.plan_ends,
            TaskOf::Day => &program.day_ends,
            TaskOf::Log(event) if event.is_response => &program.responses,
            TaskOf::Log(_) => &program.requests,
            TaskOf::Job(job) => return self.go_on_job(id, job as usize),
        };
        if self.run_rows(Writer::Task(id), rows, |world, row| world.applies(id, row)) != Rows::UnderWay {
            self.end_task(id);
        }
    }

    /// The rules that a task follows: those of the isolate of its plan, if it is for one.
    fn program_behind(&self, id: u32) -> &'b Blueprint {
        let plan = self.tasks.list[id as usize].plan();
        plan.map_or(self.blueprint, |plan| self.program(self.plans[plan as usize].isolate as usize))
    }

    fn applies(&self, id: u32, row: &Row) -> bool {
        let program = self.program_behind(id);
        let level = program.model.logging.level;
        let (plan, error, critical) = match self.tasks.list[id as usize].of {
            TaskOf::Plan(place) => {
                let plan = &self.plans[place as usize];
                let flow = &program.workflows[plan.workflow as usize];
                (plan, !plan.completed, flow.calls.iter().any(|call| call.critical))
            }
            TaskOf::Log(event) => {
                let plan = &self.plans[event.plan as usize];
                let flow = &program.workflows[plan.workflow as usize];
                if row.awaited {
                    return false;
                }
                (plan, event.error, flow.calls[event.call as usize].critical)
            }
            TaskOf::Day | TaskOf::Job(_) => return level != Level::None,
        };
        debug_assert!(plan.alive);
        level.admits(error) && row.when.holds(error, critical)
    }

    pub(crate) fn end_task(&mut self, id: u32) {
        self.tasks.free.push(id);
        self.close_task(id, None);
    }

    /// Tasks are cut off: what they have not written by now is lost.
    pub(crate) fn cut_tasks(&mut self, why: Cause, is_cut: impl Fn(&Task) -> bool) {
        for id in 0..self.tasks.list.len() as u32 {
            let task = &self.tasks.list[id as usize];
            if !task.alive || !is_cut(task) {
                continue;
            }
            if !task.is_awaited {
                self.tasks.free.push(id);
            }
            if task.wire.waits {
                self.stop_waiting(Writer::Task(id));
            }
            self.disconnect(Writer::Task(id));
            self.parts.invocations.tally.cut += u64::from(self.tasks.list[id as usize].recorded);
            self.close_task(id, Some(why));
        }
    }

    /// The run is over: what tasks have logged by now is there.
    pub(crate) fn cut_task_logs(&mut self) {
        for id in 0..self.tasks.list.len() {
            let task = &mut self.tasks.list[id];
            if let (true, TaskOf::Log(event)) = (task.alive && task.log.written.is_some(), task.of) {
                let log = std::mem::replace(&mut task.log, LogState::EMPTY);
                let end = self.close_event(event, &log, None);
                self.records.release(end);
            }
        }
    }

    fn close_task(&mut self, id: u32, cut: Option<Cause>) {
        self.needs_no_connection(Writer::Task(id));
        self.forget_copy(Writer::Task(id));
        let task = &mut self.tasks.list[id as usize];
        task.alive = false;
        let (end, invoked, log) = (task.of, task.invoked, task.log);
        if let TaskOf::Log(event) = end {
            let end = self.close_event(event, &log, cut);
            self.records.release(end);
        }
        if let TaskOf::Plan(place) | TaskOf::Log(LogEvent { plan: place, .. }) = end {
            self.task_ends(place, invoked);
        }
    }
}
