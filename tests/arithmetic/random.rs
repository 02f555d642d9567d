//! Models made at random for the arithmetic: a bit of everything that an attempt, a call or a store may be, at a load at
//! which hardly anybody meets anybody.

use std::fmt::Write;

/// Plans of one class come evenly, so that every replication has the same number of them.
pub const PER_HOUR: u32 = 4;
pub const HORIZON_S: f64 = 86_400.0;
pub const REPLICATIONS: u32 = 24;

/// SplitMix64: Steele, Lea and Flood, *OOPSLA* 2014.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// So many times in a hundred.
    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    fn some<'a>(&mut self, from: &[&'a str], chance: u64) -> Vec<&'a str> {
        from.iter().copied().filter(|_| self.percent(chance)).collect()
    }
}

const LAWS: [&str; 7] = [
    "\"2s\"",
    "{ dist = \"exponential\", mean = \"2s\" }",
    "{ dist = \"uniform\", min = \"1s\", max = \"4s\" }",
    "{ dist = \"lognormal\", median = \"1s\", p95 = \"5s\" }",
    "{ dist = \"gamma\", mean = \"2s\", cv = 0.5 }",
    "{ dist = \"weibull\", mean = \"2s\", cv = 1.2 }",
    "{ dist = \"mixture\", parts = [{ weight = 0.8, dist = \"constant\", value = \"1s\" }, { weight = 0.2, dist = \"exponential\", mean = \"6s\" }] }",
];

/// The text of a model.
pub fn model(dice: &mut Dice) -> String {
    let mut text = format!(
        "name = \"low\"\n[run]\nhorizon = \"24h\"\nreplications = {REPLICATIONS}\nseed = {}\n",
        dice.below(1_000_000)
    );
    let isolates = 1 + dice.below(3);
    let _ = writeln!(text, "[platform]\nisolates = {isolates}");
    if dice.percent(30) {
        text += "requests = { limit = 100000 }\n";
    }
    let classes: &[&str] = if dice.percent(25) { &["user", "admin"] } else { &["user"] };
    for class in classes {
        // The last hours bring nobody, so that every plan comes to its end.
        let _ = writeln!(
            text,
            "[traffic.{class}]\nworkflow = \"{class}\"\narrivals = {{ process = \"deterministic\", per_hour = {PER_HOUR} }}\n\
             [[traffic.{class}.spike]]\nat = \"20h\"\nfor = \"4h\"\nfactor = 0"
        );
    }
    let (d1, limiter, tiers) = (dice.percent(12), dice.percent(12), dice.percent(8));
    let other = dice.percent(35);
    for class in classes {
        workflow(dice, class, &mut text, [d1, limiter, tiers, other]);
    }
    provider(dice, "p", &mut text);
    if other {
        provider(dice, "q", &mut text);
    }
    text += "[queue.slots]\nmax_concurrency = 9\n[queue.around]\nmax_concurrency = 12\n";
    if d1 {
        text += "[d1.db]\nlatency = { dist = \"exponential\", mean = \"30ms\" }\n";
    }
    stores(dice, limiter, &mut text);
    if tiers {
        text += "[tiers.memo]\nkeys = { law = \"uniform\", count = 50 }\n[[tiers.memo.tier]]\nname = \"memory\"\nper = \"isolate\"\nttl = \"1h\"\n";
    }
    text
}

fn workflow(dice: &mut Dice, name: &str, text: &mut String, [d1, limiter, tiers, other]: [bool; 4]) {
    let steps = 1 + dice.below(3);
    let (side_by_side, branches) = (dice.percent(15), dice.percent(10));
    let mut list = Vec::new();
    for at in 0..steps {
        let work = match dice.below(10) {
            0 | 1 if d1 => "d1 = \"db\"",
            2 | 3 if limiter => "limiter = \"people\"",
            4 | 5 if other => "provider = \"q\"",
            _ => "provider = \"p\"",
        };
        let calls = 1 + dice.below(3);
        let mut step = format!("{{ name = \"s{at}\", {work}, calls = {calls}");
        if side_by_side {
            let _ = write!(step, ", parallel = {calls}");
        }
        if at > 0 && !branches {
            let _ = write!(step, ", after = [\"s{}\"]", at - 1);
        }
        if dice.percent(60) {
            step += ", queue = \"slots\"";
        }
        if dice.percent(12) {
            step += ", semaphore = \"around\"";
        }
        if work.ends_with("\"p\"") {
            if other && dice.percent(40) {
                step += ", fallback = \"q\"";
            }
            if tiers && dice.percent(50) {
                step += ", lookup = \"memo\"";
            }
            if dice.percent(15) {
                let _ = write!(step, ", latency = {}", dice.pick(&LAWS));
            }
            if dice.percent(15) {
                step += ", critical = true";
            }
        }
        list.push(step + " }");
    }
    let (on_error, scope) = (dice.pick(&["abort", "continue"]), dice.pick(&["plan", "step", "call"]));
    let _ = writeln!(
        text,
        "[workflow.{name}]\nsteps = [{}]\non_call_error = \"{on_error}\"\ninvocation = \"{scope}\"",
        list.join(", ")
    );
}

