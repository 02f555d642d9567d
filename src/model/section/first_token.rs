//! `first_token` and `per_token` of a provider: answers that come token by token, and time limits on them.

use crate::model::language::*;
use crate::model::section::law;
use crate::streams::LawSpec;
use crate::units::Span;

/// An answer that comes token by token.
#[derive(Clone, Debug, PartialEq)]
pub struct Streamed {
    /// `first_token`: how long the first token takes.
    pub first_token: LawSpec,
    /// `first_token_timeout`: the client gives up if none has come after so long.
    pub first_token_timeout: Option<Span>,
    /// `idle_timeout`: the client gives up after so long without one, the first or the next.
    pub idle_timeout: Option<Span>,
    /// How many tokens follow the first, where `per_token` says how long each takes: their time comes on top of it. None:
    /// the latency is that of the whole answer.
    pub tokens_after: Option<u64>,
}

impl Streamed {
    /// How long the client waits for the first token.
    pub fn patience(&self) -> Option<Span> {
        self.first_token_timeout.into_iter().chain(self.idle_timeout).min()
    }
}

/// How long an attempt takes: `latency`, or what the tokens after the first take.
pub(in crate::model) fn latency(input: &mut Input<'_>, cursor: &Cursor<'_>, output: u64) -> Option<LawSpec> {
    let [whole, each] = ["latency", "per_token"].map(|key| cursor.get(key).is_some());
    let mut refuse = |key: &str, complaint: Complaint| {
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    };
    if whole && each {
        refuse(
            "per_token",
            Complaint::new("the time of an answer is given twice").cure("remove `latency` or `per_token`"),
        );
    }
    if each && output == 0 {
        let complaint = Complaint::new("how many tokens follow is not known").cure("add usage = { output = … }");
        refuse("per_token", complaint);
    }
    if !whole && !each {
        let complaint = Complaint::new("required: how long an attempt takes");
        let cure = "add `latency`, or `first_token` and `per_token`";
        input.problems.report_once(cursor.node.key, &cursor.key("latency"), complaint.cure(cure));
        return None;
    }
    if each {
        return law::read(input, cursor, "per_token").map(|law| law.times(output.saturating_sub(1)));
    }
    law::read(input, cursor, "latency")
}

/// Reads how an answer comes; nothing where it comes all at once.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>, output: u64) -> Option<Streamed> {
    let has = |key: &str| cursor.get(key).is_some();
    if !has("first_token") {
        for key in ["per_token", "first_token_timeout", "idle_timeout"].into_iter().filter(|key| has(key)) {
            let complaint = Complaint::new("when the first token comes is not known").cure("add `first_token`");
            input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
        }
        return None;
    }
    if has("capacity") {
        let complaint = Complaint::new("cannot be combined with `capacity`").cure("remove one of the two");
        input.problems.report_once(cursor.at("first_token"), &cursor.key("first_token"), complaint);
    }
    Some(Streamed {
        first_token: law::read(input, cursor, "first_token")?,
        first_token_timeout: cursor.span("first_token_timeout"),
        idle_timeout: cursor.span("idle_timeout"),
        tokens_after: has("per_token").then_some(output.saturating_sub(1)),
    })
}
