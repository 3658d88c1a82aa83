//! The common parts of Confluence, in Data Center and in Cloud.

pub(super) mod cloud;
pub(super) mod data_center;
pub(super) mod pages;

use reqwest::Method;
use serde::Deserialize;

use super::{
    Error, User,
    http::{
        Http,
        answer::Answer,
        request::{Call, Operation},
    },
    listing::records::Record,
};

#[derive(Deserialize)]
struct Somebody {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The account that usher acts as, from `path`; `read` reads it. Confluence also answers an anonymous caller, if it lets
/// everybody read pages. That means that the credentials are not accepted.
///
/// # Errors
/// [`Error`] if the call fails; [`Error::Unauthorized`] if the answer is to an anonymous caller; [`Error::Intercepted`]
/// if it does not say about whom it is.
pub(super) async fn current<B: Record>(
    http: &Http,
    operation: Operation,
    path: &'static str,
    read: fn(B) -> Result<User, Error>,
) -> Result<User, Error> {
    let answer = http.send(Call::new(operation, Method::GET, path)).await?;
    if answer.json::<Somebody>()?.kind.as_deref() == Some("anonymous") {
        return Err(Error::Unauthorized { status: 200, message: "the credentials are not accepted".to_owned() });
    }
    somebody(&answer, read)
}

/// The result of `read` for a user's `answer`; an error of form if the answer does not say whom it is about.
///
/// # Errors
/// [`Error::Intercepted`] if the answer is no record of a user; the errors of `read` but for [`Error::Unreadable`].
pub(super) fn somebody<B: Record>(answer: &Answer, read: impl FnOnce(B) -> Result<User, Error>) -> Result<User, Error> {
    match read(answer.record(|_| true)?) {
        Err(Error::Unreadable(_)) => Err(answer.of_other_form()),
        read => read,
    }
}
