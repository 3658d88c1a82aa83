//! What was answered, what the log holds and what the sandbox saw: whether they fit together.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug},
};

use usher::{
    domain::{Decision, EventId, Product, Step, StepKey, StepResult, Timestamp},
    sandbox::{ACCOUNT, Change, Entry, Listed},
};

use super::{
    load::History,
    records::{File, Records},
};

/// What the sandbox tells of one person.
#[derive(Default)]
struct Seen {
    /// What usher changed, in order: `+fresh`, `-seen`.
    effects: Vec<String>,
    groups: BTreeSet<String>,
}

/// Figures of a run, to see that there was something to judge.
#[derive(Debug, Default)]
pub struct Figures {
    pub accepted: usize,
    pub unknown: usize,
    pub unknown_but_there: usize,
    pub turned_away: u64,
    pub repeated: usize,
    pub decisions: usize,
    pub changed: usize,
    pub settled_by_reading: usize,
    /// Steps that were begun before a kill and ended after it.
    pub cut_in_two: usize,
}

/// What does not fit.
#[derive(Default)]
pub struct Verdict {
    pub wrong: Vec<String>,
    pub figures: Figures,
    kills: Vec<Timestamp>,
}

/// Compares everything with everything.
pub fn judge(
    histories: &[History],
    kills: &[Timestamp],
    mut records: Records,
    journal: &[Entry],
    users: &[(Product, Listed)],
) -> Verdict {
    let mut verdict = Verdict { kills: kills.to_vec(), ..Verdict::default() };
    let mut seen: BTreeMap<(&str, &str), Seen> = BTreeMap::new();
    for (product, user) in users {
        seen.entry((product.as_str(), &user.account.id)).or_default().groups = user.groups.clone();
    }
    for entry in journal {
        let effects = &mut seen.entry((entry.site.as_str(), &entry.user)).or_default().effects;
        effects.push(match &entry.change {
            Change::Add { group } if entry.by == ACCOUNT => format!("+{group}"),
            Change::Remove { group } if entry.by == ACCOUNT => format!("-{group}"),
            _ => format!("{entry}"),
        });
    }
    for history in histories {
        let person = &history.person;
        let file = records.take(person.source, &person.account.id);
        let seen = seen.remove(&(person.product.as_str(), person.account.id.as_str())).unwrap_or_default();
        verdict.person(history, &file, &seen);
    }
    for (nobody, seen) in seen.iter().filter(|(_, seen)| !seen.effects.is_empty()) {
        verdict.wrong.push(format!("{nobody:?} was changed: {:?}", seen.effects));
    }
    verdict.wrong.extend(records.left().into_iter().map(|nobody| format!("the log holds something about {nobody}")));
    verdict.wrong.append(&mut records.strange);
    verdict
}

impl Verdict {
    fn person(&mut self, history: &History, file: &File, seen: &Seen) {
        let before = self.wrong.len();
        self.events(history, file);
        self.decisions(history, file);
        self.effects(file, seen);
        self.count(history, file);
        // One thing that goes wrong makes many others look wrong.
        let more = self.wrong.len().saturating_sub(before + 5);
        if more > 0 {
            self.wrong.truncate(before + 5);
            self.wrong.push(format!("and {more} more"));
        }
        let who = format!("{}/{}: ", history.person.source, history.person.account.id);
        for wrong in &mut self.wrong[before..] {
            wrong.insert_str(0, &who);
        }
    }

    /// Everything accepted is in the log, in the order in which it was told, and nothing that was not told.
    fn events(&mut self, history: &History, file: &File) {
        let there = first_of_each(&file.events);
        let told: BTreeMap<_, _> = history.told.iter().map(|told| (&told.event, told.accepted)).collect();
        let nobody_told = there.iter().filter(|event| !told.contains_key(*event));
        self.wrong.extend(nobody_told.map(|event| format!("event {event} was told by nobody")));
        let accepted: Vec<_> = history.told.iter().filter(|told| told.accepted).map(|told| &told.event).collect();
        let accepted_there = there.into_iter().filter(|event| told.get(event) == Some(&true)).collect::<Vec<_>>();
        self.same("accepted events in the log", &accepted, &accepted_there);
    }

    /// Each event has one decision, in the order of the events, by the schemes that wait for it.
    fn decisions(&mut self, history: &History, file: &File) {
        let events = first_of_each(&file.events);
        let decided: Vec<_> = file.decisions.iter().map(|decision| &decision.event).collect();
        self.same("events decided", &events, &decided);
        for decision in &file.decisions {
            let told = history.told.iter().find(|told| told.event == decision.event);
            let wanted = if decision.kind == usher::domain::EventKind::Created { 1 } else { 3 };
            if told.is_none() || decision.selected().count() != wanted {
                self.wrong.push(format!("the decision on {} selects {}", decision.event, decision.selected().count()));
            }
        }
    }

