//! Storing, changing and deleting schemes: the same for the API and the console.

use actix_web::web::Data;

use super::conflicts;
use crate::{
    admin::{
        AdminState, Problem,
        api::{
            references,
            request::{
                lookup,
                work::{in_turn, waited},
            },
        },
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    config::CheckedScheme,
    domain::Scheme,
    settings::{self, IfMatch, SchemeView},
};

/// Stores the scheme in `text` under an id that is free, and records it. The warnings about it are those of this moment.
///
/// # Errors
/// [`Problem::InvalidScheme`] if it can't be used, [`Problem::Conflict`] if the id is taken, [`Problem::Unavailable`] if
/// it can't be stored now.
pub(crate) async fn create_scheme(
    state: &Data<AdminState>,
    caller: &Principal,
    text: String,
) -> Result<SchemeView, Problem> {
    let (runtime, state, caller) = (state.runtime(), Data::clone(state), caller.clone());
    waited(runtime, move || async move {
        let checked = in_turn(|| Ok(state.settings.check_new(&text)?)).await?;
        lookup::own(&caller, &checked.scheme)?;
        let found = found_beside(&state, &checked).await?;
        let creating =
            async { state.settings.create(checked.scheme.clone(), caller.by()).await.map_err(Problem::from) };
        let mut listed = state.recorded(&caller, storing(Act::SchemeCreate, None, &checked.scheme), creating).await?;
        listed.warnings.extend(found);
        Ok(listed)
    })
    .await
}

/// Stores the scheme in `text` in place of `before`, as far as `if_match` allows its state, and records it.
///
/// # Errors
/// As [`create_scheme`]; [`Problem::NotFound`] if there is none, [`Problem::Conflict`] if it is in the configuration
/// file, [`Problem::Stale`] if it was changed since.
pub(crate) async fn replace_scheme(
    state: &Data<AdminState>,
    caller: &Principal,
    before: SchemeView,
    text: String,
    if_match: IfMatch,
) -> Result<SchemeView, Problem> {
    let (runtime, state, caller) = (state.runtime(), Data::clone(state), caller.clone());
    waited(runtime, move || async move {
        let checked = in_turn(|| Ok(state.settings.check_change(&before.id, &text, &if_match)?)).await?;
        lookup::own(&caller, &checked.scheme)?;
        let found = found_beside(&state, &checked).await?;
        let replacing = async {
            state.settings.replace(checked.scheme.clone(), &if_match, caller.by()).await.map_err(Problem::from)
        };
        let entry = storing(Act::SchemeReplace, Some(before.version), &checked.scheme);
        let mut listed = state.recorded(&caller, entry, replacing).await?;
        listed.warnings.extend(found);
        Ok(listed)
    })
    .await
}

/// Deletes a stored scheme, as far as `if_match` allows its state, and records it.
///
/// # Errors
/// [`Problem::NotFound`] if there is none, [`Problem::Conflict`] if it is in the configuration file, [`Problem::Stale`]
/// if it was changed since, [`Problem::Unavailable`] if it can't be deleted now.
pub(crate) async fn delete_scheme(
    state: &AdminState,
    caller: &Principal,
    before: SchemeView,
    if_match: &IfMatch,
) -> Result<(), Problem> {
    let entry = Entry::new(Act::SchemeDelete, Object::Scheme(before.id.clone())).about_scheme(&before);
    let deleting = async { state.settings.delete(&before.id, if_match, caller.by()).await.map_err(Problem::from) };
    state.recorded(caller, entry.changing(Some(before.version.clone()), None), deleting).await
}

/// The record of a scheme that is stored.
fn storing(act: Act, before: Option<String>, scheme: &Scheme) -> Entry {
    let entry = Entry::new(act, Object::Scheme(scheme.id.clone())).about(&scheme.source);
    entry.changing(before, Some(scheme.reference().version))
}

/// The warnings about a scheme that its text alone does not show: names that its product does not have, and schemes that
/// undo it.
///
/// # Errors
/// Those of [`references::look_up`].
async fn found_beside(state: &AdminState, checked: &CheckedScheme) -> Result<Vec<String>, Problem> {
    let about_names = references::look_up(state, checked).await?;
    let conflicting = in_turn(|| Ok(conflicts::of(&state.settings, &checked.scheme))).await?;
    let about_names = about_names.into_iter().map(|wrong| wrong.message);
    Ok(about_names.chain(conflicting.as_warnings()).collect())
}

/// An existing stored scheme. It is looked up first, because other faults of a request do not matter without it.
///
/// # Errors
/// [`Problem::NotFound`] if there is none, [`Problem::Conflict`] if it is in the configuration file.
pub(crate) fn changeable(state: &AdminState, caller: &Principal, id: &str) -> Result<SchemeView, Problem> {
    let listed = lookup::scheme(state, caller, id)?;
    if listed.provisioned {
        return Err(settings::Error::Provisioned(listed.id).into());
    }
    Ok(listed)
}
