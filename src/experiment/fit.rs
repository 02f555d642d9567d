//! Which law do measured latencies follow? No simulation: estimation.
//!
//! Every law is fitted by maximum likelihood. What a timeout cut off counts as what it is, longer than that: a fit to the
//! answers alone would be of those that were quick enough, and could not say what a longer timeout would bring. The laws
//! are then held against the data by their largest gap, beside what chance leaves.

mod grouped;
mod likelihood;
mod mixture;
mod profile;

use crate::math::{ceil, exp, floor, ln, sqrt};
use crate::model::{Measured, Measurements};
use crate::records::{Account, Durations};
use crate::streams::LawSpec;
use crate::units::Span;
use likelihood::{exponential, gamma, weibull};
use mixture::{lognormal, two_lognormals};
pub use profile::Parameter;

/// Fewer answers tell no law from another.
const FEWEST: u64 = 10;
/// The largest gap stays under this share of the data's by chance, of 20 times 19.
const CHANCE: f64 = 0.05;
/// A mixture has three numbers more: it must do better by as much, in the units of Akaike's criterion.
const WORTH: f64 = 10.0;
/// The shares whose quantiles are shown.
pub const SHOWN: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// A law fitted to the data.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedLaw {
    /// The law, as a model has it.
    pub law: LawSpec,
    /// Akaike's criterion: twice the numbers fitted less twice the logarithm of the likelihood; less is better, and
    /// only differences mean anything.
    pub aic: f64,
    /// The largest distance between its distribution function and that of the data, 0 to 1.
    pub gap: f64,
    /// Its quantiles at [`SHOWN`], in seconds.
    pub quantiles: [f64; 4],
}

/// A quantile of the data themselves: seconds, and their 95 % interval where the data reach that far.
pub type Observed = Option<(f64, Option<(f64, f64)>)>;

/// What the data say.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The data.
    pub data: Measurements,
    /// The laws, the best first.
    pub laws: Vec<FittedLaw>,
    /// The data's own quantiles at [`SHOWN`]; none beyond what was cut off.
    pub observed: [Observed; 4],
    /// The gap that chance leaves where a law is the right one, with 95 %: Massart's form of the bound of Dvoretzky,
    /// Kiefer and Wolfowitz (Annals of Probability 18, 1990). A fitted law is nearer to the data than the right one, so
    /// what is beyond is wrong for sure.
    pub chance: f64,
    /// The parameters of the best law with their intervals; none of a mixture.
    pub parameters: Vec<Parameter>,
    /// Between what the laws that may be right put the quantiles at [`SHOWN`], where nobody has looked so far: in seconds.
    pub beyond: [Option<(f64, f64)>; 4],
    /// How the data and the best law are spread over durations of equal ratio; empty where there is nothing to see.
    pub spread: Vec<Slot>,
    /// The law to take: the best, or the data themselves where the best is beyond chance and nothing was cut off.
    pub advised: LawSpec,
}

/// What a file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// How it was read.
    pub account: Account,
    /// The law of all that was measured.
    pub fit: Fit,
    /// The column of the groups, and the law of each or why it has none.
    pub groups: Vec<(String, Result<Fit, String>)>,
}

/// Fits laws to a file of measurements, and to each group of it.
///
/// # Errors
/// Why there is nothing to fit.
pub fn fit_file(measured: Measured) -> Result<Fitted, String> {
    let Measured { account, all, groups } = measured;
    let groups = groups.into_iter().map(|(name, data)| (name, fit(data))).collect();
    Ok(Fitted { account, fit: fit(all)?, groups })
}

/// Durations as the estimators need them: sorted, in seconds, each with how often it is there.
struct Sample {
    answered: Vec<(f64, f64)>,
    cut: Vec<(f64, f64)>,
    /// How many answers there are.
    answers: f64,
}

