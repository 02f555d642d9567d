//! What a change does, told as short stories that can be followed by hand: a plan a second, its change at 50 s, and the
//! end after 100 s; everything happens on whole seconds.

use crate::common::{answer, holds, mean, model};
use capsim::theory::erlang;

/// What happens, the keys of its step, the rest of its model, what is set at 50 s, and what comes of it.
type Story = (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, f64)]);

const STORIES: &[Story] = &[
    (
        // Open for 10 s at 4, 14, 24, 34 and 44; at 54, 74 and 94 for 20 s. Five are sent, then one each time.
        "a breaker stays open for longer the next time it opens",
        "",
        "[provider.p]\nlatency = \"0s\"\nerrors = { server_error = 1 }\n[breaker.p]\nreset_timeout = \"10s\"",
        "\"breaker.p.reset_timeout\" = \"20s\"",
        &[("breaker.p.trips", 8.0), ("breaker.p.refused", 88.0)],
    ),
    (
        // Failures begin at 50: two, and one each at 61, 71, 81 and 91.
        "a breaker opens after two failures instead of five",
        "",
        "[provider.p]\nlatency = \"0s\"\n[breaker.p]\nreset_timeout = \"10s\"",
        "\"provider.p.errors.server_error\" = 1, \"breaker.p.fail_max\" = 2",
        &[("breaker.p.trips", 5.0), ("breaker.p.refused", 44.0)],
    ),
    (
        "two attempts, then four",
        "",
        "[provider.p]\nlatency = \"0s\"\nerrors = { server_error = 1 }\n[retry.p]\nmax = 1\nbackoff = { kind = \"none\" }",
        "\"retry.p.max\" = 3",
        &[("attempts.made", 300.0)],
    ),
    (
        // The slot is held while the call waits: 100 ms of each second, then 400 ms.
        "a longer wait before the retry",
        ", queue = \"q\"",
        "[provider.p]\nlatency = \"0s\"\nerrors = { server_error = 1 }\n[queue.q]\nmax_concurrency = 1\n\
         [retry.p]\nmax = 1\nbackoff = { kind = \"constant\", base = \"100ms\", jitter = \"none\" }",
        "\"retry.p.backoff.base\" = \"400ms\"",
        &[("queue.q.active.mean", 0.25)],
    ),
    (
        // The attempt of 49 is under way and answered at 51; those of 50 to 98 are cut before the end.
        "a timeout is that of the start of the attempt",
        "",
        "[provider.p]\nlatency = \"2s\"\nrequest_timeout = \"3s\"",
        "\"provider.p.request_timeout\" = \"1s\"",
        &[("attempts.timed_out", 49.0), ("attempts.succeeded", 50.0)],
    ),
    (
        // Attempts of 3 s fill three slots. Of two, both are taken at 50, 53, …, 98.
        "a slot less at the provider",
        "",
        "[provider.p]\nlatency = \"3s\"\nmax_concurrency = 3",
        "\"provider.p.max_concurrency\" = 2",
        &[("attempts.rate_limited", 17.0)],
    ),
    (
        // The bucket of one token fills in a second, then in two: 51, 53, …, 99 find it half full.
        "half the requests a minute",
        "",
        "[provider.p]\nlatency = \"0s\"\nrequests_per_minute = 60\nlimit_burst = \"1s\"",
        "\"provider.p.requests_per_minute\" = 30",
        &[("attempts.rate_limited", 25.0)],
    ),
    (
        "an outage that lasts for longer than was foreseen",
        "",
        "[provider.p]\nlatency = \"0s\"\noutage = { at = \"45s\", for = \"10s\" }",
        "\"provider.p.outage.for\" = \"20s\"",
        &[("attempts.errored", 20.0)],
    ),
    (
        // Nothing lasts for 3 s; a second after 50, 51, …, 98 a hedge goes out.
        "hedges are sent sooner",
        "",
        "[provider.p]\nlatency = \"2s\"\n[hedge.p]\nafter = \"3s\"",
        "\"hedge.p.after\" = \"1s\"",
        &[("hedge.p.sent", 49.0)],
    ),
    (
        // Ten are saved at the start; then every second call pays for one.
        "a budget of retries that calls pay into",
        "",
        "[provider.p]\nlatency = \"0s\"\nerrors = { server_error = 1 }\n\
         [retry.p]\nmax = 1\nbackoff = { kind = \"none\" }\nbudget = { ratio = 0, burst = 10 }",
        "\"retry.p.budget.ratio\" = 0.5",
        &[("attempts.retried", 35.0)],
    ),
    (
        // Computed at 0, 10, …, 50, and at 55, 60, …, 95.
        "what is cached lives half as long",
        ", lookup = \"t\"",
        "[tiers.t]\nkeys = { law = \"same\" }\ncompute = \"0s\"\ntier = [{ name = \"memory\", ttl = \"10s\" }]",
        "\"tiers.t.tier.memory.ttl\" = \"5s\"",
        &[("tiers.t.computed", 15.0)],
    ),
    (
        // One operation at a time: 50, 53, …, 98 are done, and those between refused.
        "a database takes three times as long",
        ", d1 = \"db\"",
        "[d1.db]\nlatency = \"1s\"\nmax_queue = 1",
        "\"d1.db.latency\" = \"3s\"",
        &[("d1.db.ops_overloaded", 33.0)],
    ),
    (
        "a limiter admits thirty more",
        ", limiter = \"l\"",
        "[limiter.l]\npeople = { law = \"same\" }\nper_day = 30\n[store.kv]\nkind = \"kv\"",
        "\"limiter.l.per_day\" = 60",
        &[("limiter.l.admitted", 60.0), ("limiter.l.refused", 40.0)],
    ),
    (
        "three isolates where one was enough",
        "",
        "[provider.p]\nlatency = \"0s\"\n[isolates]\nmin = 1",
        "\"isolates.min\" = 3",
        &[("isolates.alive.mean", 2.0), ("isolates.started", 3.0)],
    ),
];

