//! stub
#![allow(missing_docs)]
#[derive(Debug, Default, Clone)]
pub struct Quantiles(Vec<u64>);
impl Quantiles {
    pub fn record(&mut self, v: u64) { self.0.push(v) }
    pub fn count(&self) -> u64 { self.0.len() as u64 }
    pub fn max(&self) -> Option<u64> { self.0.iter().max().copied() }
    pub fn quantile(&self, p: f64) -> Option<f64> { let mut v = self.0.clone(); v.sort_unstable(); v.get(((v.len() as f64) * p) as usize).map(|v| *v as f64) }
    pub fn merge(&mut self, o: &Quantiles) { self.0.extend(&o.0) }
}
#[derive(Debug, Default)]
pub struct TimeWeighted { last: u64, level: u64, area: u128, from: u64, max: u64 }
impl TimeWeighted {
    pub fn set(&mut self, now: u64, level: u64) { self.area += u128::from((now - self.last) * self.level); self.last = now; self.level = level; self.max = self.max.max(level); }
    pub fn restart(&mut self, now: u64) { self.set(now, self.level); self.area = 0; self.from = now; self.max = self.level; }
    pub fn mean(&self, now: u64) -> Option<f64> { (now > self.from).then(|| (self.area + u128::from((now - self.last) * self.level)) as f64 / (now - self.from) as f64) }
    pub fn max(&self) -> u64 { self.max }
}
#[derive(Debug, Default)]
pub struct Survival(Vec<(u64, bool)>);
impl Survival {
    pub fn new(_: &[u64]) -> Self { Survival::default() }
    pub fn death(&mut self, age: u64) { self.0.push((age, true)) }
    pub fn censored(&mut self, age: u64) { self.0.push((age, false)) }
    pub fn surviving(&self, age: u64) -> Option<f64> { (!self.0.is_empty()).then(|| self.0.iter().filter(|(d, dead)| !dead || *d > age).count() as f64 / self.0.len() as f64) }
}
#[derive(Debug, Clone, Copy)]
pub struct Estimate { pub mean: f64, pub ci95: Option<(f64,f64)>, pub min: f64, pub max: f64 }
impl Estimate { pub fn of(v: &[f64]) -> Option<Estimate> { if v.is_empty() {return None}; let m = v.iter().sum::<f64>()/v.len() as f64;
 let s = (v.iter().map(|x| (x-m)*(x-m)).sum::<f64>()/(v.len() as f64 -1.0).max(1.0)).sqrt();
 Some(Estimate{mean:m, ci95: (v.len()>1).then(|| (m-2.0*s/(v.len() as f64).sqrt(), m+2.0*s/(v.len() as f64).sqrt())), min:0.0,max:0.0})}}
