//! Making, changing and deleting sources.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data, Path, Query},
};

use super::{detail, store};
use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem,
            request::{
                headers::{etag, if_match},
                lookup, parameters, query,
                work::done,
            },
            schemas::SourceText,
        },
        identity::Principal,
    },
    settings::SourceView,
};

/// Stores a source under an id that is free, and begins to work with it.
///
/// Its secrets are kept sealed and never shown. Set up the webhook in the product when this is answered: every replica
/// takes the source up within a moment.
#[utoipa::path(
    post, path = "/sources", tag = "sources", params(parameters::Named), request_body = SourceText,
    responses(
        (status = 201, body = detail::SourceDetail),
        (status = 409, description = "The id is taken, or usher has no key for the secrets."),
        (status = 413, description = "The source is too long."),
        (status = 422, description = "The source can't be used; `problems` says where and why."),
        (status = 503, description = "It can't be stored now."),
    )
)]
pub(in crate::admin::api) async fn create(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let stored = store::create_source(&state, &caller, lookup::text(body)?, None).await?;
    let place = (header::LOCATION, format!("/api/v1/sources/{}", stored.id));
    shown(state, StatusCode::CREATED, stored).await.map(|answer| answer.with(place))
}

/// Stores a source in place of the one that is there.
///
/// A secret that stays is named as in `yaml` of the source: `{ sealed: NAME }`; a new one is `{ value: "..." }`. The names
/// that belong to secrets stay if they are left empty.
#[utoipa::path(
    put, path = "/sources/{id}", tag = "sources", request_body = SourceText,
    params(("id" = String, Path), parameters::Named, parameters::Unchanged),
    responses(
        (status = 200, body = detail::SourceDetail),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "It stands in the configuration file."),
        (status = 412, description = "It has been changed since."),
        (status = 413, description = "The source is too long."),
        (status = 422, description = "The source can't be used, or is another one; `problems` says where and why."),
        (status = 428, description = "`If-Match` is missing."),
        (status = 503, description = "It can't be stored now."),
    )
)]
pub(in crate::admin::api) async fn replace(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let before = store::stored_source(&state, &caller, &id)?;
    let (text, if_match) = (lookup::text(body)?, if_match(&request)?);
    let stored = store::replace_source(&state, &caller, before.id, text, if_match).await?;
    shown(state, StatusCode::OK, stored).await
}

/// Deletes a stored source that nothing needs. Its stages finish what they have begun; its webhooks are refused at once.
#[utoipa::path(
    delete, path = "/sources/{id}", tag = "sources", params(("id" = String, Path), parameters::Named, parameters::Unchanged),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "It stands in the configuration file, or `detail` says what needs it."),
        (status = 412, description = "It has been changed since."),
        (status = 428, description = "`If-Match` is missing."),
        (status = 503, description = "It can't be deleted now."),
    )
)]
pub(in crate::admin::api) async fn delete(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (before, if_match) = (store::stored_source(&state, &caller, &id)?, if_match(&request)?);
    store::delete_source(&state, &caller, before.id, if_match).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The source with its tag, as it was stored.
async fn shown(state: Data<AdminState>, status: StatusCode, stored: SourceView) -> Result<ApiResponse, Problem> {
    done(state.runtime(), move || {
        let row = detail::row_of(&state, &stored)?;
        let tag = etag(&stored.tag);
        ApiResponse::json(status, &detail::SourceDetail::new(&state, row, Some(stored))?).map(|answer| answer.with(tag))
    })
    .await
}