/// Fits every law to what was measured.
///
/// # Errors
/// Why there is nothing to fit.
pub fn fit(data: Measurements) -> Result<Fit, String> {
    if let Some(known) = data.grouped.clone() {
        return grouped::fit(data, &known);
    }
    let (count, cut) = (data.answered.len(), data.cut.len());
    if count < FEWEST {
        let failed: u64 = data.faults.iter().map(|(_, n)| n).sum();
        let beside =
            if cut + failed > 0 { format!(" (beside {cut} cut off and {failed} failed)") } else { String::new() };
        return Err(format!("{count} answers{beside} are too few to tell laws apart: {FEWEST} at least"));
    }
    let steps = survival(&data);
    let chance = sqrt(ln(2.0 / CHANCE) / (2.0 * (count + cut) as f64));
    let observed = SHOWN.map(|p| observed(&steps, p, (count + cut) as f64));
    if let ([(only, _)], 0) = (data.answered.counts(), cut) {
        let (first, law) = (*only, LawSpec::Constant { value: *only });
        let only = FittedLaw { law: law.clone(), aic: 0.0, gap: 0.0, quantiles: [first.secs(); 4] };
        return Ok(Fit {
            data,
            laws: vec![only],
            observed,
            chance,
            parameters: Vec::new(),
            beyond: [None; 4],
            spread: Vec::new(),
            advised: law,
        });
    }
    let sample = Sample::new(&data);
    let singles = [exponential(&sample), lognormal(&sample), gamma(&sample), weibull(&sample)];
    let mut laws: Vec<FittedLaw> = singles.into_iter().flatten().filter_map(|found| held(found, &steps)).collect();
    let best = laws.iter().map(|law| law.aic).fold(f64::INFINITY, f64::min);
    laws.extend(two_lognormals(&sample).and_then(|found| held(found, &steps)).filter(|two| two.aic < best - WORTH));
    laws.sort_by(|a, b| a.aic.total_cmp(&b.aic));
    let best = laws.first().ok_or("no law fits these data at all")?;
    let advised = if best.gap > chance && cut == 0 { empirical(&data.answered) } else { best.law.clone() };
    let parameters = profile::parameters(&best.law, &sample);
    let beyond = beyond(&laws, &observed);
    let spread = spread(&steps, &best.law, count);
    Ok(Fit { data, laws, observed, chance, parameters, beyond, spread, advised })
}

/// How many slots of durations are shown at most; of few answers fewer, so that there is something in most.
const SLOTS: f64 = 48.0;

/// A slot of durations, and what falls into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Where it ends, in seconds.
    pub upto: f64,
    /// The share of the data.
    pub data: f64,
    /// The share of the law.
    pub law: f64,
}

/// The data and a law in slots of equal ratio, from the first half per cent of the data to the last that was seen.
fn spread(steps: &[(f64, f64)], law: &LawSpec, answers: u64) -> Vec<Slot> {
    let Ok(formulas) = law.formulas() else { return Vec::new() };
    let place =
        |share: f64| steps.iter().find(|(_, below)| *below >= share).or(steps.last()).map_or(1.0, |step| step.0);
    let (low, high) = (place(0.005), place(0.995));
    if high <= low {
        return Vec::new();
    }
    let slots = floor(2.0 * sqrt(answers as f64)).clamp(8.0, SLOTS);
    let edge = |at: usize| low * exp(ln(high / low) * at as f64 / slots);
    let below = |x: f64| steps[..steps.partition_point(|(at, _)| *at <= x)].last().map_or(0.0, |(_, below)| *below);
    let slot = |at: usize| {
        // What is shorter than all shown belongs to the first.
        let from = if at == 0 { 0.0 } else { edge(at) };
        let upto = edge(at + 1) * (1.0 + 1e-12);
        Slot { upto, data: below(upto) - below(from), law: formulas.cdf(upto) - formulas.cdf(from) }
    };
    (0..slots as usize).map(slot).collect()
}

