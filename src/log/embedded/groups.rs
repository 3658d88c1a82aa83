//! How far each consumer group has come: in memory at once, on disk a little later.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

use super::{
    database::group_rows::{self, GroupOffset},
    part::{Part, Parts},
};
use crate::log::{Error, Stream};

/// The offsets of all groups.
pub(super) struct Groups {
    state: Mutex<State>,
}

struct State {
    /// By part, then by group.
    offsets: Parts<BTreeMap<String, u64>>,
    /// The groups whose offsets are not on disk yet.
    unsaved: BTreeSet<(Part, String)>,
    /// Groups with a member in this process; others may be of sources that are no more.
    joined: BTreeSet<(Stream, String)>,
    /// Groups for which nothing is kept.
    retired: BTreeSet<String>,
    closed: bool,
}

impl State {
    /// Notes where `group` begins in each of the parts in `begins`, unless it has come to some place there. A compacted part
    /// is not among them: the latest record of each key stays there anyway, and a group that never stores an offset
    /// would keep all the others.
    fn hold(&mut self, group: &str, begins: &[(Part, u64)]) {
        for (part, begin) in begins.iter().filter(|(part, _)| !part.stream.is_compacted()) {
            if let Entry::Vacant(vacant) = self.offsets[*part].entry(group.to_owned()) {
                vacant.insert(*begin);
                self.unsaved.insert((*part, group.to_owned()));
            }
        }
    }
}

impl Groups {
    /// Reads what `db` has stored for the parts of a log with that many partitions; none where that is damaged.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn load(db: &Connection, partitions: u16) -> rusqlite::Result<Option<Self>> {
        let mut offsets: Parts<BTreeMap<String, u64>> = Parts::new(partitions);
        for part in Part::all(partitions) {
            let Some(stored) = group_rows::all(db, part)? else { return Ok(None) };
            offsets[part] = stored.into_iter().map(|offset| (offset.group, offset.next)).collect();
        }
        let (unsaved, joined, retired) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Ok(Some(Self { state: Mutex::new(State { offsets, unsaved, joined, retired, closed: false }) }))
    }

    /// The offset at which `group` continues in `part`; 0 if it never stored one.
    pub fn next(&self, part: Part, group: &str) -> u64 {
        self.lock().offsets[part].get(group).copied().unwrap_or(0)
    }

    /// Keeps nothing any more for those groups that `is_retired`; gives them. Where they had come to is not forgotten: one
    /// that is joined again goes on there, with what is left, and does nothing twice.
    pub fn retire(&self, is_retired: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut state = self.lock();
        let groups: BTreeSet<_> = state.offsets.iter().flat_map(|(_, groups)| groups.keys()).cloned().collect();
        state.retired = groups.into_iter().filter(|group| is_retired(group)).collect();
        state.retired.clone()
    }

    /// A member of `group` works on `stream` from now on.
    pub fn join(&self, stream: Stream, group: &str, begins: &[(Part, u64)]) {
        let mut state = self.lock();
        state.joined.insert((stream, group.to_owned()));
        state.retired.remove(group);
        state.hold(group, begins);
    }

    /// Keeps for `group` what it has not consumed, also before it joins.
    pub fn expect(&self, group: &str, begins: &[(Part, u64)]) {
        let mut state = self.lock();
        state.retired.remove(group);
        state.hold(group, begins);
    }

    /// Keeps nothing any more for `group`, which has no member on `stream` any more. Where it had come to is not
    /// forgotten.
    pub fn leave(&self, stream: Stream, group: &str) {
        let mut state = self.lock();
        state.joined.remove(&(stream, group.to_owned()));
        state.retired.insert(group.to_owned());
    }

    /// The records of `stream` that the groups with a member here have not consumed; the parts end at `ends`. None if there is
    /// no such group.
    pub fn lag(&self, stream: Stream, ends: &[(Part, Range<u64>)]) -> Option<u64> {
        let state = self.lock();
        let groups = state.joined.iter().filter(|(of, _)| *of == stream);
        let behind = |group: &String| {
            let left = |(part, held): &(Part, Range<u64>)| {
                let next = state.offsets[*part].get(group).copied().unwrap_or(0);
                held.end.saturating_sub(next.max(held.start))
            };
            ends.iter().map(left).sum::<u64>()
        };
        groups.map(|(_, group)| behind(group)).reduce(|sum, lag| sum + lag)
    }

    /// `group` goes on at `next` in `part`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the log is closed.
    pub fn store(&self, part: Part, group: &str, next: u64) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Unavailable("it is closed".into()));
        }
        if state.offsets[part].insert(group.to_owned(), next) != Some(next) {
            state.unsaved.insert((part, group.to_owned()));
        }
        Ok(())
    }

    /// The offsets of all groups.
    pub fn all(&self) -> Vec<GroupOffset> {
        let state = self.lock();
        let of = |part: Part, groups: &BTreeMap<String, u64>| -> Vec<_> {
            let (stream, partition) = (part.stream, part.partition);
            let offset =
                |(group, next): (&String, &u64)| GroupOffset { group: group.clone(), stream, partition, next: *next };
            groups.iter().map(offset).collect()
        };
        state.offsets.iter().flat_map(|(part, groups)| of(part, groups)).collect()
    }

    /// The offsets that are not on disk yet, to be written.
    pub fn take_unsaved(&self) -> Vec<GroupOffset> {
        let mut state = self.lock();
        let unsaved = std::mem::take(&mut state.unsaved);
        let offset = |(part, group): (Part, String)| {
            let next = *state.offsets[part].get(&group)?;
            Some(GroupOffset { group, stream: part.stream, partition: part.partition, next })
        };
        unsaved.into_iter().filter_map(offset).collect()
    }

    /// Takes back offsets that could not be written.
    pub fn put_back(&self, unsaved: Vec<GroupOffset>) {
        let of = |offset: GroupOffset| (Part::new(offset.stream, offset.partition), offset.group);
        self.lock().unsaved.extend(unsaved.into_iter().map(of));
    }

    /// No further offset is accepted, so that none is accepted that will not be written.
    pub fn close(&self) {
        self.lock().closed = true;
    }

    /// The offset in `part` that every group of its stream has come to, retired ones aside. A group that has stored an offset in any
    /// other partition has come to 0 in this one. None where the stream has no group.
    pub fn consumed_by_all(&self, part: Part) -> Option<u64> {
        let state = self.lock();
        let here = &state.offsets[part];
        let of_stream = state.offsets.iter().filter(|(other, _)| other.code() == part.code());
        let groups = of_stream.flat_map(|(_, groups)| groups.keys()).filter(|group| !state.retired.contains(*group));
        groups.map(|group| here.get(group).copied().unwrap_or(0)).min()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
