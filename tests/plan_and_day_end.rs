//! What a strategy does at the end of a plan and of a day, counted exactly under even traffic.

use crate::common::{answer, free_with_service, logged, mean, model, model_with};
use capsim::experiment::{Answer, explain};

/// Plans of `calls` calls, on the stores `kv` and `cache`.
fn text(arrivals: &str, horizon: &str, calls: u32, rows: &str) -> String {
    let run = format!("horizon = \"{horizon}\"\nstart = \"2026-02-16T00:00:00Z\"\nreplications = 1");
    let workflow = format!("steps = [{{ name = \"call\", calls = {calls} }}]");
    let arrivals = format!("process = \"deterministic\", {arrivals}");
    logged(&run, &workflow, &arrivals, "kind = \"kv\"\n[store.cache]\nkind = \"cache\"", rows)
}

const DAILY: &str = r#"{ on = "day_end", store = "kv", op = "put", key = "ai_daily_summary:{day}" }"#;

fn writes(toml: &str, overrides: &[&str]) -> f64 {
    mean(&answer(&model_with(toml, overrides)), "kv.writes")
}

#[test]
fn every_midnight_has_one_summary_with_or_without_plans() {
    let toml = text("per_day = 4", "10d", 1, DAILY);
    assert_eq!(writes(&toml, &[]), 10.0);
    assert_eq!(writes(&toml, &["run.start=2026-02-16T06:00:00Z"]), 10.0, "from the first to the tenth midnight");
    assert_eq!(writes(&toml, &["run.horizon=6h"]), 1.0, "the midnight that it starts at");
    assert_eq!(writes(&toml, &["run.horizon=6h", "run.start=2026-02-16T06:00:00Z"]), 0.0);
    assert_eq!(writes(&toml, &["run.warmup=3d"]), 7.0, "those of the warm-up are not recorded");
    let silent = format!("{toml}\n[[traffic.user.spike]]\nat = \"0s\"\nfor = \"10d\"\nfactor = 0\n");
    let answer = answer(&model(&silent));
    assert_eq!((mean(&answer, "plans.offered"), mean(&answer, "kv.writes")), (0.0, 10.0));
}

#[test]
fn a_summary_at_midnight_uses_the_quota_of_the_new_day() {
    // Four plans a day from 00:00, one write each, and a quota of four: the summary takes the place of one of them.
    let rows = format!("{{ on = \"response\", store = \"kv\", op = \"put\", key = \"log:{{log}}\" }}, {DAILY}");
    let toml = text("per_day = 4", "10d", 1, &rows);
    let answer = answer(&model_with(&toml, &["store.kv.quota.writes.limit=4"]));
    assert_eq!((mean(&answer, "kv.writes"), mean(&answer, "kv.writes_rejected_quota")), (40.0, 10.0));
    assert_eq!(mean(&answer, "kv.writes.family.ai_daily_summary"), 10.0);
}

#[test]
fn the_end_of_a_plan_comes_once_and_knows_how_the_plan_went() {
    let row = |when: &str, key: &str| {
        format!("{{ on = \"plan_end\", when = \"{when}\", store = \"kv\", op = \"put\", key = \"{key}:{{session}}\" }}")
    };
    let rows = [row("always", "all"), row("error", "bad"), row("normal", "good"), row("critical", "critical")];
    let toml = text("per_day = 10", "2d", 3, &rows.join(", "));
    let families = |answer: &Answer| {
        ["all", "bad", "good", "critical"].map(|family| mean(answer, &format!("kv.writes.family.{family}")))
    };
    assert_eq!(families(&answer(&model(&toml))), [20.0, 0.0, 20.0, 0.0]);
    // An abandoned first call ends its plan; what the end of a plan says is still said once.
    let failing = model_with(&toml, &["provider.ai.errors.parse_failure=1"]);
    assert_eq!(families(&answer(&failing)), [20.0, 20.0, 0.0, 0.0]);
    let only_errors = model_with(&toml, &["logging.level=errors_only"]);
    assert_eq!(families(&answer(&only_errors)), [0.0; 4]);
    assert_eq!(writes(&text("per_day = 10", "2d", 3, DAILY), &["logging.level=none"]), 0.0);
}

