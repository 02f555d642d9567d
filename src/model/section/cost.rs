//! `[cost]`: whether another plan of the platform is worth its price.

use crate::model::language::*;
use crate::model::preset;
use crate::units::Money;

pub(in crate::model) static COST: Section = Section {
    title: "[cost]",
    changes: Some(Fixed("the comparison of platform plans, which is made at the start")),
    fields: &[
        required(
            "value_per_plan",
            Number(0.0, 1e12),
            "What is lost with a plan that finds a limit used up, or goes without its logs for it; US dollars.",
        ),
        default("upgrade", OneOf(preset::NAMES), "cloudflare-paid", "The platform's plan to compare with."),
    ],
    ..PLAIN
};

/// `[cost]`: whether another plan of the platform is worth its price.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// `value_per_plan`: US dollars lost with a plan that finds a limit used up, or goes without its logs for it.
    pub value_per_plan: Money,
    /// `upgrade`: the preset to compare with.
    pub preset: String,
}

/// Reads `[cost]`; the model on the other preset is read once this one is sound.
pub(in crate::model) fn read(cursor: &Cursor<'_>) -> Cost {
    Cost { value_per_plan: cursor.money("value_per_plan"), preset: cursor.word("upgrade").to_string() }
}
