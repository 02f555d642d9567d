//! Whole models in, checked models out.

mod changes;
mod manual;
mod zones;

use super::*;
use crate::policy::{Fault, OnExceed, Window};
use crate::streams::{LawSpec, Shape};
use crate::units::{RateUnit, Span};
use std::io;
use std::path::{Path, PathBuf};

const SHIPPED: [&str; 20] = [
    "bug-after-three-days",
    "cache-only",
    "cleanup",
    "conditional",
    "d1-stress",
    "diag-blind",
    "hybrid",
    "kv-only",
    "log-files",
    "minimal",
    "parallel-days",
    "qa-seven-days",
    "queue-default",
    "queue-large",
    "queue-override",
    "retry-storm",
    "sofia-usa",
    "soft-failures",
    "speech-cache",
    "spike-pressure",
];

fn shipped(name: &str) -> PathBuf {
    PathBuf::from(format!("models/{name}.toml"))
}

fn load_with(text: &str, overrides: &[&str]) -> Result<Model, Problems> {
    let source = Source { name: "m.toml".into(), bytes: text.as_bytes().to_vec(), directory: PathBuf::new() };
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    load(source, &overrides, &|_| Err(io::ErrorKind::NotFound.into()))
}

const SMALL: &str = r#"
[traffic.user]
arrivals = { process = "poisson", per_day = 100 }
[workflow.plan]
steps = [{ name = "a" }]
[provider.p]
latency = "4s"
"#;

fn small(overrides: &[&str]) -> Model {
    load_with(SMALL, overrides).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_shipped_model_loads() {
    for name in SHIPPED {
        let model = load_file(&shipped(name), &[]).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(model.name, name);
        let text = std::fs::read_to_string(shipped(name)).unwrap();
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("# ") && text.contains('?'), "{name} opens with its question");
    }
    let files = std::fs::read_dir("models").unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(files.filter(|path| path.extension().is_some()).count(), SHIPPED.len(), "the list above is complete");
}

#[test]
fn the_four_strategies_differ_in_nothing_else() {
    let bare = |name: &str| {
        let model = load_file(&shipped(name), &[]).unwrap();
        let ops: Vec<(String, OpKind)> =
            model.logging.ops.iter().map(|op| (model.stores[op.store.index()].name.clone(), op.op)).collect();
        let nothing = Logging { strategy: String::new(), ops: Vec::new(), level: Level::All, ..model.logging.clone() };
        let text = String::new();
        (Model { name: text.clone(), description: text.clone(), digest: text, logging: nothing, ..model }, ops)
    };
    let (base, kv) = bare("kv-only");
    for name in ["cache-only", "hybrid", "conditional"] {
        assert_eq!(bare(name).0, base, "{name}");
    }
    let count = |ops: &[(String, OpKind)], store: &str, op: OpKind| {
        ops.iter().filter(|(other, kind)| other == store && *kind == op).count()
    };
    assert_eq!((count(&kv, "kv", OpKind::Put), count(&kv, "kv", OpKind::Get)), (4, 1));
    let (_, hybrid) = bare("hybrid");
    assert_eq!((count(&hybrid, "cache", OpKind::Put), count(&hybrid, "kv", OpKind::Put), hybrid.len()), (2, 2, 4));
    assert_eq!(load_file(&shipped("conditional"), &[]).unwrap().logging.level, Level::ErrorsOnly);
}

