//! The metrics of plans, calls and attempts: of all classes, or of one.

use crate::policy::Fault;
use crate::world::ledger::{AttemptEnd, CallEnd, CausesOf, ClassTally, Ledger, PlanEnd};
use crate::world::measures::sheet::{Sheet, causes, ratio, seconds};
use crate::world::state::{Call, Phase, Work, World};

pub(crate) fn work(sheet: &mut Sheet, world: &World, class: Option<usize>, ledger: &Ledger, tally: &ClassTally) {
    let plans = &ledger.plans;
    sheet.count("plans.offered", "plans", plans.begun[1]);
    for (name, end) in [
        ("plans.completed", PlanEnd::Completed),
        ("plans.call_failed", PlanEnd::Failed),
        ("plans.overloaded", PlanEnd::Overloaded),
        ("plans.abandoned", PlanEnd::Abandoned),
        ("plans.crashed", PlanEnd::Crashed),
    ] {
        sheet.count(name, "plans", plans.of(end as usize));
    }
    if world.blueprint.users_leave {
        sheet.count("plans.left", "plans", plans.of(PlanEnd::Left as usize));
        sheet.count("plans.left_completed", "plans", tally.for_nobody);
        sheet.count("calls.cancelled", "calls", ledger.calls.of(CallEnd::Cancelled as usize));
    }
    sheet.count("plans.in_flight", "plans", plans.open());
    let completed = plans.of(PlanEnd::Completed as usize);
    let ended = plans.begun[1] - plans.open();
    let days = world.blueprint.horizon.since(world.blueprint.recording_from).days();
    sheet.put("plans.offered_per_day", "plans/day", ratio(plans.begun[1] as f64, days));
    // What ends in the recorded time, whenever it came: after a warm-up in which a queue has grown, whoever came in the
    // recorded time may still wait at its end.
    let in_time = plans.ended_in_all(PlanEnd::Completed as usize) - completed_before(world, class);
    sheet.put("plans.per_day", "plans/day", ratio(in_time as f64, days));
    sheet.share("plans.failed_fraction", ended - completed, ended);
    sheet.share("plans.overloaded_fraction", plans.of(PlanEnd::Overloaded as usize), ended);
    latency(sheet, tally);
    let calls = &ledger.calls;
    sheet.count("calls.made", "calls", calls.begun[1]);
    for (name, end) in [
        ("calls.succeeded", CallEnd::Succeeded),
        ("calls.failed", CallEnd::Failed),
        ("calls.refused", CallEnd::Refused),
        ("calls.abandoned", CallEnd::Abandoned),
        ("calls.crashed", CallEnd::Crashed),
    ] {
        sheet.count(name, "calls", calls.of(end as usize));
    }
    sheet.count("calls.in_flight", "calls", calls.open());
    let attempts = &ledger.attempts;
    let (kept_back, connecting) = (attempts.of(AttemptEnd::KeptBack as usize), connecting(world, class));
    sheet.count("attempts.made", "attempts", attempts.begun[1] - kept_back - connecting);
    sheet.count("attempts.kept_back", "attempts", kept_back);
    for (name, end) in [
        ("attempts.succeeded", AttemptEnd::Succeeded),
        ("attempts.timed_out", AttemptEnd::TimedOut),
        ("attempts.errored", AttemptEnd::Errored),
        ("attempts.rate_limited", AttemptEnd::RateLimited),
    ] {
        sheet.count(name, "attempts", attempts.of(end as usize));
    }
    if world.parts.isolates.is_some() {
        sheet.count("attempts.lost", "attempts", attempts.of(AttemptEnd::Lost as usize));
    }
    sheet.count("attempts.in_flight", "attempts", attempts.open() - connecting);
    sheet.count("attempts.retried", "attempts", tally.retried);
    sheet.count("attempts.subrequest_limited", "attempts", tally.faults[Fault::SubrequestLimit as usize]);
    let succeeded = attempts.of(AttemptEnd::Succeeded as usize) as f64;
    sheet.put(
        "attempts.per_success",
        "attempts",
        ratio((attempts.begun[1] - attempts.open() - kept_back) as f64, succeeded),
    );
    let known = CausesOf::of(&world.first.model);
    causes(sheet, "plans.ended_by", "plans", (&plans.by, known.plans));
    causes(sheet, "calls.ended_by", "calls", (&calls.by, known.calls));
    causes(sheet, "attempts.ended_by", "attempts", (&attempts.by, known.attempts));
}

/// Plans that were completed before the recorded time.
fn completed_before(world: &World, class: Option<usize>) -> u64 {
    let before = &world.completed_before;
    class.map_or_else(|| before.iter().sum(), |class| before.get(class).copied().unwrap_or(0))
}

/// Recorded attempts that wait for a connection at the end: they have not been sent.
fn connecting(world: &World, class: Option<usize>) -> u64 {
    let waits = |call: &&Call| {
        let is_attempt = call.phase == Phase::Connecting && call.work == Work::Provider && call.recorded;
        is_attempt && class.is_none_or(|class| call.class as usize == class)
    };
    world.calls.iter().filter(waits).count() as u64
}

fn latency(sheet: &mut Sheet, tally: &ClassTally) {
    let n = tally.latencies.count() as f64;
    sheet.put("plan.latency.mean", "s", ratio(tally.latency_ns as f64 / 1e9, n));
    for (name, p) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)] {
        sheet.put(&format!("plan.latency.{name}"), "s", seconds(&tally.latencies, p));
    }
    sheet.put("plan.latency.max", "s", tally.latencies.max().map(|ns| ns as f64 / 1e9));
}
