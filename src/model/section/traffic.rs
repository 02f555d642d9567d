//! `[traffic.NAME]`: a class of users.

use crate::model::language::*;
use crate::model::section::arrivals::{ARRIVALS, Arrivals, mean_per_second, why_not};
use crate::model::section::law::LAW;
use crate::model::section::run::{Run, too_many};
use crate::model::section::workflow::Workflow;
use crate::model::section::{arrivals, law};
use crate::streams::LawSpec;
use crate::units::{Id, Probability, Span};

pub(in crate::model) static TRAFFIC: Section = Section {
    title: "[traffic.NAME]",
    changes: Some(Shared("the behaviour of users")),
    fields: &[
        optional("workflow", Text, "the only one", "What one arrival does.").changes(Fixed(PARTS)),
        required("arrivals", Tagged(&ARRIVALS), "When they come.").example(r#"{ process = "poisson", per_hour = 40 }"#),
        optional(
            "spike",
            List(&Table(&SPIKE), None),
            "none",
            "`[[traffic.NAME.spike]]`: stretches in which the rate is multiplied.",
        )
        .example(r#"[{ at = "2d", for = "1h", factor = 5 }]"#)
        .note("Spikes of one class may not overlap."),
        default(
            "priority",
            Whole(-1000, 1000),
            "0",
            "Served before smaller ones, where a queue's discipline is `priority`.",
        ),
        optional("patience", Law(&LAW), "the queue's", "How long they wait in a queue before they leave.")
            .example(r#"{ dist = "exponential", mean = "30s" }"#)
            .note("A class's patience goes before the queue's."),
        default("region", Name, "home", "Where their plans run, and so where they write.").changes(Fixed(PARTS)),
        optional("leaves_after", Law(&LAW), "never", "How long after the arrival of a plan its user leaves for good.")
            .note(
                "Four ways to get no answer are four counts: refused by the queue (`plans.overloaded`), out of \
                `patience` in the queue (`plans.abandoned`), timed out or failed while running \
                (`plans.call_failed`, `attempts.timed_out`), and the user who leaves for good, whatever the plan is \
                doing (`plans.left`).",
            ),
        default(
            "on_leave",
            OneOf(OnLeave::WORDS),
            "goes_on",
            "What happens to a plan whose user has left: it goes on, or does only what has begun.",
        )
        .note(
            "With `goes_on` the plan goes on for nobody (`plans.left_completed`); with `cancel` what has begun \
                is finished, and its waiting calls leave the queue (`calls.cancelled`).",
        ),
        optional("retry", Table(&COMEBACK), "nobody comes back", "Whether they come back after an overload answer.")
            .example(r#"{ chance = 0.6, after = "30s", max = 3 }"#)
            .note(
                "After an overload answer a user comes back with this chance as a new plan. Such plans are offered \
                like any other and counted in `plans.returned` too; `plans.gave_up` are those turned away whose \
                users do not come back, `plans.tries_per_user` is offered ÷ (offered − returned). Those of a closed \
                class come back before they think.",
            ),
    ],
    ..PLAIN
};

static SPIKE: Section = Section {
    title: "[[traffic.NAME.spike]]",
    fields: &[
        required("at", Duration, "When it starts, after the start of the run."),
        required("for", Length, "How long it lasts."),
        required("factor", Number(0.0, 1e6), "What the rate is multiplied by."),
    ],
    ..PLAIN
};

pub(in crate::model) static COMEBACK: Section = Section {
    title: "retry of a class",
    fields: &[
        required("chance", Fraction, "How likely a user comes back after an overload answer, as a new plan."),
        default("after", Law(&LAW), "30s", "How long after it."),
        default("max", Whole(1, 1_000_000), "3", "How often a user comes back at most."),
    ],
    ..PLAIN
};

/// `[traffic.NAME]`: a kind of user.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// `workflow`: what one arrival does.
    pub workflow: Id<Workflow>,
    /// `arrivals`: the arrival process.
    pub arrivals: Arrivals,
    /// `[[traffic.NAME.spike]]`: times in which the rate is multiplied, without overlap. Never with a closed process or
    /// a trace.
    pub spikes: Vec<Spike>,
    /// `priority`: where a queue's discipline is `priority`, larger ones are served first; 0 by default.
    pub priority: i32,
    /// `patience`: how long its calls wait in a queue before they renege; overrides the queue's.
    pub patience: Option<LawSpec>,
    /// `region`: where their plans run, and so where they write.
    pub region: String,
    /// `leaves_after`: how long after the arrival of a plan its user leaves for good.
    pub leaves_after: Option<LawSpec>,
    /// `on_leave`: what happens to a plan whose user has left.
    pub on_leave: OnLeave,
    /// `retry`: retrials, that is whether users come back after an overload answer. Never with a trace.
    pub comeback: Option<Retrial>,
}

/// A stretch in which a rate is multiplied.
#[derive(Clone, Debug, PartialEq)]
pub struct Spike {
    /// `at`: when it starts, after the start of the run.
    pub at: Span,
    /// `for`: how long it lasts.
    pub lasts: Span,
    /// `factor`: what the rate is multiplied by; 0 to 1,000,000.
    pub factor: f64,
}

/// `retry` of a class
#[derive(Clone, Debug, PartialEq)]
pub struct Retrial {
    /// `chance`: the probability that a user comes back, each time.
    pub chance: Probability,
    /// `after`: how long after the overload answer.
    pub after: LawSpec,
    /// `max`: how often at most, for one plan; at least 1.
    pub max: u32,
}

/// `on_leave`: what happens to a plan whose user has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLeave {
    /// It goes on, for nobody.
    GoesOn,
    /// What has begun is finished, what waits is not begun.
    Cancel,
}

words!(OnLeave: "goes_on" => GoesOn, "cancel" => Cancel);

/// Reads the classes, in the order of their names.
pub(in crate::model) fn read(input: &mut Input<'_>, root: &Cursor<'_>, names: &Names, run: Option<&Run>) -> Vec<Class> {
    let classes = root.named("traffic");
    classes.into_iter().filter_map(|(name, cursor)| class(input, name, &cursor, names, run)).collect()
}

fn class(input: &mut Input<'_>, name: &str, cursor: &Cursor<'_>, names: &Names, run: Option<&Run>) -> Option<Class> {
    let workflow = names.workflows.resolve_or_only(input, cursor, "workflow");
    let spikes = spikes(input, cursor);
    let arrivals = arrivals::read(input, cursor)?;
    if matches!(arrivals, Arrivals::Closed { .. } | Arrivals::Trace { .. }) && !spikes.is_empty() {
        let complaint = Complaint::new("these arrivals have no rate for a spike to multiply")
            .allowed("spikes with poisson, deterministic, profile, batch or mmpp");
        input.problems.report_once(cursor.at("spike"), &cursor.key("spike"), complaint);
    }
    if let (Some(run), Some(rate)) = (run, mean_per_second(&arrivals)) {
        let extra =
            spikes.iter().map(|spike| (spike.factor - 1.0).max(0.0) * spike.lasts.min(run.horizon).secs()).sum();
        too_many(input, (cursor.at("arrivals"), &cursor.key("arrivals")), "plans", rate, extra, run);
    }
    let comeback = cursor.table("retry").and_then(|table| comeback(input, &table));
    if comeback.is_some() && matches!(arrivals, Arrivals::Trace { .. }) {
        let complaint = Complaint::new("users of a trace do not come back: the trace has all plans");
        input.problems.report_once(cursor.at("retry"), &cursor.key("retry"), complaint.cure("remove it"));
    }
    let patience = law::read(input, cursor, "patience");
    let priority = cursor.signed("priority").unwrap_or_default();
    // Without one, the calls of a trace could not be checked.
    let workflow = workflow?;
    let region = cursor.text("region").unwrap_or("home").into();
    let leaves_after = law::read(input, cursor, "leaves_after");
    let on_leave = cursor.one("on_leave");
    let name = name.into();
    Some(Class { name, workflow, arrivals, spikes, priority, patience, region, leaves_after, on_leave, comeback })
}

fn comeback(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Retrial> {
    let chance = Probability::new(cursor.number("chance")?).ok()?;
    let after = match cursor.get("after") {
        Some(_) => law::read(input, cursor, "after")?,
        None => LawSpec::Constant { value: Span::from_secs(30) },
    };
    Some(Retrial { chance, after, max: cursor.count("max")? })
}

fn spikes(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Vec<Spike> {
    let mut spikes: Vec<Spike> = Vec::new();
    for table in cursor.tables("spike") {
        let (Some(at), Some(lasts), Some(factor)) = (table.span("at"), table.span("for"), table.number("factor"))
        else {
            continue;
        };
        let overlaps = |other: &Spike| at < other.at.saturating_add(other.lasts) && other.at < at.saturating_add(lasts);
        if spikes.iter().any(overlaps) {
            let complaint = Complaint::new("this spike overlaps another").cure("give the spikes separate times");
            input.problems.report_once(table.node.at, &table.path, complaint);
        }
        spikes.push(Spike { at, lasts, factor });
    }
    spikes.sort_by_key(|spike| spike.at);
    spikes
}

/// What may change while a model runs.
pub(in crate::model) fn keep(class: &mut Class, of: &Class) {
    class.patience.clone_from(&of.patience);
    (class.priority, class.on_leave) = (of.priority, of.on_leave);
    keep_some(&mut class.leaves_after, &of.leaves_after);
    keep_some(&mut class.comeback, &of.comeback);
    keep_arrivals(class, of);
}

/// Copies what may change from the class before.
fn keep_arrivals(class: &mut Class, of: &Class) {
    if why_not(&of.arrivals, &class.arrivals).is_none() {
        class.arrivals.clone_from(&of.arrivals);
        class.spikes.clone_from(&of.spikes);
    }
}

/// Why the first arrivals that cannot change cannot.
pub(in crate::model) fn first_reason(base: &[Class], stage: &[Class]) -> Option<&'static str> {
    base.iter().zip(stage).find_map(|(of, class)| why_not(&of.arrivals, &class.arrivals))
}
