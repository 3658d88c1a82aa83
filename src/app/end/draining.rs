//! The shutdown in order: no new deliveries, begun work is finished, offsets are stored, the log is closed.

use tokio::task::JoinSet;
use tracing::info;

use super::shutdown::Part;
use crate::app::{App, Error};

impl App {
    /// Ends all parts, each within its time. `tasks` are those beside the sources' own.
    ///
    /// # Errors
    /// `Error::LeftBehind` if a part does not end in time.
    pub(in crate::app) async fn drain(mut self, mut tasks: JoinSet<()>) -> Result<(), Error> {
        let shutdown = self.shutdown.clone();
        shutdown.begin();
        info!("stopping: no new deliveries, finishing what was begun");
        self.stop_stages.cancel();
        let begun = async {
            self.listeners.stop_webhooks().await;
            while tasks.join_next().await.is_some() {}
            self.sources.ended().await;
        };
        let _ = shutdown.within(Part::Work, begun).await;
        tasks.abort_all(); // it comes again
        self.sources.abort();
        self.stop_views.cancel();
        let _ = shutdown.within(Part::Views, async { while self.views.join_next().await.is_some() {} }).await;
        self.views.abort_all();
        let _ = shutdown.within(Part::Answers, self.listeners.stop_admin()).await;
        let _ = shutdown.within(Part::Log, self.log.close()).await;
        // What was aborted may still hold the store.
        let background = self.background;
        let _ended = tokio::task::spawn_blocking(move || background.end()).await;
        let store = self.store;
        let flushing = tokio::task::spawn_blocking(move || store.flush());
        if let Some(flushed) = shutdown.within(Part::Store, flushing).await {
            flushed.map_err(|_| Error::Interrupted)??;
        }
        let left_behind = shutdown.left_behind();
        if !left_behind.is_empty() {
            return Err(Error::LeftBehind(left_behind));
        }
        info!("stopped");
        Ok(())
    }
}
