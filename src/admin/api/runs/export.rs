//! Runs and entries as files, for spreadsheets and programs.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};
use serde::Serialize;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
};

use super::history;
use crate::{
    admin::{
        AdminState,
        api::{
            Problem,
            csv::Csv,
            read,
            request::{
                lookup, query,
                stream::{LongAnswer, turn},
                work::done,
            },
        },
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    domain::RunId,
    views::{self, Entry as StepEntry, EntryFilter, Filter, Limit, Page, Paging, Run},
};

/// The bytes that are sent together.
const CHUNK: usize = 64 * 1024;
/// The number of exports at once.
static WRITING: Semaphore = Semaphore::const_new(4);

const CSV: &str = "text/csv; charset=utf-8";
const JSON: &str = "application/json";

const RUNS: [&str; 25] = [
    "run",
    "kind",
    "scheme",
    "scheme_version",
    "source",
    "trigger",
    "by",
    "reason",
    "state",
    "why",
    "test_mode",
    "started",
    "finished",
    "user",
    "name",
    "selected",
    "changed",
    "unchanged",
    "tested",
    "held",
    "failed",
    "unknown",
    "undo_of",
    "undone_by",
    "fell_out",
];
const ENTRIES: [&str; 19] = [
    "run",
    "scheme",
    "scheme_version",
    "source",
    "user",
    "name",
    "action",
    "target",
    "result",
    "reason",
    "before",
    "after",
    "at",
    "duration_ms",
    "attempts",
    "error",
    "operation",
    "status",
    "test_mode",
];

/// Runs as CSV, newest first. `limit` and `cursor` are not used.
#[utoipa::path(
    get, path = "/runs.csv", tag = "runs", params(query::Runs),
    responses((status = 200, content_type = "text/csv; charset=utf-8", body = String))
)]
pub(in crate::admin::api) async fn runs_csv(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Runs>,
) -> Result<HttpResponse, Problem> {
    let (filter, user, _) = query.split();
    export_runs(&state, &caller, FileFormat::Csv, filter, user).await
}

/// Runs as JSON, newest first. `limit` and `cursor` are not used.
#[utoipa::path(
    get, path = "/runs.json", tag = "runs", params(query::Runs), responses((status = 200, body = Page<Run>))
)]
pub(in crate::admin::api) async fn runs_json(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Runs>,
) -> Result<HttpResponse, Problem> {
    let (filter, user, _) = query.split();
    export_runs(&state, &caller, FileFormat::Json, filter, user).await
}

/// The entries of a run as CSV. `limit` and `cursor` are not used.
#[utoipa::path(
    get, path = "/runs/{id}/entries.csv", tag = "runs", params(("id" = String, Path), query::Entries),
    responses(
        (status = 200, content_type = "text/csv; charset=utf-8", body = String),
        (status = 404, description = "There is no such run."),
    )
)]
pub(in crate::admin::api) async fn entries_csv(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query): Query<query::Entries>,
) -> Result<HttpResponse, Problem> {
    let (filter, user, _) = query.split();
    export_entries(&state, &caller, FileFormat::Csv, RunId::new(id.into_inner()), (filter, user)).await
}

/// The entries of a run as JSON. `limit` and `cursor` are not used.
#[utoipa::path(
    get, path = "/runs/{id}/entries.json", tag = "runs", params(("id" = String, Path), query::Entries),
    responses((status = 200, body = Page<StepEntry>), (status = 404, description = "There is no such run."))
)]
pub(in crate::admin::api) async fn entries_json(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query): Query<query::Entries>,
) -> Result<HttpResponse, Problem> {
    let (filter, user, _) = query.split();
    export_entries(&state, &caller, FileFormat::Json, RunId::new(id.into_inner()), (filter, user)).await
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileFormat {
    Csv,
    Json,
}

/// The runs that `filter` lets through, newest first, as a file; `user` names the one whose runs are wanted. It is
/// recorded.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read; [`Problem::Unavailable`] if it can't be recorded, or too many
/// files are being written.
pub(crate) async fn export_runs(
    state: &Data<AdminState>,
    caller: &Principal,
    format: FileFormat,
    filter: Filter,
    user: Option<String>,
) -> Result<HttpResponse, Problem> {
    let entry = Entry::new(Act::Export, Object::Other("list", "runs".into()));
    let entry = filter.source.iter().fold(entry, Entry::about);
    let (of, by) = (Data::clone(state), caller.clone());
    let filter = read(state.runtime(), move || history::named(&of, &by, filter, user.as_deref())).await?;
    let turn = begun(state, caller, entry).await?;
    let (runtime, state) = (state.runtime(), Data::clone(state));
    Ok(match format {
        FileFormat::Csv => export(&runtime, turn, (CSV, "runs.csv"), move |out| {
            let mut csv = Csv::begin(out, &RUNS)?;
            all(|paging| state.views.runs(&filter, paging), |run| csv.line(run_cells(&run)))?;
            csv.end()
        }),
        FileFormat::Json => export(&runtime, turn, (JSON, "runs.json"), move |out| {
            json(out, |write| all(|paging| state.views.runs(&filter, paging), |run| write(&run)))
        }),
    })
}

/// The entries of the run `id` that the filter lets through, as a file; the text names the user whose entries are wanted.
/// It is recorded.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` sees no such run; an internal [`Problem`] if the views can't be read;
/// [`Problem::Unavailable`] if it can't be recorded, or too many files are being written.
pub(crate) async fn export_entries(
    state: &Data<AdminState>,
    caller: &Principal,
    format: FileFormat,
    id: RunId,
    wanted: (EntryFilter, Option<String>),
) -> Result<HttpResponse, Problem> {
    let (run, filter) = run_and_filter(state, caller, id, wanted).await?;
    let entry = Entry::new(Act::Export, Object::Run(run.id.clone())).about(&run.source);
    let turn = begun(state, caller, entry).await?;
    let (runtime, state) = (state.runtime(), Data::clone(state));
    Ok(match format {
        FileFormat::Csv => export(&runtime, turn, (CSV, "entries.csv"), move |out| {
            let mut csv = Csv::begin(out, &ENTRIES)?;
            all(|paging| entries(&state, &run.id, &filter, paging), |entry| csv.line(entry_cells(&run, &entry)))?;
            csv.end()
        }),
        FileFormat::Json => export(&runtime, turn, (JSON, "entries.json"), move |out| {
            json(out, |write| all(|paging| entries(&state, &run.id, &filter, paging), |entry| write(&entry)))
        }),
    })
}

/// A place among those that write exports, once the export is recorded.
///
/// # Errors
/// [`Problem::Unavailable`] if too many are being written, or it can't be recorded.
async fn begun(state: &AdminState, caller: &Principal, entry: Entry) -> Result<SemaphorePermit<'static>, Problem> {
    let turn = turn(&WRITING, "four exports are being written")?;
    state.record(caller, entry).await?;
    Ok(turn)
}

