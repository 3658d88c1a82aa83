//! Texts for steps, and for the states before them.

use crate::{
    domain::{GroupName, Groups, Step},
    products::User,
};

/// The state before `step`: enough to restore it by hand.
pub(super) fn before(step: &Step, user: &User) -> String {
    match step {
        Step::AddGroup(group) | Step::RemoveGroup(group) => membership(user, group),
        Step::RemoveAllGroups | Step::RemoveApplicationAccess(_) => groups(user),
        Step::Deactivate | Step::Reactivate => activity(user).into(),
        Step::Delete => format!("{}, in {}", activity(user), groups(user)),
        Step::Rename { .. } | Step::NameBack { .. } => user.name.clone().unwrap_or_else(|| "unknown".into()),
        Step::InvalidatePassword { .. } => "n/a".into(), // a password can't be read
        Step::CreateIssue(_) => "no such issue".into(),
    }
}

fn membership(user: &User, group: &GroupName) -> String {
    let membership = match user.groups.as_ref().map(|groups| groups.contains(group)) {
        Some(true) => "member",
        Some(false) => "not a member",
        None => "unknown",
    };
    membership.into()
}

/// The groups as JSON, because a group's name may contain commas.
pub(super) fn groups(user: &User) -> String {
    let list = |groups: &Groups| {
        let names: Vec<_> = groups.iter().map(GroupName::as_str).collect();
        serde_json::json!(names).to_string()
    };
    user.groups.as_ref().map_or_else(|| "unknown".into(), list)
}

fn activity(user: &User) -> &'static str {
    match user.active {
        Some(true) => "active",
        Some(false) => "inactive",
        None => "unknown",
    }
}

/// The step as something to do: `would <this>`.
pub(super) fn infinitive(step: &Step) -> String {
    match step {
        Step::AddGroup(group) => format!("add to {group}"),
        Step::RemoveGroup(group) => format!("remove from {group}"),
        Step::RemoveAllGroups => "remove from all groups".into(),
        Step::RemoveApplicationAccess(keys) if keys.is_empty() => "remove access to all applications".into(),
        Step::RemoveApplicationAccess(keys) => format!("remove access to {}", keys.join(", ")),
        Step::Deactivate => "deactivate".into(),
        Step::Reactivate => "reactivate".into(),
        Step::Delete => "delete".into(),
        Step::NameBack { to, .. } => format!("name back to {to}"),
        Step::Rename { suffix } => format!("put `{suffix}` behind the login name"),
        Step::InvalidatePassword { send_reset_link: false } => "replace the password".into(),
        Step::InvalidatePassword { send_reset_link: true } => "replace the password and send a reset link".into(),
        Step::CreateIssue(issue) => format!("create an issue in {}", issue.project),
    }
}

/// The reason why the state of `step` is unknown.
pub(super) fn untold(step: &Step) -> &'static str {
    match step {
        Step::AddGroup(_) | Step::RemoveGroup(_) | Step::RemoveAllGroups => {
            "the product tells only some of the user's groups"
        }
        Step::RemoveApplicationAccess(_) => "the product does not tell what the user has access to",
        Step::Deactivate | Step::Reactivate => "the product does not tell whether the account is active",
        Step::Rename { .. } | Step::NameBack { .. } => "the account has no login name",
        Step::Delete | Step::InvalidatePassword { .. } => "the product does not tell",
        Step::CreateIssue(_) => "the product does not tell whether there is such an issue",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    #[test]
    fn what_was_there_before_is_enough_to_bring_it_back() {
        let groups = ["staff", "a, b", "\"c\""].map(GroupName::new).into();
        let user = User {
            name: Some("jane".into()),
            active: Some(true),
            groups: Some(groups),
            ..User::new(UserId::new("JIRAUSER1"))
        };
        for (step, expected) in [
            (Step::RemoveGroup(GroupName::new("Staff")), "member"),
            (Step::AddGroup(GroupName::new("vpn")), "not a member"),
            (Step::RemoveAllGroups, r#"["\"c\"","a, b","staff"]"#),
            (Step::Deactivate, "active"),
            (Step::Delete, r#"active, in ["\"c\"","a, b","staff"]"#),
            (Step::Rename { suffix: "-left".into() }, "jane"),
            (Step::InvalidatePassword { send_reset_link: true }, "n/a"),
        ] {
            assert_eq!(before(&step, &user), expected, "{step:?}");
        }
        let unknown = User::new(UserId::new("JIRAUSER1"));
        assert_eq!(before(&Step::Reactivate, &unknown), "unknown");
        assert_eq!(before(&Step::RemoveApplicationAccess(Vec::new()), &unknown), "unknown");
    }
}