#[test]
fn what_is_absent_has_its_default() {
    let model = small(&[]);
    assert_eq!((model.run.horizon, model.run.warmup), (Span::DAY * 30, Span::ZERO));
    assert_eq!((model.run.replications, model.run.seed, model.run.max_records), (30, 1, 10_000_000));
    assert_eq!(model.run.start.to_string(), "2026-01-01T00:00:00Z");
    assert_eq!((model.platform.isolates, model.platform.subrequests_external), (1, None));
    assert!(model.stores.is_empty() && model.queues.is_empty() && model.logging.ops.is_empty());
    let step = &model.workflows[0].steps[0];
    assert_eq!((step.calls, step.parallel, step.queue, step.critical), (1, 1, None, false));
    assert_eq!(model.providers[0].retry, crate::policy::Retry::NEVER);
    let text =
        SMALL.replace("name = \"a\"", "name = \"a\", queue = \"q\"") + "[queue.q]\nmax_concurrency = 2\n[retry.p]\n";
    let model = load_with(&text, &[]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((model.queues[0].max_queue, model.queues[0].discipline), (None, Discipline::Fifo));
    let retry = model.providers[0].retry;
    assert_eq!((retry.max, retry.hold_slot, retry.backoff.cap), (2, true, Span::from_secs(30)));
    assert!(retry.on.contains(Fault::Overloaded) && !retry.on.contains(Fault::ParseFailure));
}

#[test]
fn a_preset_lies_under_the_model() {
    let model = small(&["platform.preset=cloudflare-free", "store.kv.quota.writes.limit=500"]);
    assert_eq!(model.platform.subrequests_external, Some(50));
    let kv = model.stores.iter().find(|store| store.name == "kv").unwrap();
    let writes = kv.quotas[OpKind::Put as usize][0].clone();
    assert_eq!((writes.limit, writes.window, writes.on_exceed), (500, Window::Day, OnExceed::Reject));
    assert_eq!(kv.key_spacing, Some(Span::SECOND));
    let paid = small(&["platform.preset=cloudflare-paid"]);
    let kv = paid.stores.iter().find(|store| store.name == "kv").unwrap();
    assert_eq!(kv.quotas[OpKind::Put as usize][0].price_per_million.dollars(), 5.0);
    assert_eq!(paid.platform.base_price.dollars(), 5.0);
}

#[test]
fn every_value_of_a_preset_has_its_source() {
    for preset in presets() {
        let keys: Vec<&str> = preset.values.iter().map(|value| value.key.as_str()).collect();
        for value in &preset.values {
            assert!(!value.value.is_empty(), "{}: {} is no value of the preset", preset.name, value.key);
            assert!(!value.source.is_empty() && !value.date.is_empty(), "{}: {}", preset.name, value.key);
        }
        let table: toml::Table = preset.text.parse().unwrap();
        let mut leaves = Vec::new();
        if let Some(platform) = table.get("platform") {
            collect(platform, "platform", &mut leaves);
            collect(&table["store"], "store", &mut leaves);
        } else {
            let own = |key: &str| !["source", "description"].contains(&key);
            table.iter().filter(|(key, _)| own(key)).for_each(|(key, value)| collect(value, key, &mut leaves));
        }
        for leaf in leaves.iter().filter(|leaf| leaf.split('.').next_back() != Some("kind")) {
            let covered = keys.iter().any(|key| leaf == key || leaf.starts_with(&format!("{key}.")));
            assert!(covered, "{}: {leaf} has no source", preset.name);
        }
    }
}

fn collect(value: &toml::Value, path: &str, leaves: &mut Vec<String>) {
    match value.as_table() {
        Some(table) => table.iter().for_each(|(key, value)| collect(value, &format!("{path}.{key}"), leaves)),
        None => leaves.push(path.into()),
    }
}

#[test]
fn any_value_can_be_set_by_its_path() {
    let model = small(&[
        "workflow.plan.steps.a.calls=7",
        "workflow.plan.steps.0.parallel = 3",
        "provider.p.latency={dist=\"gamma\", mean=\"4s\", cv=0.5}",
        "traffic.user.arrivals.per_hour=5",
        "objectives.\"plans.failed_fraction\".max=0.01",
        "run.horizon=3d",
        "run.start=2026-02-16T00:00:00Z",
        "name=other",
    ]);
    let step = &model.workflows[0].steps[0];
    assert_eq!((step.calls, step.parallel), (7, 3));
    let shape = Shape::MeanCv { mean: Span::from_secs(4), cv: 0.5 };
    assert_eq!(model.providers[0].latency, LawSpec::Gamma(shape));
    assert!(matches!(model.classes[0].arrivals, Arrivals::Poisson(rate) if rate.per_day() == 120.0));
    assert_eq!(model.objectives[0].max, Some(0.01));
    assert_eq!((model.run.horizon, model.name.as_str()), (Span::DAY * 3, "other"));
    assert_eq!(model.overrides.len(), 8);
}

#[test]
fn bases_are_merged_and_their_files_found_beside_them() {
    let read = |path: &Path| match path.to_str() {
        Some("dir/base/b.toml") => Ok(b"extends = '../root.toml'\n[provider.p]\nlatency = '5s'".to_vec()),
        Some("dir/root.toml") => Ok(SMALL.as_bytes().to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let text = "extends = 'base/b.toml'\n[run]\nseed = 7";
    let source = Source { name: "<stdin>".into(), bytes: text.into(), directory: PathBuf::from("dir") };
    let model = load(source, &[], &read).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((model.run.seed, model.name.as_str()), (7, "stdin"));
    assert_eq!(model.providers[0].latency, LawSpec::Constant { value: Span::from_secs(5) });
}

#[test]
fn the_digest_is_of_what_a_model_means() {
    let plain = small(&[]).digest;
    assert_eq!(plain.len(), 64);
    let moved = r#"
description = "other words" # and a comment
provider.p.latency = "4s"
workflow.plan.steps = [{ name = "a" }]
traffic.user.arrivals = { per_day = 100.0, process = "poisson" }
"#;
    assert_eq!(load_with(moved, &[]).unwrap().digest, plain, "layout, order of keys and description");
    assert_ne!(small(&["provider.p.latency=5s"]).digest, plain);
    assert_ne!(small(&["name=other"]).digest, plain);
    assert_ne!(small(&["platform.preset=cloudflare-free"]).digest, plain);
    // The seed and the replications stand beside the digest; an empty [run] says nothing.
    let seeds = ["run.seed=5", "run.replications=3"].map(|text| small(&[text]).digest);
    assert_eq!(seeds[0], seeds[1]);
    assert_eq!(seeds[0], plain);
}

#[test]
fn a_trace_is_read_by_class_and_sorted_by_time() {
    let lines = concat!(
        "\u{feff}{\"at_s\": 12.5, \"calls\": [[{\"latency_s\": 6.12, \"outcome\": \"ok\"}]]}\r\n",
        "\n",
        "{\"at_s\": 1, \"isolate\": 0, \"calls\": [[{\"latency_s\": 13.5, \"outcome\": \"ok\"},",
        " {\"latency_s\": 0.7, \"outcome\": \"server_error\", \"request_error\": true}]]}\n",
    );
    let text = SMALL.replace("process = \"poisson\", per_day = 100", "process = \"trace\", file = \"t.jsonl\"");
    let read = |bytes: &str| {
        let source = Source { name: "m.toml".into(), bytes: text.clone().into(), directory: PathBuf::new() };
        let bytes = bytes.to_string();
        load(source, &[], &move |_| Ok(bytes.clone().into())).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let model = read(lines);
    let Arrivals::Trace { plans } = &model.classes[0].arrivals else { panic!("a trace") };
    assert_eq!(plans.iter().map(|plan| plan.at.secs()).collect::<Vec<_>>(), [1.0, 12.5]);
    assert_eq!(plans[0].calls[0][1].fault, Some(Fault::ServerError));
    assert!(plans[0].calls[0][1].request_error && plans[0].isolate == Some(0));
    assert_ne!(read(&lines.replace("6.12", "6.13")).digest, model.digest, "contents belong to the digest");
}

#[test]
fn steps_stand_after_those_they_wait_for() {
    let steps = r#"[{ name = "c", after = ["b"] }, { name = "a" }, { name = "b", after = ["a"] }]"#;
    let model = load_with(&SMALL.replace(r#"[{ name = "a" }]"#, steps), &[]).unwrap();
    let names: Vec<&str> = model.workflows[0].steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(model.workflows[0].steps[2].after, [1]);
}

#[test]
fn the_schema_accepts_every_shipped_model_and_preset() {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("capsim.json", schema()).unwrap();
    let id = compiler.compile("capsim.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    let read = |path: &str| {
        let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        serde_json::to_value(table).unwrap()
    };
    let bases = ["models/base/plans.toml".to_string(), "models/base/queues.toml".to_string()];
    for path in SHIPPED.iter().map(|name| format!("models/{name}.toml")).chain(bases) {
        schemas.validate(&read(&path), id).unwrap_or_else(|error| panic!("{path}: {error:#}"));
    }
    for mut preset in ["presets/cloudflare-free.toml", "presets/cloudflare-paid.toml"].map(read) {
        preset.as_object_mut().unwrap().remove("source");
        schemas.validate(&preset, id).unwrap_or_else(|error| panic!("{error:#}"));
    }
    let mut wrong = read("models/minimal.toml");
    wrong["queue"]["ai"]["max_concurency"] = 4.into();
    assert!(schemas.validate(&wrong, id).is_err());
}

#[test]
fn every_process_is_read() {
    let arrivals = |text: &str| {
        let model = load_with(SMALL, &[&format!("traffic.user.arrivals={text}")]);
        model.unwrap_or_else(|problems| panic!("{problems}")).classes.remove(0).arrivals
    };
    assert!(matches!(arrivals("{process='deterministic', per_minute=2}"), Arrivals::Deterministic(_)));
    assert!(matches!(arrivals("{process='batch', per_hour=2, size=5}"), Arrivals::Batch { size: 5, .. }));
    assert!(matches!(arrivals("{process='closed', users=3, think='10s'}"), Arrivals::Closed { users: 3, .. }));
    let mmpp = arrivals("{process='mmpp', states=[{per_hour=0, stay='1h'}, {per_hour=60, stay='5m'}]}");
    let Arrivals::Mmpp { states } = mmpp else { panic!("bursts") };
    assert!(
        states[0].0.is_none()
            && states[1] == (Some(crate::units::Rate::new(60.0, RateUnit::Hour).unwrap()), minutes(5))
    );
    let profile = "{process='profile', per_day=100, days=[1,1,1,1,1,0,0], timezone='Europe/Sofia'}";
    let Arrivals::Profile { weights, zone, .. } = arrivals(profile) else { panic!("a profile") };
    assert_eq!((weights[0], weights[167], zone.name()), (1.4, 0.0, "Europe/Sofia"));
    assert!((weights.iter().sum::<f64>() - 168.0).abs() < 1e-9);
}

fn minutes(n: u64) -> Span {
    Span::MINUTE * n
}

#[test]
fn every_law_is_read() {
    let law = |text: &str| {
        let model = load_with(SMALL, &[&format!("provider.p.latency={text}")]);
        model.unwrap_or_else(|problems| panic!("{problems}")).providers.remove(0).latency
    };
    let second = Span::SECOND;
    assert_eq!(law("1s"), LawSpec::Constant { value: second });
    assert_eq!(law("{dist='constant', value='1s'}"), LawSpec::Constant { value: second });
    assert_eq!(law("{dist='exponential', mean='1s'}"), LawSpec::Exponential { mean: second });
    assert_eq!(law("{dist='uniform', min='0s', max='1s'}"), LawSpec::Uniform { min: Span::ZERO, max: second });
    let quantiles = Shape::Quantiles { low: (0.5, second), high: (0.99, Span::from_secs(9)) };
    assert_eq!(law("{dist='weibull', median='1s', p99='9s'}"), LawSpec::Weibull(quantiles));
    let points = vec![(0.5, second), (1.0, Span::from_secs(2))];
    assert_eq!(law("{dist='empirical', quantiles=[[0.5, '1s'], [1, '2s']]}"), LawSpec::Empirical { quantiles: points });
    let mixture = law(
        "{dist='mixture', parts=[{weight=3, dist='constant', value='1s'}, {weight=1, dist='exponential', mean='1s'}]}",
    );
    let parts = vec![(3.0, LawSpec::Constant { value: second }), (1.0, LawSpec::Exponential { mean: second })];
    assert_eq!(mixture, LawSpec::Mixture { parts });
}

#[test]
fn a_strategy_of_the_users_own() {
    let rows = "[{on='request', store='kv', op='put', key='log:{session}:{log}', role='record', bytes='1KiB'},
        {on='response', when='error', store='cache', op='put', key='all', only_if='kv_errors'},
        {on='response', store='cache', op='get', key='of:{session}', only_if='index'}]";
    let rows = rows.replace('\n', " ");
    let set = ["platform.preset=cloudflare-free", "logging.strategy=custom", &format!("logging.ops={rows}")];
    let logging = small(&set).logging;
    assert_eq!(logging.ops.len(), 2, "the third is switched off");
    let (first, second) = (&logging.ops[0], &logging.ops[1]);
    assert_eq!((first.key.family.as_str(), first.key.scope, first.ttl), ("log", KeyScope::Log, None));
    assert_eq!((second.key.scope, second.ttl, second.when), (KeyScope::Shared, Some(Span::DAY), When::Error));
    assert_eq!((first.bytes.0, second.bytes.0), (1024, 2048));
}

#[test]
fn a_layer_that_names_its_kind_replaces_the_one_below() {
    let base = SMALL.replace("latency = \"4s\"", "latency = { dist = \"lognormal\", median = \"4s\", p95 = \"11s\" }");
    let read = |text: &str| {
        let base = base.clone();
        let source = Source { name: "m.toml".into(), bytes: text.into(), directory: PathBuf::new() };
        load(source, &[], &move |_| Ok(base.clone().into_bytes())).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let model = read("extends = 'b.toml'\n[provider.p]\nlatency = { dist = 'exponential', mean = '2s' }");
    assert_eq!(model.providers[0].latency, LawSpec::Exponential { mean: Span::from_secs(2) });
    let model = read("extends = 'b.toml'\n[provider.p]\nlatency.p95 = '12s'\n[traffic.user]\narrivals.per_hour = 5");
    let shape = Shape::Quantiles { low: (0.5, Span::from_secs(4)), high: (0.95, Span::from_secs(12)) };
    assert_eq!(model.providers[0].latency, LawSpec::Lognormal(shape));
    assert!(matches!(model.classes[0].arrivals, Arrivals::Poisson(rate) if rate.per_day() == 120.0));
}
