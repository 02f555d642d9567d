//! The in-memory queue in front of a provider: slots, waiting places, and its discipline.

use crate::model::{Discipline, Queue as Spec};
use crate::stats::TimeWeighted;
use crate::units::Instant;

const NOBODY: u32 = u32::MAX;

/// Links to the calls before and after each waiting call; one table for all queues, since a call waits in one queue at
/// a time.
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

/// The waiting calls of one priority, first to last.
#[derive(Clone, Copy, Debug)]
struct Line {
    first: u32,
    last: u32,
}

/// The queue's decision on an arriving call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It has a slot at once.
    Granted,
    /// It waits.
    Waiting,
    /// It waits, in the place of this one.
    Displaced(u32),
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
    /// Slots, over time.
    pub(crate) slots_level: TimeWeighted,
    /// Calls in slots that were taken away while they had them, over time.
    pub(crate) over_level: TimeWeighted,
    /// Reserved slots.
    reserve: Option<Box<Reserve>>,
    /// Priorities that grow with waiting.
    aging: Option<Box<Aging>>,
    pushes_out: bool,
    /// The most slots and places that it ever had.
    most: (u32, u32),
    /// What a diagnostics page shows, since the isolate began: admitted, refused, and when the last one was.
    granted: u64,
    dropped: u64,
    last_drop: Option<Instant>,
    /// Time that was waited before the recording began, and by those who left.
    waited_before: u128,
    waited_in_vain: u128,
}

/// Reserved slots: each line holds the calls of one class, and a slot is taken only if enough are left for the others.
#[derive(Debug)]
struct Reserve {
    /// By line: slots reserved, and slots taken.
    slots: Vec<u32>,
    active: Vec<u32>,
    /// By line: its rank, the smallest served first; all equal unless the discipline is `priority`.
    ranks: Vec<u8>,
    is_ranked: bool,
    last_first: bool,
    /// By call: when it came to wait, as a number.
    came: Vec<u64>,
    arrivals: u64,
}

impl Reserve {
    /// Whether a call of this line may have one of so many free slots.
    fn admits(&self, line: usize, free: u32) -> bool {
        let others = self.slots.iter().zip(&self.active).enumerate().filter(|(other, _)| *other != line);
        let kept: u32 = others.map(|(_, (slots, active))| slots.saturating_sub(*active)).sum();
        free > kept
    }

    fn waits(&mut self, call: u32) {
        self.came.resize((call as usize + 1).max(self.came.len()), 0);
        self.came[call as usize] = self.arrivals;
        self.arrivals += 1;
    }

    /// The line whose first call is next, of those that may have a slot.
    fn next(&self, lines: &[Line], free: u32) -> Option<usize> {
        let may = lines.iter().enumerate().filter(|(at, line)| line.first != NOBODY && self.admits(*at, free));
        may.min_by_key(|(at, line)| {
            let came = self.came[line.first as usize];
            (self.ranks[*at], if self.last_first { u64::MAX - came } else { came })
        })
        .map(|(at, _)| at)
    }
}

/// Priorities that grow with waiting.
#[derive(Debug)]
struct Aging {
    /// How long a call waits for one point.
    point: u64,
    /// By line.
    priorities: Vec<i32>,
    /// By call: when it came to wait.
    came: Vec<u64>,
}

impl Aging {
    fn waits(&mut self, call: u32, now: Instant) {
        self.came.resize((call as usize + 1).max(self.came.len()), 0);
        self.came[call as usize] = now.nanos();
    }

    /// The line whose first call has the largest priority. All grow alike, so the order of two who wait never changes; of
    /// equals the one who was more important at first.
    fn next(&self, lines: &[Line]) -> Option<usize> {
        let waiting = lines.iter().enumerate().filter(|(_, line)| line.first != NOBODY);
        let since = |at: usize, line: &Line| {
            i128::from(self.came[line.first as usize]) - i128::from(self.priorities[at]) * i128::from(self.point)
        };
        waiting.min_by_key(|(at, line)| (since(*at, line), *at)).map(|(at, _)| at)
    }
}

/// What a diagnostics page shows of a queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Page {
    pub(crate) active: u64,
    pub(crate) queued: u64,
    pub(crate) dropped: u64,
    pub(crate) last_drop: Option<Instant>,
    granted: u64,
    waited_ns: u128,
}

impl Page {
    /// Adds the page of another isolate.
    pub(crate) fn add(&mut self, other: &Page) {
        self.active += other.active;
        self.queued += other.queued;
        self.dropped += other.dropped;
        self.granted += other.granted;
        self.waited_ns += other.waited_ns;
        self.last_drop = self.last_drop.max(other.last_drop);
    }

