//! The reference models, built in code: what the tests of the arithmetic and of the report stand on.

use crate::model::*;
use crate::policy::{Backoff, BackoffKind, Fault, FaultSet, Jitter, Quota, Retry, Waits};
use crate::streams::{LawSpec, Shape};
use crate::units::{Bytes, Id, Money, Probability, Rate, RateUnit, Span, Timestamp, Zone};

/// 100 plans a day of one analysis, one strategy and seven meal days on the free plan, logged by `kv-only`,
/// `cache-only` or anything else for `hybrid`.
pub fn model(strategy: &str) -> Model {
    Model {
        name: strategy.into(),
        description: "Which limit binds first?".into(),
        digest: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809".into(),
        zone_data: None,
        overrides: vec![],
        run: Run {
            horizon: Span::DAY * 30,
            warmup: Span::ZERO,
            start: Timestamp::parse("2026-02-16T00:00:00Z").expect("a date"),
            replications: 30,
            seed: 20_260_216,
            max_events: 100_000_000,
            max_plans_alive: 1_000_000,
            max_records: 10_000_000,
        },
        platform: Platform {
            preset: Some("cloudflare-free".into()),
            isolates: 1,
            subrequests_external: Some(50),
            subrequests_internal: Some(1_000),
            connections: None,
            wait_until: None,
            cpu: crate::model::Cpu::default(),
            requests: Some(daily(100_000)),
            base_price: Money::ZERO,
        },
        classes: vec![Class {
            name: "user".into(),
            workflow: Id::new(0),
            arrivals: Arrivals::Profile {
                rate: Rate::new(100.0, RateUnit::Day).expect("a rate"),
                weights: Box::new([1.0; 168]),
                zone: Zone::UTC,
            },
            spikes: vec![],
            priority: 0,
            patience: None,
            region: "home".into(),
            leaves_after: None,
            on_leave: OnLeave::GoesOn,
            comeback: None,
        }],
        workflows: vec![Workflow {
            name: "plan".into(),
            steps: vec![step("analysis", 1, vec![]), step("strategy", 1, vec![0]), step("meal_day", 7, vec![1])],
            on_call_error: OnCallError::Abort,
            overload_on: FaultSet::NONE,
            invocation: InvocationScope::Plan,
        }],
        providers: vec![provider()],
        queues: vec![Queue {
            name: "ai".into(),
            max_concurrency: 4,
            max_queue: Some(64),
            discipline: Discipline::Fifo,
            patience: None,
            reserved: vec![],
            adaptive: None,
            aging: None,
            pushes_out: false,
        }],
        stores: vec![kv(), cache()],
        tiers: vec![],
        d1: vec![],
        limiters: vec![],
        reads: vec![read("access_lists", 18), read("prompts", 10)],
        logging: logging(strategy),
        readers: Vec::new(),
        logfiles: Vec::new(),
        cost: None,
        upgraded: None,
        objectives: vec![
            Objective { metric: "plans.failed_fraction".into(), min: None, max: Some(0.01) },
            Objective { metric: "kv.writes_rejected".into(), min: None, max: Some(0.0) },
            Objective { metric: "logs.error.retrievable.3d".into(), min: Some(0.99), max: None },
        ],
        observed: vec![],
        isolates: None,
        diagnostics: None,
        stages: vec![],
        settings: vec![],
    }
}

fn daily(limit: u64) -> Quota {
    Quota::daily(limit)
}

fn step(name: &str, calls: u32, after: Vec<usize>) -> Step {
    let (work, queue) = (Work::Provider(Id::new(0)), Some(Id::new(0)));
    Step {
        name: name.into(),
        work,
        lookup: None,
        pool: None,
        fallback: Vec::new(),
        queue,
        semaphore: None,
        after,
        calls,
        parallel: 1,
        critical: false,
        latency: None,
        weight: crate::model::StepWeight { tokens: None, max_tokens: None, units: 1 },
        cpu: None,
    }
}

