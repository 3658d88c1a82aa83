//! The state of a member at `/readyz`, while its group accepts it or not.

use std::ops::Range;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::{
    health::Health,
    log::{Error, ForGood, Offsets, Position, Record, Records},
};

/// The group's side of one membership.
struct Coordinator {
    assign: mpsc::Sender<Assignment>,
    joining: watch::Sender<Joining>,
}

/// A log of one group whose coordinator is the test.
struct Group(mpsc::Sender<Coordinator>);

#[async_trait]
impl Log for Group {
    fn partitions(&self) -> u16 {
        2
    }

    fn identity(&self) -> &'static str {
        "group"
    }

    async fn append(&self, _: Stream, _: Record) -> Result<Position, Error> {
        Err(Error::Overloaded)
    }

    async fn bounds(&self, _: Stream, _: Partition) -> Result<Range<u64>, Error> {
        Ok(0..0)
    }

    async fn read(&self, _: Stream, _: Vec<(Partition, u64)>) -> Result<Records, Error> {
        Ok(stream::pending().boxed())
    }

    async fn consume(&self, _: Stream, _: &str) -> Result<Consumer, Error> {
        let ((assign, assignments), joining) = (mpsc::channel(2), watch::Sender::new(Joining::Underway));
        let left = CancellationToken::new();
        left.cancel();
        let consumer = Consumer {
            assignments,
            joining: joining.subscribe(),
            membership: CancellationToken::new().drop_guard(),
            left,
        };
        self.0.send(Coordinator { assign, joining }).await.expect("the test is there");
        Ok(consumer)
    }

    async fn ready(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn close(&self) {}
}

struct Nowhere;

impl Offsets for Nowhere {
    fn store(&self, _: u64) -> Result<(), Error> {
        Ok(())
    }
}

fn assignment(revoked: &CancellationToken) -> Assignment {
    Assignment {
        partition: Partition(0),
        records: stream::pending().boxed(),
        offsets: Box::new(Nowhere),
        revoked: revoked.clone(),
        lease: Arc::new(ForGood),
        released: CancellationToken::new().drop_guard(),
    }
}

/// A member in a group whose coordinator is the test, and its health.
struct Bench {
    memberships: mpsc::Receiver<Coordinator>,
    health: Health,
    stop: CancellationToken,
}

impl Bench {
    fn new() -> Self {
        let (coordinator, memberships) = mpsc::channel(1);
        let (health, stop) = (Health::default(), CancellationToken::new());
        let log: Arc<dyn Log> = Arc::new(Group(coordinator));
        let (failures, until) = (Failures::new(health.clone(), "planner", "acme", None), stop.clone());
        tokio::spawn(async move {
            let work = |assignment: Assignment| async move { assignment.revoked.cancelled().await };
            join_group(&log, Stream::Events, "usher.planner.acme", &failures, &until, work).await;
        });
        Self { memberships, health, stop }
    }

    async fn joins(&mut self) -> Coordinator {
        self.memberships.recv().await.expect("it joins")
    }

    /// Why it fails, when all is done that can be done now.
    async fn why(&self) -> Option<String> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.health.failing().pop().map(|(_, why)| why)
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_works_when_its_group_has_taken_it_in_with_or_without_partitions() {
    let mut bench = Bench::new();
    let group = bench.joins().await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(bench.why().await.as_deref(), Some("its group is not joined yet"));
    group.joining.send_replace(Joining::Joined);
    assert_eq!(bench.why().await, None);
    // Partitions come and go.
    let revoked = CancellationToken::new();
    group.assign.send(assignment(&revoked)).await.expect("taken");
    assert_eq!(bench.why().await, None);
    revoked.cancel();
    assert_eq!(bench.why().await, None);
    group.joining.send_replace(Joining::Joined);
    assert_eq!(bench.why().await, None);
    bench.stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_member_that_its_group_refuses_fails_until_it_is_taken_in() {
    let mut bench = Bench::new();
    let group = bench.joins().await;
    for _ in 0..2 {
        group.joining.send_replace(Joining::Refused("the group refuses usher".to_owned()));
        assert_eq!(bench.why().await.as_deref(), Some("the group refuses usher"));
        group.joining.send_replace(Joining::Joined);
        assert_eq!(bench.why().await, None);
    }
    bench.stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_membership_that_ends_by_itself_is_told_until_the_next_one_works() {
    let mut bench = Bench::new();
    let group = bench.joins().await;
    group.joining.send_replace(Joining::Joined);
    assert_eq!(bench.why().await, None);
    drop(group);
    let group = bench.joins().await;
    assert_eq!(bench.why().await.as_deref(), Some("its group has to be joined anew"));
    group.joining.send_replace(Joining::Refused("it is fenced".to_owned()));
    drop(group);
    // After a refusal that ended the membership, the next one has to hold.
    let group = bench.joins().await;
    group.joining.send_replace(Joining::Joined);
    assert_eq!(bench.why().await.as_deref(), Some("it is fenced"));
    tokio::time::sleep(STEADY_AFTER).await;
    assert_eq!(bench.why().await, None);
    bench.stop.cancel();
}
