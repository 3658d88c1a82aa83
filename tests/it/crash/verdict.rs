//! What was answered, what the log holds and what the sandbox saw: whether they fit together.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    fmt::{self, Debug},
};

use usher::{
    domain::{Decision, EventId, EventKind, NoAction, Outcome, Product, Step, StepKey, StepResult, Timestamp},
    sandbox::{ACCOUNT, Change, Entry, Issue, Listed},
};

use super::{
    load::History,
    records::{File, Records},
    redone::{self, Course},
    scene::Person,
};

/// What the sandbox tells of one person.
#[derive(Default)]
struct Seen {
    /// What usher changed, in order: `+fresh`, `-seen`, `issue usher-…`.
    effects: Vec<String>,
    /// When, by the clock of the sandbox.
    at: Vec<Timestamp>,
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
    /// Issues that were created: the effects that show when they come twice.
    pub issues: usize,
    pub settled_by_reading: usize,
    /// Steps that were begun before a kill and ended after it.
    pub cut_in_two: usize,
    /// Records that a process wrote which had stood still, after another had written theirs: decisions and outcomes.
    pub written_late: usize,
    /// Creations of which a webhook told after it had told of a later one.
    pub overtaken: usize,
    /// Issues that are kept as dead letters: with the outcomes it was lost whether they were created.
    pub in_doubt: usize,
    /// Changes of groups that were made again, with the decisions behind them, as the outcomes that told of them were deleted.
    pub redone: usize,
    /// Steps that were not done again, as usher knew of a later decision that had been carried out.
    pub passed: usize,
}

/// All that is known when everything is over.
pub struct Evidence<'a> {
    pub histories: &'a [History],
    /// When usher was killed.
    pub kills: &'a [Timestamp],
    pub records: Records,
    pub journal: &'a [Entry],
    pub users: &'a [(Product, Listed)],
    pub issues: &'a [(Product, Issue)],
    /// How many schemes wait for a creation.
    pub on_create: usize,
    /// A process stood still for longer than its session. What it had in hand for the log may be written when it goes on,
    /// after what another wrote meanwhile; it must not say otherwise.
    pub halted: bool,
    /// When the topic of the outcomes began to be deleted. What stood in it is gone, so that no outcome is missing; what is
    /// there has to fit, and the effects all the same, save that decisions without their outcomes may be carried out again.
    pub outcomes_lost: &'a [Timestamp],
}

/// What does not fit.
#[derive(Default)]
pub struct Verdict {
    pub wrong: Vec<String>,
    pub figures: Figures,
    kills: Vec<Timestamp>,
    on_create: usize,
    halted: bool,
    outcomes_lost: Vec<Timestamp>,
    in_doubt: BTreeSet<String>,
}

/// Compares everything with everything.
pub fn judge(evidence: Evidence<'_>) -> Verdict {
    let Evidence { histories, kills, mut records, journal, users, issues, on_create, halted, outcomes_lost } = evidence;
    let (kills, outcomes_lost) = (kills.to_vec(), outcomes_lost.to_vec());
    let mut verdict = Verdict { kills, on_create, halted, outcomes_lost, ..Verdict::default() };
    verdict.in_doubt = std::mem::take(&mut records.in_doubt);
    verdict.figures.in_doubt = verdict.in_doubt.len();
    let about = markers(histories, &records);
    let mut seen: BTreeMap<(&str, &str), Seen> = BTreeMap::new();
    for (product, user) in users {
        seen.entry((product.as_str(), &user.account.id)).or_default().groups = user.groups.clone();
    }
    for entry in journal {
        let (user, effect) = match &entry.change {
            Change::Add { group } if entry.by == ACCOUNT => (entry.user.as_str(), format!("+{group}")),
            Change::Remove { group } if entry.by == ACCOUNT => (entry.user.as_str(), format!("-{group}")),
            Change::Issue { key } => {
                let issue = issues.iter().find(|(site, issue)| *site == entry.site && issue.key == *key);
                let labels = issue.map(|(_, issue)| issue.labels.as_slice()).unwrap_or_default();
                let known = labels.iter().find_map(|label| Some((about.get(label)?.as_str(), label)));
                known.map_or((key.as_str(), format!("{entry}")), |(user, marker)| (user, format!("issue {marker}")))
            }
            _ => (entry.user.as_str(), format!("{entry}")),
        };
        verdict.figures.issues += usize::from(effect.starts_with("issue"));
        let seen = seen.entry((entry.site.as_str(), user)).or_default();
        seen.effects.push(effect);
        seen.at.push(entry.at);
    }
    for history in histories {
        let person = &history.person;
        let mut file = records.take(person.source, &person.account.id);
        if verdict.halted {
            verdict.written_late(&mut file);
        }
        let seen = seen.remove(&(person.product.as_str(), person.account.id.as_str())).unwrap_or_default();
        verdict.person(history, &file, &seen);
    }
    for (nobody, seen) in seen.iter().filter(|(_, seen)| !seen.effects.is_empty()) {
        verdict.wrong.push(format!("{nobody:?} was changed: {:?}", seen.effects));
    }
    verdict.wrong.extend(records.left().into_iter().map(|nobody| format!("the log holds something about {nobody}")));
    verdict.wrong.append(&mut records.strange);
    if verdict.outcomes_lost.is_empty() {
        let remembered = verdict.in_doubt.iter().map(|step| format!("step {step} is in doubt, and nothing was lost"));
        verdict.wrong.extend(remembered);
    }
    verdict
}

