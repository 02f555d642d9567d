//! The index of the last sessions, and with it the question whether a reader finds a record.
//!
//! A writer reads the index, puts its session in front, keeps the newest few and writes the whole back. Two
//! writers that overlap lose an entry: the second writes back what it read before the first was done. A record is
//! found while it exists, its session's list names it, and the index names the session.

use crate::units::Instant;

/// What a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Of an error.
    pub(crate) error: bool,
    /// Of the first error of an incident.
    pub(crate) first: bool,
}

/// A record as the index knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// When it was written.
    pub(crate) written: Instant,
    /// When it goes; [`Instant::NEVER`] where nothing takes it.
    pub(crate) dies: Instant,
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
    /// Writers that have read an index with this session in it and have not written yet, and records whose end is
    /// not yet known.
    holders: u32,
}

/// What the index found out when a session left it for good: when its records could no longer be found.
#[derive(Debug)]
pub(crate) struct Departure {
    pub(crate) entries: Vec<Entry>,
    pub(crate) recorded: bool,
    /// When the index stopped naming the session; `None` where it never did.
    pub(crate) unreachable_from: Option<Instant>,
}

/// The index and the sessions that it or somebody still needs.
#[derive(Debug)]
pub(crate) struct Index {
    keep: usize,
    named: Vec<u32>,
    dies: Instant,
    needs_list: bool,
    sessions: Vec<Session>,
    free: Vec<u32>,
    spare: Vec<Vec<u32>>,
    /// Entries that a writer wrote over without having seen them.
    pub(crate) lost_updates: u64,
    /// Records remembered at this instant.
    pub(crate) remembered: u64,
}

