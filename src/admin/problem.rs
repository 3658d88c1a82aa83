//! Errors as RFC 9457 problem documents.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::identity::Refusal;
use crate::settings::{self, Wrong};

/// The problem of a request, or of answering it. `Display` is the problem's detail: the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The token is missing or wrong. The answer does not distinguish the two.
    #[error("send the header `Authorization: Bearer <token>` with a token of this usher")]
    Unauthorized,
    /// Too many wrong tokens.
    #[error("too many wrong tokens were sent; wait, and send the right one")]
    TooManyGuesses,
    /// The caller may not do that. The text says who may.
    #[error("{0}")]
    Forbidden(String),
    /// No object of this kind has this id.
    #[error("there is no {kind} `{id}`")]
    NotFound {
        /// The kind of the object.
        kind: &'static str,
        /// The requested id.
        id: String,
    },
    /// No user has this id or name. The text has the remedy.
    #[error("{0}")]
    NoSuchUser(String),
    /// There is nothing at this path.
    #[error("there is nothing at this path; the API is below /api/v1")]
    NoSuchPath,
    /// The path is right, the method is not.
    #[error("this is not done here; what is: {allow}")]
    MethodNotAllowed {
        /// The methods that are, separated by commas.
        allow: String,
    },
    /// A query parameter is unknown, missing or of a wrong form. The text has the remedy.
    #[error("{0}")]
    BadQuery(String),
    /// A header or a body can't be read. The text has the remedy.
    #[error("{0}")]
    BadRequest(String),
    /// The body is too long.
    #[error("the body is longer than {0} bytes, which is the most")]
    TooLarge(usize),
    /// A scheme that can't be used, with all that is wrong with it.
    #[error("{}", settings::Error::Invalid(.0.clone()))]
    InvalidScheme(Vec<Wrong>),
    /// A source that can't be used, with all that is wrong with it.
    #[error("the source has problems that `problems` names with their places; nothing was done")]
    InvalidSource(Vec<Wrong>),
    /// The actions can't be carried out as they are written.
    #[error("the actions can't be carried out; nothing was done")]
    InvalidActions(Vec<Wrong>),
    /// A list of users that can't be used as it is, with all that is wrong with it.
    #[error("{detail}")]
    InvalidList {
        /// The fault, and the remedy.
        detail: String,
        /// The lines.
        problems: Vec<Wrong>,
    },
    /// The id is taken, or the scheme is in the configuration file.
    #[error("{0}")]
    Conflict(String),
    /// More or other would be done than the plan says that the caller has seen.
    #[error("the pick or the actions are not those of this plan; look at the plan as it is now, and order that")]
    PlanChanged,
    /// A change without `If-Match`.
    #[error("send the header `If-Match` with the `ETag` that you read, so that nobody's change is written over unseen")]
    IfMatchRequired,
    /// A change of an earlier state.
    #[error("{0}")]
    Stale(String),
    /// The request can't be done now.
    #[error("{0}")]
    Unavailable(String),
    /// usher itself failed; the cause is in its log.
    #[error("usher could not answer; its log says why. Trying again may help")]
    Internal,
}

/// The problem document of RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document {
    /// Names the kind of problem; it never changes.
    r#type: &'static str,
    /// The kind of problem, for people.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// The fault, and what to write instead.
    detail: String,
    /// Each thing that is wrong with a scheme, a source or a list of users, with its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<Wrong>>,
}

/// The seconds after which a request may be repeated that is not possible now.
const RETRY_AFTER: &str = "5";

