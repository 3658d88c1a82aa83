//! Which of the groups that a scheme names are not there.

use std::{collections::BTreeSet, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::timeout;

use super::{Error, Explainer};
use crate::{
    config::nearest,
    domain::{GroupName, SourceId},
    products::Client,
};

/// How long the product may take: an administrator waits to have a scheme stored.
const WITHIN: Duration = Duration::from_secs(5);
/// How long it may take to find what was meant; it is told without that else.
const GUESSING: Duration = Duration::from_secs(2);
/// Groups asked about at the same time; the client's own pace holds them back further.
const AT_ONCE: usize = 4;
/// So many first letters of a name are taken to be right.
const FIRST_LETTERS: usize = 2;

/// A group that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingGroup {
    /// As it was named.
    pub name: GroupName,
    /// A group that is there and was probably meant.
    pub nearest: Option<GroupName>,
}

impl Explainer {
    /// Those of `groups` that are not in `source`, in order. An error where that can't be told within 5 seconds.
    pub async fn missing_groups(
        &self,
        source: &SourceId,
        groups: BTreeSet<GroupName>,
    ) -> Result<Vec<MissingGroup>, Error> {
        let client = self.client(source)?.as_ref();
        let asking = stream::iter(groups)
            .map(|name| async move { Ok((client.group_exists(&name).await?, name)) })
            .buffered(AT_ONCE)
            .try_filter_map(|(exists, name)| std::future::ready(Ok((!exists).then_some(name))))
            .try_collect();
        let missing: Result<Vec<GroupName>, _> =
            timeout(WITHIN, asking).await.map_err(|_| Error::TooSlow(source.clone()))?;
        let missing = missing.map_err(|error| Error::Product { source_id: source.clone(), error })?;
        let guessing = stream::iter(missing)
            .map(|name| async move { MissingGroup { nearest: meant_by(client, &name).await, name } })
            .buffered(AT_ONCE);
        Ok(guessing.collect().await)
    }
}

/// The group that was probably meant by `wrong`; none where that is not found soon.
async fn meant_by(client: &dyn Client, wrong: &GroupName) -> Option<GroupName> {
    let part: String = wrong.as_str().chars().take(FIRST_LETTERS).collect();
    let found = timeout(GUESSING, client.groups_like(&part)).await.ok()?.ok()?;
    let names: Vec<&str> = found.iter().map(GroupName::as_str).collect();
    nearest(wrong.as_str(), &names).map(GroupName::new)
}
