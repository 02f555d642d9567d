//! Ops as the loop reads them: the rows of the strategy, and reads that are not logs.

use crate::model::{KeyScope, LogEvent, LogOp, Model, OpKind, ReadCount, Role, Store, When};
use crate::units::Span;
use crate::world::blueprint::{Laws, NONE, OpDraws, OpWords};

/// One row of the logging table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) store: u16,
    pub(crate) op: OpKind,
    pub(crate) when: When,
    pub(crate) role: Role,
    pub(crate) key: KeySlot,
    pub(crate) family: u16,
    pub(crate) ttl: Option<Span>,
    pub(crate) bytes: u64,
    pub(crate) words: OpWords,
    pub(crate) external: bool,
    /// Whether the call waits for it.
    pub(crate) awaited: bool,
    pub(crate) cold: ColdKey,
}

/// Where the last write of a key is remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeySlot {
    /// Nowhere: the key is written once.
    Once,
    /// With the plan.
    Session(u16),
    /// With the plan, apart for each of its calls: the place of the first.
    Call(u16),
    /// With the world: shared by all, or of a day.
    Shared(u16),
}

/// The keys with the same first part.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) store: u16,
}

/// One read that is not a log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOp {
    pub(crate) store: u16,
    pub(crate) words: OpWords,
    pub(crate) external: bool,
    /// Where an isolate's memory keeps the key, and for how long.
    pub(crate) memory: Option<(u32, Span)>,
    pub(crate) cold: ColdKey,
}

/// The position of a shared key whose read is slower when it has not been read for a while; [`NONE`]: the key is not
/// shared.
pub(crate) type ColdKey = Option<u16>;

/// How long the operations on a store take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreLaws {
    pub(crate) by_op: [u16; 4],
    /// A read of a key that is not hot, and how long a key stays hot once it was fetched.
    pub(crate) cold: Option<(u16, Span)>,
}

pub(crate) fn store_laws(store: &Store, laws: &mut Laws) -> Result<StoreLaws, String> {
    let mut by_op = [0; 4];
    for op in OpKind::ALL {
        by_op[op as usize] = laws.id(&store.latency[op as usize])?;
    }
    let cold = store.cold.as_ref().map(|(hot_for, law)| Ok::<_, String>((laws.id(law)?, *hot_for))).transpose()?;
    Ok(StoreLaws { by_op, cold })
}

/// Keys that are written more than once, and families of keys.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) shared: Vec<(u16, String)>,
    /// Those of them that are another key every day.
    pub(crate) day: Vec<u16>,
    pub(crate) session: Vec<(u16, String)>,
    /// Of each call, those that more than one row writes.
    pub(crate) call: Vec<(u16, String)>,
    again: Vec<(u16, String)>,
    pub(crate) calls_each: usize,
    pub(crate) families: Vec<Family>,
    /// Keys that stay hot for a while.
    pub(crate) hot: Vec<(u16, String)>,
}

impl Keys {
    pub(crate) fn of(model: &Model) -> Keys {
        let writes = model.logging.ops.iter().filter(|op| op.is_write());
        let mut all: Vec<(u16, String)> = writes.map(|op| (op.store.index() as u16, op.key.template.clone())).collect();
        all.sort_unstable();
        let again = all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
        let calls = |workflow: &crate::model::Workflow| workflow.steps.iter().map(|step| step.calls as usize).sum();
        Keys { again, calls_each: model.workflows.iter().map(calls).max().unwrap_or(0), ..Keys::default() }
    }

    fn slot(&mut self, store: u16, op: &LogOp) -> KeySlot {
        let position = |list: &mut Vec<(u16, String)>| {
            let key = (store, op.key.template.clone());
            let at = list.iter().position(|known| *known == key).unwrap_or_else(|| {
                list.push(key);
                list.len() - 1
            });
            at as u16
        };
        if !op.is_write() {
            return KeySlot::Once;
        }
        match op.key.scope {
            KeyScope::Log if op.event == LogEvent::DayEnd => {
                let at = position(&mut self.shared);
                self.day.push(at);
                KeySlot::Shared(at)
            }
            KeyScope::Log if self.again.contains(&(store, op.key.template.clone())) => {
                KeySlot::Call(position(&mut self.call) * self.calls_each as u16)
            }
            KeyScope::Log => KeySlot::Once,
            KeyScope::Session => KeySlot::Session(position(&mut self.session)),
            KeyScope::Shared => KeySlot::Shared(position(&mut self.shared)),
        }
    }

    /// What makes a read of this key cold, if anything does.
    fn cold(&mut self, store: &Store, place: u16, key: Option<&str>) -> ColdKey {
        store.cold.as_ref()?;
        Some(key.map_or(NONE, |key| {
            let known = self.hot.iter().position(|known| known.0 == place && known.1 == key);
            known.unwrap_or_else(|| {
                self.hot.push((place, key.into()));
                self.hot.len() - 1
            }) as u16
        }))
    }

    fn family(&mut self, store: u16, name: &str) -> u16 {
        let known = self.families.iter().position(|f| f.store == store && f.name == name);
        known.unwrap_or_else(|| {
            self.families.push(Family { name: name.into(), store });
            self.families.len() - 1
        }) as u16
    }
}

/// The rows of the strategy on one event.
pub(crate) fn rows(model: &Model, event: LogEvent, keys: &mut Keys, draws: &mut OpDraws) -> Vec<Row> {
    let ops = model.logging.ops.iter().filter(|op| op.event == event);
    ops.map(|op| {
        let store = op.store.index() as u16;
        let spec = &model.stores[op.store.index()];
        Row {
            store,
            op: op.op,
            when: op.when,
            role: op.role,
            key: keys.slot(store, op),
            family: keys.family(store, &op.key.family),
            ttl: op.ttl,
            bytes: op.bytes.0,
            words: draws.row(op, spec),
            external: spec.is_external(),
            awaited: op.awaited,
            cold: match (op.op, op.key.scope) {
                (OpKind::Get, KeyScope::Shared) => keys.cold(spec, store, Some(&op.key.template)),
                (OpKind::Get, _) => keys.cold(spec, store, None),
                _ => None,
            },
        }
    })
    .collect()
}

/// All of them: those of a plan, then those of each call.
pub(crate) struct Reads {
    pub(crate) ops: Vec<ReadOp>,
    pub(crate) per_plan: usize,
    pub(crate) plan_words: usize,
    pub(crate) memory_keys: usize,
}

/// The reads that are not logs.
pub(crate) fn reads(model: &Model, keys: &mut Keys, draws: &mut OpDraws) -> Reads {
    let mut reads = Reads { ops: Vec::new(), per_plan: 0, plan_words: 0, memory_keys: 0 };
    for plan_begins in [true, false] {
        for read in &model.reads {
            let count = match read.count {
                ReadCount::PerPlan(count) if plan_begins => count,
                ReadCount::PerCall(count) if !plan_begins => count,
                _ => continue,
            };
            let store = &model.stores[read.store.index()];
            for nth in 0..count {
                let memory = read.memory_ttl.map(|ttl| (reads.memory_keys as u32, ttl));
                reads.memory_keys += usize::from(memory.is_some());
                reads.ops.push(ReadOp {
                    store: read.store.index() as u16,
                    words: draws.read(&read.name, nth, store),
                    external: store.is_external(),
                    memory,
                    cold: keys.cold(store, read.store.index() as u16, Some(&format!("{} {nth}", read.name))),
                });
            }
        }
        if plan_begins {
            (reads.per_plan, reads.plan_words) = (reads.ops.len(), draws.list.len());
        }
    }
    reads
}
