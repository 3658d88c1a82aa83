//! `GET /`: a page that explains this listener. It shows no data, so it needs no token.

use actix_web::{HttpResponse, http::header::ContentType};

const PAGE: &str = include_str!("landing.html");

pub(super) async fn page() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(PAGE.replace("{{ version }}", env!("CARGO_PKG_VERSION")))
}
