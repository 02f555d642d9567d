use super::*;
use crate::math;
use crate::model::{Level, OnCallError, ReadCount};
use crate::policy::OnExceed;
use crate::streams::LawSpec;
use crate::units::{Probability, Span};

fn ceiling<'a>(arithmetic: &'a Arithmetic, limit: &str) -> &'a Ceiling {
    let found = arithmetic.ceilings.iter().find(|ceiling| ceiling.limit == limit);
    found.unwrap_or_else(|| panic!("no ceiling {limit} in {:?}", arithmetic.ceilings))
}

fn per_plan(arithmetic: &Arithmetic, store: &str, op: &str) -> (f64, f64) {
    let found = arithmetic.per_plan.iter().find(|row| row.store == store && row.op == op);
    found.map_or((0.0, 0.0), |row| (row.without_errors, row.expected))
}

#[test]
fn kv_only_makes_36_writes_and_carries_27_whole_plans() {
    let arithmetic = explain(&sample::model("kv-only"));
    assert_eq!(per_plan(&arithmetic, "kv", "writes").0, 36.0);
    assert_eq!(per_plan(&arithmetic, "kv", "reads").0, 9.0 + 28.0);
    let writes = ceiling(&arithmetic, "kv.quota.writes");
    assert_eq!((writes.whole_plans(), writes.because.as_str()), (27, "1,000 writes a day ÷ 36 a plan"));
    let index = ceiling(&arithmetic, "kv.key.ai_communication_session_index");
    assert_eq!((index.plans_per_day, index.because.as_str()), (9600.0, "86,400 writes a day, one each 1s, ÷ 9 a plan"));
    assert_eq!(arithmetic.binding().map(|first| first.limit.as_str()), Some("kv.quota.writes"));
    assert_eq!(arithmetic.demand_per_day, Some(100.0));
}

#[test]
fn cache_only_needs_54_subrequests_and_passes_50_at_the_ninth_call() {
    let arithmetic = explain(&sample::model("cache-only"));
    let first = arithmetic.binding().expect("a ceiling");
    assert_eq!((first.limit.as_str(), first.plans_per_day), ("invocation.subrequests.external", 0.0));
    assert_eq!(first.because, "6 a call: 50 in one invocation are used up at call 9, 54 are needed");
    let external = &arithmetic.invocations[0];
    assert_eq!((external.needed, external.at_most, external.at_call), (54, 72, Some(9)));
    let mut each_call = sample::model("cache-only");
    each_call.workflows[0].invocation = crate::model::InvocationScope::Call;
    let arithmetic = explain(&each_call);
    assert_eq!(arithmetic.invocations[0].needed, 6);
    assert_eq!(ceiling(&arithmetic, "platform.requests").because, "100,000 requests a day ÷ 9 a plan");
}

#[test]
fn an_ordinary_failed_call_costs_hybrid_one_write() {
    let mut model = sample::model("hybrid");
    let provider = &mut model.providers[0];
    provider.request_error = Probability::ZERO;
    provider.latency = LawSpec::Constant { value: Span::from_secs(4) };
    provider.errors = vec![(crate::policy::Fault::ParseFailure, Probability::new(0.01).unwrap())];
    let arithmetic = explain(&model);
    let (without, expected) = per_plan(&arithmetic, "kv", "writes");
    let fails = 1.0 - math::pow(0.99, 9.0);
    assert_eq!(without, 0.0);
    assert!((expected - fails).abs() < 1e-12, "aborted at the first failed call: {expected} is not {fails}");
    assert!(ceiling(&arithmetic, "kv.quota.writes").because.ends_with(", errors included"));
    model.workflows[0].on_call_error = OnCallError::Continue;
    assert!((per_plan(&explain(&model), "kv", "writes").1 - 0.09).abs() < 1e-12);
    model.logging.level = Level::None;
    assert_eq!(per_plan(&explain(&model), "cache", "writes"), (0.0, 0.0));
}

#[test]
fn a_faulty_request_fails_its_call_and_costs_hybrid_two_writes() {
    let mut model = sample::model("hybrid");
    let provider = &mut model.providers[0];
    provider.request_error = Probability::new(0.01).unwrap();
    provider.latency = LawSpec::Constant { value: Span::from_secs(4) };
    provider.errors.clear();
    model.workflows[0].on_call_error = OnCallError::Continue;
    let (_, expected) = per_plan(&explain(&model), "kv", "writes");
    assert!((expected - 9.0 * 0.01 * 2.0).abs() < 1e-12, "{expected}");
}

