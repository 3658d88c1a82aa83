//! Making and changing picks, for the API and the console.
//!
//! None of this is recorded among what administrators did: a pick changes nothing in any product, and nothing is done by
//! it. The bulk action that uses it is recorded, with its users.

use std::sync::Arc;

use super::{
    filter::FilterText,
    rows::{PickMade, PickProblem, PickProblems, PickRow},
};
use crate::{
    admin::{
        AdminState, Problem,
        api::request::{lookup, work::in_turn},
        identity::Principal,
    },
    domain::{Pick, SourceId, UserId},
    roster::{Matched, NoMatch},
    settings::{Error, IfMatch, PickChange, PickContent, PickedFrom},
    user_list::{ListedAs, ListedRow},
};

/// The users that somebody chooses.
#[derive(Debug, Clone)]
pub(crate) enum Chosen {
    /// Those with these ids.
    Users(Vec<UserId>),
    /// All who match now.
    Filter(FilterText),
}

/// Chosen users, with what was left out.
pub(super) struct Selection {
    pub(super) users: Vec<UserId>,
    /// The base in words.
    pub(super) from: String,
    /// The list that they are picked from.
    pub(super) list: PickedFrom,
    pub(super) problems: Vec<PickProblem>,
}

/// The pick `id` of `caller`.
///
/// # Errors
/// [`Problem::NotFound`] if they have none.
pub(crate) fn own_pick(state: &AdminState, caller: &Principal, id: &str) -> Result<Arc<Pick>, Problem> {
    let pick = state.settings.pick(id, &caller.by()).filter(|pick| caller.sees(&pick.source));
    pick.ok_or_else(|| Problem::NotFound { kind: "pick", id: id.to_owned() })
}

/// Keeps the users of `source` whom `chosen` means now as a new pick of `caller`. It waits for the disk.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source; [`Problem::Conflict`] if no list of its users is kept, or there are
/// as many picks or users as are kept; [`Problem::BadRequest`] if groups are asked for; [`Problem::Unavailable`] if it
/// can't be kept now.
pub(crate) async fn make_pick(
    state: &AdminState,
    caller: &Principal,
    source: &SourceId,
    chosen: Chosen,
) -> Result<PickMade, Problem> {
    let source = lookup::source(state, caller, source.as_str())?;
    let selection = in_turn(|| select(state, &source, chosen)).await?;
    keep(state, caller, source, selection).await
}

/// Adds the users whom `chosen` means now to a pick of `caller`. It waits for the disk.
///
/// # Errors
/// As [`make_pick`]; [`Problem::NotFound`] if there is no such pick, [`Problem::Stale`] if `if_match` does not allow its
/// state.
pub(crate) async fn add_to_pick(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    if_match: &IfMatch,
    chosen: Chosen,
) -> Result<PickMade, Problem> {
    let source = own_pick(state, caller, id)?.source.clone();
    let list_counts = matches!(chosen, Chosen::Filter(_));
    let Selection { users, list, problems, .. } = in_turn(|| select(state, &source, chosen)).await?;
    let change = PickChange::Add { users, list: list_counts.then_some(list) };
    changed(state, caller, id, if_match, change, problems).await
}

/// Removes the users whom `chosen` means now from a pick of `caller`. It waits for the disk.
///
/// # Errors
/// As [`add_to_pick`].
pub(crate) async fn remove_from_pick(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    if_match: &IfMatch,
    chosen: Chosen,
) -> Result<PickMade, Problem> {
    let source = own_pick(state, caller, id)?.source.clone();
    let users = match chosen {
        // Also one whom the list has lost is removed by the id.
        Chosen::Users(users) => users,
        Chosen::Filter(_) => in_turn(|| select(state, &source, chosen)).await?.users,
    };
    changed(state, caller, id, if_match, PickChange::Remove(users.into_iter().collect()), Vec::new()).await
}

/// Deletes a pick of `caller`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such pick, [`Problem::Stale`] if `if_match` does not allow its state,
/// [`Problem::Unavailable`] if it can't be deleted now.
pub(crate) async fn delete_pick(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    if_match: &IfMatch,
) -> Result<(), Problem> {
    own_pick(state, caller, id)?;
    Ok(state.settings.delete_pick(id, &caller.by(), if_match).await?)
}

