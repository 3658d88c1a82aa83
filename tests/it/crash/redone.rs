//! What may be done again where the topic of the outcomes was deleted, and nothing else.
//!
//! Decisions that a group has not consumed come again, to a process that may not remember what another one did. With the
//! outcomes is gone what told it. Then memberships are settled by reading: the decisions are carried out once more, in order, to
//! the last one that was carried out (docs/decisions/0034-an-older-decision-is-not-done-over-a-later-one.md). What was done once more
//! has outcomes again, so that happens once after each deletion. An issue does not come twice.

use std::collections::{HashMap, HashSet};

use usher::domain::{Step, Timestamp};

use super::verdict::Played;

/// More than a person's steps times their effects.
const LOOKED_AT: usize = 5_000_000;

/// What was to be done to one person, and what was.
pub struct Course<'a> {
    /// In their order, and whether each may have been left undone, as it is a dead letter.
    pub steps: &'a [(&'a Step, bool)],
    pub effects: &'a [String],
    /// When each effect was seen.
    pub at: &'a [Timestamp],
}

/// Whether the effects are those of the steps in order, but for those left undone, where after each of the `deletions` it was once gone back to an earlier step
/// and on from there in order, to the last step.
pub fn explains(course: &Course<'_>, deletions: &[Timestamp]) -> bool {
    let Some(states) = course.states() else { return false };
    let mut ways = vec![(0, 0, 0)];
    let (mut known, mut gone_back_from) = (HashSet::new(), HashMap::new());
    while let Some(way @ (next, seen, gone_back)) = ways.pop() {
        if !known.insert(way) {
            continue;
        }
        if (next, seen) == (course.steps.len(), course.effects.len()) {
            return true;
        }
        if known.len() > LOOKED_AT {
            return false;
        }
        let possible = course.at.get(seen).map_or(0, |at| deletions.iter().filter(|deleted| *deleted < at).count());
        if gone_back < possible {
            // Those before the last place of which this was asked are known.
            let from = gone_back_from.entry((seen, gone_back)).or_insert(0);
            let earlier = (*from..next).filter(|step| course.gives(*step, &states[seen], seen) == Some(true));
            ways.extend(earlier.map(|step| (step, seen, gone_back + 1)));
            *from = next.max(*from);
        }
        // Last, so that it is looked at first.
        match (next < course.steps.len()).then(|| course.gives(next, &states[seen], seen)) {
            Some(Some(true)) => ways.push((next + 1, seen + 1, gone_back)),
            Some(Some(false)) if course.steps[next].1 => ways.push((next + 1, seen, gone_back)),
            Some(None) => ways.push((next + 1, seen, gone_back)),
            Some(Some(false)) | None => {}
        }
    }
    false
}

impl Course<'_> {
    /// How the person stands before each effect and after the last; none where an effect is of no step.
    fn states(&self) -> Option<Vec<Played>> {
        let mut states = vec![Played::default()];
        for effect in self.effects {
            let mut state = states.last()?.clone();
            let gives = |(step, _): &&(&Step, bool)| {
                let mut told = Vec::new();
                state.clone().play(step, &mut told);
                told.first() == Some(effect)
            };
            let (step, _) = self.steps.iter().find(gives)?;
            state.play(step, &mut Vec::new());
            states.push(state);
        }
        Some(states)
    }

    /// Whether the step gives the effect that was seen next, where the person stands as `state`; none where it changes nothing.
    fn gives(&self, step: usize, state: &Played, seen: usize) -> Option<bool> {
        let mut told = Vec::new();
        state.clone().play(self.steps[step].0, &mut told);
        told.first().map(|effect| self.effects.get(seen) == Some(effect))
    }
}

#[cfg(test)]
mod tests {
    use usher::domain::GroupName;

    use super::*;

    /// Whether `effects` are explained, of which each comes a second after the one before; the topic was deleted at `deletions`.
    fn is_explained(effects: &[&str], deletions: &[i64]) -> bool {
        let group = |name| GroupName::new(name);
        let created = [Step::AddGroup(group("fresh")), Step::RemoveGroup(group("seen"))];
        let logged_in = [Step::AddGroup(group("seen")), Step::RemoveGroup(group("fresh"))];
        let steps = [created.clone(), logged_in.clone(), created, logged_in];
        let steps: Vec<_> = steps.iter().flatten().map(|step| (step, false)).collect();
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let seen: Vec<_> = (0..).map(at).take(effects.len()).collect();
        let effects: Vec<_> = effects.iter().map(|effect| (*effect).to_owned()).collect();
        let deletions: Vec<_> = deletions.iter().map(|second| at(*second)).collect();
        explains(&Course { steps: &steps, effects: &effects, at: &seen }, &deletions)
    }

    const ONCE: [&str; 7] = ["+fresh", "+seen", "-fresh", "+fresh", "-seen", "+seen", "-fresh"];

    #[test]
    fn decisions_are_redone_in_order_after_a_deletion_and_to_the_end() {
        assert!(is_explained(&ONCE, &[]));
        let again = [&ONCE[..5], &["+seen", "-fresh", "+fresh", "-seen"], &ONCE[5..]].concat();
        assert!(is_explained(&again, &[4]));
        assert!(!is_explained(&again, &[]), "nothing was deleted");
        assert!(!is_explained(&again, &[20]), "it was deleted later");
        let left_there = [&ONCE[..5], &["+seen", "-fresh", "+fresh", "-seen"]].concat();
        assert!(!is_explained(&left_there, &[4]), "the last is not done");
        let undone = [&ONCE[..], &["+fresh", "-seen"]].concat();
        assert!(!is_explained(&undone, &[4]), "an older one undoes a later one");
        let swapped = [&ONCE[..5], &["-fresh", "+seen", "+fresh", "-seen"], &ONCE[5..]].concat();
        assert!(!is_explained(&swapped, &[4]), "not in order");
    }

    #[test]
    fn it_is_redone_once_for_each_deletion() {
        let back = ["+fresh", "-seen", "+seen", "-fresh"];
        let all_again = [&ONCE[..], &back, &back].concat();
        assert!(is_explained(&all_again, &[2]));
        let and_again = [&all_again[..], &back].concat();
        assert!(!is_explained(&and_again, &[2]));
        assert!(is_explained(&and_again, &[2, 3]));
    }
}