#[test]
fn attempts_follow_the_timeout_and_the_retries() {
    let mut model = sample::model("hybrid");
    let provider = &mut model.providers[0];
    provider.latency = LawSpec::Exponential { mean: Span::from_secs(10) };
    provider.request_timeout = Some(Span::from_secs(10));
    provider.errors.clear();
    provider.request_error = Probability::ZERO;
    model.workflows[0].on_call_error = OnCallError::Continue;
    let arithmetic = explain(&model);
    let late = math::exp(-1.0);
    let attempts = 9.0 * (1.0 + late + late * late);
    let (without, expected) = per_plan(&arithmetic, "provider openai", "attempts");
    assert_eq!(without, 9.0);
    assert!((expected - attempts).abs() < 1e-9, "{expected} is not {attempts}");
    // Each attempt holds a slot 10 (1 - 1/e) s; the waits before the retries are 0.5 s and 1 s at the middle.
    let seconds = attempts * 10.0 * (1.0 - late) + 9.0 * (late * 0.5 + late * late);
    let slots = ceiling(&arithmetic, "queue.ai.slots").plans_per_day;
    assert!((slots - 4.0 * 86_400.0 / seconds).abs() < 1e-3, "{slots}");
}

#[test]
fn memory_answers_more_reads_as_demand_grows() {
    let mut model = sample::model("hybrid");
    let plain = ceiling(&explain(&model), "kv.quota.reads").plans_per_day;
    assert_eq!(plain, 100_000.0 / 28.0);
    for read in &mut model.reads {
        read.memory_ttl = Some(Span::MINUTE * 5);
    }
    let arithmetic = explain(&model);
    let (reads, _) = per_plan(&arithmetic, "kv", "reads");
    assert!((reads - 28.0 / (1.0 + 100.0 * 300.0 / 86_400.0)).abs() < 1e-9, "{reads}");
    // 28 keys × 288 windows a day are under 100,000 reads, however many plans come.
    assert!(arithmetic.ceilings.iter().all(|ceiling| ceiling.limit != "kv.quota.reads"));
    model.reads[0].count = ReadCount::PerPlan(1_000);
    let reads = ceiling(&explain(&model), "kv.quota.reads").clone();
    assert!(reads.because.ends_with("the rest answered from memory"), "{reads:?}");
    let used = reads.plans_per_day * 1010.0 / (1.0 + reads.plans_per_day * 300.0 / 86_400.0);
    assert!((used - 100_000.0).abs() < 1.0, "{used}");
}

#[test]
fn what_is_billed_does_not_bind() {
    let mut model = sample::model("kv-only");
    for quota in model.stores[0].quotas.iter_mut().flatten() {
        quota.on_exceed = OnExceed::Bill;
    }
    let arithmetic = explain(&model);
    assert!(ceiling(&arithmetic, "kv.quota.writes").because.ends_with("; more is billed"));
    assert_ne!(arithmetic.binding().map(|first| first.limit.as_str()), Some("kv.quota.writes"));
}

#[test]
fn what_is_left_out_is_what_the_model_has() {
    let mut model = sample::model("hybrid");
    let all = explain(&model).leaves_out;
    assert!(all.iter().any(|sentence| sentence.starts_with("Bursts")));
    assert!(all.iter().all(|sentence| !sentence.starts_with("Contention")), "{all:?}");
    model.queues.clear();
    model.workflows[0].steps.iter_mut().for_each(|step| step.queue = None);
    assert!(explain(&model).leaves_out.iter().all(|sentence| !sentence.starts_with("Waiting")));
}

#[test]
fn limits_and_slots_of_a_provider_are_ceilings() {
    let mut model = sample::model("cache-only");
    model.providers[0].server = Some(crate::model::Server {
        limits: [Some(60), Some(90_000), None, None, None, None],
        tokens: 1_000,
        max_concurrency: Some(2),
        ..crate::model::Server::default()
    });
    let arithmetic = explain(&model);
    let (without, expected) = per_plan(&arithmetic, "provider openai", "attempts");
    let attempts = without.max(expected);
    let of = |what: &str| ceiling(&arithmetic, &format!("provider.openai.{what}")).plans_per_day;
    assert!((of("requests_per_minute") - 60.0 * 1440.0 / attempts).abs() < 1e-6);
    assert!((of("tokens_per_minute") - 90.0 * 1440.0 / attempts).abs() < 1e-6);
    // It works to the end on what its client gives up, so its time is the mean of the law, which no timeout cuts.
    let mean = model.providers[0].latency.formulas().unwrap().mean();
    assert!((of("slots") - 2.0 * 86_400.0 / (attempts * mean)).abs() < 1e-6);
    let longest = &arithmetic.longest[0];
    assert_eq!((longest.attempts.as_slice(), longest.timeout_seconds), ([3].as_slice(), 60.0));
    assert!((longest.seconds - 183.0).abs() < 1e-6, "three attempts of a minute, and waits of 1 s and 2 s");
}
