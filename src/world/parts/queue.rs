//! The in-memory queue in front of a provider: slots, waiting places, and who is next.

use crate::model::{Discipline, Queue as Spec};
use crate::stats::TimeWeighted;
use crate::units::Instant;

const NOBODY: u32 = u32::MAX;

/// Who stands before and after each call in whatever queue it waits in; one for all queues of a world, since a
/// call waits in one place at a time.
#[derive(Debug, Default)]
pub(crate) struct Links(Vec<(u32, u32)>);

impl Links {
    /// Makes room for one more call.
    pub(crate) fn grow_to(&mut self, calls: usize) {
        if self.0.len() < calls {
            self.0.resize(calls, (NOBODY, NOBODY));
        }
    }
}

/// Those who wait with one priority, first to last.
#[derive(Clone, Copy, Debug)]
struct Line {
    first: u32,
    last: u32,
}

/// What the queue says to a call that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It has a slot at once.
    Granted,
    /// It waits.
    Waiting,
    /// All slots and waiting places are taken.
    Refused,
}

/// One queue of one isolate.
#[derive(Debug)]
pub(crate) struct Queue {
    slots: u32,
    places: u32,
    last_first: bool,
    active: u32,
    waiting: u32,
    /// By priority, the one to be served first in front.
    lines: Vec<Line>,
    /// Calls in a slot, over time.
    pub(crate) active_level: TimeWeighted,
    /// Calls waiting, over time.
    pub(crate) waiting_level: TimeWeighted,
}

impl Queue {
    /// An empty queue; `lines` is the number of different priorities (1 unless the discipline is `priority`).
    pub(crate) fn new(spec: &Spec, lines: usize) -> Queue {
        Queue {
            slots: spec.max_concurrency,
            places: spec.max_queue.unwrap_or(u32::MAX),
            last_first: spec.discipline == Discipline::Lifo,
            active: 0,
            waiting: 0,
            lines: vec![Line { first: NOBODY, last: NOBODY }; lines.max(1)],
            active_level: TimeWeighted::default(),
            waiting_level: TimeWeighted::default(),
        }
    }

    /// A call arrives, to stand in `line` if it must wait.
    #[inline]
    pub(crate) fn arrive(&mut self, call: u32, line: usize, links: &mut Links, now: Instant) -> Admission {
        if self.active < self.slots {
            self.active += 1;
            self.active_level.set(now.nanos(), u64::from(self.active));
            return Admission::Granted;
        }
        if self.waiting >= self.places {
            return Admission::Refused;
        }
        self.waiting += 1;
        self.waiting_level.set(now.nanos(), u64::from(self.waiting));
        let line = &mut self.lines[line];
        if line.first == NOBODY {
            (line.first, line.last) = (call, call);
            links.0[call as usize] = (NOBODY, NOBODY);
        } else if self.last_first {
            links.0[line.first as usize].0 = call;
            links.0[call as usize] = (NOBODY, line.first);
            line.first = call;
        } else {
            links.0[line.last as usize].1 = call;
            links.0[call as usize] = (line.last, NOBODY);
            line.last = call;
        }
        Admission::Waiting
    }

    /// A call gives its slot back; whoever is next has it at this instant.
    #[inline]
    pub(crate) fn leave(&mut self, links: &mut Links, now: Instant) -> Option<u32> {
        if self.waiting == 0 {
            self.active -= 1;
            self.active_level.set(now.nanos(), u64::from(self.active));
            return None;
        }
        let line = self.lines.iter().position(|line| line.first != NOBODY)?;
        let next = self.lines[line].first;
        self.take_out(next, line, links, now);
        Some(next)
    }

    /// A waiting call leaves without having been served.
    pub(crate) fn abandon(&mut self, call: u32, line: usize, links: &mut Links, now: Instant) {
        self.take_out(call, line, links, now);
    }

    #[inline]
    fn take_out(&mut self, call: u32, line: usize, links: &mut Links, now: Instant) {
        let (before, after) = links.0[call as usize];
        let line = &mut self.lines[line];
        if before == NOBODY {
            line.first = after;
        } else {
            links.0[before as usize].1 = after;
        }
        if after == NOBODY {
            line.last = before;
        } else {
            links.0[after as usize].0 = before;
        }
        self.waiting -= 1;
        self.waiting_level.set(now.nanos(), u64::from(self.waiting));
    }

    /// Calls waiting.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Whether slots, places and the rule that no slot is idle while a call waits all hold.
    pub(crate) fn is_sound(&self) -> bool {
        self.active <= self.slots && self.waiting <= self.places && (self.waiting == 0 || self.active == self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(slots: u32, places: u32, discipline: Discipline, lines: usize) -> (Queue, Links) {
        let spec = Spec {
            name: "ai".into(),
            max_concurrency: slots,
            max_queue: Some(places),
            discipline,
            patience: None,
            waiting_spends_timeout: false,
        };
        let mut links = Links::default();
        links.grow_to(16);
        (Queue::new(&spec, lines), links)
    }

    fn served(discipline: Discipline, lines: usize, arrivals: &[(u32, usize)]) -> Vec<u32> {
        let (mut queue, mut links) = queue(1, 16, discipline, lines);
        assert_eq!(queue.arrive(15, 0, &mut links, Instant::START), Admission::Granted);
        for &(call, line) in arrivals {
            assert_eq!(queue.arrive(call, line, &mut links, Instant::START), Admission::Waiting);
        }
        std::iter::from_fn(|| queue.leave(&mut links, Instant::START)).collect()
    }

    #[test]
    fn the_next_is_chosen_by_the_discipline() {
        assert_eq!(served(Discipline::Fifo, 1, &[(1, 0), (2, 0), (3, 0)]), [1, 2, 3]);
        assert_eq!(served(Discipline::Lifo, 1, &[(1, 0), (2, 0), (3, 0)]), [3, 2, 1]);
        assert_eq!(served(Discipline::Priority, 2, &[(1, 1), (2, 0), (3, 1), (4, 0)]), [2, 4, 1, 3]);
    }

    #[test]
    fn places_do_not_include_slots_and_a_refusal_leaves_no_trace() {
        let (mut queue, mut links) = queue(2, 1, Discipline::Fifo, 1);
        let answers: Vec<_> = (0..4).map(|call| queue.arrive(call, 0, &mut links, Instant::START)).collect();
        assert_eq!(answers, [Admission::Granted, Admission::Granted, Admission::Waiting, Admission::Refused]);
        assert_eq!((queue.active, queue.waiting()), (2, 1));
        assert!(queue.is_sound());
    }

    #[test]
    fn whoever_leaves_the_middle_is_not_served() {
        let (mut queue, mut links) = queue(1, 8, Discipline::Fifo, 1);
        for call in 0..5 {
            queue.arrive(call, 0, &mut links, Instant::START);
        }
        queue.abandon(2, 0, &mut links, Instant::START);
        queue.abandon(4, 0, &mut links, Instant::START);
        queue.arrive(5, 0, &mut links, Instant::START);
        let rest: Vec<u32> = std::iter::from_fn(|| queue.leave(&mut links, Instant::START)).collect();
        assert_eq!(rest, [1, 3, 5]);
        assert_eq!((queue.active, queue.waiting()), (0, 0));
    }
}
