//! The answers to those who get no page yet: usher is starting, or nobody is signed in.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{StatusCode, header},
    web::{Bytes, Data},
};
use askama::Template;

use crate::{
    clock::{Clock, SystemClock},
    console::{
        Answer, Console,
        addresses::{Address, local},
        answer::with_headers,
        assets::{Assets, assets},
        form::Form,
        frame::Look,
        kept_forms::KeptForm,
        session::Cookies,
    },
};

/// Why a request gets no page yet.
#[derive(Debug)]
pub(in crate::console) enum Away {
    /// usher is starting.
    Starting,
    /// Nobody is signed in. Afterwards they look at this page.
    SignIn {
        /// The page.
        to: String,
        /// Whether htmx asks: it has to be told to leave the page.
        is_partial: bool,
    },
}

impl Away {
    /// Whether a form that comes with `request` may be kept: its own page sent it, and the browser has the cookie of a
    /// session that this console began.
    pub(in crate::console) fn may_keep(&self, request: &HttpRequest) -> bool {
        let Self::SignIn { .. } = self else { return false };
        let Some(console) = request.app_data::<Data<Console>>() else { return false };
        console.origin().sent(request.headers()) && Cookies(console).session(request).is_some()
    }

    /// The same, with another page to look at afterwards.
    pub(in crate::console) fn then(self, page: String) -> Self {
        match self {
            Self::SignIn { is_partial, .. } => Self::SignIn { to: page, is_partial },
            Self::Starting => self,
        }
    }

    /// The same, with the form in `body` kept for whoever began the session that has ended. After signing in they look at
    /// the form.
    pub(in crate::console) fn keeping(self, request: &HttpRequest, body: Result<Bytes, actix_web::Error>) -> Self {
        let Self::SignIn { to, is_partial } = self else { return self };
        let kept = kept(request, body, &to, is_partial);
        Self::SignIn { to: kept.unwrap_or(to), is_partial }
    }
}

/// The address of the form in `body`, which came from `page`; none if it can't be kept.
fn kept(request: &HttpRequest, body: Result<Bytes, actix_web::Error>, page: &str, is_partial: bool) -> Option<String> {
    let console = request.app_data::<Data<Console>>()?;
    let (session, form) = (Cookies(console).session(request)?, Form::read(body).ok()?);
    if !console.keys().is_form_token(&session, form.get("form_token")) {
        return None;
    }
    // A part is asked for with the fields of the form around it, which goes to its page.
    let own = request.uri().path_and_query().map_or(page, |own| own.as_str());
    let action = local(if is_partial { page } else { own })?;
    let form = KeptForm::of(&form, action.to_owned(), page.to_owned());
    let id = console.kept_forms.keep(session.whose(), form, SystemClock.now())?;
    Some(Address::of("/kept", id).to_string())
}

impl std::fmt::Display for Away {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody is signed in")
    }
}

impl ResponseError for Away {
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Starting => starting(),
            Self::SignIn { to, is_partial } => {
                let to = if to == "/" { "" } else { to };
                let address = Address::new("/sign-in").with("to", to).to_string();
                if *is_partial {
                    let redirect = HttpResponse::Ok().insert_header(("HX-Redirect", address)).finish();
                    return with_headers(redirect);
                }
                Answer::SeeOther(address).response()
            }
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    look: Look,
    assets: &'static Assets,
    title: &'static str,
    text: &'static str,
    back: &'static str,
    word: &'static str,
}

/// The page while usher starts.
pub(in crate::console) fn starting() -> HttpResponse {
    let page = Message {
        look: Look::default(),
        assets: assets(),
        title: "usher is starting",
        text: "It opens its state and reads its settings. The page is there when usher is ready.",
        back: "/",
        word: "Try again",
    };
    let answer = Answer::with_status(StatusCode::SERVICE_UNAVAILABLE, &page);
    let mut response = answer.map_or_else(|problem| problem.error_response(), Answer::response);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
    response
}
