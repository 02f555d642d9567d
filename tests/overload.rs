//! Overload answers: what the diagnostics page shows of them, how many there are by class, and users who come back.

use crate::common::{answer, answer_on, holds, mean, model, queued, shipped};
use capsim::math::special::normal_cdf;

/// The chance that a lognormal law with this median and 95 % quantile passes 12 s.
fn passes(limit: f64, median: f64, p95: f64) -> f64 {
    let sigma = (p95 / median).ln() / 1.644_853_626_951_472_2;
    normal_cdf((median / limit).ln() / sigma)
}

#[test]
fn soft_failures_are_those_of_the_formula_and_the_timeout_is_the_knob() {
    let metrics = ["class.user.plans.overloaded_fraction", "class.admin.plans.overloaded_fraction"];
    let shares =
        |limit: f64, tries: i32| [passes(limit, 12.5, 28.0).powi(tries), passes(limit, 15.6, 35.5).powi(tries)];
    let published = answer(&shipped("soft-failures.toml", &[]));
    for (metric, exact) in metrics.into_iter().zip(shares(12.0, 3)) {
        holds("three tries time out", &published, metric, exact, 0.0);
    }
    assert!(mean(&published, metrics[0]) <= 0.2 && (0.3..=0.4).contains(&mean(&published, metrics[1])));
    assert_eq!(mean(&published, "queue.ai.dropped"), 0.0);
    let longer = answer(&shipped("soft-failures.toml", &["provider.openai.request_timeout=20s"]));
    for (metric, exact) in metrics.into_iter().zip(shares(20.0, 3)) {
        holds("a longer timeout", &longer, metric, exact, 0.0);
    }
    let larger = answer(&shipped("soft-failures.toml", &["queue.ai.max_concurrency=8", "queue.ai.max_queue=128"]));
    for metric in metrics {
        assert_eq!(mean(&larger, metric), mean(&published, metric), "{metric}: a larger queue moves nothing");
    }
}

#[test]
fn the_page_is_blind_and_the_report_says_so() {
    let answer = answer(&shipped("diag-blind.toml", &["run.replications=4"]));
    assert_eq!(mean(&answer, "diagnostics.dropped"), 0.0);
    assert_eq!(mean(&answer, "diagnostics.samples"), 719.0);
    let (blind, overloaded) =
        (mean(&answer, "diagnostics.blind_fraction"), mean(&answer, "diagnostics.overloaded_fraction"));
    assert!(blind > 0.3 && blind <= overloaded, "{blind} of {overloaded}");
    let text = capsim::report::Report::of(&answer).text(capsim::report::Screen::PLAIN);
    assert!(text.contains("The diagnostics page shows 0 active"), "{text}");
    // A visit picks an isolate by chance: on average it shows a sixth of what is true.
    let share = mean(&answer, "diagnostics.active.mean") / mean(&answer, "diagnostics.true.active.mean");
    assert!((share * 6.0 - 1.0).abs() < 0.15, "{share}");
}

/// Visits see everything that has happened by their instant, and average waits over those admitted.
#[test]
fn the_page_counts_to_the_integer() {
    let text = r#"
[run]
horizon = "20s"
replications = 1
[traffic.user]
arrivals = { process = "batch", per_second = 0.1, size = 5 }
[workflow.plan]
steps = [{ name = "call", queue = "q" }]
[provider.p]
latency = "2s"
[queue.q]
max_concurrency = 1
max_queue = 3
[diagnostics]
at = ["AT"]
"#;
    // The first batch comes at some instant; the page of the last instant has seen it all.
    let answer = |at: &str| answer_on(&model(&text.replace("AT", at)), 1);
    let last = answer("19s");
    let shown = |metric: &str| mean(&last, metric);
    assert_eq!(shown("diagnostics.samples"), 1.0);
    assert_eq!(shown("diagnostics.dropped"), mean(&last, "queue.q.dropped"));
    assert_eq!(shown("diagnostics.active.mean"), shown("diagnostics.true.active.mean"));
}

