//! The list of a source's users, page by page.

use super::Reconciler;
use crate::{
    domain::{UserHints, UserId},
    engine::{Interrupted, Work, guard::refused},
    products,
};

/// Why a list says nothing about who is new.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The product gave no answer that could be read, and trying again did not help.
    #[error(transparent)]
    Product(#[from] products::Error),
    /// Whoever goes makes room for one who was there before.
    #[error("the list is cut off: {0}")]
    CutOff(&'static str),
}

/// A list that is being read.
pub(super) struct List<'a> {
    reconciler: &'a Reconciler,
    work: &'a Work,
    cursor: Option<String>,
    is_read: bool,
}

impl Reconciler {
    /// The list, from its beginning.
    pub(super) const fn list<'a>(&'a self, work: &'a Work) -> List<'a> {
        List { reconciler: self, work, cursor: None, is_read: false }
    }
}

impl List<'_> {
    /// The next page, with those who are leaving; none behind the last one. After an error, which is one that stays, the list is not whole.
    pub(super) async fn next(&mut self) -> Result<Option<Result<Vec<(UserId, UserHints)>, Error>>, Interrupted> {
        if self.is_read {
            return Ok(None);
        }
        let (connection, cursor) = (&self.reconciler.connection, self.cursor.as_deref());
        let client = &connection.client;
        let page = connection.told(&self.work.stop, || async move { client.users(cursor).await.map_err(refused) });
        Ok(Some(match page.await? {
            Ok(page) => {
                self.is_read = page.next.is_none();
                self.cursor = page.next;
                let leaving = page.leaving.into_iter().map(|user| (user, inactive()));
                page.cut
                    .map_or_else(|| Ok(page.users.into_iter().chain(leaving).collect()), |why| Err(Error::CutOff(why)))
            }
            Err(error) => Err(error.into()),
        }))
    }
}

fn inactive() -> UserHints {
    UserHints { active: Some(false), ..UserHints::default() }
}
