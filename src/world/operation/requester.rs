//! A call and a background task, as those who ask for an operation and write.

use crate::streams::Word;
use crate::world::blueprint::{Draw, OpWords};
use crate::world::state::{LogState, World, Writer};

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
    pub(crate) fn copy_of(&mut self, who: Writer) -> &mut Option<Vec<u32>> {
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

    /// The place of the invocation that a writer works in; none where a task has one of its own.
    pub(crate) fn invoked(&self, who: Writer) -> Option<usize> {
        let each = self.parts.invocations.as_ref()?.each;
        match who {
            Writer::Call(id) => {
                let call = &self.calls[id as usize];
                Some(call.plan as usize * each + self.invocation_number(call.plan, call.index))
            }
            Writer::Task(id) => self.tasks.list[id as usize].invoked.map(|at| at as usize),
        }
    }

    /// The place of an invocation of a plan, where such places are kept.
    pub(crate) fn invoked_of(&self, place: u32, number: usize) -> Option<u32> {
        let each = self.parts.invocations.as_ref()?.each;
        Some((place as usize * each + number) as u32)
    }
}
