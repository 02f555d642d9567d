//! Arrivals: when the next plan of a class comes.
//!
//! Time is a sequence of eras, each with its own law. The process continues across them: a draw is the expected number
//! of arrivals until the next one, and an era gives the rate at which they accumulate.

use crate::model::{Arrivals, Class, Model, Spike};
use crate::streams::{Law, Purpose, Source as Draws, Stream, exponential_law, unit_exponential};
use crate::units::{CalendarStart, Instant, Rate, Span, Timestamp};

/// The arrivals of one class, one after the other.
#[derive(Debug)]
pub(crate) struct Source {
    flow: Flow,
    spikes: Vec<(Instant, Instant, f64)>,
    /// When the next era begins, and those that follow, the last one first.
    until: Instant,
    eras: Vec<Era>,
    /// Whether the law is the same all the time.
    is_steady: bool,
    gaps: Stream,
    /// Arrivals so far.
    count: u64,
    /// When the plan comes that is due, and the one after it. It is drawn one ahead, so that nothing waits for it.
    due: Instant,
    last: Instant,
    horizon: Instant,
}

/// The law that holds from an instant on.
#[derive(Debug)]
struct Era {
    from: Instant,
    flow: Flow,
    spikes: Vec<(Instant, Instant, f64)>,
}

#[derive(Debug)]
enum Flow {
    Poisson {
        gap: Law,
        per_ns: f64,
    },
    Deterministic {
        rate: Rate,
    },
    Profile {
        per_ns: f64,
        weights: Box<[f64; 168]>,
        calendar: Box<CalendarStart>,
        /// The hour of the last arrival and when it ends: a time zone is asked once an hour, not once a plan.
        hour: (usize, Instant),
    },
    Batch {
        mean_gap_ns: f64,
        size: u32,
        left: u32,
    },
    Mmpp {
        /// The rate and the mean stay of each.
        states: Vec<(f64, f64)>,
        burst: Box<Burst>,
    },
    Listed {
        times: Vec<Instant>,
    },
    OnDemand,
}

/// The state that traffic is in, until when, and the draws of how long it stays.
#[derive(Debug)]
struct Burst {
    state: usize,
    until: Instant,
    stays: Stream,
    /// Stays drawn so far.
    drawn: u64,
}

/// A stretch in which the rate is constant.
struct Stretch {
    per_ns: f64,
    until: Instant,
}

fn per_ns(rate: Rate) -> f64 {
    rate.per_second() / 1e9
}

/// The plan that arrives next, of all open classes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) class: u16,
}

impl Due {
    /// The first of what is due; of two at one instant, that of the first class.
    #[inline]
    pub(crate) fn first(sources: &[Source]) -> Due {
        match sources {
            [only] => Due { at: only.due(), class: 0 },
            sources => Due::first_of_many(sources),
        }
    }

    fn first_of_many(sources: &[Source]) -> Due {
        let mut due = Due { at: Instant::NEVER, class: 0 };
        for (class, source) in sources.iter().enumerate() {
            if source.due() < due.at {
                due = Due { at: source.due(), class: class as u16 };
            }
        }
        due
    }
}

impl Flow {
    fn of(class: &Class, start: Timestamp, draws: &Draws) -> Flow {
        match &class.arrivals {
            Arrivals::Poisson(rate) => {
                Flow::Poisson { gap: exponential_law(1.0 / rate.per_second()), per_ns: per_ns(*rate) }
            }
            Arrivals::Deterministic(rate) => Flow::Deterministic { rate: *rate },
            Arrivals::Profile { rate, weights, zone } => Flow::Profile {
                per_ns: per_ns(*rate),
                weights: weights.clone(),
                calendar: Box::new(CalendarStart::new(start, zone)),
                hour: (0, Instant::START),
            },
            Arrivals::Batch { rate, size } => {
                Flow::Batch { mean_gap_ns: f64::from(*size) / per_ns(*rate), size: *size, left: 0 }
            }
            Arrivals::Mmpp { states } => Flow::Mmpp {
                states: states.iter().map(|(rate, stay)| (rate.map_or(0.0, per_ns), stay.nanos() as f64)).collect(),
                burst: Box::new(Burst {
                    state: states.len() - 1,
                    until: Instant::START,
                    stays: draws.stream(&class.name, Purpose::Burst, 0),
                    drawn: 0,
                }),
            },
            Arrivals::Trace { plans } => Flow::Listed { times: plans.iter().map(|plan| plan.at).collect() },
            Arrivals::Closed { .. } => Flow::OnDemand,
        }
    }
}

