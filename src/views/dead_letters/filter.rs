//! The filter of dead letters.

use super::status::LetterState;
use crate::{
    domain::{SourceId, Stage, Timestamp},
    views::page::{KeptTo, Newest, condition},
};

/// A filter of dead letters. A part that is none matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// The source.
    pub source: Option<SourceId>,
    /// Given up there.
    pub stage: Option<Stage>,
    /// Words in the reason, in any case.
    pub reason: Option<String>,
    /// Given up then or later.
    pub since: Option<Timestamp>,
    /// About this user, by lasting id, or by login name in any case.
    pub user: Option<String>,
    /// The state.
    pub state: Option<LetterState>,
    /// Whether they were held, or given up.
    pub held: Option<bool>,
    /// The group, by its id.
    pub group: Option<String>,
    /// About these sources alone.
    pub kept_to: Option<KeptTo>,
}

/// The values of a filter, in the form of the table.
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
    /// The list of matching letters. The index is searched by the state or the source.
    pub(super) fn list<'a>(&'a self, folded: &'a Folded) -> Newest<'a> {
        let (mut searched, mut wanted) = (Vec::new(), Vec::new());
        let mut from = "dead_letters INDEXED BY dead_letters_by_time";
        if let Some(state) = &self.state {
            from = "dead_letters INDEXED BY dead_letters_by_state";
            searched.push(condition("state = ?", [state as _]));
        }
        if let Some(group) = &self.group {
            let one = condition("problem = ?", [group as _]);
            if searched.is_empty() {
                wanted.push(one);
            } else {
                from = "dead_letters INDEXED BY dead_letters_by_problem";
                searched.push(one);
            }
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
        wanted.extend(self.kept_to.as_ref().map(KeptTo::condition));
        Newest { from, time: "at", id: "id", searched, wanted, since: self.since.as_ref() }
    }
}
