//! How many lookups no cache answers, at the model's demand, once the caches are warm.
//!
//! Each tier is worked out by itself and the best one counts: it holds what the others hold. How long an entry stays for
//! want of room is Che's approximation ([`crate::theory::cache::lru_hits_che`]); its life is the theory of entries that
//! expire (`ttl_hits`, `renewed_ttl_hits` there).

use super::class_demand;
use crate::math::{exp_m1, pow};
use crate::model::{Catalogue, Model, Tier, Tiers};
use crate::policy::{Evict, Renew};
use crate::streams::Popularity;
use crate::units::{Id, Span};

/// So many keys, each asked for with this chance.
type Group = (f64, f64);

/// The share of lookups that every tier misses.
pub(super) fn misses(model: &Model, tiers: Id<Tiers>) -> f64 {
    let spec = &model.tiers[tiers.index()];
    let (keys, rate) = (groups(&spec.keys), lookups_per_second(model, tiers));
    let isolates = f64::from(model.platform.isolates);
    let of = |tier: &Tier| {
        let sharers = if tier.per_isolate { isolates } else { 1.0 };
        let restarts = if tier.survives_restart { 0.0 } else { spec.restarts_per_day / Span::DAY.secs() };
        misses_of(tier, &keys, rate / sharers, restarts)
    };
    spec.tiers.iter().map(of).fold(1.0, f64::min)
}

/// None where the traffic has no rate.
fn lookups_per_second(model: &Model, tiers: Id<Tiers>) -> f64 {
    let lookups = |class: &crate::model::Class| {
        let steps = model.workflows[class.workflow.index()].steps.iter().filter(|step| step.lookup == Some(tiers));
        let calls: f64 = steps.map(|step| f64::from(step.calls)).sum();
        class_demand(&class.arrivals).unwrap_or(0.0) * calls / Span::DAY.secs()
    };
    model.classes.iter().map(lookups).sum()
}

fn misses_of(tier: &Tier, keys: &[Group], rate: f64, restarts: f64) -> f64 {
    let all: f64 = keys.iter().map(|(n, _)| n).sum();
    let room = tier.entries.map(f64::from).filter(|room| *room < all);
    // How long an entry stays for want of room, counted in lookups.
    let stays = room.map_or(f64::INFINITY, |room| stay(tier.evict, keys, room));
    let lives = tier.ttl.map_or(f64::INFINITY, |ttl| ttl.secs() * rate);
    let (since_read, since_write) = match (tier.evict, tier.renew) {
        (Evict::Lru, Renew::OnRead) => (stays.min(lives), f64::INFINITY),
        (Evict::Lru, Renew::OnWrite) => (stays, lives),
        (Evict::Fifo, Renew::OnRead) => (lives, stays),
        (Evict::Fifo, Renew::OnWrite) => (f64::INFINITY, stays.min(lives)),
    };
    let hits = |p: f64| {
        let hit = read_lately(p, since_read).min(written_lately(p, since_write));
        if restarts > 0.0 { hit * p * rate / (p * rate + restarts) } else { hit }
    };
    keys.iter().map(|&(n, p)| n * p * (1.0 - hits(p))).sum()
}

/// The chance that a key of chance `p` was read in the last so many lookups.
fn read_lately(p: f64, lookups: f64) -> f64 {
    if lookups.is_finite() { -exp_m1(-p * lookups) } else { 1.0 }
}

/// The chance that it is held which stays for so many lookups from its miss on.
fn written_lately(p: f64, lookups: f64) -> f64 {
    if lookups.is_finite() { p * lookups / (1.0 + p * lookups) } else { 1.0 }
}

/// For how many lookups an entry stays in a cache with this room, so that as many are held as it has places.
fn stay(evict: Evict, keys: &[Group], room: f64) -> f64 {
    let held = |lookups: f64| -> f64 {
        let of = |p| match evict {
            Evict::Lru => read_lately(p, lookups),
            Evict::Fifo => written_lately(p, lookups),
        };
        keys.iter().map(|&(n, p)| n * of(p)).sum()
    };
    let (mut low, mut high) = (0.0, 1.0);
    while held(high) < room && high < 1e18 {
        (low, high) = (high, high * 4.0);
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        *(if held(middle) < room { &mut low } else { &mut high }) = middle;
    }
    high
}

/// The chance of the key that is asked for most often.
pub(super) fn most_popular(keys: &Catalogue) -> f64 {
    groups(keys).into_iter().map(|(_, p)| p).fold(0.0, f64::max)
}

/// The keys of a catalogue, those that are asked for about as often together.
fn groups(keys: &Catalogue) -> Vec<Group> {
    let count = f64::from(keys.count);
    match &keys.popularity {
        Popularity::Uniform => vec![(count, 1.0 / count)],
        Popularity::Weights(_) => keys.popularity.shares(keys.count).into_iter().map(|p| (1.0, p)).collect(),
        Popularity::Zipf(s) => {
            let mut groups = Vec::new();
            let mut rank = 1.0;
            while rank <= count {
                let n = crate::math::floor(rank / 128.0).max(1.0).min(count - rank + 1.0);
                // The middle of the ranks stands for all of them.
                groups.push((n, pow(rank + (n - 1.0) / 2.0, -s)));
                rank += n;
            }
            let sum: f64 = groups.iter().map(|(n, p)| n * p).sum();
            groups.into_iter().map(|(n, p)| (n, p / sum)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::cache::lru_hits_che;

    #[test]
    fn grouped_keys_are_nearly_the_keys() {
        let keys = Catalogue { count: 5_000, popularity: Popularity::Zipf(0.9) };
        let shares = keys.popularity.shares(keys.count);
        let held = stay(Evict::Lru, &groups(&keys), 400.0);
        let hits: f64 = groups(&keys).iter().map(|&(n, p)| n * p * read_lately(p, held)).sum();
        assert!((hits - lru_hits_che(&shares, 400)).abs() < 1e-4, "{hits}");
    }
}
