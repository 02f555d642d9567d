//! Layers of retries: the innermost one that has retries left tries again; when it gives up, the next layer decides.

use crate::policy::{Backoff, Fault, Retry};
use crate::units::Span;
use crate::world::ledger::{CallEnd, Cause};
use crate::world::state::World;

impl<'b> World<'b> {
    /// A failed attempt is followed by another, or fails its call.
    pub(crate) fn guarded_failed(&mut self, id: u32, fault: Fault, sent: bool) {
        self.count_failed(id, fault, sent);
        if !self.is_tried_again(id, fault) && !self.falls_back(id) {
            self.finish_attempts::<false>(id, CallEnd::Failed);
        }
    }

    /// A call that has failed goes to the next provider of its step, if there is another.
    fn falls_back(&mut self, id: u32) -> bool {
        let call = &self.calls[id as usize];
        let (from, recorded) = (call.provider, u64::from(call.recorded));
        let flow = &self.blueprint.workflows[self.plans[call.plan as usize].workflow as usize];
        let step = flow.calls[call.index as usize].step as usize;
        let others = &flow.steps[step].fallback;
        let next = others.iter().position(|(other, _)| *other == from).map_or(0, |at| at + 1);
        let Some(&(provider, law)) = others.get(next) else { return false };
        let fault = call.fault;
        self.tell_breaker(id, Some(fault));
        self.forget_guard(id);
        self.parts.policies.tallies[from as usize].fell_back += recorded;
        let call = &mut self.calls[id as usize];
        (call.provider, call.law) = (provider, law);
        self.tallies[call.class as usize].retried += recorded;
        self.draw_retry(id, &Backoff::NONE, 0, Span::ZERO);
        self.wait_before_retry(id, Span::ZERO, true);
        true
    }

    fn is_tried_again(&mut self, id: u32, fault: Fault) -> bool {
        let place = id as usize;
        let provider = self.calls[place].provider as usize;
        let guard = self.parts.policies.guards[place];
        let spec = &self.program_of(id).model.providers[provider];
        // The outermost first.
        let layers: [Option<&Retry>; crate::world::parts::policies::LAYERS] =
            [Some(&spec.retry), spec.inner[0].as_ref(), spec.inner[1].as_ref()];
        let again = |(layer, rules): (usize, Option<&'b Retry>)| {
            rules.filter(|rules| rules.again(u32::from(guard.tries[layer]), fault)).map(|rules| (layer, rules))
        };
        let Some((layer, rules)) = layers.into_iter().enumerate().rev().find_map(again) else { return false };
        let nth = u32::from(guard.tries[layer]);
        let mut wait = self.draw_retry(id, &rules.backoff, nth, guard.waits[layer]);
        let kept = &mut self.parts.policies.guards[place];
        kept.tries[layer] += 1;
        kept.waits[layer] = wait;
        kept.tries[layer + 1..].fill(0);
        kept.waits[layer + 1..].fill(Span::ZERO);
        let hint = guard.ending.retry_after;
        if spec.retry_after.is_honoured(hint) {
            wait = wait.max(hint);
        }
        let recorded = u64::from(self.calls[place].recorded);
        if self.now.saturating_add(wait) >= guard.deadline {
            self.parts.policies.tallies[provider].past_deadline += recorded;
            self.calls[place].cause = Some(Cause::Deadline);
            return false;
        }
        let now = self.now;
        if self.retry_budget(id).is_some_and(|budget| !budget.spend(now)) {
            self.parts.policies.tallies[provider].over_budget += recorded;
            self.calls[place].cause = Some(Cause::RetryBudget);
            return false;
        }
        for tries in &mut self.parts.policies.tallies[provider].tries[layer..] {
            *tries += recorded;
        }
        let class = self.calls[place].class as usize;
        self.tallies[class].retried += recorded;
        let hold_slot = layer > 0 || rules.hold_slot;
        self.wait_before_retry(id, wait, hold_slot);
        true
    }
}
