//! Facts that a product tells of usher's rights and of itself, for checks and pickers. Every question here is one small
//! call that changes nothing, and "not told" is an answer.

use super::{Error, audit::AuditLog};
use crate::domain::GroupName;

/// A right that usher's account needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Find and list users.
    ReadUsers,
    /// Change users and their groups.
    ChangeUsers,
    /// Find groups.
    ReadGroups,
    /// Read the audit log, where logins are.
    ReadAuditLog,
}

/// Whether usher's account has a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has.
    Yes,
    /// It has, within this limit.
    Within(&'static str),
    /// It has not, for this reason.
    No(&'static str),
    /// The product does not tell, for this reason.
    NotTold(&'static str),
}

/// Something that a product tells, or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// It tells this.
    Known(T),
    /// It does not tell, for this reason.
    Not(&'static str),
}

/// An application with its licensed seats, as far as the product tells of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seats {
    /// The key, by which schemes name the application.
    pub application: String,
    /// The name for people.
    pub name: Option<String>,
    /// The number of seats.
    pub limit: SeatLimit,
    /// The number of seats in use.
    pub used: Option<u64>,
}

/// The number of seats of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatLimit {
    /// So many.
    AtMost(u64),
    /// As many as are needed.
    Unlimited,
    /// The product does not tell.
    NotTold,
}

impl Seats {
    /// The number of free seats; none if there is no limit, or one of the numbers is not told.
    pub fn left(&self) -> Option<u64> {
        match (self.limit, self.used) {
            (SeatLimit::AtMost(limit), Some(used)) => Some(limit.saturating_sub(used)),
            (SeatLimit::AtMost(_) | SeatLimit::Unlimited | SeatLimit::NotTold, _) => None,
        }
    }
}

/// A directory of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDirectory {
    /// The id, where directories have one.
    pub id: Option<String>,
    /// The name for people.
    pub name: Option<String>,
    /// The kind, in the product's word.
    pub kind: Option<String>,
    /// Whether it is in use.
    pub active: Option<bool>,
}

/// A group, for a picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickedGroup {
    /// The name.
    pub name: GroupName,
    /// The side on which its members are changed; none if the product does not tell.
    pub managed_by: Option<ManagedBy>,
}

/// The place at which the members of a group are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedBy {
    /// The product.
    Product,
    /// An identity provider, so that usher can't change them.
    IdentityProvider,
}

/// Whether the audit log can be read, by its newest entry.
///
/// # Errors
/// [`Error`] if the call fails.
pub(super) async fn by_audit_log(log: Option<Box<dyn AuditLog + '_>>) -> Result<Standing, Error> {
    match log {
        Some(log) => log.newest().await.map(|_| Standing::Yes),
        None => Ok(Standing::NotTold("it has no audit log that usher can read logins from")),
    }
}

/// The standing of an account that administers a product, or does not.
pub(super) const fn as_administrator(administers: bool) -> Standing {
    if administers { Standing::Yes } else { Standing::No("the account does not administer it") }
}
