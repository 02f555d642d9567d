//! Laws are found again in what was drawn from them, with and without a timeout.

use super::{Fit, SHOWN, Sample, exponential, fit, gamma, lognormal, profile, weibull};
use crate::math::{exp, sqrt};
use crate::model::Measurements;
use crate::records::Durations;
use crate::streams::{LawSpec, Purpose, Shape, Source};
use crate::units::Span;
use proptest::prelude::*;

const DRAWS: usize = 20_000;

fn seconds(x: f64) -> Span {
    Span::from_secs_f64(x).unwrap()
}

/// So many draws from a law; what is as long as the timeout is cut off there.
fn drawn(law: &LawSpec, timeout: Option<Span>) -> Measurements {
    let compiled = law.compile().unwrap();
    let mut stream = Source::new(20_260_216, 0).stream("fit", Purpose::Latency, 0);
    let (mut answered, mut cut) = (Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        let takes = compiled.sample(stream.next());
        match timeout {
            Some(timeout) if takes >= timeout => cut.push(timeout),
            _ => answered.push(takes),
        }
    }
    Measurements { answered: answered.into_iter().collect(), cut: cut.into_iter().collect(), ..Measurements::default() }
}

fn laws() -> [(&'static str, LawSpec); 4] {
    let shape = |mean: f64, cv: f64| Shape::MeanCv { mean: seconds(mean), cv };
    [
        ("exponential", LawSpec::Exponential { mean: seconds(4.0) }),
        ("lognormal", LawSpec::Lognormal(shape(5.0, 0.7))),
        ("gamma", LawSpec::Gamma(shape(5.0, 0.5))),
        ("weibull", LawSpec::Weibull(shape(5.0, 0.4))),
    ]
}

/// The standard error of a quantile of so many draws: √(p(1 − p)/n) over the density there. An estimate by the law's
/// form, which knows more, has a smaller one; so four of them hold 0.9999 of the time at least.
fn error(law: &LawSpec, p: f64) -> f64 {
    let law = law.formulas().unwrap();
    let width = 1e-4;
    let density = 2.0 * width / (law.quantile(p + width) - law.quantile(p - width));
    sqrt(p * (1.0 - p) / DRAWS as f64) / density
}

fn has_quantiles(found: &Fit, law: &LawSpec, errors: f64) {
    let exact = law.formulas().unwrap();
    for (p, found) in SHOWN.into_iter().zip(found.laws[0].quantiles) {
        let off = (found - exact.quantile(p)) / error(law, p);
        assert!(off.abs() < errors, "p{p} of {law:?}: {off} standard errors off");
    }
}

#[test]
fn a_law_is_found_again() {
    for (name, law) in laws() {
        let found = fit(drawn(&law, None)).unwrap();
        has_quantiles(&found, &law, 4.0);
        let kind = std::mem::discriminant(&law);
        // An exponential law is a gamma and a Weibull law too, which may come out ahead by chance.
        assert!(name == "exponential" || std::mem::discriminant(&found.laws[0].law) == kind, "{name}");
        assert!(found.laws[0].gap < found.chance, "{name}: {}", found.laws[0].gap);
        assert_eq!(found.advised, found.laws[0].law);
        // All but the last half per cent is shown, and in each slot the law is as near to the data as chance allows: twice
        // the gap of the distribution functions, one at each end.
        let sum: f64 = found.spread.iter().map(|slot| slot.data).sum();
        assert!((0.995..0.996).contains(&sum), "{name}: {sum}");
        assert!(found.spread.iter().all(|slot| (slot.data - slot.law).abs() < 2.0 * found.chance), "{name}");
        for (p, observed) in SHOWN.into_iter().zip(found.observed) {
            let (value, (low, high)) = observed.map(|(value, ci)| (value, ci.unwrap())).unwrap();
            assert!(low <= value && value <= high);
            assert!((value - law.formulas().unwrap().quantile(p)).abs() < 4.0 * error(&law, p), "{name}");
        }
    }
}

/// A fifth is cut off, and what lies beyond is found by the form of the law. Of a normal sample cut at its 80th
/// percentile the information on mean and deviation leaves the 95th percentile 2.3 times the standard error that it has
/// in a whole sample (Cohen, Technometrics 3, 1961, table 3), which is under that of the quantile of a whole sample; the
/// other laws are alike. So five of those are ample.
#[test]
fn a_timeout_does_not_bend_the_law() {
    for (name, law) in laws() {
        let timeout = seconds(law.formulas().unwrap().quantile(0.8));
        let data = drawn(&law, Some(timeout));
        let quick = Measurements { cut: Durations::default(), ..data.clone() };
        let found = fit(data).unwrap();
        has_quantiles(&found, &law, 5.0);
        assert_eq!(found.observed[2], None, "nobody saw the 95th percentile");
        assert!(found.laws[0].gap < found.chance, "{name}");
        // Who leaves out what was cut off finds a law that is too quick.
        let median = |fit: &Fit| fit.laws.iter().map(|law| law.quantiles[0]).fold(0.0, f64::max);
        assert!(median(&fit(quick).unwrap()) < 0.93 * median(&found), "{name}");
    }
}

/// Of 200 samples with three tenths cut off, the intervals of both parameters of each law hold the right values in 95 %, give
/// or take 2.58 standard errors of a share of 200: 4 %. Who leaves out what was cut off is far off.
#[test]
fn intervals_hold_the_parameters() {
    for (name, law) in laws() {
        let timeout = seconds(law.formulas().unwrap().quantile(0.7));
        let compiled = law.compile().unwrap();
        let (mut held, mut all, mut blind) = (0, 0, 0);
        for seed in 0..200 {
            let mut stream = Source::new(seed, 0).stream("fit", Purpose::Latency, 0);
            let draws: Vec<Span> = (0..200).map(|_| compiled.sample(stream.next())).collect();
            let (cut, answered): (Vec<Span>, Vec<Span>) = draws.iter().partition(|span| **span >= timeout);
            let answered: Durations = answered.into_iter().collect();
            let cut = cut.iter().map(|_| timeout).collect();
            let whole = Measurements { answered, cut, ..Measurements::default() };
            let quick = Measurements { cut: Durations::default(), ..whole.clone() };
            let exact = |parameter: &profile::Parameter| {
                let formulas = law.formulas().unwrap();
                match (parameter.name, &law) {
                    ("mean", _) => formulas.mean(),
                    ("median", _) => formulas.quantile(0.5),
                    ("p95", _) => formulas.quantile(0.95),
                    (_, LawSpec::Gamma(Shape::MeanCv { cv, .. }) | LawSpec::Weibull(Shape::MeanCv { cv, .. })) => *cv,
                    other => panic!("{other:?}"),
                }
            };
            let holds = |data: &Measurements| {
                let sample = Sample::new(data);
                let best = match name {
                    "exponential" => exponential(&sample),
                    "lognormal" => lognormal(&sample),
                    "gamma" => gamma(&sample),
                    _ => weibull(&sample),
                };
                let found = profile::parameters(&best.unwrap().0, &sample);
                assert_eq!(found.len(), if name == "exponential" { 1 } else { 2 }, "{name} {seed}");
                found.iter().map(|one| one.ci95.0 <= exact(one) && exact(one) <= one.ci95.1).collect::<Vec<bool>>()
            };
            let of_whole = holds(&whole);
            held += of_whole.iter().filter(|holds| **holds).count();
            all += of_whole.len();
            if seed < 20 {
                blind += holds(&quick).iter().filter(|holds| **holds).count();
            }
        }
        let share = held as f64 / all as f64;
        assert!((share - 0.95).abs() < 0.04, "{name}: {share}");
        assert!(blind < 20, "{name}: {blind} of 40 without what was cut off");
    }
}

#[test]
fn quick_failures_beside_answers_are_two_laws() {
    let part = |median: f64, p95: f64| {
        LawSpec::Lognormal(Shape::Quantiles { low: (0.5, seconds(median)), high: (0.95, seconds(p95)) })
    };
    let law = LawSpec::Mixture { parts: vec![(0.1, part(0.1, 0.3)), (0.9, part(4.0, 11.0))] };
    for timeout in [None, Some(seconds(12.0))] {
        let found = fit(drawn(&law, timeout)).unwrap();
        has_quantiles(&found, &law, 4.0);
        let LawSpec::Mixture { parts } = &found.advised else { panic!("{:?}", found.advised) };
        // Four standard errors of a share: 4 · √(0.1 · 0.9 / 20,000).
        assert!((parts[0].0 - 0.1).abs() < 0.0085, "{parts:?}");
    }
}

#[test]
fn what_no_law_fits_is_taken_as_it_is() {
    let law = LawSpec::Uniform { min: seconds(2.0), max: seconds(3.0) };
    let found = fit(drawn(&law, None)).unwrap();
    assert!(found.laws[0].gap > found.chance);
    let LawSpec::Empirical { .. } = found.advised else { panic!("{:?}", found.advised) };
    let exact = found.advised.formulas().unwrap();
    for p in SHOWN {
        assert!((exact.quantile(p) - law.formulas().unwrap().quantile(p)).abs() < 4.0 * error(&law, p));
    }
}

#[test]
fn few_or_equal_answers_are_said_to_be() {
    let same = |n| Measurements { answered: std::iter::repeat_n(seconds(2.0), n).collect(), ..Measurements::default() };
    assert!(fit(same(9)).unwrap_err().contains("too few"));
    assert_eq!(fit(same(10)).unwrap().advised, LawSpec::Constant { value: seconds(2.0) });
}

proptest! {
    /// Another unit of time is another scale and nothing else; and nothing that can be measured has no answer.
    #[test]
    fn a_unit_changes_nothing(
        logs in prop::collection::vec(-4.0..4.0_f64, 10..80),
        cut in prop::option::of(-1.0..3.0_f64),
        scale in 1u64..1000,
    ) {
        let data = |scale: u64| {
            let span = |log: f64| Span::from_nanos((exp(log) * 1e6) as u64 * scale);
            let timeout = cut.map_or(Span::MAX, span);
            let (cut, answered): (Vec<Span>, Vec<Span>) = logs.iter().map(|log| span(*log)).partition(|s| *s >= timeout);
            let cut = cut.iter().map(|_| timeout).collect();
            Measurements { cut, answered: answered.into_iter().collect(), ..Measurements::default() }
        };
        let (one, other) = (fit(data(1)), fit(data(scale)));
        prop_assert_eq!(one.is_ok(), other.is_ok());
        if let (Ok(one), Ok(other)) = (one, other) {
            for (a, b) in one.laws.iter().zip(&other.laws) {
                prop_assert!(a.gap <= 1.0 && (a.gap - b.gap).abs() < 1e-3, "{a:?} {b:?}");
            }
            let (a, b) = (one.laws[0].quantiles[0] * scale as f64, other.laws[0].quantiles[0]);
            prop_assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
        }
    }
}
