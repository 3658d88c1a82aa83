//! Finding groups by name.

use reqwest::Method;

use super::{
    BitbucketDc, GROUPS,
    pages::{List, Page},
};
use crate::{
    domain::GroupName,
    products::{
        Error,
        http::request::{Call, Operation},
        listing::records::{NamedGroup, Record},
    },
};

impl BitbucketDc {
    /// Whether there is such a group, among those that have its name in theirs.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list does not end.
    pub(super) async fn has_group(&self, group: &GroupName) -> Result<bool, Error> {
        let is_among = |page: Vec<NamedGroup>| page.into_iter().any(|one| GroupName::new(one.name) == *group);
        List::of(Operation::FindGroup, GROUPS).other("filter", group.as_str()).until(self, is_among).await
    }

    /// Some of the groups that have `part` in their names.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn find_groups(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        let call = Call::new(Operation::FindGroup, Method::GET, GROUPS).query("filter", part).query("limit", "100");
        let page = self.http.send(call).await?.json::<Page<NamedGroup>>()?;
        self.http.passed_over(NamedGroup::KIND, page.values.unreadable);
        Ok(page.values.read.into_iter().take(100).map(|group| GroupName::new(group.name)).collect())
    }
}
