//! Previews a scheme for the users whom it names: only these are read.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use super::{
    Error, Explainer, Question,
    preview::{Bounds, CONCURRENCY, OUT_OF_TIME, Preview, Previewed, Shown},
};
use crate::{
    domain::{Truth, UserId},
    products::Error as ProductError,
};

/// The number of users after which findings are published.
const PAGE: usize = 100;

impl Explainer {
    /// Looks at each of `named`, by lasting id or else by login name, or as far as `bounds` allow. A missing user
    /// counts as unknown.
    ///
    /// # Errors
    /// As [`Explainer::preview`].
    pub(super) async fn preview_named(
        &self,
        question: &Question,
        named: &[&str],
        bounds: Bounds,
        shown: &Shown,
    ) -> Result<Preview, Error> {
        let deadline = Instant::now() + bounds.time;
        let (mut preview, mut seen) = (Preview::default(), HashSet::new());
        for page in named.chunks(PAGE) {
            let looking: Vec<_> = page.iter().map(|name| self.look_up(question, name)).collect();
            let looking = stream::iter(looking).buffered(CONCURRENCY).try_collect::<Vec<_>>();
            let Ok(looked) = tokio::time::timeout_at(deadline, looking).await else {
                return Ok(preview.ended(Some(OUT_OF_TIME.to_owned())));
            };
            for verdict in looked?.into_iter().filter(|(_, found)| seen.insert(found.user.clone())) {
                preview.count(verdict, bounds);
            }
            // Without names: they are shown at the end.
            shown.send_replace(Preview { users: Vec::new(), ..preview.clone() });
        }
        Ok(preview.ended(None))
    }

    async fn look_up(&self, question: &Question, name: &str) -> Result<(Truth, Previewed), Error> {
        let at = self.clock.now();
        let user = match self.find(&question.source, name).await {
            Ok(user) => user,
            // An unreadable user must not hide the others.
            Err(
                Error::NoSuchUser { .. }
                | Error::TooSlow(_)
                | Error::Product { error: ProductError::NotSupported(_) | ProductError::Refused { .. }, .. },
            ) => {
                return Ok((Truth::Unknown, Previewed { user: UserId::new(name), user_name: None, steps: Vec::new() }));
            }
            Err(error) => return Err(error),
        };
        let verdict = question.ask(&user.id, &self.facts(&question.source, &user, at), at);
        let (selected, steps) = verdict.map_or((Truth::False, Vec::new()), |verdict| (verdict.selected, verdict.steps));
        Ok((selected, Previewed { user: user.id, user_name: user.name, steps }))
    }
}
