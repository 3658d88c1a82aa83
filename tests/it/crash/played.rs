//! Steps played through: what becomes of each, held against what the sandbox saw.
//!
//! A step in doubt is one that usher keeps as a dead letter, since it can't know whether it was done. It may have been done in its
//! turn, or not at all. Each other step was done in its turn.

use std::collections::{BTreeMap, BTreeSet};

use usher::domain::{Step, StepResult};

/// How much is known of a step before it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is for trying out.
    Tested,
    /// It was done in its turn.
    Sure,
    /// It was done in its turn, or not at all.
    InDoubt,
}

/// How a person stands after the steps that were played.
#[derive(Default, Clone)]
struct Played {
    groups: BTreeSet<String>,
    /// The markers of the open issues.
    issues: BTreeSet<String>,
}

impl Played {
    /// What becomes of `step`: its effect; none where it changes nothing.
    fn play(&mut self, step: &Step) -> Option<String> {
        let (changes, effect) = match step {
            Step::AddGroup(group) => (self.groups.insert(group.to_string()), format!("+{group}")),
            Step::RemoveGroup(group) => (self.groups.remove(group.as_str()), format!("-{group}")),
            Step::CreateIssue(issue) => (self.issues.insert(issue.marker.clone()), format!("issue {}", issue.marker)),
            other => unreachable!("no scheme asks for {}", other.action()),
        };
        changes.then_some(effect)
    }
}

/// What came of the steps of one person.
pub struct Course {
    /// How each step can have ended, in all ways that explain what was seen. Empty where none does.
    pub ended: Vec<BTreeSet<StepResult>>,
    /// The groups at the end.
    pub groups: BTreeSet<String>,
    /// Where what was seen can't be explained: after so many effects, and what could have come there.
    pub unexplained: Option<(usize, BTreeSet<String>)>,
}

/// One way on: so many effects before a step, so many behind it, and its result.
type Way = (usize, usize, StepResult);

/// Plays `steps`, as the effects that were `seen` allow.
pub fn course(steps: &[(&Step, Kind)], seen: &[String]) -> Course {
    let mut standing = BTreeMap::from([(0, Played::default())]);
    let (mut ways, mut farthest) = (Vec::new(), (0, BTreeSet::new()));
    for (step, kind) in steps {
        let (mut next, mut of_step): (BTreeMap<_, Played>, Vec<Way>) = (BTreeMap::new(), Vec::new());
        for (at, person) in &standing {
            if *kind != Kind::Sure {
                let result = if *kind == Kind::Tested { StepResult::Tested } else { StepResult::Failed };
                of_step.push((*at, *at, result));
                next.insert(*at, person.clone());
            }
            if *kind == Kind::Tested {
                continue;
            }
            let mut person = person.clone();
            match person.play(step) {
                None => {
                    of_step.push((*at, *at, StepResult::Unchanged));
                    next.insert(*at, person);
                }
                Some(effect) if seen.get(*at) == Some(&effect) => {
                    of_step.push((*at, at + 1, StepResult::Changed));
                    next.insert(at + 1, person);
                }
                Some(effect) => {
                    if *at > farthest.0 {
                        farthest = (*at, BTreeSet::new());
                    }
                    if *at == farthest.0 {
                        farthest.1.insert(effect);
                    }
                }
            }
        }
        standing = next;
        ways.push(of_step);
    }
    match standing.remove(&seen.len()) {
        Some(person) => Course { ended: results(&ways, seen.len()), groups: person.groups, unexplained: None },
        None => {
            let reached = standing.last_key_value().map_or(farthest.clone(), |(at, _)| (*at, BTreeSet::new()));
            let unexplained = Some(if reached.0 > farthest.0 { reached } else { farthest });
            Course { ended: Vec::new(), groups: BTreeSet::new(), unexplained }
        }
    }
}

/// The results on those of the `ways` that lead to `end`.
fn results(ways: &[Vec<Way>], end: usize) -> Vec<BTreeSet<StepResult>> {
    let mut leads = BTreeSet::from([end]);
    let mut all = Vec::with_capacity(ways.len());
    for of_step in ways.iter().rev() {
        let good: Vec<_> = of_step.iter().filter(|(_, to, _)| leads.contains(to)).collect();
        leads = good.iter().map(|(from, ..)| *from).collect();
        all.push(good.into_iter().map(|(.., result)| *result).collect());
    }
    all.reverse();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Step {
        let group = usher::domain::GroupName::new(&text[1..]);
        if text.starts_with('+') { Step::AddGroup(group) } else { Step::RemoveGroup(group) }
    }

    /// The course of steps, those with a `?` in doubt, that led to the effects that were seen.
    fn course_of(steps: &str, seen: &str) -> Course {
        let steps: Vec<_> =
            steps.split(' ').map(|text| (step(text.trim_end_matches('?')), text.ends_with('?'))).collect();
        let kinds = steps.iter().map(|(step, in_doubt)| (step, if *in_doubt { Kind::InDoubt } else { Kind::Sure }));
        course(&kinds.collect::<Vec<_>>(), &seen.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn steps_without_doubt_have_one_course() {
        use StepResult::{Changed, Unchanged};
        let course = course_of("+a +a -a +b", "+a -a +b");
        assert_eq!(course.ended, [Changed, Unchanged, Changed, Changed].map(|result| BTreeSet::from([result])));
        assert_eq!(course.groups, BTreeSet::from(["b".to_owned()]));
        for seen in ["+a -a", "+a -a +b +b", "+a +a -a +b", "-a +a +b", "+a -a +b -b"] {
            assert!(course_of("+a +a -a +b", seen).unexplained.is_some(), "{seen}");
        }
    }

    #[test]
    fn a_step_in_doubt_was_done_in_its_turn_or_not_at_all() {
        use StepResult::{Changed, Failed, Unchanged};
        assert_eq!(course_of("+a? -a", "").ended, [BTreeSet::from([Failed]), BTreeSet::from([Unchanged])]);
        assert_eq!(course_of("+a? -a", "+a -a").ended, [BTreeSet::from([Changed]), BTreeSet::from([Changed])]);
        assert!(course_of("+a? -a", "+a").unexplained.is_some(), "the second one was surely done");
        assert!(course_of("+a? -a +b", "+b +a -a").unexplained.is_some(), "it comes too late");
        assert!(course_of("+a -a?", "+a -a -a").unexplained.is_some(), "twice");
        let either = course_of("+a? +a?", "+a");
        assert_eq!(either.ended[0], BTreeSet::from([Changed, Failed]));
        assert_eq!(either.groups, BTreeSet::from(["a".to_owned()]));
    }
}
