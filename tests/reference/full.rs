//! A third opinion, on everything at once: plans whose calls read, log, queue, try again and use up what an invocation and
//! a day may use, event by event. As plain as the rules allow; it shares no code with the program.

use super::{Attempt, Plan, Rules, SECOND};
use std::collections::{BTreeMap, VecDeque};

const DAY: u64 = 86_400 * SECOND;

/// A row of the logging table.
#[derive(Clone, Debug)]
pub struct Row {
    pub response: bool,
    /// `always`, `error` or `normal`.
    pub when: &'static str,
    /// 0: the key-value store, 1: the cache.
    pub store: usize,
    /// 0: get, 1: put, 2: delete.
    pub op: usize,
    pub key: &'static str,
}

/// What an op of a store is held to: by op, the limit of a day and the time that it takes.
#[derive(Clone, Debug)]
pub struct Store {
    pub daily: [Option<u64>; 3],
    pub takes: [u64; 3],
    pub spacing: Option<u64>,
    pub per_invocation: Option<u64>,
    /// Whether its ops are external subrequests.
    pub external: bool,
}

/// All that plans go through.
#[derive(Clone, Debug)]
pub struct Whole {
    pub rules: Rules,
    pub constant_backoff: bool,
    pub parallel: usize,
    pub goes_on: bool,
    /// Each call is an invocation; else each plan.
    pub by_call: bool,
    pub external: Option<u64>,
    pub internal: Option<u64>,
    pub stores: [Store; 2],
    pub rows: Vec<Row>,
    /// `all`, `errors_only` or `none`.
    pub level: &'static str,
    pub fail_plan: bool,
    /// Reads of the key-value store as a plan begins, and before each call.
    pub reads: (usize, usize),
}

/// Counts by the names of the metrics.
pub type Counts = BTreeMap<String, u64>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Answer,
    Timeout,
    Store,
    Backoff,
    Arrival,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Reads,
    Request,
    Enter,
    Waiting,
    Start,
    Denied,
    Running,
    Backoff,
    Response,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Succeeded,
    Failed,
    Refused,
    Abandoned,
    Crashed,
}

#[derive(Clone, Debug)]
struct Call {
    plan: usize,
    index: usize,
    phase: Phase,
    attempt: usize,
    /// Ops done of this phase; then: one is under way, and whether it is refused.
    done: usize,
    op: Option<bool>,
    slot: bool,
    since: u64,
    /// When the attempt under way ends.
    until: u64,
    fault: Option<&'static str>,
    end: End,
}

#[derive(Clone, Debug, Default)]
struct Going {
    started: usize,
    ended: usize,
    open: usize,
    over: bool,
}

struct World<'a> {
    plans: &'a [Plan],
    whole: &'a Whole,
    now: u64,
    pending: BTreeMap<(u64, Rank, usize, usize, usize), ()>,
    calls: BTreeMap<(usize, usize), Call>,
    going: Vec<Going>,
    ready: VecDeque<(usize, usize)>,
    active: Vec<usize>,
    queue: Vec<Vec<(usize, usize)>>,
    /// By invocation: external and internal subrequests, then ops by store.
    used: BTreeMap<(usize, usize), [u64; 4]>,
    today: BTreeMap<(u64, usize, usize), u64>,
    written: BTreeMap<(usize, String), u64>,
    counts: Counts,
}

/// Plays the plans through everything, to the end of the last one.
pub fn play(plans: &[Plan], whole: &Whole) -> Counts {
    let mut w = World {
        plans,
        whole,
        now: 0,
        pending: BTreeMap::new(),
        calls: BTreeMap::new(),
        going: vec![Going::default(); plans.len()],
        ready: VecDeque::new(),
        active: vec![0; whole.rules.isolates],
        queue: vec![Vec::new(); whole.rules.isolates],
        used: BTreeMap::new(),
        today: BTreeMap::new(),
        written: BTreeMap::new(),
        counts: Counts::new(),
    };
    for (plan, Plan { at, .. }) in plans.iter().enumerate() {
        w.pending.insert((*at, Rank::Arrival, plan, 0, 0), ());
    }
    while let Some(((at, rank, plan, call, attempt), ())) = w.pending.pop_first() {
        w.now = at;
        w.happens(rank, (plan, call), attempt);
        while let Some(next) = w.ready.pop_front() {
            w.go(next);
        }
    }
    assert!(w.queue.iter().all(Vec::is_empty) && w.active.iter().all(|&active| active == 0), "everybody has left");
    assert!(w.calls.is_empty());
    w.counts
}

