//! Conditions on groups and on lists of users.

use std::{collections::HashSet, sync::Arc};

use crate::domain::{
    Fact, Facts, GroupName, Memberships, Missing, NamedUsers, Origin, Timestamp, Truth, UserId, composed,
};

use super::{
    super::{
        Subject,
        truth::{any, known},
    },
    ReasonText, list,
};

/// The result of looking at the user's groups.
pub(in crate::rules) struct InGroup<'a> {
    facts: &'a Facts,
    wanted: &'a [GroupName],
}

impl<'a> InGroup<'a> {
    pub(super) fn evaluate(facts: &'a Facts, wanted: &'a [GroupName]) -> Self {
        Self { facts, wanted }
    }

    pub(super) fn truth(&self) -> Truth {
        match (self.facts.groups.value(), &self.facts.memberships) {
            (Some(groups), _) => known(self.wanted.iter().any(|group| groups.contains(group))),
            (None, Some(some)) => in_any(some, self.wanted),
            (None, None) => Truth::Unknown,
        }
    }

    pub(super) fn explain(&self) -> ReasonText {
        match (&self.facts.groups, &self.facts.memberships) {
            (Fact::Known { value, origin, as_of }, _) => {
                let own: Vec<_> = self.wanted.iter().filter(|group| value.contains(group)).collect();
                let all: Vec<_> = value.iter().collect();
                let shown = if all.is_empty() { "no groups".to_owned() } else { list(&all) };
                self.reason_text(&own, *origin, *as_of, shown)
            }
            (Fact::Unknown(_), Some(some)) if in_any(some, self.wanted) != Truth::Unknown => {
                let own: Vec<_> = self.wanted.iter().filter(|group| some.is_member(group) == Some(true)).collect();
                let shown = if own.is_empty() { "none of the groups".to_owned() } else { list(&own) };
                self.reason_text(&own, Origin::Members, some.as_of, shown)
            }
            (Fact::Unknown(missing), _) => ReasonText::missing("the groups", *missing),
        }
    }

    /// The texts if the user is in `own` of the wanted groups.
    fn reason_text(&self, own: &[&GroupName], origin: Origin, as_of: Timestamp, value: String) -> ReasonText {
        let (because, change) = if own.is_empty() {
            let wanted = list(self.wanted);
            (format!("a member of none of {wanted}"), format!("the user becomes a member of one of {wanted}"))
        } else {
            (format!("a member of {}", list(own)), format!("the user is taken out of {}", list(own)))
        };
        ReasonText::known(origin, as_of, because).with(value, change)
    }
}

/// Whether the user is in any of the groups `wanted`: no only where of each of them it is known.
fn in_any(some: &Memberships, wanted: &[GroupName]) -> Truth {
    let told = wanted.iter().map(|group| some.is_member(group));
    any(told.map(|told| told.map_or(Truth::Unknown, known)))
}

/// Users by name or lasting id.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Listed {
    users: NamedUsers,
    /// The sets for looking up a long list: ids as they are, and names without regard to case.
    sets: Option<Arc<Sets>>,
}

#[derive(Debug)]
struct Sets {
    ids: HashSet<String>,
    names: HashSet<String>,
}

/// A list that is not longer is compared one by one, without allocation.
const SHORT: usize = 32;

