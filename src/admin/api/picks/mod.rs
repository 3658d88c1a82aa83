//! Picks: the users that somebody chose for one bulk action, kept on the server for a day.

mod asked;
pub(super) mod file;
pub(super) mod filter;
mod make;
mod rows;
pub(super) mod saved;
pub(super) mod users;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path, Query},
};

pub(crate) use self::{
    file::{PickFile, pick_file, read_file},
    filter::FilterText,
    make::{Chosen, add_to_pick, delete_pick, make_pick, own_pick, remove_from_pick},
    rows::FileRead,
    users::picked_users,
};

use self::rows::{NewPick, PickMade, PickRow, SomeUsers};
use super::{
    ApiResponse, Problem, page,
    request::{
        body::Body,
        headers::{etag, if_match_or_any},
        lookup, parameters, query,
        work::{answered, waited},
    },
    schemas,
};
use crate::{
    admin::{AdminState, identity::Principal},
    views::Page,
};

/// The longest body: as many ids as a pick has, and room for long ones.
pub(super) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Your picks, the latest change first.
#[utoipa::path(
    get, path = "/picks", tag = "picks", params(query::List, parameters::Named), responses(
        (status = 200, body = Page<PickRow>),
        (status = 409, description = "What the cursor stands behind is gone."),
    )
)]
pub(super) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || {
        let picks: Vec<_> =
            state.settings.picks(&caller.by()).into_iter().filter(|pick| caller.sees(&pick.source)).collect();
        let Page { items, next } = page(&picks, &query.paging(), |pick| &pick.id)?;
        Ok(Page { items: items.iter().map(|pick| PickRow::from(&**pick)).collect(), next })
    })
    .await
}

/// One of your picks, with its `ETag`. Those of others are not shown.
#[utoipa::path(
    get, path = "/picks/{id}", tag = "picks", params(("id" = String, Path), parameters::Named),
    responses((status = 200, body = PickRow), (status = 404, description = "You have no such pick."))
)]
pub(super) async fn one(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let pick = PickRow::from(&*own_pick(&state, &caller, &id)?);
    let tag = etag(&pick.tag);
    Ok(ApiResponse::json(StatusCode::OK, &pick)?.with(tag))
}

/// Keeps users of a source for a bulk action, for a day: those with these ids, or all who match the filter now. Somebody
/// who comes to match later is not among them.
#[utoipa::path(
    post, path = "/picks", tag = "picks", params(parameters::Named), request_body = schemas::NewPick,
    responses(
        (status = 201, description = "The pick, and the ids that nobody has.", body = PickMade),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "No list of its users is kept, or none has come to its end yet; or there are as many picks or users as are kept."),
        (status = 413, description = "The body is longer than 8 MiB."),
        (status = 503, description = "It can't be kept now."),
    )
)]
pub(super) async fn create(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Body,
) -> Result<ApiResponse, Problem> {
    let text = lookup::text_up_to(body, MAX_BODY_BYTES)?;
    waited(state.runtime(), move || async move {
        let (source, chosen) = NewPick::read(&text)?;
        made(StatusCode::CREATED, &make_pick(&state, &caller, &source, chosen).await?)
    })
    .await
}

/// Adds users to a pick, behind those that are in it, and keeps it for another day.
#[utoipa::path(
    post, path = "/picks/{id}/add", tag = "picks", request_body = schemas::SomeUsers,
    params(("id" = String, Path), parameters::Named, parameters::IfUnchanged),
    responses(
        (status = 200, description = "The pick, and the ids that nobody has.", body = PickMade),
        (status = 404, description = "You have no such pick."),
        (status = 409, description = "No list of users is kept, or there are as many users as are kept."),
        (status = 412, description = "It has been changed since."),
        (status = 413, description = "The body is longer than 8 MiB."),
        (status = 503, description = "It can't be kept now."),
    )
)]
pub(super) async fn add(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Body,
) -> Result<ApiResponse, Problem> {
    own_pick(&state, &caller, &id)?;
    let (text, if_match) = (lookup::text_up_to(body, MAX_BODY_BYTES)?, if_match_or_any(&request)?);
    waited(state.runtime(), move || async move {
        let chosen = SomeUsers::read(&text)?;
        made(StatusCode::OK, &add_to_pick(&state, &caller, &id, &if_match, chosen).await?)
    })
    .await
}

/// Removes users from a pick, and keeps it for another day.
#[utoipa::path(
    post, path = "/picks/{id}/remove", tag = "picks", request_body = schemas::SomeUsers,
    params(("id" = String, Path), parameters::Named, parameters::IfUnchanged),
    responses(
        (status = 200, description = "The pick.", body = PickMade),
        (status = 404, description = "You have no such pick."),
        (status = 409, description = "No list of users is kept, so a filter finds nobody."),
        (status = 412, description = "It has been changed since."),
        (status = 413, description = "The body is longer than 8 MiB."),
        (status = 503, description = "It can't be kept now."),
    )
)]
pub(super) async fn remove(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Body,
) -> Result<ApiResponse, Problem> {
    own_pick(&state, &caller, &id)?;
    let (text, if_match) = (lookup::text_up_to(body, MAX_BODY_BYTES)?, if_match_or_any(&request)?);
    waited(state.runtime(), move || async move {
        let chosen = SomeUsers::read(&text)?;
        made(StatusCode::OK, &remove_from_pick(&state, &caller, &id, &if_match, chosen).await?)
    })
    .await
}

/// Deletes a pick.
#[utoipa::path(
    delete, path = "/picks/{id}", tag = "picks",
    params(("id" = String, Path), parameters::Named, parameters::IfUnchanged),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "You have no such pick."),
        (status = 412, description = "It has been changed since."),
        (status = 503, description = "It can't be deleted now."),
    )
)]
pub(super) async fn delete(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<HttpResponse, Problem> {
    delete_pick(&state, &caller, &id, &if_match_or_any(&request)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The answer with a pick, its `ETag`, and its place if it is new.
fn made(status: StatusCode, made: &PickMade) -> Result<ApiResponse, Problem> {
    let answer = ApiResponse::json(status, made)?.with(etag(&made.pick.tag));
    if status != StatusCode::CREATED {
        return Ok(answer);
    }
    Ok(answer.with((header::LOCATION, format!("/api/v1/picks/{}", made.pick.id))))
}
