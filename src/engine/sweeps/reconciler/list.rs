//! The list of a source's users, page by page.

use super::Reconciler;
use crate::{
    domain::{UserHints, UserId, UserList},
    products::{self, Completeness},
    runtime::{Interrupted, Work},
    source::{ListRecord, read::refused},
};

/// The reason why a list can't show new users.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The product gave no answer that could be read, and trying again did not help.
    #[error(transparent)]
    Product(#[from] products::Error),
    /// The list is not complete. A user who appears in it later may have existed before.
    #[error("the list of users is not known to be whole: {why}")]
    NotWhole {
        /// Why users may be missing.
        why: String,
        /// The number of users.
        users: u64,
    },
}

impl Error {
    /// The list, if it was read to its end.
    pub(super) fn list(&self) -> Option<UserList> {
        match self {
            Self::Product(_) => None,
            Self::NotWhole { why, users } => {
                Some(UserList { users: *users, unreadable: 0, incomplete: Some(why.clone()) })
            }
        }
    }
}

/// A list that is being read.
pub(super) struct List<'a> {
    reconciler: &'a Reconciler,
    work: &'a Work,
    cursor: Option<String>,
    users: u64,
    /// The proof on the last page; none until it was read.
    end: Option<Completeness>,
    record: ListRecord,
}

impl Reconciler {
    /// The list, from its beginning.
    pub(super) fn list<'a>(&'a self, work: &'a Work) -> List<'a> {
        let record = self.connection.list_record();
        List { reconciler: self, work, cursor: None, users: 0, end: None, record }
    }
}

impl List<'_> {
    /// The next page, including users who are leaving; none after the last one. After an error, which is permanent, the
    /// list is not complete.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn next(&mut self) -> Result<Option<Result<Vec<(UserId, UserHints)>, Error>>, Interrupted> {
        if self.end.is_some() {
            return Ok(None);
        }
        let (connection, cursor) = (&self.reconciler.connection, self.cursor.as_deref());
        let client = &connection.client;
        let page = connection.query(&self.work.stop, || async move { client.users(cursor).await.map_err(refused) });
        Ok(Some(match page.await? {
            Ok(page) => {
                self.record.page(cursor, &page);
                self.users += page.users.len() as u64;
                // More pages may follow if nothing proves the list complete. Users on them don't count as new either.
                let is_cut = matches!(page.completeness, Completeness::NotProved(_));
                self.end = (is_cut || page.next.is_none()).then_some(page.completeness);
                self.cursor = page.next;
                let leaving = page.leaving.into_iter().map(|user| (user, inactive()));
                match &self.end {
                    Some(Completeness::NotProved(why)) => Err(Error::NotWhole { why: why.clone(), users: self.users }),
                    Some(Completeness::Proved | Completeness::Unreadable(_)) | None => {
                        Ok(page.users.into_iter().chain(leaving).collect())
                    }
                }
            }
            Err(error) => Err(error.into()),
        }))
    }
}

impl List<'_> {
    /// The properties of the list, once it was read without an error.
    pub(super) fn read(&self) -> UserList {
        let end = self.end.as_ref();
        let unreadable = match end {
            Some(Completeness::Unreadable(records)) => *records,
            Some(Completeness::Proved | Completeness::NotProved(_)) | None => 0,
        };
        UserList { users: self.users, unreadable, incomplete: end.and_then(Completeness::why) }
    }
}

fn inactive() -> UserHints {
    UserHints { active: Some(false), ..UserHints::default() }
}
