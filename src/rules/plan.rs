//! The answer to one event: every scheme asked, with its reasons.

use std::collections::BTreeMap;

use crate::domain::{
    AccountType, Action, Event, Facts, NoAction, Scheme, SchemeId, SchemeVerdict, Step, Timestamp, Truth,
};

use super::{Schemes, Subject, issue, reason::shorten, schemes::Ready};

/// The number of verdicts in a decision on an event, unless more schemes than that select the user.
const MAX_VERDICTS: usize = 50;

/// The number of reasons in a decision, besides one for each verdict: a record of the log holds a megabyte.
const MAX_REASONS: usize = 2_000;

/// The number of unknown verdicts in a decision on a sighting. It is small, because there is one decision for each
/// user.
const MAX_UNKNOWN_IN_SWEEPS: usize = 10;

/// The evaluated schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting<'a> {
    /// The schemes whose trigger is the kind of the event.
    ForEvent,
    /// The schemes of a sweep.
    ForSweep {
        /// The schemes, of the event's source. A scheme that no longer exists or is no longer enabled is not asked.
        schemes: &'a [SchemeId],
        /// Whether the run was released, by an administrator or by a count within the limits.
        released: bool,
    },
}

/// The answer of the schemes to an event, by the given facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Set where no scheme was asked.
    pub no_action: Option<NoAction>,
    /// The verdicts of the schemes. Of those that did not select the user only some are kept; in a sweep none, unless its
    /// run is released.
    pub verdicts: Vec<SchemeVerdict>,
    /// The number of further schemes that were asked and did not select the user.
    pub others: u64,
    /// In a sweep, the further schemes whose answer is unknown because of a missing fact.
    pub unknown: Vec<SchemeId>,
}

impl Evaluation {
    /// Whether better facts could lead to something being done. If not, there is no need to read them.
    pub fn may_act(&self) -> bool {
        self.verdicts.iter().any(|verdict| verdict.selected != Truth::False)
    }

    /// The answer without asking a scheme.
    pub fn nothing(why: NoAction) -> Self {
        Self { no_action: Some(why), verdicts: Vec::new(), others: 0, unknown: Vec::new() }
    }
}

/// Asks every scheme in question whether it selects the user described by `facts`. All that select are kept, and of the
/// others as many as a decision has room for, those first that a missing fact left open.
pub fn plan(schemes: &Schemes, event: &Event, waiting: Waiting<'_>, facts: &Facts, now: Timestamp) -> Evaluation {
    if let Some(AccountType::Other(word)) = facts.account_type.value() {
        return Evaluation::nothing(NoAction::NotAPerson(word.clone()));
    }
    let subject = Subject { user: event.user.id(), facts, now };
    let asked = match waiting {
        Waiting::ForEvent => for_event(schemes, event, &subject),
        Waiting::ForSweep { schemes: ids, released } => {
            for_sweep(schemes.named(&event.source, ids), released, &subject)
        }
    };
    if asked.total == 0 {
        return Evaluation::nothing(NoAction::NoSchemeForEvent);
    }
    let others = (asked.total - asked.kept.len()) as u64;
    let mut room = MAX_REASONS;
    let verdicts = asked.kept.into_iter().map(|(ready, truth)| {
        let mut verdict = verdict(ready, truth, waiting, event, &subject);
        shorten(&mut verdict.reasons, &mut room);
        verdict
    });
    Evaluation { no_action: None, verdicts: verdicts.collect(), others, unknown: asked.unknown }
}

/// The schemes asked.
struct Candidates<'a> {
    /// The schemes in the decision, in order, with their answers.
    kept: Vec<(&'a Ready, Truth)>,
    /// The number of schemes.
    total: usize,
    /// In a sweep, the unknown ones that are not in the decision.
    unknown: Vec<SchemeId>,
}

