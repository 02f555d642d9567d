//! The state of policies for each call, isolate and provider.
//!
//! The state for a call is in a table of its own, so that calls stay small; it is clean whenever no attempt of the call
//! is under way or to come.

mod measures;
mod part;
pub(crate) mod pools;
pub(crate) mod races;
pub(crate) mod server;
pub(crate) mod sharing;

use self::pools::PoolState;
use self::races::Races;
use self::server::Server;
use self::sharing::{Sharing, Ticket};
use crate::policy::{BreakerState, Ending, Meter, Pass, RetryBudgetState};
use crate::stats::Quantiles;
use crate::streams::{Purpose, Scatter, Source as Draws};
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::event::Handle;

/// Layers of retries: the application, its SDK, a proxy.
pub(crate) const LAYERS: usize = 3;

/// The state of the policies for a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    /// An attempt has been made.
    pub(crate) began: bool,
    /// The breaker let it through.
    pub(crate) pass: Option<Pass>,
    /// No attempt goes on for longer.
    pub(crate) deadline: Instant,
    /// Retries by each layer, the outermost first, within the one around it; and the last wait of each.
    pub(crate) tries: [u8; LAYERS],
    pub(crate) waits: [Span; LAYERS],
    /// How the attempt under way will end, as far as that is known, and the hedges sent beside it.
    pub(crate) ending: Ending,
    pub(crate) hedges: u8,
    /// When the attempt under way was sent.
    pub(crate) sent: Instant,
    /// The provider works on the attempt under way to its end, and bills it.
    pub(crate) is_billed: bool,
    /// The attempt under way, where the provider shares itself.
    pub(crate) ticket: Option<Ticket>,
    /// Of several providers, the pool and the one of it that the attempt under way asks.
    pub(crate) picked: Option<(u16, u16)>,
}

pub(crate) const CLEAN: Guard = Guard {
    began: false,
    pass: None,
    deadline: Instant::NEVER,
    tries: [0; LAYERS],
    waits: [Span::ZERO; LAYERS],
    ending: Ending { at: Instant::NEVER, fault: None, retry_after: Span::ZERO },
    hedges: 0,
    sent: Instant::START,
    is_billed: false,
    ticket: None,
    picked: None,
};

/// The state of all policies.
#[derive(Debug)]
pub(crate) struct Policies {
    /// By call.
    pub(crate) guards: Vec<Guard>,
    /// By isolate, then provider; an isolate has them once a call in it has met one.
    pub(crate) breakers: Vec<Option<BreakerState>>,
    pub(crate) retry_budgets: Vec<Option<RetryBudgetState>>,
    /// By isolate, then pool, in the same way.
    pub(crate) pools: Vec<Option<PoolState>>,
    /// By class and step: which of several providers is asked.
    pub(crate) pool_draws: Vec<Vec<Scatter>>,
    /// By provider.
    pub(crate) servers: Vec<Option<Server>>,
    pub(crate) shares: Vec<Option<Sharing>>,
    pub(crate) races: Races,
    pub(crate) tallies: Vec<PolicyTally>,
    /// By class and step: what decides about hangs, and what hedges draw.
    pub(crate) hangs: Vec<Vec<Scatter>>,
    pub(crate) hedges: Vec<Vec<Scatter>>,
    /// The same: when the first token comes.
    pub(crate) first_tokens: Vec<Vec<Scatter>>,
    /// By provider whose answers come token by token: from the sending of an attempt to its first token.
    pub(crate) first_token_times: Vec<Option<Quantiles>>,
    /// The number of providers, databases and the like: each isolate has this many breakers and budgets.
    pub(crate) answerers: usize,
    /// From when until when it is recorded.
    recorded: (Instant, Instant),
}

/// What happened at one provider, of what is recorded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PolicyTally {
    pub(crate) trips: u64,
    /// Nanoseconds for which breakers were open, over all isolates.
    pub(crate) open_ns: u128,
    /// Attempts that a breaker refused.
    pub(crate) refused: u64,
    /// Attempts that arrived at the provider, hedges included; of these: which an outage, a limit or want of slots
    /// refused, whose answer was good and used, which counted against its rate limits, which it worked on to the end,
    /// and which went on when the client had gone.
    pub(crate) sent: u64,
    pub(crate) turned_away: u64,
    pub(crate) useful: u64,
    pub(crate) counted: u64,
    pub(crate) billed: u64,
    pub(crate) abandoned: u64,
    /// Nanoseconds for which those went on.
    pub(crate) abandoned_ns: u128,
    /// Tries of each layer.
    pub(crate) tries: [u64; LAYERS],
    /// Retries that the budget, and the deadline, did not allow.
    pub(crate) over_budget: u64,
    pub(crate) past_deadline: u64,
    /// How often it was taken out of a pool for a while.
    pub(crate) cooled_down: u64,
    /// Calls that went to another provider.
    pub(crate) fell_back: u64,
    pub(crate) hedges: u64,
    /// Hedges whose answer was the one used.
    pub(crate) hedges_won: u64,
}

