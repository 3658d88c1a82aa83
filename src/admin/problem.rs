//! Errors as RFC 9457 problem documents.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;

/// What was wrong with a request, or with answering it. `Display` is the problem's detail: what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No token, or a wrong one; told apart by nothing.
    #[error("send the header `Authorization: Bearer <token>` with the admin token of this usher")]
    Unauthorized,
    /// There is nothing of this kind with this id.
    #[error("there is no {kind} `{id}`")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
        /// As asked for.
        id: String,
    },
    /// There is nothing at this path.
    #[error("there is nothing at this path; the API is below /api/v1")]
    NoSuchPath,
    /// The path is right, the method is not.
    #[error("this can only be read: use GET")]
    MethodNotAllowed,
    /// A query parameter that is not known, missing or of a wrong form; with what to write.
    #[error("{0}")]
    BadQuery(String),
    /// usher itself failed; the cause is in its log.
    #[error("usher could not answer; its log says why. Trying again may help")]
    Internal,
}

/// The document.
#[derive(Serialize)]
struct Document {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
}

impl Problem {
    /// Names the kind of problem, for programs: it never changes.
    pub fn type_uri(&self) -> &'static str {
        match self {
            Self::Unauthorized => "urn:usher:problem:unauthorized",
            Self::NotFound { .. } => "urn:usher:problem:not-found",
            Self::NoSuchPath => "urn:usher:problem:no-such-path",
            Self::MethodNotAllowed => "urn:usher:problem:method-not-allowed",
            Self::BadQuery(_) => "urn:usher:problem:bad-query",
            Self::Internal => "urn:usher:problem:internal",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Unauthorized => "The admin token is missing or wrong",
            Self::NotFound { .. } => "Not found",
            Self::NoSuchPath => "No such path",
            Self::MethodNotAllowed => "Method not allowed",
            Self::BadQuery(_) => "The query can't be understood",
            Self::Internal => "Internal error",
        }
    }

    /// A failure of usher's own: told to the log, not to the caller.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "the admin API could not answer");
        Self::Internal
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound { .. } | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadQuery(_) => StatusCode::BAD_REQUEST,
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
            Self::MethodNotAllowed => {
                response.insert_header((header::ALLOW, "GET, HEAD"));
            }
            Self::NotFound { .. } | Self::NoSuchPath | Self::BadQuery(_) | Self::Internal => {}
        }
        // After the body: `json` keeps a content type that is set already.
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        let detail = self.to_string();
        response.json(Document { r#type: self.type_uri(), title: self.title(), status: status.as_u16(), detail })
    }
}

/// The answer where no route is.
pub(super) async fn no_such_path() -> HttpResponse {
    Problem::NoSuchPath.error_response()
}

/// The answer to other methods than reading.
pub(super) async fn method_not_allowed() -> HttpResponse {
    Problem::MethodNotAllowed.error_response()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[actix_web::test]
    async fn every_problem_is_a_document_with_its_own_stable_type() {
        let all = [
            Problem::Unauthorized,
            Problem::NotFound { kind: "run", id: "e1".into() },
            Problem::NoSuchPath,
            Problem::MethodNotAllowed,
            Problem::BadQuery("write this".into()),
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