fn for_event<'a>(schemes: &'a Schemes, event: &Event, subject: &Subject<'_>) -> Candidates<'a> {
    let Some(waiting) = schemes.waiting_for(&event.source, event.kind) else {
        return Candidates { kept: Vec::new(), total: 0, unknown: Vec::new() };
    };
    let mut kept = Vec::new();
    waiting.ask(subject, |ready, truth| kept.push((ready, truth)));
    let mut room = MAX_VERDICTS.saturating_sub(keep_unknown(&mut kept, MAX_VERDICTS));
    let mut rest = Vec::new();
    for ready in &waiting.schemes {
        if room == 0 {
            break;
        }
        // Room is left, so nothing was left out: who is not kept said no.
        if kept.binary_search_by_key(&ready.place, |(kept, _)| kept.place).is_err() {
            rest.push((ready.as_ref(), Truth::False));
            room -= 1;
        }
    }
    kept.extend(rest);
    kept.sort_by_key(|(ready, _)| ready.place);
    Candidates { kept, total: waiting.schemes.len(), unknown: Vec::new() }
}

fn for_sweep<'a>(asked: Vec<&'a Ready>, released: bool, subject: &Subject<'_>) -> Candidates<'a> {
    let total = asked.len();
    let mut kept: Vec<_> = asked.into_iter().map(|ready| (ready, ready.compiled.select(subject))).collect();
    if released {
        // One scheme, about somebody whom it selected before: if it does not any more, the run tells why.
        return Candidates { kept, total, unknown: Vec::new() };
    }
    kept.retain(|(_, truth)| *truth != Truth::False);
    let selecting = kept.iter().filter(|(_, truth)| *truth == Truth::True).count();
    let open = kept.iter().filter(|(_, truth)| *truth == Truth::Unknown).skip(MAX_UNKNOWN_IN_SWEEPS);
    let unknown = open.map(|(ready, _)| ready.versioned.scheme.id.clone()).collect();
    keep_unknown(&mut kept, selecting + MAX_UNKNOWN_IN_SWEEPS);
    Candidates { kept, total, unknown }
}

/// Leaves out the last of those that are unknown, so that `most` are kept. Those that select are all kept: they have
/// steps. Says how many are left.
fn keep_unknown(kept: &mut Vec<(&Ready, Truth)>, most: usize) -> usize {
    let selecting = kept.iter().filter(|(_, truth)| *truth == Truth::True).count();
    let mut room = most.saturating_sub(selecting);
    kept.retain(|(_, truth)| {
        let is_kept = *truth == Truth::True || room > 0;
        room -= usize::from(is_kept && *truth != Truth::True);
        is_kept
    });
    kept.len()
}

fn verdict(
    ready: &Ready,
    selected: Truth,
    waiting: Waiting<'_>,
    event: &Event,
    subject: &Subject<'_>,
) -> SchemeVerdict {
    let scheme = &ready.versioned.scheme;
    SchemeVerdict {
        scheme: ready.versioned.reference.clone(),
        selected,
        test_mode: scheme.test_mode,
        held: waits_for_release(scheme, waiting),
        reasons: ready.compiled.explain(subject),
        steps: if selected == Truth::True { steps(scheme, event, subject) } else { Vec::new() },
        forecast: None,
        left_alone: BTreeMap::new(),
    }
}

/// Whether the run is counted before anything is done.
fn waits_for_release(scheme: &Scheme, waiting: Waiting<'_>) -> bool {
    let in_an_unreleased_sweep = matches!(waiting, Waiting::ForSweep { released: false, .. });
    in_an_unreleased_sweep && !scheme.limits.is_empty() && !scheme.test_mode
}

/// The steps for one user, in the scheme's order: one for each group named.
fn steps(scheme: &Scheme, event: &Event, subject: &Subject<'_>) -> Vec<Step> {
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
            Action::CreateIssue(template) => {
                steps.push(Step::CreateIssue(Box::new(issue::write(template, scheme, &event.user, subject))));
            }
        }
    }
    steps
}
