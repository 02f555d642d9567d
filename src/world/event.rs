//! The events, and their order within one instant.

use crate::world::state::Writer;

/// The target of an event: a place, and a generation that tells its present holder from earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// Something that happens at an instant. A closed enum: the compiler shows every place that must handle a new case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The warm-up is over: what is recorded starts here.
    Recording,
    /// The values of this stage of the model hold from now on.
    Change(u16),
    /// The values of a stage that the program reads reach this isolate.
    Reaches(u32, u16),
    /// The provider answers the attempt of this call, or its timeout cuts it: which of the two is known when it
    /// starts, so that a timeout needs no event of its own.
    AttemptEnd(u32),
    /// The same, of a call at a provider with policies.
    GuardedEnd(u32),
    /// It is time to hedge the attempt of this call, which is still unanswered.
    Hedge(u32),
    /// This attempt of a race is answered.
    RacerEnds(Handle),
    /// It is given up, if it has not ended.
    RacerCut(Handle),
    /// The headers of this call's answer are there.
    Headers(u32),
    /// The attempt of this call is given up, if it still waits for a connection.
    GivesUp(u32),
    /// A provider with shared capacity has finished the attempt that was next at this count of changes.
    Share(Handle),
    /// The client of an attempt at a provider that shares itself gives up, if it still waits for the same one.
    Cut(u32),
    /// The patience of this call ends, if it still waits for the slot that it was waiting for then.
    Patience(u32),
    /// The user of the plan in this place leaves, if it is still that plan.
    Leaves(Handle),
    /// A store answers the op of this call or task, or there is a connection for the task.
    StoreAnswer(Writer),
    /// A lookup of this call is answered, or its computation or operation on a database is over.
    WorkEnd(u32),
    /// The backoff of this call ends.
    BackoffEnd(u32),
    /// What is left of this invocation is cut off, if it is still of that plan.
    CutOff(Handle),
    /// Nothing has come to this isolate since so many plans had.
    IsolateIdle(Handle),
    /// The life of this isolate, of this generation in its place, ends.
    IsolateEnds(Handle),
    /// Its time to finish ends.
    IsolateDrained(Handle),
    /// All isolates are replaced.
    Deploy,
    /// A plan of this class arrives.
    Arrival(u16),
    /// A day ends.
    DayEnd,
    /// The admin page does this job.
    Job(u16),
    /// A user who was refused is back.
    Return(u32),
    /// Somebody looks at the diagnostics page.
    Visit,
}

/// The order of events at one instant, with the reason for each place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u64)]
pub(crate) enum Rank {
    /// What changes the rules holds for everything at its instant.
    Rules,
    /// A latency equal to the timeout is an answer.
    Answer,
    /// Timeouts and ends of patience come before others take their turn, and after the answers, which may save them.
    Timeout,
    /// What has ended by then is not lost with an isolate that ends.
    Eviction,
    /// Stores answer before callers come back, so that a caller sees what was written.
    StoreAnswer,
    /// Earlier work goes ahead of new arrivals.
    BackoffEnd,
    /// New work.
    Arrival,
    /// What a clock starts comes after the work of its instant.
    Admin,
    /// A visit sees everything that has happened by then.
    Visit,
}

/// The place of a call among all: its plan's number, then its own. It is the address of the work and not the order of
/// scheduling, so that a detour in the code cannot change a result.
#[inline]
pub(crate) fn address(plan: u64, call: u16) -> u64 {
    (plan & 0xff_ffff_ffff) << 20 | u64::from(call) << 8
}

/// Where an event stands among those of its instant: rank, then plan, call and attempt.
#[inline]
pub(crate) fn order(rank: Rank, address: u64, attempt: u16) -> u64 {
    (rank as u64) << 60 | address | u64::from(attempt.min(255))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_small() {
        assert_eq!(size_of::<Event>(), 12, "the calendar moves them all the time");
    }

    #[test]
    fn an_answer_precedes_a_timeout_and_both_an_arrival() {
        let late = order(Rank::Answer, address(7_000_000, 8), 2);
        assert!(late < order(Rank::Timeout, address(1, 0), 0));
        assert!(order(Rank::Timeout, address(u64::MAX, 4095), 255) < order(Rank::Arrival, 0, 0));
    }

    /// As many calls and attempts as a model may have, each in a place of its own below the next plan's.
    #[test]
    fn no_place_is_shared_or_runs_into_another() {
        let mut last = None;
        for plan in [7, 8] {
            for call in 0..4096 {
                for attempt in 0..256 {
                    let here = order(Rank::Arrival, address(plan, call), attempt);
                    assert!(last < Some(here), "{plan}, {call}, {attempt}");
                    last = Some(here);
                }
            }
        }
        assert!(last < Some(order(Rank::Arrival, address(9, 0), 0)));
    }

    #[test]
    fn within_a_rank_the_plan_decides_then_the_call_then_the_attempt() {
        let answer = |plan, call, attempt| order(Rank::Answer, address(plan, call), attempt);
        assert!(answer(1, 8, 9) < answer(2, 0, 0));
        assert!(answer(1, 1, 9) < answer(1, 2, 0));
        assert!(answer(1, 1, 0) < answer(1, 1, 1));
    }
}
