//! Laws for latencies of which only percentiles or the counts of a histogram are known. The likelihood is that of the
//! groups: how much of a law lies between one bound and the next.

use super::likelihood::peak;
use super::{CHANCE, Fit, FittedLaw, Observed, SHOWN};
use crate::math::{exp, ln, sqrt};
use crate::model::Measurements;
use crate::records::Grouped;
use crate::streams::{LawSpec, Shape};
use crate::units::Span;

/// The laws by their shape.
const LAWS: [fn(Shape) -> LawSpec; 3] = [LawSpec::Lognormal, LawSpec::Gamma, LawSpec::Weibull];

/// Fits every law.
///
/// # Errors
/// Why there is nothing to fit.
pub(super) fn fit(data: Measurements, known: &Grouped) -> Result<Fit, String> {
    let points: Vec<(f64, f64)> = known.points.iter().map(|(share, at)| (*share, at.secs())).collect();
    let whole = LawSpec::Empirical { quantiles: known.points.clone() };
    let exact = whole.formulas().map_err(|error| error.0)?;
    let count = known.count.map(|n| n as f64);
    let chance = count.map_or(0.0, |n| sqrt(ln(2.0 / CHANCE) / (2.0 * n)));
    let last = points.last().map_or(0.0, |(share, _)| *share);
    let observed = SHOWN.map(|p| -> Observed {
        let half = count.map_or(0.0, |n| 1.96 * sqrt(p * (1.0 - p) / n));
        let (low, high) = (p - half, p + half);
        // Beyond the last bound nobody has looked.
        (p <= last).then(|| {
            let reaches = low > 0.0 && high <= last && (count.is_some() || known.are_bounds);
            (exact.quantile(p), reaches.then(|| bounds(known, &points, low, high, |p| exact.quantile(p))))
        })
    });
    let middle = exact.quantile(0.5_f64.min(last)).max(1e-9);
    let mut laws: Vec<FittedLaw> = LAWS.iter().filter_map(|law| best(*law, &points, middle, count)).collect();
    laws.extend(exponential(&points, middle, count));
    laws.sort_by(|a, b| a.aic.total_cmp(&b.aic));
    let advised = match laws.first() {
        // Without a count nobody knows what chance leaves: the percentiles themselves are certain.
        Some(law) if count.is_some() && law.gap <= chance => law.law.clone(),
        _ => whole,
    };
    let beyond = super::beyond(&laws, &observed);
    Ok(Fit { data, laws, observed, chance, parameters: Vec::new(), beyond, spread: Vec::new(), advised })
}

/// The ends of a quantile: of chance, and of the bucket in which it lies.
fn bounds(known: &Grouped, points: &[(f64, f64)], low: f64, high: f64, at: impl Fn(f64) -> f64) -> (f64, f64) {
    if !known.are_bounds {
        return (at(low), at(high));
    }
    let before = points.iter().rev().find(|(share, _)| *share <= low).map_or(0.0, |(_, at)| *at);
    let after = points.iter().find(|(share, _)| *share >= high).map_or(at(high), |(_, at)| *at);
    (before, after)
}

/// The mean logarithm of the likelihood: of each group its share times the logarithm of what the law has there.
fn likelihood(law: &LawSpec, points: &[(f64, f64)]) -> f64 {
    let Ok(formulas) = law.formulas() else { return f64::NEG_INFINITY };
    let (mut share, mut below, mut sum) = (0.0, 0.0, 0.0);
    for &(upto, at) in points {
        let now = formulas.cdf(at);
        if upto > share {
            sum += (upto - share) * ln((now - below).max(1e-300));
        }
        (share, below) = (upto, now);
    }
    if share < 1.0 { sum + (1.0 - share) * ln((1.0 - below).max(1e-300)) } else { sum }
}

fn of(law: fn(Shape) -> LawSpec, mean: f64, cv: f64) -> Option<LawSpec> {
    let mean = Span::from_secs_f64(mean).ok().filter(|mean| !mean.is_zero())?;
    Some(law(Shape::MeanCv { mean, cv }))
}

fn best(law: fn(Shape) -> LawSpec, points: &[(f64, f64)], middle: f64, count: Option<f64>) -> Option<FittedLaw> {
    let at = |mean: f64, cv: f64| of(law, mean, cv).map_or(f64::NEG_INFINITY, |law| likelihood(&law, points));
    let mean_at = |cv: f64| exp(peak(ln(middle) - 2.0, ln(middle) + 3.0, |mean| at(exp(mean), cv)));
    let cv = exp(peak(ln(0.02), ln(10.0), |log| at(mean_at(exp(log)), exp(log))));
    let law = of(law, mean_at(cv), cv)?;
    let law = match &law {
        // As people write it.
        LawSpec::Lognormal(_) => {
            let formulas = law.formulas().ok()?;
            let at = |p: f64| Some((p, Span::from_secs_f64(formulas.quantile(p)).ok()?));
            LawSpec::Lognormal(Shape::Quantiles { low: at(0.5)?, high: at(0.95)? })
        }
        _ => law,
    };
    held(law, points, 2, count)
}

fn exponential(points: &[(f64, f64)], middle: f64, count: Option<f64>) -> Option<FittedLaw> {
    let law = |mean: f64| Span::from_secs_f64(mean).ok().map(|mean| LawSpec::Exponential { mean });
    let at = |log: f64| law(exp(log)).map_or(f64::NEG_INFINITY, |law| likelihood(&law, points));
    held(law(exp(peak(ln(middle) - 2.0, ln(middle) + 3.0, at)))?, points, 1, count)
}

/// Lays a law beside the points.
fn held(law: LawSpec, points: &[(f64, f64)], numbers: u32, count: Option<f64>) -> Option<FittedLaw> {
    let formulas = law.formulas().ok()?;
    // The largest of all may lie anywhere: it is one request.
    let inner = points.iter().filter(|(share, _)| *share > 0.0 && *share < 1.0);
    let gap = inner.map(|(share, at)| (formulas.cdf(*at) - share).abs()).fold(0.0, f64::max);
    let aic = 2.0 * f64::from(numbers) - 2.0 * count.unwrap_or(1.0) * likelihood(&law, points);
    let quantiles = SHOWN.map(|p| formulas.quantile(p));
    Some(FittedLaw { law, aic, gap, quantiles })
}
