//! The answer to one event: every scheme asked, with its reasons.

use crate::domain::{
    AccountType, Action, Event, Facts, NoAction, Scheme, SchemeId, SchemeVerdict, Step, Timestamp, Truth,
};

use super::{Schemes, Subject, VersionedScheme, evaluate};

/// Which schemes are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting<'a> {
    /// Those whose trigger is the kind of event.
    ForEvent,
    /// Those that a sweep is made for.
    ForSweep {
        /// Of the event's source. One that is no longer there or no longer enabled is not asked.
        schemes: &'a [SchemeId],
        /// Whether an administrator, or a count within the limits, has let the run go on.
        released: bool,
    },
}

/// What the schemes say to an event, by the facts given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Set where no scheme was asked.
    pub no_action: Option<NoAction>,
    /// What each scheme said. Of those that did not select the user only some are kept; none in a sweep.
    pub verdicts: Vec<SchemeVerdict>,
    /// How many more schemes were asked that did not select the user.
    pub others: u64,
}

impl Answer {
    /// Whether better facts could lead to something being done. If not, there is no need to read them.
    pub fn may_act(&self) -> bool {
        self.verdicts.iter().any(|verdict| verdict.selected != Truth::False)
    }

    fn nothing(why: NoAction) -> Self {
        Self { no_action: Some(why), verdicts: Vec::new(), others: 0 }
    }
}

/// Asks every scheme in question whether it selects the user described by `facts`.
pub fn plan(schemes: &Schemes, event: &Event, waiting: Waiting<'_>, facts: &Facts, now: Timestamp) -> Answer {
    if let Some(AccountType::Other(word)) = facts.account_type.value() {
        return Answer::nothing(NoAction::NotAPerson(word.clone()));
    }
    let asked = schemes.asked(event, waiting);
    if asked.is_empty() {
        return Answer::nothing(NoAction::NoSchemeForEvent);
    }
    let subject = Subject { user: event.user.id(), facts, now };
    let total = asked.len();
    let mut verdicts: Vec<_> = asked.into_iter().map(|scheme| verdict(scheme, waiting, &subject)).collect();
    if matches!(waiting, Waiting::ForSweep { .. }) {
        verdicts.retain(|verdict| verdict.selected != Truth::False);
    }
    Answer { no_action: None, others: (total - verdicts.len()) as u64, verdicts }
}

fn verdict(versioned: &VersionedScheme, waiting: Waiting<'_>, subject: &Subject<'_>) -> SchemeVerdict {
    let scheme = &versioned.scheme;
    let reasons = evaluate(scheme, subject);
    let selected = reasons.truth;
    SchemeVerdict {
        scheme: versioned.reference.clone(),
        selected,
        test_mode: scheme.test_mode,
        held: waits_for_release(scheme, waiting),
        reasons,
        steps: if selected == Truth::True { steps(scheme) } else { Vec::new() },
    }
}

/// Whether the run is counted before anything is done.
fn waits_for_release(scheme: &Scheme, waiting: Waiting<'_>) -> bool {
    let in_an_unreleased_sweep = matches!(waiting, Waiting::ForSweep { released: false, .. });
    in_an_unreleased_sweep && !scheme.limits.is_empty() && !scheme.test_mode
}

/// The steps for one user, in the scheme's order: one for each group named.
fn steps(scheme: &Scheme) -> Vec<Step> {
    let mut steps = Vec::new();
    for action in &scheme.actions {
        match action {
            Action::AddGroups(groups) => steps.extend(groups.iter().cloned().map(Step::AddGroup)),
            Action::RemoveGroups(groups) => steps.extend(groups.iter().cloned().map(Step::RemoveGroup)),
            Action::RemoveAllGroups => steps.push(Step::RemoveAllGroups),
            Action::RemoveApplicationAccess(keys) => steps.push(Step::RemoveApplicationAccess(keys.clone())),
            Action::Deactivate => steps.push(Step::Deactivate),
            Action::Reactivate => steps.push(Step::Reactivate),
            Action::Delete => steps.push(Step::Delete),
            Action::Rename { suffix } => steps.push(Step::Rename { suffix: suffix.clone() }),
            Action::InvalidatePassword { send_reset_link } => {
                steps.push(Step::InvalidatePassword { send_reset_link: *send_reset_link });
            }
            Action::CreateIssue(_) => {}
        }
    }
    steps
}
