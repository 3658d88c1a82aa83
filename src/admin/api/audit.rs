//! The acts of administrators, from the views of the log; as a list, and as a file.

use std::{borrow::Cow, io};

use actix_web::web::{Data, Query};

use super::{
    ApiResponse, Problem,
    csv::Csv,
    read_out,
    request::{query, work},
};
use crate::{
    admin::{
        AdminState,
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    views::{ActionFilter, AdminActionRow, Limit, Page, Paging, Views},
};

/// The highest number of rows in a file.
const MAX_ROWS: usize = 100_000;
/// The columns. New ones go to the end.
const COLUMNS: [&str; 14] =
    ["id", "at", "by", "role", "via", "from", "action", "on", "source", "before", "after", "reason", "run", "result"];

/// The acts of administrators, newest first: changes, exports, and attempts that were refused. They are kept for 400
/// days.
#[utoipa::path(
    get, path = "/audit", tag = "audit", params(query::Audit),
    responses((status = 200, body = Page<AdminActionRow>))
)]
pub(super) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Audit>,
) -> Result<ApiResponse, Problem> {
    let (filter, paging) = query.split(&caller.sources);
    read_out(state.runtime(), move || state.views.admin_actions(&filter, &paging)).await
}

/// The same as CSV, for spreadsheets: 100,000 rows at most. The export is recorded too.
#[utoipa::path(
    get, path = "/audit.csv", tag = "audit", params(query::AuditCsv),
    responses(
        (status = 200, content_type = "text/csv; charset=utf-8", body = String),
        (status = 409, description = "More than 100,000 rows match: narrow it with `since` and `until`."),
        (status = 503, description = "It can't be recorded now."),
    )
)]
pub(super) async fn csv(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::AuditCsv>,
) -> Result<ApiResponse, Problem> {
    Ok(ApiResponse::csv("usher-audit.csv", export(&state, &caller, query.filter(&caller.sources)).await?))
}

/// The export of what administrators did that `filter` lets through, once it is recorded.
///
/// # Errors
/// [`Problem::Conflict`] if more rows match than a file may have; [`Problem::Unavailable`] if it can't be recorded.
pub(crate) async fn export(
    state: &Data<AdminState>,
    caller: &Principal,
    filter: ActionFilter,
) -> Result<Vec<u8>, Problem> {
    let views = state.views.clone();
    let making = async { work::done(state.runtime(), move || file(&views, &filter)).await };
    state.recorded(caller, Entry::new(Act::Export, Object::Other("list", "audit".into())), making).await
}

/// The rows as CSV.
fn file(views: &Views, filter: &ActionFilter) -> Result<Vec<u8>, Problem> {
    let failed = |error: io::Error| Problem::internal(&error);
    let mut bytes = Vec::new();
    let mut csv = Csv::begin(&mut bytes, &COLUMNS).map_err(failed)?;
    let (mut paging, mut rows) = (Paging { limit: Limit::MAX, cursor: None }, 0);
    loop {
        let page = views.admin_actions(filter, &paging).map_err(|error| Problem::internal(&error))?;
        rows += page.items.len();
        if rows > MAX_ROWS {
            let why =
                "more than 100,000 rows match; narrow it with `since` and `until`, and fetch one part after the other";
            return Err(Problem::Conflict(why.into()));
        }
        for row in page.items {
            csv.line(cells(row).map(Cow::Owned)).map_err(failed)?;
        }
        match page.next {
            Some(next) => paging.cursor = Some(next),
            None => break,
        }
    }
    csv.end().map_err(failed)?;
    Ok(bytes)
}

/// The cells of a row; unknown ones are empty.
fn cells(row: AdminActionRow) -> [String; COLUMNS.len()] {
    let AdminActionRow { id, at, by, role, via, from, action, on, source, before, after, reason, run, result } = row;
    let or_empty = Option::unwrap_or_default;
    let (source, run) = (source.map(|source| source.to_string()), run.map(|run| run.to_string()));
    [
        id,
        at.to_string(),
        or_empty(by),
        or_empty(role),
        via,
        or_empty(from),
        action,
        on,
        or_empty(source),
        or_empty(before),
        or_empty(after),
        or_empty(reason),
        or_empty(run),
        result,
    ]
}
