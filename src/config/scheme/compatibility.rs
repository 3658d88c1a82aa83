//! Checks which conditions and actions are allowed with the trigger, and which actions with the product.

use super::{actions::ActionAt, select::ConditionAt};
use crate::{
    config::reader::{Reader, node::Node, problem::Place},
    domain::{Action, ActionKind, Capability, GroupName, Limits, Product, Trigger},
};

/// Reports each condition and action that does not go with `trigger`.
pub(in crate::config) fn check_trigger(
    trigger: &Trigger,
    found: &[ConditionAt<'_>],
    acts: &[ActionAt<'_>],
    reader: &mut Reader<'_>,
) {
    let kind = trigger.kind();
    for ConditionAt { name, goes_with, at } in found {
        if let Some(objection) = goes_with.objection(kind) {
            reader.refuse::<()>(at, format!("`{name}` does not go with `{kind}`: {objection}"));
        }
    }
    for act in acts.iter().filter(|act| !kind.is_sweep() && !act.kind.goes_with_events()) {
        let action = act.kind.as_str();
        let message = format!(
            "`{action}` does not go with `{kind}`: it needs a schedule or a person; write `trigger: manual` or \
             `trigger: {{ cron: \"0 3 * * MON\" }}`, or take it out"
        );
        reader.refuse::<()>(act.at, message);
    }
}

/// Warns of limits that can't be reached.
pub(in crate::config) fn check_limits(trigger: &Trigger, node: &Node, limits: &Limits, reader: &mut Reader<'_>) {
    let kind = trigger.kind();
    if !kind.is_sweep() && !limits.is_empty() {
        let message = format!("a run of `{kind}` is about one user, so limits mean nothing to it; leave them out");
        reader.warn(&node.at, message);
    }
}

/// Reports each action that `product` can't do, and warns of each that it can do in part.
pub(in crate::config) fn check_product(product: Product, acts: &[ActionAt<'_>], reader: &mut Reader<'_>) {
    for act in acts {
        let action = act.kind.as_str();
        match product.capability(act.kind) {
            Capability::Yes => {}
            Capability::Partly(caveat) => reader.warn(act.at, format!("`{action}` in {product}: {caveat}")),
            Capability::No(why) => {
                reader.refuse::<()>(act.at, format!("{product} can't do `{action}`: {why}"));
                continue;
            }
        }
        act.groups().for_each(|(group, at)| check_group(product, group, at, reader));
        if act.kind == ActionKind::InvalidatePassword
            && act.action == Some(Action::InvalidatePassword { send_reset_link: true })
            && !product.sends_reset_links()
        {
            let message = format!("{product} can't send a link to set a new password; write `send_reset_link: false`");
            reader.refuse::<()>(act.at, message);
        }
    }
}

/// Reports a group whose members `product` can't read or change by its name.
pub(in crate::config) fn check_group(product: Product, group: &GroupName, at: &Place, reader: &mut Reader<'_>) {
    match product.takes_group(group) {
        Capability::Yes => {}
        Capability::Partly(caveat) => {
            reader.warn(at, format!("`{group}` as the name of a group in {product}: {caveat}"))
        }
        Capability::No(why) => {
            let message =
                format!("{product} can't take `{group}` as the name of a group: {why}; rename the group there");
            reader.refuse::<()>(at, message);
        }
    }
}