fn spikes(class: &Class) -> Vec<(Instant, Instant, f64)> {
    let of = |spike: &Spike| {
        let from = Instant::START + spike.at;
        (from, from.saturating_add(spike.lasts), spike.factor)
    };
    class.spikes.iter().map(of).collect()
}

impl Source {
    /// The arrivals of `class` in the replication that `draws` belongs to; `later`: what the class is from which
    /// instant on, in order of time. None is drawn before [`Source::begin`].
    pub(crate) fn new(
        class: &Class,
        later: &[(Instant, &Class)],
        start: Timestamp,
        horizon: Instant,
        draws: &Draws,
    ) -> Source {
        let era = |(from, class): &(Instant, &Class)| Era {
            from: *from,
            flow: Flow::of(class, start, draws),
            spikes: spikes(class),
        };
        Source {
            flow: Flow::of(class, start, draws),
            spikes: spikes(class),
            until: later.first().map_or(Instant::NEVER, |(from, _)| *from),
            eras: later.iter().rev().map(era).collect(),
            is_steady: class.spikes.is_empty() && later.is_empty(),
            gaps: draws.stream(&class.name, Purpose::Arrival, 0),
            count: 0,
            due: Instant::START,
            last: Instant::START,
            horizon,
        }
    }

    /// Finds the first two arrivals.
    pub(crate) fn begin(&mut self) {
        self.advance();
        self.advance();
    }

    /// Draws that are no arrivals.
    pub(crate) fn drawn(&self) -> u64 {
        if let Flow::Mmpp { burst, .. } = &self.flow { burst.drawn } else { 0 }
    }

    /// When the next plan arrives: never before the last one; [`Instant::NEVER`] when none comes by the horizon.
    #[inline]
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// The plan that was due has arrived: on to the next.
    #[inline(always)]
    pub(crate) fn advance(&mut self) {
        self.due = self.last;
        self.last = match &mut self.flow {
            Flow::Poisson { gap, .. } if self.is_steady => self.last.saturating_add(gap.sample(self.gaps.next())),
            _ => self.next_by_rule(self.horizon),
        };
        self.count += 1;
    }

    #[inline(never)]
    fn next_by_rule(&mut self, horizon: Instant) -> Instant {
        match &mut self.flow {
            Flow::Deterministic { rate } if self.is_steady => Instant::from_nanos(rate.nth_nanos(self.count)),
            Flow::Deterministic { .. } => {
                let due = if self.count == 0 { 0.0 } else { 1.0 };
                self.walk(due, horizon)
            }
            Flow::Listed { times } => times.get(self.count as usize).copied().unwrap_or(Instant::NEVER),
            Flow::OnDemand => Instant::NEVER,
            Flow::Batch { left, .. } if *left > 0 => {
                *left -= 1;
                self.last
            }
            Flow::Poisson { .. } | Flow::Profile { .. } | Flow::Mmpp { .. } | Flow::Batch { .. } => {
                let due = unit_exponential().sample(self.gaps.next()).secs();
                let at = self.walk(due, horizon);
                if let Flow::Batch { size, left, .. } = &mut self.flow {
                    *left = *size - 1; // of the era in which it comes
                }
                at
            }
        }
    }

