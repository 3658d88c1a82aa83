//! Somebody whom the identity provider proved, as a session keeps them.

use serde::{Deserialize, Serialize};

use super::{Proof, Session};
use crate::{
    admin::identity::Principal,
    domain::{Actor, Channel, SourceScope, Timestamp},
    oidc::{Person, Provider},
};

/// Somebody whom the provider proved. Their role is that of the configuration of now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SignedIn {
    /// Stands for the provider.
    provider: String,
    /// Stands for the person, by their id at the provider.
    person: String,
    /// Those of their groups that decided about their role.
    groups: Vec<String>,
    /// When they proved themselves to the provider.
    pub(super) proved: Timestamp,
}

impl SignedIn {
    /// Begins with what no token's name does: `oidc:`.
    pub(super) fn lasting_id(&self) -> &str {
        &self.person
    }

    /// The person, called `name`; none if there is another provider now, or their groups give no role any more.
    pub(super) fn principal(&self, name: Actor, provider: &Provider) -> Option<Principal> {
        if provider.fingerprint() != self.provider {
            return None;
        }
        let role = provider.config().roles.role(&self.groups)?;
        let principal = Principal::new(name, role, SourceScope::All, Channel::Console);
        Some(Principal { person: true, ..principal })
    }
}

impl Session {
    /// A session of `person` that begins now; none if their groups give no role.
    pub(super) fn of_person(person: &Person, provider: &Provider, now: Timestamp) -> Option<(Self, Principal)> {
        let signed_in = SignedIn {
            provider: provider.fingerprint(),
            person: format!("oidc:{}", provider.lasting_id(person)),
            groups: provider.config().roles.deciding(&person.groups),
            proved: person.authenticated.unwrap_or(now),
        };
        let principal = signed_in.principal(person.name.clone(), provider)?;
        Some((Self::by(person.name.to_string(), Proof::Person(signed_in), now), principal))
    }
}
