//! `/schemes/{id}/history`: its versions, the difference of any two, and the way back to an earlier one. It is there
//! for a year after a scheme was deleted, too.

use askama::Template;
use serde::Deserialize;

use super::{act::may_switch_on, address, state_badge};
use crate::{
    admin::{
        DiffRow, Hunk, Problem, changeable, create_scheme, difference,
        identity::{About, Permission},
        replace_scheme, version_of,
    },
    config::read_scheme,
    console::{
        Answer, Asked,
        asked::sentence,
        form::Form,
        frame::{Badge, Errors, Frame, Kind, Moment, Place},
    },
    domain::{ChangeKind, Scheme, SchemeChange, SchemeId},
    settings::IfMatch,
};

#[derive(Template)]
#[template(path = "schemes/history.html")]
struct History {
    frame: Frame,
    id: String,
    scheme: Option<String>,
    path: String,
    provisioned: bool,
    tag: String,
    rows: Vec<Row>,
    from: u64,
    to: u64,
    diff: Option<Diff>,
    errors: Errors,
    why_not: Option<String>,
}

struct Row {
    revision: u64,
    version: String,
    kind: &'static str,
    by: String,
    at: Moment,
    is_now: bool,
    /// On, off or in test mode; not known if it can't be read.
    state: Badge,
    /// Why this version of usher can't use it.
    broken: Option<String>,
}

struct Diff {
    from: String,
    to: String,
    same: bool,
    hunks: Vec<Hunk>,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    from: Option<u64>,
    to: Option<u64>,
    said: String,
}

/// A scheme that there is or was, with its changes, newest first.
struct Past {
    id: SchemeId,
    changes: Vec<SchemeChange>,
}

impl Past {
    /// The past of the scheme in the path.
    fn of(asked: &Asked) -> Result<Self, Problem> {
        let none = || Problem::NotFound { kind: "scheme", id: asked.id().to_owned() };
        let id: SchemeId = asked.id().parse().map_err(|_| none())?;
        let settings = asked.state().settings();
        let changes = settings.history(&id).ok_or_else(none)?;
        let past = Self { id, changes };
        // A deleted one has the source of its last content.
        let is_seen = match settings.get(&past.id) {
            Some(listed) => super::sees(asked, &listed),
            None => past
                .last()
                .map_or_else(|| asked.principal().sources.is_all(), |last| asked.principal().sees(&last.source)),
        };
        if is_seen { Ok(past) } else { Err(none()) }
    }

    /// The content after the last change, if this version of usher can read it.
    fn last(&self) -> Option<Scheme> {
        read_scheme(&self.changes.first()?.text, "").ok()
    }

    fn may(&self, asked: &Asked) -> Result<(), Problem> {
        match self.last() {
            Some(scheme) => asked.may(Permission::ChangeSchemes, About::Source(&scheme.source)),
            None => asked.may(Permission::ChangeSchemes, About::Everything),
        }
    }
}

/// `GET /schemes/{id}/history`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such scheme among the sources of whoever asks, or no such version;
/// [`Problem::BadQuery`] if a parameter is unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    page(&asked, asks, Errors::default()).await
}

