//! The users of a pick: page by page, and as CSV.

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};

use super::{asked::Export, make::own_pick, rows::PickedPage};
use crate::{
    admin::{
        AdminState, Problem,
        api::{
            ApiResponse, page,
            request::{parameters, query, work::answered},
            users::csv,
        },
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    views::{Page, Paging},
};

/// The users of a pick, in the order of picking. One who is not in the last list of the source's users has nothing but the
/// id.
#[utoipa::path(
    get, path = "/picks/{id}/users", tag = "picks",
    params(("id" = String, Path), query::List, parameters::Named),
    responses(
        (status = 200, body = PickedPage),
        (status = 404, description = "You have no such pick."),
        (status = 409, description = "The user whom the cursor stands behind is not in it any more."),
    )
)]
pub(in crate::admin::api) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || picked_users(&state, &caller, &id, &query.paging())).await
}

/// The users of a pick as CSV, with the columns of `/users.csv`, in the order of picking. A cell that a spreadsheet would
/// take for a formula gets an apostrophe before it, unless `raw=true`.
#[utoipa::path(
    get, path = "/picks/{id}.csv", tag = "picks", params(("id" = String, Path), Export, parameters::Named),
    responses(
        (status = 200, content_type = "text/csv", body = String),
        (status = 404, description = "You have no such pick."),
        (status = 503, description = "It can't be recorded now, or two exports are being made."),
    )
)]
pub(in crate::admin::api) async fn export(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(Export { raw }): Query<Export>,
) -> Result<HttpResponse, Problem> {
    picked_csv(&state, &caller, &id, raw).await
}

/// A page of the users of a pick of `caller`. It waits for the disk.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such pick, [`Problem::Conflict`] if the user behind the cursor is not in it; an
/// internal [`Problem`] if the list of users can't be read.
pub(crate) fn picked_users(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    paging: &Paging,
) -> Result<PickedPage, Problem> {
    let pick = own_pick(state, caller, id)?;
    let Page { items, next } = page(&pick.users, paging, |user| user.as_str())?;
    let roster = state.users.standing(&pick.source)?;
    Ok(PickedPage { roster, items: state.users.picked(&pick.source, &items)?, next })
}

/// The users of a pick of `caller` as CSV. It is recorded.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such pick; [`Problem::Unavailable`] if it can't be recorded, or two exports are
/// being made already.
pub(crate) async fn picked_csv(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    raw: bool,
) -> Result<HttpResponse, Problem> {
    let pick = own_pick(state, caller, id)?;
    let making = csv::turn_for_export()?;
    let entry = Entry::new(Act::Export, Object::Other("pick", pick.id.clone()));
    state.record(caller, entry.about(&pick.source)).await?;
    Ok(csv::answer(state, making, move |users, out| csv::write_picked(users, &pick, raw, out)))
}