/// Keeps a selection as a new pick.
pub(super) async fn keep(
    state: &AdminState,
    caller: &Principal,
    source: SourceId,
    selection: Selection,
) -> Result<PickMade, Problem> {
    let Selection { users, from, list, problems } = selection;
    let pick = state.settings.create_pick(caller.by(), PickContent { source, users, from, list }).await?;
    Ok(PickMade { pick: PickRow::from(&*pick), left_out: PickProblems::new(problems), file: None })
}

async fn changed(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    if_match: &IfMatch,
    change: PickChange,
    problems: Vec<PickProblem>,
) -> Result<PickMade, Problem> {
    let pick = state.settings.change_pick(id, &caller.by(), if_match, change).await?;
    Ok(PickMade { pick: PickRow::from(&*pick), left_out: PickProblems::new(problems), file: None })
}

/// The users of `source` whom `chosen` means now.
fn select(state: &AdminState, source: &SourceId, chosen: Chosen) -> Result<Selection, Problem> {
    match chosen {
        Chosen::Users(ids) => named(state, source, ids),
        Chosen::Filter(filter) => matching(state, source, &filter),
    }
}

/// The list of the users of `source`; none if no lists are kept.
///
/// # Errors
/// [`Problem::Conflict`] if lists are kept, and there is none of this source yet.
pub(super) fn list_of(state: &AdminState, source: &SourceId) -> Result<Option<PickedFrom>, Problem> {
    if !state.users.are_kept() {
        return Ok(None);
    }
    let roster = state.users.standing(source)?;
    let Some(as_of) = roster.as_of else {
        let why = roster.why.unwrap_or_default();
        return Err(Problem::Conflict(format!("nobody of `{source}` can be picked yet: {why}")));
    };
    Ok(Some(PickedFrom { as_of: Some(as_of), incomplete: roster.why }))
}

fn matching(state: &AdminState, source: &SourceId, text: &FilterText) -> Result<Selection, Problem> {
    let filter = text.filter()?;
    let Some(list) = list_of(state, source)? else {
        let why = "`console.roster` is `off`, so usher keeps no list of users and a filter finds nobody; set \
            `console.roster.keep`, or pick users by their ids";
        return Err(Problem::Conflict(why.into()));
    };
    let mut users = Vec::new();
    state.users.each(source, &filter, |rows| {
        users.extend(rows.into_iter().map(|row| row.id));
        users.len() <= Pick::MAX_USERS
    })?;
    if users.len() > Pick::MAX_USERS {
        return Err(Error::PickTooLong(Pick::MAX_USERS).into());
    }
    Ok(Selection { users, from: text.words(), list, problems: Vec::new() })
}

fn named(state: &AdminState, source: &SourceId, ids: Vec<UserId>) -> Result<Selection, Problem> {
    if ids.len() > Pick::MAX_USERS {
        return Err(Error::PickTooLong(Pick::MAX_USERS).into());
    }
    let from = if ids.len() == 1 { "1 id".to_owned() } else { format!("{} ids", ids.len()) };
    let list = list_of(state, source)?;
    let rows = ids.into_iter().zip(1..).map(|(id, line)| ListedRow { line, who: ListedAs::Id(id.as_str().to_owned()) });
    let Matched { users, problems } = matched(state, source, &rows.collect::<Vec<_>>())?;
    // An id that is named twice is picked once, and nobody needs to be told.
    let unknown = problems.iter().filter(|problem| !matches!(problem.why, NoMatch::Twice { .. }));
    let problems = unknown.map(|problem| PickProblem::new(None, &problem.value, problem.why)).collect();
    Ok(Selection { users, from, list: list.unwrap_or_default(), problems })
}

/// The users of `source` for whom `rows` stand. Where no list is kept, ids are taken as they are, and nothing else is.
pub(super) fn matched(state: &AdminState, source: &SourceId, rows: &[ListedRow]) -> Result<Matched, Problem> {
    Ok(state.users.matched(source, rows)?)
}
