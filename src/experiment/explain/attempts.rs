//! What one call comes to: its attempts in every layer of retries, at its provider and at the one that it falls back to.
//!
//! Attempts are independent of each other, so a layer of retries takes what one try inside it takes, times its tries (Wald's
//! equation, *Annals of Mathematical Statistics* 15, 1944), and its waits.

use super::latency::{self, Cut};
use super::lookup;
use crate::model::{Counted, Model, OpKind, Provider, Step, Store, Work};
use crate::policy::{Backoff, BackoffKind, Fault, FaultSet, Retry};
use crate::streams::{LawSpec, Word};
use crate::units::{Id, Span};

/// Whether the errors that the model expects are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::experiment) enum Failures {
    None,
    Expected,
}

const FAULTS: usize = Fault::ALL.len();

/// What a call asks of one provider.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub provider: usize,
    pub attempts: f64,
    /// Those of them that it bills.
    pub billed: f64,
    /// What its limits count of them, by [`Counted`].
    pub weight: [f64; Counted::ALL.len()],
    /// How long it works on them: to the end, if it does not mind that the client has gone.
    pub work_seconds: f64,
}

/// One call, once it has begun.
#[derive(Clone)]
pub(super) struct Outcome {
    /// By provider that it may ask.
    pub asked: Vec<Asked>,
    /// The chance that no cache answers it.
    pub asks: f64,
    /// The chance that it fails, and that its request is faulty, if no cache answers it.
    pub fails_if_asked: f64,
    pub request_error: f64,
    pub slot_seconds: f64,
    /// How often it asks for a slot.
    pub visits: f64,
    /// Its attempts and backoffs, waits for a slot left out.
    pub seconds: f64,
}

impl Outcome {
    /// A call that asks no provider and succeeds after so long.
    fn sure(seconds: f64) -> Outcome {
        Outcome {
            asked: Vec::new(),
            asks: 1.0,
            fails_if_asked: 0.0,
            request_error: 0.0,
            slot_seconds: seconds,
            visits: 1.0,
            seconds,
        }
    }

    /// Attempts at all providers.
    pub(super) fn attempts(&self) -> f64 {
        self.asked.iter().map(|asked| asked.attempts).sum()
    }

    /// The chance that it fails.
    pub(super) fn fails(&self) -> f64 {
        self.asks * self.fails_if_asked
    }

    /// The same behind a cache that leaves this share of calls to it.
    fn behind(mut self, misses: f64) -> Outcome {
        for asked in &mut self.asked {
            let amounts = [&mut asked.attempts, &mut asked.billed, &mut asked.work_seconds];
            amounts.into_iter().chain(&mut asked.weight).for_each(|amount| *amount *= misses);
        }
        self.asks = misses;
        for amount in [&mut self.slot_seconds, &mut self.visits, &mut self.seconds] {
            *amount *= misses;
        }
        self
    }
}

/// Expects one call of a step.
pub(super) fn call(model: &Model, step: &Step, failures: Failures) -> Outcome {
    let mean = |law: Option<&LawSpec>| law.map_or(0.0, |law| latency::under(law, None).seconds);
    let asked = match step.work {
        Work::Provider(id) => at_providers(model, step, id.index(), failures),
        Work::Compute(id) => Outcome::sure(mean(step.latency.as_ref().or(model.tiers[id.index()].compute.as_ref()))),
        Work::Limiter(id) => Outcome::sure(checked(&model.stores[model.limiters[id.index()].store.index()])),
        Work::D1(id) => Outcome::sure(mean(step.latency.as_ref().or(Some(&model.d1[id.index()].latency)))),
    };
    match step.lookup {
        Some(tiers) => asked.behind(lookup::misses(model, tiers)),
        None => asked,
    }
}

/// A limiter that admits reads and writes.
fn checked(store: &Store) -> f64 {
    let of = |op: OpKind| latency::under(&store.latency[op as usize], None).seconds;
    of(OpKind::Get) + of(OpKind::Put)
}

