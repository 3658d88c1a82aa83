//! `/sources/{id}/newcomers`: what is held because many users appeared at once, and the decision about it.

use askama::Template;
use serde::Deserialize;

use super::{SchemeOfIt, address, named, schemes};
use crate::{
    admin::{
        AdminState, Problem, ReconciliationRow, SourceRow, count_held_steps, decide_newcomers,
        identity::{About, Permission},
        sources_now,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        form::Form,
        frame::{Errors, Frame, Moment, Place, counted, users},
    },
    domain::{SourceId, Timestamp, TriggerKind},
    views::NewcomersOrder,
};

/// A decision about more than this many wants their number typed.
const MANY: u64 = 10;

#[derive(Template)]
#[template(path = "sources/newcomers.html")]
struct Page {
    frame: Frame,
    source: String,
    path: String,
    held: Held,
    /// Those that are asked about each of them.
    schemes: Vec<SchemeOfIt>,
    asks_number: bool,
    /// The text to be typed.
    number: u64,
    typed: String,
    errors: Errors,
    release_word: String,
    dismiss_word: String,
    letters: String,
    baseline: Option<Moment>,
    /// The order that is being carried out, with its time.
    ordered: Option<(String, Moment)>,
    may_decide: Option<String>,
}

/// The users and steps that are held in a source.
#[derive(Clone, Copy)]
struct Held {
    users: u64,
    steps: u64,
    more_steps: bool,
}

/// The state of what is held.
struct Found {
    held: Held,
    /// Since when newcomers count as created.
    baseline: Option<Timestamp>,
    /// The last order, if usher has not carried it out yet.
    order: Option<NewcomersOrder>,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// The act that was done just before.
    said: String,
}

impl Held {
    const fn is_nothing(self) -> bool {
        self.users == 0 && self.steps == 0
    }

    /// The number that stands for it.
    const fn number(self) -> u64 {
        if self.users > 0 { self.users } else { self.steps }
    }

    fn in_words(self) -> String {
        let steps = match self.more_steps {
            true => format!("the newest {} steps", self.steps),
            false => counted(self.steps, "step"),
        };
        match (self.users, self.steps) {
            (held, 0) => users(held),
            (0, _) => steps,
            (held, _) => format!("{} and {steps}", users(held)),
        }
    }
}

fn page_of(id: &SourceId) -> Address {
    address(id).segment("newcomers")
}

/// `GET /sources/{id}/newcomers`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source among those of whoever asks; [`Problem::BadQuery`] if a parameter is
/// unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { said } = asked.query()?;
    let said = match said.as_str() {
        "released" => "They are released. usher lists the users again, and asks the schemes about each of them.",
        "dismissed" => "They are dismissed. Nothing is done to them.",
        _ => "",
    };
    page(&asked, named(&asked)?, said, Errors::default(), String::new()).await
}

async fn page(
    asked: &Asked,
    row: SourceRow,
    said: &'static str,
    errors: Errors,
    typed: String,
) -> Result<Answer, Problem> {
    let (id, name) = (row.id().clone(), row.name().to_owned());
    let Found { held, baseline, order } = read(asked, row).await?;
    let ordered = order.map(|order| {
        let word = if order.released { "released" } else { "dismissed" };
        (format!("{} {word} by {}", users(order.users), order.by), asked.moment(order.at))
    });
    let mut frame = asked.frame(Place::Sources, format!("Newcomers of {name}"));
    frame.refused = !errors.is_empty();
    frame.said = said;
    let status = frame.status();
    let page = Page {
        source: address(&id).to_string(),
        path: page_of(&id).to_string(),
        schemes: schemes(asked, &id, |scheme| scheme.trigger.kind() == TriggerKind::OnCreate),
        asks_number: held.number() > MANY,
        number: held.number(),
        typed,
        errors,
        release_word: format!("Release {}", held.in_words()),
        dismiss_word: format!("Dismiss {}", held.in_words()),
        letters: Address::new("/dead-letters").with("source", id.as_str()).with("state", "open").to_string(),
        baseline: baseline.map(|at| asked.moment(at)),
        ordered,
        may_decide: asked.why_not(Permission::DecideNewcomers, About::Source(&id)),
        held,
        frame,
    };
    Answer::with_status(status, &page)
}

async fn read(asked: &Asked, row: SourceRow) -> Result<Found, Problem> {
    let reading = move |state: &AdminState| {
        let id = row.id().clone();
        let now = sources_now(state, vec![row])?.pop();
        let (steps, more_steps) = count_held_steps(state.views(), &id).map_err(|error| Problem::internal(&error))?;
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let Some(now) = now else {
            return Ok(Found { held: Held { users: 0, steps, more_steps }, baseline: None, order: None });
        };
        let ReconciliationRow { held: users, baseline, as_of, last_order, .. } = now.reconciliation;
        let order = last_order.filter(|order| users > 0 && Some(order.at) >= as_of);
        Ok(Found { held: Held { users, steps, more_steps }, baseline, order })
    };
    asked.read(reading).await
}

/// `POST /sources/{id}/newcomers/release`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn release(asked: Asked, form: Form) -> Result<Answer, Problem> {
    decide(&asked, &form, true).await
}

/// `POST /sources/{id}/newcomers/dismiss`.
///
/// # Errors
/// As [`release`].
pub(in crate::console) async fn dismiss(asked: Asked, form: Form) -> Result<Answer, Problem> {
    decide(&asked, &form, false).await
}

async fn decide(asked: &Asked, form: &Form, release: bool) -> Result<Answer, Problem> {
    let row = named(asked)?;
    let id = row.id().clone();
    asked.may(Permission::DecideNewcomers, About::Source(&id))?;
    let Found { held, .. } = read(asked, row.clone()).await?;
    let typed = form.get("number").trim().to_owned();
    // A form without a field for the number tells how many it is about.
    let said = if form.get("about").is_empty() { typed.as_str() } else { form.get("about") };
    if !held.is_nothing() && said != held.number().to_string() {
        let text = format!("{} are held now. Type {} to decide about them.", held.in_words(), held.number());
        let errors = Errors::one("Nothing was decided", "number", text);
        return page(asked, row, "", errors, typed).await;
    }
    decide_newcomers(asked.state(), asked.principal(), id.as_str(), release).await?;
    Ok(Answer::see(page_of(&id).with("said", if release { "released" } else { "dismissed" })))
}
