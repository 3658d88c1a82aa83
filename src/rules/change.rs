//! The smallest change that reverses an answer.

use crate::domain::{MadeOf, Reason, Truth};

/// The fewest changes that reverse the answer at the root: selected to not selected, anything else to selected. None if
/// no possible change does it. A fact that becomes known counts as one change, because it then settles its condition.
pub fn smallest_change(reason: &Reason) -> Option<Vec<String>> {
    let wanted = if reason.truth == Truth::True { Truth::False } else { Truth::True };
    let changes = changes(reason, wanted)?;
    Some(changes.into_iter().map(str::to_owned).collect())
}

fn changes(reason: &Reason, wanted: Truth) -> Option<Vec<&str>> {
    if reason.truth == wanted {
        return Some(Vec::new());
    }
    let each = |wanted| reason.parts.iter().map(move |part| changes(part, wanted));
    match (reason.made_of, wanted) {
        (MadeOf::Fact, _) => Some(vec![reason.change.as_deref()?]),
        (MadeOf::Not, Truth::True) => changes(reason.parts.first()?, Truth::False),
        (MadeOf::Not, _) => changes(reason.parts.first()?, Truth::True),
        (MadeOf::All, Truth::True) | (MadeOf::Any, Truth::False) => together(each(wanted)),
        (MadeOf::Any, _) | (MadeOf::All, _) => each(wanted).flatten().min_by_key(Vec::len),
    }
}

/// All of them; what two have in common is done once.
fn together<'a>(parts: impl Iterator<Item = Option<Vec<&'a str>>>) -> Option<Vec<&'a str>> {
    let mut all = Vec::new();
    for part in parts {
        for change in part? {
            if !all.contains(&change) {
                all.push(change);
            }
        }
    }
    Some(all)
}
