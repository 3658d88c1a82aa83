//! Schemes: those of the configuration file, which are read here, and stored ones, which are made here.

pub(in crate::admin) mod check;
pub(in crate::admin) mod conflicts;
pub(in crate::admin) mod diff;
pub(in crate::admin) mod history;
pub(in crate::admin) mod next;
pub(in crate::admin) mod store;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data, Path, Query},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ApiResponse, Problem, page,
    references::ReferencesRow,
    request::{
        headers::{etag, if_match},
        lookup, parameters, query,
        work::{answered, done},
    },
    runs::open::{held, open_runs},
    schemas::SchemeText,
};
use crate::{
    admin::{AdminState, SourceRow, identity::Principal},
    domain::{Actor, RunId, Scheme, SchemeId, Timestamp, Trigger},
    rules,
    settings::{Contents, SchemeView},
    views::{Counts, Cursor, Filter, Limit, OpenRun, Page, Paging, Run, RunState},
};

/// The highest length of a page of schemes, in bytes: each scheme may have the highest length. A page has at least one.
const MAX_PAGE: usize = 8 * 1024 * 1024;

/// A scheme, as administrators see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SchemeRow {
    #[serde(flatten)]
    contents: ContentsRow,
    /// Its effect, in a sentence; null if it can't be used.
    sentence: Option<String>,
    /// The next time of its schedule; null if it has none, is not enabled or is paused.
    next_time: Option<Timestamp>,
    /// Its latest run; null if it has none, or it is forgotten.
    last_run: Option<LastRunRow>,
    version: String,
    /// Names exactly this state of it: what its `ETag` is, without the quotes.
    tag: String,
    /// Whether it is from the configuration file. It can't be changed here.
    provisioned: bool,
    paused: bool,
    /// Runs of it that wait for an administrator.
    runs_held: usize,
    /// The administrator who paused it, and the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_by: Option<ByRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<ByRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Whether the product has the names in it; null if nothing is looked up.
    references: Option<ReferencesRow>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
enum ContentsRow {
    Readable(Box<Scheme>),
    Broken { id: SchemeId, text: String, broken: String },
}

/// A run in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct LastRunRow {
    id: RunId,
    started: Timestamp,
    state: RunState,
    test_mode: bool,
    selected: u64,
    changed: u64,
    failed: u64,
}

impl From<Run> for LastRunRow {
    fn from(run: Run) -> Self {
        let Run { id, started, state, test_mode, counts, .. } = run;
        let Counts { selected, changed, failed, .. } = counts;
        Self { id, started, state, test_mode, selected, changed, failed }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct ByRow {
    by: Actor,
    at: Timestamp,
}

impl SchemeRow {
    fn id(&self) -> &str {
        match &self.contents {
            ContentsRow::Readable(scheme) => scheme.id.as_str(),
            ContentsRow::Broken { id, .. } => id.as_str(),
        }
    }
}

impl SchemeRow {
    fn new(state: &AdminState, listed: SchemeView, open: &[OpenRun]) -> Result<Self, Problem> {
        let last_run = last_run(state, &listed.id)?.map(LastRunRow::from);
        let runs_held = held(open, |run| run.scheme == listed.id);
        let SchemeView { id, contents, version, tag, provisioned, paused, changed, warnings } = listed;
        let references = match &contents {
            Contents::Readable(scheme) => state.references(&scheme.source),
            Contents::Broken { .. } => None,
        };
        let references = references.map(|references| references.standing_of_scheme(&id).into());
        let (sentence, next_time) = match &contents {
            Contents::Readable(scheme) => {
                (Some(in_words(state, scheme)), next_time(scheme, state.settings.now()).filter(|_| paused.is_none()))
            }
            Contents::Broken { .. } => (None, None),
        };
        let contents = match contents {
            Contents::Readable(scheme) => ContentsRow::Readable(scheme),
            Contents::Broken { text, why } => ContentsRow::Broken { id, text, broken: why },
        };
        let changed = changed.map(|(by, at)| ByRow { by, at });
        let paused_by = paused.map(|pause| ByRow { by: pause.by, at: pause.at });
        let paused = paused_by.is_some();
        Ok(Self {
            contents,
            sentence,
            next_time,
            last_run,
            version,
            tag,
            provisioned,
            paused,
            paused_by,
            runs_held,
            changed,
            warnings,
            references,
        })
    }
}

/// The latest run of the scheme `id`.
fn last_run(state: &AdminState, id: &SchemeId) -> Result<Option<Run>, Problem> {
    let filter = Filter { scheme: Some(id.clone()), ..Filter::default() };
    let page = state.views.runs(&filter, &Paging { limit: Limit::ONE, cursor: None });
    Ok(page.map_err(|error| Problem::internal(&error))?.items.into_iter().next())
}

/// The effect of `scheme`, in a sentence with the name of its source.
pub(crate) fn in_words(state: &AdminState, scheme: &Scheme) -> String {
    let sources = state.sources();
    let source = sources.iter().find(|row| *row.id() == scheme.source);
    rules::sentence(scheme, source.map_or(scheme.source.as_str(), SourceRow::name))
}

/// The names in a scheme that its product does not have, as far as they were looked up: each with what to do.
pub(crate) fn unresolved_names(state: &AdminState, id: &SchemeId, scheme: &Scheme) -> Vec<String> {
    let Some(references) = state.references(&scheme.source) else { return Vec::new() };
    let told = references.standing_of_scheme(id).unresolved.into_iter();
    told.map(|missing| {
        let (key, name, kind) = (missing.at.as_str(), &missing.name, missing.at.kind());
        let meant = missing.suggestion.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let held = if missing.at.is_protective() { "; what takes something away is held until then" } else { "" };
        format!("`{key}`: the {kind} `{name}`: {}{meant}{held}", missing.why)
    })
    .collect()
}

/// The next time at which the scheduler runs `scheme`.
fn next_time(scheme: &Scheme, now: Timestamp) -> Option<Timestamp> {
    match &scheme.trigger {
        Trigger::Schedule(schedule) if scheme.enabled => schedule.next_after(now),
        _ => None,
    }
}

/// All schemes: those of the configuration file, then stored ones.
#[utoipa::path(
    get, path = "/schemes", tag = "schemes", params(query::List), responses(
        (status = 200, body = Page<SchemeRow>),
        (status = 409, description = "What the cursor stands behind is gone."),
    )
)]
pub(super) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || {
        let open = open_runs(&state)?;
        let mut seen = state.settings.list();
        seen.retain(|listed| lookup::sees(&caller, listed));
        let Page { items: listed, next } = page(&seen, &query.paging(), |listed| listed.id.as_str())?;
        let (mut items, mut length, count) = (Vec::new(), 0, listed.len());
        for listed in listed {
            let row = SchemeRow::new(&state, listed, &open)?;
            length += written(&row)?;
            if length > MAX_PAGE && !items.is_empty() {
                break;
            }
            items.push(row);
        }
        let cut = items.last().filter(|_| items.len() < count).map(|last| Cursor::behind(last.id()));
        Ok(Page { next: cut.or(next), items })
    })
    .await
}