    /// `avgWaitMs`, in nanoseconds: over admitted calls, zero waits included; 0 where none was admitted.
    pub(crate) fn average_wait_ns(&self) -> f64 {
        self.waited_ns as f64 / self.granted.max(1) as f64
    }
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
            slots_level: TimeWeighted::new(0, u64::from(spec.max_concurrency)),
            over_level: TimeWeighted::default(),
            reserve: None,
            aging: None,
            pushes_out: spec.pushes_out,
            most: (spec.max_concurrency, spec.max_queue.unwrap_or(u32::MAX)),
            granted: 0,
            dropped: 0,
            last_drop: None,
            waited_before: 0,
            waited_in_vain: 0,
        }
    }

    /// The same with its reserved slots, if it has any; then each class has a line, and `ranks` says which goes first.
    pub(crate) fn with_reserve(mut self, spec: &Spec, ranks: &[u8]) -> Queue {
        if !spec.reserved.is_empty() {
            let is_ranked = spec.discipline == Discipline::Priority;
            self.lines = vec![Line { first: NOBODY, last: NOBODY }; ranks.len()];
            self.reserve = Some(Box::new(Reserve {
                slots: spec.reserved.clone(),
                active: vec![0; ranks.len()],
                ranks: if is_ranked { ranks.to_vec() } else { vec![0; ranks.len()] },
                is_ranked,
                last_first: self.last_first,
                came: Vec::new(),
                arrivals: 0,
            }));
        }
        self
    }

    /// The same with priorities that grow, if they do; `priorities` are those of its lines.
    pub(crate) fn with_aging(mut self, spec: &Spec, priorities: &[i32]) -> Queue {
        self.aging = spec
            .aging
            .map(|point| Box::new(Aging { point: point.nanos(), priorities: priorities.to_vec(), came: Vec::new() }));
        self
    }

    /// Whether a call of this line may have a slot.
    #[inline]
    fn has_slot(&self, line: usize) -> bool {
        self.active < self.slots
            && self.reserve.as_ref().is_none_or(|reserve| reserve.admits(line, self.slots - self.active))
    }

    /// The page at `now`, where those that still wait have waited for `still` together.
    pub(crate) fn page(&self, now: Instant, still: u128) -> Page {
        // All time in the queue is the area under its length.
        let waited = self.waited_before + self.waiting_level.area(now.nanos()) - self.waited_in_vain - still;
        Page {
            active: u64::from(self.active),
            queued: u64::from(self.waiting),
            dropped: self.dropped,
            last_drop: self.last_drop,
            granted: self.granted,
            waited_ns: waited,
        }
    }

    /// The warm-up is over; the page goes on.
    pub(crate) fn start_recording(&mut self, now: Instant) {
        self.waited_before += self.waiting_level.area(now.nanos());
        for level in self.levels() {
            level.restart(now.nanos());
        }
    }

    /// The queue of an isolate that is still to start; what is measured of it is measured from `began` on.
    pub(crate) fn closed(spec: &Spec, lines: usize, began: Instant) -> Queue {
        let level = TimeWeighted::new(began.nanos(), 0);
        let mut queue = Queue::new(spec, lines);
        queue.levels().into_iter().for_each(|of| *of = level);
        queue
    }

    fn levels(&mut self) -> [&mut TimeWeighted; 4] {
        [&mut self.active_level, &mut self.waiting_level, &mut self.slots_level, &mut self.over_level]
    }

    /// A call is in a slot less, or there is another number of slots.
    #[cold]
    fn note_over(&mut self, now: Instant) {
        self.over_level.set(now.nanos(), u64::from(self.active.saturating_sub(self.slots)));
    }

    /// The isolate starts.
    pub(crate) fn open(&mut self, spec: &Spec, now: Instant) {
        self.slots = spec.max_concurrency;
        self.slots_level.set(now.nanos(), u64::from(self.slots));
        self.follow(spec);
    }

    /// The isolate goes, and all that is in its memory.
    pub(crate) fn close(&mut self, now: Instant) {
        (self.active, self.waiting) = (0, 0);
        self.lines.fill(Line { first: NOBODY, last: NOBODY });
        if let Some(reserve) = &mut self.reserve {
            reserve.active.fill(0);
        }
        for level in self.levels() {
            level.set(now.nanos(), 0);
        }
        (self.granted, self.dropped, self.last_drop) = (0, 0, None);
        self.waited_in_vain = self.waited_before + self.waiting_level.area(now.nanos());
    }

    /// New limits: who is in a slot or waits stays.
    pub(crate) fn change(&mut self, was: &Spec, is: &Spec, now: Instant) {
        if was.max_concurrency != is.max_concurrency {
            self.slots = is.max_concurrency;
            if self.slots_level.level() > 0 {
                self.slots_level.set(now.nanos(), u64::from(self.slots));
            }
            self.note_over(now);
        }
        self.follow(is);
    }

    /// All but the number of slots, which may follow the provider.
    fn follow(&mut self, spec: &Spec) {
        self.places = spec.max_queue.unwrap_or(u32::MAX);
        if let Some(reserve) = &mut self.reserve {
            reserve.slots.clone_from(&spec.reserved);
        }
        self.pushes_out = spec.pushes_out;
        if let (Some(aging), Some(point)) = (&mut self.aging, spec.aging) {
            aging.point = point.nanos();
        }
        self.most = (self.most.0.max(self.slots), self.most.1.max(self.places));
    }

    /// Priorities change: for calls that arrive from now on, and with reserved slots for waiting calls too.
    pub(crate) fn change_ranks(&mut self, ranks: &[u8]) {
        if let Some(reserve) = self.reserve.as_mut().filter(|reserve| reserve.is_ranked) {
            reserve.ranks = ranks.to_vec();
        }
    }

    /// Another number of slots; who is in one stays.
    pub(crate) fn limit(&mut self, slots: u32, now: Instant) {
        if slots != self.slots {
            self.slots = slots;
            self.slots_level.set(now.nanos(), u64::from(slots));
            self.note_over(now);
        }
    }

    /// The next call, if a change has freed a slot for it.
    pub(crate) fn serve_next(&mut self, links: &mut Links, now: Instant) -> Option<u32> {
        if self.waiting == 0 || self.active >= self.slots {
            return None;
        }
        let next = self.take_first(links, now)?;
        self.active += 1;
        self.active_level.set(now.nanos(), u64::from(self.active));
        Some(next)
    }

    /// A call arrives, to stand in `line` if it must wait.
    #[inline(always)]
    pub(crate) fn arrive(&mut self, call: u32, line: usize, links: &mut Links, now: Instant) -> Admission {
        if self.has_slot(line) {
            if let Some(reserve) = &mut self.reserve {
                reserve.active[line] += 1;
            }
            self.active += 1;
            self.active_level.set(now.nanos(), u64::from(self.active));
            self.granted += 1;
            return Admission::Granted;
        }
        if self.waiting >= self.places {
            return self.is_full(call, line, links, now);
        }
        self.wait(call, line, links, now);
        Admission::Waiting
    }

    /// A call finds no place: it is refused, or the latest of the least important who waits is.
    #[cold]
    fn is_full(&mut self, call: u32, line: usize, links: &mut Links, now: Instant) -> Admission {
        self.dropped += 1;
        self.last_drop = Some(now);
        let least = self.lines.iter().rposition(|line| line.first != NOBODY).filter(|least| *least > line);
        let Some(least) = least.filter(|_| self.pushes_out) else { return Admission::Refused };
        let displaced = self.lines[least].last;
        self.take_out(displaced, least, links, now);
        self.wait(call, line, links, now);
        Admission::Displaced(displaced)
    }

    #[inline(always)]
    fn wait(&mut self, call: u32, line: usize, links: &mut Links, now: Instant) {
        self.waiting += 1;
        self.waiting_level.set(now.nanos(), u64::from(self.waiting));
        if let Some(reserve) = &mut self.reserve {
            reserve.waits(call);
        }
        if let Some(aging) = &mut self.aging {
            aging.waits(call, now);
        }
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
    }

    /// A call of this line gives its slot back; the next call gets it at the same instant.
    #[inline(always)]
    pub(crate) fn leave(&mut self, line: usize, links: &mut Links, now: Instant) -> Option<u32> {
        if self.reserve.is_some() {
            return self.leave_reserved(line, links, now);
        }
        if self.waiting == 0 || self.active > self.slots {
            let is_over = self.active > self.slots;
            self.active -= 1;
            self.active_level.set(now.nanos(), u64::from(self.active));
            if is_over {
                self.note_over(now);
            }
            return None;
        }
        self.take_first(links, now)
    }

    /// With reserved slots, the free one may suit no waiting call.
    #[cold]
    fn leave_reserved(&mut self, line: usize, links: &mut Links, now: Instant) -> Option<u32> {
        if let Some(reserve) = &mut self.reserve {
            reserve.active[line] -= 1;
        }
        self.active -= 1;
        self.active_level.set(now.nanos(), u64::from(self.active));
        self.note_over(now);
        self.serve_next(links, now)
    }

    #[inline(always)]
    fn take_first(&mut self, links: &mut Links, now: Instant) -> Option<u32> {
        let line = match &mut self.reserve {
            None => match &self.aging {
                None => self.lines.iter().position(|line| line.first != NOBODY)?,
                Some(aging) => aging.next(&self.lines)?,
            },
            Some(reserve) => {
                let line = reserve.next(&self.lines, self.slots - self.active)?;
                reserve.active[line] += 1;
                line
            }
        };
        let next = self.lines[line].first;
        self.take_out(next, line, links, now);
        self.granted += 1;
        Some(next)
    }

    /// A call that has waited since `since` reneges.
    pub(crate) fn abandon(&mut self, call: u32, line: usize, since: Instant, links: &mut Links, now: Instant) {
        self.left_in_vain(since, now);
        self.take_out(call, line, links, now);
    }

    /// A call that has waited since `since` has no slot and never will.
    pub(crate) fn left_in_vain(&mut self, since: Instant, now: Instant) {
        self.waited_in_vain += u128::from(now.since(since).nanos());
    }

    #[inline(always)]
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

    /// Whether the limits hold, and no slot is idle while a call waits.
    pub(crate) fn is_sound(&self) -> bool {
        let (slots, places) = self.most;
        self.active <= slots
            && self.waiting <= places
            && (self.waiting == 0 || self.reserve.is_some() || self.active >= self.slots)
    }
}

#[cfg(test)]
mod tests;
