//! `/dead-letters/again`: takes letters up again, after a look at which.

use askama::Template;

use super::chosen::{Asks, MAX_LETTERS, NAMED, Row, may, why_not};
use crate::{
    admin::{FoundLetters, Problem, identity::Permission, letters_to_redrive, redrive_letters},
    console::{
        Answer, Asked,
        form::Form,
        frame::{Frame, Place, counted},
    },
};

#[derive(Template)]
#[template(path = "letters/again.html")]
struct Page {
    frame: Frame,
    asks: Asks,
    back: String,
    count: usize,
    /// Whether there are more than can be taken up together.
    more: bool,
    most: usize,
    rows: Vec<Row>,
    refused: Vec<Refused>,
    refused_count: usize,
    word: String,
    may_redrive: Option<String>,
}

/// A letter that can't be taken up again.
struct Refused {
    id: String,
    why: String,
}

/// Finds the letters that whoever asks sees.
async fn found(asked: &Asked, asks: &Asks) -> Result<FoundLetters, Problem> {
    letters_to_redrive(asked.state(), asked.principal(), asks.chosen()?).await
}

/// `GET /dead-letters/again`.
///
/// # Errors
/// [`Problem::BadRequest`] unless a letter or a group is named; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let FoundLetters { letters: found, refused, more } = found(&asked, &asks).await?;
    let count = found.len();
    let title = if asks.id.is_empty() { "Try a group again" } else { "Try a dead letter again" };
    let page = Page {
        frame: asked.frame(Place::DeadLetters, title),
        back: asks.list().with("state", "open").to_string(),
        asks,
        count,
        more,
        most: MAX_LETTERS,
        rows: found.iter().take(NAMED).map(Row::new).collect(),
        refused_count: refused.len(),
        refused: refused.into_iter().take(NAMED).map(|one| Refused { id: one.id, why: one.why }).collect(),
        word: format!("Try again {count}"),
        may_redrive: why_not(&asked, &found, Permission::Redrive),
    };
    Answer::html(&page)
}

/// `POST /dead-letters/again`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn again(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let asks = Asks::of(&form);
    let found = found(&asked, &asks).await?;
    may(&asked, &found.letters, Permission::Redrive)?;
    let redriven = redrive_letters(asked.state(), asked.principal(), found).await?;
    Ok(Answer::see(asks.list().with("again", &redriven.redriven.to_string())))
}

/// The result, in words.
pub(super) fn said(count: usize) -> String {
    match count {
        0 => "Nothing was taken up again: it was done already, or can't be.".to_owned(),
        count => format!("Taken up again: {}.", counted(count, "dead letter")),
    }
}
