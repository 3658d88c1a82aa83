//! `GET /api/openapi.json`: the description of the API, made from the handlers and the types of their answers.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header, web::Query};
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        Content, Ref, RefOr, ResponseBuilder,
        path::{Operation, PathItem},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::{
    PREFIX, audit, backup, bulk, dead_letters, drafts, estimate, explain, newcomers, pauses, picks, products,
    request::query,
    runs::{self, delete, export, history},
    schemas::{self, SchemeText, SourceText},
    schemes, sources, users,
};
use crate::admin::{Problem, problem::Document};

/// Everything below the prefix.
#[derive(OpenApi)]
#[openapi(
    info(description = "Event-driven user management for Atlassian products: what an administrator sees and sets."),
    paths(
        history::runs, history::groups, history::run, history::entries, history::entries_about, history::diff,
        delete::delete, export::runs_csv, export::runs_json, export::entries_csv, export::entries_json, runs::release, runs::cancel, runs::undo::plan, runs::undo::undo,
        history::decisions,
        dead_letters::list, dead_letters::groups, dead_letters::redrive, dead_letters::one, dead_letters::dismiss,
        dead_letters::dismiss_many,
        audit::list, audit::csv,
        backup::backup,
        products::list,
        sources::list, sources::one, sources::changes::create, sources::changes::replace, sources::changes::delete,
        sources::check::check_new, sources::check::check_one,
        sources::health::health, sources::pickers::groups, sources::pickers::directories, sources::pickers::applications,
        pauses::pause_source, pauses::resume_source, newcomers::release, newcomers::dismiss,
        schemes::list, schemes::create, schemes::one, schemes::replace, schemes::delete,
        schemes::history::history, schemes::history::version, schemes::history::diff,
        schemes::check::check, schemes::next::next, schemes::conflicts::list,
        bulk::plan, bulk::order,
        drafts::list, drafts::create, drafts::one, drafts::replace, drafts::delete,
        explain::explain, explain::preview, explain::preview_now, explain::preview_csv, estimate::estimate,
        picks::list, picks::create, picks::file::create, picks::one, picks::delete, picks::add, picks::remove,
        picks::users::list, picks::users::export, picks::saved::list, picks::saved::create, picks::saved::delete,
        users::list, users::refresh, users::csv::export, users::one::one, users::explain::explain, users::timeline::timeline,
        runs::run_now, pauses::pause_scheme, pauses::resume_scheme,
    ),
    components(schemas(Document, picks::filter::FilterText)),
    security(("token" = [])),
    modifiers(&ForAll),
)]
struct Declared;

/// The common parts of all operations: the servers, the token, and the form of errors.
struct ForAll;

impl Modify for ForAll {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let paths = std::mem::take(&mut api.paths.paths);
        api.paths.paths = paths.into_iter().map(|(path, item)| (format!("{PREFIX}{path}"), item)).collect();
        for (path, item) in &mut api.paths.paths {
            for (method, operation) in operations(item) {
                operation.operation_id =
                    Some(format!("{method}{}", path.replace(PREFIX, "").replace(['/', '-', '.'], "_")));
                answer(operation);
                take_yaml(operation);
            }
        }
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, .. } = item;
    let methods = [("get", get), ("put", put), ("post", post), ("delete", delete)];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// A scheme or a source may be written in either.
fn take_yaml(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let Some(RefOr::T(json)) = body.content.get("application/json").cloned() else { return };
    let texts = [SchemeText::name(), SourceText::name()].map(|name| Some(RefOr::Ref(Ref::from_schema_name(name))));
    if texts.contains(&json.schema) {
        body.content.insert("application/yaml".to_owned(), json.into());
    }
}

/// Adds how every operation may refuse, that a refusal is a problem document, and what else goes without saying.
fn answer(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for (status, description) in [
        ("400", "A parameter, a header or the body can't be understood."),
        ("401", "The token is missing or wrong."),
        ("403", "The role of the token does not allow it, or the token is kept to some sources."),
        ("429", "Too many wrong tokens were sent."),
        ("500", "usher could not answer; its log says why."),
    ] {
        responses.insert(status.to_owned(), ResponseBuilder::new().description(description).build().into());
    }
    let busy = ResponseBuilder::new().description("usher is busy with other requests to its API.").build();
    responses.entry("503".to_owned()).or_insert_with(|| busy.into());
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with(['4', '5']) {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content.insert("application/problem+json".to_owned(), problem.into());
        } else if response.description.is_empty() {
            response.description = operation.summary.clone().unwrap_or_default();
        }
    }
}

/// The document: the same as long as this usher runs.
pub(super) static TEXT: LazyLock<Result<String, serde_json::Error>> = LazyLock::new(|| {
    let mut document = serde_json::to_value(Declared::openapi())?;
    schemas::describe(&mut document["components"]["schemas"]);
    serde_json::to_string(&document)
});

/// `GET /api/openapi.json`.
pub(super) async fn openapi(Query(query::Nothing {}): Query<query::Nothing>) -> Result<HttpResponse, Problem> {
    let text = TEXT.as_ref().map_err(|error| Problem::internal(error))?;
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(text.as_str()))
}
