//! Somebody who asks, and the answer to whether they may.

use std::net::IpAddr;

use super::Permission;
use crate::domain::{Actor, Channel, Role, SourceId, SourceScope};

/// A known person or program, on one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The name of the token, or of the person who signed in.
    pub name: Actor,
    /// The role.
    pub role: Role,
    /// The sources that they see and act on.
    pub sources: SourceScope,
    /// The way on which they ask.
    pub via: Channel,
    /// Whether the name is that of a person, proved by an identity provider. A token proves none.
    pub person: bool,
    /// The person for whom a program acts, by its own statement (`X-Usher-Actor`). Gives no right.
    pub on_behalf_of: Option<Actor>,
    /// The address that the request came from.
    pub from: Option<IpAddr>,
}

/// The object of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// One source, or something of it: a scheme, a run, a user.
    Source(&'a SourceId),
    /// usher as a whole: a backup, its settings.
    Everything,
    /// No object yet: asked for the role alone. Each object is asked about later, and lists are filtered.
    Anything,
}

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The role is too low.
    #[error("{}", .0.refusal())]
    Role(Permission),
    /// The source is not one of theirs. The API and the pages answer as if there were none.
    #[error("there is no source `{0}`")]
    Source(SourceId),
    /// It is about all sources, and they are kept to some.
    #[error("`{0}` is kept to some sources, and this is about all of them.")]
    NotAllSources(Actor),
}

impl Principal {
    /// Somebody of `name`, who is not proved to be a person, from nowhere yet.
    pub fn new(name: Actor, role: Role, sources: SourceScope, via: Channel) -> Self {
        Self { name, role, sources, via, person: false, on_behalf_of: None, from: None }
    }

    /// Whether they may do that.
    ///
    /// # Errors
    /// [`Refusal::Source`] if the source is not one of theirs, whatever their role, so that nobody learns of it;
    /// [`Refusal::Role`] if their role is too low; [`Refusal::NotAllSources`] if it is about all sources and they are
    /// kept to some.
    pub fn may(&self, permission: Permission, about: About<'_>) -> Result<(), Refusal> {
        if let About::Source(source) = about
            && !self.sees(source)
        {
            return Err(Refusal::Source(source.clone()));
        }
        if self.role < permission.least_role() {
            return Err(Refusal::Role(permission));
        }
        if about == About::Everything && !self.sources.is_all() {
            return Err(Refusal::NotAllSources(self.name.clone()));
        }
        Ok(())
    }

    /// Whether the source is one of theirs.
    pub fn sees(&self, source: &SourceId) -> bool {
        self.sources.has(source)
    }

    /// The same, acting for `person` by their own statement. A proved person acts for nobody else.
    #[must_use]
    pub fn acting_for(mut self, person: Actor) -> Self {
        self.on_behalf_of = (!self.person).then_some(person);
        self
    }

    /// The name in records: `jdoe`, `ci`, or `ci (for jdoe)`. It always begins with the name that was proved.
    pub fn by(&self) -> Actor {
        match &self.on_behalf_of {
            None => self.name.clone(),
            Some(person) => self.name.acting_for(person),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(id: &str) -> SourceId {
        id.parse().expect("an id")
    }

    fn actor(name: &str) -> Actor {
        name.parse().expect("a name")
    }

    fn principal(role: Role, sources: SourceScope) -> Principal {
        Principal::new(actor("ci"), role, sources, Channel::Api)
    }

    #[test]
    fn a_role_may_do_all_that_a_lesser_one_may_and_nothing_above_it() {
        for role in Role::ALL {
            for permission in Permission::ALL {
                let asked = principal(role, SourceScope::All).may(permission, About::Source(&source("acme")));
                let refused = Err(Refusal::Role(permission));
                assert_eq!(asked, if role >= permission.least_role() { Ok(()) } else { refused }, "{role}");
            }
        }
    }

    #[test]
    fn another_source_is_not_there_whatever_the_role() {
        let only = SourceScope::Only([source("acme")].into());
        for role in Role::ALL {
            let asked = principal(role, only.clone());
            assert!(asked.may(Permission::Read, About::Source(&source("acme"))).is_ok());
            for permission in Permission::ALL {
                let refused = asked.may(permission, About::Source(&source("other")));
                assert_eq!(refused, Err(Refusal::Source(source("other"))), "{role} {permission:?}");
            }
        }
    }

    #[test]
    fn whoever_is_kept_to_some_sources_does_nothing_to_all_of_them() {
        let kept = principal(Role::Admin, SourceScope::Only([source("acme")].into()));
        let refused = kept.may(Permission::Backup, About::Everything).expect_err("kept to one source");
        assert_eq!(refused, Refusal::NotAllSources(actor("ci")));
        assert!(kept.may(Permission::Backup, About::Anything).is_ok(), "the role alone");
        assert!(principal(Role::Admin, SourceScope::All).may(Permission::Backup, About::Everything).is_ok());
    }

    #[test]
    fn a_stated_name_stands_behind_the_proved_one_and_gives_no_right() {
        let asked = principal(Role::Viewer, SourceScope::All).acting_for(actor("admin"));
        assert_eq!(asked.by(), actor("ci (for admin)"));
        assert!(asked.may(Permission::Backup, About::Everything).is_err());
        let person = Principal { person: true, ..principal(Role::Admin, SourceScope::All) };
        assert_eq!(person.acting_for(actor("somebody else")).by(), actor("ci"));
    }
}