/// Between what the laws put the quantiles that nobody has seen: those that are not much less likely than the best.
fn beyond(laws: &[FittedLaw], observed: &[Observed; 4]) -> [Option<(f64, f64)>; 4] {
    let best = laws.first().map_or(0.0, |law| law.aic);
    let mut out = [None; 4];
    for (at, place) in out.iter_mut().enumerate().filter(|(at, _)| observed[*at].is_none()) {
        let values = laws.iter().filter(|law| law.aic < best + WORTH).map(|law| law.quantiles[at]);
        *place = values.fold(None, |ends: Option<(f64, f64)>, x| {
            Some(ends.map_or((x, x), |(low, high)| (low.min(x), high.max(x))))
        });
    }
    out
}

/// A law, its logarithm of the likelihood, and how many numbers were fitted.
type Found = (LawSpec, f64, u32);

/// Lays a law beside the data; none where the language cannot say it.
fn held((law, likelihood, numbers): Found, steps: &[(f64, f64)]) -> Option<FittedLaw> {
    let formulas = law.formulas().ok()?;
    let mut gap = 0.0_f64;
    let mut before = 0.0;
    for &(at, below) in steps {
        let exact = formulas.cdf(at);
        gap = gap.max((exact - before).abs()).max((exact - below).abs());
        before = below;
    }
    let quantiles = SHOWN.map(|p| formulas.quantile(p));
    Some(FittedLaw { law, aic: 2.0 * f64::from(numbers) - 2.0 * likelihood, gap, quantiles })
}

/// The distribution function of the data: at each duration the share that is not longer, by the product-limit estimate
/// of Kaplan and Meier, which is the plain share where nothing was cut off.
fn survival(data: &Measurements) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    let mut cuts = data.cut.counts().iter().peekable();
    let (mut longer, mut left) = (1.0, data.answered.len() + data.cut.len());
    for &(value, same) in data.answered.counts() {
        // Who is cut at this instant has lasted to it.
        while let Some((_, gone)) = cuts.next_if(|(at, _)| *at < value) {
            left -= gone;
        }
        longer *= 1.0 - same as f64 / left as f64;
        left -= same;
        steps.push((value.secs(), 1.0 - longer));
    }
    steps
}

/// A quantile of the data, with the interval that order statistics give it.
fn observed(steps: &[(f64, f64)], p: f64, n: f64) -> Observed {
    let at = |share: f64| steps.iter().find(|(_, below)| *below >= share - 1e-12).map(|(value, _)| *value);
    let half = 1.96 * sqrt(p * (1.0 - p) / n);
    let reaches = p - half > 0.0 && p + half < 1.0;
    let both = at(floor((p - half) * n) / n).zip(at(ceil((p + half) * n) / n));
    Some((at(p)?, both.filter(|_| reaches)))
}

/// Quantiles of the data, more of them where they are rare.
fn empirical(answered: &Durations) -> LawSpec {
    let last = answered.len() - 1;
    let shares = [0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0];
    let told = |p: f64| p == 0.0 || p == 1.0 || (1.0 - p).min(p) * last as f64 >= 1.0;
    let mut upto = 0;
    let ends: Vec<(u64, Span)> = answered
        .counts()
        .iter()
        .map(|(value, count)| {
            upto += count;
            (upto, *value)
        })
        .collect();
    let place = |nth: u64| ends[ends.partition_point(|(upto, _)| *upto <= nth)].1;
    let at = |p: f64| -> Span {
        let exact = p * last as f64;
        let (nth, part) = (floor(exact) as u64, exact - floor(exact));
        let (low, high) = (place(nth), place((nth + 1).min(last)));
        low.saturating_add(Span::from_nanos(high.nanos() - low.nanos()).scale(part))
    };
    LawSpec::Empirical { quantiles: shares.into_iter().filter(|p| told(*p)).map(|p| (p, at(p))).collect() }
}

#[cfg(test)]
mod tests;