/// Twenty thousand calls wait when the platform begins to refuse the attempts of whoever is granted a slot: one
/// refusal leads to the next, and none of it may grow the stack.
#[test]
fn a_long_queue_of_refused_attempts_is_worked_off_at_once() {
    let text = r#"
[run]
horizon = "10d"
replications = 1
[platform]
subrequests_external = 1
[traffic.user]
arrivals = { process = "batch", per_day = 60000, size = 60000 }
[workflow.plan]
steps = [{ name = "call", queue = "q", calls = 2, parallel = 2 }]
on_call_error = "continue"
[provider.p]
latency = "1s"
[queue.q]
max_concurrency = 1
discipline = "lifo"
"#;
    let answer = answer_on(&model(text), 1);
    assert!(mean(&answer, "attempts.subrequest_limited") > 20_000.0);
}

/// Every plan is turned away with probability p, whatever else happens, and its user comes back with probability c, at
/// most three times: a truncated geometric number of tries, (1 - (pc)⁴) / (1 - pc) on average.
#[test]
fn users_who_come_back_try_a_geometric_number_of_times() {
    let text = r#"
[run]
horizon = "10d"
replications = 20
seed = 3
[traffic.user]
arrivals = { process = "poisson", per_minute = 4 }
retry = { chance = 0.8, after = { dist = "exponential", mean = "20s" } }
[workflow.plan]
steps = [{ name = "call" }]
overload_on = ["server_error"]
[provider.p]
latency = "1s"
errors = { server_error = 0.6 }
"#;
    let answer = answer(&model(text));
    let pc: f64 = 0.6 * 0.8;
    // Those on their way at the end are 20 s of 10 days.
    holds("tries", &answer, "plans.tries_per_user", (1.0 - pc.powi(4)) / (1.0 - pc), 1e-4);
    holds("refusals", &answer, "plans.overloaded_fraction", 0.6, 0.0);
    let turned_away = mean(&answer, "plans.overloaded");
    let left = turned_away - mean(&answer, "plans.gave_up") - mean(&answer, "plans.returned");
    assert!((0.0..1.0).contains(&left), "{left} on their way");
    let none = answer_on(&model(&text.replace("chance = 0.8", "chance = 0")), 2);
    assert_eq!(mean(&none, "plans.returned"), 0.0);
}

