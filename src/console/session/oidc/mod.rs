//! `/sign-in/oidc`: the identity provider begins a session.
//!
//! Both steps are links, which the browser follows: a form that leads to the provider is blocked by `form-action`.

mod fault;

use std::{net::IpAddr, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Query},
};
use serde::Deserialize;
use tracing::warn;
use url::Url;

pub(super) use fault::Fault;

use super::{Cookies, Session};
use crate::{
    admin::{
        AdminState, Problem,
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    clock::{Clock, SystemClock},
    console::{
        Answer, Console,
        addresses::{Address, local},
        asked::starting,
    },
    http_server::Connection,
    oidc::Attempt,
};

/// The path that the provider sends people back to.
pub(in crate::console) const CALLBACK: &str = "/sign-in/oidc/callback";

/// The way of signing in, as it is counted.
const VIA: &str = "oidc";

/// The query of the first step.
#[derive(Deserialize, Default)]
pub(in crate::console) struct Begins {
    /// The page to look at then.
    #[serde(default)]
    to: String,
}

/// The query with which the provider sends somebody back. It may hold more.
#[derive(Deserialize)]
pub(in crate::console) struct ComesBack {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    /// The provider, if it says so (RFC 9207).
    iss: Option<String>,
}

/// `GET /sign-in/oidc`: leads to the provider.
pub(in crate::console) async fn begin(
    console: Data<Console>,
    request: HttpRequest,
    asks: Option<Query<Begins>>,
) -> HttpResponse {
    let Some(state) = console.listener.state() else { return starting() };
    let Begins { to } = asks.map(Query::into_inner).unwrap_or_default();
    let to = local(&to).unwrap_or("/");
    let Some((provider, back)) = state.oidc().zip(callback(&console)) else {
        return Answer::see(Address::new("/sign-in").with("to", to)).response();
    };
    let (now, lifetimes) = (SystemClock.now(), console.lifetimes());
    // A person who signed in too long ago comes to prove themselves once more.
    let session = Cookies(&console).session(&request);
    let is_old = session
        .is_some_and(|session| !session.is_fresh(lifetimes, now) && session.principal(state, lifetimes, now).is_some());
    match provider.begin(to, &back, is_old.then_some(lifetimes.again_after), now).await {
        Err(error) => counted(state, Fault::from(error)).response(to),
        Ok((address, attempt)) => {
            let mut response = Answer::see(address).response();
            Cookies(&console).keep_attempt(&attempt, &mut response);
            response
        }
    }
}

/// `GET /sign-in/oidc/callback`: comes back from the provider.
pub(in crate::console) async fn callback_of(
    console: Data<Console>,
    request: HttpRequest,
    asks: Option<Query<ComesBack>>,
) -> HttpResponse {
    let Some(state) = console.listener.state() else { return starting() };
    let from = request.peer_addr().map(|address| address.ip());
    let attempt = Cookies(&console).attempt(&request);
    let known = asks.map(Query::into_inner).zip(attempt);
    // An answer to another attempt must not end what a page of this browser has begun.
    let Some((asks, attempt)) = known.filter(|(asks, attempt)| attempt.is_answered_by(&asks.state, SystemClock.now()))
    else {
        return counted(state, Fault::Stale).response("/");
    };
    let mut response = match signed_in(&console, state, &attempt, asks, from).await {
        Err(fault) => counted(state, fault).response(&attempt.to),
        Ok(session) => {
            state.count_sign_in(VIA, "accepted");
            if let Some(connection) = request.conn_data::<Arc<Connection>>() {
                connection.proved();
            }
            let mut response = Answer::see(local(&attempt.to).unwrap_or("/")).response();
            Cookies(&console).keep(&session, &mut response);
            response
        }
    };
    Cookies(&console).forget_attempt(&mut response);
    response
}

async fn signed_in(
    console: &Console,
    state: &AdminState,
    attempt: &Attempt,
    asks: ComesBack,
    from: Option<IpAddr>,
) -> Result<Session, Fault> {
    let (provider, back) = state.oidc().zip(callback(console)).ok_or(Fault::Stale)?;
    if asks.iss.is_some_and(|iss| iss != provider.config().issuer) {
        return Err(Fault::Untrusted);
    }
    let code = asks.code.filter(|_| asks.error.is_none()).ok_or(Fault::Refused)?;
    let now = SystemClock.now();
    let person = provider.finish(attempt, &code, &back, now).await?;
    // The record holds the lasting id: the name may become somebody else's.
    let entry = Entry::new(Act::SignIn, Object::Other("person", person.subject.clone()));
    let Some((session, principal)) = Session::of_person(&person, &provider, now) else {
        let why = "none of the groups that the identity provider told of gives a role";
        state.refused_without_role(&person.name, from, entry, why).await.map_err(unrecorded)?;
        return Err(Fault::NoRole);
    };
    state.record(&Principal { from, ..principal }, entry).await.map_err(unrecorded)?;
    Ok(session)
}

/// `fault`, once it is counted.
fn counted(state: &AdminState, fault: Fault) -> Fault {
    state.count_sign_in(VIA, fault.result());
    fault
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn unrecorded(problem: Problem) -> Fault {
    warn!(%problem, "a sign-in can't be recorded, so nobody was signed in");
    Fault::Unrecorded
}

/// The address that the provider sends people back to.
fn callback(console: &Console) -> Option<Url> {
    console.origin().address_of(CALLBACK)
}
