//! Answers that come token by token: when the first one comes, and whether the client waits for it and for the next.

use crate::units::{Instant, Span};
use crate::world::ledger::Cause;
use crate::world::state::World;

/// How the answer of an attempt would come, if the provider began at once.
pub(super) struct Answer {
    /// How long it takes to its end.
    pub(super) whole: Span,
    /// How long its first token takes.
    pub(super) first: Span,
    /// How long the client waits for it.
    pub(super) patience: Span,
    /// Between two tokens: how long, and how long the client waits.
    gap: Span,
    idle: Span,
}

impl Answer {
    /// One that comes all at once.
    fn at_once(whole: Span) -> Answer {
        Answer { whole, first: whole, patience: Span::MAX, gap: Span::ZERO, idle: Span::MAX }
    }

    /// When and why the client gives up for want of a token, of an attempt that was sent at `sent` and that the provider
    /// works on from then until then; none where the tokens come in time.
    pub(super) fn stalls(&self, sent: Instant, (from, until): (Instant, Instant)) -> Option<(Instant, Cause)> {
        let never = until == Instant::NEVER;
        let first = if never { until } else { from.saturating_add(self.first) };
        let waits = sent.saturating_add(self.patience);
        if first > waits {
            return Some((waits, if never { Cause::Hang } else { Cause::TimeoutFirstToken }));
        }
        (self.gap > self.idle).then(|| (first.saturating_add(self.idle), Cause::TimeoutIdle))
    }
}

impl World<'_> {
    /// How the answer comes of the attempt that is due, whose latency has been drawn.
    pub(super) fn streamed_answer(&mut self, id: u32, latency: Span) -> Answer {
        let call = &self.calls[id as usize];
        let (provider, is_traced) = (call.provider as usize, self.blueprint.traced[call.class as usize]);
        let Some(law) = self.blueprint.providers[provider].first_token else { return Answer::at_once(latency) };
        let (class, step, lane, position) = self.own_address(id);
        let word = self.parts.policies.first_tokens[class][step].at(lane, position).next();
        let first = self.blueprint.laws[law as usize].sample(word);
        let Some(streamed) = &self.program_of(id).model.providers[provider].streamed else {
            return Answer::at_once(latency);
        };
        // A trace says how long the whole took; per token, the latency is that of the tokens after the first.
        let (whole, first) = match streamed.tokens_after {
            _ if is_traced => (latency, first.min(latency)),
            Some(_) => (first.saturating_add(latency), first),
            None => (first.max(latency), first),
        };
        let gap =
            streamed.tokens_after.filter(|&n| n > 0).map_or(Span::ZERO, |n| Span::from_nanos(latency.nanos() / n));
        let patience = streamed.patience().unwrap_or(Span::MAX);
        Answer { whole, first, patience, gap, idle: streamed.idle_timeout.unwrap_or(Span::MAX) }
    }

    /// Counts how long the first token took of an attempt that is answered.
    pub(super) fn note_first_token(&mut self, id: u32, took: Span, is_answered: bool) {
        let call = &self.calls[id as usize];
        if is_answered && call.recorded {
            let tokens = self.parts.policies.first_token_times.get_mut(call.provider as usize);
            tokens.and_then(Option::as_mut).into_iter().for_each(|times| times.record(took.nanos()));
        }
    }
}
