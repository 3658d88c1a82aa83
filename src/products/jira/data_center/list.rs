//! Listing all users of a Data Center.
//!
//! `user/list` is there since Jira 11, and in 10.3 LTS; else everybody is found by a search. Source: the REST reference; that a search
//! for `.` finds everybody is not written there, nor that one for `''` does, which other clients send.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{JiraDc, MEMBERS, user::Bean};
use crate::{
    domain::{GroupName, UserHints, UserId},
    products::{
        Error, User, UserPage,
        http::request::{Call, Operation},
        jira::members,
        listing::{self, Cursor, Form, Given, Next, records::Records},
    },
};

const LIST: &str = "rest/api/2/user/list";
const SEARCH: &str = "rest/api/2/user/search";

impl JiraDc {
    /// The page at `cursor`.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the page can't be read; [`Error::Unavailable`] if the list of users is missing and
    /// Jira is not so old.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        if cursor.form == Form::Members {
            let ask = |group: GroupName, start| async move {
                members::read(&self.http, MEMBERS, &group, start, Bean::into_listed).await
            };
            return listing::by_members(cursor, self.access.groups(&self.http, &[]), ask).await;
        }
        self.listed(cursor).await.map(listing::and_members)
    }

    async fn listed(&self, cursor: Cursor) -> Result<UserPage, Error> {
        match cursor.form {
            Form::Stream if cursor.is_first() => match self.stream(cursor).await {
                Err(error) if may_be_missing(&error) => {
                    self.check_that_it_is_old(error).await?;
                    self.search_from_the_start().await
                }
                page => page,
            },
            Form::Stream => self.stream(cursor).await,
            Form::Search
            | Form::QuotedSearch
            | Form::Offset
            | Form::Start
            | Form::Linked
            | Form::Directory
            | Form::Members => self.search(cursor).await,
        }
    }

    async fn stream(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let ask = |size: usize| {
            let mut call = Call::new(Operation::ListUsers, Method::GET, LIST).query("maxResults", size.to_string());
            if !cursor.place.is_empty() {
                call = call.query("cursor", cursor.place.clone());
            }
            async { self.http.send(call).await?.json::<Stream>() }
        };
        let (page, asked) = self.page_size.ask(ask).await?;
        let next = match (page.is_last, page.next_cursor.as_ref().and_then(place)) {
            (Some(true), Some(_)) if page.next_page.is_some() => Next::Contradiction,
            // A cursor alone may stand on the last page too: it is where a later page would begin.
            (Some(true), _) => Next::Last,
            (None, None) => Next::Silent,
            (_, Some(next)) => Next::At(next),
            (Some(false), None) => return Err(Error::Unreadable("it does not say where it goes on".to_owned())),
        };
        cursor.by_stream(self.given(page.values, asked)?, next)
    }

    async fn search_from_the_start(&self) -> Result<UserPage, Error> {
        match self.search(Cursor::first(Form::Search)).await {
            Err(Error::Unreadable(_) | Error::Refused { .. }) => self.search(Cursor::first(Form::QuotedSearch)).await,
            page => page,
        }
    }

    async fn search(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let everybody = if cursor.form == Form::QuotedSearch { "''" } else { "." };
        let ask = |start: usize, size: usize| async move {
            let call = Call::new(Operation::ListUsers, Method::GET, SEARCH)
                .query("username", everybody)
                .query("startAt", start.to_string())
                .query("maxResults", size.to_string())
                .query("includeInactive", "true");
            self.given(self.http.send(call).await?.json::<Records<Bean>>()?, size)
        };
        listing::by_offset(cursor, &self.page_size, ask).await
    }

    fn given(&self, records: Records<Bean>, asked: usize) -> Result<Given, Error> {
        self.http.passed_over("user", records.unreadable);
        Given::read(records, asked, Bean::into_listed)
    }
}

/// Whether Jira itself says that there is no such path, by the form of the answer: see [`JiraDc::check_that_it_is_old`].
fn may_be_missing(error: &Error) -> bool {
    matches!(error, Error::Refused { status: 404 | 405, .. })
}

/// A number by its type, a text in the wild.
fn place(cursor: &Value) -> Option<String> {
    match cursor {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stream {
    values: Records<Bean>,
    is_last: Option<bool>,
    next_cursor: Option<Value>,
    next_page: Option<Value>,
}

impl Bean {
    /// The user with the details of a list; none if the user is gone.
    pub(super) fn into_listed(self) -> Option<(UserId, UserHints)> {
        self.into_user().ok().map(User::into_listed)
    }
}
