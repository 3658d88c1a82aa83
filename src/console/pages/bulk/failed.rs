//! `/runs/{id}/pick`: picks those users of a run for whom a step has failed.

use std::collections::HashSet;

use super::keep::see;
use crate::{
    admin::{
        AdminState, Chosen, Problem,
        identity::{About, Permission},
        make_pick,
    },
    console::{Answer, Asked, form::Form, pages::runs},
    domain::{Pick, RunId, StepResult, UserId},
    views::{EntryFilter, EntryResult, Limit, Paging},
};

/// The users of the run `id` for whom a step has failed, each once; waits for the disk.
fn failed(state: &AdminState, id: &RunId) -> Result<Vec<UserId>, Problem> {
    let filter = EntryFilter { result: Some(EntryResult::Step(StepResult::Failed)), ..EntryFilter::default() };
    let (mut users, mut seen, mut cursor) = (Vec::new(), HashSet::new(), None);
    loop {
        let paging = Paging { limit: Limit::MAX, cursor: cursor.take() };
        let page = state.views().entries(id, &filter, &paging).map_err(|error| Problem::internal(&error))?;
        let Some(page) = page else { return Ok(users) };
        for entry in page.items {
            let user = UserId::new(entry.user);
            if seen.insert(user.clone()) {
                users.push(user);
            }
        }
        match page.next {
            Some(next) if users.len() <= Pick::MAX_USERS => cursor = Some(next),
            _ => return Ok(users),
        }
    }
}

/// `POST /runs/{id}/pick`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not change many users; [`Problem::NotFound`] if there is no such run,
/// [`Problem::Conflict`] if nothing of it has failed; those of a pick by the API.
pub(in crate::console) async fn pick(asked: Asked, _: Form) -> Result<Answer, Problem> {
    let run = runs::one::run(&asked).await?;
    asked.may(Permission::Bulk, About::Source(&run.source))?;
    let id = run.id.clone();
    let users = asked.read(move |state: &AdminState| failed(state, &id)).await?;
    if users.is_empty() {
        return Err(Problem::Conflict(format!(
            "no step of the run `{}` has failed, so there is nobody to pick",
            run.id
        )));
    }
    let caller = asked.principal().clone();
    let made = asked
        .wait(move |state| async move { make_pick(&state, &caller, &run.source, Chosen::Users(users)).await })
        .await?;
    see(&asked, &made.pick.id)
}
