//! `[queue.NAME]`: slots, and the queue for them.

use crate::model::language::*;
use crate::model::section::faults::FAULTS;
use crate::model::section::law::{self, LAW};
use crate::model::shape;
use crate::model::tree::Value;
use crate::policy::{Adaptive, By, Fault, FaultSet};
use crate::streams::LawSpec;
use crate::units::Span;

pub(in crate::model) static QUEUE: Section = Section {
    title: "[queue.NAME]",
    changes: Some(Program),
    fields: &[
        required("max_concurrency", Whole(1, 1_000_000), "Slots, in each isolate.").decision(),
        default("max_queue", WholeOr(0, 1_000_000_000, "unlimited"), "unlimited", "Waiting places beside the slots.")
            .decision(),
        default("discipline", OneOf(Discipline::WORDS), "fifo", "Who is next.").changes(Fixed(KIND)).decision(),
        optional("aging", Length, "never", "How long a call waits for one point of priority more; with `priority`.")
            .example(r#""10s""#)
            .note("Of two calls whose priorities are ten apart, the lesser is next once it has waited ten times as long more.")
            .decision(),
        default(
            "when_full",
            OneOf(&["refuse", "push_out"]),
            "refuse",
            "Who is refused without a free place: the newcomer, or the latest of the least important who waits, if the newcomer is more important.",
        )
        .note("`push_out` needs `priority`.")
        .decision(),
        optional(
            "patience",
            Law(&LAW),
            "for ever",
            "How long a call waits before it leaves, drawn each time it waits.",
        )
        .example(r#"{ dist = "exponential", mean = "30s" }"#)
        .decision(),
        optional(
            "reserved",
            Named(&Whole(0, 1_000_000)),
            "none",
            "Slots that only calls of a class may have; fewer together than `max_concurrency`.",
        )
        .example("{ admin = 1 }")
        .note(
            "A call takes a slot only if as many are left free as the other classes have reserved and do not \
                use. A slot that is free may so be for nobody who waits; who is next is decided among those that \
                may have it.",
        )
        .decision(),
        optional("adaptive", Table(&ADAPTIVE), "all slots all the time", "A limit of slots that follows the provider.")
            .example("{ min = 1, increase = 1, decrease = 0.5 }")
            .note(
                "Each isolate's limit starts at `max_concurrency`. Fewer slots take none away. \
                `queue.NAME.limit.mean` is its average, summed over isolates.",
            ),
    ],
    ..PLAIN
};

pub(in crate::model) static ADAPTIVE: Section = Section {
    title: "adaptive of a queue",
    fields: &[
        default("kind", OneOf(&["aimd", "gradient"]), "aimd", "What it follows: overloads, or how long attempts take.")
            .note(
                "`aimd`: every success adds `increase` ÷ limit, and an overload multiplies the limit by `decrease`, \
                once for all attempts that were under way together. `gradient` follows how long attempts take, from \
                being sent: each one that succeeds moves the limit by `smoothing` towards limit × g + `allowance`, \
                where g is `tolerance` × the mean time of the last `window` or so ÷ its own, between ½ and 1; an \
                overload counts as ½. While attempts take no longer than they did, the limit grows by a share of \
                `allowance`; where they take n times as long, it falls until what it loses is `allowance`; where \
                they do so for good, that becomes the long run and the limit grows again.",
            )
            .changes(Fixed(KIND))
            .decision(),
        default("min", Whole(1, 1_000_000), "1", "Slots at least; at most, and at first, `max_concurrency`.")
            .decision(),
        default(
            "increase",
            Number(0.001, 1000.0),
            "1",
            "Slots that a success in each of them adds together; with `aimd`.",
        )
        .decision(),
        default(
            "decrease",
            Fraction,
            "0.5",
            "What an overload multiplies them by, once for all that was under way; with `aimd`.",
        )
        .decision(),
        default(
            "allowance",
            Number(0.001, 1e6),
            "4",
            "Slots that are tried beyond those that do no harm; with `gradient`.",
        )
        .decision(),
        default(
            "tolerance",
            Number(1.0, 1000.0),
            "1.5",
            "How many times the long run attempts may take before it shrinks; with `gradient`.",
        )
        .decision(),
        default(
            "smoothing",
            Number(0.001, 1.0),
            "0.2",
            "How far each answer moves it towards where it should be; with `gradient`.",
        )
        .decision(),
        default("window", Whole(1, 1_000_000), "600", "So many answers are the long run; with `gradient`.").decision(),
        optional(
            "on",
            List(&OneOf(FAULTS), None),
            "timeout, rate_limited, overloaded",
            "The kinds of fault that are an overload.",
        )
        .example(r#"["rate_limited", "overloaded"]"#),
    ],
    ..PLAIN
};

/// `[queue.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// `max_concurrency`: slots in each isolate, 1 to 1,000,000.
    pub max_concurrency: u32,
    /// `max_queue`: waiting places in each isolate, beside the slots; none: unlimited.
    pub max_queue: Option<u32>,
    /// `discipline`: which waiting call is next.
    pub discipline: Discipline,
    /// `aging`: how long a call waits for one point of priority more; none: priorities stay.
    pub aging: Option<Span>,
    /// `when_full = "push_out"`: whether a newcomer takes the place of someone less important.
    pub pushes_out: bool,
    /// `patience`: how long a call waits before it reneges; none: forever.
    pub patience: Option<LawSpec>,
    /// `reserved`: by class, slots that only its calls may have; fewer than `max_concurrency` in all, empty if none.
    pub reserved: Vec<u32>,
    /// `adaptive`: a concurrency limit that follows the provider, and the faults that lower it.
    pub adaptive: Option<(Adaptive, FaultSet)>,
}

/// `discipline`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// First in, first out.
    Fifo,
    /// Last in, first out.
    Lifo,
    /// The class with the largest `priority` first; first in, first out within it.
    Priority,
}

words!(Discipline: "fifo" => Fifo, "lifo" => Lifo, "priority" => Priority);

/// Reads the queues, in the order of their names.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names) -> Vec<Queue> {
    let queue = |(name, cursor): (&str, Cursor<'_>)| {
        let max_concurrency = cursor.count("max_concurrency")?;
        let adaptive = cursor.table("adaptive").and_then(|table| adaptive(input, &table, max_concurrency));
        let reserved = reserved(input, &cursor, names, max_concurrency);
        by_priority(input, &cursor, !reserved.is_empty());
        Some(Queue {
            name: name.into(),
            reserved,
            max_concurrency,
            max_queue: cursor.count("max_queue"),
            discipline: cursor.one("discipline"),
            aging: cursor.span("aging"),
            pushes_out: cursor.is_second("when_full", ["refuse", "push_out"]),
            patience: law::read(input, &cursor, "patience"),
            adaptive,
        })
    };
    root.named("queue").into_iter().filter_map(queue).collect()
}

