//! Drafts of schemes: what somebody is still writing, kept on the server for a week.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data, Path, Query},
};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use utoipa::ToSchema;

use super::{
    ApiResponse, Problem, page,
    request::{
        headers::{etag, if_match},
        lookup, parameters, query,
        work::{answered, waited},
    },
    schemas,
};
use crate::{
    admin::{AdminState, identity::Principal},
    domain::{Actor, BasedOn, Draft, SchemeId, Timestamp},
    settings::DraftContent,
    views::Page,
};

/// A draft as it is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct DraftText {
    /// The scheme so far: an object that may be incomplete or wrong, or a text that is still typed.
    #[schema(value_type = schemas::DraftScheme)]
    scheme: Value,
    /// The scheme that it is to replace; null for a new one.
    #[serde(default)]
    based_on: Option<BasedOnRow>,
    /// The step at which its author is; 1 by default.
    #[serde(default = "first_step")]
    #[schema(value_type = u8, minimum = 1, maximum = 5)]
    step: Number,
}

fn first_step() -> Number {
    1.into()
}

/// The step that `number` names. JSON knows no whole numbers of its own: `4.0` is 4.
fn step(number: &Number) -> Option<u8> {
    (1..=Draft::LAST_STEP).find(|step| number.as_f64() == Some(f64::from(*step)))
}

/// A state of a scheme.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BasedOnRow {
    #[schema(value_type = schemas::Id)]
    id: SchemeId,
    /// The `tag` of the scheme when it was read.
    #[schema(max_length = 100)]
    tag: String,
}

/// A draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::admin) struct DraftRow {
    id: String,
    /// Whose it is.
    owner: Actor,
    #[schema(value_type = schemas::DraftScheme)]
    scheme: Value,
    based_on: Option<BasedOnRow>,
    step: u8,
    created: Timestamp,
    changed: Timestamp,
    /// When it is dropped, unless it is changed before.
    expires: Timestamp,
    /// For `If-Match`: the `ETag` without its quotes.
    tag: String,
}

impl From<&Draft> for DraftRow {
    fn from(draft: &Draft) -> Self {
        let based_on = draft.based_on.clone().map(|BasedOn { id, tag }| BasedOnRow { id, tag });
        Self {
            id: draft.id.clone(),
            owner: draft.owner.clone(),
            scheme: serde_json::from_str(&draft.text).unwrap_or_else(|_| Value::String(draft.text.clone())),
            based_on,
            step: draft.step,
            created: draft.created,
            changed: draft.at,
            expires: draft.expires(),
            tag: draft.tag(),
        }
    }
}

/// The longest tag that is kept.
const MAX_TAG: usize = 100;

/// The content of a draft in `text`: its shape is checked, and the scheme in it is not.
///
/// # Errors
/// [`Problem::BadRequest`] if it is not of this shape.
pub(in crate::admin) fn content(text: &str) -> Result<DraftContent, Problem> {
    let hint = |why: &dyn std::fmt::Display| {
        Problem::BadRequest(format!("this is no draft: {why}; write `{{\"scheme\": {{...}}, \"step\": 1}}`"))
    };
    let DraftText { scheme, based_on, step } = serde_json::from_str(text).map_err(|error| hint(&error))?;
    if !(scheme.is_object() || scheme.is_string()) {
        return Err(hint(&"`scheme` is neither an object nor a text"));
    }
    let step = self::step(&step).ok_or_else(|| hint(&"`step` is not from 1 to 5"))?;
    let based_on = based_on.map(|BasedOnRow { id, tag }| BasedOn { id, tag });
    if based_on.as_ref().is_some_and(|based_on| based_on.tag.len() > MAX_TAG) {
        return Err(hint(&"`based_on.tag` is longer than any tag"));
    }
    let text = serde_json::to_string(&scheme).map_err(|error| Problem::internal(&error))?;
    Ok(DraftContent { text, based_on, step })
}

fn no_such(id: &str) -> Problem {
    Problem::NotFound { kind: "draft", id: id.to_owned() }
}

fn shown(status: StatusCode, draft: &Arc<Draft>) -> Result<ApiResponse, Problem> {
    ApiResponse::json(status, &DraftRow::from(&**draft)).map(|answer| answer.with(etag(&draft.tag())))
}

/// The drafts of whoever asks, the latest change first.
#[utoipa::path(
    get, path = "/drafts", tag = "drafts", params(query::List, parameters::Named), responses(
        (status = 200, body = Page<DraftRow>),
        (status = 409, description = "What the cursor stands behind is gone."),
    )
)]
pub(super) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    let owner = caller.by();
    answered(state.runtime(), move || {
        let drafts = state.settings.drafts(&owner);
        let Page { items, next } = page(&drafts, &query.paging(), |draft| &draft.id)?;
        Ok(Page { items: items.iter().map(|draft| DraftRow::from(&**draft)).collect(), next })
    })
    .await
}

/// One draft, with its `ETag`. Those of others are not shown.
#[utoipa::path(
    get, path = "/drafts/{id}", tag = "drafts", params(("id" = String, Path), parameters::Named),
    responses((status = 200, body = DraftRow), (status = 404, description = "You have no such draft."))
)]
pub(super) async fn one(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let draft = state.settings.draft(&id, &caller.by()).ok_or_else(|| no_such(&id))?;
    shown(StatusCode::OK, &draft)
}

/// Keeps a draft for a week. The scheme in it is not checked.
#[utoipa::path(
    post, path = "/drafts", tag = "drafts", params(parameters::Named), request_body = DraftText,
    responses(
        (status = 201, body = DraftRow),
        (status = 409, description = "There are as many drafts as are kept."),
        (status = 413, description = "It is longer than 512 KiB."),
        (status = 503, description = "It can't be kept now."),
    )
)]
pub(super) async fn create(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let (content, owner) = (content(&lookup::text(body)?)?, caller.by());
    waited(state.runtime(), move || async move {
        let draft = state.settings.create_draft(owner, content).await?;
        let place = (header::LOCATION, format!("/api/v1/drafts/{}", draft.id));
        shown(StatusCode::CREATED, &draft).map(|answer| answer.with(place))
    })
    .await
}

/// Keeps a draft in place of the one that is there, for another week.
#[utoipa::path(
    put, path = "/drafts/{id}", tag = "drafts", request_body = DraftText,
    params(("id" = String, Path), parameters::Named, parameters::Unchanged),
    responses(
        (status = 200, body = DraftRow),
        (status = 404, description = "You have no such draft."),
        (status = 412, description = "It has been changed since."),
        (status = 413, description = "It is longer than 512 KiB."),
        (status = 428, description = "`If-Match` is missing."),
        (status = 503, description = "It can't be kept now."),
    )
)]
pub(super) async fn replace(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let owner = caller.by();
    state.settings.draft(&id, &owner).ok_or_else(|| no_such(&id))?;
    let (content, if_match) = (content(&lookup::text(body)?)?, if_match(&request)?);
    waited(state.runtime(), move || async move {
        let draft = state.settings.replace_draft(&id, &owner, &if_match, content).await?;
        shown(StatusCode::OK, &draft)
    })
    .await
}

/// Deletes a draft.
#[utoipa::path(
    delete, path = "/drafts/{id}", tag = "drafts", params(("id" = String, Path), parameters::Named, parameters::Unchanged),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "You have no such draft."),
        (status = 412, description = "It has been changed since."),
        (status = 428, description = "`If-Match` is missing."),
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
    let owner = caller.by();
    state.settings.draft(&id, &owner).ok_or_else(|| no_such(&id))?;
    state.settings.delete_draft(&id, &owner, &if_match(&request)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
