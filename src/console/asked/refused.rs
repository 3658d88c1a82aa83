//! The page of a request that is refused as a whole.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue},
    },
};
use askama::Template;

use super::{Asked, page_of, sentence};
use crate::{
    admin::Problem,
    console::{
        Answer,
        addresses::{Address, local},
        frame::{Frame, Place},
    },
};

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    frame: Frame,
    title: &'static str,
    text: String,
    back: String,
    /// The page to sign in anew, if that helps.
    again: Option<String>,
}

impl Asked {
    /// The page that says `problem`.
    ///
    /// # Errors
    /// An internal [`Problem`] if the template can't be rendered.
    pub(super) fn refused(&self, problem: &Problem) -> Result<Answer, Problem> {
        let back = page_of(&self.0.request).unwrap_or_else(|| "/".to_owned());
        let kept = self.0.kept.borrow().clone();
        let again = self.0.is_too_old.get().then(|| sign_in_again(kept.as_deref().unwrap_or(&back)));
        self.refusal(problem.status_code(), problem.title(), sentence(&problem.to_string()), back, again)
    }

    /// The answer to a method that the path does not take: it takes those in `allow`.
    pub(in crate::console) fn not_taken(&self, allow: &'static str) -> HttpResponse {
        let (title, text) = match self.0.request.method().is_safe() {
            true => ("Nothing to look at", "This address takes what a button of its page sends. Nothing was done."),
            false => ("Nothing to send", "This address is a page to look at, and takes no form. Nothing was done."),
        };
        let back = page_of_act(&self.0.request);
        let page = self.refusal(StatusCode::METHOD_NOT_ALLOWED, title, text.to_owned(), back, None);
        let mut response = self.respond(page);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        response
    }

    fn refusal(
        &self,
        status: StatusCode,
        title: &'static str,
        text: String,
        back: String,
        again: Option<String>,
    ) -> Result<Answer, Problem> {
        let mut frame = self.frame(Place::Nowhere, title);
        frame.refused = true;
        Answer::with_status(status, &Refused { frame, title, text, back, again })
    }
}

/// The page to sign in anew, and then to look at `to`.
fn sign_in_again(to: &str) -> String {
    Address::new("/sign-in").with("to", to).to_string()
}

/// The page that has the button for an act: one segment above it. That of a page itself, if it is sent a form.
pub(in crate::console) fn page_of_act(request: &HttpRequest) -> String {
    let path = request.path();
    let page = if request.method().is_safe() { above(path) } else { path };
    local(page).unwrap_or("/").to_owned()
}

fn above(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("/sign-out", _)) => "/settings",
        Some(("", _)) | None => "/",
        Some((page, _)) => page,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_an_act_is_one_segment_above() {
        for (act, page) in [
            ("/runs/a%2Fb/cancel", "/runs/a%2Fb"),
            ("/sources/acme/newcomers/release", "/sources/acme/newcomers"),
            ("/users/refresh", "/users"),
            ("/sign-out", "/"),
            ("/sign-out/everywhere", "/settings"),
        ] {
            assert_eq!(above(act), page, "{act}");
        }
    }
}