#[test]
fn the_end_of_a_plan_stands_in_its_invocation() {
    let row =
        |key: &str| format!("{{ on = \"plan_end\", store = \"cache\", op = \"put\", key = \"{key}:{{session}}\" }}");
    let rows = [row("a"), row("b"), row("c")].join(", ");
    let toml = text("per_day = 10", "1d", 3, &rows);
    let one = answer(&model_with(&toml, &["platform.subrequests_external=5"]));
    assert_eq!((mean(&one, "cache.writes"), mean(&one, "cache.writes_rejected_invocation")), (20.0, 10.0));
    let own = answer(&model_with(&toml, &["platform.subrequests_external=5", "workflow.plan.invocation=call"]));
    assert_eq!((mean(&own, "cache.writes"), mean(&own, "cache.writes_rejected_invocation")), (30.0, 0.0));
    let needs = explain(&model_with(&toml, &["platform.subrequests_external=5"])).invocations;
    assert_eq!((needs[0].needed, needs[0].at_call), (6, Some(3)));
}

#[test]
fn an_index_written_at_the_end_of_a_plan_leads_to_its_records() {
    let rows = r#"{ on = "request", store = "kv", op = "put", key = "log:{log}", role = "record" },
      { on = "response", store = "kv", op = "put", key = "log:{log}_response", role = "record" },
      { on = "plan_end", store = "kv", op = "get", key = "index", role = "index" },
      { on = "plan_end", store = "kv", op = "put", key = "index", role = "index" },
      { on = "plan_end", store = "kv", op = "put", key = "list:{session}", role = "session" }"#;
    // Ten sessions at four a day reach back two and a half days.
    let answer = answer(&model(&text("per_day = 4", "475h", 9, rows)));
    assert_eq!(mean(&answer, "logs.normal.reachable.24h"), 1.0);
    assert_eq!(mean(&answer, "logs.normal.reachable.3d"), 0.0);
    assert_eq!((mean(&answer, "kv.writes_per_plan"), mean(&answer, "kv.reads_per_plan")), (20.0, 1.0));
}

#[test]
fn the_combination_puts_each_log_where_it_belongs() {
    let toml = &free_with_service("combination", 10, 10);
    let good = answer(&model(toml));
    assert_eq!((mean(&good, "cache.writes"), mean(&good, "external.writes")), (1_800.0, 900.0));
    assert_eq!(mean(&good, "kv.writes"), 10.0, "the daily summary");
    assert_eq!(mean(&good, "logs.normal.written"), 1_800.0);
    assert_eq!(mean(&good, "invocation.subrequests.max"), 36.0, "nine attempts, nine posts, eighteen puts");
    // Every plan fails at its first call: its request is no error, its response is.
    let failing = answer(&model_with(toml, &["provider.ai.errors.parse_failure=1"]));
    assert_eq!((mean(&failing, "cache.writes"), mean(&failing, "external.writes")), (100.0, 100.0));
    assert_eq!(mean(&failing, "kv.writes"), 110.0);
    assert_eq!(mean(&failing, "logs.error.retrievable.7d"), 1.0, "for ever");
    assert_eq!(mean(&failing, "logs.normal.retrievable.3d"), 0.0, "a day");
}

#[test]
fn the_arithmetic_takes_the_summary_off_the_quota() {
    let rows = format!("{{ on = \"plan_end\", store = \"kv\", op = \"put\", key = \"plan:{{session}}\" }}, {DAILY}");
    let model = model_with(&text("per_day = 4", "10d", 9, &rows), &["store.kv.quota.writes.limit=10"]);
    let arithmetic = explain(&model);
    let writes = arithmetic.ceilings.iter().find(|ceiling| ceiling.limit == "kv.quota.writes").unwrap();
    assert_eq!(writes.plans_per_day, 9.0);
    assert_eq!(writes.because, "10 writes a day - 1 at the end of a day ÷ 1 a plan");
    assert_eq!((arithmetic.per_day[0].op.as_str(), arithmetic.per_day[0].count), ("writes", 1.0));
    // And the simulation carries those nine.
    let full = answer(&model_with(
        &text("per_day = 9", "10d", 9, &rows),
        &["store.kv.quota.writes.limit=10", "logging.on_error=fail_plan"],
    ));
    assert_eq!(mean(&full, "kv.writes_rejected_quota"), 0.0);
}
