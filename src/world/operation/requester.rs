//! Requesters: a call or a background task that asks for operations and writes.

use crate::streams::Word;
use crate::world::blueprint::{Draw, NONE, OpWords};
use crate::world::parts::index::VersionId;
use crate::world::state::{InvocationId, LogState, Progress, TaskOf, Wire, World, Writer};

impl World<'_> {
    pub(crate) fn writer_recorded(&self, who: Writer) -> bool {
        match who {
            Writer::Call(id) => self.calls[id as usize].recorded,
            Writer::Task(id) => self.tasks.list[id as usize].recorded,
        }
    }

    /// The plan and the call that it writes for.
    pub(crate) fn call_of(&self, who: Writer) -> (u32, u16) {
        match who {
            Writer::Call(id) => (self.calls[id as usize].plan, self.calls[id as usize].index),
            Writer::Task(id) => self.tasks.list[id as usize].call(),
        }
    }

    /// The plan that it writes for.
    pub(crate) fn plan_of(&self, who: Writer) -> Option<u32> {
        match who {
            Writer::Call(id) => Some(self.calls[id as usize].plan),
            Writer::Task(id) => self.tasks.list[id as usize].plan(),
        }
    }

    /// What it has read of the index.
    pub(crate) fn copy_of(&mut self, who: Writer) -> &mut Option<VersionId> {
        match who {
            Writer::Call(id) => &mut self.copies[id as usize],
            Writer::Task(id) => &mut self.tasks.list[id as usize].copy,
        }
    }

    /// The log event under way.
    pub(crate) fn log_of(&mut self, who: Writer) -> &mut LogState {
        match who {
            Writer::Call(id) => &mut self.logs[id as usize],
            Writer::Task(id) => &mut self.tasks.list[id as usize].log,
        }
    }

    pub(crate) fn writer_word(&mut self, who: Writer, words: OpWords, draw: Draw) -> Word {
        match who {
            Writer::Call(id) => self.op_word(id, words.of(draw)),
            Writer::Task(id) => self.task_word(id, words, draw),
        }
    }

    /// The invocation of a plan that a writer works in; none where a task has one of its own.
    pub(crate) fn invoked(&self, who: Writer) -> Option<InvocationId> {
        match who {
            Writer::Call(id) => Some(self.invocation(id)),
            Writer::Task(id) => self.tasks.list[id as usize].invoked,
        }
    }

    /// The state of its operations.
    #[inline]
    pub(crate) fn progress(&mut self, who: Writer) -> &mut Progress {
        match who {
            Writer::Call(id) => &mut self.calls[id as usize].ops,
            Writer::Task(id) => &mut self.tasks.list[id as usize].ops,
        }
    }

    /// Its connections.
    pub(crate) fn wire(&mut self, who: Writer) -> &mut Wire {
        match who {
            Writer::Call(id) => {
                let wires = &mut self.parts.invocations.wires;
                if wires.len() < self.calls.len() {
                    wires.resize(self.calls.len(), Wire::default());
                }
                &mut wires[id as usize]
            }
            Writer::Task(id) => &mut self.tasks.list[id as usize].wire,
        }
    }

    /// A draw of an op, by its place among the words of the call; anything where there is none.
    #[inline]
    pub(crate) fn op_word(&self, id: u32, place: u16) -> Word {
        if place == NONE {
            return Word(0);
        }
        let call = &self.calls[id as usize];
        self.word_of(call.plan, call.index, place)
    }

    /// The same, of a call of a plan that may be over.
    pub(crate) fn word_of(&self, plan: u32, call: u16, place: u16) -> Word {
        if place == NONE {
            return Word(0);
        }
        let flow = &self.blueprint.workflows[self.plans[plan as usize].workflow as usize];
        let base = plan as usize * self.words_each + flow.op_words;
        let per_call = self.blueprint.op_draws.len() - self.blueprint.plan_words;
        self.words[base + call as usize * per_call + place as usize]
    }

    /// A draw of a task's row; of a log event it is the one that its call would have taken.
    pub(crate) fn task_word(&mut self, id: u32, words: OpWords, draw: Draw) -> Word {
        let task = &self.tasks.list[id as usize];
        let draws = match task.of {
            TaskOf::Log(event) => return self.word_of(event.plan, event.call, words.of(draw)),
            TaskOf::Plan(place) => &mut self.tasks.of_plans[self.plans[place as usize].class as usize],
            TaskOf::Day | TaskOf::Job(_) => &mut self.tasks.of_days,
        };
        draws[task.ops.cursor as usize].at(draw as u64, task.number).next()
    }
}
