//! Answers: a whole page, a fragment of one, or the page to look at next; each with the headers of pages.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use askama::Template;

use crate::admin::Problem;

/// Nothing but this listener's own files is loaded, run or framed, and forms go nowhere else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                                       connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The answer of a page's function.
pub(super) enum Answer {
    /// HTML: a whole page, or the fragment of it that was asked for.
    Html(StatusCode, String),
    /// A file to save as `name`, which is made of letters, digits, `-` and `.`.
    File {
        /// The media type.
        content_type: &'static str,
        /// The name.
        name: String,
        /// The content.
        body: Vec<u8>,
    },
    /// After a form, or from one address of a page to another: look there.
    SeeOther(String),
    /// A file that is written while it is sent.
    Stream(HttpResponse),
}

impl Answer {
    /// A whole page, or a fragment.
    ///
    /// # Errors
    /// An internal [`Problem`] if the template can't be rendered.
    pub(super) fn html(template: &impl Template) -> Result<Self, Problem> {
        Self::with_status(StatusCode::OK, template)
    }

    /// The same, of a form that was refused.
    ///
    /// # Errors
    /// As [`Answer::html`].
    pub(super) fn with_status(status: StatusCode, template: &impl Template) -> Result<Self, Problem> {
        Ok(Self::Html(status, template.render().map_err(|error| Problem::internal(&error))?))
    }

    /// Look there.
    pub(super) fn see(address: impl ToString) -> Self {
        Self::SeeOther(address.to_string())
    }

    /// As a response.
    pub(super) fn response(self) -> HttpResponse {
        let response = match self {
            Self::Html(status, html) => {
                HttpResponse::build(status).content_type(header::ContentType::html()).body(html)
            }
            Self::File { content_type, name, body } => HttpResponse::Ok()
                .insert_header((header::CONTENT_TYPE, content_type))
                .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
                .body(body),
            Self::SeeOther(address) => HttpResponse::SeeOther().insert_header((header::LOCATION, address)).finish(),
            Self::Stream(file) => file,
        };
        with_headers(response)
    }
}

/// `response` with the headers of every page.
pub(super) fn with_headers(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("vary", "HX-Request-Type"),
    ] {
        headers.insert(header::HeaderName::from_static(name), header::HeaderValue::from_static(value));
    }
    response
}
