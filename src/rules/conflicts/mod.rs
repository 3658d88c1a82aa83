//! Schemes that undo each other.
//!
//! A conflict is reported only with a witness: a user whom the compiled rules of both schemes select. Of two schemes with
//! opposing actions the witness is looked for among all users that their conditions tell apart (`candidates`), by the
//! evaluator that decides about real users (`search`). So a report is never wrong. For schemes without CEL none is
//! missed either: each condition uses one respect of a user (address, name, activity, ...), and the candidates have
//! every combination of answers in each respect. For expressions in CEL likely users are tried, and a conflict may be
//! missed.

mod candidates;
mod effects;
mod person;
mod profile;
mod search;
mod unreachable;
mod witness;

use crate::domain::{GroupName, Scheme, SchemeId, Timestamp};

use effects::{Opposition, oppositions};
use profile::Profile;
use search::{Budget, both_select};

pub use witness::Witness;

/// The number of groups of one pair of schemes that are reported.
const MAX_GROUPS: usize = 10;

/// The number of conflicts that are reported.
const MAX_CONFLICTS: usize = 1_000;

/// How two schemes get into each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKind {
    /// The first adds a group that the second removes.
    OpposingGroups,
    /// The first, on an event, adds back a group that the second removes from all users of the source.
    AddsBack,
    /// The first deactivates the account, the second reactivates it.
    OpposingActivation,
    /// The second ends the selection of everybody whom the first selects.
    Unreachable,
}

impl ConflictKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpposingGroups, Self::AddsBack, Self::OpposingActivation, Self::Unreachable];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpposingGroups => "opposing_groups",
            Self::AddsBack => "adds_back",
            Self::OpposingActivation => "opposing_activation",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Two schemes of one source that undo each other.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// The kind, which gives the two schemes their parts.
    pub kind: ConflictKind,
    /// The two schemes.
    pub schemes: [SchemeId; 2],
    /// The group that is added and removed, or on which the selection depends.
    pub group: Option<GroupName>,
    /// Their effect on each other, in a sentence.
    pub why: String,
    /// A user whom both select.
    pub witness: Witness,
}

/// The result of looking for conflicts.
#[derive(Debug, Clone, Default)]
pub struct Conflicts {
    /// The conflicts, in the order of the schemes.
    pub found: Vec<Conflict>,
    /// The number of evaluations that were needed.
    pub evaluations: u64,
    /// Whether the search was cut short, so that there may be more.
    pub cut: bool,
}

/// The conflicts among `schemes`, at `now`. Schemes that are not enabled are left out.
pub fn conflicts<'a>(schemes: impl IntoIterator<Item = &'a Scheme>, now: Timestamp) -> Conflicts {
    let mut profiles: Vec<_> = schemes.into_iter().filter(|scheme| scheme.enabled).map(Profile::new).collect();
    profiles.sort_by(|one, other| one.scheme.source.cmp(&other.scheme.source));
    let (mut result, mut budget) = (Conflicts::default(), Budget::of_all());
    for of_source in profiles.chunk_by(|one, other| one.scheme.source == other.scheme.source) {
        for (place, one) in of_source.iter().enumerate() {
            for other in &of_source[place + 1..] {
                compare(one, other, now, &mut budget, &mut result.found);
            }
        }
    }
    result.ended(&budget)
}

/// The conflicts of `scheme` with each of `others`, at `now`. It is compared also if it is not enabled: it may be soon.
/// One of `others` with the same id is what it replaces, and is left out.
pub fn conflicts_of<'a>(scheme: &Scheme, others: impl IntoIterator<Item = &'a Scheme>, now: Timestamp) -> Conflicts {
    let own = Profile::new(scheme);
    let (mut result, mut budget) = (Conflicts::default(), Budget::of_all());
    let counts = |other: &&Scheme| other.enabled && other.source == scheme.source && other.id != scheme.id;
    for other in others.into_iter().filter(counts) {
        compare(&own, &Profile::new(other), now, &mut budget, &mut result.found);
    }
    result.ended(&budget)
}

impl Conflicts {
    fn ended(mut self, budget: &Budget) -> Self {
        self.evaluations = budget.spent();
        self.cut = budget.is_cut() || self.found.len() > MAX_CONFLICTS;
        self.found.truncate(MAX_CONFLICTS);
        self
    }
}

/// Adds the conflicts of two schemes of one source.
fn compare(one: &Profile<'_>, other: &Profile<'_>, now: Timestamp, budget: &mut Budget, found: &mut Vec<Conflict>) {
    if found.len() > MAX_CONFLICTS {
        return;
    }
    let opposed = oppositions(one, other);
    let (ends_one, ends_other) = (unreachable::may_end(other, one), unreachable::may_end(one, other));
    if opposed.is_empty() && ends_one.is_none() && ends_other.is_none() {
        return;
    }
    budget.begin_pair();
    let Some(witness) = both_select(one, other, now, budget) else { return };
    found.extend(opposed.iter().take(MAX_GROUPS).map(|opposition| opposition.conflict(&witness, opposed.len())));
    for (first, second, ending) in [(one, other, ends_one), (other, one, ends_other)] {
        let Some(ending) = ending else { continue };
        budget.begin_pair();
        if unreachable::is_proved(first, second, ending, now, budget) {
            found.push(unreachable::conflict(first, second, ending, &witness));
        }
    }
}

impl Opposition<'_> {
    fn conflict(&self, witness: &Witness, of: usize) -> Conflict {
        let more = match of.saturating_sub(MAX_GROUPS) {
            0 => String::new(),
            more => format!("; they oppose each other in {more} more groups than are listed"),
        };
        Conflict {
            kind: self.kind,
            schemes: [self.first.scheme.id.clone(), self.second.scheme.id.clone()],
            group: self.group.cloned(),
            why: format!("{}{more}", self.why()),
            witness: witness.clone(),
        }
    }
}
