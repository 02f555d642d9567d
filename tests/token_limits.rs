//! Limits of a provider that count tokens and units, held against stories worked out by hand and against closed forms.

use crate::common::{answer, mean, model};
use capsim::experiment::explain;

fn of(horizon: &str, arrivals: &str, steps: &str, rest: &str) -> capsim::model::Model {
    model(&format!(
        "[run]\nhorizon = \"{horizon}\"\nreplications = 5\nseed = 3\nstart = \"2026-02-16T00:00:00Z\"\n\
         [traffic.user]\narrivals = {{ {arrivals} }}\n[workflow.plan]\nsteps = [{steps}]\n{rest}"
    ))
}

fn of_one(provider: &str) -> capsim::model::Model {
    of("1d", EVEN, "{ name = \"ask\" }", provider)
}

const EVEN: &str = "process = \"deterministic\", per_hour = 1";

/// 97,050 of a day's 100,000 tokens are used and 3,619 asked for: 669 are missing, and flow in at 100,000 a day, which takes
/// 578.016 s. The client waits that long, as it is told, and is served for 2 s.
#[test]
fn a_days_tokens_flow_in_and_the_refusal_says_when() {
    let steps = "{ name = \"first\", tokens = 97_050 }, { name = \"then\", tokens = 3_619 }";
    let provider = "[provider.groq]\nlatency = \"2s\"\ntokens_per_day = 100_000\n\
        [retry.groq]\nmax = 1\nbackoff = { kind = \"none\" }";
    let found = answer(&of("1h", EVEN, steps, provider));
    assert_eq!(mean(&found, "plan.latency.mean"), 580.016);
    assert_eq!(mean(&found, "provider.groq.attempts.refused_by.tokens_per_day"), 1.0);
}

/// A request of 16,008 tokens, where a full bucket holds 9,000 and 150 flow in a second: it is refused each time and told
/// to come after (16,008 − 9,000) ÷ 150 = 46.72 s. Two retries wait for that, and nothing is ever taken from the bucket,
/// so that another request of all 9,000 passes meanwhile.
#[test]
fn a_request_larger_than_the_bucket_is_refused_each_time() {
    let steps = "{ name = \"large\", tokens = 16_008 }, { name = \"full\", tokens = 9_000 }";
    let alone = "{ name = \"large\", tokens = 16_008 }";
    let provider = "[provider.p]\nlatency = \"1s\"\ntokens_per_minute = 9_000\n\
        [retry.p]\nmax = 2\nbackoff = { kind = \"none\" }";
    let model = of("1h", EVEN, steps, provider);
    let found = answer(&model);
    assert_eq!(mean(&found, "provider.p.attempts.refused_by.request_too_large"), 3.0);
    assert_eq!(mean(&found, "attempts.succeeded"), 1.0);
    let goes_on = format!("on_call_error = \"continue\"\n{provider}");
    assert_eq!(mean(&answer(&of("1h", EVEN, alone, &goes_on)), "plan.latency.mean"), 2.0 * 46.72);
    let never = explain(&model).ceilings.into_iter().find(|c| c.limit == "provider.p.tokens_per_minute").unwrap();
    assert_eq!(never.plans_per_day, 0.0, "{}", never.because);
}

/// 10,000 neurons a day: 19 embeddings of 512; with a reply of 60 after each, 17 pairs (9,724) and then what still fits.
#[test]
fn a_quota_of_units_admits_what_fits() {
    let provider = "[provider.ai]\nlatency = \"1s\"\nquota = { limit = 10_000, of = \"units\" }";
    let embeds = of("3d", EVEN, "{ name = \"embed\", units = 512 }", provider);
    let found = answer(&embeds);
    assert_eq!(mean(&found, "plans.completed"), 3.0 * 19.0);
    assert_eq!(mean(&found, "provider.ai.quota.units.refused"), 3.0 * 5.0);
    assert_eq!(mean(&found, "provider.ai.quota.units.used_fraction"), 0.9728);
    // The twentieth, at 19:00, is the first that does not fit.
    assert_eq!(mean(&found, "provider.ai.quota.units.exhausted_at_hour"), 19.0);
    let ceiling = &explain(&embeds).ceilings[0];
    assert_eq!((ceiling.limit.as_str(), ceiling.plans_per_day), ("provider.ai.quota.units", 10_000.0 / 512.0));

    let steps = "{ name = \"embed\", units = 512 }, { name = \"reply\", units = 60, after = [\"embed\"] }";
    let both = answer(&of("1d", EVEN, steps, &format!("{provider}\n[logging]\nstrategy = \"none\"")));
    // 17 pairs leave 276: no embedding fits, and the plan ends without its reply.
    assert_eq!(mean(&both, "attempts.succeeded"), 34.0);
}

