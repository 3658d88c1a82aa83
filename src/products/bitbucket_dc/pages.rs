//! Bitbucket's pages: each says whether it is the last one, and where the next one begins.

use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};

use crate::products::{
    Error,
    http::Http,
    request::{Call, Operation},
};

/// The most that Bitbucket gives at once where nobody has set less.
pub(super) const PAGE: &str = "1000";

/// A list with more pages does not end.
const MOST_PAGES: usize = 10_000;

/// One page of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
pub(super) struct Page<T> {
    pub values: Vec<T>,
    is_last_page: Option<bool>,
    next_page_start: Option<u64>,
}

/// What is listed: a path, and what narrows it.
#[derive(Clone, Copy)]
pub(super) struct List<'a> {
    pub operation: Operation,
    pub path: &'static str,
    /// A query parameter that names a user.
    pub user: Option<(&'static str, &'a str)>,
    /// A query parameter that names nobody.
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

    /// Narrowed by what names nobody.
    pub const fn other(self, name: &'static str, value: &'a str) -> Self {
        Self { other: Some((name, value)), ..self }
    }

    /// The page that begins at `start`.
    pub async fn page<T: DeserializeOwned>(&self, http: &Http, start: u64) -> Result<Page<T>, Error> {
        let mut call = Call::new(self.operation, Method::GET, self.path);
        if let Some((name, value)) = self.user {
            call = call.user_query(name, value);
        }
        if let Some((name, value)) = self.other {
            call = call.query(name, value);
        }
        http.send(call.query("start", start.to_string()).query("limit", PAGE)).await?.json()
    }

    /// Reads page by page until `look` has seen enough, or to the end; whether it has.
    pub async fn until<T: DeserializeOwned>(
        &self,
        http: &Http,
        mut look: impl FnMut(Vec<T>) -> bool,
    ) -> Result<bool, Error> {
        let mut start = 0;
        for _ in 0..MOST_PAGES {
            let page = self.page::<T>(http, start).await?;
            let next = page.next(start)?;
            if look(page.values) {
                return Ok(true);
            }
            match next {
                Some(next) => start = next,
                None => return Ok(false),
            }
        }
        Err(Error::Unreadable(format!("a list has more than {MOST_PAGES} pages")))
    }

    /// All that is on the list.
    pub async fn all<T: DeserializeOwned>(&self, http: &Http) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let look = |page| {
            all.extend::<Vec<T>>(page);
            false
        };
        self.until(http, look).await?;
        Ok(all)
    }
}

impl<T> Page<T> {
    /// Where the page behind this one begins, which itself began at `start`; none behind the last one.
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
