//! A quota: operations that a window admits, or includes in the price.

use crate::model::language::*;
use crate::policy::{OnExceed, Quota, Window};
use crate::units::{Money, Span};

pub(in crate::model) const ABOUT: &str = "A quota is a table or a list of tables; all of a list hold at once. Those that refuse or drop judge an \
    operation as it is asked for; those with `on_exceed = \"wait\"` then delay it, first come first served, until \
    it fits all of them. A quota in front of a store costs no time and no subrequest when it refuses; one that \
    drops takes the time of the operation.";

/// Of a store or the platform, which may bill what goes beyond it.
pub(in crate::model) static QUOTA: Section = Section { title: "a quota", about: ABOUT, fields: &QUOTA_KEYS, ..PLAIN };

static QUOTA_KEYS: [Field; 9] = keys();

/// The keys that quotas of all kinds have, and a price.
pub(in crate::model) const fn keys() -> [Field; 9] {
    [
        required("limit", Whole(0, U64), "Operations that a window admits, or includes in the price."),
        default(
            "window",
            LengthOr(&["day", "month"]),
            "day",
            "A calendar `day` or `month`, or a duration, which repeats from the start of the run.",
        )
        .changes(Fixed(KIND)),
        default(
            "kind",
            OneOf(WindowKind::WORDS),
            "fixed",
            "`rolling`: any stretch as long as the window; `bucket`: tokens, `limit` of them flow in during a window.",
        )
        .changes(Fixed(KIND)),
        optional("burst", Whole(1, U64), "the limit", "Tokens that a full bucket holds; only with `bucket`."),
        default("zone", Zone, "UTC", "Whose midnight a day and a month begin at.").changes(Fixed(KIND)),
        default(
            "on_exceed",
            OneOf(OnExceed::WORDS),
            "reject",
            "What happens to one more: refused, delayed until it fits, done and charged, or answered but not done.",
        )
        .changes(Fixed(KIND)),
        default("counts_rejected", Bool, "false", "Whether refused operations count too.")
            .note(
                "Operations count that are refused by the quota itself, by another of the store, by the spacing of a \
                key or for want of room; those that the invocation's limits kept back do not. Of a bucket, each \
                takes a token or what there is of one.",
            )
            .changes(Fixed(KIND)),
        default(
            "enforcement_lag",
            Number(0.0, 100.0),
            "0",
            "The share of the limit (of a bucket: of its burst) that is admitted beyond it before it bites.",
        )
        .note("With `0.37` a limit of 1,000 bites at 1,370 (accounts were seen to get 2 to 366 more)."),
        default(
            "price_per_million",
            Number(0.0, 1e12),
            "0",
            "US dollars for a million operations over the limit; with `bill`.",
        ),
    ]
}

words!(OnExceed: "reject" => Reject, "wait" => Wait, "bill" => Bill, "drop" => Drop);

/// `kind`: how a window moves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WindowKind {
    Fixed,
    Rolling,
    Bucket,
}

words!(WindowKind: "fixed" => Fixed, "rolling" => Rolling, "bucket" => Bucket);

/// Reads a quota of a store or the platform.
pub(in crate::model) fn read(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Quota> {
    let bills = cursor.one::<OnExceed>("on_exceed") == OnExceed::Bill;
    if !bills && cursor.number("price_per_million").is_some_and(|price| price > 0.0) {
        let key = "price_per_million";
        let complaint = Complaint::new("`price_per_million` needs `on_exceed = \"bill\"`");
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    }
    Some(Quota { price_per_million: cursor.money("price_per_million"), ..free(input, cursor)? })
}

/// Reads a quota, without a price of what is beyond it.
fn free(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Quota> {
    let on_exceed: OnExceed = cursor.one("on_exceed");
    let mut refuse = |key: &str, complaint: Complaint| {
        input.problems.report_once(cursor.at(key), &cursor.key(key), complaint);
    };
    let limit = cursor.whole("limit")?;
    if on_exceed == OnExceed::Wait && limit == 0 {
        refuse("limit", Complaint::new("an operation would wait forever").allowed("a limit of at least 1"));
    }
    let kind: WindowKind = cursor.one("kind");
    if kind != WindowKind::Bucket && cursor.get("burst").is_some() {
        refuse("burst", Complaint::new("`burst` needs `kind = \"bucket\"`").cure("add `kind = \"bucket\"`"));
    }
    let length = |refuse: &mut dyn FnMut(&str, Complaint)| {
        let length = Span::parse(cursor.word("window")).ok();
        if length.is_none() {
            let complaint =
                Complaint::new("this kind of quota needs a window of a fixed length").found(cursor.word("window"));
            refuse("window", complaint.allowed("a duration, such as \"24h\""));
        }
        length
    };
    let window = match (kind, cursor.word("window")) {
        (WindowKind::Rolling, _) => Window::Rolling(length(&mut refuse)?),
        (WindowKind::Bucket, _) => Window::Bucket(cursor.whole("burst").unwrap_or(limit), length(&mut refuse)?),
        (WindowKind::Fixed, "day") => Window::Day,
        (WindowKind::Fixed, "month") => Window::Month,
        (WindowKind::Fixed, _) => Window::Fixed(length(&mut refuse)?),
    };
    Some(Quota {
        limit,
        window,
        zone: cursor.zone("zone"),
        on_exceed,
        price_per_million: Money::ZERO,
        counts_rejected: cursor.flag("counts_rejected"),
        enforcement_lag: cursor.number("enforcement_lag").unwrap_or_default(),
    })
}

/// Reads a quota of a provider, over which attempts are refused.
pub(in crate::model) fn refusing(input: &mut Input<'_>, cursor: &Cursor<'_>) -> Option<Quota> {
    if cursor.one::<OnExceed>("on_exceed") != OnExceed::Reject {
        let complaint = Complaint::new("a provider rejects what exceeds its quota").found(cursor.word("on_exceed"));
        input.problems.report_once(
            cursor.at("on_exceed"),
            &cursor.key("on_exceed"),
            complaint.allowed("\"reject\"; `prices` says what attempts cost"),
        );
    }
    free(input, cursor)
}

/// What may change while a model runs.
pub(in crate::model) fn keep(quota: &mut Quota, of: &Quota) {
    (quota.limit, quota.enforcement_lag) = (of.limit, of.enforcement_lag);
    quota.price_per_million = of.price_per_million;
    if let (Window::Bucket(burst, span), Window::Bucket(of, of_span)) = (&mut quota.window, of.window)
        && *span == of_span
    {
        *burst = of;
    }
}
