//! A second opinion: the rules of plans, calls and queues written down again, as plainly as possible, and sharing no
//! code with the program. Slow and short, so that a reader can believe it; [`replay`] is all of it.
#![allow(dead_code, reason = "each test uses a part")]

pub mod bursts;
pub mod full;
#[path = "../../benches/hand/mod.rs"]
mod hand; // its tests hold the programs of the benches to theory
pub mod quotas;
mod scenarios;

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// One try of a call: how long the provider takes, and how it ends unless the timeout comes first; none is "ok".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub latency: u64,
    pub fault: Option<&'static str>,
    /// Whether the request itself is faulty, which is known before it is sent; that of the first attempt counts.
    pub faulty: bool,
}

/// A plan: when it comes, and for each of its calls, made one after the other, the attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub at: u64,
    pub calls: Vec<Vec<Attempt>>,
    /// The isolate that it is pinned to, each with a queue of its own.
    pub isolate: usize,
    /// Of the class that goes first where the queue has priorities. At one instant these come first, too.
    pub admin: bool,
}

/// What the plans go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub slots: usize,
    pub places: usize,
    pub timeout: Option<u64>,
    pub retries: usize,
    pub retried: Vec<&'static str>,
    /// The wait after attempt a, from 0, is base × factor^a, at most cap.
    pub base: u64,
    pub factor: u64,
    pub cap: u64,
    pub hold_slot: bool,
    pub discipline: &'static str,
    /// Who has waited so long leaves.
    pub patience: Option<u64>,
    pub isolates: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub plans_offered: u64,
    pub plans_completed: u64,
    pub plans_failed: u64,
    pub plans_overloaded: u64,
    pub plans_abandoned: u64,
    pub calls_made: u64,
    pub calls_succeeded: u64,
    pub calls_failed: u64,
    pub calls_refused: u64,
    pub attempts_made: u64,
    pub attempts_timed_out: u64,
    /// Ended in a fault other than the timeout.
    pub attempts_errored: u64,
    /// Failed attempts after which the call backs off to try again (though the queue may then refuse it).
    pub attempts_retried: u64,
    /// Times that a slot was granted, and the waits for them, zeros included.
    pub grants: u64,
    pub waited: u64,
    pub queued_max: u64,
    pub active_max: u64,
    /// The plans that completed, in the order they came, with the time they took.
    pub latencies: Vec<(usize, u64)>,
}

/// What may happen; in this order at one instant. The end of a patience is a timeout, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Answer,
    Timeout,
    BackoffEnd,
    Arrival,
}

struct Simulation<'a> {
    plans: &'a [Plan],
    rules: &'a Rules,
    now: u64,
    /// (when, what, plan, call, attempt): the least is next, by exactly these five. Then: whether it ends a patience.
    pending: Vec<(u64, What, usize, usize, usize, bool)>,
    /// Calls that hold a slot, by isolate.
    active: Vec<usize>,
    /// Those who wait, by isolate, in the order they came: plan, call, attempt, since when.
    queue: Vec<Vec<(usize, usize, usize, u64)>>,
    outcome: Outcome,
}

/// Plays the plans through the rules, to the end of the last one.
pub fn replay(plans: &[Plan], rules: &Rules) -> Outcome {
    let mut s = Simulation {
        plans,
        rules,
        now: 0,
        pending: Vec::new(),
        active: vec![0; rules.isolates],
        queue: vec![Vec::new(); rules.isolates],
        outcome: Outcome::default(),
    };
    for (plan, Plan { at, .. }) in plans.iter().enumerate() {
        s.pending.push((*at, What::Arrival, plan, 0, 0, false));
    }
    while let Some(next) = s.pending.iter().min().copied() {
        s.pending.retain(|event| *event != next);
        let (at, what, plan, call, attempt, patience) = next;
        s.now = at;
        match what {
            What::Arrival => {
                s.outcome.plans_offered += 1;
                s.begin_call(plan, 0);
            }
            What::Answer => s.attempt_ends(plan, call, attempt, s.attempt(plan, call, attempt).fault),
            What::Timeout if patience => s.lose_patience(plan, call, attempt),
            What::Timeout => s.attempt_ends(plan, call, attempt, Some("timeout")),
            What::BackoffEnd if rules.hold_slot => s.begin_attempt(plan, call, attempt),
            What::BackoffEnd => s.queue_up(plan, call, attempt),
        }
    }
    assert!(s.queue.iter().all(Vec::is_empty) && s.active.iter().all(|&active| active == 0), "everybody has left");
    s.outcome.latencies.sort_unstable();
    s.outcome
}

