//! Lists of the Organizations API v2: page by page, by bare cursors.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::products::{
    Error,
    atlassian_org::AtlassianOrg,
    http::request::Call,
    listing::{
        Next,
        records::{Record, Records},
    },
};

/// The most that is given in one answer.
pub(in crate::products::atlassian_org) const MOST: usize = 100;

/// Lists that are read as a whole are not longer: the groups of one user, the administrators, the directories.
const MOST_PAGES: usize = 100;

/// One page, with the cursor of the next one.
#[derive(Deserialize)]
#[serde(bound = "T: Record")]
pub(in crate::products::atlassian_org) struct Page<T> {
    pub data: Records<T>,
    links: Option<Links>,
}

#[derive(Deserialize, Default)]
struct Links {
    next: Option<String>,
}

impl<T> Page<T> {
    /// The cursor of the next page; none on the last one.
    pub fn next(&self) -> Option<&str> {
        self.links.as_ref()?.next.as_deref().filter(|next| !next.is_empty())
    }

    /// The page's information about the next one.
    pub fn says(&self) -> Next {
        match (self.next(), &self.links) {
            (Some(next), _) => Next::At(next.to_owned()),
            (None, Some(_)) => Next::Last,
            (None, None) => Next::Silent,
        }
    }
}

/// The body for the page at `cursor`: with a cursor, all else would be ignored.
pub(in crate::products::atlassian_org) fn body(asked: &Value, cursor: Option<&str>) -> Value {
    cursor.map_or_else(|| asked.clone(), |cursor| json!({ "cursor": cursor }))
}

impl AtlassianOrg {
    /// All pages of a list; `call` requests the one at a cursor; `what` is listed.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Unreadable`] if the list does not end, or nothing on a page can be read.
    pub(in crate::products::atlassian_org) async fn all<'a, T: Record>(
        &'a self,
        what: &str,
        call: impl Fn(Option<&str>) -> Call<'a>,
    ) -> Result<Records<T>, Error> {
        let (mut all, mut cursor): (Records<T>, Option<String>) = (Records::default(), None);
        for _ in 0..MOST_PAGES {
            let page = self.http.send(call(cursor.as_deref())).await?.json::<Page<T>>()?;
            let next = page.next().map(str::to_owned);
            self.http.passed_over(T::KIND, page.data.unreadable);
            all.extend(page.data.or_nothing()?);
            if next.is_none() {
                return Ok(all);
            }
            if next == cursor {
                break;
            }
            cursor = next;
        }
        Err(Error::Unreadable(format!("its list of {what} does not come to an end")))
    }
}
