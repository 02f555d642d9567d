//! What calls hold or have asked besides their queue: a semaphore, tiers of caches, a limiter.

use crate::units::Instant;

/// What a call has around it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around {
    pub(crate) stage: Stage,
    /// The queue that is its own, where its waits are counted there, and its line.
    pub(crate) own: (u32, u32, u8),
    /// The queue around it, and its line there.
    pub(crate) held: (u32, u8),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Nothing,
    Asks,
    Holds,
}

/// What a call has asked its tiers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) tiers: u16,
    pub(crate) isolate: u32,
    pub(crate) key: u32,
    pub(crate) asked: Instant,
    /// The tier that has the key.
    pub(crate) found: Option<u8>,
}

impl Question {
    /// No question yet.
    pub(crate) const NONE: Question = Question { tiers: 0, isolate: 0, key: 0, asked: Instant::START, found: None };
}

/// What a call has asked its limiter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LimiterCheck {
    pub(crate) person: u32,
    /// What it has read; none: it is reading.
    pub(crate) seen: Option<u32>,
}
