//! A call and a background task, as those who ask for an operation and write.

use crate::streams::Word;
use crate::world::blueprint::{Draw, OpWords};
use crate::world::state::{InvocationId, LogState, Progress, Wire, World, Writer};

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

    /// The invocation of a plan that a writer works in; none where a task has one of its own.
    pub(crate) fn invoked(&self, who: Writer) -> Option<InvocationId> {
        match who {
            Writer::Call(id) => Some(self.invocation(id)),
            Writer::Task(id) => self.tasks.list[id as usize].invoked,
        }
    }

    /// Where its operations stand.
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
}
