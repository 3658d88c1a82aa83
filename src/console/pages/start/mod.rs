//! `/start`: the way from an empty usher to a scheme at work, as a list that ticks itself off by what usher sees.

mod arrivals;
mod note;
mod steps;

pub(super) use note::note;
pub(super) use steps::Checklist;

use askama::Template;
use serde::Deserialize;

use crate::{
    admin::{
        Problem,
        audit::{Act, Entry, Object},
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        form::Form,
        frame::{Frame, Place},
    },
    domain::Milestone,
};

#[derive(Template)]
#[template(path = "start/page.html")]
struct Start {
    frame: Frame,
    checklist: Checklist,
    dismissed: bool,
    may_dismiss: Option<String>,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// The fragment that polls.
    part: String,
}

/// `GET /start`.
///
/// # Errors
/// [`Problem::BadQuery`] if a parameter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { part } = asked.query()?;
    let checklist = Checklist::read(&asked).await?;
    if part == "steps" && asked.is_partial() {
        return Answer::html(&checklist);
    }
    let dismissed = asked.state().settings().milestone(Milestone::Dismissed).is_some();
    let may_dismiss = asked.why_not(Permission::ChangeSettings, About::Everything);
    Answer::html(&Start { frame: asked.frame(Place::Today, "Getting started"), checklist, dismissed, may_dismiss })
}

/// `POST /start/dismiss`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; [`Problem::Unavailable`] if it can't be written.
pub(in crate::console) async fn dismiss(asked: Asked, _: Form) -> Result<Answer, Problem> {
    asked.may(Permission::ChangeSettings, About::Everything)?;
    let (state, by) = (asked.state(), asked.principal().by());
    let dismissing = async { state.settings().reach(Milestone::Dismissed, by).await.map_err(Problem::from) };
    let entry = Entry::new(Act::SettingsChange, Object::Other("settings", "start".into()));
    state.recorded(asked.principal(), entry.changing(None, Some("not shown".into())), dismissing).await?;
    Ok(Answer::see("/"))
}
