//! Open letters by their reason: one cause is one line.

use crate::{
    admin::{AdminState, Problem},
    console::{
        Asked,
        addresses::Address,
        frame::{Moment, counted},
    },
    views::{Cursor, LetterGroup, LetterState, Limit, Paging},
};

/// The groups of a page.
#[derive(Default)]
pub(super) struct Groups {
    pub(super) rows: Vec<Row>,
    pub(super) more: Option<String>,
}

pub(super) struct Row {
    pub(super) reason: String,
    pub(super) what: String,
    pub(super) source: String,
    pub(super) count: u64,
    pub(super) word: String,
    pub(super) last: Moment,
    pub(super) look: String,
    pub(super) again: String,
    pub(super) dismiss: String,
}

impl Row {
    fn new(asked: &Asked, group: LetterGroup) -> Self {
        let of = |path| Address::new(path).with("group", &group.id);
        let what = match (&group.action, &group.target) {
            (Some(action), target) => format!("{} {}", action.replace('_', " "), target.as_deref().unwrap_or_default()),
            (None, _) => format!("an event, while it was in the {}", group.stage),
        };
        Self {
            what,
            source: group.source.to_string(),
            count: group.letters,
            word: counted(group.letters, "dead letter"),
            last: asked.moment(group.last),
            look: of("/dead-letters").with("state", LetterState::Open.as_str()).to_string(),
            again: of("/dead-letters/again").to_string(),
            dismiss: of("/dead-letters/dismiss").to_string(),
            reason: group.reason,
        }
    }
}

/// The groups of open letters after `cursor`, in `source` if one is given.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read.
pub(super) async fn read(asked: &Asked, source: &str, cursor: Option<Cursor>) -> Result<Groups, Problem> {
    let paging = Paging { limit: Limit::CONSOLE, cursor };
    let kept_to = asked.kept_to();
    let read = move |state: &AdminState| {
        state
            .views()
            .letter_groups(LetterState::Open, kept_to.as_ref(), &paging)
            .map_err(|error| Problem::internal(&error))
    };
    let page = asked.read(read).await?;
    let more = page.next.map(|next| {
        Address::new("/dead-letters").with("source", source).with("groups", &String::from(next)).to_string()
    });
    let is_wanted = |group: &LetterGroup| source.is_empty() || group.source.as_str() == source;
    let mut groups: Vec<_> = page.items.into_iter().filter(is_wanted).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.letters));
    Ok(Groups { rows: groups.into_iter().map(|group| Row::new(asked, group)).collect(), more })
}
