//! Readers: what they see from where, and what the admin page does to the store.

use crate::common::{ONE_CALL, answer, holds, logged, mean, model, model_with, shipped};
use capsim::experiment::explain;

/// Plans of one call that writes one record as its request; `more` follows.
fn text(arrivals: &str, horizon: &str, store: &str, more: &str) -> String {
    let run = format!("horizon = \"{horizon}\"\nstart = \"2026-02-16T00:00:00Z\"\nreplications = 1");
    let row = r#"{ on = "request", store = "kv", op = "put", key = "log:{log}", role = "record" }"#;
    logged(&run, ONE_CALL, &format!("process = \"deterministic\", {arrivals}"), store, row) + more
}

const CLEANUP: &str = "[reader.admin]\ncleanup_every = \"1d\"\ncleanup_age = \"5d\"\n";

#[test]
fn a_cleanup_keeps_the_store_at_its_age() {
    // Ten records a day, the first at 00:00. From midnight 5 on each run deletes those of a day five days earlier, of
    // which the one written at that very midnight is just old enough.
    let store = "kind = \"kv\"\nstorage = { limit = \"1GB\" }";
    let answer = answer(&model(&text("per_day = 10", "20d", store, CLEANUP)));
    assert_eq!((mean(&answer, "reader.admin.cleanups"), mean(&answer, "reader.admin.cleanups_stopped")), (19.0, 0.0));
    assert_eq!(mean(&answer, "reader.admin.deleted"), 141.0, "the first, then ten on each of 14 midnights");
    assert_eq!((mean(&answer, "kv.deletes"), mean(&answer, "kv.lists")), (141.0, 19.0));
    assert_eq!(mean(&answer, "logs.normal.cleaned"), 141.0);
    assert_eq!(mean(&answer, "logs.alive.end"), 59.0);
    assert_eq!(mean(&answer, "kv.stored.end"), 59_000.0);
    assert_eq!(mean(&answer, "reader.admin.overdue.end"), 10.0, "since the last midnight, with the one at its end");
}

#[test]
fn a_cleanup_stops_at_the_delete_quota_and_leaves_the_rest() {
    let store = "kind = \"kv\"\nquota.deletes = { limit = 4 }";
    let answer = answer(&model(&text("per_day = 10", "20d", store, CLEANUP)));
    // One delete at midnight 5, four on each of the 14 after it; ten more grow too old each day.
    assert_eq!(mean(&answer, "kv.deletes"), 57.0);
    assert_eq!(mean(&answer, "reader.admin.cleanups_stopped"), 14.0);
    assert_eq!(mean(&answer, "kv.deletes_rejected_quota"), 14.0);
    assert_eq!(mean(&answer, "reader.admin.overdue.end"), 151.0 - 57.0);
    assert_eq!(mean(&answer, "logs.alive.end"), 200.0 - 57.0);
    assert_eq!(mean(&answer, "logs.normal.cleaned") + mean(&answer, "logs.normal.alive"), 200.0);
}

#[test]
fn an_export_lists_and_reads_every_record() {
    let chores = "[reader.admin]\nexport_every = \"1d\"\nget_every = \"6h\"\n";
    let answer = answer(&model(&text("per_day = 600", "4d", "kind = \"kv\"\nttl = \"2d\"", chores)));
    // At midnight 1 with the record of that instant; at 2 and 3 those of two days, in two lists.
    let exported = 601.0 + 1_200.0 + 1_200.0;
    assert_eq!(mean(&answer, "kv.lists"), 1.0 + 2.0 + 2.0);
    assert_eq!(mean(&answer, "kv.reads"), exported + 15.0);
    assert_eq!(mean(&answer, "reader.admin.gets"), 15.0);
}

#[test]
fn a_chore_that_takes_longer_than_its_interval_is_skipped() {
    let chores = "[reader.admin]\nexport_every = \"1h\"\n";
    let store = "kind = \"kv\"\nlatency.get = \"60s\"\nlatency.list = \"0s\"";
    let answer = answer(&model(&text("per_hour = 100", "5h", store, chores)));
    // At 1 h a hundred records take 100 minutes; at 2 h it is still at it; at 3 h the next begins, for 300 minutes.
    assert_eq!((mean(&answer, "reader.admin.exports"), mean(&answer, "reader.admin.exports_skipped")), (2.0, 2.0));
}

#[test]
fn another_region_sees_a_write_late_and_a_cache_not_at_all() {
    let readers = "region = \"sofia\"\n[reader.far]\nregion = \"usa\"\n[reader.near]\nregion = \"sofia\"\n";
    let store = "kind = \"kv\"\nstaleness = \"40s\"\nttl = \"10h\"";
    let toml = text("per_hour = 50", "10d", store, readers);
    let of = |answer: &_, who: &str, age: &str| mean(answer, &format!("reader.{who}.logs.normal.retrievable.{age}"));
    let kv = answer(&model_with(&toml, &["run.replications=10"]));
    // Half of the events are responses, which this table does not log. Of the others a share of 10/40 is in sight
    // after ten seconds.
    holds("staleness", &kv, "reader.far.logs.normal.retrievable.10s", 0.5 * 10.0 / 40.0, 0.0);
    assert_eq!((of(&kv, "near", "10s"), of(&kv, "far", "1m"), of(&kv, "far", "1h")), (0.5, 0.5, 0.5));
    assert_eq!((of(&kv, "near", "24h"), of(&kv, "far", "24h")), (0.0, 0.0));
    let toml = text("per_hour = 50", "10d", "kind = \"cache\"\nttl = \"10h\"", readers);
    let cache = answer(&model_with(&toml, &["run.replications=10"]));
    assert_eq!((of(&cache, "near", "1h"), of(&cache, "far", "1h")), (0.5, 0.0));
    assert_eq!(of(&cache, "near", "1h"), mean(&cache, "logs.normal.retrievable.1h"));
}