    /// Walks along the rate until `due` arrivals are expected (inversion of the cumulative rate: a Poisson process
    /// with that rate, whatever its shape).
    fn walk(&mut self, mut due: f64, horizon: Instant) -> Instant {
        let mut at = self.last;
        while at < horizon {
            let stretch = self.stretch(at);
            let wait = if stretch.per_ns > 0.0 { due / stretch.per_ns } else { f64::INFINITY };
            let reach = after(at, wait);
            if reach < stretch.until {
                return reach;
            }
            due = (due - stretch.until.since(at).nanos() as f64 * stretch.per_ns).max(0.0);
            at = stretch.until;
        }
        Instant::NEVER
    }

    /// The next era begins. Of a burst the state carries over, and what is left of it, as many times its mean.
    fn begin_era(&mut self, mut era: Era) {
        if let (Flow::Mmpp { states: old, burst: before }, Flow::Mmpp { states, burst }) =
            (&mut self.flow, &mut era.flow)
        {
            std::mem::swap(before, burst);
            let (mean, new) = (old[burst.state].1, states[burst.state].1);
            if mean != new {
                let left = burst.until.saturating_since(era.from).nanos() as f64;
                burst.until = after(era.from, left * (new / mean));
            }
        }
        (self.flow, self.spikes) = (era.flow, era.spikes);
        self.until = self.eras.last().map_or(Instant::NEVER, |next| next.from);
    }

    /// The rate at an instant, and how long it stays so.
    fn stretch(&mut self, at: Instant) -> Stretch {
        while at >= self.until
            && let Some(era) = self.eras.pop()
        {
            self.begin_era(era);
        }
        let mut now = match &mut self.flow {
            Flow::Poisson { per_ns, .. } => Stretch { per_ns: *per_ns, until: Instant::NEVER },
            Flow::Batch { mean_gap_ns, .. } => Stretch { per_ns: 1.0 / *mean_gap_ns, until: Instant::NEVER },
            Flow::Deterministic { rate } => Stretch { per_ns: per_ns(*rate), until: Instant::NEVER },
            Flow::Profile { per_ns, weights, calendar, hour } => {
                if at >= hour.1 {
                    *hour = calendar.hour_of_week(at);
                }
                Stretch { per_ns: *per_ns * weights[hour.0], until: hour.1 }
            }
            Flow::Mmpp { states, burst } => {
                while burst.until <= at {
                    burst.state = (burst.state + 1) % states.len();
                    let stay = unit_exponential().sample(burst.stays.next()).secs() * states[burst.state].1;
                    burst.until = after(burst.until, stay.max(1.0));
                    burst.drawn += 1;
                }
                Stretch { per_ns: states[burst.state].0, until: burst.until }
            }
            Flow::Listed { .. } | Flow::OnDemand => Stretch { per_ns: 0.0, until: Instant::NEVER },
        };
        now.until = now.until.min(self.until);
        for &(from, to, factor) in &self.spikes {
            if at < from {
                now.until = now.until.min(from);
            } else if at < to {
                now.until = now.until.min(to);
                now.per_ns *= factor;
            }
        }
        now
    }
}

fn after(at: Instant, nanos: f64) -> Instant {
    if nanos >= Span::MAX.nanos() as f64 {
        return Instant::NEVER;
    }
    at.saturating_add(Span::from_nanos((nanos + 0.5) as i64 as u64))
}

/// What a class is from which instant on, as far as its arrivals change before the horizon.
pub(crate) fn eras(model: &Model, class: usize, horizon: Instant) -> Vec<(Instant, &Class)> {
    let mut last = &model.classes[class];
    let mut all = Vec::new();
    for stage in model.stages.iter().filter(|stage| Instant::START + stage.from < horizon) {
        let next = &stage.model.classes[class];
        if next.arrivals != last.arrivals || next.spikes != last.spikes {
            all.push((Instant::START + stage.from, next));
        }
        last = next;
    }
    all
}
