//! Laws as a model describes them: what is refused, and whether samples follow the formulas.

use super::*;
use crate::math::gamma::gamma_q;
use crate::math::sqrt;
use crate::units::Span;

const S: Span = Span::SECOND;
const N: usize = 100_000;

fn secs(seconds: f64) -> Span {
    Span::from_secs_f64(seconds).unwrap()
}

fn moments(cv: f64) -> Shape {
    Shape::MeanCv { mean: secs(4.2), cv }
}

fn mixture() -> LawSpec {
    let slow =
        LawSpec::Mixture { parts: vec![(1.0, LawSpec::Gamma(moments(0.5))), (0.0, LawSpec::Constant { value: S })] };
    LawSpec::Mixture { parts: vec![(7.0, LawSpec::Exponential { mean: S }), (3.0, slow)] }
}

fn continuous() -> Vec<LawSpec> {
    let (median, p95) = ((0.5, secs(4.0)), (0.95, secs(11.0)));
    let mut laws = vec![
        LawSpec::Exponential { mean: secs(0.7) },
        LawSpec::Uniform { min: S, max: secs(3.0) },
        LawSpec::Lognormal(Shape::Quantiles { low: median, high: p95 }),
        LawSpec::Gamma(Shape::Quantiles { low: median, high: p95 }),
        LawSpec::Weibull(Shape::Quantiles { low: median, high: p95 }),
        LawSpec::Empirical { quantiles: vec![(0.25, secs(2.0)), (0.5, secs(2.5)), (0.9, secs(7.0))] },
        mixture(),
    ];
    // No gamma law of cv 3: one in fifteen of its spans is under half a nanosecond, and becomes 0.
    for cv in [0.05, 0.7, 1.5] {
        laws.extend([LawSpec::Lognormal(moments(cv)), LawSpec::Gamma(moments(cv)), LawSpec::Weibull(moments(cv))]);
    }
    laws
}

fn samples(law: &Law) -> Vec<f64> {
    let mut stream = Source::new(1, 0).stream("test", Purpose::Latency, 0);
    (0..N).map(|_| law.sample(stream.next()).secs()).collect()
}

/// Kolmogorov and Smirnov's distance, bounded at a confidence of 1 − 1e-6: `√(ln(2/1e-6)/2) = 2.69` over `√n`. The
/// seed is fixed, so that the test passes always or never.
#[test]
fn samples_follow_the_distribution_function() {
    for spec in continuous() {
        let law = spec.compile().unwrap();
        let mut sorted = samples(&law);
        sorted.sort_by(f64::total_cmp);
        let n = N as f64;
        let gaps = sorted.iter().enumerate().map(|(i, x)| {
            let p = law.cdf(*x);
            (p - i as f64 / n).abs().max((p - (i + 1) as f64 / n).abs())
        });
        let distance = gaps.fold(0.0, f64::max);
        assert!(distance < 2.69 / sqrt(n), "{spec:?}: {distance}");
    }
}

/// Pearson's chi-square over 64 cells of equal probability; `Q(63/2, x/2)` is the chance of a worse one.
#[test]
fn samples_fill_equal_cells_equally() {
    for spec in continuous() {
        let law = spec.compile().unwrap();
        let mut cells = [0.0; 64];
        for x in samples(&law) {
            cells[(law.cdf(x) * 64.0) as usize % 64] += 1.0;
        }
        let expected = N as f64 / 64.0;
        let chi: f64 = cells.iter().map(|seen| (seen - expected) * (seen - expected) / expected).sum();
        assert!(gamma_q(31.5, 0.5 * chi) > 1e-6, "{spec:?}: {chi}");
    }
}

/// The sample mean is within five standard errors (a confidence of 1 − 6e-7), and so is the limited mean.
#[test]
fn samples_have_the_stated_mean() {
    for spec in continuous() {
        let law = spec.compile().unwrap();
        let drawn = samples(&law);
        let mean = drawn.iter().sum::<f64>() / N as f64;
        let error = law.mean() * law.cv() / sqrt(N as f64);
        assert!((mean - law.mean()).abs() < 5.0 * error, "{spec:?}: {mean} is not {}", law.mean());
        let cut = secs(law.quantile(0.8));
        let limited = drawn.iter().map(|x| x.min(cut.secs())).sum::<f64>() / N as f64;
        assert!((limited - law.limited(cut)).abs() < 5.0 * error, "{spec:?}: {limited} is not {}", law.limited(cut));
    }
}

#[test]
fn quantiles_invert_the_distribution_function() {
    for spec in continuous() {
        let law = spec.compile().unwrap();
        for p in [1e-4, 0.1, 0.5, 0.9, 0.9999] {
            let seconds = law.quantile(p);
            assert!(seconds == 0.0 || (law.cdf(seconds) - p).abs() < 1e-9, "{spec:?} {p}: {seconds}");
        }
    }
}

