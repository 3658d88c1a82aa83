//! The triggers that a condition goes with.

use crate::domain::TriggerKind;

/// The triggers that a condition goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum GoesWith {
    /// Any.
    All,
    /// All but `on_create`.
    ButCreation,
    /// A schedule or a person.
    Sweeps,
    /// A person alone.
    ByHand,
}

impl GoesWith {
    /// The reason why a condition is not allowed with `trigger`, and what to write instead; none if it is allowed.
    pub const fn objection(self, trigger: TriggerKind) -> Option<&'static str> {
        match (self, trigger) {
            (Self::ButCreation, TriggerKind::OnCreate) => Some(
                "whoever is just created has no logins; write `trigger: on_login`, `manual` or a schedule, or take it out",
            ),
            (Self::Sweeps, TriggerKind::OnCreate | TriggerKind::OnLogin) => Some(
                "whoever is just created or logs in is active; write `trigger: manual` or \
                 `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
            ),
            (Self::ByHand, TriggerKind::OnCreate | TriggerKind::OnLogin | TriggerKind::Schedule) => Some(
                "a list of users is for a run by hand; write `trigger: manual`, or select by something else, like \
                 `email_domain`",
            ),
            _ => None,
        }
    }
}
