//! Conditions on groups and on lists of users.

use crate::domain::{Fact, GroupName, Groups, Missing, Origin, Timestamp, Truth, UserId};

use super::{
    super::{Subject, truth::known},
    Told, list,
};

/// What was found of the user's groups.
pub(in crate::rules) struct InGroup<'a> {
    groups: &'a Fact<Groups>,
    wanted: &'a [GroupName],
}

impl<'a> InGroup<'a> {
    pub(super) fn look(groups: &'a Fact<Groups>, wanted: &'a [GroupName]) -> Self {
        Self { groups, wanted }
    }

    pub(super) fn truth(&self) -> Truth {
        match self.groups.value() {
            Some(groups) => known(self.wanted.iter().any(|group| groups.contains(group))),
            None => Truth::Unknown,
        }
    }

    pub(super) fn tell(&self) -> Told {
        let (groups, origin, as_of) = match self.groups {
            Fact::Known { value, origin, as_of } => (value, *origin, *as_of),
            Fact::Unknown(missing) => return Told::missing("the groups", *missing),
        };
        let own: Vec<_> = self.wanted.iter().filter(|group| groups.contains(group)).collect();
        let (because, change) = if own.is_empty() {
            let wanted = list(self.wanted);
            (format!("a member of none of {wanted}"), format!("the user becomes a member of one of {wanted}"))
        } else {
            (format!("a member of {}", list(&own)), format!("the user is taken out of {}", list(&own)))
        };
        let all: Vec<_> = groups.iter().collect();
        let value = if all.is_empty() { "no groups".to_owned() } else { list(&all) };
        Told::known(origin, as_of, because).with(value, change)
    }
}

/// Users by name or lasting id.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Listed(pub(in crate::rules) Vec<String>);

/// What was found of the user on the list.
pub(in crate::rules) enum OnList<'a> {
    ById(&'a UserId),
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
    pub(super) fn look<'a>(&self, subject: &Subject<'a>) -> OnList<'a> {
        if let Some(id) = subject.user.filter(|id| self.0.iter().any(|one| one == id.as_str())) {
            return OnList::ById(id);
        }
        match (&subject.facts.name, subject.user) {
            (Fact::Known { value: name, origin, as_of }, user) => {
                let is_listed = self.0.iter().any(|one| same_name(one, name));
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

/// Login names are compared without regard to case.
fn same_name(one: &str, other: &str) -> bool {
    one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

impl OnList<'_> {
    pub(super) fn truth(&self) -> Truth {
        match self {
            Self::ById(_) => Truth::True,
            Self::ByName { is_listed, .. } => known(*is_listed),
            Self::Nameless(_) => Truth::False,
            Self::IdMissing | Self::NameMissing(_) => Truth::Unknown,
        }
    }

    pub(super) fn tell(&self) -> Told {
        const ON: &str = "the user is put on the list";
        const OFF: &str = "the user is taken off the list";
        match self {
            Self::ById(id) => Told { because: format!("{id} is listed"), ..Told::default() }.with(id.as_str(), OFF),
            Self::Nameless(id) => {
                Told { because: format!("{id} is not listed"), ..Told::default() }.with(id.as_str(), ON)
            }
            Self::ByName { name, is_listed, origin, as_of } => {
                let (is, change) = if *is_listed { ("is", OFF) } else { ("is not", ON) };
                Told::known(*origin, *as_of, format!("{name} {is} listed")).with(*name, change)
            }
            Self::NameMissing(missing) => Told::missing("the login name", *missing),
            Self::IdMissing => Told {
                because: "the user's lasting id is not known yet, and the list may hold it".into(),
                change: Some("the lasting id becomes known".into()),
                ..Told::default()
            },
        }
    }
}