fn told(run: &str, step: &str, sections: &str, change: &str) -> String {
    format!(
        "[run]\nhorizon = \"100s\"\n{run}\n[traffic.user]\narrivals = {{ process = \"deterministic\", per_second = 1 }}\n\
         [workflow.plan]\nsteps = [{{ name = \"call\"{step} }}]\n{sections}\n[[change]]\n{change}\n"
    )
}

#[test]
fn every_change_does_what_it_says() {
    for (what, step, sections, set, expected) in STORIES {
        let change = format!("at = \"50s\"\nset = {{ {set} }}");
        let text = told("replications = 1", step, sections, &change);
        let answer = answer(&model(&text));
        for (metric, exact) in *expected {
            let found = mean(&answer, metric);
            assert!((found - exact).abs() < 1e-9, "{what}: {metric} is {found} and not {exact}");
        }
    }
}

/// Two isolates, each of which sees the change at a time U of its own, uniform in the 100 s. Plan k lands on either
/// and finds it there with k in 100: 49.5 of 100 plans do. The number of those that do varies by (100²/12)/2 for the two
/// times, and by a quarter for each second between them, of which there are 33 on average: 425 in all. The mean of 400
/// replications is within 2.58 · √(425/400) = 2.66 with 99 %.
#[test]
fn half_of_the_plans_find_a_change_that_is_on_its_way_all_the_time() {
    let run = "replications = 400\nseed = 5\n[platform]\nisolates = 2";
    let change = |set: &str| format!("at = \"1ns\"\nevery = \"100s\"\nset = {{ {set} }}");
    // Beside it, at the same instant, what all have at once: the provider begins to fail.
    let failing = "[provider.p]\nlatency = \"0s\"\n[retry.p]\nmax = 0\nbackoff = { kind = \"none\" }\n\
                   [[change]]\nat = \"1ns\"\nset = { \"provider.p.errors.server_error\" = 1 }";
    let retried = answer(&model(&told(run, "", failing, &change("\"retry.p.max\" = 1"))));
    let found = mean(&retried, "attempts.retried");
    assert!((found - 49.5).abs() < 2.66, "{found} retries");
    let logs = "[provider.p]\nlatency = \"0s\"\n[store.kv]\nkind = \"kv\"\n[logging]\nstrategy = \"custom\"\n\
                ops = [{ on = \"request\", store = \"kv\", op = \"put\", key = \"log:{log}\", role = \"record\" }]";
    let logged = answer(&model(&told(run, "", logs, &change("\"logging.level\" = \"none\""))));
    let found = mean(&logged, "kv.writes");
    assert!((found - 50.5).abs() < 2.66, "{found} writes");
}

#[test]
fn the_report_shows_defaults_inside_catalogues_and_processes() {
    let keys = "[tiers.t]\nkeys = { law = \"zipf\", count = 10 }\ncompute = \"1s\"\ntier = [{ name = \"memory\" }]\n\
                [traffic.week]\narrivals = { process = \"profile\", per_day = 100 }";
    let set = "\"tiers.t.keys.s\" = 2, \"traffic.week.arrivals.timezone\" = \"Europe/Sofia\"";
    let text = told("replications = 1", ", lookup = \"t\"", keys, &format!("at = \"50s\"\nset = {{ {set} }}"));
    let settings = answer(&model(&text)).settings;
    let found: Vec<_> = settings.iter().map(|s| (s.path.as_str(), s.value.as_str(), s.source.as_str())).collect();
    let expected = [
        ("tiers.t.keys.s", "1", "default"),
        ("tiers.t.keys.s", "2", "kv"),
        ("traffic.week.arrivals.timezone", "UTC", "default"),
        ("traffic.week.arrivals.timezone", "Europe/Sofia", "kv"),
    ];
    assert_eq!(found, expected);
}

/// An isolate that starts in the place of another has what holds then, though the other never had it: Erlang B.
#[test]
fn who_starts_reads_what_holds() {
    let text = |set: &str| {
        format!(
            "[run]\nhorizon = \"150m\"\nwarmup = \"63m\"\nreplications = 20\n\
             [traffic.user]\narrivals = {{ process = \"poisson\", per_second = 1 }}\n\
             [traffic.vip]\narrivals = {{ process = \"deterministic\", per_day = 1 }}\n\
             [workflow.plan]\nsteps = [{{ name = \"call\", queue = \"q\" }}]\n\
             [provider.p]\nlatency = {{ dist = \"exponential\", mean = \"2s\" }}\n\
             [queue.q]\nmax_concurrency = 3\nmax_queue = 0\nreserved = {{ vip = 1 }}\n\
             [isolates]\nmin = 1\nmax = 1\ndeploys = {{ at = [\"61m\"] }}\n\
             [[change]]\nat = \"1h\"\nevery = \"36000d\"\nset = {{ {set} }}\n"
        )
    };
    for (set, slots) in [("\"queue.q.max_concurrency\" = 8", 7), ("\"queue.q.reserved.vip\" = 2", 1)] {
        let answer = answer(&model(&text(set)));
        holds(set, &answer, "class.user.queue.q.drop_fraction", erlang::erlang_b(slots, 2.0), 0.0);
    }
}
