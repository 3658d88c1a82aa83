//! Lists of the Organizations API v2: page by page, by bare cursors.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::AtlassianOrg;
use crate::products::{Error, request::Call};

/// The most that is given in one answer.
pub(super) const MOST: usize = 100;

/// Lists that are read as a whole are not longer: the groups of one user, the administrators, the directories.
const MOST_PAGES: usize = 100;

/// One page, with the cursor of the next one.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(super) struct Page<T> {
    pub data: Vec<T>,
    #[serde(default)]
    links: Links,
}

#[derive(Deserialize, Default)]
struct Links {
    next: Option<String>,
}

impl<T> Page<T> {
    /// Where the next page begins; none on the last one.
    pub fn next(&self) -> Option<&str> {
        self.links.next.as_deref().filter(|next| !next.is_empty())
    }
}

/// What to send for the page at `cursor`: with one, all else would be passed over.
pub(super) fn body(asked: &Value, cursor: Option<&str>) -> Value {
    cursor.map_or_else(|| asked.clone(), |cursor| json!({ "cursor": cursor }))
}

impl AtlassianOrg {
    /// All pages of a list, where `call` asks for the one at a cursor; `what` it lists.
    pub(super) async fn all<'a, T: DeserializeOwned>(
        &'a self,
        what: &str,
        call: impl Fn(Option<&str>) -> Call<'a>,
    ) -> Result<Vec<T>, Error> {
        let (mut all, mut cursor): (Vec<T>, Option<String>) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self.http.send(call(cursor.as_deref())).await?.json::<Page<T>>()?;
            let next = page.next().map(str::to_owned);
            all.extend(page.data);
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