/// The length of `row` as JSON.
fn written(row: &SchemeRow) -> Result<usize, Problem> {
    serde_json::to_vec(row).map(|json| json.len()).map_err(|error| Problem::internal(&error))
}

/// One scheme, with its `ETag`.
#[utoipa::path(
    get, path = "/schemes/{id}", tag = "schemes", params(("id" = String, Path)),
    responses((status = 200, body = SchemeRow), (status = 404, description = "There is no such scheme."))
)]
pub(super) async fn one(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    done(state.runtime(), move || {
        let listed = lookup::scheme(&state, &caller, &id)?;
        shown(&state, StatusCode::OK, listed)
    })
    .await
}

/// Stores a scheme under an id that is free.
#[utoipa::path(
    post, path = "/schemes", tag = "schemes", params(parameters::Named), request_body = SchemeText,
    responses(
        (status = 201, body = SchemeRow),
        (status = 409, description = "The id is taken."),
        (status = 413, description = "The scheme is too long."),
        (status = 422, description = "The scheme can't be used; `problems` says where and why."),
        (status = 503, description = "It can't be stored now."),
    )
)]
pub(super) async fn create(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let listed = store::create_scheme(&state, &caller, lookup::text(body)?).await?;
    done(state.runtime(), move || {
        let place = (header::LOCATION, format!("/api/v1/schemes/{}", listed.id));
        shown(&state, StatusCode::CREATED, listed).map(|answer| answer.with(place))
    })
    .await
}

/// Stores a scheme in place of the one that is there.
#[utoipa::path(
    put, path = "/schemes/{id}", tag = "schemes", request_body = SchemeText,
    params(("id" = String, Path), parameters::Named, parameters::Unchanged),
    responses(
        (status = 200, body = SchemeRow),
        (status = 404, description = "There is no such scheme."),
        (status = 409, description = "It stands in the configuration file."),
        (status = 412, description = "It has been changed since."),
        (status = 413, description = "The scheme is too long."),
        (status = 422, description = "The scheme can't be used; `problems` says where and why."),
        (status = 428, description = "`If-Match` is missing."),
        (status = 503, description = "It can't be stored now."),
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
    let before = store::changeable(&state, &caller, &id)?;
    let (text, if_match) = (lookup::text(body)?, if_match(&request)?);
    let listed = store::replace_scheme(&state, &caller, before, text, if_match).await?;
    done(state.runtime(), move || shown(&state, StatusCode::OK, listed)).await
}

/// Deletes a stored scheme.
#[utoipa::path(
    delete, path = "/schemes/{id}", tag = "schemes", params(("id" = String, Path), parameters::Named, parameters::Unchanged),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such scheme."),
        (status = 409, description = "It stands in the configuration file."),
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
    let (before, if_match) = (store::changeable(&state, &caller, &id)?, if_match(&request)?);
    store::delete_scheme(&state, &caller, before, &if_match).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A scheme with its tag; waits for the disk.
fn shown(state: &AdminState, status: StatusCode, listed: SchemeView) -> Result<ApiResponse, Problem> {
    let tag = etag(&listed.tag);
    let row = SchemeRow::new(state, listed, &open_runs(state)?)?;
    ApiResponse::json(status, &row).map(|answer| answer.with(tag))
}
