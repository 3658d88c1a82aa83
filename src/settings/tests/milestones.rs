//! Milestones: noted once, by every replica.

use super::*;
use crate::domain::Milestone;

#[tokio::test]
async fn a_milestone_is_noted_once_and_is_on_every_replica() {
    let log = MemoryLog::new();
    let (one, other) = (Replica::start(&log).await, Replica::start(&log).await);
    assert_eq!(one.settings.milestone(Milestone::Arrived), None);
    one.settings.reach(Milestone::Arrived, who("ann")).await.expect("noted");
    other.until("it", |settings| settings.milestone(Milestone::Arrived).is_some()).await;
    other.clock.0.store(DAY, Ordering::Relaxed);
    other.settings.reach(Milestone::Arrived, who("ben")).await.expect("nothing to do");
    other.settings.reach(Milestone::Dismissed, who("ben")).await.expect("noted");
    one.until("the other", |settings| settings.milestone(Milestone::Dismissed).is_some()).await;
    let first = one.settings.milestone(Milestone::Arrived).expect("it stays");
    assert_eq!((first.by, one.settings.milestone(Milestone::RunRead)), (who("ann"), None));
    one.settings.forget_outlived().await.expect("nothing is outlived");
    let fresh = Replica::start(&log).await;
    assert!(
        fresh.settings.milestone(Milestone::Arrived).is_some()
            && fresh.settings.milestone(Milestone::Dismissed).is_some()
    );
}