/// Checks that what ranks who waits has priorities to do it by.
fn by_priority(input: &mut Input<'_>, cursor: &Cursor<'_>, is_reserved: bool) {
    let pushes_out = cursor.is_second("when_full", ["refuse", "push_out"]);
    for (key, _) in [("aging", cursor.get("aging").is_some()), ("when_full", pushes_out)].iter().filter(|(_, is)| *is) {
        let mut refuse = |complaint: Complaint| input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
        if cursor.one::<Discipline>("discipline") != Discipline::Priority {
            refuse(Complaint::new("there are no priorities in this queue").cure("add `discipline = \"priority\"`"));
        } else if is_reserved {
            refuse(Complaint::new("cannot be combined with `reserved`").cure("remove one of the two"));
        }
    }
}

/// Reads the reserved slots, by class.
fn reserved(input: &mut Input<'_>, cursor: &Cursor<'_>, names: &Names, slots: u32) -> Vec<u32> {
    let Some((node, table)) = cursor.get("reserved").and_then(|node| Some((node, node.table()?))) else {
        return Vec::new();
    };
    let mut reserved = vec![0; names.classes.all().len()];
    for (class, value) in table {
        let key = shape::join(&cursor.key("reserved"), class);
        let Value::Whole(slots) = value.value else { continue };
        match names.classes.position(class) {
            Some(class) => reserved[class] = u32::try_from(slots).unwrap_or(u32::MAX),
            None => input.problems.report_once(value.key, &key, names.classes.missing(class)),
        }
    }
    let all: u64 = reserved.iter().map(|&slots| u64::from(slots)).sum();
    if all >= u64::from(slots) && slots > 0 {
        let complaint = Complaint::new("the reserved slots leave none for others")
            .found(format!("{all} reserved of {slots} slots"));
        input.problems.report_once(node.at, &cursor.key("reserved"), complaint.allowed("fewer than `max_concurrency`"));
    }
    if all == 0 { Vec::new() } else { reserved }
}

/// The keys of each kind of adaptive limit.
const AIMD: [&str; 2] = ["increase", "decrease"];

const GRADIENT: [&str; 4] = ["allowance", "tolerance", "smoothing", "window"];

fn adaptive(input: &mut Input<'_>, cursor: &Cursor<'_>, max: u32) -> Option<(Adaptive, FaultSet)> {
    let min = cursor.count("min")?;
    if min > max {
        let complaint = Complaint::new("`min` is larger than `max_concurrency`").found(format!("{min} of {max}"));
        input.problems.report_once(cursor.at("min"), &cursor.key("min"), complaint);
    }
    let on = match cursor.get("on") {
        None => FaultSet::from_iter([Fault::Timeout, Fault::RateLimited, Fault::Overloaded]),
        Some(_) => cursor.items("on").iter().filter_map(|node| Fault::parse(node.text()?)).collect(),
    };
    let is_gradient = cursor.is_second("kind", ["aimd", "gradient"]);
    let (kind, other, of_the_other) =
        if is_gradient { ("gradient", "aimd", &AIMD[..]) } else { ("aimd", "gradient", &GRADIENT[..]) };
    for key in of_the_other.iter().filter(|key| cursor.get(key).is_some()) {
        let complaint = Complaint::new("not a key of this kind of limit").found(format!("kind = \"{kind}\""));
        input.problems.report_once(
            cursor.at(key),
            &cursor.key(key),
            complaint.allowed(format!("only with kind = \"{other}\"")),
        );
    }
    let by = if is_gradient {
        By::Gradient {
            allowance: cursor.number("allowance")?,
            tolerance: cursor.number("tolerance")?,
            smoothing: cursor.number("smoothing")?,
            window: cursor.count("window")?,
        }
    } else {
        By::Aimd { increase: cursor.number("increase")?, decrease: cursor.number("decrease")? }
    };
    Some((Adaptive { min, max, by }, on))
}

/// What may change while a model runs.
pub(in crate::model) fn keep(queue: &mut Queue, of: &Queue) {
    (queue.max_concurrency, queue.max_queue) = (of.max_concurrency, of.max_queue);
    keep_some(&mut queue.aging, &of.aging);
    queue.pushes_out = of.pushes_out;
    queue.patience.clone_from(&of.patience);
    keep_some(&mut queue.adaptive, &of.adaptive);
    if queue.reserved.is_empty() == of.reserved.is_empty() {
        queue.reserved.clone_from(&of.reserved);
    }
}
