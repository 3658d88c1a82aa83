//! One partition of one stream, and tables with an entry for each.

use std::ops::{Index, IndexMut};

use crate::log::{Partition, Stream};

/// One partition of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    /// Of which stream.
    pub stream: Stream,
    /// Which partition.
    pub partition: Partition,
}

impl Part {
    /// `partition` of `stream`.
    pub fn new(stream: Stream, partition: Partition) -> Self {
        Self { stream, partition }
    }

    /// The parts of one stream of a log with `partitions` partitions.
    pub fn all_of(stream: Stream, partitions: u16) -> impl Iterator<Item = Self> {
        (0..partitions).map(move |number| Self::new(stream, Partition(number)))
    }

    /// All parts of a log with `partitions` partitions in each stream, in the order of [`Parts`].
    pub fn all(partitions: u16) -> impl Iterator<Item = Self> {
        Stream::ALL.into_iter().flat_map(move |stream| Self::all_of(stream, partitions))
    }

    /// The stream's number on disk.
    pub fn code(self) -> u8 {
        // On disk since the first release: never change a number, never use one again.
        match self.stream {
            Stream::Events => 1,
            Stream::Decisions => 2,
            Stream::Outcomes => 3,
            Stream::DeadLetters => 4,
            Stream::Sweeps => 5,
            Stream::SweepProgress => 6,
            Stream::Settings => 7,
            Stream::Activity => 8,
            Stream::Feeds => 9,
            Stream::Claims => 10,
            Stream::AdminActions => 11,
        }
    }
}

/// One `T` for each part of the log.
#[derive(Debug, Clone)]
pub(super) struct Parts<T> {
    partitions: u16,
    entries: Vec<T>,
}

impl<T: Default> Parts<T> {
    /// A default entry for every part.
    pub fn new(partitions: u16) -> Self {
        Self { partitions, entries: Part::all(partitions).map(|_| T::default()).collect() }
    }
}

impl<T> Parts<T> {
    /// Asks `make` for every entry.
    ///
    /// # Errors
    /// The first one of `make`.
    pub fn try_new<E>(partitions: u16, make: impl FnMut(Part) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self { partitions, entries: Part::all(partitions).map(make).collect::<Result<_, E>>()? })
    }

    /// Each entry made from the one of the same part.
    pub fn map<U>(&self, make: impl FnMut(&T) -> U) -> Parts<U> {
        Parts { partitions: self.partitions, entries: self.entries.iter().map(make).collect() }
    }

    /// How many partitions each stream has.
    pub fn partitions(&self) -> u16 {
        self.partitions
    }

    /// Whether the log has such a part.
    pub fn has(&self, part: Part) -> bool {
        part.partition.0 < self.partitions
    }

    /// All parts with their entries.
    pub fn iter(&self) -> impl Iterator<Item = (Part, &T)> {
        Part::all(self.partitions).zip(&self.entries)
    }

    /// As [`Parts::iter`], giving the entries away.
    pub fn into_entries(self) -> impl Iterator<Item = (Part, T)> {
        Part::all(self.partitions).zip(self.entries)
    }

    fn index(&self, part: Part) -> usize {
        usize::from(part.code() - 1) * usize::from(self.partitions) + usize::from(part.partition.0)
    }
}

/// Only for parts of the log that the table was made for, see [`Parts::has`].
impl<T> Index<Part> for Parts<T> {
    type Output = T;
    fn index(&self, part: Part) -> &T {
        &self.entries[self.index(part)]
    }
}

impl<T> IndexMut<Part> for Parts<T> {
    fn index_mut(&mut self, part: Part) -> &mut T {
        let index = self.index(part);
        &mut self.entries[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_own_entry() {
        let parts = Parts::try_new(3, Ok::<_, ()>).expect("entries");
        assert_eq!(parts.iter().count(), 3 * Stream::ALL.len());
        for (part, entry) in parts.iter() {
            assert_eq!(part, *entry);
            assert_eq!(parts[part], part);
        }
        assert!(!parts.has(Part::new(Stream::Events, Partition(3))));
    }
}
