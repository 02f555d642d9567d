//! The index of the last sessions, which decides whether a reader finds a record.
//!
//! A writer reads the index, puts its session in front, keeps the newest few and writes the whole back. Two
//! writers that overlap lose an entry: the second writes back what it read before the first was done. A record is
//! found while it exists, its session's list names it, and the index names the session.
//!
//! Where plans run in several regions, an index in a cache is one for each. In a shared store, a region that has read
//! the index keeps seeing that copy until it is stale, or until the region writes the index itself.

mod versions;

pub(crate) use self::versions::VersionId;

use self::versions::Versions;
use crate::units::{Instant, Span};
use crate::world::blueprint::Blueprint;
use crate::world::measures::sheet::Sheet;
use crate::world::part::{Effect, Ending, Part};

/// What a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Of an error.
    pub(crate) error: bool,
    /// Of the first error of an incident.
    pub(crate) first: bool,
    /// Where it was written.
    pub(crate) region: u16,
    /// How much later than written other regions see it.
    pub(crate) late: Span,
}

/// A record as the index knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// When it was written.
    pub(crate) written: Instant,
    /// When it goes; [`Instant::NEVER`] where nothing takes it.
    pub(crate) dies: Instant,
    /// When other regions no longer see it; [`Instant::START`] where they never do.
    pub(crate) far: Instant,
    /// The call it belongs to: a response is found through the log id that the request brought to the list.
    pub(crate) call: u16,
    /// What it tells of.
    pub(crate) subject: Subject,
    /// Whether its session's list names it.
    pub(crate) listed: bool,
    /// Until when it is found without the index; [`Instant::START`] where it is not.
    pub(crate) searchable: Instant,
}

/// A plan as the index knows it.
#[derive(Debug, Default)]
struct Session {
    entries: Vec<Entry>,
    recorded: bool,
    in_index: bool,
    was_in_index: bool,
    left: Instant,
    list_dies: Instant,
    over: bool,
    /// Records whose end is not yet known.
    holders: u32,
    /// It waits in [`Index::leaving`].
    is_leaving: bool,
    /// The last write whose writer had seen it in the index.
    seen_by: u64,
}

/// What the index found out when a session left it for good: when its records could no longer be found.
#[derive(Debug)]
pub(crate) struct Departure {
    pub(crate) entries: Vec<Entry>,
    pub(crate) recorded: bool,
    /// When the index stopped naming the session; `None` where it never did.
    pub(crate) unreachable_from: Option<Instant>,
}

/// The sessions that an index names, and when it goes.
#[derive(Clone, Copy, Debug)]
struct List {
    names: VersionId,
    dies: Instant,
}

/// Where several regions write: who sees what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Regions {
    /// Regions in which plans run.
    pub(crate) writers: usize,
    /// How long a region's copy may be old; none: each has an index of its own.
    pub(crate) staleness: Option<Span>,
}

/// What a region has seen of the index, and until when it sees it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    names: VersionId,
    until: Instant,
}

/// The index, and the sessions that it or a reader still needs.
#[derive(Debug)]
pub(crate) struct Index {
    /// One that all share, or one for each region.
    lists: Vec<List>,
    /// By region; empty if no region can see an old copy, none where one has not read it yet.
    seen: Vec<Option<Seen>>,
    versions: Versions,
    /// Sessions that have left it, and that a reader still holds a version of.
    leaving: Vec<u32>,
    staleness: Span,
    needs_list: bool,
    sessions: Vec<Session>,
    free: Vec<u32>,
    writes: u64,
    /// Entries that a writer wrote over without having seen them.
    pub(crate) lost_updates: u64,
    /// Records remembered at this instant.
    pub(crate) remembered: u64,
}

