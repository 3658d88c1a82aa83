//! One user: each fact with its origin and age.

use actix_web::{
    http::StatusCode,
    web::{Data, Path, Query},
};

use super::query;
use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem,
            request::{
                lookup,
                work::{answered, in_turn, waited},
            },
        },
        identity::Principal,
    },
    domain::{SourceId, UserId},
    users::UserView,
};

/// One user, with the origin and the age of each fact, or why it is not known. With `fresh=true` the product is asked.
#[utoipa::path(
    get, path = "/users/{source}/{id}", tag = "users", params(("source" = String, Path), ("id" = String, Path), query::One),
    responses(
        (status = 200, body = UserView),
        (status = 404, description = "There is no such source or user."),
        (status = 503, description = "The product does not tell now."),
    )
)]
pub(in crate::admin::api) async fn one(
    state: Data<AdminState>,
    caller: Principal,
    path: Path<(String, String)>,
    Query(query::One { fresh }): Query<query::One>,
) -> Result<ApiResponse, Problem> {
    let (of, id) = path.into_inner();
    let (of, id) = (lookup::source(&state, &caller, &of)?, UserId::new(id));
    if fresh {
        return waited(state.runtime(), move || async move {
            ApiResponse::json(StatusCode::OK, &read_user(&state, &of, &id).await?)
        })
        .await;
    }
    answered(state.runtime(), move || known_user(&state, &of, &id)).await
}

/// The user, by what usher knows. It waits for the disk.
///
/// # Errors
/// [`Problem::NoSuchUser`] if usher knows of no such user; an internal [`Problem`] if the roster or the views fail.
pub(crate) fn known_user(state: &AdminState, of: &SourceId, id: &UserId) -> Result<UserView, Problem> {
    state.users.known_user(of, id)?.ok_or_else(|| {
        Problem::NoSuchUser(format!(
            "usher knows of no user `{id}` in {of}: no list and no event named them; `fresh=true` asks the product"
        ))
    })
}

/// The user, read from the product now. The roster takes the reading in.
///
/// # Errors
/// [`Problem::NoSuchUser`] if the product knows no such user; [`Problem::Unavailable`] if it does not tell; an internal
/// [`Problem`] if the roster or the views fail.
pub(crate) async fn read_user(state: &AdminState, of: &SourceId, id: &UserId) -> Result<UserView, Problem> {
    let (user, facts, at) = state.explainer.read_user(of, id).await?;
    in_turn(|| Ok(state.users.read_user(of, &user, &facts, at)?)).await
}