impl Problem {
    /// Names the kind of problem, for programs: it never changes.
    pub fn type_uri(&self) -> &'static str {
        match self {
            Self::Unauthorized => "urn:usher:problem:unauthorized",
            Self::TooManyGuesses => "urn:usher:problem:too-many-guesses",
            Self::Forbidden(_) => "urn:usher:problem:forbidden",
            Self::NotFound { .. } | Self::NoSuchUser(_) => "urn:usher:problem:not-found",
            Self::NoSuchPath => "urn:usher:problem:no-such-path",
            Self::MethodNotAllowed { .. } => "urn:usher:problem:method-not-allowed",
            Self::BadQuery(_) => "urn:usher:problem:bad-query",
            Self::BadRequest(_) => "urn:usher:problem:bad-request",
            Self::TooLarge(_) => "urn:usher:problem:too-large",
            Self::InvalidScheme(_) => "urn:usher:problem:invalid-scheme",
            Self::InvalidSource(_) => "urn:usher:problem:invalid-source",
            Self::InvalidActions(_) => "urn:usher:problem:invalid-actions",
            Self::PlanChanged => "urn:usher:problem:plan-changed",
            Self::InvalidList { .. } => "urn:usher:problem:invalid-list",
            Self::Conflict(_) => "urn:usher:problem:conflict",
            Self::IfMatchRequired => "urn:usher:problem:if-match-required",
            Self::Stale(_) => "urn:usher:problem:stale",
            Self::Unavailable(_) => "urn:usher:problem:unavailable",
            Self::Internal => "urn:usher:problem:internal",
        }
    }

    /// The kind of problem, for people.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Unauthorized => "The token is missing or wrong",
            Self::TooManyGuesses => "Too many wrong tokens",
            Self::Forbidden(_) => "Not allowed",
            Self::NotFound { .. } | Self::NoSuchUser(_) => "Not found",
            Self::NoSuchPath => "No such path",
            Self::MethodNotAllowed { .. } => "Method not allowed",
            Self::BadQuery(_) => "The query can't be understood",
            Self::BadRequest(_) => "The request can't be understood",
            Self::TooLarge(_) => "The body is too long",
            Self::InvalidScheme(_) => "The scheme can't be used as it is",
            Self::InvalidSource(_) => "The source can't be used as it is",
            Self::InvalidActions(_) => "The actions can't be carried out as they are",
            Self::PlanChanged => "The plan has changed",
            Self::InvalidList { .. } => "The list of users can't be used as it is",
            Self::Conflict(_) => "Not possible with what is there",
            Self::IfMatchRequired => "The header If-Match is missing",
            Self::Stale(_) => "It was changed meanwhile",
            Self::Unavailable(_) => "Not possible now",
            Self::Internal => "Internal error",
        }
    }

    /// A failure of usher itself: it is logged, and not shown to the caller.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "the admin API could not answer");
        Self::Internal
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::TooManyGuesses => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound { .. } | Self::NoSuchUser(_) | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadQuery(_) | Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidScheme(_) | Self::InvalidSource(_) | Self::InvalidActions(_) | Self::InvalidList { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Conflict(_) | Self::PlanChanged => StatusCode::CONFLICT,
            Self::IfMatchRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::Stale(_) => StatusCode::PRECONDITION_FAILED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        match self {
            Self::Unauthorized => {
                response.insert_header((header::WWW_AUTHENTICATE, r#"Bearer realm="usher""#));
            }
            Self::MethodNotAllowed { allow } => {
                response.insert_header((header::ALLOW, allow.as_str()));
            }
            Self::Unavailable(_) | Self::TooManyGuesses => {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
            }
            Self::Forbidden(_)
            | Self::NotFound { .. }
            | Self::NoSuchUser(_)
            | Self::NoSuchPath
            | Self::BadQuery(_)
            | Self::BadRequest(_)
            | Self::TooLarge(_)
            | Self::InvalidScheme(_)
            | Self::InvalidSource(_)
            | Self::InvalidActions(_)
            | Self::PlanChanged
            | Self::InvalidList { .. }
            | Self::Conflict(_)
            | Self::IfMatchRequired
            | Self::Stale(_)
            | Self::Internal => {}
        }
        // After the body: `json` keeps a content type that is set already.
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.json(Document {
            r#type: self.type_uri(),
            title: self.title(),
            status: status.as_u16(),
            detail: self.to_string(),
            problems: match self {
                Self::InvalidScheme(wrong)
                | Self::InvalidSource(wrong)
                | Self::InvalidActions(wrong)
                | Self::InvalidList { problems: wrong, .. } => Some(wrong.clone()),
                _ => None,
            },
        })
    }
}

/// The answer for an unknown path.
pub(super) async fn no_such_path() -> HttpResponse {
    Problem::NoSuchPath.error_response()
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Source(id) => Self::NotFound { kind: "source", id: id.to_string() },
            Refusal::Role(_) | Refusal::NotAllSources(_) => Self::Forbidden(refusal.to_string()),
        }
    }
}

