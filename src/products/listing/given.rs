//! One page in the form of the product.

use crate::{
    domain::{UserHints, UserId},
    products::{Error, listing::records::Records},
};

/// One page in the form of the product.
#[derive(Debug, Default)]
pub(in crate::products) struct Given {
    /// The users of use.
    pub users: Vec<(UserId, UserHints)>,
    /// The number of records on the page, usable or not.
    pub records: usize,
    /// The number of unreadable records.
    pub unreadable: usize,
    /// The number of requested records.
    pub asked: usize,
}

impl Given {
    /// The page of `records`; `asked` were requested; `listed` returns the user of a record, if there is one.
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
