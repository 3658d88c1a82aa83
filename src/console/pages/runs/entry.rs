//! `/runs/{id}/entry`: the details of one entry: the product's answer in its own words, and what to do about it.

use std::time::Duration;

use askama::Template;
use serde::Deserialize;

use super::{
    super::users,
    entries::anchor,
    one::{self, address},
};
use crate::{
    admin::{AdminState, Problem, entries_of},
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        frame::{Badge, Fact, Frame, Kind, Place, length},
    },
    domain::{Bulk, StepResult},
    views::{DeadLetterRow, Entry, EntryFilter, LetterFilter, LetterState, Limit, Paging, Run},
};

#[derive(Template)]
#[template(path = "runs/entry.html")]
struct Details {
    frame: Frame,
    kind: Kind,
    word: &'static str,
    reason: String,
    advice: String,
    /// The product's answer in its own words.
    answer: Option<String>,
    facts: Vec<Fact>,
    back: String,
    user: String,
    again: Option<String>,
    letter: Option<String>,
    /// Why its dead letter can only be dismissed.
    only_dismissed: Option<String>,
}

/// The query of the page: the entry, and the page of the run that led here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    user: String,
    action: String,
    target: String,
    result: String,
    cursor: String,
}

/// `GET /runs/{id}/entry`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such run, or no such entry in it; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let run = one::run(&asked).await?;
    let (wanted, of) = (asks.clone(), run.clone());
    let read = move |state: &AdminState| {
        let filter = EntryFilter { action: Some(wanted.action.clone()), ..EntryFilter::default() };
        let paging = Paging { limit: Limit::MAX, cursor: None };
        let entries = entries_of(state, &of.id, filter, Some(&wanted.user), &paging)?.items;
        let is_wanted = |entry: &Entry| entry.user == wanted.user && entry.target == wanted.target;
        let Some(entry) = entries.into_iter().find(is_wanted) else { return Ok(None) };
        let letter = letter_of(state, &of, &entry)?;
        Ok(Some((entry, letter)))
    };
    let found = asked.read(read).await?;
    let (entry, letter) = found.ok_or_else(|| Problem::NotFound { kind: "entry", id: asks.user.clone() })?;
    let back = address(&run).with("result", &asks.result).with("cursor", &asks.cursor);
    let result = StepResult::ALL.into_iter().find(|result| result.as_str() == entry.result);
    let badge = result.map_or(Badge::new(Kind::Off, "Not known"), Badge::from);
    let name = entry.user_name.as_deref().unwrap_or(&entry.user);
    let again = letter.as_ref().filter(|letter| letter.state == LetterState::Open && letter.only_dismissed.is_none());
    let page = Details {
        frame: asked.frame(Place::Runs, format!("{} {} for {name}", entry.action.replace('_', " "), entry.target)),
        kind: badge.kind,
        word: badge.word,
        reason: sentence(&entry.reason),
        advice: advice(&run, &entry, result),
        answer: entry.error.clone(),
        back: format!("{back}#{}", anchor(&entry)),
        user: users::address(&run.source, &entry.user).to_string(),
        again: again.map(|letter| Address::new("/dead-letters/again").with("id", &letter.id).to_string()),
        only_dismissed: letter.as_ref().and_then(|letter| letter.only_dismissed.as_deref()).map(sentence),
        letter: letter.as_ref().map(|letter| Badge::from(letter.state).word.to_lowercase()),
        facts: facts(&asked, &run, entry),
    };
    Answer::html(&page)
}

/// The dead letter of the entry's step, if it was given up.
fn letter_of(state: &AdminState, run: &Run, entry: &Entry) -> Result<Option<DeadLetterRow>, Problem> {
    let filter =
        LetterFilter { source: Some(run.source.clone()), user: Some(entry.user.clone()), ..LetterFilter::default() };
    let paging = Paging { limit: Limit::MAX, cursor: None };
    let page = state.views().dead_letters(&filter, &paging).map_err(|error| Problem::internal(&error))?;
    let is_of_entry = |letter: &DeadLetterRow| {
        letter.step.as_ref().is_some_and(|given_up| {
            given_up.run == run.id && given_up.step.action == entry.action && given_up.step.target == entry.target
        })
    };
    Ok(page.items.into_iter().find(is_of_entry))
}

fn facts(asked: &Asked, run: &Run, entry: Entry) -> Vec<Fact> {
    let text = |name, value: String| Fact { name, value, at: None };
    let call = entry.call.map(|call| match call.status {
        Some(status) => format!("{}, answered with status {status}", call.operation),
        None => format!("{}, without an answer", call.operation),
    });
    let attempts = match entry.attempts {
        0 => "none, or not known (older records don't tell)".to_owned(),
        count => count.to_string(),
    };
    let facts = [
        Some(text("User", entry.user)),
        entry.user_name.map(|name| text("Login name", name)),
        match Bulk::is_id(&run.scheme) {
            true => Some(text("Bulk action", run.scheme.to_string())),
            false => Some(text("Scheme", format!("{} at version {}", run.scheme, run.scheme_version))),
        },
        Some(text("Source", run.source.to_string())),
        Some(text("Last call", call.unwrap_or_else(|| "none, or not known (older records don't tell)".to_owned()))),
        Some(text("Attempts", attempts)),
        entry.before.map(|before| text("Before", before)),
        entry.after.map(|after| text("After", after)),
        Some(Fact { name: "At", value: String::new(), at: Some(asked.moment(entry.at)) }),
        Some(text("Took", length(Duration::from_millis(entry.duration_ms)))),
    ];
    facts.into_iter().flatten().collect()
}

/// The next thing to do, by how the step ended.
fn advice(run: &Run, entry: &Entry, result: Option<StepResult>) -> String {
    let source = &run.source;
    match result {
        Some(StepResult::Changed | StepResult::Unchanged) => "Nothing is to be done.".to_owned(),
        Some(StepResult::Tested) => {
            "Nothing was changed: the scheme is in test mode, or usher observes only. Nothing is to be done.".to_owned()
        }
        Some(StepResult::Held) => "It was kept back for a person. The reason says what decides it.".to_owned(),
        None => {
            "The user is not selected while the fact is not known. The page of the user says what is known.".to_owned()
        }
        Some(StepResult::Failed) => match entry.call.as_ref().and_then(|call| call.status) {
            Some(401) => format!("{source} refused usher's credentials. Put them right, then try again."),
            Some(403) => format!("usher's account may not do this in {source}. Grant it the right, then try again."),
            Some(404) => {
                format!("{source} has no such user or group. Make it there, then try again; or change the scheme.")
            }
            Some(status @ 400..500) if status != 429 => {
                format!("{source} refuses it as it is; its words say why. Put that right, then try again.")
            }
            Some(_) | None => format!("{source} did not do it in all attempts. Try again when it works."),
        },
    }
}