impl World<'_> {
    fn count(&mut self, what: impl Into<String>) {
        self.add(what, 1);
    }

    fn add(&mut self, what: impl Into<String>, n: u64) {
        *self.counts.entry(what.into()).or_default() += n;
    }

    fn call(&mut self, id: (usize, usize)) -> &mut Call {
        self.calls.get_mut(&id).unwrap()
    }

    fn happens(&mut self, rank: Rank, id: (usize, usize), attempt: usize) {
        match rank {
            Rank::Arrival => {
                self.count("plans.offered");
                for _ in 0..self.whole.parallel.min(self.plans[id.0].calls.len()) {
                    self.start_next(id.0);
                }
            }
            Rank::Store => self.go(id),
            Rank::Backoff => {
                let call = self.call(id);
                call.phase = if call.slot { Phase::Start } else { Phase::Enter };
                self.go(id);
            }
            Rank::Timeout if self.calls.get(&id).is_none_or(|call| call.attempt != attempt) => {}
            Rank::Timeout if self.call(id).phase == Phase::Waiting => {
                let here = self.plans[id.0].isolate;
                self.queue[here].retain(|waiting| *waiting != id);
                self.ends(id, End::Abandoned);
                self.go(id);
            }
            // The patience of a call that has had its slot since is ignored.
            Rank::Timeout | Rank::Answer if self.is_due(id) => {
                self.attempt_ends(id);
                self.go(id);
            }
            _ => {}
        }
    }

    fn start_next(&mut self, plan: usize) {
        let going = &mut self.going[plan];
        if going.over || going.started == self.plans[plan].calls.len() {
            return;
        }
        let index = going.started;
        going.started += 1;
        going.open += 1;
        self.count("calls.made");
        let call = Call {
            plan,
            index,
            phase: Phase::Reads,
            attempt: 0,
            done: 0,
            op: None,
            slot: false,
            since: 0,
            until: 0,
            fault: None,
            end: End::Succeeded,
        };
        self.calls.insert((plan, index), call);
        self.ready.push_back((plan, index));
    }

    /// Takes a call as far as it gets without waiting.
    fn go(&mut self, id: (usize, usize)) {
        loop {
            match self.call(id).phase {
                Phase::Reads => {
                    if !self.read(id) {
                        return;
                    }
                }
                Phase::Request | Phase::Response => {
                    if !self.log(id) {
                        return;
                    }
                }
                Phase::Enter => self.enter(id),
                Phase::Start => self.start(id),
                Phase::Denied => self.attempt_ends(id),
                Phase::Done => return self.done(id),
                Phase::Waiting | Phase::Running | Phase::Backoff => return,
            }
        }
    }

    /// The reads before a call; what they find is ignored. False: one is under way.
    fn read(&mut self, id: (usize, usize)) -> bool {
        let (of_plan, of_call) = self.whole.reads;
        let reads = of_call + if id.1 == 0 { of_plan } else { 0 };
        while self.call(id).done < reads {
            if self.call(id).op.take().is_some() {
                self.call(id).done += 1;
            } else if self.ask(id, 0, 0, "prompt") {
                return false;
            }
        }
        self.enter_phase(id, Phase::Request);
        true
    }

    fn enter_phase(&mut self, id: (usize, usize), phase: Phase) {
        let call = self.call(id);
        (call.phase, call.done, call.op) = (phase, 0, None);
    }

    /// The rows of an event, one after the other; a refused one is the last. False: one is under way.
    fn log(&mut self, id: (usize, usize)) -> bool {
        let whole = self.whole;
        let (response, end) = (self.call(id).phase == Phase::Response, self.call(id).end);
        let error = if response { end != End::Succeeded } else { self.plans[id.0].calls[id.1][0].faulty };
        let mut rows: Vec<&Row> = whole.rows.iter().filter(|row| row.response == response).collect();
        rows.retain(|row| row.when == "always" || (row.when == "error") == error);
        if whole.level == "none" || whole.level == "errors_only" && !error {
            rows.clear();
        }
        let mut refused = false;
        while self.call(id).done < rows.len() && !refused {
            if let Some(no) = self.call(id).op.take() {
                self.call(id).done += 1;
                refused = no;
            } else {
                let row = rows[self.call(id).done];
                if self.ask(id, row.store, row.op, row.key) {
                    return false;
                }
            }
        }
        if refused && whole.fail_plan {
            self.call(id).end = End::Crashed;
            self.enter_phase(id, Phase::Done);
        } else {
            self.enter_phase(id, if response { Phase::Done } else { Phase::Enter });
        }
        true
    }

    fn invocation(&self, id: (usize, usize)) -> (usize, usize) {
        (id.0, if self.whole.by_call { id.1 } else { 0 })
    }

    /// Asks a store: the day first, then the invocation, which costs no time; then the key. Whether it takes time.
    fn ask(&mut self, id: (usize, usize), store: usize, op: usize, key: &str) -> bool {
        let spec = &self.whole.stores[store];
        let name = format!("{}.{}", ["kv", "cache"][store], ["reads", "writes", "deletes"][op]);
        self.count(format!("{name}_attempted"));
        let today = (self.now / DAY, store, op);
        let used_today = self.today.get(&today).copied().unwrap_or_default();
        let invocation = self.invocation(id);
        let used = *self.used.entry(invocation).or_default();
        let (side, limit) = if spec.external { (0, self.whole.external) } else { (1, self.whole.internal) };
        let over = |limit: Option<u64>, used: u64| limit.is_some_and(|limit| used >= limit);
        if over(spec.daily[op], used_today) {
            self.count(format!("{name}_rejected_quota"));
            self.call(id).op = Some(true);
            return false;
        }
        if over(limit, used[side]) || over(spec.per_invocation, used[2 + store]) {
            self.count(format!("{name}_rejected_invocation"));
            self.call(id).op = Some(true);
            return false;
        }
        let counters = self.used.get_mut(&invocation).unwrap();
        counters[side] += 1;
        counters[2 + store] += 1;
        let key = key.replace("{log}", &format!("{}-{}", id.0, id.1)).replace("{session}", &id.0.to_string());
        let last = self.written.get(&(store, key.clone())).copied();
        let too_soon = op == 1 && spec.spacing.zip(last).is_some_and(|(spacing, last)| self.now < last + spacing);
        if too_soon {
            self.count(format!("{name}_rejected_key"));
        } else {
            self.count(name);
            *self.today.entry(today).or_default() += 1;
            if op == 1 {
                self.written.insert((store, key), self.now);
            }
        }
        let (takes, attempt) = (spec.takes[op], self.call(id).attempt);
        self.call(id).op = Some(too_soon);
        if takes > 0 {
            self.pending.insert((self.now + takes, Rank::Store, id.0, id.1, attempt), ());
        }
        takes > 0
    }

    fn enter(&mut self, id: (usize, usize)) {
        let (here, rules, now) = (self.plans[id.0].isolate, &self.whole.rules, self.now);
        if self.active[here] < rules.slots {
            self.active[here] += 1;
            self.granted(id, now);
        } else if self.queue[here].len() < rules.places {
            self.queue[here].push(id);
            let call = self.call(id);
            (call.phase, call.since) = (Phase::Waiting, now);
            let attempt = call.attempt;
            if let Some(patience) = rules.patience {
                self.pending.insert((now + patience, Rank::Timeout, id.0, id.1, attempt), ());
            }
        } else {
            self.ends(id, End::Refused);
        }
    }

    fn granted(&mut self, id: (usize, usize), since: u64) {
        self.count("queue.q.admitted");
        self.add("waited", self.now - since);
        let call = self.call(id);
        (call.slot, call.phase) = (true, Phase::Start);
    }

    /// Its slot falls free: who is next has it, and starts, at this instant.
    fn leave_slot(&mut self, id: (usize, usize)) {
        if !std::mem::take(&mut self.call(id).slot) {
            return;
        }
        let here = self.plans[id.0].isolate;
        self.active[here] -= 1;
        let queue = &self.queue[here];
        let next = match self.whole.rules.discipline {
            _ if queue.is_empty() => return,
            "fifo" => 0,
            "lifo" => queue.len() - 1,
            _ => queue.iter().position(|waiting| self.plans[waiting.0].admin).unwrap_or(0),
        };
        let next = self.queue[here].remove(next);
        self.active[here] += 1;
        let since = self.call(next).since;
        self.granted(next, since);
        self.start(next);
        if self.call(next).phase == Phase::Denied {
            self.ready.push_back(next);
        }
    }

    fn attempt(&self, id: (usize, usize), attempt: usize) -> Attempt {
        let entries = &self.plans[id.0].calls[id.1];
        entries[attempt.min(entries.len() - 1)]
    }

    /// Whether the attempt under way ends now.
    fn is_due(&mut self, id: (usize, usize)) -> bool {
        self.call(id).phase == Phase::Running && self.call(id).until == self.now
    }

    fn is_cut(&mut self, id: (usize, usize)) -> bool {
        let nth = self.call(id).attempt;
        self.whole.rules.timeout.is_some_and(|timeout| self.attempt(id, nth).latency > timeout)
    }

    fn start(&mut self, id: (usize, usize)) {
        self.count("attempts.made");
        let invocation = self.invocation(id);
        let used = self.used.entry(invocation).or_default();
        if self.whole.external.is_some_and(|limit| used[0] >= limit) {
            let call = self.call(id);
            (call.phase, call.fault) = (Phase::Denied, Some("subrequest_limit"));
            return;
        }
        used[0] += 1;
        let nth = self.call(id).attempt;
        let attempt = self.attempt(id, nth);
        let cut = self.is_cut(id);
        let takes = if cut { self.whole.rules.timeout.unwrap() } else { attempt.latency };
        let until = self.now + takes;
        let call = self.call(id);
        (call.phase, call.fault) = (Phase::Running, if cut { Some("timeout") } else { attempt.fault });
        call.until = until;
        let rank = if cut { Rank::Timeout } else { Rank::Answer };
        self.pending.insert((until, rank, id.0, id.1, nth), ());
    }

    fn attempt_ends(&mut self, id: (usize, usize)) {
        let Some(fault) = self.call(id).fault else { return self.ends(id, End::Succeeded) };
        self.count(match fault {
            "timeout" => "attempts.timed_out",
            "rate_limited" => "attempts.rate_limited",
            _ => "attempts.errored",
        });
        if fault == "subrequest_limit" {
            self.count("attempts.subrequest_limited");
        }
        let (rules, nth) = (&self.whole.rules, self.call(id).attempt);
        if nth >= rules.retries || !rules.retried.contains(&fault) {
            return self.ends(id, End::Failed);
        }
        self.count("attempts.retried");
        let growth = if self.whole.constant_backoff { 1 } else { rules.factor.pow(nth as u32) };
        let wait = (rules.base * growth).min(rules.cap);
        let call = self.call(id);
        (call.attempt, call.phase) = (nth + 1, Phase::Backoff);
        self.pending.insert((self.now + wait, Rank::Backoff, id.0, id.1, nth + 1), ());
        if !rules.hold_slot {
            self.leave_slot(id);
        }
    }

    /// The provider's part is over, or never began.
    fn ends(&mut self, id: (usize, usize), end: End) {
        self.leave_slot(id);
        self.call(id).end = end;
        self.enter_phase(id, Phase::Response);
    }

    fn done(&mut self, id: (usize, usize)) {
        let call = self.calls.remove(&id).unwrap();
        let plan = &mut self.going[id.0];
        plan.ended += 1;
        plan.open -= 1;
        let is_last = plan.ended == self.plans[id.0].calls.len();
        let goes_on = self.whole.goes_on;
        let (counted, end) = match call.end {
            End::Succeeded => ("calls.succeeded", None),
            End::Failed => ("calls.failed", Some("plans.call_failed").filter(|_| !goes_on)),
            End::Refused => ("calls.refused", Some("plans.overloaded").filter(|_| !goes_on)),
            End::Abandoned => ("calls.abandoned", Some("plans.abandoned").filter(|_| !goes_on)),
            End::Crashed => ("calls.crashed", Some("plans.crashed")),
        };
        self.count(counted);
        let end = end.or(is_last.then_some("plans.completed"));
        if let Some(end) = end.filter(|_| !self.going[id.0].over) {
            self.going[id.0].over = true;
            self.count(end);
            if end == "plans.completed" {
                self.add("latency", self.now - self.plans[id.0].at);
            }
        }
        self.start_next(id.0);
        // Calls in turn follow each other at once; of those beside each other, who was woken first goes first.
        if self.whole.parallel == 1 && self.ready.back().is_some_and(|next| next.0 == id.0) {
            let next = self.ready.pop_back().unwrap();
            self.go(next);
        }
    }
}