impl From<settings::Error> for Problem {
    fn from(error: settings::Error) -> Self {
        use settings::Error;
        let detail = error.to_string();
        match error {
            Error::Invalid(wrong) => Self::InvalidScheme(wrong),
            Error::Exists(_) | Error::Provisioned(_) => Self::Conflict(detail),
            Error::NoScheme(id) => Self::NotFound { kind: "scheme", id: id.to_string() },
            Error::NoDraft(id) => Self::NotFound { kind: "draft", id },
            Error::InvalidSource(wrong) => Self::InvalidSource(wrong),
            Error::InvalidActions(wrong) => Self::InvalidActions(wrong),
            Error::TooManyBulks => Self::Conflict(detail),
            Error::SourceExists(_)
            | Error::SourceGone(_)
            | Error::ProvisionedSource(_)
            | Error::SourceNeeded(_)
            | Error::NoSecretsKey => Self::Conflict(detail),
            Error::NoSource(id) => Self::NotFound { kind: "source", id: id.to_string() },
            Error::TooManyDrafts
            | Error::TooManyPicks
            | Error::PickTooLong(_)
            | Error::PickIdsTooLong
            | Error::PicksFull(_)
            | Error::FilterExists(_)
            | Error::TooManyFilters => Self::Conflict(detail),
            Error::NoPick(id) => Self::NotFound { kind: "pick", id },
            Error::NoFilter(id) => Self::NotFound { kind: "filter", id },
            Error::DraftTooLong(most) => Self::TooLarge(most),
            Error::Stale | Error::StaleDraft | Error::StalePick | Error::StaleSource => Self::Stale(detail),
            Error::Busy | Error::Log(_) | Error::Unseen | Error::Sealing(_) => Self::Unavailable(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[actix_web::test]
    async fn every_problem_is_a_document_with_its_own_stable_type() {
        let all = [
            Problem::Unauthorized,
            Problem::TooManyGuesses,
            Problem::Forbidden("ask somebody who may".into()),
            Problem::NotFound { kind: "run", id: "e1".into() },
            Problem::NoSuchPath,
            Problem::MethodNotAllowed { allow: "GET, HEAD".into() },
            Problem::BadQuery("write this".into()),
            Problem::BadRequest("write that".into()),
            Problem::TooLarge(5),
            Problem::InvalidScheme(vec![Wrong { line: Some(1), column: Some(2), message: "write this".into() }]),
            Problem::InvalidSource(vec![Wrong { line: None, column: None, message: "write that".into() }]),
            Problem::InvalidList { detail: "save it anew".into(), problems: Vec::new() },
            Problem::Conflict("choose another".into()),
            Problem::IfMatchRequired,
            Problem::Stale("read it again".into()),
            Problem::Unavailable("try again".into()),
            Problem::Internal,
        ];
        let mut types = HashSet::new();
        for problem in &all {
            let response = problem.error_response();
            assert_eq!(response.headers().get("content-type").expect("a type"), "application/problem+json");
            assert_eq!(response.status(), problem.status_code());
            let body = actix_web::body::to_bytes(response.into_body()).await.expect("a body");
            let document: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!(document["type"], problem.type_uri());
            assert_eq!(document["status"], problem.status_code().as_u16());
            assert_eq!(document["detail"], problem.to_string());
            assert!(document["title"].as_str().is_some_and(|title| !title.is_empty()));
            types.insert(problem.type_uri());
        }
        assert_eq!(types.len(), all.len());
    }
}
