//! What the limits of a provider count, and those that flow in evenly.

use crate::model::language::*;
use crate::model::section::quota;
use crate::model::words::Word;
use crate::policy::Quota;
use crate::units::Span;

/// What a limit counts of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Counted {
    /// Each attempt is one.
    Attempts,
    /// `tokens`: what it reserves.
    Tokens,
    /// `usage.input`: tokens that it sends.
    Input,
    /// `max_tokens`: tokens that the provider may write.
    Output,
    /// `units` of its step.
    Units,
}

impl Counted {
    /// All of them, in the order of the enum.
    pub const ALL: [Counted; 5] = [Counted::Attempts, Counted::Tokens, Counted::Input, Counted::Output, Counted::Units];

    /// Its name in metrics and quotas.
    pub fn name(self) -> &'static str {
        Counted::WORDS[self as usize]
    }
}

words!(Counted: "attempts" => Attempts, "tokens" => Tokens, "input_tokens" => Input, "output_tokens" => Output,
    "units" => Units);

/// What an attempt counts, by [`Counted`].
pub type Weight = [u64; Counted::ALL.len()];

/// What a step says of the weight of its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepWeight {
    /// `tokens`: what an attempt reserves, instead of the provider's number.
    pub tokens: Option<u64>,
    /// `max_tokens`: what it lets the provider write, instead of the provider's number.
    pub max_tokens: Option<u64>,
    /// `units`: what it counts in a quota of units; 1 by default.
    pub units: u64,
}

/// A limit of a provider that flows in evenly: a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Limit {
    /// `requests_per_minute`
    RequestsPerMinute,
    /// `tokens_per_minute`
    TokensPerMinute,
    /// `input_tokens_per_minute`
    InputTokensPerMinute,
    /// `output_tokens_per_minute`
    OutputTokensPerMinute,
    /// `requests_per_day`
    RequestsPerDay,
    /// `tokens_per_day`
    TokensPerDay,
}

impl Limit {
    /// All of them, in the order of the enum.
    pub const ALL: [Limit; 6] = [
        Limit::RequestsPerMinute,
        Limit::TokensPerMinute,
        Limit::InputTokensPerMinute,
        Limit::OutputTokensPerMinute,
        Limit::RequestsPerDay,
        Limit::TokensPerDay,
    ];

    /// Its key, and its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Limit::RequestsPerMinute => "requests_per_minute",
            Limit::TokensPerMinute => "tokens_per_minute",
            Limit::InputTokensPerMinute => "input_tokens_per_minute",
            Limit::OutputTokensPerMinute => "output_tokens_per_minute",
            Limit::RequestsPerDay => "requests_per_day",
            Limit::TokensPerDay => "tokens_per_day",
        }
    }

    /// The limit of this name.
    pub fn parse(name: &str) -> Option<Limit> {
        Limit::ALL.into_iter().find(|limit| limit.name() == name)
    }

    /// What it counts.
    pub const fn counts(self) -> Counted {
        match self {
            Limit::RequestsPerMinute | Limit::RequestsPerDay => Counted::Attempts,
            Limit::TokensPerMinute | Limit::TokensPerDay => Counted::Tokens,
            Limit::InputTokensPerMinute => Counted::Input,
            Limit::OutputTokensPerMinute => Counted::Output,
        }
    }

    /// How long it takes until all of it has flowed in.
    pub const fn window(self) -> Span {
        match self {
            Limit::RequestsPerDay | Limit::TokensPerDay => Span::DAY,
            _ => Span::MINUTE,
        }
    }
}

/// A limit by kind; none: no limit.
pub type Limits = [Option<u64>; Limit::ALL.len()];

/// Of a provider, which refuses what goes beyond it.
pub(in crate::model) static PROVIDER_QUOTA: Section =
    Section { title: "quota of a provider", about: quota::ABOUT, fields: &PROVIDER_QUOTA_KEYS, ..PLAIN };

static PROVIDER_QUOTA_KEYS: [Field; 9] = {
    let [limit, window, kind, burst, zone, on_exceed, counts_rejected, lag, _] = quota::keys();
    let of = default("of", OneOf(Counted::WORDS), "attempts", "What it counts of an attempt.")
        .note(
            "`tokens` and `units` are those of its step, `input_tokens` its `usage.input`, `output_tokens` its \
                `max_tokens`.",
        )
        .changes(Fixed(KIND));
    [limit, window, kind, of, burst, zone, on_exceed, counts_rejected, lag]
};

/// A quota of a provider: so many attempts, tokens or units in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderQuota {
    /// The limit and its window.
    pub quota: Quota,
    /// `of`: what it counts.
    pub of: Counted,
}

/// Reads the quotas of a provider.
pub(in crate::model) fn quotas(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Vec<ProviderQuota> {
    let tables = cursor.one_or_more("quota");
    let read = |table: &Cursor<'_>| Some(ProviderQuota { quota: quota::refusing(input, table)?, of: table.one("of") });
    tables.iter().filter_map(read).collect()
}

/// What may change while a model runs.
pub(in crate::model) fn keep(quota: &mut ProviderQuota, of: &ProviderQuota) {
    quota::keep(&mut quota.quota, &of.quota);
}
