//! Storing, changing and deleting sources: the same for the API and the console.

use std::time::Duration;

use actix_web::web::Data;
use tokio::time::{sleep, timeout};

use super::needed::needed_by;
use crate::{
    admin::{
        AdminState, Problem,
        api::request::work::{in_turn, waited},
        audit::{Act, Entry, Object},
        identity::{About, Permission, Principal},
    },
    config::Source,
    domain::SourceId,
    settings::{self, IfMatch, SourceContents, SourceView},
};

/// The time for which an answer waits for the source to be taken up. It is stored in any case.
const TAKEN_UP_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval of looking.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Lets pass whoever may change sources: all of them, because a source of one's own choice may be anywhere.
///
/// # Errors
/// Those of [`AdminState::permitted`].
async fn may_change(state: &AdminState, caller: &Principal, on: Object) -> Result<(), Problem> {
    state.permitted(caller, Permission::ChangeSources, About::Everything, on).await
}

/// Stores the source in `text` under an id that is free, and records it. With a `reason` it is saved although its
/// connection was not seen to work, and is paused.
///
/// # Errors
/// [`Problem::Forbidden`] if the caller may not; [`Problem::InvalidSource`] if it can't be used, [`Problem::Conflict`] if
/// the id is taken or there is no key for its secrets, [`Problem::Unavailable`] if it can't be stored now.
pub(crate) async fn create_source(
    state: &Data<AdminState>,
    caller: &Principal,
    text: String,
    reason: Option<String>,
) -> Result<SourceView, Problem> {
    may_change(state, caller, Object::Usher).await?;
    let (runtime, state, caller) = (state.runtime(), Data::clone(state), caller.clone());
    waited(runtime, move || async move {
        let source = in_turn(|| Ok(state.settings.check_new_source(&text)?)).await?;
        let entry = Entry::new(Act::SourceCreate, Object::Source(source.id.clone()));
        let entry = entry.changing(None, Some(address_of(&source))).because(reason.clone());
        let creating = async {
            let created = state.settings.create_source(source, reason.is_some(), caller.by()).await;
            created.map_err(Problem::from)
        };
        let stored = state.recorded(&caller, entry, creating).await?;
        taken_up(&state, &stored).await;
        Ok(stored)
    })
    .await
}

/// Stores the source in `text` in place of the one with this id, as far as `if_match` allows its state, and records it.
///
/// # Errors
/// As [`create_source`]; [`Problem::NotFound`] if there is none, [`Problem::Conflict`] if it is in the configuration
/// file, [`Problem::Stale`] if it was changed since.
pub(crate) async fn replace_source(
    state: &Data<AdminState>,
    caller: &Principal,
    id: SourceId,
    text: String,
    if_match: IfMatch,
) -> Result<SourceView, Problem> {
    may_change(state, caller, Object::Source(id.clone())).await?;
    let (runtime, state, caller) = (state.runtime(), Data::clone(state), caller.clone());
    waited(runtime, move || async move {
        let source = in_turn(|| Ok(state.settings.check_source_change(&id, &text, &if_match)?)).await?;
        let before = state.settings.stored_source(&id).map(|before| before.tag);
        let entry = Entry::new(Act::SourceReplace, Object::Source(id)).changing(before, Some(address_of(&source)));
        let replacing =
            async { state.settings.replace_source(source, &if_match, caller.by()).await.map_err(Problem::from) };
        let stored = state.recorded(&caller, entry, replacing).await?;
        taken_up(&state, &stored).await;
        Ok(stored)
    })
    .await
}

/// Deletes a stored source, as far as `if_match` allows its state and nothing needs it, and records it.
///
/// # Errors
/// [`Problem::Forbidden`] if the caller may not; [`Problem::NotFound`] if there is none, [`Problem::Conflict`] if it is in
/// the configuration file or needed, [`Problem::Stale`] if it was changed since, [`Problem::Unavailable`] if it can't be
/// deleted now.
pub(crate) async fn delete_source(
    state: &Data<AdminState>,
    caller: &Principal,
    id: SourceId,
    if_match: IfMatch,
) -> Result<(), Problem> {
    may_change(state, caller, Object::Source(id.clone())).await?;
    let (runtime, state, caller) = (state.runtime(), Data::clone(state), caller.clone());
    waited(runtime, move || async move {
        let before = state.settings.stored_source(&id).map(|before| before.tag);
        let entry = Entry::new(Act::SourceDelete, Object::Source(id.clone())).changing(before, None);
        let deleting = async {
            let needed_by = || async { needed_by(&state, &id).await.iter().map(ToString::to_string).collect() };
            state.settings.delete_source(&id, &if_match, needed_by, caller.by()).await.map_err(Problem::from)
        };
        state.recorded(&caller, entry, deleting).await?;
        let is_shown = || state.sources().iter().any(|row| *row.id() == id);
        until(|| !state.register.has(&id) && !is_shown()).await;
        Ok(())
    })
    .await
}

/// A stored source that may be changed here. It is looked up first, because other faults of a request do not matter
/// without it.
///
/// # Errors
/// [`Problem::NotFound`] if there is none, [`Problem::Conflict`] if it is in the configuration file.
pub(crate) fn stored_source(state: &AdminState, caller: &Principal, id: &str) -> Result<SourceView, Problem> {
    let no_such = || Problem::NotFound { kind: "source", id: id.to_owned() };
    let id: SourceId = id.parse().map_err(|_| no_such())?;
    if !caller.sees(&id) {
        return Err(no_such());
    }
    match state.settings.stored_source(&id) {
        Some(stored) => Ok(stored),
        None if state.sources().iter().any(|row| *row.id() == id) => Err(settings::Error::ProvisionedSource(id).into()),
        None => Err(no_such()),
    }
}

/// A source in short, for the record.
fn address_of(source: &Source) -> String {
    format!("{} at {}", source.product, source.address())
}

/// Waits until this process works with the source as it is stored now, for some seconds at most.
async fn taken_up(state: &AdminState, stored: &SourceView) {
    let SourceContents::Readable(source) = &stored.contents else { return };
    let Ok(yaml) = source.as_yaml() else { return };
    let is_shown = || state.sources().iter().any(|row| *row.id() == source.id && row.yaml() == yaml);
    until(|| state.register.has(&source.id) && is_shown()).await;
}

async fn until(holds: impl Fn() -> bool) {
    let held = async {
        while !holds() {
            sleep(POLL_INTERVAL).await;
        }
    };
    // It is stored, and comes later.
    let _in_time = timeout(TAKEN_UP_TIMEOUT, held).await;
}
