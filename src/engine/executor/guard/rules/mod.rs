//! The pure rules of the guard: which steps are refused for which users. A table of cases tests them.

use std::collections::BTreeSet;

use crate::{
    config::Protect,
    domain::{Step, UserId},
    products::User,
};

/// The verdict on a step before the administrators are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The step takes nothing from a protected user.
    Allowed,
    /// The step is refused, for this reason.
    Refused(String),
    /// The answer depends on the other administrators of the source.
    AskAdministrators,
}

/// Judges `step` on `user`; `acting` is usher's own account, none if it is not protected or there is none.
pub(super) fn judge(protect: &Protect, step: &Step, user: &User, acting: Option<&UserId>) -> Verdict {
    if !step.kind().takes_away() {
        Verdict::Allowed
    } else if acting == Some(&user.id) {
        Verdict::Refused("usher acts as this account".into())
    } else if is_listed(protect, user) {
        Verdict::Refused("the user is listed in the source's `protect.users`".into())
    } else if may_end_administration(protect, step, user) {
        Verdict::AskAdministrators
    } else {
        Verdict::Allowed
    }
}

/// Whether `step` on `user` is refused for any other administrators.
pub(super) fn is_refused_for_certain(protect: &Protect, step: &Step, user: &User, acting: Option<&UserId>) -> bool {
    match judge(protect, step, user, acting) {
        Verdict::Allowed => false,
        Verdict::Refused(_) => true,
        Verdict::AskAdministrators => {
            matches!(step, Step::RemoveAllGroups | Step::Delete) && is_one(protect, user, &BTreeSet::new())
        }
    }
}

/// Judges a step that may end what makes `user` an administrator; `others` says who else is one.
///
/// # Errors
/// The reason of the refusal.
pub(super) fn judge_administrator(
    protect: &Protect,
    step: &Step,
    user: &User,
    administrators: &BTreeSet<UserId>,
) -> Result<(), String> {
    if !is_one(protect, user, administrators) {
        return Ok(());
    }
    if let Step::RemoveAllGroups | Step::Delete = step {
        return Err(format!("the user is an administrator, and `{}` is never done to one", step.action()));
    }
    let others = administrators.iter().filter(|one| **one != user.id).count();
    if u32::try_from(others).unwrap_or(u32::MAX) < protect.last_administrators {
        let least = protect.last_administrators;
        return Err(format!("the user is one of the last administrators: {others} others, at least {least} must stay"));
    }
    Ok(())
}

/// Whether `user` is an administrator, by the product's list or by themselves.
pub(super) fn is_one(protect: &Protect, user: &User, administrators: &BTreeSet<UserId>) -> bool {
    // The product's answer may be behind: active members of such a group count as well.
    administrators.contains(&user.id) || (user.active != Some(false) && may_administer(protect, user))
}

fn is_listed(protect: &Protect, user: &User) -> bool {
    protect.lists(&user.id, user.name.as_deref())
}

/// Whether `step` takes from `user` what an administrator needs. Taking away one of two administrators' groups counts:
/// they may give different rights.
fn may_end_administration(protect: &Protect, step: &Step, user: &User) -> bool {
    match step {
        Step::AddGroup(_) | Step::Reactivate | Step::CreateIssue(_) => false,
        // The product does not say which group a role or a permission comes from.
        Step::RemoveGroup(group) => protect.admin_groups.contains(group) || user.administers != Some(false),
        Step::RemoveAllGroups
        | Step::RemoveApplicationAccess(_) // without access to the application nobody administers it
        | Step::Deactivate
        | Step::Delete
        | Step::Rename { .. }
        | Step::NameBack { .. } // the log-in as it was known fails
        | Step::InvalidatePassword { .. } => user.administers.is_none() || may_administer(protect, user),
    }
}

/// Whether `user` is reported to have an administrator's role, is in an administrators' group, or the groups are
/// unknown. The list of administrators shows roles that are not reported.
fn may_administer(protect: &Protect, user: &User) -> bool {
    if user.administers == Some(true) {
        return true;
    }
    match &user.groups {
        Some(groups) => protect.admin_groups.iter().any(|group| groups.contains(group)),
        None => !protect.admin_groups.is_empty(),
    }
}

#[cfg(test)]
mod tests;
