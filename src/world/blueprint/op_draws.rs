//! The draws of operations, in the order of their words.
//!
//! Draws are addressed by the operation itself (its step and call, and the identity of the strategy's row or of the
//! read), not by its place in a table: adding a row to a strategy does not change the draws of others.

use crate::model::{LogEvent, LogOp, OpKind, Store, StoreKind};
use crate::streams::{LawSpec, Purpose};
use crate::world::blueprint::NONE;

/// What an op draws.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Draw {
    /// How long it takes.
    Latency,
    /// Whether it arrives.
    Network,
    /// Whether it is kept.
    Kept,
    /// When pressure evicts it.
    Pressure,
}

/// One draw of one op.
#[derive(Debug)]
pub(crate) struct OpDraw {
    /// The op's identity: the operation, the key, and its ordinal among identical operations.
    pub(crate) what: String,
    pub(crate) purpose: Purpose,
}

/// Where the draws of an op stand among the words of its call; [`NONE`] for what its store leaves to no chance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpWords {
    /// How long it takes.
    pub(crate) latency: u16,
    /// When pressure evicts what it wrote.
    pub(crate) pressure: u16,
    /// Whether it keeps what it wrote.
    pub(crate) kept: u16,
    /// Whether it arrives.
    pub(crate) network: u16,
}

impl OpWords {
    /// Where one of them stands.
    pub(crate) fn of(self, draw: Draw) -> u16 {
        match draw {
            Draw::Latency => self.latency,
            Draw::Network => self.network,
            Draw::Kept => self.kept,
            Draw::Pressure => self.pressure,
        }
    }
}

/// The draws of all ops, in the order of their words.
#[derive(Debug, Default)]
pub(crate) struct OpDraws {
    pub(crate) list: Vec<OpDraw>,
    rows: Vec<String>,
}

impl OpDraws {
    /// The words of a row of the strategy's table.
    pub(crate) fn row(&mut self, row: &LogOp, store: &Store) -> OpWords {
        let event = match row.event {
            LogEvent::Request => "request",
            LogEvent::Response => "response",
            LogEvent::PlanEnd => "plan_end",
            LogEvent::DayEnd => "day_end",
        };
        let what = format!("{event} {}.{} {}", store.name, row.op as u8, row.key.template);
        let before = self.rows.iter().filter(|known| **known == what).count();
        self.rows.push(what.clone());
        self.op(&format!("{what} {before}"), row.op, store)
    }

    /// What each row is, in their order.
    pub(crate) fn names(self) -> Vec<String> {
        let before = |at: usize| self.rows[..at].iter().filter(|known| **known == self.rows[at]).count();
        (0..self.rows.len()).map(|at| format!("{} {}", self.rows[at], before(at))).collect()
    }

    /// The words of read number `nth` of an entry of `[reads]`.
    pub(crate) fn read(&mut self, name: &str, nth: u32, store: &Store) -> OpWords {
        self.op(&format!("read {name} {nth}"), OpKind::Get, store)
    }

    fn op(&mut self, what: &str, op: OpKind, store: &Store) -> OpWords {
        let is_put = op == OpKind::Put;
        let is_service = store.kind == StoreKind::LogService;
        let is_random = |law: &LawSpec| !law.is_constant();
        let cold = store.cold.as_ref().filter(|_| op == OpKind::Get).map(|(_, law)| law);
        let mut word = |is_drawn: bool, purpose| {
            if !is_drawn {
                return NONE;
            }
            self.list.push(OpDraw { what: what.into(), purpose });
            self.list.len() as u16 - 1
        };
        OpWords {
            latency: word(is_random(&store.latency[op as usize]) || cold.is_some_and(is_random), Purpose::Op),
            pressure: word(is_put && store.evictions_per_hour > 0.0, Purpose::Pressure),
            kept: word(is_put && store.put_stores_nothing.value() > 0.0, Purpose::Outcome),
            network: word(is_service && store.network_errors.value() > 0.0, Purpose::Outage),
        }
    }
}
