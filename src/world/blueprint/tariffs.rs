//! The accounts that attempts are billed to: one for each tariff of a provider.

use crate::model::{Model, Tokens};

/// A provider, by its position, and what an attempt at it costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Account {
    pub(crate) provider: usize,
    pub(crate) tokens: Option<Tokens>,
}

/// By provider of a stage: its account among all those of a run, to which new ones are added.
pub(crate) fn accounts_of(stage: &Model, all: &mut Vec<Account>) -> Vec<usize> {
    let mut place = |account: Account| {
        let known = all.iter().position(|other| *other == account);
        known.unwrap_or_else(|| {
            all.push(account);
            all.len() - 1
        })
    };
    let of = |(provider, spec): (usize, &crate::model::Provider)| place(Account { provider, tokens: spec.tokens });
    stage.providers.iter().enumerate().map(of).collect()
}
