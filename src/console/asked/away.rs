//! The answers to those who get no page yet: usher is starting, or nobody is signed in.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use askama::Template;

use crate::console::{
    Answer,
    addresses::Address,
    answer::with_headers,
    assets::{Assets, assets},
    frame::Look,
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
