//! Which dead letters to list.

use super::status::LetterState;
use crate::{
    domain::{SourceId, Stage, Timestamp},
    views::page::{Newest, condition},
};

/// Which dead letters to list; what is none lets all through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// In this source.
    pub source: Option<SourceId>,
    /// Given up there.
    pub stage: Option<Stage>,
    /// With these words in their reason, in any case.
    pub reason: Option<String>,
    /// Given up then or later.
    pub since: Option<Timestamp>,
    /// About this user, by lasting id, or by login name in any case.
    pub user: Option<String>,
    /// That stand so.
    pub state: Option<LetterState>,
    /// That were kept back, not given up; or the other way round.
    pub held: Option<bool>,
}

/// What a filter looks for, in the form in which the table has it.
pub(super) struct Folded {
    stage: Option<&'static str>,
    reason: Option<String>,
    user: Option<(String, String)>,
}

impl Folded {
    pub(super) fn of(filter: &LetterFilter) -> Self {
        Self {
            stage: filter.stage.map(Stage::as_str),
            reason: filter.reason.as_ref().map(|words| words.to_lowercase()),
            user: filter.user.as_ref().map(|user| (user.clone(), user.to_lowercase())),
        }
    }
}

impl LetterFilter {
    /// The list of those that it lets through. The index is searched by the state or the source.
    pub(super) fn list<'a>(&'a self, folded: &'a Folded) -> Newest<'a> {
        let (mut searched, mut wanted) = (Vec::new(), Vec::new());
        let mut from = "dead_letters INDEXED BY dead_letters_by_time";
        if let Some(state) = &self.state {
            from = "dead_letters INDEXED BY dead_letters_by_state";
            searched.push(condition("state = ?", [state as _]));
        }
        if let Some(source) = &self.source {
            let one = condition("source = ?", [source as _]);
            if searched.is_empty() {
                from = "dead_letters INDEXED BY dead_letters_by_source";
                searched.push(one);
            } else {
                wanted.push(one);
            }
        }
        wanted.extend(folded.stage.as_ref().map(|stage| condition("stage = ?", [stage as _])));
        wanted.extend(folded.reason.as_ref().map(|words| condition("instr(reason, ?) > 0", [words as _])));
        let user = folded.user.as_ref();
        wanted.extend(user.map(|(user, name)| condition("(user = ? OR user_name = ?)", [user as _, name as _])));
        wanted.extend(self.held.as_ref().map(|held| condition("held = ?", [held as _])));
        Newest { from, time: "at", id: "id", searched, wanted, since: self.since.as_ref() }
    }
}