/// Two regions take turns of `gap` seconds to write the index, each having read it.
fn two_regions(staleness: &str, gap: u32) -> String {
    let index = r#"{ on = "request", store = "kv", op = "get", key = "index", role = "index" },
      { on = "request", store = "kv", op = "put", key = "index", role = "index" }]"#;
    let toml = text("per_day = 1", "1000s", &format!("kind = \"kv\"\nstaleness = \"{staleness}\""), "");
    let toml = toml.replace("}]\n[traffic", &format!("}}, {index}\n[traffic"));
    let class = |name: &str, first: u32| {
        format!(
            "[traffic.{name}]\nregion = \"{name}\"\narrivals = {{ process = \"deterministic\", per_hour = {} }}\n\
             [[traffic.{name}.spike]]\nat = \"0s\"\nfor = \"{}s\"\nfactor = 0\n",
            3600 / (2 * gap),
            first.max(1)
        )
    };
    toml.replace("[traffic.user]\narrivals = { process = \"deterministic\", per_day = 1 }\n", "")
        + &class("sofia", 0)
        + &class("usa", gap)
}

#[test]
fn two_regions_that_write_one_index_lose_entries() {
    let lost = |staleness: &str| mean(&answer(&model(&two_regions(staleness, 10))), "logs.index.lost_updates");
    assert_eq!(lost("0s"), 0.0, "each sees what the other has written");
    // Each write renews the writer's own copy, 20 s before its next: it never sees what the other has written, and
    // writes over the entry that the other made in between.
    let all = lost("60s");
    assert!(all > 90.0, "{all}");
    assert_eq!(lost("15s"), 0.0, "the copy is stale before the next write");
}

#[test]
fn sofia_writes_and_the_usa_read() {
    let few = "run.replications=2";
    let hybrid = answer(&shipped("sofia-usa.toml", &[few]));
    let see = |answer: &_, who: &str, what: &str| mean(answer, &format!("reader.{who}.logs.{what}"));
    assert!(see(&hybrid, "sofia", "normal.retrievable.1h") > 0.99);
    assert_eq!(see(&hybrid, "usa", "normal.retrievable.1h"), 0.0, "the cache of Sofia is not theirs");
    assert_eq!(see(&hybrid, "usa", "error.retrievable.3d"), 1.0);
    let after_10s = see(&hybrid, "usa", "error.retrievable.10s");
    assert!(after_10s > 0.0 && after_10s < 0.5, "an hour later, not at once: {after_10s}");
    let cache =
        answer(&shipped("sofia-usa.toml", &[few, "logging.strategy=cache-only", "workflow.plan.invocation=call"]));
    assert!(see(&cache, "sofia", "normal.reachable.1h") > 0.5);
    assert_eq!(see(&cache, "usa", "normal.reachable.1h"), 0.0);
    let kv = answer(&shipped("sofia-usa.toml", &[few, "logging.strategy=kv-only", "platform.preset=cloudflare-paid"]));
    assert_eq!(see(&kv, "usa", "normal.reachable.1h"), see(&kv, "sofia", "normal.reachable.1h"));
}

#[test]
fn the_nightly_cleanup_keeps_up_on_the_paid_plan() {
    let paid = answer(&shipped("cleanup.toml", &["run.replications=2"]));
    assert_eq!(mean(&paid, "reader.admin.cleanups_stopped"), 0.0);
    assert!(mean(&paid, "reader.admin.overdue.end") < 1_000.0, "at most the last day's");
    assert!(mean(&paid, "logs.error.cleaned") > 0.0);
    let few = ["run.replications=2", "platform.preset=cloudflare-free", "store.kv.quota.deletes.limit=300"];
    let free = answer(&shipped("cleanup.toml", &few));
    assert!(mean(&free, "reader.admin.cleanups_stopped") > 20.0);
    assert!(mean(&free, "reader.admin.overdue.end") > 3_000.0);
}

/// Each record is deleted once, and read by every export for as long as it is there.
#[test]
fn the_arithmetic_counts_the_admin_page() {
    let of = |chores: &str, store: &str, per_day: u32| {
        let arithmetic = explain(&model(&text(&format!("per_day = {per_day}"), "40d", store, chores)));
        let plan = |op: &str| arithmetic.per_plan.iter().find(|row| row.op == op).map_or(0.0, |row| row.expected);
        let day = |op: &str| arithmetic.per_day.iter().find(|row| row.op == op).map_or(0.0, |row| row.count);
        [plan("reads"), plan("deletes"), day("reads"), day("lists")]
    };
    assert_eq!(of(CLEANUP, "kind = \"kv\"", 10), [0.0, 1.0, 0.0, 1.0]);
    assert_eq!(of(CLEANUP, "kind = \"kv\"\nttl = \"5d\"", 10), [0.0, 0.0, 0.0, 1.0], "they go by themselves");
    let export = "[reader.admin]\nexport_every = \"1d\"\nget_every = \"6h\"\n";
    // As in the test above: 1,200 records in two lists.
    assert_eq!(of(export, "kind = \"kv\"\nttl = \"2d\"", 600), [2.0, 0.0, 4.0, 2.0]);
}