async fn page(asked: &Asked, asks: Asks, errors: Errors) -> Result<Answer, Problem> {
    let Past { id, changes } = Past::of(asked)?;
    let now = asked.state().settings().get(&id);
    let why_not = Past { id: id.clone(), changes: changes.clone() }.may(asked).err().map(|why| why.to_string());
    let last = changes.first().map_or(0, |change| change.revision);
    let to = asks.to.unwrap_or(last);
    let before = changes.iter().map(|change| change.revision).find(|revision| *revision < to);
    let from = asks.from.or(before).unwrap_or(to);
    let diff = match changes.is_empty() {
        true => None,
        false => {
            let (of, caller) = (id.clone(), asked.principal().clone());
            let read = move |state: &crate::admin::AdminState| {
                difference(state, &caller, of.as_str(), Some(&from.to_string()), Some(&to.to_string()))
            };
            Some(asked.read(read).await?)
        }
    };
    let is_there = now.is_some();
    let row = |change: &SchemeChange| {
        let (state, broken) = match read_scheme(&change.text, "") {
            Ok(scheme) => (state_badge(&scheme), None),
            Err(why) => (Badge::new(Kind::Danger, "Broken"), Some(why.to_string())),
        };
        Row {
            revision: change.revision,
            version: change.version.clone(),
            kind: kind_words(change.kind),
            by: change.by.to_string(),
            at: asked.moment(change.at),
            is_now: is_there && change.revision == last,
            state,
            broken,
        }
    };
    let mut frame = asked.frame(Place::Schemes, format!("History of {id}"));
    frame.wide = true;
    frame.said = if asks.said == "deleted" { "The scheme is deleted. It can be brought back from here." } else { "" };
    frame.refused = !errors.is_empty();
    let status = if frame.refused { 422 } else { 200 };
    let page = History {
        scheme: now.as_ref().map(|_| address(&id).to_string()),
        path: address(&id).segment("history").to_string(),
        provisioned: now.as_ref().is_some_and(|now| now.provisioned),
        tag: now.map(|now| now.tag).unwrap_or_default(),
        id: id.to_string(),
        rows: changes.iter().map(row).collect(),
        from,
        to,
        diff: diff.map(|row| Diff::new(asked, row)),
        errors,
        why_not,
        frame,
    };
    Answer::with_status(actix_web::http::StatusCode::from_u16(status).unwrap_or_default(), &page)
}

const fn kind_words(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created => "Made",
        ChangeKind::Updated => "Changed",
        ChangeKind::Deleted => "Deleted",
    }
}

impl Diff {
    fn new(asked: &Asked, row: DiffRow) -> Self {
        let name = |name: &crate::admin::VersionName| {
            format!("{} ({} by {}, {})", name.revision, name.version, name.by, asked.moment(name.at).shown)
        };
        Self { from: name(&row.from), to: name(&row.to), same: row.same, hunks: row.hunks }
    }
}

/// `POST /schemes/{id}/bring-back`: stores an earlier version as a new one. It is in test mode or not as it was then.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of a change by the API.
pub(in crate::console) async fn bring_back(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let past = Past::of(&asked)?;
    past.may(&asked)?;
    let (id, caller) = (past.id.clone(), asked.principal());
    let (of, revision, reader) = (id.clone(), form.get("revision").to_owned(), caller.clone());
    let version = asked.read(move |state| version_of(state, &reader, of.as_str(), &revision)).await?;
    let text = version.yaml.clone();
    let checked = asked.read(move |state| Ok(state.settings().check(&text).ok().map(|checked| checked.scheme))).await?;
    if let Some(live) = checked.filter(|scheme| scheme.enabled && !scheme.test_mode) {
        may_switch_on(&asked, &live)?;
    }
    let tag = form.get("tag").to_owned();
    let stored = match tag.is_empty() {
        true => create_scheme(asked.state(), caller, version.yaml).await,
        false => {
            let before = changeable(asked.state(), caller, id.as_str())?;
            replace_scheme(asked.state(), caller, before, version.yaml, IfMatch::Tags(vec![tag])).await
        }
    };
    match stored {
        Ok(stored) => Ok(Answer::see(address(&stored.id).with("said", "back"))),
        Err(Problem::InvalidScheme(wrong)) => {
            let all = wrong.iter().map(|one| sentence(&one.message)).collect::<Vec<_>>().join(" ");
            page(&asked, Asks::default(), Errors::one("This version can't be used any more", "", all)).await
        }
        Err(Problem::Stale(_)) => {
            let text = "Somebody changed this scheme since you opened the page. Its newest version is below now.";
            page(&asked, Asks::default(), Errors::one("Nothing was brought back", "", text)).await
        }
        Err(other) => Err(other),
    }
}
