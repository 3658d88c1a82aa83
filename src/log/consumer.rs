//! Consumers: the members of a group, which share the partitions of a stream.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Error, Lease, Partition, Records};

/// Membership in a group.
pub struct Consumer {
    /// Partitions as they are given to this member. Ends when the membership does.
    pub assignments: mpsc::Receiver<Assignment>,
    /// Whether the group has taken this member in.
    pub joining: watch::Receiver<Joining>,
    /// Dropped or cancelled: the member leaves, as soon as all its assignments are dropped.
    pub membership: DropGuard,
    /// Cancelled when the member has left and the offsets it stored are committed.
    pub left: CancellationToken,
}

/// Whether a group has taken a member in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joining {
    /// The group has not answered yet.
    Underway,
    /// The member has its share of the partitions, which may be none. It stays joined while partitions move.
    Joined,
    /// The group refuses the member until an administrator acts: the reason and the remedy. The member tries again.
    Refused(String),
}

/// A partition that a group has given to this member.
pub struct Assignment {
    /// The partition.
    pub partition: Partition,
    /// Its records, from the offset last stored.
    pub records: Records,
    /// The store for the progress of the work.
    pub offsets: Box<dyn Offsets>,
    /// Cancelled when the partition is revoked: finish the begun records, then drop the assignment. The next owner
    /// starts after that, or after a bounded wait.
    pub revoked: CancellationToken,
    /// The proof that the partition is still this member's. A process that stood still can't know that by itself.
    pub lease: Arc<dyn Lease>,
    /// Tells the log, when dropped, that no record of this assignment is in work any more.
    pub released: DropGuard,
}

/// Stores the progress of a group in one partition.
pub trait Offsets: Send + Sync {
    /// Records that all records before `next` are done. It becomes durable later; after a crash some records come
    /// again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the partition was taken away, or the offset can't be stored. The records from there on
    /// come again.
    fn store(&self, next: u64) -> Result<(), Error>;
}

/// The consumer group of a stage of one source. Each source has its own, so that a slow one holds up no other.
pub fn group(stage: &str, source: &str) -> String {
    format!("usher.{stage}.{source}")
}

/// The source of a group that was named by [`group`].
pub fn source_of_group(group: &str) -> Option<&str> {
    Some(group.strip_prefix("usher.")?.split_once('.')?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_group_is_the_one_it_was_named_after() {
        assert_eq!(source_of_group(&group("planner", "acme-2_x")), Some("acme-2_x"));
        assert_eq!((source_of_group("usher.planner"), source_of_group("another.planner.acme")), (None, None));
    }
}