/// Of 8,000 output tokens a minute each request reserves 4,096 for 5 s and gives 3,796 back. `by_hand` plays the same bucket
/// on arrivals of its own; five days of 14,400 requests have a standard error of some 0.2 points, so 1 point is five of them.
#[test]
fn what_was_reserved_and_not_used_is_given_back() {
    let of = |unused: &str| {
        let provider = format!(
            "[provider.claude]\nlatency = \"5s\"\noutput_tokens_per_minute = 8_000\nmax_tokens = 4_096\n\
             usage = {{ input = 500, output = 300 }}\n{unused}"
        );
        let model = of("1d", "process = \"poisson\", per_minute = 10", "{ name = \"ask\" }", &provider);
        mean(&answer(&model), "plans.failed_fraction")
    };
    let provider = "[provider.claude]\nlatency = \"5s\"\noutput_tokens_per_minute = 8_000\nmax_tokens = 4_096\n\
        usage = { input = 500, output = 300 }";
    let arithmetic = explain(&of_one(provider));
    assert_eq!(
        arithmetic.ceilings[0].plans_per_day,
        8_000.0 * 1440.0 / 300.0,
        "in the long run only what is used counts"
    );
    assert!(arithmetic.leaves_out.iter().any(|line| line.starts_with("Reservations:")));
    let (given_back, lost) = (of(""), of("unused_tokens = \"lost\""));
    assert!((given_back - by_hand(3_796.0)).abs() < 0.01, "{given_back}");
    assert!((lost - by_hand(0.0)).abs() < 0.01, "{lost}");
    assert!((given_back - 0.215).abs() < 0.01 && (lost - 0.805).abs() < 0.01, "{given_back}, {lost}");
}

/// The share of 200,000 requests that such a bucket refuses, with numbers of a congruential generator.
fn by_hand(unused: f64) -> f64 {
    let mut state = 12_345_u64;
    let mut exponential = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        -(((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64).ln() * 6.0
    };
    let (mut level, mut now, mut refused) = (8_000.0_f64, 0.0, 0);
    let mut back = std::collections::VecDeque::new();
    let requests = 200_000;
    let mut last = 0.0;
    for _ in 0..requests {
        now += exponential();
        while back.front().is_some_and(|&at| at <= now) {
            let at: f64 = back.pop_front().unwrap();
            level = (level + (at - last) * 8_000.0 / 60.0).min(8_000.0);
            level = (level + unused).min(8_000.0);
            last = at;
        }
        level = (level + (now - last) * 8_000.0 / 60.0).min(8_000.0);
        last = now;
        if level >= 4_096.0 {
            level -= 4_096.0;
            back.push_back(now + 5.0);
        } else {
            refused += 1;
        }
    }
    f64::from(refused) / f64::from(requests)
}

/// Input and output are limited apart: 3,000 tokens a minute let six requests of 500 pass at once, 3,500 output tokens seven of
/// 500; a tenth of an hour later all is there again.
#[test]
fn input_and_output_are_limited_apart() {
    for (limits, passes, cause) in [
        ("input_tokens_per_minute = 3_000\noutput_tokens_per_minute = 3_500", 6.0, "input_tokens_per_minute"),
        ("input_tokens_per_minute = 9_000\noutput_tokens_per_minute = 3_500", 7.0, "output_tokens_per_minute"),
    ] {
        let provider = format!("[provider.p]\nlatency = \"1s\"\nusage = {{ input = 500, output = 500 }}\n{limits}");
        let found = answer(&of("1h", "process = \"batch\", size = 10, per_hour = 1", "{ name = \"ask\" }", &provider));
        let batches = mean(&found, "attempts.made") / 10.0;
        assert!((mean(&found, "plans.completed") - batches * passes).abs() < 1e-9);
        let refused = mean(&found, &format!("provider.p.attempts.refused_by.{cause}"));
        assert!((refused - batches * (10.0 - passes)).abs() < 1e-9);
    }
}
