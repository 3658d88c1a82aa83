//! `/dead-letters/dismiss`: dismisses letters, after a look at which. Nothing more happens to them then.

use askama::Template;

use super::chosen::{Asks, NAMED, Row, may, why_not};
use crate::{
    admin::{AdminState, ChosenLetters, Problem, checked_reason, dismiss_letters, identity::Permission},
    console::{
        Answer, Asked,
        asked::sentence,
        form::Form,
        frame::{Errors, Frame, Place, counted},
    },
    domain::DeadLetter,
    views::{LetterFilter, LetterState, Limit, Paging},
};

#[derive(Template)]
#[template(path = "letters/dismiss.html")]
struct Page {
    frame: Frame,
    asks: Asks,
    back: String,
    count: usize,
    more: bool,
    rows: Vec<Row>,
    word: String,
    errors: Errors,
    reason: String,
    may_dismiss: Option<String>,
}

/// The open letters that are chosen and seen, and whether there are more.
async fn found(asked: &Asked, asks: &Asks) -> Result<(Vec<DeadLetter>, bool), Problem> {
    let (chosen, kept_to) = (asks.chosen()?, asked.kept_to());
    let read = move |state: &AdminState| {
        let internal = |error| Problem::internal(&error);
        match chosen {
            ChosenLetters::Ids(ids) => {
                let found = ids.iter().map(|id| state.views().dead_letter(id).map_err(internal));
                let found = found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
                let open = found.filter(|(row, _)| row.state == LetterState::Open);
                Ok((open.map(|(_, letter)| letter).collect(), false))
            }
            ChosenLetters::Filter(filter, _) => {
                let filter = LetterFilter { kept_to, ..filter };
                let paging = Paging { limit: Limit::MAX, cursor: None };
                let page = state.views().whole_dead_letters(&filter, &paging).map_err(internal)?;
                Ok((page.items.into_iter().map(|(_, letter)| letter).collect(), page.next.is_some()))
            }
        }
    };
    let (found, more): (Vec<DeadLetter>, bool) = asked.read(read).await?;
    Ok((found.into_iter().filter(|letter| asked.principal().sees(&letter.source)).collect(), more))
}

/// `GET /dead-letters/dismiss`.
///
/// # Errors
/// [`Problem::BadRequest`] unless a letter or a group is named; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let found = found(&asked, &asks).await?;
    page(&asked, asks, found, Errors::default(), "")
}

fn page(
    asked: &Asked,
    asks: Asks,
    (found, more): (Vec<DeadLetter>, bool),
    errors: Errors,
    reason: &str,
) -> Result<Answer, Problem> {
    let count = found.len();
    let mut frame = asked.frame(Place::DeadLetters, "Dismiss dead letters");
    frame.refused = !errors.is_empty();
    let status = frame.status();
    let page = Page {
        frame,
        back: asks.list().with("state", "open").to_string(),
        asks,
        count,
        more,
        rows: found.iter().take(NAMED).map(Row::new).collect(),
        word: format!("Dismiss {}", counted(count, "dead letter")),
        errors,
        reason: reason.to_owned(),
        may_dismiss: why_not(asked, &found, Permission::Dismiss),
    };
    Answer::with_status(status, &page)
}

/// `POST /dead-letters/dismiss`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn dismiss(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let asks = Asks::of(&form);
    let (found, more) = found(&asked, &asks).await?;
    may(&asked, &found, Permission::Dismiss)?;
    let typed = form.get("reason");
    match checked_reason(Some(typed.to_owned())) {
        Ok(reason) => {
            let count = dismiss_letters(asked.state(), asked.principal(), found, reason).await?;
            Ok(Answer::see(asks.list().with("dismissed", &count.to_string())))
        }
        Err(problem) => {
            let errors = Errors::one("Nothing was dismissed", "reason", sentence(&problem.to_string()));
            page(&asked, asks, (found, more), errors, typed)
        }
    }
}

/// The result, in words.
pub(super) fn said(count: usize) -> String {
    match count {
        0 => "Nothing was dismissed: nothing was open any more.".to_owned(),
        count => format!("Dismissed: {}.", counted(count, "dead letter")),
    }
}
