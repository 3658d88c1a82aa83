//! Listing all users of a Data Center.
//!
//! `user/list` is there since Jira 10; before, everybody is found by a search. Source: the REST reference; that a search
//! for `.` finds everybody is not written there, nor that one for `''` does, which other clients send.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{JiraDc, user::Bean};
use crate::{
    domain::{UserHints, UserId},
    products::{
        Error, UserPage,
        listing::{Cursor, Form, PAGE},
        request::{Call, Operation},
    },
};

const LIST: &str = "rest/api/2/user/list";
const SEARCH: &str = "rest/api/2/user/search";

/// Whether there are exactly so many users or more of them can't be told.
const CUT: &str = "it ends after exactly 1,000 users, and some versions of Jira tell of no more";

impl JiraDc {
    /// The page at `cursor`.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        match cursor.form {
            Form::Stream if cursor.is_first() => match self.stream(cursor).await {
                Err(error) if is_missing(&error) => self.search_from_the_start().await,
                page => page,
            },
            Form::Stream => self.stream(cursor).await,
            Form::Search | Form::QuotedSearch | Form::Offset | Form::Start | Form::Linked | Form::Directory => {
                self.search(cursor).await
            }
        }
    }

    async fn stream(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let size = PAGE.to_string();
        let mut call = Call::new(Operation::ListUsers, Method::GET, LIST).query("maxResults", &size);
        if !cursor.place.is_empty() {
            call = call.query("cursor", &cursor.place);
        }
        let page = self.http.send(call).await?.json::<Stream>()?;
        let next = match (page.is_last, page.next_cursor.as_ref().and_then(place)) {
            (Some(true), _) | (None, None) => None,
            (_, Some(next)) => Some(next),
            (Some(false), None) => return Err(Error::Unreadable("it does not say where it goes on".to_owned())),
        };
        let users = page.values.into_iter().filter_map(Bean::into_listed).collect();
        cursor.by_stream(users, next)
    }

    async fn search_from_the_start(&self) -> Result<UserPage, Error> {
        match self.search(Cursor::first(Form::Search)).await {
            Err(Error::Unreadable(_) | Error::Refused { .. }) => self.search(Cursor::first(Form::QuotedSearch)).await,
            page => page,
        }
    }

    async fn search(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let (start, size) = (cursor.offset().to_string(), PAGE.to_string());
        let everybody = if cursor.form == Form::QuotedSearch { "''" } else { "." };
        let call = Call::new(Operation::ListUsers, Method::GET, SEARCH)
            .query("username", everybody)
            .query("startAt", &start)
            .query("maxResults", &size)
            .query("includeInactive", "true");
        let page = self.http.send(call).await?.json::<Vec<Bean>>()?;
        let (given, is_cut) = (page.len(), page.is_empty() && cursor.offset() == PAGE);
        let page = cursor.by_offset(page.into_iter().filter_map(Bean::into_listed).collect(), given)?;
        Ok(UserPage { cut: is_cut.then_some(CUT), ..page })
    }
}

/// Whether Jira itself says that there is no such path.
fn is_missing(error: &Error) -> bool {
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
    values: Vec<Bean>,
    is_last: Option<bool>,
    next_cursor: Option<Value>,
}

impl Bean {
    /// As a list tells of the user; none where the user is gone.
    fn into_listed(self) -> Option<(UserId, UserHints)> {
        let user = self.into_user().ok()?;
        let hints =
            UserHints { name: user.name, email: user.email, active: user.active, account_type: user.account_type };
        Some((user.id, hints))
    }
}
