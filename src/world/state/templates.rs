//! The calls of a workflow as they begin.

use crate::streams::Word;
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::ledger::CallEnd;
use crate::world::state::{Call, NO_QUEUE, Phase, Progress};

/// The calls of a class's workflow as they begin in the first isolate.
pub(crate) fn templates(blueprint: &Blueprint, class: usize) -> Vec<Call> {
    let flow = &blueprint.workflows[blueprint.model.classes[class].workflow.index()];
    let queues = blueprint.model.queues.len() as u32;
    let call = |(index, spec): (usize, &crate::world::blueprint::CallSpec)| {
        let has_queue = spec.queue != crate::world::blueprint::NONE;
        // Past the reads of the plan, which its first call makes; whoever makes none begins with the first row of its log.
        let reads_of_its_own = index > 0 && blueprint.phase_inside(index, spec) == Phase::Reads;
        Call {
            address: 0,
            plan: 0,
            index: index as u16,
            attempt: 0,
            class: class as u16,
            provider: spec.provider,
            law: spec.law,
            ops: Progress {
                cursor: if reads_of_its_own { blueprint.plan_reads as u16 } else { 0 },
                ..Progress::default()
            },
            queue: if has_queue { u32::from(spec.queue) } else { NO_QUEUE },
            waits: if has_queue { class as u32 * queues + u32::from(spec.queue) } else { 0 },
            line: if has_queue { blueprint.line(class as u16, spec.queue) } else { 0 },
            phase: blueprint.first_phase(index, spec),
            work: spec.work,
            computes: false,
            recorded: false,
            in_slot: false,
            request_error: false,
            end: CallEnd::Succeeded,
            fault: None,
            cause: None,
            enqueued: Instant::START,
            backoff: Span::ZERO,
            latency: Span::ZERO,
            outcome_word: Word(0),
        }
    };
    flow.calls.iter().enumerate().map(call).collect()
}
