//! The fields of step 2 for one group of conditions, and for those who are never touched.

use super::{
    super::{kept::ORDER, pickers::with_picked},
    conditions::{Conditions, listed},
    groups::{Group, How, path_of},
};
use crate::{
    config::Document,
    console::{form::Form, frame::FieldError},
};

/// The fields that show a group.
pub(super) struct Shown {
    how: How,
    conditions: Conditions,
}

/// The fields of the page. None: it is written in a way that the field does not show, and stays as it is.
pub(super) struct Answers {
    shown: Option<Shown>,
    pub(super) only_groups: Option<String>,
    pub(super) exempt_users: Option<String>,
    pub(super) exempt_groups: Option<String>,
}

impl Answers {
    /// The fields for the group whose path is written `at`, and that path; none if there is no such group.
    pub(super) fn at(document: &Document, at: &str) -> Option<(Self, Vec<usize>)> {
        let at = path_of(at)?;
        Some((Self::of(document, &at)?, at))
    }

    fn of(document: &Document, at: &[usize]) -> Option<Self> {
        let names = |value: Option<&Document>| match value {
            None => Some(String::new()),
            Some(Document::List(items)) if items.is_empty() => Some(String::new()),
            Some(value) => listed(value),
        };
        let exempt = document.get("exempt");
        let is_shown = exempt.is_none_or(|exempt| {
            exempt.entries().is_some_and(|keys| keys.iter().all(|(key, _)| ["users", "groups"].contains(&&**key)))
        });
        let part = |key| if is_shown { names(exempt.and_then(|exempt| exempt.get(key))) } else { None };
        let shown = match (Group::of(document.get("select")), at) {
            (Some(root), at) => {
                let group = root.at(at)?;
                Some(Shown { how: group.how, conditions: Conditions::of(&group) })
            }
            (None, []) => None,
            (None, _) => return None,
        };
        Some(Self {
            shown,
            only_groups: names(document.get("only_groups")),
            exempt_users: part("users"),
            exempt_groups: part("groups"),
        })
    }

    pub(super) fn conditions(&self) -> Option<&Conditions> {
        self.shown.as_ref().map(|shown| &shown.conditions)
    }

    pub(super) fn how(&self) -> How {
        self.shown.as_ref().map(|shown| shown.how).unwrap_or_default()
    }

    /// As the form was sent. What it did not show is none still.
    pub(super) fn sent(form: &Form, shown: &Self, at: &[usize]) -> Self {
        let is_whole = at.is_empty();
        let get = |name, shown: &Option<String>| {
            (is_whole && shown.is_some()).then(|| with_picked(form, name, form.get(name).replace("\r\n", "\n")))
        };
        let of_group = || Shown { how: How::named(form.get("match")), conditions: Conditions::sent(form) };
        Self {
            shown: shown.shown.is_some().then(of_group),
            only_groups: get("only_groups", &shown.only_groups),
            exempt_users: get("exempt_users", &shown.exempt_users),
            exempt_groups: get("exempt_groups", &shown.exempt_groups),
        }
    }

    /// Writes the fields into `document`; gives the fault of what can't be written.
    pub(super) fn put_into(&self, document: &mut Document, at: &[usize]) -> Option<FieldError> {
        let names = |text: &str| {
            let names: Vec<_> =
                text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
            (!names.is_empty()).then(|| Document::texts(names))
        };
        if let Some(groups) = &self.only_groups {
            document.set("only_groups", names(groups), &ORDER);
        }
        let mut exempt = document.get("exempt").cloned().unwrap_or(Document::Map(Vec::new()));
        for (key, text) in [("users", &self.exempt_users), ("groups", &self.exempt_groups)] {
            if let Some(text) = text {
                exempt.set(key, names(text), &["users", "groups"]);
            }
        }
        let is_empty = exempt.entries().is_some_and(<[_]>::is_empty);
        document.set("exempt", (!is_empty).then_some(exempt), &ORDER);
        let Shown { how, conditions } = self.shown.as_ref()?;
        let here = Group::of(document.get("select"))?.at(at)?;
        match conditions.put_into(&here) {
            // A group that is the same stays written as it is.
            Ok(items) if here == (Group { how: *how, items: items.clone() }) => None,
            Ok(items) => {
                change(document, at, Group { how: *how, items });
                None
            }
            Err(more) => Some(FieldError { field: "more", text: more.in_words() }),
        }
    }
}

/// Puts `group` in the place of the one at `at`.
pub(super) fn change(document: &mut Document, at: &[usize], group: Group) {
    if let Some(root) = Group::of(document.get("select")).and_then(|root| root.with(at, group)) {
        document.set("select", root.select(), &ORDER);
    }
}
