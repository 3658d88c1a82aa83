//! Undoing a run: which steps put back what its outcomes changed. Pure: outcomes in, steps out.

mod transition;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::transition::{Transition, touches, transitions};
use crate::domain::{Capability, Product, RunId, SchemeRef, Step, Timestamp};

/// The highest number of steps for one user: they are in one record of the log.
const MAX_STEPS: usize = 1_000;

/// The part of an undo that is about one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The run that is undone.
    pub of: RunId,
    /// The scheme of that run. It is not asked again.
    pub scheme: SchemeRef,
    /// The steps, the newest change first.
    pub steps: Vec<UndoStep>,
}

/// A step that puts something back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoStep {
    /// The step.
    pub step: Step,
    /// Why it is not taken, if it is not: somebody else has changed the same thing since.
    pub left_alone: Option<String>,
}

/// A change of one user, as its outcome tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The run.
    pub run: RunId,
    /// The action.
    pub action: String,
    /// The target.
    pub target: String,
    /// The state before, in words.
    pub before: Option<String>,
    /// The state after, in words.
    pub after: Option<String>,
    /// The time of its end.
    pub at: Timestamp,
    /// Whether the user was found as wanted, so that nothing was changed.
    pub was_so: bool,
}

/// Whether a change can be put back, as far as the log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UndoVerdict {
    /// It can be put back.
    Can,
    /// A later run has changed the same thing, or wanted it as it is. It is left alone.
    ChangedSince,
    /// It can't be put back.
    Cannot,
}

/// One thing that an undo would do to a user, or can't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoPart {
    /// The action: the one that puts it back, or the one that can't be undone.
    pub action: String,
    /// Its target.
    pub target: String,
    /// Whether it can be put back.
    pub verdict: UndoVerdict,
    /// Why not, or what would be put back, in words.
    pub why: String,
    /// The step, unless it can't be put back.
    pub step: Option<Step>,
}

impl UndoPart {
    fn cannot(change: &Change, why: impl Into<String>) -> Self {
        let (action, target) = (change.action.clone(), change.target.clone());
        Self { action, target, verdict: UndoVerdict::Cannot, why: why.into(), step: None }
    }

    /// The step for the record of an undo.
    pub fn as_step(&self) -> Option<UndoStep> {
        let left_alone = (self.verdict == UndoVerdict::ChangedSince).then(|| format!("left alone: {}", self.why));
        self.step.clone().map(|step| UndoStep { step, left_alone })
    }
}

/// The parts that undo `changes`, all those of one run to one user; `later` are the steps of other runs about that user since:
/// those that changed something, and those that found the user as wanted. The newest change comes first. Of several
/// changes of one thing the state before the oldest is put back.
pub fn undo_parts(product: Option<Product>, changes: &[Change], later: &[Change]) -> Vec<UndoPart> {
    if let Some(why) = deleted(changes, later) {
        return changes.iter().map(|change| UndoPart::cannot(change, why.clone())).collect();
    }
    let mut newest_first: Vec<_> = changes.iter().collect();
    newest_first.sort_by_key(|change| std::cmp::Reverse(change.at));
    let mut parts = Vec::new();
    let mut folded: Vec<Transition> = Vec::new();
    for change in newest_first {
        match transitions(change) {
            Err(why) => parts.push(UndoPart::cannot(change, why)),
            Ok(transitions) => transitions.into_iter().for_each(|older| fold(&mut folded, older)),
        }
    }
    let changed = folded.iter().filter(|transition| transition.changes_something());
    let put_back = changed.take(MAX_STEPS).map(|transition| part(product, transition, later));
    put_back.chain(parts).collect()
}

/// Why nothing of a user can be put back: the account is deleted.
fn deleted(changes: &[Change], later: &[Change]) -> Option<String> {
    let deletes = |changes: &[Change]| changes.iter().any(|change| change.action == "delete");
    if deletes(changes) {
        return Some("the account was deleted, which can't be undone".to_owned());
    }
    deletes(later).then(|| "the account was deleted by a later run".to_owned())
}

/// Adds an older change: what it found is what is to be put back.
fn fold(newer: &mut Vec<Transition>, older: Transition) {
    match newer.iter_mut().find(|newer| newer.subject == older.subject) {
        Some(newer) => newer.from = older.from,
        None => newer.push(older),
    }
}

fn part(product: Option<Product>, transition: &Transition, later: &[Change]) -> UndoPart {
    let step = transition.back();
    let (action, target) = (step.action().to_owned(), step.target());
    if let Some(Capability::No(why)) = product.map(|product| product.capability(step.kind())) {
        return UndoPart { action, target, verdict: UndoVerdict::Cannot, why: why.to_owned(), step: None };
    }
    let since = later.iter().filter(|change| change.at >= transition.at && touches(change, transition));
    let (verdict, why) = match since.max_by_key(|change| change.at) {
        // A later run that wants it as it is would have made it so.
        Some(Change { run, was_so: true, .. }) => (UndoVerdict::ChangedSince, format!("wanted so since by run {run}")),
        Some(Change { run, .. }) => (UndoVerdict::ChangedSince, format!("changed since by run {run}")),
        None => (UndoVerdict::Can, transition.in_words()),
    };
    UndoPart { action, target, verdict, why, step: Some(step) }
}

#[cfg(test)]
mod tests;
