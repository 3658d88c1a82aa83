//! Roles by the groups that an identity provider tells of.

use std::collections::BTreeMap;

use super::role::Role;

/// Stands for everybody who signs in.
pub const EVERYBODY: &str = "*";

/// The groups that give each role. Names are compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleGroups(BTreeMap<Role, Vec<String>>);

impl RoleGroups {
    /// These groups for these roles; [`EVERYBODY`] may be among them.
    pub fn new(groups: impl IntoIterator<Item = (Role, Vec<String>)>) -> Self {
        Self(groups.into_iter().collect())
    }

    /// The highest role that somebody in `groups` has; none if no group gives one.
    pub fn role(&self, groups: &[String]) -> Option<Role> {
        self.0
            .iter()
            .rev()
            .find(|(_, wanted)| wanted.iter().any(|one| one == EVERYBODY || groups.contains(one)))
            .map(|(role, _)| *role)
    }

    /// One of `groups` for each role that they give: enough to give the same roles again. Few, however many `groups`
    /// there are.
    pub fn deciding(&self, groups: &[String]) -> Vec<String> {
        let of_roles = self.0.values().filter_map(|wanted| wanted.iter().find(|one| groups.contains(one)));
        let mut deciding: Vec<_> = of_roles.cloned().collect();
        deciding.dedup();
        deciding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn configured(viewer: &[&str]) -> RoleGroups {
        RoleGroups::new([
            (Role::Admin, groups(&["iam-admins", "root"])),
            (Role::Operator, groups(&["iam-ops"])),
            (Role::Viewer, groups(viewer)),
        ])
    }

    #[test]
    fn the_highest_role_of_any_group_counts_and_names_are_compared_exactly() {
        let roles = configured(&["*"]);
        for (names, role) in [
            (&["iam-ops", "iam-admins"][..], Role::Admin),
            (&["root"], Role::Admin),
            (&["everybody", "iam-ops"], Role::Operator),
            (&["IAM-ADMINS", "iam-admins ", " iam-ops", "iam"], Role::Viewer),
            (&[], Role::Viewer),
            (&["*"], Role::Viewer),
        ] {
            assert_eq!(roles.role(&groups(names)), Some(role), "{names:?}");
        }
        assert_eq!(configured(&["staff"]).role(&groups(&["other", "*"])), None);
        assert_eq!(RoleGroups::default().role(&groups(&["iam-admins"])), None);
    }

    #[test]
    fn the_deciding_groups_are_few_and_give_the_same_roles() {
        let roles = configured(&["staff"]);
        let mut many: Vec<_> = (0..1_000).map(|number| format!("group-{number}")).collect();
        many.extend(groups(&["staff", "root", "iam-admins", "iam-ops"]));
        let deciding = roles.deciding(&many);
        assert_eq!(deciding.len(), 3, "{deciding:?}");
        assert_eq!(roles.role(&deciding), roles.role(&many));
        let without_admins = RoleGroups::new([(Role::Operator, groups(&["iam-ops"]))]);
        assert_eq!(without_admins.role(&deciding), Some(Role::Operator), "the configuration was changed");
        assert_eq!(roles.deciding(&groups(&["other"])), groups(&[]));
    }
}