    /// Playing the decisions through gives the outcomes in the log, the changes in the journal, and the groups.
    fn effects(&mut self, file: &File, seen: &Seen) {
        let (mut groups, mut effects, mut ended) = (BTreeSet::new(), Vec::new(), Vec::new());
        for (key, step, test_mode) in file.decisions.iter().flat_map(steps) {
            let result = if test_mode { StepResult::Tested } else { play(step, &mut groups, &mut effects) };
            if result == StepResult::Changed && !file.attempted.contains_key(&key) {
                self.wrong.push(format!("step {key} was not written down before it was taken"));
            }
            ended.push((key, result.as_str()));
        }
        let outcomes: Vec<_> =
            file.outcomes.iter().map(|outcome| (outcome.step.key.clone(), outcome.result.as_str())).collect();
        self.same("outcomes", &ended, &outcomes);
        self.same("effects", &effects, &seen.effects);
        if groups != seen.groups {
            self.wrong.push(format!("is in {:?} and not in {groups:?}", seen.groups));
        }
    }

    fn count(&mut self, history: &History, file: &File) {
        let there: BTreeSet<_> = file.events.iter().collect();
        let unknown: Vec<_> = history.told.iter().filter(|told| !told.accepted).collect();
        let figures = &mut self.figures;
        figures.accepted += history.told.len() - unknown.len();
        figures.unknown += unknown.len();
        figures.unknown_but_there += unknown.iter().filter(|told| there.contains(&told.event)).count();
        figures.turned_away += history.turned_away;
        figures.repeated += file.events.len() - there.len();
        figures.decisions += file.decisions.len();
        figures.changed += file.outcomes.iter().filter(|outcome| outcome.result == StepResult::Changed).count();
        figures.settled_by_reading +=
            file.outcomes.iter().filter(|outcome| outcome.reason.contains("reading showed it")).count();
        let cut_in_two = file.outcomes.iter().filter(|outcome| {
            let begun = file.attempted.get(&outcome.step.key);
            begun.is_some_and(|begun| self.kills.iter().any(|kill| *begun < *kill && *kill < outcome.at))
        });
        figures.cut_in_two += cut_in_two.count();
    }

    /// Two lists that must be the same; says which items are missing, there twice, or where the order differs.
    fn same<T: Ord + Debug>(&mut self, what: &str, wanted: &[T], found: &[T]) {
        if wanted == found {
            return;
        }
        let times = |list: &[T], item: &T| list.iter().filter(|other| *other == item).count();
        let all: BTreeSet<_> = wanted.iter().chain(found).collect();
        let differing: Vec<_> = all.into_iter().filter(|item| times(wanted, item) != times(found, item)).collect();
        for item in &differing {
            let (wanted, found) = (times(wanted, item), times(found, item));
            self.wrong.push(format!("{what}: {item:?} is there {found} times, not {wanted}"));
        }
        if differing.is_empty() || wanted.len() == found.len() {
            let place = wanted.iter().zip(found).position(|(wanted, found)| wanted != found).unwrap_or_default();
            self.wrong.push(format!("{what}: at {place} {:?} and not {:?}", found.get(place), wanted.get(place)));
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} things are wrong; {:?}", self.wrong.len(), self.figures)?;
        self.wrong.iter().take(30).try_for_each(|wrong| writeln!(f, "  {wrong}"))
    }
}

/// Without what came again.
fn first_of_each(events: &[EventId]) -> Vec<&EventId> {
    let mut known = BTreeSet::new();
    events.iter().filter(|event| known.insert(*event)).collect()
}

/// The steps that a decision asks for, in order, and whether they are for trying out only.
fn steps(decision: &Decision) -> impl Iterator<Item = (StepKey, &Step, bool)> {
    decision.selected().flat_map(move |verdict| {
        let steps = verdict.steps.iter().enumerate();
        steps.map(move |(index, step)| (decision.step_key(verdict, index), step, verdict.test_mode))
    })
}

/// What becomes of `step` when the person is in `groups`.
fn play(step: &Step, groups: &mut BTreeSet<String>, effects: &mut Vec<String>) -> StepResult {
    let (changes, effect) = match step {
        Step::AddGroup(group) => (groups.insert(group.to_string()), format!("+{group}")),
        Step::RemoveGroup(group) => (groups.remove(group.as_str()), format!("-{group}")),
        other => unreachable!("no scheme asks for {}", other.action()),
    };
    if !changes {
        return StepResult::Unchanged;
    }
    effects.push(effect);
    StepResult::Changed
}
