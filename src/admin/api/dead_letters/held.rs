//! Steps that are kept back because many users were created at once, ordered by source.

use actix_web::web::Data;

use super::{
    ChosenLetters,
    found::{Purpose, found},
    shown,
};
use crate::{
    admin::{
        AdminState,
        api::{Problem, read, request::lookup, schemas::MAX_LETTERS},
        identity::Principal,
    },
    domain::SourceId,
    views::{self, LetterFilter, LetterState, Limit, Paging, Views},
};

/// Whether any step in `source` is kept back because many users were created at once.
///
/// # Errors
/// A [`Problem`] if the views can't be read.
pub(in crate::admin::api) async fn is_any_held(state: &Data<AdminState>, source: &SourceId) -> Result<bool, Problem> {
    let (views, filter) = (state.views.clone(), open_and_held(source));
    let is_any = move || {
        let mut paging = Paging::default();
        loop {
            let page = views.dead_letters(&filter, &paging)?;
            match page.next {
                Some(next) if page.items.is_empty() => paging.cursor = Some(next),
                _ => return Ok(!page.items.is_empty()),
            }
        }
    };
    read(state.runtime(), is_any).await
}

/// The number of steps in `source` that are kept back because many users were created at once, and whether there are
/// more: at most 1,000 are counted.
///
/// # Errors
/// The error of the views, if they can't be read.
pub(crate) fn count_held(views: &Views, source: &SourceId) -> Result<(usize, bool), views::Error> {
    let (filter, mut paging) = (open_and_held(source), Paging { limit: Limit::MAX, cursor: None });
    let mut count = 0;
    loop {
        let page = views.dead_letters(&filter, &paging)?;
        count += page.items.len();
        match page.next {
            Some(_) if count >= MAX_LETTERS => return Ok((MAX_LETTERS, true)),
            Some(next) => paging.cursor = Some(next),
            None => return Ok((count.min(MAX_LETTERS), count > MAX_LETTERS)),
        }
    }
}

fn open_and_held(source: &SourceId) -> LetterFilter {
    let state = Some(LetterState::Open);
    LetterFilter { source: Some(source.clone()), held: Some(true), state, ..Default::default() }
}

/// Takes up, or dismisses, the steps in `source` that are kept back because many users were created at once. Gives how
/// many, and whether there are more.
///
/// # Errors
/// A [`Problem`] if the views can't be read; [`Problem::Unavailable`] if the order can't be written.
pub(in crate::admin::api) async fn order_held(
    state: &Data<AdminState>,
    source: &SourceId,
    release: bool,
    caller: &Principal,
) -> Result<(usize, bool), Problem> {
    let filter = open_and_held(source);
    let letters = state.commands.letters();
    let (count, more, said) = if release {
        let found = found(state, caller, ChosenLetters::Filter(filter, MAX_LETTERS), Purpose::Redrive).await?;
        (found.letters.len(), found.more, letters.redrive(found.letters, &caller.by()).await)
    } else {
        let (views, paging) = (state.views.clone(), Paging { limit: Limit::MAX, cursor: None });
        let page = read(state.runtime(), move || views.whole_dead_letters(&filter, &paging)).await?;
        let (count, more) = (page.items.len(), page.next.is_some());
        let held = page.items.into_iter().map(|(_, letter)| letter);
        (count, more, letters.dismiss_all(held.collect(), None, &caller.by()).await)
    };
    shown(state, &said.map_err(|error| lookup::unavailable(&error))?).await;
    Ok((count, more))
}