impl Index {
    /// An empty index of at most `keep` sessions; `needs_list` where a session has a list of its own.
    pub(crate) fn new(keep: u32, needs_list: bool) -> Index {
        Index {
            keep: keep as usize,
            named: Vec::new(),
            dies: Instant::NEVER,
            needs_list,
            sessions: Vec::new(),
            free: Vec::new(),
            spare: Vec::new(),
            lost_updates: 0,
            remembered: 0,
        }
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
    pub(crate) fn settle(&mut self, session: u32, place: u32, dies: Instant) -> Option<Departure> {
        let held = &mut self.sessions[session as usize];
        held.entries[place as usize].dies = dies;
        held.holders -= 1;
        self.depart(session)
    }

    /// The session's list has been written: it names every record so far.
    pub(crate) fn list(&mut self, session: u32, dies: Instant) {
        let session = &mut self.sessions[session as usize];
        session.list_dies = dies;
        for entry in &mut session.entries {
            entry.listed = true;
        }
    }

    /// A writer reads the index.
    pub(crate) fn read(&mut self, now: Instant, gone: &mut Vec<Departure>) -> Vec<u32> {
        self.expire(now, gone);
        let mut copy = self.spare.pop().unwrap_or_default();
        copy.clear();
        copy.extend_from_slice(&self.named);
        for &session in &copy {
            self.sessions[session as usize].holders += 1;
        }
        copy
    }

    /// Whether the index is there at `now`.
    pub(crate) fn is_there(&self, now: Instant) -> bool {
        now < self.dies && !self.named.is_empty()
    }

    /// A writer writes back what it read, with its own session in front.
    pub(crate) fn write(
        &mut self,
        session: u32,
        copy: Vec<u32>,
        dies: Instant,
        now: Instant,
        gone: &mut Vec<Departure>,
    ) {
        self.expire(now, gone);
        let mut next = self.spare.pop().unwrap_or_default();
        next.clear();
        next.push(session);
        next.extend(copy.iter().copied().filter(|&other| other != session));
        next.truncate(self.keep);
        let old = std::mem::replace(&mut self.named, next);
        self.dies = dies;
        for &named in &old {
            if !self.named.contains(&named) {
                self.sessions[named as usize].in_index = false;
                self.sessions[named as usize].left = now;
                self.lost_updates += u64::from(!copy.contains(&named));
            }
        }
        for i in 0..self.named.len() {
            let named = self.named[i] as usize;
            self.sessions[named].in_index = true;
            self.sessions[named].was_in_index = true;
        }
        for &named in &old {
            gone.extend(self.depart(named));
        }
        self.spare.push(old);
        self.release(copy, gone);
    }

    /// A writer gives up what it has read.
    pub(crate) fn release(&mut self, copy: Vec<u32>, gone: &mut Vec<Departure>) {
        for &session in &copy {
            self.sessions[session as usize].holders -= 1;
            gone.extend(self.depart(session));
        }
        self.spare.push(copy);
    }

    /// A plan is over and writes no more.
    pub(crate) fn close(&mut self, session: u32) -> Option<Departure> {
        self.sessions[session as usize].over = true;
        self.depart(session)
    }

    /// Drops the index itself once its entry has gone.
    fn expire(&mut self, now: Instant, gone: &mut Vec<Departure>) {
        if now < self.dies {
            return;
        }
        let old = std::mem::take(&mut self.named);
        for &session in &old {
            self.sessions[session as usize].in_index = false;
            self.sessions[session as usize].left = self.dies;
        }
        for &session in &old {
            gone.extend(self.depart(session));
        }
        self.spare.push(old);
        self.dies = Instant::NEVER;
    }

    fn depart(&mut self, id: u32) -> Option<Departure> {
        let session = &mut self.sessions[id as usize];
        if session.in_index || session.holders > 0 || !session.over {
            return None;
        }
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
        let dies = self.dies;
        for session in &mut self.sessions {
            if session.entries.is_empty() {
                continue;
            }
            let named_until = if session.in_index { dies } else { session.left };
            let unreachable_from = session.was_in_index.then(|| named_until.min(session.list_dies));
            let entries = std::mem::take(&mut session.entries);
            rest.push(Departure { entries, recorded: session.recorded, unreachable_from });
        }
        self.remembered = 0;
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    const NORMAL: Subject = Subject { error: false, first: false };

    fn entry(call: u16) -> Entry {
        Entry { written: at(0), dies: Instant::NEVER, call, subject: NORMAL, listed: false, searchable: Instant::START }
    }

    fn write(index: &mut Index, session: u32, seconds: u64) -> Vec<Departure> {
        let mut gone = Vec::new();
        let copy = index.read(at(seconds), &mut gone);
        index.write(session, copy, Instant::NEVER, at(seconds), &mut gone);
        gone
    }

    #[test]
    fn the_eleventh_session_pushes_the_first_out() {
        let mut index = Index::new(10, false);
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
        let mut index = Index::new(10, false);
        let (a, b) = (index.open(true), index.open(true));
        let mut gone = Vec::new();
        let copy_a = index.read(at(0), &mut gone);
        let copy_b = index.read(at(1), &mut gone);
        index.write(a, copy_a, Instant::NEVER, at(2), &mut gone);
        index.write(b, copy_b, Instant::NEVER, at(3), &mut gone);
        assert_eq!(index.lost_updates, 1);
        assert!(gone.is_empty(), "its plan still runs and may come back");
        let gone = index.close(a).expect("nobody names it and it writes no more");
        assert_eq!(gone.unreachable_from, Some(at(3)));
    }

    #[test]
    fn a_response_without_a_listed_request_is_not_found() {
        let mut index = Index::new(10, true);
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
        let mut index = Index::new(10, false);
        let session = index.open(true);
        let mut gone = Vec::new();
        let copy = index.read(at(0), &mut gone);
        index.write(session, copy, at(5), at(0), &mut gone);
        index.close(session);
        assert!(index.is_there(at(4)) && !index.is_there(at(5)));
        let copy = index.read(at(9), &mut gone);
        assert!(copy.is_empty());
        assert_eq!(gone[0].unreachable_from, Some(at(5)));
    }
}
