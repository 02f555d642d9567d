//! Logs: what the strategy writes, who reads it, and log files.

use super::{OpKind, Store};
use crate::policy::RotateOn;
use crate::units::{Bytes, Id, Span};

/// `[logging]`
#[derive(Clone, Debug, PartialEq)]
pub struct Logging {
    /// The strategy's name.
    pub strategy: String,
    /// Its table, in order, with the switches (`kv_errors`, `index`) applied and `cache_ttl` filled in.
    pub ops: Vec<LogOp>,
    /// Which events are logged at all.
    pub level: Level,
    /// What a rejected op does.
    pub on_error: OnLogError,
    /// `max_log_entries`: sessions that the index keeps.
    pub max_log_entries: u32,
    /// `incident_gap`: an error after so long without any is the first of an incident.
    pub incident_gap: Span,
}

/// `[reader.NAME]`: somebody who reads what was logged, and what the admin page does for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// `region`: where they read.
    pub region: String,
    /// `store`: what the admin page works on; none where it does nothing.
    pub store: Option<Id<Store>>,
    /// `get_every`, `export_every`, `cleanup_every`: how often each [`Chore`] is done.
    pub every: [Option<Span>; 3],
    /// `cleanup_age`: a cleanup deletes records of this age and older.
    pub cleanup_age: Span,
}

/// What the admin page does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Chore {
    /// Reads one record.
    Get,
    /// Lists all records and reads each.
    Export,
    /// Lists all records and deletes the old ones.
    Cleanup,
}

impl Chore {
    /// Every chore, in the order of the enum.
    pub const ALL: [Chore; 3] = [Chore::Get, Chore::Export, Chore::Cleanup];
}

/// `[logfile.NAME]`: a log file, with a line for each request and each response.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFile {
    /// Its name.
    pub name: String,
    /// When a new file is begun.
    pub rotate: RotateOn,
    /// Older files that are kept beside the current one.
    pub backups: u32,
    /// Of a line, in the format that is chosen; at least 1.
    pub line: Bytes,
    /// `error_bytes`: what an error adds to its line.
    pub error: Bytes,
}

/// One row of a strategy's table.
#[derive(Clone, Debug, PartialEq)]
pub struct LogOp {
    /// `on`: when it happens.
    pub event: LogEvent,
    /// `when`: under which condition.
    pub when: When,
    /// Where.
    pub store: Id<Store>,
    /// What.
    pub op: OpKind,
    /// Which key.
    pub key: Key,
    /// What the key means to a reader.
    pub role: Role,
    /// How long the entry lives; none: the store's.
    pub ttl: Option<Span>,
    /// The size of the entry.
    pub bytes: Bytes,
    /// Whether the call waits for it.
    pub awaited: bool,
}

impl LogOp {
    /// Whether it ends the life of what is under its key.
    pub fn is_write(&self) -> bool {
        matches!(self.op, OpKind::Put | OpKind::Delete)
    }

    /// Whether it writes a log record.
    pub fn is_record(&self) -> bool {
        self.role == Role::Record && self.op == OpKind::Put
    }

    fn has_key_of(&self, other: &LogOp) -> bool {
        self.store == other.store && self.key.template == other.key.template
    }
}

impl Logging {
    /// Whether a record may be lost to a later writer of its key.
    pub fn overwrites_records(&self) -> bool {
        let puts = |of: &LogOp| self.ops.iter().filter(|op| op.op == OpKind::Put && op.has_key_of(of)).count();
        self.ops.iter().any(|op| op.is_record() && (op.key.scope != KeyScope::Log || puts(op) > 1))
    }

    /// Whether the program itself deletes records.
    pub fn deletes_records(&self) -> bool {
        let deletes = |of: &LogOp| self.ops.iter().any(|op| op.op == OpKind::Delete && op.has_key_of(of));
        self.ops.iter().any(|op| op.is_record() && deletes(op))
    }
}

/// When a log op happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// Before the call enters the queue.
    Request,
    /// After the call has ended, however it did.
    Response,
    /// After the last call of a plan has ended, however the plan did; nobody waits for it.
    PlanEnd,
    /// At every midnight UTC, whether there were plans or not.
    DayEnd,
}

/// Under which condition a log op happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// The event is an error: a faulty request, a failed response, a plan that was not completed.
    Error,
    /// The event is no error.
    Normal,
    /// The step is critical.
    Critical,
    /// Either.
    ErrorOrCritical,
}

impl When {
    /// Whether an event fulfils it.
    #[inline]
    pub fn holds(self, error: bool, critical: bool) -> bool {
        match self {
            When::Always => true,
            When::Error => error,
            When::Normal => !error,
            When::Critical => critical,
            When::ErrorOrCritical => error || critical,
        }
    }
}

/// A key: its text up to the first placeholder names the family, its last placeholder says who shares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// As written: `ai_communication_log:{log}`.
    pub template: String,
    /// Everything before the first `{`, without a trailing `:`; the name in `kv.writes.family.NAME`.
    pub family: String,
    /// Who writes the same key.
    pub scope: KeyScope,
}

/// Who writes the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// `{log}`, `{day}`: nobody else; each call, or each day, has its own.
    Log,
    /// `{session}`: the calls of one plan.
    Session,
    /// No placeholder: everybody.
    Shared,
}

/// What a key means to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is the log record.
    Record,
    /// It is the index of the last sessions.
    Index,
    /// It lists the records of one session.
    Session,
    /// Something else.
    Other,
}

/// Which events are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// All.
    All,
    /// Those that are errors.
    ErrorsOnly,
    /// None.
    None,
}

impl Level {
    /// Whether an event is logged.
    #[inline]
    pub fn admits(self, error: bool) -> bool {
        match self {
            Level::All => true,
            Level::ErrorsOnly => error,
            Level::None => false,
        }
    }
}

/// What a rejected log op does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLogError {
    /// The rest of the event's ops is skipped, and the plan goes on.
    Swallow,
    /// The plan ends: crashed.
    FailPlan,
}
