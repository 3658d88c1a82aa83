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
    played::{self, Kind},
    records::{File, Records},
    scene::Person,
};

/// What the sandbox tells of one person.
#[derive(Default)]
struct Seen {
    /// What usher changed, in order: `+fresh`, `-seen`, `issue usher-…`.
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
    /// Issues that were created: the effects that show when they come twice.
    pub issues: usize,
    pub settled_by_reading: usize,
    /// Steps that were begun before a kill and ended after it.
    pub cut_in_two: usize,
    /// Records that a process wrote which had stood still, after another had written theirs: decisions and outcomes.
    pub written_late: usize,
    /// Creations of which a webhook told after it had told of a later one.
    pub overtaken: usize,
    /// Steps that are kept as dead letters: with the outcomes it was lost whether they were done.
    pub in_doubt: usize,
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
    /// there has to fit, and the effects all the same, save that steps in doubt may be left undone, as dead letters.
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
        for (_, step, _) in decisions.flat_map(steps_of) {
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
            let keys = steps_of(decision).map(|(key, ..)| key).collect();
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
        let is_lost = !self.outcomes_lost.is_empty();
        let steps: Vec<_> = file.decisions.iter().flat_map(steps_of).collect();
        let keys_of = |decision: &Decision| steps_of(decision).map(|(key, ..)| key).collect::<Vec<_>>();
        let before_loss = file.decisions.iter().filter(|decision| file.before_loss.contains(&decision.event));
        let before_loss: BTreeSet<_> = before_loss.flat_map(keys_of).collect();
        let doubted = steps.iter().map(|(key, ..)| key).filter(|key| self.in_doubt.contains(key.as_str()));
        let doubted: BTreeSet<_> = doubted.collect();
        let kinds = steps.iter().map(|(key, step, test_mode)| match test_mode {
            true => (*step, Kind::Tested),
            false if doubted.contains(key) && before_loss.contains(key) => (*step, Kind::InDoubt),
            false => (*step, Kind::Sure),
        });
        let strange = doubted.iter().filter(|key| !before_loss.contains(*key));
        self.wrong.extend(strange.map(|key| format!("step {key} is in doubt, and was decided after the last loss")));
        let course = played::course(&kinds.collect::<Vec<_>>(), &seen.effects);
        if let Some((place, could)) = course.unexplained {
            let there = seen.effects.get(place);
            self.wrong.push(format!("effects: at {place} {there:?} and not one of {could:?}; {:?}", seen.effects));
            return;
        }
        if course.groups != seen.groups {
            self.wrong.push(format!("is in {:?} and not in {:?}", seen.groups, course.groups));
        }
        let ended: Vec<_> = steps.into_iter().map(|(key, ..)| key).zip(course.ended).collect();
        if is_lost {
            return self.outcomes_left(&ended, &file.outcomes, &before_loss);
        }
        for (key, results) in &ended {
            if results.contains(&StepResult::Changed) && !file.attempted.contains_key(key) {
                self.wrong.push(format!("step {key} was not written down before it was taken"));
            }
        }
        let ended: Vec<_> = ended.into_iter().map(|(key, results)| (key, texts(results))).collect();
        let outcomes = file.outcomes.iter();
        let outcomes = outcomes.map(|outcome| (outcome.step.key.clone(), vec![outcome.result.as_str()]));
        self.same("outcomes", &ended, &outcomes.collect::<Vec<_>>());
    }

    /// What is left of the outcomes: each of a step that was decided, none twice, in the order of the steps. Of a step that was
    /// done before the loss it is told later that it is so already, or that it is in doubt. Those that were decided later are all there.
    fn outcomes_left(
        &mut self,
        ended: &[(StepKey, BTreeSet<StepResult>)],
        outcomes: &[Outcome],
        before_loss: &BTreeSet<StepKey>,
    ) {
        let places: BTreeMap<_, _> =
            ended.iter().enumerate().map(|(at, (key, results))| (key, (at, results))).collect();
        let (mut last, mut there) = (None, BTreeSet::new());
        for outcome in outcomes {
            let (key, result) = (&outcome.step.key, outcome.result);
            let Some((at, possible)) = places.get(key) else {
                self.wrong.push(format!("outcomes: {key} was decided by nobody"));
                continue;
            };
            let found_done = result == StepResult::Unchanged && possible.contains(&StepResult::Changed);
            let in_doubt = result == StepResult::Failed && self.in_doubt.contains(key.as_str());
            if !possible.contains(&result) && !found_done && !in_doubt {
                let possible = texts((*possible).clone());
                self.wrong.push(format!("outcomes: {key} is {} and not one of {possible:?}", result.as_str()));
            }
            if !there.insert(key) {
                self.wrong.push(format!("outcomes: {key} is there twice"));
            }
            if result == StepResult::Changed && last.is_some_and(|last| last > *at) {
                self.wrong.push(format!("outcomes: {key} is there too late"));
            }
            last = last.max(Some(*at));
        }
        let missing =
            ended.iter().map(|(key, _)| key).filter(|key| !before_loss.contains(*key) && !there.contains(*key));
        self.wrong
            .extend(missing.map(|key| format!("outcomes: {key} is missing, and was decided after the last loss")));
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
fn steps_of(decision: &Decision) -> impl Iterator<Item = (StepKey, &Step, bool)> {
    decision.selected().flat_map(move |verdict| {
        let steps = verdict.steps.iter().enumerate();
        steps.map(move |(index, step)| (decision.step_key(verdict, index), step, verdict.test_mode))
    })
}

fn texts(results: BTreeSet<StepResult>) -> Vec<&'static str> {
    results.into_iter().map(StepResult::as_str).collect()
}
