//! The milestones of the beginning, each noted once.

use super::{Error, Settings};
use crate::domain::{Actor, Milestone, MilestoneReached, Setting};

impl Settings {
    /// The person who reached `milestone`, and when; none if nobody has.
    pub fn milestone(&self, milestone: Milestone) -> Option<MilestoneReached> {
        self.state().milestone(milestone).cloned()
    }

    /// Notes that `milestone` is reached. Nothing is written if it was before.
    ///
    /// # Errors
    /// As [`Settings::pause`].
    pub async fn reach(&self, milestone: Milestone, by: Actor) -> Result<(), Error> {
        let _turn = self.turn().await?;
        if self.milestone(milestone).is_some() {
            return Ok(());
        }
        self.append(&Setting::Milestone(MilestoneReached { milestone, by, at: self.now() })).await
    }
}
