//! A step of a workflow, and what does its work.

use crate::model::fields::did_you_mean;
use crate::model::language::*;
use crate::model::names::List;
use crate::model::section::d1::D1;
use crate::model::section::law::{self, LAW};
use crate::model::section::limiter::Limiter;
use crate::model::section::limits::StepWeight;
use crate::model::section::pool::{self, COOL_DOWN, Pick, Pool};
use crate::model::section::provider::Provider;
use crate::model::section::queue::Queue;
use crate::model::section::tiers::Tiers;
use crate::streams::LawSpec;
use crate::units::Id;
use std::collections::BTreeMap;

/// The most calls that a plan makes.
pub(in crate::model) const MAX_CALLS: i128 = 4_096;

pub(in crate::model) const WORK: &str = "the duration of work";

pub(in crate::model) static STEP: Section = Section {
    title: "a step",
    about: "The work of a step is done by a provider; by a provider behind a `lookup`; by the program itself (`lookup` \
        alone: a miss takes the `compute` of the tiers); by a `d1` database; or by a `limiter`. Only attempts at \
        providers are `attempts`, are logged, and have `[reads]` per call; a call that a lookup answers is not \
        logged either. All are `calls`, and `on_call_error` holds for all. A call goes through its reads, its \
        lookup, the log of its request, the queue, its attempts, and the log of its response.",
    changes: Some(Fixed(PARTS)),
    fields: &[
        required("name", Name, "Its name."),
        optional("provider", Names, "the only one, unless a key below says who", "Who answers its calls.")
            .note("Of a list, such as several keys of one vendor, each attempt asks one.")
            .example(r#"["key1", "key2", "key3"]"#),
        default("pick", OneOf(Pick::WORDS), "turn", "How an attempt chooses among several providers.").note(
            "`least_busy`: the fewest attempts of its isolate under way; `most_left`: the largest share left of the \
                    limits of its bucket that is emptiest, known exactly. An open breaker is passed over.",
        ),
        optional("weights", List(&Number(0.0, 1e9), None), "equal", "How likely each is picked; with `random`.")
            .example("[3, 1]"),
        optional("cool_down", Table(&COOL_DOWN), "none", "Who has failed is not asked for a while.")
            .example(r#"{ failures = 3, for = "30s" }"#),
        optional(
            "lookup",
            Text,
            "none",
            "The tiers that its calls ask first; without a `provider`, a miss is computed.",
        ),
        optional("d1", Text, "none", "The database that its calls are operations on, in place of a provider."),
        optional("limiter", Text, "none", "The rate limiter that its calls ask, in place of a provider."),
        optional("queue", Text, "no queue", "Where its calls wait for a slot; those that a lookup answers do not."),
        optional(
            "semaphore",
            Text,
            "none",
            "A queue whose slot each call holds from before its reads, lookup and logs to its end; of no step's `queue`.",
        ),
        optional("after", List(&Text, None), "starts with the plan", "The steps that must have ended first.")
            .example(r#"["ask"]"#),
        default("calls", Whole(1, MAX_CALLS), "1", "How many calls it makes; at most 4,096 in a workflow."),
        default("parallel", Whole(1, MAX_CALLS), "1", "How many of them at once.").decision(),
        default("critical", Bool, "false", "Whether logging strategies treat it as critical.").changes(Program),
        optional("latency", Law(&LAW), "the provider's", "A latency of its own.").changes(Shared(WORK)),
        optional(
            "tokens",
            Whole(0, U32),
            "the provider's",
            "Tokens that an attempt reserves: of the prompt, and `max_tokens`.",
        )
        .changes(Program),
        optional(
            "max_tokens",
            Whole(0, U32),
            "the provider's",
            "Tokens that an attempt lets the provider write: it reserves them of `output_tokens_per_minute`.",
        )
        .changes(Program),
        default("units", Whole(0, U32), "1", "What an attempt counts in a `quota` of units, such as neurons.")
            .changes(Program),
        optional(
            "cpu",
            Law(&LAW),
            "none",
            "Processor time that a call takes once it is answered; it counts, but takes no simulated time.",
        )
        .changes(Shared(WORK)),
        optional(
            "fallback",
            Names,
            "none",
            "The provider to which a call goes that has failed at the first; of a list, one after the other.",
        )
        .example(r#""other""#),
    ],
};

/// One entry of `steps`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// What answers its calls.
    pub work: Work,
    /// `lookup`: the tiers that its calls ask first.
    pub lookup: Option<Id<Tiers>>,
    /// `queue`: where its calls wait for a slot; none: they start at once.
    pub queue: Option<Id<Queue>>,
    /// `semaphore`: a queue, never also a `queue` of a step, whose slot each of its calls holds from before its reads,
    /// its lookup and its logs to its end.
    pub semaphore: Option<Id<Queue>>,
    /// `after`: indices of the steps that must have ended first.
    pub after: Vec<usize>,
    /// `provider`, `pick` and the like: several providers, of which that of `work` is the first.
    pub pool: Option<Pool>,
    /// `fallback`: who is asked when that has failed, one after the other; none of `provider`.
    pub fallback: Vec<Id<Provider>>,
    /// `calls`: how many calls it makes; 1 to 4,096.
    pub calls: u32,
    /// `parallel`: how many of them are made at once; 1 to `calls`.
    pub parallel: u32,
    /// `critical`: whether logging strategies treat it as critical.
    pub critical: bool,
    /// A latency of its own, instead of the provider's.
    pub latency: Option<LawSpec>,
    /// `tokens`, `max_tokens` and `units`: what limits count of an attempt.
    pub weight: StepWeight,
    /// `cpu`: processor time that a call takes once it is answered.
    pub cpu: Option<LawSpec>,
}

impl Step {
    /// The provider that its calls ask, if they ask one.
    pub fn provider(&self) -> Option<Id<Provider>> {
        if let Work::Provider(id) = self.work { Some(id) } else { None }
    }

    /// The providers among which each attempt chooses, if its calls ask any, with their shares by arithmetic.
    pub fn shares(&self) -> Vec<(Id<Provider>, f64)> {
        match &self.pool {
            Some(pool) => pool.shares().collect(),
            None => self.provider().map(|id| (id, 1.0)).into_iter().collect(),
        }
    }

    /// All providers that its calls may ask.
    pub fn asks(&self) -> impl Iterator<Item = Id<Provider>> {
        self.shares().into_iter().map(|(id, _)| id).chain(self.fallback.iter().copied())
    }

    /// Attempts that one of its calls makes at most, at its providers and at those it falls back to.
    pub fn attempts(&self, providers: &[Provider]) -> u64 {
        let most = |id: &Id<Provider>| providers.get(id.index()).map_or(0, Provider::attempts);
        let first = self.shares().iter().map(|(id, _)| most(id)).max().unwrap_or(0);
        self.fallback.iter().map(most).fold(first, u64::saturating_add)
    }
}

/// What does the work of a step's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// An AI provider.
    Provider(Id<Provider>),
    /// Nobody but the program: a lookup, and where it misses, the tiers' `compute`.
    Compute(Id<Tiers>),
    /// An operation on a D1 database.
    D1(Id<D1>),
    /// A rate limiter, which reads and writes a count in a store.
    Limiter(Id<Limiter>),
}

pub(in crate::model) fn read(
    input: &mut Input<'_>,
    table: &Cursor<'_>,
    positions: &BTreeMap<&str, usize>,
    names: &Names,
) -> Option<Step> {
    let lookup = resolved(input, table, "lookup", &names.tiers);
    let asked = pool::providers(input, table, "provider", names);
    let work = work(input, table, names, &asked);
    let pool = pool::read(input, table, &asked);
    let queue = resolved(input, table, "queue", &names.queues);
    let semaphore = resolved(input, table, "semaphore", &names.queues);
    let fallback = fallback(input, table, names, &asked);
    let mut after = Vec::new();
    for node in table.items("after") {
        let Some(title) = node.text() else { continue };
        match positions.get(title) {
            Some(i) => after.push(*i),
            None => {
                let complaint = Complaint::new(format!("the step {title:?} is not defined"))
                    .allowed(format!(
                        "steps of this workflow: {}",
                        positions.keys().copied().collect::<Vec<_>>().join(", ")
                    ))
                    .cure(did_you_mean(title, positions.keys()));
                input.problems.report_once(node.at, &table.key("after"), complaint);
            }
        }
    }
    after.sort_unstable();
    after.dedup();
    let (calls, parallel) = (table.count("calls")?, table.count("parallel")?);
    if parallel > calls {
        let complaint = Complaint::new("`parallel` is larger than `calls`")
            .found(format!("{parallel} at once of {calls}"))
            .allowed(format!("a whole number from 1 to {calls}"));
        input.problems.report_once(table.at("parallel"), &table.key("parallel"), complaint);
    }
    let latency = law::read(input, table, "latency");
    let name = table.text("name")?.to_string();
    let critical = table.flag("critical");
    let (tokens, max_tokens) = (table.whole("tokens"), table.whole("max_tokens"));
    let weight = StepWeight { tokens, max_tokens, units: table.whole("units").unwrap_or(1) };
    let cpu = law::read(input, table, "cpu");
    Some(Step {
        name,
        work: work?,
        lookup,
        pool,
        fallback,
        queue,
        semaphore,
        after,
        calls,
        parallel,
        critical,
        latency,
        weight,
        cpu,
    })
}

/// What does the work of a step: a provider, unless another key says otherwise.
fn work(input: &mut Input<'_>, table: &Cursor<'_>, names: &Names, asked: &[Id<Provider>]) -> Option<Work> {
    let has = |key: &str| table.get(key).is_some();
    match (has("provider"), has("lookup"), has("d1"), has("limiter")) {
        (false, false, true, false) => resolved(input, table, "d1", &names.d1).map(Work::D1),
        (false, false, false, true) => resolved(input, table, "limiter", &names.limiters).map(Work::Limiter),
        (.., d1, limiter) if d1 || limiter => {
            let complaint = Complaint::new("a step needs exactly one of provider, lookup, d1, limiter")
                .allowed("`provider` (with or without `lookup`), `lookup` alone, `d1` alone, or `limiter` alone");
            let key = if d1 { "d1" } else { "limiter" };
            input.problems.report_once(table.at(key), &table.key(key), complaint);
            None
        }
        (false, true, ..) => resolved(input, table, "lookup", &names.tiers).map(Work::Compute),
        (false, false, ..) if names.providers.all().is_empty() => {
            let complaint = Complaint::new("this step has nothing that does its work")
                .allowed("`provider`, `lookup`, `d1` or `limiter`")
                .cure("add [provider.NAME]");
            input.problems.report_once(table.node.key, &table.key("provider"), complaint);
            None
        }
        (true, ..) => asked.first().copied().map(Work::Provider),
        _ => names.providers.resolve_or_only(input, table, "provider").map(Work::Provider),
    }
}

/// Other providers than those of the step.
fn fallback(input: &mut Input<'_>, table: &Cursor<'_>, names: &Names, asked: &[Id<Provider>]) -> Vec<Id<Provider>> {
    let Some(node) = table.get("fallback") else { return Vec::new() };
    let found = pool::providers(input, table, "fallback", names);
    let all = names.providers.all();
    let asks_nobody = table.get("d1").is_some() || table.get("lookup").is_some() && table.get("provider").is_none();
    let twice = found.iter().find(|id| all.len() == 1 || asked.contains(id) || asks_nobody);
    if let Some(id) = twice {
        let name = &all[id.index()];
        let complaint =
            Complaint::new("a fallback must be another provider than the step's").found(format!("{name:?}"));
        let is_other = |at: usize| !asked.iter().chain([id]).any(|id| id.index() == at);
        let others: Vec<&str> = (0..all.len()).filter(|at| is_other(*at)).map(|at| all[at].as_str()).collect();
        let allowed = if others.is_empty() { "there is no other provider".into() } else { others.join(", ") };
        input.problems.report_once(node.at, &table.key("fallback"), complaint.allowed(allowed));
        return Vec::new();
    }
    found
}

/// The part that a key names, if the key is there; an unknown one is reported.
fn resolved<T>(input: &mut Input<'_>, table: &Cursor<'_>, key: &str, list: &List) -> Option<Id<T>> {
    let node = table.get(key)?;
    list.resolve(input, node.text()?, node.at, &table.key(key))
}

/// What may change while a model runs.
pub(in crate::model) fn keep(step: &mut Step, of: &Step) {
    step.latency.clone_from(&of.latency);
    (step.critical, step.weight) = (of.critical, of.weight);
    keep_some(&mut step.cpu, &of.cpu);
}