impl Index {
    /// An empty index; `needs_list` where a session has a list of its own.
    pub(crate) fn new(needs_list: bool, regions: Regions) -> Index {
        let lists = if regions.staleness.is_none() { regions.writers } else { 1 };
        let is_late = regions.writers > 1 && regions.staleness.is_some_and(|staleness| !staleness.is_zero());
        let mut versions = Versions::default();
        Index {
            lists: (0..lists).map(|_| List { names: versions.begin(Vec::new()), dies: Instant::NEVER }).collect(),
            seen: vec![None; if is_late { regions.writers } else { 0 }],
            versions,
            leaving: Vec::new(),
            staleness: regions.staleness.unwrap_or_default(),
            needs_list,
            sessions: Vec::new(),
            free: Vec::new(),
            writes: 0,
            lost_updates: 0,
            remembered: 0,
        }
    }

    /// The place of the list that a region reads and writes.
    fn list_of(&self, region: u16) -> usize {
        if self.lists.len() > 1 { usize::from(region) } else { 0 }
    }

    /// A plan begins.
    pub(crate) fn open(&mut self, recorded: bool) -> u32 {
        let session = self.free.pop().unwrap_or_else(|| {
            self.sessions.push(Session::default());
            (self.sessions.len() - 1) as u32
        });
        let mut entries = std::mem::take(&mut self.sessions[session as usize].entries);
        entries.clear();
        self.sessions[session as usize] =
            Session { entries, recorded, list_dies: Instant::NEVER, ..Session::default() };
        session
    }

    /// A record has been written; the answer is its place, for [`Index::settle`].
    pub(crate) fn add(&mut self, session: u32, entry: Entry) -> u32 {
        let session = &mut self.sessions[session as usize];
        let listed =
            entry.listed || !self.needs_list || session.entries.iter().any(|e| e.call == entry.call && e.listed);
        session.entries.push(Entry { listed, ..entry });
        self.remembered += 1;
        (session.entries.len() - 1) as u32
    }

    /// The end of a record is known only later: its session is kept until [`Index::settle`].
    pub(crate) fn hold(&mut self, session: u32) {
        self.sessions[session as usize].holders += 1;
    }

    /// The end of a held record is known now.
    pub(crate) fn settle(&mut self, session: u32, place: u32, ends: [Instant; 3]) -> Option<Departure> {
        self.correct(session, place, ends);
        self.sessions[session as usize].holders -= 1;
        self.depart(session)
    }

    /// When a record goes, when other regions no longer see it, and when a search no longer finds it.
    pub(crate) fn correct(&mut self, session: u32, place: u32, [dies, far, searchable]: [Instant; 3]) {
        let entry = &mut self.sessions[session as usize].entries[place as usize];
        (entry.dies, entry.far, entry.searchable) = (dies, far, searchable);
    }

    /// The session's list has been written: it names every record so far.
    pub(crate) fn list(&mut self, session: u32, dies: Instant) {
        let session = &mut self.sessions[session as usize];
        session.list_dies = dies;
        for entry in &mut session.entries {
            entry.listed = true;
        }
    }

    /// A writer of a region reads the index, and holds what it names.
    pub(crate) fn read(&mut self, region: u16, now: Instant, gone: &mut Vec<Departure>) -> VersionId {
        self.expire(now, gone);
        let seen = self.seen.get(region as usize).copied().flatten().filter(|seen| now < seen.until);
        let names = seen.map_or(self.lists[self.list_of(region)].names, |seen| seen.names);
        self.versions.hold(names);
        if seen.is_none() {
            self.see(region, names, now, gone);
        }
        names
    }

    /// A region sees this from now on, and gives up what it saw.
    fn see(&mut self, region: u16, names: VersionId, now: Instant, gone: &mut Vec<Departure>) {
        if self.seen.is_empty() {
            return;
        }
        self.versions.hold(names);
        let seen = Seen { names, until: now.saturating_add(self.staleness) };
        if let Some(old) = self.seen[region as usize].replace(seen) {
            self.release(old.names, gone);
        }
    }

