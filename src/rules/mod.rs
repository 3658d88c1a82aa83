//! The rules: which schemes select a user, and why. Pure: facts in, answers with reasons out.

mod conditions;
mod truth;

use std::{collections::HashMap, sync::Arc};

pub use conditions::{Subject, evaluate};

use crate::domain::{
    AccountType, Action, Event, EventKind, Facts, NoAction, Scheme, SchemeRef, SchemeVerdict, SourceId, Step,
    Timestamp, TriggerKind, Truth,
};

/// A scheme with the version of what it says.
#[derive(Debug, Clone)]
pub struct VersionedScheme {
    /// What it says.
    pub scheme: Scheme,
    /// Its id and version.
    pub reference: SchemeRef,
}

/// The enabled schemes, found by source and trigger, in the administrator's order.
#[derive(Debug, Clone, Default)]
pub struct Schemes {
    by_trigger: HashMap<(SourceId, TriggerKind), Arc<[VersionedScheme]>>,
}

impl Schemes {
    /// Arranges `schemes`; those that are not enabled are left out.
    pub fn new(schemes: impl IntoIterator<Item = VersionedScheme>) -> Self {
        let mut grouped: HashMap<_, Vec<_>> = HashMap::new();
        for scheme in schemes.into_iter().filter(|scheme| scheme.scheme.enabled) {
            grouped.entry((scheme.scheme.source.clone(), scheme.scheme.trigger.kind())).or_default().push(scheme);
        }
        Self { by_trigger: grouped.into_iter().map(|(key, schemes)| (key, schemes.into())).collect() }
    }

    /// The schemes that wait for such an event.
    fn waiting_for(&self, event: &Event) -> &[VersionedScheme] {
        let trigger = match event.kind {
            EventKind::Created => TriggerKind::OnCreate,
            EventKind::LoggedIn => TriggerKind::OnLogin,
            EventKind::Updated | EventKind::Removed | EventKind::Sighted => return &[],
        };
        self.by_trigger.get(&(event.source.clone(), trigger)).map_or(&[], |schemes| schemes)
    }
}

/// What the schemes say to an event, by the facts given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Set where no scheme was asked.
    pub no_action: Option<NoAction>,
    /// What each scheme said.
    pub verdicts: Vec<SchemeVerdict>,
}

impl Answer {
    /// Whether better facts could lead to something being done. If not, there is no need to read them.
    pub fn may_act(&self) -> bool {
        self.verdicts.iter().any(|verdict| verdict.selected != Truth::False)
    }

    fn nothing(why: NoAction) -> Self {
        Self { no_action: Some(why), verdicts: Vec::new() }
    }
}

/// Asks every scheme that waits for such an event whether it selects the user described by `facts`.
pub fn plan(schemes: &Schemes, event: &Event, facts: &Facts, now: Timestamp) -> Answer {
    if let Some(AccountType::Other(word)) = facts.account_type.value() {
        return Answer::nothing(NoAction::NotAPerson(word.clone()));
    }
    let waiting = schemes.waiting_for(event);
    if waiting.is_empty() {
        return Answer::nothing(NoAction::NoSchemeForEvent);
    }
    let subject = Subject { user: event.user.id(), facts, now };
    Answer { no_action: None, verdicts: waiting.iter().map(|scheme| verdict(scheme, &subject)).collect() }
}

fn verdict(scheme: &VersionedScheme, subject: &Subject<'_>) -> SchemeVerdict {
    let reasons = evaluate(&scheme.scheme, subject);
    let selected = reasons.truth;
    SchemeVerdict {
        scheme: scheme.reference.clone(),
        selected,
        test_mode: scheme.scheme.test_mode,
        held: false,
        reasons,
        steps: if selected == Truth::True { steps(&scheme.scheme) } else { Vec::new() },
    }
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

#[cfg(test)]
mod tests;