impl Simulation<'_> {
    /// What an attempt does; when attempts run out of entries the last one repeats.
    fn attempt(&self, plan: usize, call: usize, attempt: usize) -> Attempt {
        let entries = &self.plans[plan].calls[call];
        entries[attempt.min(entries.len() - 1)]
    }

    fn begin_call(&mut self, plan: usize, call: usize) {
        self.outcome.calls_made += 1;
        self.queue_up(plan, call, 0);
    }

    /// A slot at once, or a place at the tail, or refused.
    fn queue_up(&mut self, plan: usize, call: usize, attempt: usize) {
        let here = self.plans[plan].isolate;
        if self.active[here] < self.rules.slots {
            self.active[here] += 1;
            self.outcome.active_max = self.outcome.active_max.max(self.active[here] as u64);
            self.outcome.grants += 1;
            self.begin_attempt(plan, call, attempt);
        } else if self.queue[here].len() < self.rules.places {
            self.queue[here].push((plan, call, attempt, self.now));
            self.outcome.queued_max = self.outcome.queued_max.max(self.queue[here].len() as u64);
            if let Some(patience) = self.rules.patience {
                self.pending.push((self.now + patience, What::Timeout, plan, call, attempt, true));
            }
        } else {
            self.outcome.calls_refused += 1;
            self.outcome.plans_overloaded += 1;
        }
    }

    /// Who still waits for the same slot leaves, and that ends the plan.
    fn lose_patience(&mut self, plan: usize, call: usize, attempt: usize) {
        let queue = &mut self.queue[self.plans[plan].isolate];
        if let Some(at) = queue.iter().position(|waiting| (waiting.0, waiting.1, waiting.2) == (plan, call, attempt)) {
            queue.remove(at);
            self.outcome.plans_abandoned += 1;
        }
    }

    /// Who is next: the first to have come, the last, or the first of those with the highest priority.
    fn next_in_line(&self, here: usize) -> usize {
        match self.rules.discipline {
            "fifo" => 0,
            "lifo" => self.queue[here].len() - 1,
            _ => self.queue[here].iter().position(|waiting| self.plans[waiting.0].admin).unwrap_or(0),
        }
    }

    /// A slot of an isolate falls free: who is next has it at this instant.
    fn leave_slot(&mut self, here: usize) {
        self.active[here] -= 1;
        if !self.queue[here].is_empty() {
            let next = self.next_in_line(here);
            let (plan, call, attempt, since) = self.queue[here].remove(next);
            self.active[here] += 1;
            self.outcome.grants += 1;
            self.outcome.waited += self.now - since;
            self.begin_attempt(plan, call, attempt);
        }
    }

    /// The timeout runs from here: waiting does not spend it. A latency equal to it is an answer.
    fn begin_attempt(&mut self, plan: usize, call: usize, attempt: usize) {
        self.outcome.attempts_made += 1;
        let latency = self.attempt(plan, call, attempt).latency;
        let (takes, what) = match self.rules.timeout {
            Some(timeout) if latency > timeout => (timeout, What::Timeout),
            _ => (latency, What::Answer),
        };
        self.pending.push((self.now + takes, what, plan, call, attempt, false));
    }

    fn attempt_ends(&mut self, plan: usize, call: usize, attempt: usize, fault: Option<&'static str>) {
        match fault {
            None => self.call_succeeds(plan, call),
            Some(fault) => {
                if fault == "timeout" {
                    self.outcome.attempts_timed_out += 1;
                } else {
                    self.outcome.attempts_errored += 1;
                }
                if attempt < self.rules.retries && self.rules.retried.contains(&fault) {
                    self.back_off(plan, call, attempt);
                } else {
                    // A call that failed ends its plan.
                    self.outcome.calls_failed += 1;
                    self.outcome.plans_failed += 1;
                    self.leave_slot(self.plans[plan].isolate);
                }
            }
        }
    }

    fn call_succeeds(&mut self, plan: usize, call: usize) {
        self.outcome.calls_succeeded += 1;
        self.leave_slot(self.plans[plan].isolate);
        if call + 1 < self.plans[plan].calls.len() {
            self.begin_call(plan, call + 1);
        } else {
            self.outcome.plans_completed += 1;
            self.outcome.latencies.push((plan, self.now - self.plans[plan].at));
        }
    }

    fn back_off(&mut self, plan: usize, call: usize, attempt: usize) {
        self.outcome.attempts_retried += 1;
        let mut wait = self.rules.base;
        for _ in 0..attempt {
            wait *= self.rules.factor;
        }
        let wait = wait.min(self.rules.cap);
        self.pending.push((self.now + wait, What::BackoffEnd, plan, call, attempt + 1, false));
        if !self.rules.hold_slot {
            self.leave_slot(self.plans[plan].isolate);
        }
    }
}

/// The plans as a trace, one line each, that the program reads; admins are a class of their own.
pub fn trace(plans: &[Plan], class: &str) -> String {
    // Nine decimals and under 104 days: the nearest double is the nanosecond meant.
    let seconds = |nanos: u64| format!("{}.{:09}", nanos / SECOND, nanos % SECOND);
    let mut text = String::new();
    for plan in plans {
        let attempt = |a: &Attempt| {
            let faulty = if a.faulty { ", \"request_error\": true" } else { "" };
            format!("{{\"latency_s\": {}, \"outcome\": \"{}\"{faulty}}}", seconds(a.latency), a.fault.unwrap_or("ok"))
        };
        let call = |c: &Vec<Attempt>| format!("[{}]", c.iter().map(attempt).collect::<Vec<_>>().join(", "));
        let calls = plan.calls.iter().map(call).collect::<Vec<_>>().join(", ");
        let class = if plan.admin { "admin" } else { class };
        text += &format!(
            "{{\"at_s\": {}, \"class\": \"{class}\", \"isolate\": {}, \"calls\": [{calls}]}}\n",
            seconds(plan.at),
            plan.isolate
        );
    }
    text
}