/// The result of looking for the user on the list.
pub(in crate::rules) enum OnList<'a> {
    ById(&'a UserId),
    /// The user is on the list by a name that resolves to them.
    ByReference,
    /// Whether the name is listed; the id is not.
    ByName {
        name: &'a str,
        is_listed: bool,
        origin: Origin,
        as_of: Timestamp,
    },
    /// Neither the id is listed nor can there be a name.
    Nameless(&'a UserId),
    /// The id is not known, and the name is not listed: the list may hold the id.
    IdMissing,
    /// The id is not listed, and the name is not known: the list may hold the name.
    NameMissing(Missing),
}

impl Listed {
    pub(in crate::rules) fn new(users: NamedUsers) -> Self {
        let all = users.as_slice();
        let sets = (all.len() > SHORT).then(|| {
            let names = all.iter().map(|name| folded(name)).collect();
            Arc::new(Sets { ids: all.iter().cloned().collect(), names })
        });
        Self { users, sets }
    }

    fn has_id(&self, id: &str) -> bool {
        match &self.sets {
            Some(sets) => sets.ids.contains(id),
            None => self.users.as_slice().iter().any(|one| one == id),
        }
    }

    fn has_name(&self, name: &str) -> bool {
        match &self.sets {
            Some(sets) => sets.names.contains(&folded(name)),
            None => self.users.as_slice().iter().any(|one| same_name(one, name)),
        }
    }

    pub(super) fn evaluate<'a>(&self, subject: &Subject<'a>) -> OnList<'a> {
        if let Some(id) = subject.user.filter(|id| self.has_id(id.as_str())) {
            return OnList::ById(id);
        }
        if subject.facts.called.iter().any(|one| self.has_id(one)) {
            return OnList::ByReference;
        }
        match (&subject.facts.name, subject.user) {
            (Fact::Known { value: name, origin, as_of }, user) => {
                let is_listed = self.has_name(name);
                match user {
                    None if !is_listed => OnList::IdMissing,
                    _ => OnList::ByName { name, is_listed, origin: *origin, as_of: *as_of },
                }
            }
            (Fact::Unknown(Missing::NotApplicable), Some(id)) => OnList::Nameless(id),
            (Fact::Unknown(_), None) => OnList::IdMissing,
            (Fact::Unknown(missing), Some(_)) => OnList::NameMissing(*missing),
        }
    }
}

fn folded(name: &str) -> String {
    composed(name).chars().flat_map(char::to_lowercase).collect()
}

/// Login names are compared without regard to case.
fn same_name(one: &str, other: &str) -> bool {
    composed(one).chars().flat_map(char::to_lowercase).eq(composed(other).chars().flat_map(char::to_lowercase))
}

impl OnList<'_> {
    pub(super) fn truth(&self) -> Truth {
        match self {
            Self::ById(_) | Self::ByReference => Truth::True,
            Self::ByName { is_listed, .. } => known(*is_listed),
            Self::Nameless(_) => Truth::False,
            Self::IdMissing | Self::NameMissing(_) => Truth::Unknown,
        }
    }

    pub(super) fn explain(&self) -> ReasonText {
        const ON: &str = "the user is put on the list";
        const OFF: &str = "the user is taken off the list";
        match self {
            Self::ById(id) => {
                ReasonText { because: format!("{id} is listed"), ..ReasonText::default() }.with(id.as_str(), OFF)
            }
            // The name may be an e-mail address.
            Self::ByReference => ReasonText {
                because: "a name that means the user is listed".into(),
                change: Some(OFF.into()),
                ..ReasonText::default()
            },
            Self::Nameless(id) => {
                ReasonText { because: format!("{id} is not listed"), ..ReasonText::default() }.with(id.as_str(), ON)
            }
            Self::ByName { name, is_listed, origin, as_of } => {
                let (is, change) = if *is_listed { ("is", OFF) } else { ("is not", ON) };
                ReasonText::known(*origin, *as_of, format!("{name} {is} listed")).with(*name, change)
            }
            Self::NameMissing(missing) => ReasonText::missing("the login name", *missing),
            Self::IdMissing => ReasonText {
                because: "the user's lasting id is not known yet, and the list may hold it".into(),
                change: Some("the lasting id becomes known".into()),
                ..ReasonText::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_looked_up_as_a_short_one_is_compared() {
        for length in [1, SHORT, SHORT + 1, 5_000] {
            let names = (0..length).map(|n| format!("Jörg-{n}"));
            let listed = Listed::new(NamedUsers::new(names));
            assert!(listed.has_id("Jörg-0") && !listed.has_id("jörg-0"), "ids are compared as they are: {length}");
            assert!(listed.has_name("JÖRG-0") && !listed.has_name("Jörg-x"), "names in any case: {length}");
        }
    }
}
