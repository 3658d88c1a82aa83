//! Steps that are kept back because many users were created at once, ordered by source.

use actix_web::web::Data;

use super::{found::by_filter, shown};
use crate::{
    admin::{
        AdminState,
        api::{Problem, read, request::lookup, schemas::MAX_LETTERS},
    },
    domain::{Actor, SourceId},
    views::{LetterFilter, LetterState, Limit, Paging},
};

/// Takes up, or dismisses, the steps in `source` that are kept back because many users were created at once. Gives how
/// many, and whether there are more.
///
/// # Errors
/// A [`Problem`] if the views can't be read; [`Problem::Unavailable`] if the order can't be written.
pub(in crate::admin::api) async fn order_held(
    state: &Data<AdminState>,
    source: &SourceId,
    release: bool,
    by: &Actor,
) -> Result<(usize, bool), Problem> {
    let open = Some(LetterState::Open);
    let filter = LetterFilter { source: Some(source.clone()), held: Some(true), state: open, ..Default::default() };
    let letters = state.commands.letters();
    let (count, more, said) = if release {
        let found = by_filter(state, filter, MAX_LETTERS).await?;
        (found.letters.len(), found.more, letters.redrive(found.letters, by).await)
    } else {
        let (views, paging) = (state.views.clone(), Paging { limit: Limit::MAX, cursor: None });
        let page = read(state.runtime(), move || views.whole_dead_letters(&filter, &paging)).await?;
        let (count, more) = (page.items.len(), page.next.is_some());
        let held = page.items.into_iter().map(|(_, letter)| letter);
        (count, more, letters.dismiss_all(held.collect(), by).await)
    };
    shown(state, &said.map_err(|error| lookup::unavailable(&error))?).await;
    Ok((count, more))
}
