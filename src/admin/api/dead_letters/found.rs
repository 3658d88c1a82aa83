//! The letters that can be taken up again or dismissed, among those that a request chooses.

use actix_web::web::Data;

use super::{
    decides,
    forms::{ChosenLetters, RefusedLetter},
    now,
};
use crate::{
    admin::{
        AdminState,
        api::{Problem, read},
        identity::Principal,
    },
    domain::{DeadLetter, EventKind},
    source::Controls,
    views::{self, DeadLetterRow, KeptTo, LetterFilter, LetterState, Limit, Paging},
};

/// The number of refusals that an answer names.
const REFUSALS_NAMED: usize = 1_000;

/// The requested letters.
#[derive(Default)]
pub(crate) struct FoundLetters {
    /// They can be taken up again, or dismissed.
    pub(crate) letters: Vec<DeadLetter>,
    /// They can't, and why; the first 1,000.
    pub(crate) refused: Vec<RefusedLetter>,
    /// Whether more can be.
    pub(crate) more: bool,
}

impl FoundLetters {
    fn refuse(&mut self, id: String, why: String) {
        if self.refused.len() < REFUSALS_NAMED {
            self.refused.push(RefusedLetter { id, why });
        }
    }
}

/// The purpose for which letters are found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// They are taken up again.
    Redrive,
    /// They are dismissed. Those that are dismissed already are passed over.
    Dismiss,
}

impl Purpose {
    /// Whether a letter has nothing to do with it any more.
    fn passes_over(self, row: &DeadLetterRow) -> bool {
        matches!(self, Self::Dismiss) && row.state == LetterState::Dismissed
    }

    /// Why it can't be done to `letter` now.
    fn obstacle(
        self,
        state: &AdminState,
        caller: &Principal,
        row: &DeadLetterRow,
        letter: &DeadLetter,
    ) -> Option<String> {
        match self {
            Self::Redrive => why_not_redriven(state, caller, row, letter),
            Self::Dismiss => why_not_dismissed(caller, row, letter),
        }
    }
}

/// The letters that a request chooses for this `purpose` and that can be had, and why the others can't.
///
/// # Errors
/// A [`Problem`] if the views can't be read.
pub(super) async fn found(
    state: &Data<AdminState>,
    caller: &Principal,
    chosen: ChosenLetters,
    purpose: Purpose,
) -> Result<FoundLetters, Problem> {
    let (state, caller) = (state.clone(), caller.clone());
    read(state.runtime(), move || match chosen {
        ChosenLetters::Ids(ids) => by_ids(&state, &caller, ids, purpose),
        ChosenLetters::Filter(filter, limit) => by_filter(&state, &caller, filter, limit, purpose),
    })
    .await
}

/// The letters with the given ids.
fn by_ids(
    state: &AdminState,
    caller: &Principal,
    mut ids: Vec<String>,
    purpose: Purpose,
) -> Result<FoundLetters, views::Error> {
    ids.sort_unstable();
    ids.dedup();
    let mut found = FoundLetters::default();
    for id in ids {
        match state.views.dead_letter(&id)?.filter(|(_, letter)| caller.sees(&letter.source)) {
            None => found.refuse(id, "there is no such dead letter".into()),
            Some((row, _)) if purpose.passes_over(&row) => {}
            Some((row, letter)) => match purpose.obstacle(state, caller, &row, &letter) {
                Some(why) => found.refuse(id, why),
                None => found.letters.push(letter),
            },
        }
    }
    Ok(found)
}

/// The letters that `filter` lets through, `limit` at most.
fn by_filter(
    state: &AdminState,
    caller: &Principal,
    filter: LetterFilter,
    limit: usize,
    purpose: Purpose,
) -> Result<FoundLetters, views::Error> {
    let mut found = FoundLetters::default();
    let filter = LetterFilter { kept_to: KeptTo::of(&caller.sources), ..filter };
    let mut paging = Paging { limit: Limit::MAX, cursor: None };
    loop {
        let page = state.views.whole_dead_letters(&filter, &paging)?;
        for (row, letter) in page.items.into_iter().filter(|(row, _)| !purpose.passes_over(row)) {
            match purpose.obstacle(state, caller, &row, &letter) {
                Some(why) => found.refuse(row.id, why),
                None if found.letters.len() == limit => return Ok(FoundLetters { more: true, ..found }),
                None => found.letters.push(letter),
            }
        }
        match page.next {
            Some(next) => paging.cursor = Some(next),
            None => return Ok(found),
        }
    }
}

/// Why `letter` can't be dismissed now.
fn why_not_dismissed(caller: &Principal, row: &DeadLetterRow, letter: &DeadLetter) -> Option<String> {
    match row.state {
        LetterState::Open => decides(caller, letter).err().map(|refused| refused.to_string()),
        LetterState::Redriven | LetterState::Resolved | LetterState::Dismissed => {
            Some(row.obstacle(now()).unwrap_or_else(|| "it is not open any more".to_owned()))
        }
    }
}

/// Why `letter` can't be taken up again now.
fn why_not_redriven(
    state: &AdminState,
    caller: &Principal,
    row: &DeadLetterRow,
    letter: &DeadLetter,
) -> Option<String> {
    if let Err(refused) = decides(caller, letter) {
        return Some(refused.to_string());
    }
    if let Some(why) = row.obstacle(now()) {
        return Some(why);
    }
    if !state.sources().iter().any(|source| *source.id() == letter.source) {
        return Some(format!("the source `{}` is not in the configuration any more", letter.source));
    }
    let step = letter.step.as_ref()?;
    let settings = &state.settings;
    if step.kind == EventKind::Undo {
        // It puts back what was done, whatever the scheme says by now.
        return settings.run_cancelled(&step.run).then(|| "its run was cancelled".to_owned());
    }
    if !settings.scheme_stands(&step.scheme) {
        let scheme = &step.scheme.id;
        return Some(format!(
            "the scheme `{scheme}` was changed, disabled or deleted since; bring it back as it was, or dismiss the letter"
        ));
    }
    if settings.scheme_paused(&step.scheme.id) {
        return Some(format!("the scheme `{}` is paused; resume it first", step.scheme.id));
    }
    settings.run_cancelled(&step.run).then(|| "its run was cancelled".to_owned())
}
