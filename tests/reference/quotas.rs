//! A second opinion on quotas: the log events of plans, the kv-only table, and plain counting.

use super::SECOND;

/// Nanoseconds in a day; a run starts at midnight.
const DAY: u64 = 86_400 * SECOND;

/// A call of a plan logs its request, or its response; ordered as they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogEvent {
    pub at: u64,
    pub plan: usize,
    pub call: usize,
    pub response: bool,
}

/// The limits of the key-value store, and what a rejected op does to its plan.
#[derive(Clone, Copy, Debug)]
pub struct KvRules {
    pub writes_a_day: u64,
    pub reads_a_day: u64,
    pub spacing: u64,
    /// The plan ends with the first rejected op; otherwise only the rest of its log event is skipped.
    pub fail_plan: bool,
}

/// Ops accepted, and rejected by either limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub writes: u64,
    pub reads: u64,
    pub rejected_quota: u64,
    pub rejected_key: u64,
    pub plans_crashed: u64,
}

/// The kv-only table: at the request PUT the log record, GET and PUT the shared index, PUT the session's list; at the
/// response PUT the response record. Ops take no time. `events` are in order.
pub fn kv_only(events: &[LogEvent], rules: &KvRules) -> Count {
    let mut count = Count::default();
    // Every accepted op: when, whether it wrote, which key.
    let mut accepted: Vec<(u64, bool, String)> = Vec::new();
    let mut crashed: Vec<usize> = Vec::new();
    for &LogEvent { at, plan, call, response } in events {
        if crashed.contains(&plan) {
            continue;
        }
        let index = "ai_communication_session_index".to_string();
        let ops = if response {
            vec![(true, format!("ai_communication_log:{plan}-{call}_response"))]
        } else {
            vec![
                (true, format!("ai_communication_log:{plan}-{call}")),
                (false, index.clone()),
                (true, index),
                (true, format!("ai_session_logs:{plan}")),
            ]
        };
        for (write, key) in ops {
            // The quota of the day comes before the spacing of the key, and what is rejected counts for neither.
            let today = accepted.iter().filter(|(when, w, _)| when / DAY == at / DAY && *w == write).count() as u64;
            let most = if write { rules.writes_a_day } else { rules.reads_a_day };
            let too_soon = write && accepted.iter().any(|(when, w, k)| *w && *k == key && at < when + rules.spacing);
            if today < most && !too_soon {
                accepted.push((at, write, key));
                continue;
            }
            if today >= most {
                count.rejected_quota += 1;
            } else {
                count.rejected_key += 1;
            }
            if rules.fail_plan {
                count.plans_crashed += 1;
                crashed.push(plan);
            }
            break;
        }
    }
    count.writes = accepted.iter().filter(|(_, write, _)| *write).count() as u64;
    count.reads = accepted.iter().filter(|(_, write, _)| !write).count() as u64;
    count
}
