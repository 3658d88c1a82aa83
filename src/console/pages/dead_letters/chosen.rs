//! The letters that a decision is about: one, or a group.

use serde::Deserialize;

use super::super::users;
use crate::{
    admin::{
        ChosenLetters, Problem,
        identity::{About, Permission},
    },
    console::{Asked, addresses::Address, form::Form},
    domain::DeadLetter,
    views::{LetterFilter, LetterState},
};

/// The highest number of letters that are decided about together.
pub(super) const MAX_LETTERS: usize = 1_000;
/// The number of letters that a page names.
pub(super) const NAMED: usize = 20;

/// The query of the pages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asks {
    pub(super) group: String,
    pub(super) id: String,
}

impl Asks {
    pub(super) fn of(form: &Form) -> Self {
        Self { group: form.get("group").to_owned(), id: form.get("id").to_owned() }
    }

    /// The letters.
    ///
    /// # Errors
    /// [`Problem::BadRequest`] unless either a letter or a group is named.
    pub(super) fn chosen(&self) -> Result<ChosenLetters, Problem> {
        match (self.id.is_empty(), self.group.is_empty()) {
            (false, true) => Ok(ChosenLetters::Ids(vec![self.id.clone()])),
            (true, false) => Ok(ChosenLetters::Filter(self.filter(), MAX_LETTERS)),
            _ => Err(Problem::BadRequest("name one dead letter, or one group of them".into())),
        }
    }

    pub(super) fn filter(&self) -> LetterFilter {
        LetterFilter { group: Some(self.group.clone()), state: Some(LetterState::Open), ..LetterFilter::default() }
    }

    /// The list of what was decided about.
    pub(super) fn list(&self) -> Address {
        Address::new("/dead-letters").with("group", &self.group)
    }
}

/// A letter that a page names.
pub(super) struct Row {
    pub(super) user: String,
    pub(super) path: String,
    pub(super) what: String,
    pub(super) reason: String,
}

impl Row {
    pub(super) fn new(letter: &DeadLetter) -> Self {
        let what = match &letter.step {
            Some(given_up) => {
                let (action, target) = (given_up.step.action().replace('_', " "), given_up.step.target());
                format!("{action} {target} by {}", given_up.scheme.id)
            }
            None => format!("an event, while it was in the {}", letter.stage.as_str()),
        };
        Self {
            user: letter
                .step
                .as_ref()
                .and_then(|step| step.user_name.clone())
                .unwrap_or_else(|| letter.user.to_string()),
            path: users::address(&letter.source, letter.user.to_string()).to_string(),
            what,
            reason: letter.reason.clone(),
        }
    }
}

/// The permission that deciding about `letters` takes. What a creation of many users holds is for administrators alone.
pub(super) fn needed(letters: &[DeadLetter], otherwise: Permission) -> Permission {
    if letters.iter().any(|letter| letter.held) { Permission::DecideNewcomers } else { otherwise }
}

/// Why they may not decide about `letters`; none if they may.
pub(super) fn why_not(asked: &Asked, letters: &[DeadLetter], otherwise: Permission) -> Option<String> {
    let needed = needed(letters, otherwise);
    let sources = letters.iter().map(|letter| About::Source(&letter.source));
    sources.chain([About::Anything]).find_map(|about| asked.why_not(needed, about))
}

/// Refuses whoever may not decide about `letters`.
///
/// # Errors
/// [`Problem::Forbidden`] if their role is too low; [`Problem::NotFound`] if a letter is of none of their sources.
pub(super) fn may(asked: &Asked, letters: &[DeadLetter], otherwise: Permission) -> Result<(), Problem> {
    let needed = needed(letters, otherwise);
    asked.may(needed, About::Anything)?;
    letters.iter().try_for_each(|letter| asked.may(needed, About::Source(&letter.source)))
}
