//! Bitbucket's pages: each says whether it is the last one, and where the next one begins.

use reqwest::Method;
use serde::Deserialize;

use super::BitbucketDc;
use crate::products::{
    Error,
    http::request::{Call, Operation},
    listing::{
        Next,
        records::{Record, Records},
    },
};

/// The highest page size of Bitbucket, unless it is configured lower.
pub(super) const PAGE: usize = 1_000;

/// A list with more pages does not end.
const MOST_PAGES: usize = 10_000;

/// One page of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Record")]
pub(super) struct Page<T> {
    pub values: Records<T>,
    is_last_page: Option<bool>,
    next_page_start: Option<u64>,
}

/// A list: its path and its filters.
#[derive(Clone, Copy)]
pub(super) struct List<'a> {
    pub operation: Operation,
    pub path: &'static str,
    /// A query parameter that names a user.
    pub user: Option<(&'static str, &'a str)>,
    /// A query parameter without a user in it.
    pub other: Option<(&'static str, &'a str)>,
}

impl<'a> List<'a> {
    /// The whole list.
    pub const fn of(operation: Operation, path: &'static str) -> Self {
        Self { operation, path, user: None, other: None }
    }

    /// Narrowed by what names a user.
    pub const fn user(self, name: &'static str, value: &'a str) -> Self {
        Self { user: Some((name, value)), ..self }
    }

    /// The list with a filter without a user in it.
    pub const fn other(self, name: &'static str, value: &'a str) -> Self {
        Self { other: Some((name, value)), ..self }
    }

    /// The page that begins at `start`, and the number of requested records.
    ///
    /// # Errors
    /// [`Error`] if the call fails or the answer can't be read.
    pub async fn page<T: Record>(&self, bitbucket: &BitbucketDc, start: u64) -> Result<(Page<T>, usize), Error> {
        let ask = |size| async move { bitbucket.http.send(self.call(start, size)).await?.json::<Page<T>>() };
        let (page, asked) = bitbucket.page_size.ask(ask).await?;
        bitbucket.http.passed_over(T::KIND, page.values.unreadable);
        Ok((page, asked))
    }

    fn call(&self, start: u64, size: usize) -> Call<'a> {
        let mut call = Call::new(self.operation, Method::GET, self.path);
        if let Some((name, value)) = self.user {
            call = call.user_query(name, value);
        }
        if let Some((name, value)) = self.other {
            call = call.query(name, value);
        }
        call.query("start", start.to_string()).query("limit", size.to_string())
    }

    /// Reads page by page until `look` has seen enough, or to the end; whether it has.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where it has not, and some of the records can't be read: what is looked for may be among them.
    pub async fn until<T: Record>(
        &self,
        bitbucket: &BitbucketDc,
        mut look: impl FnMut(Vec<T>) -> bool,
    ) -> Result<bool, Error> {
        let mut unreadable = 0;
        let look = |page: Records<T>| {
            unreadable += page.unreadable;
            look(page.read)
        };
        let found = self.walk(bitbucket, look).await?;
        if !found && unreadable > 0 {
            let message =
                format!("{unreadable} records of a list can't be read, and what is looked for may be among them");
            return Err(Error::Refused { status: 200, message });
        }
        Ok(found)
    }

    /// Everything on the list.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list does not go forward.
    pub async fn all<T: Record>(&self, bitbucket: &BitbucketDc) -> Result<Records<T>, Error> {
        let mut all = Records::default();
        let take = |page| {
            all.extend(page);
            false
        };
        self.walk(bitbucket, take).await?;
        Ok(all)
    }

    async fn walk<T: Record>(
        &self,
        bitbucket: &BitbucketDc,
        mut look: impl FnMut(Records<T>) -> bool,
    ) -> Result<bool, Error> {
        let mut start = 0;
        for _ in 0..MOST_PAGES {
            let (page, _) = self.page::<T>(bitbucket, start).await?;
            let next = page.next(start)?;
            if look(page.values.or_nothing()?) {
                return Ok(true);
            }
            match next {
                Some(next) => start = next,
                None => return Ok(false),
            }
        }
        Err(Error::Unreadable(format!("a list has more than {MOST_PAGES} pages")))
    }
}

impl<T> Page<T> {
    /// The information of the page at `start` about the next one.
    ///
    /// # Errors
    /// As [`Page::next`].
    pub fn says(&self, start: u64) -> Result<Next, Error> {
        Ok(match (self.is_last_page, self.next(start)?) {
            (Some(true), _) => Next::Last, // the start of the next one may be named all the same
            (_, Some(next)) => Next::At(next.to_string()),
            (_, None) => Next::Silent,
        })
    }

    /// The start of the page after this one, which began at `start`; none after the last one.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if the next page would not begin behind this one, or there is one and its place is not
    /// told.
    pub fn next(&self, start: u64) -> Result<Option<u64>, Error> {
        match (self.is_last_page, self.next_page_start) {
            (Some(true), _) | (None, None) => Ok(None),
            (_, Some(next)) if next > start => Ok(Some(next)),
            (_, Some(_)) => Err(Error::Unreadable("a list goes back to where it was".to_owned())),
            (Some(false), None) => Err(Error::Unreadable("it does not say where it goes on".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Record for u64 {
        const KIND: &'static str = "number";
        const NEEDED: &'static [&'static str] = &[];
    }

    #[test]
    fn a_list_goes_on_only_forwards_and_only_where_it_says_so() {
        for (rest, next) in [
            (r#""isLastPage":true,"nextPageStart":9"#, Ok(None)),
            (r#""isLastPage":true,"nextPageStart":null"#, Ok(None)),
            (r#""size":0"#, Ok(None)),
            (r#""isLastPage":false,"nextPageStart":9"#, Ok(Some(9))),
            (r#""nextPageStart":9"#, Ok(Some(9))),
            (r#""isLastPage":false,"nextPageStart":5"#, Err(())),
            (r#""isLastPage":false,"nextPageStart":0"#, Err(())),
            (r#""isLastPage":false"#, Err(())),
        ] {
            let page: Page<u64> = serde_json::from_str(&format!(r#"{{"values":[1],{rest}}}"#)).unwrap();
            assert_eq!(page.next(5).map_err(drop), next, "{rest}");
        }
    }
}
