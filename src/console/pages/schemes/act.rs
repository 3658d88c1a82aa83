//! The acts on a scheme that are one click: pause, resume, switch on and off, test mode on.

use super::{address, one, scheme};
use crate::{
    admin::{
        Problem, changeable,
        identity::{About, Permission},
        pause_or_resume_scheme, replace_scheme, runnable,
    },
    console::{Answer, Asked, form::Form, frame::Errors},
    domain::{Action, Scheme},
    settings::{Contents, IfMatch, SchemeView},
};

/// The acts of the page, each with why it is not possible; none if it is.
pub(super) struct Acts {
    pub(super) path: String,
    /// The state of the scheme that the page shows.
    pub(super) tag: String,
    pub(super) paused: bool,
    /// Whether it is on; none if it can't be read.
    pub(super) enabled: bool,
    pub(super) test_mode: bool,
    pub(super) no_pause: Option<String>,
    pub(super) no_run: Option<String>,
    pub(super) no_change: Option<String>,
    pub(super) no_draft: Option<String>,
    pub(super) is_broken: bool,
}

const FROM_THE_FILE: &str = "This scheme is from the configuration file. Change it there.";

impl Acts {
    pub(super) fn new(asked: &Asked, listed: &SchemeView) -> Self {
        let readable = readable(listed);
        let about = readable.map_or(About::Everything, |scheme| About::Source(&scheme.source));
        let pause = if listed.paused.is_some() { Permission::Resume } else { Permission::Pause };
        let file = listed.provisioned.then(|| FROM_THE_FILE.to_owned());
        let may_run = asked.why_not(Permission::RunNow, about);
        let no_run = may_run.or_else(|| {
            runnable(asked.state(), asked.principal(), listed.id.as_str())
                .err()
                .map(|why| crate::console::asked::sentence(&why.to_string()))
        });
        let no_draft = asked.why_not(Permission::ChangeSchemes, about);
        Self {
            path: address(&listed.id).to_string(),
            tag: listed.tag.clone(),
            paused: listed.paused.is_some(),
            enabled: readable.is_some_and(|scheme| scheme.enabled),
            test_mode: readable.is_some_and(|scheme| scheme.test_mode),
            no_pause: asked.why_not(pause, about),
            no_run,
            no_change: no_draft.clone().or(file),
            no_draft,
            is_broken: readable.is_none(),
        }
    }
}

/// The scheme in `listed`, if this version of usher can read it.
pub(super) fn readable(listed: &SchemeView) -> Option<&Scheme> {
    match &listed.contents {
        Contents::Readable(scheme) => Some(scheme),
        Contents::Broken { .. } => None,
    }
}

/// Refuses those who may not do that to the scheme.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not.
pub(super) fn may(asked: &Asked, listed: &SchemeView, permission: Permission) -> Result<(), Problem> {
    match readable(listed) {
        Some(scheme) => asked.may(permission, About::Source(&scheme.source)),
        None => asked.may(permission, About::Everything),
    }
}

/// Refuses to switch on what can't be undone to those who may not, or who signed in too long ago.
///
/// # Errors
/// [`Problem::Forbidden`].
pub(super) fn may_switch_on(asked: &Asked, scheme: &Scheme) -> Result<(), Problem> {
    let is_final = |action: &Action| matches!(action, Action::Delete | Action::InvalidatePassword { .. });
    if scheme.actions.iter().any(is_final) {
        asked.may(Permission::Irreversible, About::Source(&scheme.source))?;
    }
    Ok(())
}

/// `POST /schemes/{id}/pause`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn pause(asked: Asked, _: Form) -> Result<Answer, Problem> {
    set_pause(&asked, true, Permission::Pause).await
}

/// `POST /schemes/{id}/resume`.
///
/// # Errors
/// As [`pause`].
pub(in crate::console) async fn resume(asked: Asked, _: Form) -> Result<Answer, Problem> {
    set_pause(&asked, false, Permission::Resume).await
}

async fn set_pause(asked: &Asked, paused: bool, permission: Permission) -> Result<Answer, Problem> {
    let listed = scheme(asked)?;
    may(asked, &listed, permission)?;
    pause_or_resume_scheme(asked.state(), asked.principal(), listed.id.as_str(), paused).await?;
    Ok(Answer::see(address(&listed.id).with("said", if paused { "paused" } else { "resumed" })))
}

/// `POST /schemes/{id}/enable`: stores it as it is, switched on.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of a change by the API.
pub(in crate::console) async fn enable(asked: Asked, form: Form) -> Result<Answer, Problem> {
    change(&asked, &form, "enabled", |scheme| scheme.enabled = true).await
}

/// `POST /schemes/{id}/disable`: stores it as it is, switched off.
///
/// # Errors
/// As [`enable`].
pub(in crate::console) async fn disable(asked: Asked, form: Form) -> Result<Answer, Problem> {
    change(&asked, &form, "disabled", |scheme| scheme.enabled = false).await
}

/// `POST /schemes/{id}/test`: stores it as it is, in test mode.
///
/// # Errors
/// As [`enable`].
pub(in crate::console) async fn test_mode(asked: Asked, form: Form) -> Result<Answer, Problem> {
    change(&asked, &form, "test", |scheme| scheme.test_mode = true).await
}

async fn change(asked: &Asked, form: &Form, said: &str, edit: fn(&mut Scheme)) -> Result<Answer, Problem> {
    let listed = scheme(asked)?;
    may(asked, &listed, Permission::ChangeSchemes)?;
    let before = changeable(asked.state(), asked.principal(), listed.id.as_str())?;
    let Some(mut changed) = readable(&listed).cloned() else {
        return Err(Problem::Conflict("this version of usher can't read the scheme; write it anew".into()));
    };
    edit(&mut changed);
    if changed.enabled && !changed.test_mode {
        may_switch_on(asked, &changed)?;
    }
    // The tag of the page that was looked at: nobody's change is written over unseen.
    let seen = IfMatch::Tags(vec![form.get("tag").to_owned()]);
    match replace_scheme(asked.state(), asked.principal(), before, as_json(&changed)?, seen).await {
        Ok(stored) => Ok(Answer::see(address(&stored.id).with("said", said))),
        Err(Problem::Stale(_)) => {
            let text = "Somebody changed this scheme since you opened the page. This is how it is now; nothing was changed by you.";
            let errors = Errors::one("The scheme was changed meanwhile", "", text);
            let explained = super::explain::Explained::new(asked, &listed, "").await;
            one::page(asked, listed, explained, "", errors).await
        }
        Err(other) => Err(other),
    }
}

/// The scheme as the text to be stored.
///
/// # Errors
/// An internal [`Problem`] if it can't be written as JSON.
pub(super) fn as_json(scheme: &Scheme) -> Result<String, Problem> {
    serde_json::to_string(scheme).map_err(|error| Problem::internal(&error))
}
