//! `/sources/{id}`: one source, its health, and the check of its connection.

use askama::Template;
use serde::Deserialize;

use super::{SchemeOfIt, address, checked::Checked, facts::Facts, named, schemes, state};
use crate::{
    admin::{
        HealthRow, Problem, SourceNow, check_source, health_of,
        identity::{About, Permission},
        sources_now,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        form::Form,
        frame::{Badge, Frame, Kind, Place},
    },
    domain::SourceId,
};

#[derive(Template)]
#[template(path = "sources/one.html")]
struct OneSource {
    frame: Frame,
    id: String,
    path: String,
    state: Badge,
    why: Option<String>,
    paused: bool,
    may_test: Option<String>,
    checked: Option<Checked>,
    facts: Facts,
    schemes: Vec<SchemeOfIt>,
    /// Its tag, if it was made here.
    tag: Option<String>,
    may_change: Option<String>,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// The act that was done just before.
    said: String,
}

/// `GET /sources/{id}`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source among those of whoever asks; [`Problem::BadQuery`] if a parameter is
/// unknown; an internal one if the views or the roster can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { said } = asked.query()?;
    let row = named(&asked)?;
    let (id, of) = (row.id().clone(), row.id().clone());
    let read = asked.read(move |state| {
        let now = sources_now(state, vec![row])?.pop();
        Ok((now, health_of(state, of.as_str())?))
    });
    let (now, health): (Option<SourceNow>, HealthRow) = read.await?;
    let now = now.ok_or_else(|| Problem::NotFound { kind: "source", id: id.to_string() })?;
    let (badge, why) = state(&now);
    let mut frame = asked.frame(Place::Sources, now.source.name());
    frame.wide = true;
    frame.said = match said.as_str() {
        "tested" => "The connection was tested. The result is below.",
        "paused" => "The source is paused.",
        "resumed" => "The source is resumed.",
        "changed" => "The source is changed.",
        "secret-removed" => "The secret is taken out: what it signs is refused.",
        _ => "",
    };
    Answer::html(&OneSource {
        path: address(&id).to_string(),
        state: badge,
        why,
        paused: now.paused,
        may_test: asked.why_not(Permission::AskProduct, About::Source(&id)),
        checked: Checked::of(&asked, &id),
        facts: Facts::new(&asked, &now, &health),
        schemes: schemes(&asked, &id, |_| true),
        tag: asked.state().settings().stored_source(&id).map(|stored| stored.tag),
        may_change: asked.why_not(Permission::ChangeSources, About::Everything),
        id: id.to_string(),
        frame,
    })
}

/// `POST /sources/{id}/test`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn test(asked: Asked, _: Form) -> Result<Answer, Problem> {
    let id = named(&asked)?.id().clone();
    asked.may(Permission::AskProduct, About::Source(&id))?;
    let checks = check_source(asked.state(), id.as_str()).await?;
    asked.console().checks.keep(id.clone(), checks, asked.now(), asked.principal().by());
    Ok(Answer::see(format!("{}#checks", said(&id, "tested"))))
}

/// The page of the source, with a word about what was done.
pub(super) fn said(id: &SourceId, word: &str) -> Address {
    address(id).with("said", word)
}
