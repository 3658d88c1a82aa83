//! Stores a draft as a scheme. A scheme that somebody else has changed meanwhile is never written over unseen.

use actix_web::http::StatusCode;
use askama::Template;

use super::{Kept, Step, address, frame, kept::Checked, overview, preview, trigger::changed_elsewhere};
use crate::{
    admin::{
        Hunk, Problem, by_words, changeable, create_scheme,
        identity::{About, Permission},
        replace_scheme,
    },
    config::{as_yaml, read_scheme},
    console::{
        Answer, Asked,
        form::Form,
        frame::{Errors, Frame, Moment},
        pages::schemes::{
            self,
            act::{as_json, may_switch_on},
        },
    },
    domain::{BasedOn, Scheme, SchemeId},
    settings::{Contents, IfMatch, SchemeView},
};

/// The mode in which it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Test,
    On,
}

/// Both versions and the own text.
#[derive(Template)]
#[template(path = "schemes/wizard/conflict.html")]
struct Conflict {
    frame: Frame,
    id: String,
    by: String,
    at: Option<Moment>,
    theirs: Vec<Hunk>,
    mine: Vec<Hunk>,
    same: bool,
    yaml: String,
    their_page: String,
    path: String,
    overview: String,
    tag: String,
    over: String,
    go: &'static str,
    seen: String,
    on: bool,
}

/// `POST /drafts/{id}/save`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft, [`Problem::Forbidden`] if they may not; those of storing a scheme
/// by the API.
pub(in crate::console) async fn save(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let kept = Kept::of(&asked)?;
    let seen = form.get("seen").to_owned();
    let refuse =
        async |status: StatusCode, errors: Errors| overview::page(&asked, &kept, &seen, false, status, errors).await;
    if !kept.is_seen(&form) {
        return refuse(StatusCode::PRECONDITION_FAILED, changed_elsewhere()).await;
    }
    let Checked { scheme: Ok(mut scheme), .. } = kept.checked(&asked).await? else {
        let errors =
            Errors::one("The scheme was not stored", "", "It can't be used yet. What is missing stands below.");
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, errors).await;
    };
    asked.may(Permission::ChangeSchemes, About::Source(&scheme.source))?;
    let mode = if form.get("go") == "on" { Mode::On } else { Mode::Test };
    if mode == Mode::On {
        if preview::seen(&asked, &scheme, &seen).is_none() {
            let text = "Look at whom it selects first: a preview is kept for five minutes after it was last looked at.";
            return refuse(
                StatusCode::UNPROCESSABLE_ENTITY,
                Errors::one("The scheme was not switched on", "look", text),
            )
            .await;
        }
        may_switch_on(&asked, &scheme)?;
        scheme.enabled = true;
    }
    scheme.test_mode = mode == Mode::Test;
    match store(&asked, &kept, &scheme, form.get("over")).await {
        Ok((stored, said)) => {
            // Whoever is led on does not wait for it; it is dropped in a week anyway.
            if let Err(error) = kept.forget(&asked).await {
                tracing::warn!(%error, "the draft of a stored scheme could not be deleted");
            }
            Ok(Answer::see(schemes::address(&stored.id).with("said", said)))
        }
        Err(Problem::InvalidScheme(wrong)) => refuse(StatusCode::UNPROCESSABLE_ENTITY, overview::refused(&wrong)).await,
        Err(Problem::Stale(_)) => match kept.based_on() {
            Some(based_on) => conflict(&asked, &kept, based_on, &scheme, mode, &seen),
            None => Err(Problem::Internal),
        },
        Err(Problem::NotFound { kind: "scheme", .. }) => {
            let text = "Somebody deleted the scheme meanwhile. Bring it back from its history, then save again; or copy the YAML \
                        into a new scheme with another id.";
            refuse(StatusCode::CONFLICT, Errors::one("The scheme was not stored", "", text)).await
        }
        Err(problem @ (Problem::Conflict(_) | Problem::Unavailable(_))) => {
            let status = actix_web::ResponseError::status_code(&problem);
            let text = crate::console::asked::sentence(&problem.to_string());
            refuse(status, Errors::one("The scheme was not stored", "", text)).await
        }
        Err(other) => Err(other),
    }
}

/// Stores `scheme`; `over` is the tag of the version that was looked at, if it is not that of the draft.
async fn store(asked: &Asked, kept: &Kept, scheme: &Scheme, over: &str) -> Result<(SchemeView, &'static str), Problem> {
    let (text, caller) = (as_json(scheme)?, asked.principal());
    let Some(BasedOn { id, tag }) = kept.based_on() else {
        return Ok((create_scheme(asked.state(), caller, text).await?, "created"));
    };
    let tag = if over.is_empty() { tag.clone() } else { over.to_owned() };
    let before = changeable(asked.state(), caller, id.as_str())?;
    let stored = replace_scheme(asked.state(), caller, before, text, IfMatch::Tags(vec![tag])).await?;
    Ok((stored, "stored"))
}

fn conflict(
    asked: &Asked,
    kept: &Kept,
    based_on: &BasedOn,
    scheme: &Scheme,
    mode: Mode,
    seen: &str,
) -> Result<Answer, Problem> {
    let BasedOn { id, tag } = based_on;
    let none = || Problem::NotFound { kind: "scheme", id: id.to_string() };
    let listed = asked.state().settings().get(id).ok_or_else(none)?;
    let theirs = match &listed.contents {
        Contents::Readable(theirs) => yaml(theirs)?,
        Contents::Broken { text, .. } => text.clone(),
    };
    let own = yaml(scheme)?;
    let path = address(kept.id());
    let mut frame = frame(asked, kept, Step::Overview, true);
    frame.title = format!("{id} was changed meanwhile");
    let (by, at) = match &listed.changed {
        Some((by, at)) => (by.to_string(), Some(asked.moment(*at))),
        None => ("Somebody".to_owned(), None),
    };
    let page = Conflict {
        id: id.to_string(),
        by,
        at,
        theirs: by_words(&base(asked, id, tag)?.unwrap_or_default(), &theirs),
        mine: by_words(&theirs, &own),
        same: theirs == own,
        yaml: own,
        their_page: schemes::address(id).to_string(),
        path: path.clone().segment("save").to_string(),
        overview: path.segment(Step::Overview.path()).to_string(),
        tag: kept.tag(),
        over: listed.tag,
        go: if mode == Mode::On { "on" } else { "test" },
        on: mode == Mode::On,
        seen: seen.to_owned(),
        frame,
    };
    Answer::with_status(StatusCode::PRECONDITION_FAILED, &page)
}

/// The version on which the draft is based, if it is kept still.
fn base(asked: &Asked, id: &SchemeId, tag: &str) -> Result<Option<String>, Problem> {
    let history = asked.state().settings().history(id).unwrap_or_default();
    let of = |change: &crate::domain::SchemeChange| format!("{}-{}", change.revision, change.version) == tag;
    let Some(change) = history.into_iter().find(of) else { return Ok(None) };
    match read_scheme(&change.text, "") {
        Ok(scheme) => yaml(&scheme).map(Some),
        Err(_) => Ok(Some(change.text)),
    }
}

fn yaml(scheme: &Scheme) -> Result<String, Problem> {
    as_yaml(scheme).map_err(|error| Problem::internal(&error))
}
