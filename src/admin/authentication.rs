//! The caller of the API, by their token; and whether their role allows what they ask for.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web,
};

use super::{
    AdminState, Problem, api,
    audit::{Act, Entry, Object},
    identity::{About, Permission, Principal},
};
use crate::{domain::Channel, http_server::Connection};

/// Refuses requests without a token. The handlers find who asks.
///
/// # Errors
/// [`actix_web::Error`] of the handler that comes next.
pub(super) async fn require_token(
    state: web::Data<AdminState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let from = request.peer_addr().map(|address| address.ip());
    if let Some(principal) = sent.and_then(|sent| state.shown.principal(sent, Channel::Api)) {
        if let Some(connection) = request.conn_data::<Arc<Connection>>() {
            connection.proved();
        }
        request.extensions_mut().insert(Principal { from, ..principal });
        return Ok(next.call(request).await?.map_into_left_body());
    }
    // No token is no guess: browsers and scanners come without.
    let problem = match (sent, from) {
        (Some(_), Some(from)) => {
            state.wrong_token(Channel::Api, Some(from));
            state.guesses.refuse(from.into()).await
        }
        (None, _) | (_, None) => Problem::Unauthorized,
    };
    Ok(request.error_response(problem).map_into_right_body())
}

/// The token in an `Authorization` header; the scheme's name is compared without regard to case (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// Lets a request through if the role of whoever asks allows it, and records an attempt that is refused. Handlers look
/// at the source that it is about.
///
/// # Errors
/// [`actix_web::Error`] of the handler that comes next.
pub(super) async fn permit(
    permission: Permission,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let asked = request.extensions().get::<Principal>().cloned();
    let state = request.app_data::<web::Data<AdminState>>().cloned();
    let (Some(asked), Some(state)) = (asked, state) else {
        return Ok(request.error_response(Problem::Unauthorized));
    };
    let Err(refusal) = asked.may(permission, About::Anything) else { return next.call(request).await };
    let object = Object::Other("path", request.path().strip_prefix(api::PREFIX).unwrap_or_default().to_owned());
    let entry = Entry::new(Act::Attempt(permission.as_str()), object);
    let problem = match state.refused(&asked, entry, &refusal.to_string()).await {
        Ok(()) => refusal.into(),
        Err(unrecorded) => unrecorded,
    };
    Ok(request.error_response(problem))
}

/// The caller, as [`require_token`] found, with the person for whom they say that they act.
impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned().ok_or(Problem::Unauthorized);
        ready(known.and_then(|known| {
            Ok(match api::actor(request)? {
                Some(person) => known.acting_for(person),
                None => known,
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_behind_bearer_in_any_case_and_nowhere_else() {
        for good in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(bearer(good.as_bytes()), Some(&b"abc"[..]), "{good}");
        }
        for bad in ["", "abc", "Basic abc", "Bearerabc", "Bearer"] {
            assert_eq!(bearer(bad.as_bytes()), None, "{bad}");
        }
    }
}