    /// Whether the index is there at `now`, for a region.
    pub(crate) fn is_there(&mut self, region: u16, now: Instant) -> bool {
        let list = &self.lists[self.list_of(region)];
        now < list.dies && !self.versions.named(list.names).is_empty()
    }

    /// A writer writes back what it read, with its own session in front, and keeps so many; it goes then.
    pub(crate) fn write(
        &mut self,
        (session, region): (u32, u16),
        read: Option<VersionId>,
        (dies, keep): (Instant, u32),
        now: Instant,
        gone: &mut Vec<Departure>,
    ) {
        self.expire(now, gone);
        let place = self.list_of(region);
        let old = self.lists[place].names;
        let next = self.with_in_front(session, read, keep as usize);
        let next = self.versions.begin(next);
        self.lists[place] = List { names: next, dies };
        self.writes += 1;
        let left = match read {
            // Nobody has written since: all but those at the end stay.
            Some(read) if read == old && keep > 0 => {
                let kept = self.versions.named(next).len() - 1;
                let others = self.versions.named(old).iter().copied().filter(|&other| other != session);
                let left: Vec<u32> = others.skip(kept).collect();
                self.enters(session);
                left
            }
            _ => self.overwrites(old, read, next),
        };
        for &session in &left {
            let session = &mut self.sessions[session as usize];
            (session.in_index, session.left) = (false, now);
        }
        self.see(region, next, now, gone);
        self.versions.end(old);
        read.map(|read| self.versions.release(read));
        left.into_iter().for_each(|session| gone.extend(self.depart(session)));
        self.let_go(gone);
    }

    /// What a writer has read, with its own session in front, and at most so many.
    fn with_in_front(&mut self, session: u32, read: Option<VersionId>, keep: usize) -> Vec<u32> {
        let mut next = self.versions.blank();
        if keep > 0 {
            next.push(session);
        }
        let room = keep.saturating_sub(1);
        let read = read.map_or(&[][..], |read| self.versions.named(read));
        if self.sessions[session as usize].was_in_index {
            next.extend(read.iter().copied().filter(|&other| other != session).take(room));
        } else {
            next.extend_from_slice(&read[..room.min(read.len())]);
        }
        next
    }

    fn enters(&mut self, session: u32) {
        let session = &mut self.sessions[session as usize];
        (session.in_index, session.was_in_index) = (true, true);
    }

    /// A writer that may not have seen the latest version writes `next` over it: who leaves the index by that.
    fn overwrites(&mut self, old: VersionId, read: Option<VersionId>, next: VersionId) -> Vec<u32> {
        // Marks instead of a nested search: an index may hold thousands of sessions.
        for &named in read.map_or(&[][..], |read| self.versions.named(read)) {
            self.sessions[named as usize].seen_by = self.writes;
        }
        for &named in self.versions.named(old) {
            self.sessions[named as usize].in_index = false;
        }
        for &named in self.versions.named(next) {
            let named = &mut self.sessions[named as usize];
            (named.in_index, named.was_in_index) = (true, true);
        }
        let left = |named: &u32| !self.sessions[*named as usize].in_index;
        let left: Vec<u32> = self.versions.named(old).iter().copied().filter(left).collect();
        let unseen = left.iter().filter(|named| self.sessions[**named as usize].seen_by != self.writes);
        self.lost_updates += unseen.count() as u64;
        left
    }

    /// A writer gives up what it has read.
    pub(crate) fn release(&mut self, read: VersionId, gone: &mut Vec<Departure>) {
        if self.versions.release(read) {
            self.let_go(gone);
        }
    }

    /// Somebody holds a version less: who has left the index may go, if no other version names it.
    fn let_go(&mut self, gone: &mut Vec<Departure>) {
        for session in std::mem::take(&mut self.leaving) {
            self.sessions[session as usize].is_leaving = false;
            gone.extend(self.depart(session));
        }
    }

    /// A plan is over and writes no more.
    pub(crate) fn close(&mut self, session: u32) -> Option<Departure> {
        self.sessions[session as usize].over = true;
        self.depart(session)
    }

