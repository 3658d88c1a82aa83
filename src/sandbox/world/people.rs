//! The users and groups of a site.

use std::collections::BTreeSet;

use crate::sandbox::Account;

/// A user's place in the order of creation; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::sandbox) struct Serial(pub u64);

/// A user with its memberships.
pub(in crate::sandbox) struct Resident {
    pub account: Account,
    pub groups: BTreeSet<String>,
}

/// A group with its members, in the order of their creation.
pub(in crate::sandbox) struct Group {
    pub name: String,
    pub id: String,
    /// Whether it comes from an identity provider, and can be changed there alone (Cloud).
    pub synced: bool,
    pub members: BTreeSet<Serial>,
}
