//! An administrator's orders about held newcomers.

use tracing::info;

use super::Reconciler;
use crate::{
    domain::{Comparison, EventKind, NewcomerOrder},
    runtime::{Interrupted, Work},
};

impl Reconciler {
    /// Takes newcomers for new, or for earlier users. Does nothing if none are held.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn carry_out(&self, order: &NewcomerOrder, work: &Work) -> Result<(), Interrupted> {
        let _turn = self.turn(work).await?;
        self.catch_up(work).await?;
        loop {
            let (at, before) = self.progress_log.comparison(work).await?;
            if before.held == 0 {
                return Ok(());
            }
            let found = match self.find(work).await? {
                Ok(found) => found,
                Err(error) => return self.record(at, &before, self.cut_short(&before, &error), work).await,
            };
            let after = found.compared(&before);
            if order.release && found.total() > found.most().max(order.users) {
                return self.record(at, &before, self.hold(&before, after, &found), work).await;
            }
            let kind = if order.release { EventKind::Created } else { EventKind::Sighted };
            let (source, users) = (&self.connection.source, found.total());
            info!(source.id = %source, users, release = order.release, "users who were held go on");
            self.append_events(kind, &found.unknown_user(), work).await?;
            let are_known = self.until_known(&found.unknown_user(), work).await?;
            if found.more == 0 || !are_known {
                // Another record would only repeat them in the log: the remaining ones stay held.
                return self.record(at, &before, Comparison { held: found.more, ..after }, work).await;
            }
        }
    }
}
