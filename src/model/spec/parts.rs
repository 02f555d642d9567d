//! Parts with a behaviour of their own: tiers of caches, D1, rate limiters.

use crate::policy::{Evict, Renew, Retry};
use crate::streams::{LawSpec, Popularity};
use crate::units::{Id, Span};

/// Who does the work of a step's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// An AI provider.
    Provider(Id<super::Provider>),
    /// Nobody but the program: a lookup, and where it misses, the tiers' `compute`.
    Compute(Id<Tiers>),
    /// An operation on a D1 database.
    D1(Id<D1>),
    /// A rate limiter, which reads and writes a count in a store.
    Limiter(Id<Limiter>),
}

/// A catalogue of things that may be asked for, and how often each is.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// How many there are; at least 1.
    pub count: u32,
    /// How often each is asked for.
    pub popularity: Popularity,
}

/// `[tiers.NAME]`: caches in front of a computation or a provider, asked in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiers {
    /// Its name.
    pub name: String,
    /// `keys`: what lookups ask for.
    pub keys: Catalogue,
    /// `compute`: how long a miss takes where no provider is asked.
    pub compute: Option<LawSpec>,
    /// `single_flight`: whether a miss waits for a computation of the same key that its isolate has under way.
    pub single_flight: bool,
    /// `restarts_per_day`: how often each isolate restarts; 0 by default.
    pub restarts_per_day: f64,
    /// `[[tiers.NAME.tier]]`, the first to be asked first; 1 to 8.
    pub tiers: Vec<Tier>,
}

/// `[[tiers.NAME.tier]]`
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// `per`: whether each isolate has its own.
    pub per_isolate: bool,
    /// `entries`: how many it holds; none: unlimited.
    pub entries: Option<u32>,
    /// `ttl`: how long an entry lives; none: for ever.
    pub ttl: Option<Span>,
    /// `ttl_from`: what that is counted from.
    pub renew: Renew,
    /// `evict`: who goes when it is full.
    pub evict: Evict,
    /// `fills_on_hit`: after a hit in which later tier it takes a copy.
    pub fills: FillsOnHit,
    /// `latency`: how long a hit takes.
    pub latency: LawSpec,
    /// `miss_latency`: how long it takes to find nothing.
    pub miss_latency: LawSpec,
    /// `survives_restart`: whether its entries outlive a restart.
    pub survives_restart: bool,
}

/// `fills_on_hit`; a computed value goes into every tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillsOnHit {
    /// In any later tier.
    Any,
    /// In the next one only.
    Next,
    /// In none.
    None,
}

/// `[d1.NAME]`: a database that does one operation at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct D1 {
    /// Its name.
    pub name: String,
    /// `latency`: how long an operation takes once it has begun.
    pub latency: LawSpec,
    /// `max_queue`: accepted operations that are unfinished, beyond which it refuses; none: unlimited.
    pub max_queue: Option<u32>,
    /// `max_wait`: an operation that has waited so long is refused.
    pub max_wait: Option<Span>,
    /// `[retry.NAME]`: what follows a refusal.
    pub retry: Retry,
}

/// `[limiter.NAME]`: so many requests a day and person, counted in a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Limiter {
    /// Its name.
    pub name: String,
    /// `people`: who comes.
    pub people: Catalogue,
    /// `per_day`: requests of one person in a calendar day, UTC.
    pub per_day: u32,
    /// `store`: where the counts are kept; a key a person.
    pub store: Id<super::Store>,
    /// `on_error = "allow"`: whether a request passes when the store refuses a read or a write.
    pub fails_open: bool,
}
