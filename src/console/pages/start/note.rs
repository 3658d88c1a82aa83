//! Notes milestones as they are seen.

use crate::{console::Asked, domain::Milestone};

/// Notes once, for all processes, that `milestone` is reached. The page does not wait for it, and does without it if the
/// log can't be written: it is noted the next time.
pub(in crate::console::pages) fn note(asked: &Asked, milestone: Milestone) {
    let (settings, by) = (asked.state().settings().clone(), asked.principal().by());
    if settings.milestone(milestone).is_some() {
        return;
    }
    actix_web::rt::spawn(async move {
        if let Err(error) = settings.reach(milestone, by).await {
            tracing::debug!(%error, ?milestone, "a milestone is not noted");
        }
    });
}
