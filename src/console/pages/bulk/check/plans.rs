//! The plans that were made of late, and a plan as the page shows it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use askama::Template;

use super::Checked;
use crate::{
    admin::{BulkPlan, Problem},
    console::{
        Asked,
        asked::sentence,
        frame::{Moment, length, users},
        pages::bulk::source_name,
    },
    domain::{Actor, Timestamp},
};

/// The number of plans that are remembered.
const MAX_PLANS: usize = 100;
/// The time for which a plan is shown again without another reading of users.
const FRESH: Duration = Duration::from_mins(10);

/// The plans that were made of late in this process. After a restart, and in another process, one reads anew.
#[derive(Default)]
pub(in crate::console) struct LastPlans(Mutex<VecDeque<(Actor, Seen)>>);

/// A plan that was made at a time.
#[derive(Clone)]
pub(super) struct Seen {
    plan: Arc<BulkPlan>,
    at: Timestamp,
}

impl LastPlans {
    /// Keeps a plan that `whose` has asked for.
    pub(super) fn keep(&self, whose: Actor, plan: BulkPlan, at: Timestamp) -> Seen {
        let seen = Seen { plan: Arc::new(plan), at };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner); // a queue is never half changed
        all.retain(|(other, known)| *other != whose || known.plan.plan != seen.plan.plan);
        all.push_back((whose, seen.clone()));
        if all.len() > MAX_PLANS {
            all.pop_front();
        }
        seen
    }

    /// The plan called `plan` that `whose` has asked for, if it is not old.
    pub(super) fn get(&self, whose: &Actor, plan: &str, now: Timestamp) -> Option<Seen> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().find(|(other, known)| other == whose && known.plan.plan == plan);
        found.map(|(_, seen)| seen.clone()).filter(|seen| seen.at.until(now) <= FRESH)
    }
}

/// What would happen: a part that asks for itself, as the users take a while to be read.
#[derive(Template)]
#[template(path = "bulk/plan.html")]
pub(super) struct Plan {
    source: String,
    /// The addresses at which users are read: of the whole page, and of this part.
    fresh: String,
    part: String,
    state: State,
}

enum State {
    /// Nobody was read yet.
    Asking,
    /// Why it is not known.
    Trouble(String),
    Told(Box<Told>),
}

struct Told {
    at: Moment,
    rows: Vec<Row>,
    /// How many users were read, and how the others were counted.
    base: String,
    cost: String,
    never: Vec<String>,
    in_part: Vec<String>,
    says: String,
}

struct Row {
    action: String,
    target: String,
    change: u64,
    already: u64,
    protected: u64,
    unknown: u64,
}

fn in_words(actions: &[&'static str]) -> Vec<String> {
    actions.iter().map(|action| action.replace('_', " ")).collect()
}

impl Plan {
    /// # Errors
    /// That of the reading, if the page can't say it.
    pub(super) fn new(
        asked: &Asked,
        checked: &Checked,
        tested: &str,
        seen: Option<Result<Seen, Problem>>,
    ) -> Result<Self, Problem> {
        let state = match seen {
            None => State::Asking,
            Some(Ok(seen)) => State::Told(Box::new(Told::new(asked, &seen))),
            Some(Err(Problem::Unavailable(why))) => State::Trouble(sentence(&why)),
            Some(Err(problem)) => return Err(problem),
        };
        let here = checked.here(tested);
        Ok(Self {
            source: source_name(asked, &checked.pick),
            fresh: here.clone().with("read", "now").to_string(),
            part: here.with("part", "plan").to_string(),
            state,
        })
    }

    fn is_asking(&self) -> bool {
        matches!(self.state, State::Asking)
    }
}

impl Told {
    fn new(asked: &Asked, seen: &Seen) -> Self {
        let plan = &*seen.plan;
        let rows = plan.steps.iter().map(|step| Row {
            action: step.action.replace('_', " "),
            target: step.target.clone(),
            change: step.change,
            already: step.already,
            protected: step.protected,
            unknown: step.unknown,
        });
        let others = plan.users - plan.read.min(plan.users);
        let base = match others {
            0 if plan.users == 1 => "The user was read just then.".to_owned(),
            0 => format!("All {} were read just then.", users(plan.users)),
            others => format!(
                "{} of {} were read just then; the other {others} are counted by the last list, which has no groups.",
                plan.read,
                users(plan.users)
            ),
        };
        let time = plan.seconds.map(|seconds| length(Duration::from_secs(seconds)));
        let calls = match plan.calls {
            1 => "1 call".to_owned(),
            calls => format!("{calls} calls"),
        };
        let cost = match time {
            Some(time) => format!("It takes {calls} to the product at most, and about {time} at the highest pace."),
            None => format!("It takes {calls} to the product at most; the pace is not known."),
        };
        let changes: u64 = plan.steps.iter().map(|step| step.change).sum();
        Self {
            at: asked.moment(seen.at),
            rows: rows.collect(),
            base,
            cost,
            never: in_words(&plan.irreversible),
            in_part: in_words(&plan.undone_in_part),
            says: format!("The plan is there: {changes} changes."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(name: String) -> BulkPlan {
        BulkPlan {
            plan: name,
            users: 1,
            read: 1,
            steps: Vec::new(),
            calls: 1,
            seconds: None,
            irreversible: Vec::new(),
            undone_in_part: Vec::new(),
        }
    }

    #[test]
    fn a_plan_is_for_whoever_asked_and_for_a_while_and_memory_is_bounded() {
        let (plans, jane) = (LastPlans::default(), "jane".parse::<Actor>().expect("a name"));
        let now = Timestamp::from_millis(1_000_000_000);
        plans.keep(jane.clone(), plan("a".into()), now);
        assert!(plans.get(&jane, "a", now.plus(FRESH)).is_some());
        assert!(plans.get(&jane, "a", now.plus(FRESH).plus(Duration::from_secs(1))).is_none());
        assert!(plans.get(&jane, "b", now).is_none());
        assert!(plans.get(&"joe".parse().expect("a name"), "a", now).is_none());
        for number in 0..MAX_PLANS * 2 {
            plans.keep(jane.clone(), plan(number.to_string()), now);
            plans.keep(jane.clone(), plan(number.to_string()), now);
        }
        assert_eq!(plans.0.lock().expect("no panic").len(), MAX_PLANS);
    }
}
