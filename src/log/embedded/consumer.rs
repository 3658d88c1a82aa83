//! Membership in a group: all partitions at once, until the member leaves.

use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{EmbeddedLog, commit::append_queue::AppendQueue, groups::Groups, part::Part};
use crate::log::{Assignment, Consumer, Error, ForGood, Joining, Offsets, Stream};

/// Makes the one member of `group`. There is only this process, so one member has all partitions; a second one at
/// the same time would get every record as well.
pub(super) fn join(log: &EmbeddedLog, stream: Stream, group: &str) -> Consumer {
    let membership = CancellationToken::new();
    let (assign, assignments) = mpsc::channel(usize::from(log.partitions.max(1)));
    let mut released = Vec::new();
    for part in Part::all_of(stream, log.partitions) {
        let release = CancellationToken::new();
        released.push(release.clone());
        let records = log.follow(part, log.groups.next(part, group));
        let assignment = Assignment {
            partition: part.partition,
            records: records.take_until(membership.clone().cancelled_owned()).boxed(),
            offsets: Box::new(GroupOffsets { groups: Arc::clone(&log.groups), part, group: group.to_owned() }),
            revoked: membership.child_token(), // nobody takes the others away with this one
            lease: Arc::new(ForGood),
            released: release.drop_guard(),
        };
        assign.try_send(assignment).unwrap_or_else(|_| unreachable!("the channel has room for all partitions"));
    }
    let left = CancellationToken::new();
    tokio::spawn(leave(Arc::clone(&log.append_queue), membership.clone(), assign, released, left.clone()));
    let joining = watch::Sender::new(Joining::Joined).subscribe(); // there is nobody to ask
    Consumer { assignments, joining, membership: membership.drop_guard(), left }
}

/// Waits until the member wants to leave, or has to, and sees it out.
async fn leave(
    append_queue: Arc<AppendQueue>,
    membership: CancellationToken,
    assign: mpsc::Sender<Assignment>,
    released: Vec<CancellationToken>,
    left: CancellationToken,
) {
    tokio::select! {
        () = membership.cancelled() => {}
        () = append_queue.closed() => {}
    }
    membership.cancel(); // also where the log is closed: the work is to stop
    drop(assign); // the end of the assignments
    for release in released {
        release.cancelled().await;
    }
    append_queue.save_offsets().await;
    left.cancel();
}

struct GroupOffsets {
    groups: Arc<Groups>,
    part: Part,
    group: String,
}

impl Offsets for GroupOffsets {
    fn store(&self, next: u64) -> Result<(), Error> {
        self.groups.store(self.part, &self.group, next)
    }
}
