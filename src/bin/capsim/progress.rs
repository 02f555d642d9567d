//! How far the work is: a line that is drawn again and again at a terminal, and else one on standard error every ten
//! seconds. It is about the whole job, and says only what is known: no bar where nobody knows how much there is to do,
//! no full bar and no "0 s left" before the end.

use crate::{console, signals};
use capsim::experiment::{Searching, Work};
use capsim::units::{count, number};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::VecDeque;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What takes less than this shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line at a terminal is drawn.
const DRAWN: Duration = Duration::from_millis(200);
/// How often a line is said where there is no terminal.
const SAID: Duration = Duration::from_secs(10);
/// Over how long the speed is measured that says how much time is left.
const RECENT: Duration = Duration::from_secs(20);
/// Before this nobody knows.
const TOO_EARLY: Duration = Duration::from_secs(3);
/// Columns of the bar.
const BAR: usize = 30;

/// Shows how far the simulation is.
pub struct Progress {
    began: Instant,
    to: To,
    seen: Mutex<Seen>,
}

enum To {
    Nobody,
    Terminal(ProgressBar),
    Lines,
}

/// What was shown, and how far the work was at some instants.
struct Seen {
    next: Duration,
    speed: VecDeque<(Duration, f64)>,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "progress is about the wall clock, and no result sees it")]
    pub fn new(quiet: bool) -> Progress {
        signals::simulates();
        let (to, next) = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => (To::Nobody, Duration::MAX),
            (false, true) => (To::Terminal(line()), PATIENCE),
            (false, false) => (To::Lines, SAID),
        };
        Progress { began: Instant::now(), to, seen: Mutex::new(Seen { next, speed: VecDeque::new() }) }
    }

    /// Shows how far the work is, and says whether to go on with it.
    pub fn show(&self, done: f64, of: Work) -> bool {
        // Another thread is at it, or nobody looks: the next one is soon.
        if !matches!(self.to, To::Nobody)
            && let Ok(mut seen) = self.seen.try_lock()
        {
            self.draw(&mut seen, done, of);
        }
        !signals::interrupted()
    }

    fn draw(&self, seen: &mut Seen, done: f64, of: Work) {
        let now = self.began.elapsed();
        if now < seen.next {
            return;
        }
        seen.next = now + if matches!(self.to, To::Lines) { SAID } else { DRAWN };
        let left = seen.left(now, done, of);
        match &self.to {
            To::Nobody => {}
            To::Terminal(line) => line.set_message(bar(done, of) + &words(done, of, now, left)),
            To::Lines => console::complain(&format!("capsim: {}", words(done, of, now, left))),
        }
    }

    /// The simulation is over: what comes now is the answer.
    pub fn clear(&self) {
        signals::writes();
        if let To::Terminal(line) = &self.to {
            line.finish_and_clear();
        }
    }
}

fn line() -> ProgressBar {
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    ProgressStyle::with_template("{msg}").map_or(line.clone(), |style| line.with_style(style))
}

impl Seen {
    /// How long the rest takes at the speed of late; none where nobody knows.
    fn left(&mut self, now: Duration, done: f64, of: Work) -> Option<Duration> {
        let Work::Replications(all) = of else { return None };
        self.speed.push_back((now, done));
        while self.speed.len() > 2 && self.speed.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= RECENT) {
            self.speed.pop_front();
        }
        let (from, before) = match self.speed.front() {
            Some(first) if now.saturating_sub(first.0) >= RECENT => *first,
            _ => (Duration::ZERO, 0.0),
        };
        let speed = (done - before) / now.saturating_sub(from).as_secs_f64();
        (now >= TOO_EARLY && speed > 0.0)
            .then(|| Duration::try_from_secs_f64((all as f64 - done).max(0.0) / speed).ok())
            .flatten()
    }
}

/// A bar where it is known how much there is to do; never full, as long as it is seen.
fn bar(done: f64, of: Work) -> String {
    let Work::Replications(all) = of else { return String::new() };
    let full = ((done / all.max(1) as f64 * BAR as f64) as usize).min(BAR - 1);
    format!("{}{} ", "█".repeat(full), "░".repeat(BAR - full))
}

