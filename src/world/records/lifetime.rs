//! The lifetime of a log event's record, or why it stores none.

use crate::units::{Instant, Span};
use crate::world::ledger::{Cause, Unstored};
use crate::world::parts::index::{Entry, Subject};
use crate::world::state::{About, End, Ends, LogEvent, LogState, NOBODY, Phase, World};

impl World<'_> {
    /// The event is over, or cut off: its record, if one was stored, has a lifetime. The answer is when the last copy of it
    /// goes.
    pub(crate) fn close_event(&mut self, event: LogEvent, log: &LogState, cut: Option<Cause>) -> End {
        let LogEvent { recorded, error, .. } = event;
        let mut subject = self.parts.retention.subject(error, self.now, recorded);
        subject.region = self.region(event.plan);
        let end = match log.written {
            Some(written) => {
                subject.late = self.seen_late(event, log.late);
                if recorded {
                    self.parts.retention.stored(error);
                }
                self.record_is_whole(event, log, written, subject)
            }
            None => End::NONE,
        };
        if log.written.is_none() && recorded {
            let (why, cause) = match (log.dropped, cut.filter(|_| log.due), log.tried) {
                (true, ..) => (Unstored::Dropped, log.lost_by),
                (_, Some(cut), _) => (Unstored::Unfinished, Some(cut)),
                (.., true) => (Unstored::Refused, log.lost_by),
                _ => (Unstored::Unlogged, None),
            };
            self.parts.retention.nothing_stored(subject, why, cause);
        }
        if !recorded {
            self.records.release(log.request);
            self.records.release(end);
            return End::NONE;
        }
        self.note_context(event, log, log.written.unwrap_or(self.now), end)
    }

    /// No more copies of an event's record are written.
    fn record_is_whole(&mut self, event: LogEvent, log: &LogState, written: Instant, subject: Subject) -> End {
        let Ends { dies, far, searchable, .. } = if log.record == NOBODY { log.ends } else { self.ends_of(log.record) };
        let session = self.plans[event.plan as usize].session;
        let entry = Entry { written, dies, far, call: event.call, subject, listed: log.listed, searchable };
        let place = self.parts.index.as_mut().map(|index| (session, index.add(session, entry)));
        let about = About { subject, session: place };
        if log.record == NOBODY {
            self.event_ends(about, event.recorded, written, log.ends);
            return End::Known(dies);
        }
        self.records.at(log.record).holders = 1;
        self.event_over(log.record, about);
        match self.records.at(log.record).dies {
            Some(dies) => {
                self.records.release(End::Open(log.record));
                End::Known(dies)
            }
            None => End::Open(log.record),
        }
    }

    /// Of a failed call the response and the request are both there until the first of them goes. The answer is for the
    /// response of this call, where this was the request.
    fn note_context(&mut self, event: LogEvent, log: &LogState, written: Instant, end: End) -> End {
        let failed = event.is_response && event.error;
        if !self.blueprint.leaves_logs_behind {
            if failed {
                self.pair(written, [end, log.request]);
            } else if event.is_response {
                self.records.release(end);
                self.records.release(log.request);
            } else {
                return end;
            }
            return End::NONE;
        }
        // Either may be written last.
        let never = self.blueprint.requests.is_empty();
        let Some(context) = self.parts.invocations.context(event.plan, event.call) else {
            self.records.release(end);
            return End::NONE;
        };
        if never {
            context.request = Some(End::NONE);
        }
        let old = match (event.is_response, failed) {
            (true, true) => context.response.replace((written, end)).map(|old| old.1),
            (true, false) => Some(end),
            (false, _) => context.request.replace(end),
        };
        if let (Some(request), Some((written, response))) = (context.request, context.response) {
            (context.request, context.response) = (None, None);
            self.pair(written, [response, request]);
        }
        old.into_iter().for_each(|old| self.records.release(old));
        End::NONE
    }

    /// A plan that takes this place has no records yet.
    pub(crate) fn forget_contexts(&mut self, place: usize) {
        for context in self.parts.invocations.contexts_of(place) {
            let sides = [context.request.take(), context.response.take().map(|response| response.1)];
            sides.into_iter().flatten().for_each(|side| self.records.release(side));
        }
    }

    /// A call begins in this place: what the one before it wanted to know is of no use to it.
    pub(crate) fn fresh_log(&mut self, id: u32) {
        let before = std::mem::replace(&mut self.logs[id as usize], LogState::EMPTY);
        self.records.release(before.request);
    }

    /// A call goes with its isolate, or the run is over: what it has stored by now is there.
    pub(crate) fn cut_log(&mut self, id: u32) {
        if self.logs[id as usize].written.is_none() {
            return;
        }
        let call = &self.calls[id as usize];
        let is_response = matches!(call.phase, Phase::Response);
        let (plan, index, recorded) = (call.plan, call.index, call.recorded);
        let error = self.calls[id as usize].is_error(is_response);
        let log = std::mem::replace(&mut self.logs[id as usize], LogState::EMPTY);
        let event = LogEvent { plan, call: index, is_response, error, recorded };
        let end = self.close_event(event, &log, None);
        self.records.release(end);
    }

    /// How much later other regions see a record, of which they have asked for the key all along.
    fn seen_late(&mut self, event: LogEvent, staleness: Span) -> Span {
        if self.blueprint.reader_regions.is_empty() || staleness.is_zero() || staleness == Span::MAX {
            return Span::ZERO;
        }
        let plan = &self.plans[event.plan as usize];
        let number = plan.number << 12 | u64::from(event.call);
        let share = self.lateness.at(u64::from(plan.class), number << 1 | u64::from(event.is_response)).next();
        staleness.scale(share.unit())
    }

    /// Records what became of the sessions that nobody needs any more.
    pub(crate) fn settle_departures(&mut self) {
        while let Some(departure) = self.departures.pop() {
            self.parts.retention.departs(&departure, true);
            if let Some(index) = &mut self.parts.index {
                index.recycle(departure);
            }
        }
    }
}
