//! The page of one user.

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use super::{
    address,
    facts::{Facts, Known, of_list},
    schemes::Schemes,
    sources, status_badge,
    timeline::{Place as At, Timeline},
};
use crate::{
    admin::{
        Problem, SourceRow,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Badge, Frame, Kind, Place},
    },
    domain::UserId,
    users::{SameEmail, UserView},
};

#[derive(Template)]
#[template(path = "users/one.html")]
struct One {
    frame: Frame,
    id: String,
    source: String,
    source_id: String,
    may_act: Option<String>,
    of_source: String,
    badges: Vec<Badge>,
    is_known: bool,
    list: String,
    same: Vec<Same>,
    runs: String,
    facts: Facts,
    schemes: Schemes,
    timeline: Timeline,
}

/// An account of another source with the same e-mail address.
struct Same {
    path: String,
    name: String,
    source: String,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// `now`: the product is asked.
    read: String,
    /// The fragment that is wanted.
    part: String,
    /// So many schemes were shown before.
    from: usize,
    /// The kind of item of the timeline.
    kind: String,
    cursor: String,
}

/// `GET /users/{source}/{id}`: the whole page, or one part of it.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source; [`Problem::BadQuery`] if a parameter is unknown; an internal one if
/// the roster or the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let (of, id): (String, String) = asked.segments()?;
    let (mut found, id) = (sources(&asked, &of)?, UserId::new(id));
    let source = found.pop().ok_or(Problem::NoSuchPath)?;
    let fresh = asks.read == "now";
    match asks.part.as_str() {
        "facts" if asked.is_partial() => {
            let known = Known::read(&asked, &source, &id, fresh).await?;
            Answer::html(&Facts::new(&asked, &source, &id, &known))
        }
        "schemes" if asked.is_partial() => Answer::html(&Schemes::read(&asked, &source, &id, asks.from).await?),
        _ => page(&asked, &source, &id, &asks).await,
    }
}

async fn page(asked: &Asked, source: &SourceRow, id: &UserId, asks: &Asks) -> Result<Answer, Problem> {
    let fresh = asks.read == "now";
    let known = Known::read(asked, source, id, fresh).await?;
    let schemes = if fresh { Schemes::read(asked, source, id, asks.from).await? } else { Schemes::asking(source, id) };
    let timeline = Timeline::read(asked, source, id, At { kind: &asks.kind, cursor: &asks.cursor }).await?;
    let view = known.view.as_ref();
    let page = One {
        frame: asked.frame(Place::Users, view.map_or_else(|| id.to_string(), name)),
        id: id.to_string(),
        source: source.name().to_owned(),
        source_id: source.id().to_string(),
        may_act: asked.why_not(Permission::Bulk, About::Source(source.id())),
        of_source: Address::new("/users").with("source", source.id().as_str()).to_string(),
        badges: view.map(badges).unwrap_or_default(),
        is_known: view.is_some(),
        list: view.map(of_list).unwrap_or_default(),
        same: view.map(|view| view.same_email_in.iter().map(same).collect()).unwrap_or_default(),
        runs: Address::new("/runs").with("source", source.id().as_str()).with("user", id.as_str()).to_string(),
        facts: Facts::new(asked, source, id, &known),
        schemes,
        timeline,
    };
    let status = if page.is_known { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Answer::with_status(status, &page)
}

/// The name that people know the user by; the lasting id if there is none.
fn name(view: &UserView) -> String {
    let named = [&view.facts.display_name.value, &view.facts.name.value].into_iter().flatten();
    named.into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_else(|| view.id.to_string())
}

fn badges(view: &UserView) -> Vec<Badge> {
    let mut badges = vec![status_badge(view.facts.status.value)];
    if view.protected {
        badges.push(Badge::new(Kind::Info, "Protected"));
    }
    badges
}

fn same(same: &SameEmail) -> Same {
    let named = [&same.name, &same.display_name].into_iter().flatten().next();
    Same {
        path: address(&same.source, &same.id).to_string(),
        name: named.cloned().unwrap_or_else(|| same.id.to_string()),
        source: same.source.to_string(),
    }
}
