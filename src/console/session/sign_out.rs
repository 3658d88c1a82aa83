//! Signing out: of this session, or of all sessions of the token or of the person.

use super::Cookies;
use crate::{
    admin::{
        Problem,
        audit::{Act, Entry, Object},
    },
    console::{Answer, Asked, form::Form},
    domain::WhichSessions,
};

/// The page after that.
const AFTER: &str = "/sign-in?signed_out=";

/// `POST /sign-out`. The cookie is worth nothing then, also where somebody kept it.
///
/// # Errors
/// [`Problem::Unavailable`] if the end can't be written.
pub(in crate::console) async fn here(asked: Asked, _: Form) -> Result<Answer, Problem> {
    end(&asked, Act::SignOut, WhichSessions::One(asked.session().id.clone())).await
}

/// `POST /sign-out/everywhere`.
///
/// # Errors
/// As [`here`].
pub(in crate::console) async fn everywhere(asked: Asked, _: Form) -> Result<Answer, Problem> {
    end(&asked, Act::SignOutEverywhere, WhichSessions::OfPerson(asked.session().whose().to_owned())).await
}

async fn end(asked: &Asked, act: Act, of: WhichSessions) -> Result<Answer, Problem> {
    let state = asked.state();
    let ending = async { state.settings().end_sessions(of).await.map_err(Problem::from) };
    state.recorded(asked.principal(), Entry::new(act, Object::Usher), ending).await?;
    asked.with_response(|console, response| Cookies(console).forget(response));
    Ok(Answer::see(AFTER))
}
