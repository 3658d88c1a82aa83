//! The names that schemes and sources use for parts of a product: groups, users and applications.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Action, Scheme};

/// The kind of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    /// A group, by its name.
    Group,
    /// A user, by login name or lasting id; in Cloud also by e-mail address.
    User,
    /// An application, by its key.
    Application,
}

impl ReferenceKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Group, Self::User, Self::Application];

    /// The word used in the API and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::User => "user",
            Self::Application => "application",
        }
    }
}

impl fmt::Display for ReferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The configuration key that contains a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MentionedAt {
    /// `protect.users` of a source.
    ProtectUsers,
    /// `protect.admin_groups` of a source, where an administrator wrote it.
    ProtectAdminGroups,
    /// `exempt.users` of a scheme.
    ExemptUsers,
    /// `exempt.groups` of a scheme.
    ExemptGroups,
    /// `only_groups` of a scheme.
    OnlyGroups,
    /// The action `add_groups`.
    AddGroups,
    /// The action `remove_groups`.
    RemoveGroups,
    /// `applications` of the action `remove_application_access`.
    Applications,
}

impl MentionedAt {
    /// The key as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProtectUsers => "protect.users",
            Self::ProtectAdminGroups => "protect.admin_groups",
            Self::ExemptUsers => "exempt.users",
            Self::ExemptGroups => "exempt.groups",
            Self::OnlyGroups => "only_groups",
            Self::AddGroups => "add_groups",
            Self::RemoveGroups => "remove_groups",
            Self::Applications => "remove_application_access",
        }
    }

    /// The kind of the names under this key.
    pub const fn kind(self) -> ReferenceKind {
        match self {
            Self::ProtectUsers | Self::ExemptUsers => ReferenceKind::User,
            Self::ProtectAdminGroups | Self::ExemptGroups | Self::OnlyGroups | Self::AddGroups | Self::RemoveGroups => {
                ReferenceKind::Group
            }
            Self::Applications => ReferenceKind::Application,
        }
    }

    /// Whether the key protects users: a name that matches nothing protects nobody.
    pub const fn is_protective(self) -> bool {
        match self {
            Self::ProtectUsers | Self::ProtectAdminGroups | Self::ExemptUsers | Self::ExemptGroups => true,
            Self::OnlyGroups | Self::AddGroups | Self::RemoveGroups | Self::Applications => false,
        }
    }
}

impl fmt::Display for MentionedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A kind and a name, without the place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The kind of the name.
    pub kind: ReferenceKind,
    /// As it is written.
    pub name: String,
}

impl Reference {
    /// The name for logs and records: an e-mail address without its local part.
    pub fn shown(&self) -> String {
        match (self.kind, self.name.rsplit_once('@')) {
            (ReferenceKind::User, Some((_, domain))) => format!("…@{domain}"),
            _ => self.name.clone(),
        }
    }
}

/// A name in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The key that contains it.
    pub at: MentionedAt,
    /// As it is written.
    pub name: String,
}

impl Mention {
    /// The kind and name.
    pub fn reference(&self) -> Reference {
        Reference { kind: self.at.kind(), name: self.name.clone() }
    }
}

impl Scheme {
    /// Everything that it names of its source's product, in the order of its keys.
    pub fn mentions(&self) -> Vec<Mention> {
        fn all(at: MentionedAt, names: &[impl ToString]) -> impl Iterator<Item = Mention> {
            names.iter().map(move |name| Mention { at, name: name.to_string() })
        }
        let exempt = &self.exempt;
        let mut mentions: Vec<_> = all(MentionedAt::OnlyGroups, &self.only_groups)
            .chain(all(MentionedAt::ExemptUsers, &exempt.users))
            .chain(all(MentionedAt::ExemptGroups, &exempt.groups))
            .collect();
        for action in &self.actions {
            match action {
                Action::AddGroups(groups) => mentions.extend(all(MentionedAt::AddGroups, groups)),
                Action::RemoveGroups(groups) => mentions.extend(all(MentionedAt::RemoveGroups, groups)),
                Action::RemoveApplicationAccess(keys) => mentions.extend(all(MentionedAt::Applications, keys)),
                Action::RemoveAllGroups
                | Action::Deactivate
                | Action::Reactivate
                | Action::Delete
                | Action::Rename { .. }
                | Action::InvalidatePassword { .. }
                | Action::CreateIssue(_) => {}
            }
        }
        mentions
    }
}
