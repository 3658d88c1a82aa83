//! Which id a group's name has in Cloud, for a while.

use std::time::Duration;

use tokio::time::Instant;

use super::{Error, lately::Lately};
use crate::domain::GroupName;

/// Which way a membership is changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    In,
    Out,
}

/// A group can be renamed and another take its name, and its old id still works: so an id is not trusted for long.
const TRUSTED_FOR: Duration = Duration::from_secs(5 * 60);

/// The ids looked up lately. As many as the schemes name groups.
pub(super) struct GroupIds(Lately<GroupName, String>);

impl Default for GroupIds {
    fn default() -> Self {
        Self(Lately::new(TRUSTED_FOR))
    }
}

impl GroupIds {
    /// The id of `name`, if it was looked up recently.
    pub fn get(&self, name: &GroupName) -> Option<String> {
        self.0.get(name)
    }

    /// Remembers the `id` just looked up.
    pub fn keep(&self, name: &GroupName, id: &str) {
        self.0.keep(name.clone(), id.to_owned(), Instant::now());
    }

    /// Calls `ask` with the id of `name`: the known one, or, if there is none or the product no longer knows it, the
    /// one that `find` returns. Refused with 404 if there is no such group.
    ///
    /// # Errors
    /// [`Error::Refused`] with 404 if there is no such group; those of `find` and `ask`.
    pub async fn ask_by_id<A: Future<Output = Result<(), Error>>>(
        &self,
        name: &GroupName,
        find: impl Future<Output = Result<Option<String>, Error>>,
        ask: impl Fn(String) -> A,
    ) -> Result<(), Error> {
        if let Some(known) = self.get(name) {
            match ask(known).await {
                // Not carried out: the group may have been deleted and made anew since.
                Err(Error::Refused { status: 404, .. }) => self.forget(name),
                done => return done,
            }
        }
        let id = find.await?.ok_or_else(|| Error::no_such_group(name))?;
        self.keep(name, &id);
        ask(id).await
    }

    /// Has `name` looked up again.
    pub fn forget(&self, name: &GroupName) {
        self.0.forget(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_id_is_known_in_any_spelling_of_the_name_until_it_is_old_or_forgotten() {
        let ids = GroupIds::default();
        ids.keep(&GroupName::new("Staff"), "17");
        assert_eq!(ids.get(&GroupName::new("staff")).as_deref(), Some("17"));
        ids.forget(&GroupName::new("STAFF"));
        assert_eq!(ids.get(&GroupName::new("staff")), None);
        ids.keep(&GroupName::new("Staff"), "18");
        tokio::time::advance(TRUSTED_FOR).await;
        assert_eq!(ids.get(&GroupName::new("Staff")), None);
    }
}