/// The file called `name`, of this `content_type`, that `write` writes.
fn export(
    runtime: &Handle,
    turn: SemaphorePermit<'static>,
    (content_type, name): (&'static str, &'static str),
    write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> HttpResponse {
    LongAnswer { what: "an export", content_type, name, chunk: CHUNK }.written(runtime, turn, write)
}

async fn run_and_filter(
    state: &Data<AdminState>,
    caller: &Principal,
    id: RunId,
    (filter, user): (EntryFilter, Option<String>),
) -> Result<(Run, EntryFilter), Problem> {
    let (runtime, state, caller) = (state.runtime(), state.clone(), caller.clone());
    done(runtime, move || {
        let run = lookup::run(&state, &caller, &id)?;
        let filter = history::named_in(&state, filter, user.as_deref()).map_err(|error| Problem::internal(&error))?;
        Ok((run, filter))
    })
    .await
}

/// The page of a run's entries; an empty one if the run was removed meanwhile.
fn entries(
    state: &AdminState,
    run: &RunId,
    filter: &EntryFilter,
    paging: &Paging,
) -> Result<Page<StepEntry>, views::Error> {
    Ok(state.views.entries(run, filter, paging)?.unwrap_or(Page { items: Vec::new(), next: None }))
}

/// Passes all items of a list to `take`, page by page.
fn all<T>(
    page: impl Fn(&Paging) -> Result<Page<T>, views::Error>,
    mut take: impl FnMut(T) -> io::Result<()>,
) -> io::Result<()> {
    let mut paging = Paging { limit: Limit::MAX, cursor: None };
    loop {
        let Page { items, next } = page(&paging).map_err(io::Error::other)?;
        items.into_iter().try_for_each(&mut take)?;
        match next {
            Some(next) => paging.cursor = Some(next),
            None => return Ok(()),
        }
    }
}

/// A list as JSON, whose items `items` writes one by one.
fn json<T: Serialize>(
    out: &mut dyn Write,
    items: impl FnOnce(&mut dyn FnMut(&T) -> io::Result<()>) -> io::Result<()>,
) -> io::Result<()> {
    out.write_all(br#"{"items":["#)?;
    let mut is_first = true;
    items(&mut |item: &T| {
        if !std::mem::take(&mut is_first) {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, item).map_err(io::Error::other)
    })?;
    out.write_all(br#"],"next":null}"#)
}

type Cell<'a> = Cow<'a, str>;

fn text(text: &str) -> Cell<'_> {
    Cow::Borrowed(text)
}

fn optional<T: ToString>(value: Option<&T>) -> Cell<'static> {
    Cow::Owned(value.map(T::to_string).unwrap_or_default())
}

fn shown(value: impl ToString) -> Cell<'static> {
    Cow::Owned(value.to_string())
}

fn run_cells(run: &Run) -> [Cell<'_>; 25] {
    let counts = &run.counts;
    [
        text(run.id.as_str()),
        text(run.kind.as_str()),
        text(run.scheme.as_str()),
        text(&run.scheme_version),
        text(run.source.as_str()),
        text(&run.trigger),
        optional(run.by.as_ref()),
        optional(run.reason.as_ref()),
        text(run.state.as_str()),
        optional(run.why.as_ref()),
        shown(run.test_mode),
        shown(run.started),
        optional(run.finished.as_ref()),
        optional(run.user.as_ref()),
        optional(run.user_name.as_ref()),
        shown(counts.selected),
        shown(counts.changed),
        shown(counts.unchanged),
        shown(counts.tested),
        shown(counts.held),
        shown(counts.failed),
        shown(counts.unknown),
        optional(run.undo_of.as_ref()),
        optional(run.undone_by.as_ref()),
        shown(run.fell_out),
    ]
}

fn entry_cells<'a>(run: &'a Run, entry: &'a StepEntry) -> [Cell<'a>; 19] {
    [
        text(run.id.as_str()),
        text(run.scheme.as_str()),
        text(&run.scheme_version),
        text(run.source.as_str()),
        text(&entry.user),
        optional(entry.user_name.as_ref()),
        text(&entry.action),
        text(&entry.target),
        text(&entry.result),
        text(&entry.reason),
        optional(entry.before.as_ref()),
        optional(entry.after.as_ref()),
        shown(entry.at),
        shown(entry.duration_ms),
        shown(entry.attempts),
        optional(entry.error.as_ref()),
        optional(entry.call.as_ref().map(|call| &call.operation)),
        optional(entry.call.as_ref().and_then(|call| call.status.as_ref())),
        shown(run.test_mode),
    ]
}
