//! What was read of a file, so that nobody has to guess: the format, the columns and why they were taken, the rows by what
//! became of them.

use super::wrong::Wrong;

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// When a request came.
    Time,
    /// How long its answer took.
    Latency,
    /// When the work began.
    Start,
    /// When it ended.
    End,
    /// How it ended.
    Outcome,
    /// What kind of request it was: a model, a step, a route.
    Group,
    /// The tokens of the prompt.
    TokensIn,
    /// The tokens of the answer.
    TokensOut,
    /// What it cost.
    Cost,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 9] = [
        Role::Time,
        Role::Latency,
        Role::Start,
        Role::End,
        Role::Outcome,
        Role::Group,
        Role::TokensIn,
        Role::TokensOut,
        Role::Cost,
    ];

    /// Its word on the command line and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Time => "time",
            Role::Latency => "latency",
            Role::Start => "start",
            Role::End => "end",
            Role::Outcome => "outcome",
            Role::Group => "group",
            Role::TokensIn => "tokens_in",
            Role::TokensOut => "tokens_out",
            Role::Cost => "cost",
        }
    }

    /// The role of a word.
    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A column that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What for.
    pub role: Role,
    /// Its name in the file.
    pub column: String,
    /// Why, and in which unit.
    pub why: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The format, with what it was unpacked from.
    pub format: String,
    /// The columns that were taken.
    pub taken: Vec<Taken>,
    /// Rows that became records.
    pub rows: u64,
    /// Rows left out, by the reason.
    pub left_out: Vec<(String, u64)>,
    /// Rows that cannot be read.
    pub broken: u64,
    /// The first of them.
    pub first_broken: Vec<Wrong>,
    /// What a reader of the answer should know.
    pub notes: Vec<String>,
}

impl Account {
    /// Counts rows that are left out for a reason.
    pub(super) fn leave_out(&mut self, why: &str) {
        match self.left_out.iter_mut().find(|(known, _)| known == why) {
            Some((_, count)) => *count += 1,
            None => self.left_out.push((why.into(), 1)),
        }
    }

    /// Says something once.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.notes.contains(&what) {
            self.notes.push(what);
        }
    }
}
