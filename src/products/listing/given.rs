//! One page as the product gave it.

use crate::{
    domain::{UserHints, UserId},
    products::{Error, listing::records::Records},
};

/// One page as the product gave it.
#[derive(Debug, Default)]
pub(in crate::products) struct Given {
    /// The users of use.
    pub users: Vec<(UserId, UserHints)>,
    /// How many records stand on the page, of use or not.
    pub records: usize,
    /// How many of them can't be read.
    pub unreadable: usize,
    /// How many were asked for.
    pub asked: usize,
}

impl Given {
    /// The page of `records`, of which `asked` were asked for; `listed` gives the user, where there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] where there are records and none of them can be read.
    pub fn read<T>(
        records: Records<T>,
        asked: usize,
        listed: impl FnMut(T) -> Option<(UserId, UserHints)>,
    ) -> Result<Self, Error> {
        let Records { read, unreadable } = records.or_nothing()?;
        let records = read.len() + unreadable;
        Ok(Self { users: read.into_iter().filter_map(listed).collect(), records, unreadable, asked })
    }

    /// These, unless there are records and no user is of use.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] then.
    pub fn with_users(self) -> Result<Self, Error> {
        if self.records > 0 && self.users.is_empty() {
            return Err(Error::Unreadable("it names nobody".to_owned()));
        }
        Ok(self)
    }
}
