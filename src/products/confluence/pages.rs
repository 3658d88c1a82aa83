//! Lists page by page, in the form of both Confluences: requested with `start` and `limit`, with `_links.next` if there
//! is more.
//!
//! Source: "Pagination in the REST API" on developer.atlassian.com/server/confluence, and the OpenAPI documents.

use std::future::Future;

use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    domain::UserId,
    products::{
        Error, MemberPage,
        http::{Http, request::Call},
        listing::{
            Next,
            records::{Record, Records},
        },
    },
};

/// The number of requested items: the default of most lists. A product may give fewer, whatever is requested.
pub(in crate::products) const LIMIT: usize = 200;

/// A list of groups or members with more pages does not end.
const MOST_PAGES: usize = 1_000;

/// One page.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Record")]
pub(in crate::products) struct Linked<T> {
    pub results: Records<T>,
    #[serde(rename = "_links", default)]
    links: Value,
    /// The number on all pages. Not every list reports it, and a search only approximately.
    #[serde(default)]
    total_size: Value,
    #[serde(default)]
    total_count: Value,
}

impl<T> Linked<T> {
    /// The information of the page at `start` about the next one.
    ///
    /// # Errors
    /// As [`Linked::next`].
    pub fn says(&self, start: usize) -> Result<Next, Error> {
        match self.next(start)? {
            Some(next) => Ok(Next::At(next.to_string())),
            None if !self.links.is_object() => Ok(Next::Silent),
            None => Ok(Next::Last),
        }
    }

    /// The number of records on all pages, if the page reports it.
    pub fn total(&self) -> Option<u64> {
        self.total_size.as_u64().or_else(|| self.total_count.as_u64())
    }

    /// The start of the page after this one, which began at `start`; none if this is the last. The product says so. A
    /// short or even an empty page may be followed by others, because it leaves out users whom the account may not see.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if the next page would not begin behind this one, or the link to it can't be read.
    pub fn next(&self, start: usize) -> Result<Option<usize>, Error> {
        let link = match &self.links["next"] {
            Value::Null => return Ok(None),
            Value::String(link) => link,
            _ => return Err(Error::Unreadable("it does not say where it goes on".to_owned())),
        };
        let told = link.split_once('?').and_then(|(_, query)| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == "start")?.1.parse::<usize>().ok()
        });
        match told.unwrap_or(start + self.results.given()) {
            next if next > start => Ok(Some(next)),
            _ => Err(Error::Unreadable("the list goes round in circles".to_owned())),
        }
    }
}

/// A page of a group's members, which began at `start`; `id` reads the id of a member. It is not documented whether it
/// contains inactive members. A page without links does not say that it is the last one.
///
/// # Errors
/// As [`Linked::next`].
pub(in crate::products) fn member_page<T: Record>(
    page: Linked<T>,
    start: usize,
    id: impl Fn(T) -> Option<UserId>,
) -> Result<MemberPage, Error> {
    let (next, given) = (page.next(start)?, page.results.given());
    let told = page.says(start)? != Next::Silent;
    let users: Vec<_> = page.results.read.into_iter().filter_map(id).collect();
    Ok(MemberPage { all_readable: told && users.len() == given, users, next, total: None, inactive_too: false })
}

/// All items of a list, and how many can't be read; `ask` makes the call of the page that begins at a place.
///
/// # Errors
/// As [`walk`].
pub(in crate::products) async fn all<'a, T: Record>(
    http: &Http,
    ask: impl Fn(usize) -> Call<'a>,
) -> Result<Records<T>, Error> {
    let mut items = Records::default();
    walk(http, ask, |page: Records<T>| {
        items.extend(page);
        true
    })
    .await?;
    Ok(items)
}

/// Hands the pages of a list to `take`, until the last one or until it says that it has enough.
///
/// # Errors
/// [`Error`] if a call fails; [`Error::Unreadable`] if the list does not end, goes round in circles, or nothing on a
/// page can be read.
pub(in crate::products) async fn walk<'a, T: Record>(
    http: &Http,
    ask: impl Fn(usize) -> Call<'a>,
    mut take: impl FnMut(Records<T>) -> bool,
) -> Result<(), Error> {
    let mut start = 0;
    for _ in 0..MOST_PAGES {
        let page = read::<T>(http.send(ask(start))).await?;
        let next = page.next(start)?;
        http.passed_over(T::KIND, page.results.unreadable);
        let more = take(page.results.or_nothing()?);
        match next {
            Some(next) if more => start = next,
            _ => return Ok(()),
        }
    }
    Err(Error::Unreadable(format!("the list has more than {MOST_PAGES} pages")))
}

async fn read<T: Record>(
    sent: impl Future<Output = Result<crate::products::http::answer::Answer, Error>>,
) -> Result<Linked<T>, Error> {
    sent.await?.json()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Record for u8 {
        const KIND: &'static str = "number";
        const NEEDED: &'static [&'static str] = &[];
    }

    fn next(json: &str, start: usize) -> Result<Option<usize>, Error> {
        serde_json::from_str::<Linked<u8>>(json).unwrap().next(start)
    }

    #[test]
    fn a_page_is_the_last_one_where_no_link_says_where_it_goes_on() {
        for json in [
            r#"{"results":[1,2],"size":2,"limit":2}"#,
            r#"{"results":[],"_links":{}}"#,
            r#"{"results":[1],"_links":{"self":"x","next":null}}"#,
            r#"{"results":[1],"_links":null}"#,
        ] {
            assert_eq!(next(json, 0), Ok(None), "{json}");
        }
    }

    #[test]
    fn the_link_says_where_the_next_page_begins_also_behind_a_short_or_an_empty_one() {
        for link in ["/rest/api/group?limit=200&start=200", "https://host/wiki/rest/api/group?start=200&next=true"] {
            for results in ["[1]", "[]"] {
                let json = format!(r#"{{"results":{results},"_links":{{"next":"{link}"}}}}"#);
                assert_eq!(next(&json, 0), Ok(Some(200)), "{json}");
            }
        }
        assert_eq!(next(r#"{"results":[1,2],"_links":{"next":"/x?cursor=y"}}"#, 10), Ok(Some(12)));
    }

    #[test]
    fn a_link_that_does_not_lead_on_is_an_error() {
        for json in [
            r#"{"results":[1],"_links":{"next":"/x?start=10"}}"#,
            r#"{"results":[1],"_links":{"next":"/x?start=0"}}"#,
            r#"{"results":[],"_links":{"next":"/x"}}"#,
        ] {
            assert!(matches!(next(json, 10), Err(Error::Unreadable(_))), "{json}");
        }
    }
}
