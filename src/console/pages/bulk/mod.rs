//! Bulk actions: users are [picked](pick), [actions](action) are chosen, the plan is [checked](check), then it is done once.
//!
//! The pick is kept on the server. The actions stand in the address, as everything else that a page shows.

pub(in crate::console) mod action;
mod asks;
pub(in crate::console) mod check;
pub(in crate::console) mod failed;
pub(in crate::console) mod file;
mod files;
mod keep;
pub(in crate::console) mod pick;

use std::sync::Arc;

pub(in crate::console) use self::{check::LastPlans, files::UploadedFiles, keep::save};

use crate::{
    admin::{Problem, SourceRow, own_pick},
    config::Document,
    console::{Asked, addresses::Address, frame::users},
    domain::{Pick, SourceId},
};

/// The longest list of actions, in bytes: it stands in addresses.
const MAX_ACTIONS: usize = 8 * 1024;

/// A step, with its word.
const STEPS: [&str; 3] = ["Pick users", "Actions", "Check"];

/// A step in the list of steps.
struct Step {
    word: String,
    path: Option<String>,
    is_here: bool,
}

/// The steps, of which the page of number `here`, from 0, is shown.
fn steps(here: usize, before: &[String]) -> Vec<Step> {
    let step = |(place, word): (usize, &str)| Step {
        word: format!("{}. {word}", place + 1),
        path: before.get(place).cloned(),
        is_here: place == here,
    };
    STEPS.into_iter().enumerate().map(step).collect()
}

/// The pick that the path names, of whoever asks.
///
/// # Errors
/// [`Problem::NotFound`] if they have none, or it has ended.
fn of_path(asked: &Asked) -> Result<Arc<Pick>, Problem> {
    own_pick(asked.state(), asked.principal(), asked.id())
}

/// The list of users with the pick.
fn address(pick: &Pick) -> Address {
    Address::new("/bulk").with("source", pick.source.as_str()).with("pick", &pick.id)
}

/// A page of the pick.
fn page_of(pick: &Pick, page: &str) -> Address {
    Address::of("/bulk", &pick.id).segment(page)
}

/// The source called `id`, if whoever asks sees it.
fn source(asked: &Asked, id: &SourceId) -> Option<SourceRow> {
    let sources = asked.state().sources();
    sources.iter().find(|row| row.id() == id && asked.principal().sees(row.id())).cloned()
}

/// The name of the source of a pick.
fn source_name(asked: &Asked, pick: &Pick) -> String {
    source(asked, &pick.source).map_or_else(|| pick.source.to_string(), |row| row.name().to_owned())
}

/// The number of the pick's users in words.
fn number_of(pick: &Pick) -> String {
    users(pick.users.len() as u64)
}

/// The actions of an address or a form; nothing is the empty list.
///
/// # Errors
/// [`Problem::BadQuery`] if it is no list, or too long for an address.
fn actions_of(text: &str) -> Result<Vec<Document>, Problem> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let read = if text.len() > MAX_ACTIONS { None } else { Document::read(text).ok() };
    match read {
        Some(Document::List(items)) => Ok(items),
        _ => Err(Problem::BadQuery(format!(
            "`actions` is no list of actions of up to {MAX_ACTIONS} bytes; choose them on the page, or send longer ones by the API"
        ))),
    }
}

/// Actions as they stand in an address; nothing if there are none.
///
/// # Errors
/// [`Problem::BadRequest`] if they are too long for an address; an internal one if they can't be written.
fn as_text(items: &[Document]) -> Result<String, Problem> {
    if items.is_empty() {
        return Ok(String::new());
    }
    let text = serde_json::to_string(items).map_err(|error| Problem::internal(&error))?;
    if text.len() > MAX_ACTIONS {
        return Err(Problem::BadRequest(format!(
            "the actions are longer than {MAX_ACTIONS} bytes; take some groups out, or send them by the API"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_the_same_after_they_stood_in_an_address() {
        let actions = r#"[{"add_groups":["a b","<x>"]},{"deactivate":{}},{"rename":{"suffix":"-gone"}}]"#;
        let items = actions_of(actions).expect("a list");
        assert_eq!(as_text(&items).expect("short"), actions);
        assert_eq!(as_text(&actions_of("").expect("none")).expect("short"), "");
        for bad in ["{}", "deactivate", "[", &format!("[{}]", "1,".repeat(MAX_ACTIONS))] {
            assert!(actions_of(bad).is_err(), "{bad:.20}");
        }
        let long = vec![Document::text("x".repeat(MAX_ACTIONS))];
        assert!(as_text(&long).is_err());
    }
}