fn provider(dice: &mut Dice, name: &str, text: &mut String) {
    let _ = writeln!(text, "[provider.{name}]\nlatency = {}", dice.pick(&LAWS));
    let timeout = dice.percent(60);
    if timeout {
        let _ = writeln!(text, "request_timeout = \"{}s\"", 2 + dice.below(6));
    }
    let errors = dice.some(&["server_error", "parse_failure", "rate_limited", "request_error", "network"], 35);
    let errors: Vec<String> = errors.into_iter().map(|kind| format!("{kind} = 0.{:02}", 5 + dice.below(12))).collect();
    let _ = writeln!(text, "errors = {{ {} }}", errors.join(", "));
    if timeout && dice.percent(30) {
        let _ = writeln!(text, "hang = 0.{:02}", 5 + dice.below(20));
    }
    if dice.percent(25) {
        let _ = writeln!(text, "max_concurrency = 40\noutlives_client = {}", dice.percent(50));
    }
    if dice.percent(20) {
        let _ = writeln!(text, "tokens = 300\ntokens_per_minute = 9000000\nrequests_per_minute = 60000");
    }
    if dice.percent(10) {
        text.push_str("quota = { limit = 100000, window = \"1h\" }\n");
    }
    if dice.percent(3) {
        text.push_str("outage = { mean_up = \"5h\", mean_down = \"10m\" }\n");
    }
    if dice.percent(65) {
        retries(dice, name, text);
    }
    if dice.percent(3) {
        let _ = writeln!(text, "[breaker.{name}]\nfail_max = 3");
    }
    if dice.percent(3) {
        let _ = writeln!(text, "[hedge.{name}]\nafter = \"2s\"");
    }
}

fn retries(dice: &mut Dice, name: &str, text: &mut String) {
    let mut layer = |most: u64| {
        let mut on =
            dice.some(&["timeout", "server_error", "parse_failure", "rate_limited", "bad_request", "network"], 50);
        if on.is_empty() {
            on.push("server_error");
        }
        let kind = dice.pick(&["none", "constant", "exponential", "decorrelated"]);
        let jitter = if kind == "decorrelated" { "" } else { ", jitter = \"full\"" };
        let waits = if kind == "none" { "" } else { ", base = \"700ms\", cap = \"3s\"" };
        let jitter = if kind == "none" { "" } else { jitter };
        format!(
            "max = {}\non = [\"{}\"]\nbackoff = {{ kind = \"{kind}\"{waits}{jitter} }}",
            1 + dice.below(most),
            on.join("\", \"")
        )
    };
    let outer = layer(3);
    let inner = layer(2);
    let _ = writeln!(text, "[retry.{name}]\n{outer}\nhold_slot = {}", dice.percent(50));
    if dice.percent(20) {
        let _ = writeln!(text, "sdk = {{ {} }}", inner.replace('\n', ", "));
    }
    if dice.percent(3) {
        text.push_str("deadline = \"8s\"\n");
    }
    if dice.percent(3) {
        text.push_str("budget = { ratio = 0.1, min_per_second = 0.001, burst = 5 }\n");
    }
}

fn stores(dice: &mut Dice, limiter: bool, text: &mut String) {
    text.push_str("[store.kv]\nkind = \"kv\"\nlatency = { get = \"20ms\", put = \"40ms\" }\n");
    if dice.percent(15) {
        text.push_str("key_spacing = \"1s\"\n");
    }
    for op in dice.some(&["reads", "writes"], 40) {
        let window = dice.pick(&["\"day\"", "\"month\"", "\"1h\"", "\"12h\", kind = \"rolling\""]);
        let _ = writeln!(text, "quota.{op} = {{ limit = 1000000, window = {window} }}");
    }
    text.push_str("[store.cache]\nkind = \"cache\"\nlatency = { get = \"5ms\", put = \"5ms\" }\nttl = \"1h\"\n");
    if limiter {
        let people =
            dice.pick(&["law = \"same\"", "law = \"uniform\", count = 7", "law = \"zipf\", count = 40, s = 1.1"]);
        let _ = writeln!(text, "[limiter.people]\npeople = {{ {people} }}\nper_day = 1000000");
    }
    if dice.percent(40) {
        let _ = writeln!(text, "[reads.start]\nstore = \"kv\"\nper_plan = {}", 1 + dice.below(4));
    }
    if dice.percent(40) {
        let _ = writeln!(text, "[reads.lists]\nstore = \"kv\"\nper_call = {}", 1 + dice.below(3));
        if dice.percent(15) {
            text.push_str("memory_ttl = \"1m\"\n");
        }
    }
    let strategy = dice.pick(&["none", "none", "kv-only", "cache-only", "hybrid", "conditional"]);
    if strategy != "none" {
        let level = dice.pick(&["all", "errors_only"]);
        let on_error = dice.pick(&["swallow", "fail_plan"]);
        let _ = writeln!(text, "[logging]\nstrategy = \"{strategy}\"\nlevel = \"{level}\"\non_error = \"{on_error}\"");
    }
}