    /// Drops what has gone of the index itself.
    fn expire(&mut self, now: Instant, gone: &mut Vec<Departure>) {
        for at in 0..self.lists.len() {
            let List { names: old, dies } = self.lists[at];
            if now < dies {
                continue;
            }
            let left = self.versions.named(old).to_vec();
            for &session in &left {
                let session = &mut self.sessions[session as usize];
                (session.in_index, session.left) = (false, dies);
            }
            self.lists[at] = List { names: self.versions.begin(Vec::new()), dies: Instant::NEVER };
            self.versions.end(old);
            left.into_iter().for_each(|session| gone.extend(self.depart(session)));
        }
    }

    fn depart(&mut self, id: u32) -> Option<Departure> {
        let session = &self.sessions[id as usize];
        if session.in_index || session.holders > 0 || !session.over || session.is_leaving {
            return None;
        }
        if self.versions.remember(id) {
            self.sessions[id as usize].is_leaving = true;
            self.leaving.push(id);
            return None;
        }
        let session = &mut self.sessions[id as usize];
        session.over = false; // departs once
        let unreachable_from = session.was_in_index.then(|| session.left.min(session.list_dies));
        let entries = std::mem::take(&mut session.entries);
        self.remembered -= entries.len() as u64;
        self.free.push(id);
        Some(Departure { entries, recorded: session.recorded, unreachable_from })
    }

    /// Gives a departed session's memory back.
    pub(crate) fn recycle(&mut self, mut departure: Departure) {
        departure.entries.clear();
        if let Some(&session) = self.free.last() {
            self.sessions[session as usize].entries = departure.entries;
        }
    }

    /// The replication ends: everything that is still remembered departs, unreachable only where its own end, its
    /// list's or the index's comes.
    pub(crate) fn finish(&mut self) -> Vec<Departure> {
        let mut rest = Vec::new();
        for list in &self.lists {
            for &named in self.versions.named(list.names) {
                self.sessions[named as usize].left = list.dies;
            }
        }
        for session in &mut self.sessions {
            if session.entries.is_empty() {
                continue;
            }
            let unreachable_from = session.was_in_index.then(|| session.left.min(session.list_dies));
            let entries = std::mem::take(&mut session.entries);
            rest.push(Departure { entries, recorded: session.recorded, unreachable_from });
        }
        self.remembered = 0;
        rest
    }
}

impl Part for Index {
    fn change(&mut self, _: usize, blueprint: &Blueprint, _: Instant, _: &mut Vec<Effect>) {
        if let Some(staleness) = blueprint.index_staleness() {
            self.staleness = staleness.unwrap_or_default();
        }
    }

