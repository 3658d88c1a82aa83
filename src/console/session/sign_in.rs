//! `/sign-in`: a token begins a session; a link leads to the identity provider.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{StatusCode, header},
    web::{Bytes, Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{Cookies, Session, oidc::Fault};
use crate::{
    admin::{
        Problem,
        audit::{Act, Entry, Object},
        identity::{Principal, Token},
    },
    clock::{Clock, SystemClock},
    console::{
        Answer, Console,
        addresses::{Address, local},
        answer::with_headers,
        asked::{sentence, starting},
        assets::{Assets, assets},
        form::Form,
        frame::{Errors, Look},
    },
    domain::Channel,
    http_server::Connection,
};

/// The title of what was wrong.
const NOBODY: &str = "You are not signed in";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'p> {
    look: Look,
    assets: &'static Assets,
    errors: Errors,
    to: &'p str,
    provider: Option<ProviderLink>,
    signed_out: bool,
    /// Whether a form waits that was sent when the session had ended.
    keeps_form: bool,
    needs_https: bool,
}

/// The link to the identity provider.
struct ProviderLink {
    name: String,
    address: Address,
}

/// The query of the page. Others may have written the address: what is not known is no fault.
#[derive(Deserialize, Default)]
pub(in crate::console) struct Asks {
    /// The page to look at then.
    #[serde(default)]
    to: String,
    /// Set after signing out.
    signed_out: Option<String>,
    /// Set if the identity provider signed nobody in.
    fault: Option<String>,
}

/// `GET /sign-in`.
pub(in crate::console) async fn show(
    console: Data<Console>,
    request: HttpRequest,
    asks: Option<Query<Asks>>,
) -> HttpResponse {
    let Asks { to, signed_out, fault } = asks.map(Query::into_inner).unwrap_or_default();
    let fault = fault.as_deref().and_then(Fault::named);
    let errors = fault.map_or_else(Errors::default, |fault| Errors::one(NOBODY, "", fault.text()));
    let status = fault.map_or(StatusCode::OK, Fault::status);
    page(&console, &request, &to, errors, signed_out.is_some(), status)
}

/// `POST /sign-in`. The right token is always accepted at once; wrong ones are slowed down as those of the API.
pub(in crate::console) async fn sign_in(
    console: Data<Console>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let Some(state) = console.listener.state() else { return starting() };
    let form = match Form::read(body) {
        Ok(form) => form,
        Err(problem) => return with_headers(problem.error_response()),
    };
    let refuse = |status, text: &str| {
        let errors = Errors::one(NOBODY, "token", text);
        page(&console, &request, form.get("to"), errors, false, status)
    };
    if !console.origin().sent(request.headers()) {
        return refuse(StatusCode::FORBIDDEN, "The form did not come from this page. Send it again from here.");
    }
    let sent = form.get("token").trim();
    if sent.is_empty() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Enter a token.");
    }
    let token: Option<Token> = state.tokens().find(sent.as_bytes()).cloned();
    let count = |result| state.count_sign_in("token", result);
    let Some(token) = token else {
        count("refused");
        let problem = match request.peer_addr() {
            Some(address) => {
                state.wrong_token(Channel::Console, Some(address.ip()));
                state.refuse_guess(address.ip().into()).await
            }
            None => Problem::Unauthorized,
        };
        return match problem {
            Problem::TooManyGuesses => {
                refuse(StatusCode::TOO_MANY_REQUESTS, "Too many wrong tokens were sent. Wait a minute, then try again.")
            }
            _ => refuse(
                StatusCode::FORBIDDEN,
                "This token is not known. Look whether it was copied as a whole, without blanks.",
            ),
        };
    };
    if let Some(connection) = request.conn_data::<Arc<Connection>>() {
        connection.proved();
    }
    let from = request.peer_addr().map(|address| address.ip());
    let principal = Principal { from, ..token.principal(Channel::Console) };
    if let Err(problem) = state.record(&principal, Entry::new(Act::SignIn, Object::Usher)).await {
        count("failed");
        return refuse(problem.status_code(), &sentence(&problem.to_string()));
    }
    count("accepted");
    let session = Session::begin(&token, SystemClock.now());
    let mut response = Answer::see(local(form.get("to")).unwrap_or("/")).response();
    Cookies(&console).keep(&session, &mut response);
    response
}

fn page(
    console: &Console,
    request: &HttpRequest,
    to: &str,
    errors: Errors,
    signed_out: bool,
    status: StatusCode,
) -> HttpResponse {
    let needs_https = console.origin().needs_https;
    let to = local(to).unwrap_or("/");
    let provider = console.listener.state().and_then(|state| state.oidc()).map(|provider| ProviderLink {
        name: provider.config().name.clone(),
        address: Address::new("/sign-in/oidc").with("to", if to == "/" { "" } else { to }),
    });
    let (look, keeps_form) = (Look::of(request), to.starts_with("/kept/"));
    let page = Page { look, assets: assets(), errors, to, provider, signed_out, keeps_form, needs_https };
    let mut response = match Answer::with_status(status, &page) {
        Ok(answer) => answer.response(),
        Err(problem) => return with_headers(problem.error_response()),
    };
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("60"));
    }
    response
}