impl Policies {
    /// Nothing has happened yet.
    pub(crate) fn new(blueprint: &Blueprint, draws: &Draws) -> Policies {
        let model = &blueprint.model;
        let scatters = |purpose: Purpose, on: bool| -> Vec<Vec<Scatter>> {
            if on { blueprint.by_step(|component| draws.scatter(component, purpose)) } else { Vec::new() }
        };
        let hangs = |provider: &crate::model::Provider| provider.server.as_ref().is_some_and(|s| s.hang.value() > 0.0);
        let hangs = model.is_ever(|model| model.providers.iter().any(hangs));
        let server = |p: &crate::model::Provider| {
            p.server.as_ref().map(|spec| Server::new(&p.name, spec, model.run.start, draws))
        };
        Policies {
            guards: Vec::new(),
            breakers: Vec::new(),
            retry_budgets: Vec::new(),
            pools: Vec::new(),
            pool_draws: scatters(Purpose::Routing, !blueprint.pools.0.is_empty()),
            servers: model.providers.iter().map(server).collect(),
            shares: model.providers.iter().map(|p| p.server.as_ref()?.capacity.map(Sharing::new)).collect(),
            races: Races::new(model.providers.iter().map(|p| p.server.as_ref()?.max_concurrency)),
            tallies: vec![PolicyTally::default(); model.providers.len()],
            hangs: scatters(Purpose::Hang, hangs),
            first_tokens: scatters(Purpose::FirstToken, model.providers.iter().any(|p| p.streamed.is_some())),
            first_token_times: model
                .providers
                .iter()
                .map(|p| p.streamed.as_ref().map(|_| Quantiles::default()))
                .collect(),
            hedges: scatters(Purpose::Hedge, model.providers.iter().any(|provider| provider.hedge.is_some())),
            answerers: blueprint.providers.len(),
            recorded: (blueprint.recording_from, blueprint.horizon),
        }
    }

    /// Whether a provider bills the attempt under way of a call though its client gives it up: one with a side of its own
    /// only if it works on it.
    pub(crate) fn bills_what_is_cut(&self, provider: usize, id: u32) -> bool {
        self.servers[provider].is_none() || self.guards.get(id as usize).is_some_and(|guard| guard.is_billed)
    }

    /// When the attempt under way of a call was sent, where any provider has policies.
    pub(crate) fn sent(&self, id: u32) -> Option<Instant> {
        self.guards.get(id as usize).filter(|guard| guard.began).map(|guard| guard.sent)
    }

    /// Whether the ledgers of every provider are inside each other: useful in billed, what is billed, refused or
    /// counted in what was sent.
    pub(crate) fn is_sound(&self) -> bool {
        let holds = |(tally, server): (&PolicyTally, &Option<Server>)| {
            let parts = tally.useful <= tally.billed && tally.billed + tally.turned_away <= tally.sent;
            server.is_none() || parts && tally.counted <= tally.sent && tally.abandoned <= tally.sent
        };
        let keeps_quotas = |server: &Server| server.quotas.iter().all(Meter::is_sound);
        self.tallies.iter().zip(&self.servers).all(holds) && self.servers.iter().flatten().all(keeps_quotas)
    }

    /// Whether the end of an attempt at a provider that shares itself is still the one that was expected.
    pub(crate) fn is_next(&self, Handle { slot, generation }: Handle) -> bool {
        self.shares[slot as usize].as_ref().is_some_and(|sharing| sharing.version == generation)
    }

    /// How much of a stretch of time from `from` on is recorded.
    pub(crate) fn recorded_part(&self, from: Instant, length: Span) -> Span {
        let (recording_from, horizon) = self.recorded;
        from.saturating_add(length).min(horizon).saturating_since(from.max(recording_from))
    }

    /// An attempt that went on for nobody since `left_at` is over.
    pub(crate) fn count_abandoned(&mut self, provider: usize, left_at: Instant, now: Instant, recorded: bool) {
        let time = self.recorded_part(left_at, now.since(left_at)).nanos();
        self.tallies[provider].abandoned_ns += u128::from(time * u64::from(recorded));
    }
}