    fn measures(&self, _: usize, _: &Ending, sheet: &mut Sheet) {
        sheet.count("logs.index.lost_updates", "entries", self.lost_updates);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    const NORMAL: Subject = Subject { error: false, first: false, region: 0, late: Span::ZERO };
    const ONE: Regions = Regions { writers: 1, staleness: Some(Span::ZERO) };

    fn entry(call: u16) -> Entry {
        Entry {
            written: at(0),
            dies: Instant::NEVER,
            far: Instant::NEVER,
            call,
            subject: NORMAL,
            listed: false,
            searchable: Instant::START,
        }
    }

    fn write(index: &mut Index, session: u32, seconds: u64) -> Vec<Departure> {
        let mut gone = Vec::new();
        let copy = index.read(0, at(seconds), &mut gone);
        index.write((session, 0), Some(copy), (Instant::NEVER, 10), at(seconds), &mut gone);
        gone
    }

    #[test]
    fn the_eleventh_session_pushes_the_first_out() {
        let mut index = Index::new(false, ONE);
        for i in 0..10 {
            let session = index.open(true);
            index.add(session, entry(0));
            assert!(write(&mut index, session, i).is_empty());
            assert!(index.close(session).is_none());
        }
        let session = index.open(true);
        let gone = write(&mut index, session, 60);
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].unreachable_from, Some(at(60)));
        assert_eq!(index.lost_updates, 0, "cut for age, not lost to another writer");
    }

    #[test]
    fn of_two_writers_who_overlap_the_first_loses_its_entry() {
        let mut index = Index::new(false, ONE);
        let (a, b) = (index.open(true), index.open(true));
        let mut gone = Vec::new();
        let copy_a = index.read(0, at(0), &mut gone);
        let copy_b = index.read(0, at(1), &mut gone);
        index.write((a, 0), Some(copy_a), (Instant::NEVER, 10), at(2), &mut gone);
        index.write((b, 0), Some(copy_b), (Instant::NEVER, 10), at(3), &mut gone);
        assert_eq!(index.lost_updates, 1);
        assert!(gone.is_empty(), "its plan still runs and may come back");
        let gone = index.close(a).expect("nobody names it and it writes no more");
        assert_eq!(gone.unreachable_from, Some(at(3)));
    }

    #[test]
    fn a_response_without_a_listed_request_is_not_found() {
        let mut index = Index::new(true, ONE);
        let session = index.open(true);
        index.add(session, entry(0));
        index.list(session, Instant::NEVER);
        index.add(session, entry(0));
        index.add(session, entry(1));
        write(&mut index, session, 0);
        index.close(session);
        let rest = index.finish();
        let listed: Vec<bool> = rest[0].entries.iter().map(|e| e.listed).collect();
        assert_eq!(listed, [true, true, false]);
    }

    #[test]
    fn an_index_that_expires_names_nobody() {
        let mut index = Index::new(false, ONE);
        let session = index.open(true);
        let mut gone = Vec::new();
        let copy = index.read(0, at(0), &mut gone);
        index.write((session, 0), Some(copy), (at(5), 10), at(0), &mut gone);
        index.close(session);
        assert!(index.is_there(0, at(4)) && !index.is_there(0, at(5)));
        let copy = index.read(0, at(9), &mut gone);
        assert!(index.versions.named(copy).is_empty());
        assert_eq!(gone[0].unreachable_from, Some(at(5)));
    }

    #[test]
    fn a_region_that_sees_an_old_copy_writes_over_what_the_other_wrote() {
        let regions = Regions { writers: 2, staleness: Some(Span::from_secs(60)) };
        let mut index = Index::new(false, regions);
        let sessions: Vec<u32> = (0..4).map(|_| index.open(true)).collect();
        let mut gone = Vec::new();
        // Region 1 writes at 0 s; region 0 at 10 s, having read it; region 1 sees its own copy until 60 s.
        for (nth, (region, seconds)) in [(1, 0), (0, 10), (1, 20), (0, 90)].into_iter().enumerate() {
            let copy = index.read(region, at(seconds), &mut gone);
            index.write((sessions[nth], region), Some(copy), (Instant::NEVER, 10), at(seconds), &mut gone);
        }
        assert_eq!(index.lost_updates, 1, "the write of 10 s was not seen at 20 s; at 90 s all is");
        assert_eq!(index.versions.named(index.lists[0].names), [sessions[3], sessions[2], sessions[0]]);
    }

    #[test]
    fn an_index_in_a_cache_is_one_for_each_region() {
        let mut index = Index::new(false, Regions { writers: 2, staleness: None });
        let (a, b) = (index.open(true), index.open(true));
        let mut gone = Vec::new();
        index.write((a, 0), None, (Instant::NEVER, 10), at(0), &mut gone);
        index.write((b, 1), None, (Instant::NEVER, 10), at(1), &mut gone);
        assert_eq!(index.lost_updates, 0);
        let read = [0, 1].map(|region| index.read(region, at(2), &mut gone));
        assert_eq!(read.map(|names| index.versions.named(names)), [&[a][..], &[b]]);
    }
}
