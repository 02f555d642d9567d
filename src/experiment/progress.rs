//! How far some work is, and whether to go on with it. What is known from the start is told so, and what turns out as
//! it goes is told apart: nobody can say how long a search takes.

/// Told how many replications are done, a share of those under way included, and of what; answers whether to go on.
/// It is asked often, from every thread.
pub type Progress<'a> = &'a (dyn Fn(f64, Work) -> bool + Sync);

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// So many replications, known from the start.
    Replications(u64),
    /// Replications until the answer is good enough, at most so many.
    AtMost(u64),
    /// A search for a demand; how many it will try is not known.
    Search(Searching),
}

/// What a search for a demand has found so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Searching {
    /// Demands tried.
    pub probes: usize,
    /// Events so far, and about how many it may take.
    pub events: (u64, u64),
    /// The largest demand at which the objectives seem to hold, in plans a day.
    pub holds: Option<f64>,
    /// The smallest at which they do not.
    pub fails: Option<f64>,
    /// Which of how many searches it is, where there are several.
    pub search: Option<(u32, u32)>,
}
