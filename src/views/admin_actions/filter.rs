//! The filter of what administrators did.

use crate::{
    domain::Timestamp,
    views::page::{KeptTo, Newest, condition},
};

/// A filter of acts. A part that is none matches all.
#[derive(Debug, Clone, Default)]
pub struct ActionFilter {
    /// By this token or person, whomever they acted for.
    pub by: Option<String>,
    /// This word, or each that begins with it and a dot.
    pub action: Option<String>,
    /// This object.
    pub on: Option<String>,
    /// Then or later.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// Acts about these sources alone.
    pub kept_to: Option<KeptTo>,
}

impl ActionFilter {
    /// The list of matching acts.
    pub(super) fn list(&self) -> Newest<'_> {
        let (mut searched, mut wanted) = (Vec::new(), Vec::new());
        searched.extend(self.until.as_ref().map(|until| condition("at < ?", [until as _])));
        let by = self.by.as_ref();
        wanted.extend(by.map(|by| condition("(by = ? OR instr(by, ? || ' (for ') = 1)", [by as _, by as _])));
        let action = self.action.as_ref();
        wanted.extend(action.map(|one| condition("(action = ? OR instr(action, ? || '.') = 1)", [one as _, one as _])));
        wanted.extend(self.on.as_ref().map(|on| condition("object = ?", [on as _])));
        wanted.extend(self.kept_to.as_ref().map(KeptTo::condition));
        let from = "admin_actions INDEXED BY admin_actions_by_time";
        Newest { from, time: "at", id: "place", searched, wanted, since: self.since.as_ref() }
    }
}