/// One slot, calls of 10 s, three plans at once; their users leave after 15 s. The first is served by then, the second is
/// being served, the third waits.
#[test]
fn four_ways_to_get_no_answer_are_four_counts() {
    let text = |traffic: &str, queue: &str, provider: &str| {
        queued([
            "horizon = \"10d\"\nreplications = 1",
            &format!("arrivals = {{ process = \"batch\", per_day = 3, size = 3 }}\n{traffic}"),
            &format!("latency = \"10s\"\n{provider}"),
            &format!("max_concurrency = 1\n{queue}"),
        ])
    };
    let counts = |text: &str| {
        let answer = answer_on(&model(text), 1);
        let third = mean(&answer, "plans.offered") / 3.0;
        let share = |metric: &str| answer.mean(metric).map_or(0.0, |count| (count / third * 1000.0).round() / 1000.0);
        ["completed", "overloaded", "abandoned", "call_failed", "left", "left_completed"]
            .map(|end| share(&format!("plans.{end}")))
    };
    assert_eq!(counts(&text("", "", "")), [3.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(counts(&text("", "max_queue = 1", "")), [2.0, 1.0, 0.0, 0.0, 0.0, 0.0], "refused");
    assert_eq!(counts(&text("", "patience = \"15s\"", "")), [2.0, 0.0, 1.0, 0.0, 0.0, 0.0], "gave up waiting");
    assert_eq!(counts(&text("", "", "request_timeout = \"9s\"")), [0.0, 0.0, 0.0, 3.0, 0.0, 0.0], "timed out running");
    let arrival = "request_timeout = \"25s\"\ntimeout_from = \"arrival\"";
    assert_eq!(counts(&text("", "", arrival)), [2.0, 0.0, 0.0, 1.0, 0.0, 0.0], "the third has 5 s left");
    let leaves = "leaves_after = \"15s\"";
    assert_eq!(counts(&text(leaves, "", "")), [1.0, 0.0, 0.0, 0.0, 2.0, 2.0], "left, and served for nobody");
    let cancel = "leaves_after = \"15s\"\non_leave = \"cancel\"";
    assert_eq!(counts(&text(cancel, "", "")), [1.0, 0.0, 0.0, 0.0, 2.0, 0.0], "left, and the third not begun");
}

/// A user leaves after an exponential time of mean L, the plan takes one of mean S: whichever clock rings first
/// decides, so the share S / (S + L) leaves.
#[test]
fn the_share_that_leaves_is_that_of_two_clocks() {
    let text = r#"
[run]
horizon = "10d"
replications = 20
seed = 5
[traffic.user]
arrivals = { process = "poisson", per_minute = 6 }
leaves_after = { dist = "exponential", mean = "60s" }
[workflow.plan]
steps = [{ name = "call" }]
[provider.p]
latency = { dist = "exponential", mean = "20s" }
"#;
    let answer = answer(&model(text));
    holds("two clocks", &answer, "plans.failed_fraction", 20.0 / 80.0, 0.0);
    let ended = mean(&answer, "plans.completed") + mean(&answer, "plans.left") + mean(&answer, "plans.in_flight");
    assert!((ended - mean(&answer, "plans.offered")).abs() < 1e-6);
}

/// A limit that follows the provider: at its top while all goes well, at its bottom while nothing does.
#[test]
fn an_adaptive_limit_finds_both_ends() {
    let text = |adaptive: &str, latency: &str| {
        queued([
            "horizon = \"12h\"\nwarmup = \"1h\"\nreplications = 3",
            "arrivals = { process = \"poisson\", per_second = 3 }",
            &format!("latency = {latency}\nrequest_timeout = \"5s\""),
            &format!("max_concurrency = 8\nmax_queue = 20\n{adaptive}"),
        ])
    };
    let adaptive = "adaptive = { min = 2 }";
    let good = answer_on(&model(&text(adaptive, "\"2s\"")), 2);
    let plain = answer_on(&model(&text("", "\"2s\"")), 2);
    assert_eq!(mean(&good, "queue.q.limit.mean"), 8.0);
    for metric in ["plans.completed", "queue.q.dropped", "queue.q.wait.mean", "queue.q.utilisation"] {
        assert_eq!(mean(&good, metric), mean(&plain, metric), "{metric}");
    }
    let bad = answer_on(&model(&text(adaptive, "\"6s\"")), 2);
    assert_eq!(mean(&bad, "queue.q.limit.mean"), 2.0);
    // Two slots that are cut every 5 s are always busy.
    assert!((mean(&bad, "queue.q.utilisation") - 1.0).abs() < 1e-3);
}

/// What a gradient does with 300 calls that come a millisecond apart, 12 slots, and a provider that takes longer the more
/// it has in flight: mean and longest time of a call, and the mean limit over `horizon` seconds, event by event.
fn with_a_gradient([allowance, tolerance, smoothing]: [f64; 3], window: u64, load: f64, horizon: f64) -> [f64; 3] {
    let (mut limit, mut long_run, mut answers) = (12.0_f64, 0.0, 0_u64);
    let (mut waiting, mut flight) = (std::collections::VecDeque::new(), Vec::<(f64, f64, f64)>::new());
    let (mut now, mut area, mut times) = (0.0, 0.0, Vec::new());
    let mut arrivals = (0..300).map(|n| f64::from(n) / 1e3).peekable();
    loop {
        let first = flight.iter().enumerate().min_by(|a, b| a.1.0.total_cmp(&b.1.0)).map(|(at, call)| (at, call.0));
        let next = match (first, arrivals.peek()) {
            (Some((_, end)), Some(&at)) => end.min(at),
            (Some((_, end)), None) => end,
            (None, Some(&at)) => at,
            (None, None) => break,
        };
        area += (next - now) * limit.floor();
        now = next;
        match first.filter(|(_, end)| *end == now) {
            Some((at, _)) => {
                let (_, began, arrived) = flight.remove(at);
                times.push(now - arrived);
                let took = now - began;
                answers = (answers + 1).min(window);
                long_run += (took - long_run) / answers as f64;
                long_run *= if long_run > 2.0 * took { 0.95 } else { 1.0 };
                let aim = limit * (tolerance * long_run / took).clamp(0.5, 1.0) + allowance;
                limit = (limit + smoothing * (aim - limit)).clamp(1.0, 12.0);
            }
            None => waiting.push_back(arrivals.next().unwrap()),
        }
        while flight.len() < limit as usize
            && let Some(arrived) = waiting.pop_front()
        {
            flight.push((now + 1.9973 * (1.0 + load * flight.len() as f64), now, arrived));
        }
    }
    area += (horizon - now) * limit.floor();
    [times.iter().sum::<f64>() / 300.0, times.iter().fold(0.0, |a: f64, b| a.max(*b)), area / horizon]
}

#[test]
fn a_gradient_follows_a_provider_that_slows_down_under_load() {
    let run = |[allowance, tolerance, smoothing]: [f64; 3], window: u64, load: f64| {
        let text = queued([
            "horizon = \"2h\"\nreplications = 2",
            "arrivals = { process = \"deterministic\", per_second = 1000 }\nspike = [{ at = \"300ms\", for = \"3h\", factor = 0 }]",
            &format!("latency = \"1.9973s\"\nload = {{ per_in_flight = {load} }}"),
            &format!(
                "max_concurrency = 12\nadaptive = {{ kind = \"gradient\", allowance = {allowance}, tolerance = {tolerance}, smoothing = {smoothing}, window = {window} }}"
            ),
        ]);
        let found = answer_on(&model(&text), 1);
        ["plan.latency.mean", "plan.latency.max", "queue.q.limit.mean"].map(|metric| mean(&found, metric))
    };
    for (rules, window, load) in [
        ([1.0, 1.0, 0.2], 50, 0.3),
        ([2.0, 1.0, 0.5], 600, 0.1),
        ([0.5, 1.1, 1.0], 200, 0.5),
        ([1.0, 1.5, 0.2], 600, 2.0),
        ([1.0, 1.0, 0.2], 50, 0.0),
    ] {
        let (found, exact) = (run(rules, window, load), with_a_gradient(rules, window, load, 7_200.0));
        for (found, exact) in found.into_iter().zip(exact) {
            assert!((found - exact).abs() < 1e-6 * exact, "{rules:?}: {found}, event by event {exact}");
        }
        // Where nothing slows down, nothing is taken.
        assert_eq!(found[2] == 12.0, load == 0.0, "{rules:?}: {found:?}");
    }
}

/// Reserved slots without waiting places: users have at most c - r slots, and everybody together c. Such a set of states
/// has a product form, whatever the law of service: P(u, a) is proportional to x^u/u! · y^a/a! over it, and Poisson
/// arrivals see it.
#[test]
fn reserved_slots_are_a_loss_system_in_product_form() {
    let (slots, reserved, users, admins) = (6_u32, 2_u32, 4.0_f64, 1.5_f64);
    let text = format!(
        r#"
[run]
horizon = "12h"
warmup = "1h"
replications = 20
seed = 6
[traffic.user]
arrivals = {{ process = "poisson", per_second = {users} }}
[traffic.admin]
arrivals = {{ process = "poisson", per_second = {admins} }}
[workflow.plan]
steps = [{{ name = "call", queue = "q" }}]
[provider.p]
latency = {{ dist = "lognormal", mean = "1s", cv = 1.5 }}
[queue.q]
max_concurrency = {slots}
max_queue = 0
reserved = {{ admin = {reserved} }}
"#
    );
    let answer = answer(&model(&text));
    let term = |load: f64, n: u32| (1..=n).fold(1.0, |term, i| term * load / f64::from(i));
    let (mut all, mut no_user, mut no_admin) = (0.0, 0.0, 0.0);
    for u in 0..=slots - reserved {
        for a in 0..=slots - u {
            let weight = term(users, u) * term(admins, a);
            all += weight;
            no_user += if u == slots - reserved || u + a == slots { weight } else { 0.0 };
            no_admin += if u + a == slots { weight } else { 0.0 };
        }
    }
    holds("reserved, users", &answer, "class.user.queue.q.drop_fraction", no_user / all, 0.0);
    holds("reserved, admins", &answer, "class.admin.queue.q.drop_fraction", no_admin / all, 0.0);
}
