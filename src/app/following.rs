//! Views and settings, which follow the log for as long as usher runs.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::supervisor::Supervisor;
use crate::{health::Health, log::Log, settings::Settings, views::Views};

/// Has `settings`, and `views` if they are kept, follow `log` until `stop` is cancelled.
pub(super) fn follow(
    supervisor: &Supervisor,
    views: Option<&Views>,
    settings: &Settings,
    log: &Arc<dyn Log>,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if let Some(views) = views {
        let (views, log, health, until) = (views.clone(), Arc::clone(log), supervisor.health.clone(), stop.clone());
        let of_views = move || follow_views(views.clone(), Arc::clone(&log), health.clone(), until.clone());
        tasks.spawn(supervisor.clone().run("views".into(), stop.clone(), of_views));
    }
    let (settings, health, until) = (settings.clone(), supervisor.health.clone(), stop.clone());
    let of_settings = move || settings.clone().follow(health.clone(), until.clone());
    tasks.spawn(supervisor.clone().run("settings".into(), stop.clone(), of_settings));
    tasks
}

/// Follows all streams. If following one of them ends by a bug, this ends and is started again: rows are written from
/// the checkpoints on.
async fn follow_views(views: Views, log: Arc<dyn Log>, health: Health, stop: CancellationToken) {
    let mut followers = views.follow(&log, &health, &stop);
    while followers.join_next().await.is_some() && stop.is_cancelled() {}
}
