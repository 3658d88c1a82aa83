//! Finding people by their address.

use super::ConfluenceCloud;
use crate::{
    domain::EmailAddress,
    products::{
        Error, User,
        listing::{Cursor, Form},
    },
};

/// The number of pages of 200 that are read: Confluence Cloud lists no more.
const PAGES: usize = 51;

impl ConfluenceCloud {
    /// Users whose address is `text`. No search of Confluence Cloud takes an address, so the list of users is looked through for
    /// those whose addresses are shown.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn search_users(&self, text: &str) -> Result<Vec<User>, Error> {
        let Some(wanted) = EmailAddress::parse(text).filter(|address| address.domain().is_some()) else {
            return Ok(Vec::new()); // names are no addresses, and people are not looked for by them
        };
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let page = self.page(Cursor::read(cursor.as_deref(), Form::CONFLUENCE)).await?;
            let same = page
                .users
                .into_iter()
                .filter(|(_, hints)| hints.email.as_ref().is_some_and(|one| one.is_same(&wanted)));
            found.extend(same.map(|(id, hints)| User { email: hints.email, ..User::new(id) }));
            cursor = page.next;
            if cursor.is_none() {
                return Ok(found);
            }
        }
        Err(Error::Unreadable("its list of users does not come to an end".to_owned()))
    }
}
