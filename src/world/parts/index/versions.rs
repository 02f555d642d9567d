//! What the index named at one time or another: each version is kept once, for as long as somebody holds it.
//!
//! An index may name thousands of sessions, and is read and written with every log. So a reader holds a version instead of
//! a copy of it, and whether a session is still named by what somebody holds is asked only of the few that have left the
//! index.

/// A version of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VersionId(u32);

#[derive(Debug, Default)]
struct Version {
    named: Vec<u32>,
    holders: u32,
    /// It is what the index names today.
    is_current: bool,
}

/// All versions that somebody holds.
#[derive(Debug, Default)]
pub(super) struct Versions {
    list: Vec<Version>,
    held: Vec<VersionId>,
    free: Vec<VersionId>,
    spare: Vec<Vec<u32>>,
}

impl Versions {
    /// A list without entries, to be filled.
    pub(super) fn blank(&mut self) -> Vec<u32> {
        let mut blank = self.spare.pop().unwrap_or_default();
        blank.clear();
        blank
    }

    /// A list becomes what the index names today; the index holds it.
    pub(super) fn begin(&mut self, named: Vec<u32>) -> VersionId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.list.push(Version::default());
            VersionId((self.list.len() - 1) as u32)
        });
        self.list[id.0 as usize] = Version { named, holders: 1, is_current: true };
        self.held.push(id);
        id
    }

    /// The index names something else from now on; true if nobody else held this.
    pub(super) fn end(&mut self, id: VersionId) -> bool {
        self.list[id.0 as usize].is_current = false;
        self.release(id)
    }

    /// The sessions that a version names, the latest first.
    pub(super) fn named(&self, id: VersionId) -> &[u32] {
        &self.list[id.0 as usize].named
    }

    /// One holder more.
    pub(super) fn hold(&mut self, id: VersionId) {
        self.list[id.0 as usize].holders += 1;
    }

    /// One holder less; true if that was the last.
    pub(super) fn release(&mut self, id: VersionId) -> bool {
        let version = &mut self.list[id.0 as usize];
        version.holders -= 1;
        if version.holders > 0 {
            return false;
        }
        self.spare.push(std::mem::take(&mut version.named));
        self.held.retain(|other| *other != id);
        self.free.push(id);
        true
    }

    /// Whether a version of the past that somebody holds names a session.
    pub(super) fn remember(&self, session: u32) -> bool {
        let of_the_past = self.held.iter().map(|id| &self.list[id.0 as usize]).filter(|version| !version.is_current);
        of_the_past.into_iter().any(|version| version.named.contains(&session))
    }
}