fn provider() -> Provider {
    let share = |value| Probability::new(value).expect("a fraction");
    Provider {
        headers_after: None,
        streamed: None,
        name: "openai".into(),
        latency: LawSpec::Lognormal(Shape::Quantiles {
            low: (0.5, Span::from_secs(4)),
            high: (0.95, Span::from_secs(9)),
        }),
        request_timeout: Some(Span::from_secs(60)),
        timeout_from_arrival: false,
        errors: vec![(Fault::ServerError, share(0.002)), (Fault::ParseFailure, share(0.003))],
        request_error: share(0.001),
        retry: Retry {
            max: 2,
            on: FaultSet::NONE.with(Fault::Timeout).with(Fault::ServerError),
            backoff: Backoff {
                waits: Waits::NONE,
                kind: BackoffKind::Exponential,
                base: Span::SECOND,
                factor: 2.0,
                cap: Span::from_secs(30),
                jitter: Jitter::Full,
            },
            hold_slot: true,
        },
        inner: [None, None],
        deadline: None,
        budget: None,
        retry_after: RetryAfter::Honour(Span::MAX),
        breaker: None,
        tokens: None,
        hedge: None,
        server: None,
    }
}

fn kv() -> Store {
    Store {
        awaited: None,
        cold: None,
        searchable: false,
        name: "kv".into(),
        kind: StoreKind::Kv,
        latency: [0; 4].map(|_| LawSpec::Constant { value: Span::from_millis(20) }),
        quotas: [100_000, 1_000, 1_000, 1_000].map(|limit| vec![daily(limit)]),
        key_spacing: Some(Span::SECOND),
        on_key_exceed: OnKeyExceed::Reject,
        storage: None,
        background: [0.0; 4],
        ops_per_invocation: None,
        ttl: None,
        capacity: None,
        evictions_per_hour: 0.0,
        evictions_spike_factor: 1.0,
        restarts_per_day: 0.0,
        retry_after: Span::MINUTE,
        network_errors: Probability::ZERO,
        subrequest: true,
        staleness: Span::ZERO,
        put_stores_nothing: Probability::ZERO,
    }
}

fn cache() -> Store {
    let quotas = [const { Vec::new() }; 4];
    Store { name: "cache".into(), kind: StoreKind::Cache, quotas, key_spacing: None, ttl: Some(Span::DAY), ..kv() }
}

fn read(name: &str, n: u32) -> Read {
    Read { name: name.into(), store: Id::new(0), count: ReadCount::PerPlan(n), memory_ttl: None }
}

fn logging(strategy: &str) -> Logging {
    const LOG: (&str, KeyScope, Role) = ("ai_communication_log", KeyScope::Log, Role::Record);
    const INDEX: (&str, KeyScope, Role) = ("ai_communication_session_index", KeyScope::Shared, Role::Index);
    const SESSION: (&str, KeyScope, Role) = ("ai_session_logs", KeyScope::Session, Role::Session);
    const ERROR: (&str, KeyScope, Role) = ("ai_error_log", KeyScope::Log, Role::Record);
    let op = |event, when, store, op, (family, scope, role): (&str, KeyScope, Role)| LogOp {
        awaited: true,
        event,
        when,
        store: Id::new(store),
        op,
        key: Key { template: family.into(), family: family.into(), scope },
        role,
        ttl: None,
        bytes: Bytes(2048),
    };
    let full = |store| {
        vec![
            op(LogEvent::Request, When::Always, store, OpKind::Put, LOG),
            op(LogEvent::Request, When::Always, store, OpKind::Get, INDEX),
            op(LogEvent::Request, When::Always, store, OpKind::Put, INDEX),
            op(LogEvent::Request, When::Always, store, OpKind::Put, SESSION),
            op(LogEvent::Response, When::Always, store, OpKind::Put, LOG),
        ]
    };
    let ops = match strategy {
        "kv-only" => full(0),
        "cache-only" => full(1),
        _ => vec![
            op(LogEvent::Request, When::Always, 1, OpKind::Put, LOG),
            op(LogEvent::Response, When::Always, 1, OpKind::Put, LOG),
            op(LogEvent::Request, When::ErrorOrCritical, 0, OpKind::Put, ERROR),
            op(LogEvent::Response, When::Error, 0, OpKind::Put, ERROR),
        ],
    };
    Logging {
        strategy: strategy.into(),
        ops,
        level: Level::All,
        on_error: OnLogError::Swallow,
        max_log_entries: 10,
        incident_gap: Span::HOUR,
    }
}