/// How far it is, in words.
fn words(done: f64, of: Work, now: Duration, left: Option<Duration>) -> String {
    let whole = done as u64;
    match of {
        Work::Replications(all) => {
            let percent = (done / all.max(1) as f64 * 100.0).clamp(0.0, 99.0) as u64;
            let left = left.map_or(String::new(), |left| format!(", about {} left", about(left)));
            let whole = whole.min(all.saturating_sub(1));
            format!("{} of {} replications, {percent} %{left}", count(whole), count(all))
        }
        Work::AtMost(most) => {
            format!("{} replications, at most {}; {} so far", count(whole), count(most), about(now))
        }
        Work::Search(found) => searching(found, done) + &format!("; {} so far", about(now)),
    }
}

fn searching(found: Searching, under_way: f64) -> String {
    let several = found.search.map_or(String::new(), |(at, of)| format!("search {} of at most {of}, ", at + 1));
    let tried = if found.probes == 1 { "1 demand".into() } else { format!("{} demands", found.probes) };
    let (events, most) = found.events;
    let millions = |events: u64| number(events as f64 / 1e6);
    let events = match most {
        0 => String::new(),
        most => format!(", {} of about {} million events", millions(events), millions(most)),
    };
    let known = match (found.holds, found.fails) {
        (None, None) => String::new(),
        (Some(holds), None) => format!(", more than {} plans a day", number(holds)),
        (None, Some(fails)) => format!(", less than {} plans a day", number(fails)),
        (Some(holds), Some(fails)) => {
            format!(", between {} and {} plans a day", number(holds.min(fails)), number(holds.max(fails)))
        }
    };
    let now = if under_way > 0.0 { format!(", {under_way:.1} replications of the next") } else { String::new() };
    format!("{several}{tried} tried{events}{known}{now}")
}

/// A duration in the unit that matters, never 0.
fn about(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s < 90.0 => format!("{} s", s.ceil().max(1.0)),
        s if s < 5400.0 => format!("{} min", (s / 60.0).ceil()),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_bar_is_full_of_nothing_but_the_end() {
        for done in [0.0, 0.5, 29.0, 29.999, 30.0] {
            let drawn = bar(done, Work::Replications(30));
            assert!(drawn.contains('░'), "{drawn}");
            let words = words(done, Work::Replications(30), at(60.0), Some(at(0.001)));
            assert!(!words.contains("100 %") && !words.contains(" 0 s") && !words.contains("30 of 30"), "{words}");
        }
        assert_eq!(bar(3.0, Work::AtMost(30)), "");
        assert_eq!(bar(3.0, Work::Search(Searching::default())), "");
    }

    #[test]
    fn the_time_left_follows_the_speed_of_late() {
        let mut seen = Seen { next: Duration::ZERO, speed: VecDeque::new() };
        let of = Work::Replications(100);
        assert_eq!(seen.left(at(1.0), 1.0, of), None);
        // One a second for a minute, then one in ten seconds.
        for second in 2..=60 {
            assert!(seen.left(at(second.into()), second.into(), of).is_some() == (second >= 3));
        }
        assert!((seen.left(at(60.5), 60.5, of).unwrap().as_secs_f64() - 39.5).abs() < 1.0);
        let late =
            (61..=160).map(|second| seen.left(at(second.into()), 60.0 + f64::from(second - 60) / 10.0, of)).last();
        assert!((late.unwrap().unwrap().as_secs_f64() - 300.0).abs() < 5.0, "{late:?}");
        assert_eq!(seen.left(at(170.0), 99.0, Work::AtMost(100)), None);
    }

    #[test]
    fn a_search_says_what_is_known() {
        let found = Searching {
            probes: 7,
            events: (3_200_000, 40_000_000),
            holds: Some(4100.0),
            fails: Some(8200.0),
            search: None,
        };
        assert_eq!(
            words(0.5, Work::Search(found), at(42.0), None),
            "7 demands tried, 3.2 of about 40 million events, between 4,100 and 8,200 plans a day, 0.5 replications of the next; 42 s so far"
        );
    }
}