/// A call to a provider, and to the other one if that fails.
fn at_providers(model: &Model, step: &Step, first: usize, failures: Failures) -> Outcome {
    let expects = failures == Failures::Expected;
    let faulty = if expects { model.providers[first].request_error.value() } else { 0.0 };
    let mut found = Outcome { request_error: faulty, slot_seconds: 0.0, visits: 0.0, ..Outcome::sure(0.0) };
    let mut ask = |id: Id<Provider>, own: Option<&LawSpec>, share: f64, is_faulty: bool| {
        let provider = &model.providers[id.index()];
        let law = own.unwrap_or(&provider.latency);
        let tries = match failures {
            Failures::None => attempt(provider, law, None),
            Failures::Expected => layers(provider, attempt(provider, law, Some(is_faulty))),
        };
        found.asked.push(Asked {
            provider: id.index(),
            attempts: share * tries.attempts,
            billed: share * tries.billed,
            weight: provider.used(&step.weight).map(|each| share * tries.attempts * each as f64),
            work_seconds: share * tries.work_seconds,
        });
        found.slot_seconds += share * tries.slot_seconds;
        found.seconds += share * tries.seconds;
        // Who falls back keeps the slot.
        found.visits += share * if step.fallback.contains(&id) { tries.visits - 1.0 } else { tries.visits };
        share * tries.ends.iter().sum::<f64>()
    };
    let mut fails = 0.0;
    for (is_faulty, share) in [(false, 1.0 - faulty), (true, faulty)].into_iter().filter(|(_, share)| *share > 0.0) {
        let each = step.shares().into_iter();
        let failed = each.map(|(id, of)| ask(id, step.latency.as_ref(), share * of, is_faulty)).sum();
        let others = step.fallback.iter().filter(|_| expects);
        fails += others.fold(failed, |failed, id| ask(*id, None, failed, is_faulty));
    }
    found.fails_if_asked = fails;
    found
}

/// What tries come to.
#[derive(Clone, Copy)]
struct Tries {
    attempts: f64,
    billed: f64,
    work_seconds: f64,
    seconds: f64,
    slot_seconds: f64,
    visits: f64,
    /// By fault: the chance that the last one ends so.
    ends: [f64; FAULTS],
}

/// One attempt; `faulty` is whether its request is, or none where nothing fails.
fn attempt(provider: &Provider, law: &LawSpec, faulty: Option<bool>) -> Tries {
    let limit = provider.request_timeout.into_iter().chain(provider.deadline).min();
    let Cut { late, seconds } = waited_for(provider, latency::under(law, limit));
    let to_the_end = waited_for_ever(provider, latency::under(law, None).seconds);
    // Who shares itself evenly has no attempt that it never answers.
    let server = provider.server.as_ref().filter(|server| server.capacity.is_none());
    let hangs = server.map_or(0.0, |server| server.hang.value());
    let (hangs, late) = if faulty.is_some() { (hangs, late) } else { (0.0, 0.0) };
    let given_up = limit.map_or(0.0, Span::secs);
    let answered = (1.0 - hangs) * (1.0 - late);
    let mut faults = [0.0; FAULTS];
    match faulty {
        Some(true) => faults[Fault::BadRequest as usize] = 1.0,
        Some(false) => provider.errors.iter().for_each(|&(fault, chance)| faults[fault as usize] += chance.value()),
        None => {}
    }
    let billed_on = provider.tokens.map_or(FaultSet::NONE, |tokens| tokens.billed_on);
    let free: f64 = Fault::ALL.iter().filter(|fault| !billed_on.contains(**fault)).map(|f| faults[*f as usize]).sum();
    // Of what is cut a provider with a side of its own bills what it works on to the end.
    let goes_on = match &provider.server {
        None => 1.0,
        Some(_) if provider.outlives_client() => 1.0 - free,
        Some(_) => 0.0,
    };
    let cut = if billed_on.contains(Fault::Timeout) { (1.0 - hangs) * late * goes_on } else { 0.0 };
    let mut ends = faults.map(|chance| answered * chance);
    ends[Fault::Timeout as usize] += hangs + (1.0 - hangs) * late;
    let seconds = hangs * given_up + (1.0 - hangs) * seconds;
    let works = if provider.outlives_client() { to_the_end } else { seconds };
    Tries {
        attempts: 1.0,
        billed: answered * (1.0 - free) + cut,
        work_seconds: hangs * given_up + (1.0 - hangs) * works,
        seconds,
        slot_seconds: seconds,
        visits: 1.0,
        ends,
    }
}

