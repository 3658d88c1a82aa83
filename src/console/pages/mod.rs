//! The pages, each with what it shows.

pub(super) mod audit;
pub(super) mod bulk;
pub(super) mod components;
pub(super) mod connect;
pub(super) mod dead_letters;
mod filters;
pub(super) mod kept;
pub(super) mod runs;
pub(super) mod schemes;
pub(super) mod settings;
pub(super) mod sources;
pub(super) mod start;
pub(super) mod today;
pub(super) mod users;

use super::{Asked, frame::Choice};

/// The sources that whoever asks may see, for a field.
fn source_choices(asked: &Asked) -> Vec<Choice> {
    let sources = asked.state().sources();
    let seen = sources.iter().filter(|source| asked.principal().sees(source.id()));
    seen.map(|source| Choice::new(source.id(), source.name())).collect()
}

/// The word of the choice with this value; the value itself if there is none.
fn word_of(choices: &[Choice], value: &str) -> String {
    choices.iter().find(|choice| choice.value == value).map_or_else(|| value.to_owned(), |choice| choice.word.clone())
}

/// `text` as one of the values of a field; none if it is empty.
///
/// # Errors
/// [`Problem::BadQuery`](crate::admin::Problem::BadQuery) if it is no such value.
fn parsed<T>(name: &str, text: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, crate::admin::Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let unknown = || crate::admin::Problem::BadQuery(format!("`{name}` can't be `{text}`; choose another"));
    read(text).map(Some).ok_or_else(unknown)
}
