//! The longest that a call can take: every attempt of every layer at its time limit, every wait at its most.

use super::LongestCall;
use crate::model::Model;
use crate::policy::Retry;

/// For each provider whose attempts have a time limit.
pub(super) fn calls(model: &Model) -> Vec<LongestCall> {
    let longest = |provider: &crate::model::Provider| {
        let timeout = provider.request_timeout?;
        let inner = provider.inner.iter().flatten().copied();
        let layers: Vec<Retry> = [provider.retry].into_iter().chain(inner).collect();
        let all = Retry::longest(&layers, timeout);
        Some(LongestCall {
            provider: provider.name.clone(),
            attempts: layers.iter().map(|layer| u64::from(layer.max) + 1).collect(),
            timeout_seconds: timeout.secs(),
            seconds: provider.deadline.map_or(all, |deadline| all.min(deadline)).secs(),
        })
    };
    model.providers.iter().filter_map(longest).collect()
}
