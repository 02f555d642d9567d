//! The account's requests, the admin page and the bill together, worked out by hand.

use crate::common::{ONE_CALL, answer, logged, mean, model};
use capsim::experiment::explain;

/// A plan each 14.4 min for ten days, with two records in KV and one attempt at a tenth of a cent. The account has 60
/// requests a day; an hourly look at a record and a nightly cleanup after five days take theirs.
fn text() -> String {
    let rows = r#"{ on = "request", store = "kv", op = "put", key = "log:{log}", role = "record" },
      { on = "response", store = "kv", op = "put", key = "log:{log}_response", role = "record" }"#;
    let store = r#"kind = "kv"
quota.writes = { limit = 50, on_exceed = "bill", price_per_million = 1e6 }
quota.reads = { limit = 10, on_exceed = "bill", price_per_million = 1e6 }
quota.deletes = { limit = 90 }"#;
    let run = "horizon = \"10d\"\nstart = \"2026-02-16T00:00:00Z\"\nreplications = 1";
    let toml = logged(run, ONE_CALL, "process = \"deterministic\", per_day = 100", store, rows);
    let usage = "latency = \"0s\"\nusage = { input = 1000 }\nprices = { input_per_million = 1 }";
    toml.replace("latency = \"0s\"", usage)
        + "[platform]\nrequests = { limit = 60 }\nbase_price = 5\n\
           [reader.admin]\nget_every = \"1h\"\ncleanup_every = \"1d\"\ncleanup_age = \"5d\"\n"
}

/// On the first day the 60 requests are used up by 49 plans (the last at 11:31) and 11 looks. On each other day the
/// midnight has a plan, a look and a cleanup, and they are used up at 11:02 by 47 plans, 12 looks and the cleanup.
#[test]
fn requests_are_shared_by_plans_and_the_admin_page() {
    let found = answer(&model(&text()));
    let plans = 49.0 + 9.0 * 47.0;
    assert_eq!((mean(&found, "plans.completed"), mean(&found, "plans.overloaded")), (plans, 1_000.0 - plans));
    assert_eq!(mean(&found, "platform.requests"), 600.0);
    assert_eq!(mean(&found, "kv.reads"), 11.0 + 9.0 * 12.0);
    assert_eq!(mean(&found, "reader.admin.gets"), 23.0 + 9.0 * 24.0);
    assert_eq!(mean(&found, "reader.admin.gets_stopped"), 12.0 * 10.0);
    assert_eq!(mean(&found, "kv.lists"), 9.0);
    // Old enough are the first plan's records at midnight 5, 98 at midnight 6, 94 at each of three more; 90 may go.
    assert_eq!(mean(&found, "kv.deletes"), 2.0 + 4.0 * 90.0);
    assert_eq!(mean(&found, "reader.admin.cleanups_stopped"), 4.0);
    assert_eq!(mean(&found, "reader.admin.overdue.end"), 98.0 + 4.0 * 94.0 + 2.0 - 362.0);
    // Over the included amounts: 48 and nine times 44 writes, 1 and nine times 2 reads, at a dollar each; ten days
    // stand for a third of a month.
    let (writes, reads, tokens) = (48.0 + 9.0 * 44.0, 1.0 + 9.0 * 2.0, plans * 0.001);
    let month = 5.0 + 3.0 * (writes + reads + tokens);
    assert!((mean(&found, "cost.month") - month).abs() < 1e-9, "{} by hand {month}", mean(&found, "cost.month"));
    assert!((mean(&found, "cost.per_useful_plan") - month / (3.0 * plans)).abs() < 1e-9);
}

#[test]
fn the_arithmetic_takes_the_admin_page_off_the_requests() {
    let arithmetic = explain(&model(&text()));
    let of = |limit: &str| arithmetic.ceilings.iter().find(|ceiling| ceiling.limit == limit).unwrap();
    let requests = of("platform.requests");
    assert_eq!(
        (requests.plans_per_day, requests.because.as_str()),
        (35.0, "60 requests a day - 25 by the clock ÷ 1 a plan")
    );
    // Each of two records is deleted once.
    assert_eq!(of("kv.quota.deletes").plans_per_day, 45.0);
    // If every plan were carried: 200 writes a day, 150 over; 24 reads, 14 over.
    let dollars = |what: &str| arithmetic.month.iter().find(|charge| charge.what == what).unwrap().dollars;
    let charges = ["platform.base_price", "kv.quota.writes", "kv.quota.reads", "provider.ai.tokens"];
    let month = charges.map(|what| (dollars(what) * 1e6).round() / 1e6);
    assert_eq!(month, [5.0, 150.0 * 30.0, 14.0 * 30.0, 3.0]);
    assert_eq!(arithmetic.month.len(), 4);
}
