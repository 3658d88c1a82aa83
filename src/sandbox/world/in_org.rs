//! The properties of a user that only an Atlassian organisation has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// The relation of an account to the organisation and its directory; unused elsewhere. The default: managed, a member
/// of the directory, not suspended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InOrg {
    /// Whether the account belongs to the person and not to the organisation: its e-mail domain is not claimed.
    pub unmanaged: bool,
    /// Whether it is suspended in the directory.
    pub suspended: bool,
    /// Whether it is an active member of another directory too, so that its record does not show the state in this one.
    pub elsewhere: bool,
    /// Whether it was never invited to the directory, or was removed from it.
    pub not_invited: bool,
    /// Whether it is to be deleted when its time of grace is over; deactivated meanwhile.
    pub for_deletion: bool,
    /// The keys of the applications that it has access to by a role of its own, and not by groups.
    pub direct_access: BTreeSet<String>,
    /// The keys of the applications that it has access to by a role that follows from another, which can't be taken.
    pub inferred_access: BTreeSet<String>,
    /// Its roles in the organisation as a whole: `atlassian/org-admin`, `atlassian/site-admin`.
    pub platform_roles: BTreeSet<String>,
    /// When it came to the organisation.
    pub added: Option<Timestamp>,
}

impl InOrg {
    /// The state of a user in this directory.
    pub(in crate::sandbox) fn membership_status(&self) -> &'static str {
        match (self.not_invited, self.suspended) {
            (true, _) => "no_membership",
            (false, true) => "suspended",
            (false, false) => "active",
        }
    }
}