/// About whom an issue is, by its label.
fn markers(histories: &[History], records: &Records) -> BTreeMap<String, String> {
    let mut about = BTreeMap::new();
    for Person { source, account, .. } in histories.iter().map(|history| &history.person) {
        let decisions = records.of(source, &account.id).into_iter().flat_map(|file| &file.decisions);
        for (_, step, _) in decisions.flat_map(steps) {
            if let Step::CreateIssue(issue) = step {
                about.insert(issue.marker.clone(), account.id.clone());
            }
        }
    }
    about
}

impl Verdict {
    /// Takes out decisions and outcomes that were written late, if they say the same as the first.
    fn written_late(&mut self, file: &mut File) {
        let before = file.decisions.len() + file.outcomes.len();
        let mut decided: BTreeMap<EventId, BTreeSet<StepKey>> = BTreeMap::new();
        file.decisions.retain(|decision| {
            let keys = steps(decision).map(|(key, ..)| key).collect();
            match decided.entry(decision.event.clone()) {
                btree_map::Entry::Vacant(first) => {
                    first.insert(keys);
                    true
                }
                btree_map::Entry::Occupied(first) => *first.get() != keys,
            }
        });
        let mut ended = BTreeMap::new();
        file.outcomes.retain(|outcome| match ended.entry(outcome.step.key.clone()) {
            btree_map::Entry::Vacant(first) => {
                first.insert(outcome.result);
                true
            }
            // What one process did, the other found done.
            btree_map::Entry::Occupied(first) => {
                outcome.result != *first.get() && outcome.result != StepResult::Unchanged
            }
        });
        self.figures.written_late += before - file.decisions.len() - file.outcomes.len();
    }

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
            let wanted = match decision.kind {
                EventKind::Created if Self::is_overtaken(history, &events, decision) => 0,
                EventKind::Created => self.on_create,
                _ => 3,
            };
            self.figures.overtaken += usize::from(wanted == 0);
            if told.is_none() || decision.selected().count() != wanted {
                self.wrong.push(format!("the decision on {} selects {}", decision.event, decision.selected().count()));
            }
        }
    }

    /// Whether it is about a creation that was told after a later one: its sender had given up waiting for an answer, and usher
    /// read it when it went on. It is no news then.
    fn is_overtaken(history: &History, events: &[&EventId], decision: &Decision) -> bool {
        let Some(NoAction::KnownSince(_)) = decision.no_action else { return false };
        let Some(nth) = history.told.iter().position(|told| told.event == decision.event && !told.accepted) else {
            return false;
        };
        let before = events.iter().take_while(|event| ***event != decision.event);
        before.into_iter().any(|event| history.told[nth + 1..].iter().any(|later| later.event == **event))
    }

    /// Playing the decisions through gives the outcomes in the log, the changes in the journal, and the groups.
    fn effects(&mut self, file: &File, seen: &Seen) {
        let (mut person, mut effects, mut ended) = (Played::default(), Vec::new(), Vec::new());
        let mut played = Vec::new();
        for (key, step, test_mode) in file.decisions.iter().flat_map(steps) {
            let result = if test_mode {
                StepResult::Tested
            } else if self.is_left_undone(&key, step, seen) {
                StepResult::Failed
            } else {
                played.push((step, !self.outcomes_lost.is_empty() && self.in_doubt.contains(key.as_str())));
                person.play(step, &mut effects)
            };
            let is_written = file.attempted.contains_key(&key) || !self.outcomes_lost.is_empty();
            if result == StepResult::Changed && !is_written {
                self.wrong.push(format!("step {key} was not written down before it was taken"));
            }
            ended.push((key, result.as_str()));
        }
        let course = Course { steps: &played, effects: &seen.effects, at: &seen.at };
        let is_redone = effects != seen.effects && redone::explains(&course, &self.outcomes_lost);
        if self.outcomes_lost.is_empty() {
            let outcomes = file.outcomes.iter().map(|outcome| (outcome.step.key.clone(), outcome.result.as_str()));
            self.same("outcomes", &ended, &outcomes.collect::<Vec<_>>());
        } else {
            self.outcomes_left(&ended, &file.outcomes, is_redone);
        }
        if is_redone {
            self.figures.redone += seen.effects.len().saturating_sub(effects.len());
        } else {
            self.same("effects", &effects, &seen.effects);
        }
        if person.groups != seen.groups {
            self.wrong.push(format!("is in {:?} and not in {:?}", seen.groups, person.groups));
        }
    }

    /// Whether the step asks for an issue that is not there, but in doubt: an administrator finds it among the dead letters.
    fn is_left_undone(&self, key: &StepKey, step: &Step, seen: &Seen) -> bool {
        let Step::CreateIssue(issue) = step else { return false };
        !self.outcomes_lost.is_empty()
            && self.in_doubt.contains(key.as_str())
            && !seen.effects.contains(&format!("issue {}", issue.marker))
    }

    /// What is left of the outcomes: each of a step that was decided, none twice, in the order of the steps. An attempt
    /// that is lost leaves a step that is found done: it is `unchanged` then, not `changed`. One that `is_redone` may change what
    /// it did not change the first time. One that is not done again comes late.
    fn outcomes_left(&mut self, ended: &[(StepKey, &'static str)], outcomes: &[Outcome], is_redone: bool) {
        let places: BTreeMap<_, _> = ended.iter().enumerate().map(|(at, (key, result))| (key, (at, *result))).collect();
        let (mut last, mut there) = (None, BTreeSet::new());
        for outcome in outcomes {
            let (key, result) = (&outcome.step.key, outcome.result.as_str());
            let Some((at, wanted)) = places.get(key) else {
                self.wrong.push(format!("outcomes: {key} was decided by nobody"));
                continue;
            };
            let (changed, unchanged) = (StepResult::Changed.as_str(), StepResult::Unchanged.as_str());
            let found_done = *wanted == changed && result == unchanged;
            let done_again = is_redone && *wanted == unchanged && result == changed;
            let in_doubt = result == StepResult::Failed.as_str() && self.in_doubt.contains(key.as_str());
            if result != *wanted && !found_done && !done_again && !in_doubt {
                self.wrong.push(format!("outcomes: {key} is {result} and not {wanted}"));
            }
            if !there.insert(key) {
                self.wrong.push(format!("outcomes: {key} is there twice"));
            }
            if result == unchanged && outcome.reason.starts_with("not done again: a later decision") {
                self.figures.passed += 1;
            } else if last.replace(*at).is_some_and(|last| last > *at) {
                self.wrong.push(format!("outcomes: {key} is there too late"));
            }
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

/// How a person stands after the steps that were played.
#[derive(Default, Clone)]
pub(super) struct Played {
    groups: BTreeSet<String>,
    /// The markers of the open issues.
    issues: BTreeSet<String>,
}

impl Played {
    /// What becomes of `step`.
    pub(super) fn play(&mut self, step: &Step, effects: &mut Vec<String>) -> StepResult {
        let (changes, effect) = match step {
            Step::AddGroup(group) => (self.groups.insert(group.to_string()), format!("+{group}")),
            Step::RemoveGroup(group) => (self.groups.remove(group.as_str()), format!("-{group}")),
            Step::CreateIssue(issue) => (self.issues.insert(issue.marker.clone()), format!("issue {}", issue.marker)),
            other => unreachable!("no scheme asks for {}", other.action()),
        };
        if !changes {
            return StepResult::Unchanged;
        }
        effects.push(effect);
        StepResult::Changed
    }
}