/// An attempt whose client also waits for the first token, as if that were independent of the rest.
fn waited_for(provider: &Provider, rest: Cut) -> Cut {
    let Some(streamed) = &provider.streamed else { return rest };
    let first = latency::under(&streamed.first_token, streamed.patience());
    let comes = 1.0 - first.late;
    let seconds = match streamed.tokens_after {
        Some(_) => first.seconds + comes * rest.seconds,
        None => comes * rest.seconds + first.late * streamed.patience().map_or(0.0, Span::secs),
    };
    Cut { late: first.late + comes * rest.late, seconds }
}

/// How long such an answer takes to its end.
fn waited_for_ever(provider: &Provider, rest: f64) -> f64 {
    match &provider.streamed {
        Some(streamed) if streamed.tokens_after.is_some() => latency::under(&streamed.first_token, None).seconds + rest,
        _ => rest,
    }
}

/// The layers of retries around an attempt, from the innermost out; the inner ones keep the slot.
fn layers(provider: &Provider, attempt: Tries) -> Tries {
    let inner = provider.inner.iter().rev().flatten();
    let kept = inner.fold(attempt, |tries, rules| layer(&Retry { hold_slot: true, ..*rules }, tries));
    layer(&provider.retry, kept)
}

fn layer(rules: &Retry, inside: Tries) -> Tries {
    if rules.max == 0 {
        return inside;
    }
    let is_listed = |fault: &&Fault| rules.on.contains(**fault);
    let again: f64 = Fault::ALL.iter().filter(is_listed).map(|fault| inside.ends[*fault as usize]).sum();
    let mut chances = vec![1.0]; // that there is a try, by its number
    (0..rules.max).for_each(|at| chances.push(chances[at as usize] * again));
    let tries: f64 = chances.iter().sum();
    let waits = mean_waits(&rules.backoff, rules.max);
    let waits: f64 = waits.iter().zip(&chances[1..]).map(|(wait, chance)| wait * chance).sum();
    let last = chances[rules.max as usize];
    let mut ends = inside.ends;
    for fault in Fault::ALL {
        ends[fault as usize] *= if rules.on.contains(fault) { last } else { tries };
    }
    Tries {
        attempts: tries * inside.attempts,
        billed: tries * inside.billed,
        work_seconds: tries * inside.work_seconds,
        seconds: tries * inside.seconds + waits,
        slot_seconds: tries * inside.slot_seconds + if rules.hold_slot { waits } else { 0.0 },
        visits: if rules.hold_slot { inside.visits } else { tries * inside.visits },
        ends,
    }
}

/// The mean wait before each retry, in seconds.
fn mean_waits(backoff: &Backoff, retries: u32) -> Vec<f64> {
    let middle = Word(u64::MAX / 2);
    if backoff.kind != BackoffKind::Decorrelated {
        // Every wait is even over its jitter, so the one at the middle is the mean.
        return (0..retries).map(|nth| backoff.delay(nth, Span::ZERO, middle).secs()).collect();
    }
    // Each depends on the one before, up to a cap: the spread of the last one is followed at so many points.
    const POINTS: usize = 64;
    let mut last = vec![Span::ZERO];
    let mut means = Vec::new();
    for nth in 0..retries {
        let word = |at: usize| Word(u64::MAX / POINTS as u64 * at as u64 + u64::MAX / POINTS as u64 / 2);
        let draws = last.iter().flat_map(|&last| (0..POINTS).map(move |at| backoff.delay(nth, last, word(at))));
        let mut waits: Vec<Span> = draws.collect();
        waits.sort_unstable();
        means.push(waits.iter().map(|wait| wait.secs()).sum::<f64>() / waits.len() as f64);
        if means.last() == Some(&backoff.cap.secs()) {
            means.resize(retries as usize, backoff.cap.secs());
            break;
        }
        let each = waits.len() / POINTS;
        last = waits.chunks(each).map(|group| Span::from_nanos(mean_nanos(group))).collect();
    }
    means
}

fn mean_nanos(spans: &[Span]) -> u64 {
    let sum: u128 = spans.iter().map(|span| u128::from(span.nanos())).sum();
    (sum / spans.len() as u128) as u64
}