/// The end words go through the formulas of the far tails, and stay in range.
#[test]
fn the_far_tails_are_finite() {
    for spec in continuous() {
        let law = spec.compile().unwrap();
        let ends = [0, 1, 1 << 20, !(1 << 20), u64::MAX - 1, u64::MAX].map(|word| law.sample(Word(word)));
        assert!(ends.iter().all(|span| *span < Span::DAY * 365), "{spec:?}: {ends:?}");
    }
    let constant = LawSpec::Constant { value: S }.compile().unwrap();
    assert_eq!((constant.sample(Word(7)), constant.mean(), constant.cv()), (S, 1.0, 0.0));
    assert_eq!((constant.cdf(0.99), constant.cdf(1.0), constant.limited(Span::from_millis(300))), (0.0, 1.0, 0.3));
}

/// The words of a mixture's part are stretched over all words: its parts keep their own laws.
#[test]
fn a_mixture_takes_its_parts_in_proportion() {
    let parts = vec![
        (1.0, LawSpec::Constant { value: S }),
        (0.0, LawSpec::Constant { value: Span::DAY }),
        (3.0, LawSpec::Uniform { min: Span::MINUTE, max: Span::HOUR }),
    ];
    let law = LawSpec::Mixture { parts }.compile().unwrap();
    let quarter = u64::MAX / 4;
    assert_eq!([Word(0), Word(quarter)].map(|word| law.sample(word)), [S, S]);
    assert_eq!(law.sample(Word(quarter + 1)), Span::MINUTE);
    assert_eq!(law.sample(Word(u64::MAX)), Span::HOUR);
    assert!((law.mean() - (0.25 + 0.75 * 1830.0)).abs() < 1e-9);
}

/// Frozen, one for each kind of law: they change only if every report may change.
#[test]
fn known_samples() {
    let seen: Vec<u64> =
        continuous().iter().map(|spec| spec.compile().unwrap().sample(Word(0x9e37_79b9_7f4a_7c15)).nanos()).collect();
    assert_eq!(
        seen,
        [
            673_696_555,
            2_236_067_978,
            4_811_432_815,
            4_950_236_406,
            5_018_495_419,
            3_827_882_373,
            2_144_775_671,
            4_258_184_016,
            4_259_853_397,
            4_286_147_862,
            4_159_294_985,
            4_396_274_721,
            4_511_979_793,
            3_227_808_999,
            3_006_738_829,
            3_070_897_006
        ]
    );
}

#[test]
fn what_is_no_law_is_refused() {
    let q = |p, low, r, high| LawSpec::Lognormal(Shape::Quantiles { low: (p, secs(low)), high: (r, secs(high)) });
    let empirical = |points: &[(f64, f64)]| LawSpec::Empirical {
        quantiles: points.iter().map(|(p, seconds)| (*p, secs(*seconds))).collect(),
    };
    let mut deep = LawSpec::Constant { value: S };
    for _ in 0..5 {
        deep = LawSpec::Mixture { parts: vec![(1.0, deep)] };
    }
    let century = Span::DAY * 36_525;
    for spec in [
        LawSpec::Exponential { mean: Span::ZERO },
        LawSpec::Uniform { min: S, max: Span::ZERO },
        LawSpec::Gamma(moments(0.0)),
        LawSpec::Gamma(moments(-1.0)),
        LawSpec::Gamma(moments(f64::NAN)),
        LawSpec::Weibull(moments(f64::INFINITY)),
        LawSpec::Lognormal(Shape::MeanCv { mean: Span::ZERO, cv: 1.0 }),
        LawSpec::Lognormal(Shape::Quantiles { low: (0.5, S), high: (0.51, century) }),
        LawSpec::Gamma(Shape::Quantiles { low: (0.5, S), high: (0.51, century) }),
        q(0.5, 4.0, 0.5, 5.0),
        q(0.5, 4.0, 0.95, 4.0),
        q(0.95, 4.0, 0.5, 5.0),
        q(0.0, 4.0, 0.5, 5.0),
        q(0.5, 4.0, 1.0, 5.0),
        q(0.5, 0.0, 0.9, 5.0),
        empirical(&[(0.5, 1.0)]),
        empirical(&[(0.5, 1.0), (0.5, 2.0)]),
        empirical(&[(0.5, 2.0), (0.9, 1.0)]),
        empirical(&[(0.5, 2.0), (1.1, 3.0)]),
        empirical(&[(f64::NAN, 2.0), (0.9, 3.0)]),
        LawSpec::Mixture { parts: vec![] },
        LawSpec::Mixture { parts: vec![(0.0, LawSpec::Constant { value: S })] },
        LawSpec::Mixture { parts: vec![(-1.0, LawSpec::Constant { value: S })] },
        deep.clone(),
    ] {
        assert!(spec.compile().is_err(), "{spec:?}");
    }
    let LawSpec::Mixture { parts } = deep else { unreachable!() };
    assert!(parts[0].1.compile().is_ok(), "four deep are allowed");
}
